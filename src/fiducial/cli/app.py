"""The command tree: the client's own groups, and what other packages add under the entry points ``fiducial.commands``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

import typer

from fiducial.cli import config, list_, project
from fiducial.cli.annotate import annotate
from fiducial.cli.download import download
from fiducial.cli.exits import EXIT_CODES_HELP, FAILED, tell
from fiducial.cli.upload import upload

GROUP = "fiducial.commands"
_SERVER = "The server"
_HELP = {
    "serve": "Run the server.",
    "worker": "Run a further worker process.",
    "admin": "Organizations, users, keys, audit and tidying up, on the server's own machine.",
    "demo": "Fill a server with a real, labelled sample project.",
}


def _print_version(wanted: bool) -> None:
    if wanted:
        from fiducial import __version__

        print(f"fiducial {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_print_version)
]


def build(arguments: Sequence[str], added: Mapping[str, EntryPoint] | None = None) -> typer.Typer:
    """The tree for these arguments. Of the added commands only the one that is run is imported, so help is quick."""
    app = typer.Typer(
        no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, epilog=EXIT_CODES_HELP
    )
    app.callback()(_root)
    app.command()(upload)
    app.command()(download)
    app.command()(annotate)
    app.add_typer(list_.group, name="list")
    app.add_typer(project.group, name="project")
    app.add_typer(config.group, name="config")
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, entry in (entry_points_by_name() if added is None else added).items():
        if name == chosen:
            _add(app, name, _load(entry))
        else:
            app.command(name, help=_HELP.get(name))(_not_chosen)
    return app


def _add(app: typer.Typer, name: str, command: typer.Typer) -> None:
    """A tree that is one command is added as such, so that its help speaks of no further commands."""
    alone = command.registered_callback
    if alone is not None and alone.callback is not None and not command.registered_commands + command.registered_groups:
        app.command(name)(alone.callback)
    else:
        app.add_typer(command, name=name)


def entry_points_by_name() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def _root(version: Version = False) -> None:
    """Fiducial: medical images and labels in, training-ready data out."""


def _not_chosen() -> None:
    raise AssertionError("a command that is run is loaded first")


def _load(entry: EntryPoint) -> typer.Typer:
    try:
        command = entry.load()
    except ImportError as error:
        tell(f"error: `fiducial {entry.name}` needs the server's parts: pip install 'fiducial[server]' ({error})")
        raise SystemExit(FAILED) from None
    if not isinstance(command, typer.Typer):
        raise TypeError(f"{entry.value} must be a typer.Typer")
    return command
