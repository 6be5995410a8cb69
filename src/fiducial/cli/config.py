"""``fiducial config``: where the server is and which key opens it."""

from __future__ import annotations

from typing import Annotated

import typer

from fiducial.cli.connect import AsJson, print_json
from fiducial.cli.exits import exit_codes

group = typer.Typer(help="The client's configuration.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="api_url, api_key, project or cache_dir.")]
Value = Annotated[str | None, typer.Argument(metavar="VALUE", help="Asked for, without showing it, when left out.")]
_SHOWN_END = 4


@group.command()
def show(as_json: AsJson = False) -> None:
    """Show every setting and where its value comes from. Keys are shown by their last characters only."""
    with exit_codes():
        from fiducial.api.settings import SETTINGS, config_path, value_and_origin

        rows = []
        for setting in SETTINGS:
            value, origin = value_and_origin(setting.name)
            shown = f"…{value[-_SHOWN_END:]}" if value and setting.secret else value
            rows.append({"name": setting.name, "value": shown, "origin": origin, "help": setting.help})
        path = str(config_path())
    if as_json:
        print_json({"file": path, "settings": rows})
        return
    for row in rows:
        print(f"{row['name']:<10} {row['value'] or '-':<40} {row['origin']:<20} {row['help']}")
    print(f"file: {path}")


@group.command("set")
def set_(name: Name, value: Value = None) -> None:
    """Store a setting in the configuration file."""
    with exit_codes():
        from fiducial.api.settings import setting, write_config

        secret = setting(name).secret
        if value is None:
            value = typer.prompt(name, hide_input=secret)
        path = write_config(name, value)
    print(f"{name} stored in {path}")


@group.command()
def unset(name: Name) -> None:
    """Take a setting out of the configuration file."""
    with exit_codes():
        from fiducial.api.settings import write_config

        path = write_config(name, None)
    print(f"{name} is not in {path} any more")
