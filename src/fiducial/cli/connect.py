"""Options that every command has which talks to a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fiducial.api.client import Api

Server = Annotated[
    str | None, typer.Option("--server", help="Address of the server.", envvar="FIDUCIAL_API_URL", show_envvar=True)
]
Key = Annotated[str | None, typer.Option("--key", help="API key.", envvar="FIDUCIAL_API_KEY", show_envvar=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Connections = Annotated[int, typer.Option("--connections", "-c", min=1, max=32, help="Transfers at the same time.")]


def connect(server: str | None, key: str | None) -> Api:
    from fiducial.api.client import Api

    return Api(server, key)


def print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))
