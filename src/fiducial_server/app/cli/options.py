"""Flags of the server commands, made from the table of settings, and what they do with errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from fiducial.errors import FiducialError, Invalid, Unavailable
from fiducial_server.app.settings import BY_NAME, Settings, read_settings

EXIT_FAILED, EXIT_USAGE, EXIT_UNREACHABLE = 1, 2, 3


def _flag(name: str) -> Any:
    setting = BY_NAME[name]
    about = setting.help if setting.default is None else f"{setting.help} [default: {setting.default}]"
    return typer.Option(setting.flag, help=f"{about} [env: {setting.env}]", show_default=False)


DataDir = Annotated[str | None, _flag("data_dir")]
Host = Annotated[str | None, _flag("host")]
Port = Annotated[int | None, _flag("port")]
ModelsPort = Annotated[int | None, _flag("models_port")]
DatabaseUrl = Annotated[str | None, _flag("database_url")]
StorageUrl = Annotated[str | None, _flag("storage_url")]
Worker = Annotated[bool | None, _flag("worker")]
MaxUploadBytes = Annotated[int | None, _flag("max_upload_bytes")]
StrictInstanceUid = Annotated[bool | None, _flag("strict_instance_uid")]
AdminEmail = Annotated[str | None, _flag("admin_email")]
AdminApiKey = Annotated[str | None, _flag("admin_api_key")]
PublicUrl = Annotated[str | None, _flag("public_url")]
LogLevel = Annotated[str | None, _flag("log_level")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text")]


def settings_from(**given: Any) -> Settings:
    """Flags over environment over defaults."""
    return read_settings(given)


@contextmanager
def telling_errors() -> Iterator[None]:
    """Errors of ours end the command with their sentence and an exit code, not with a trace."""
    try:
        yield
    except FiducialError as error:
        print(f"fiducial: {error.message}", file=sys.stderr)
        usage, gone = isinstance(error, Invalid), isinstance(error, Unavailable)
        raise typer.Exit(EXIT_USAGE if usage else EXIT_UNREACHABLE if gone else EXIT_FAILED) from None


def show(rows: Sequence[dict[str, Any]] | dict[str, Any], as_json: bool) -> None:
    """One JSON document, or one line per row."""
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for row in [rows] if isinstance(rows, dict) else rows:
        print("  ".join(f"{name}={value}" for name, value in row.items() if value not in {None, ""}))


def show_all(rows: Iterable[dict[str, Any]]) -> None:
    """One JSON array, written row by row: memory does not grow with it."""
    mark = "["
    for row in rows:
        print(mark, json.dumps(row), sep="\n", end="")
        mark = ","
    print("[]" if mark == "[" else "\n]")
