"""Where ``fiducial admin`` works: the database itself, as one of its administrators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fiducial.errors import Invalid
from fiducial_server.app.cli import options as o

if TYPE_CHECKING:
    from fiducial_server.app.settings import Settings
    from fiducial_server.db.engine import Database
    from fiducial_server.model.actor import Actor
    from fiducial_server.services.access import Access

ActAs = Annotated[str | None, typer.Option("--as", help="Administrator to act as; the first one when not given")]


@dataclass(frozen=True, slots=True)
class Desk:
    """The service, the database, and the administrator in whose organization the command works."""

    access: Access
    database: Database
    actor: Actor


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of these settings, for the block; errors end the command with their sentence."""
    from fiducial_server.app.build import open_database

    with o.telling_errors():
        if settings.database_url is None and not settings.data_dir.is_dir():
            raise Invalid(f"there is no data folder {settings.data_dir}; start the server once, or name another")
        database = open_database(settings)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def open_desk(data_dir: str | None, database_url: str | None, act_as: str | None) -> Iterator[Desk]:
    from fiducial_server.services.access import Access

    with o.telling_errors():
        settings = o.settings_from(data_dir=data_dir, database_url=database_url)
    with opened(settings) as database:
        access = Access(database)
        actor = access.find_user(act_as or _first_admin(settings.admin_file) or settings.admin_email)
        yield Desk(access, database, actor)


def _first_admin(file: Path) -> str | None:
    try:
        email = json.loads(file.read_text()).get("email")
    except (OSError, ValueError, AttributeError):
        return None
    return email if isinstance(email, str) else None
