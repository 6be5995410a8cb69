"""The first administrator: made once, printed once, kept in ``admin.json`` for who may read the data folder."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fiducial.errors import Unauthenticated
from fiducial_server.app.settings import Settings
from fiducial_server.services.access import Access
from fiducial_server.services.keys import chosen_key, new_key


@dataclass(frozen=True, slots=True)
class Admin:
    """``created`` is true at the first start only; the secrets are known then, and from the file while it is there."""

    created: bool
    email: str
    api_key: str | None
    file: Path | None


def first_start(settings: Settings, access: Access) -> Admin:
    """Make the administrator if there is none. The secrets are on disk before they count, so that none is ever lost.

    On a database that is set up (by an earlier start or another node) nobody and nothing is made; only a key that the
    operator chose, in the settings, is registered for the administrator they name.
    """
    waiting = settings.admin_file.with_name("admin.json.new")
    if settings.admin_api_key:
        chosen_key(settings.admin_api_key)  # refused before it is written anywhere
    if not access.is_set_up():
        _prepare(waiting, settings)
    kept = _read(waiting)
    made = access.bootstrap(
        settings.admin_email, settings.admin_api_key, kept.get("password"), first_key=kept.get("api_key")
    )
    if kept:
        _settle(waiting, settings.admin_file, access)
    final = _read(settings.admin_file)
    if not _knows(access, final):  # of another database, or the key was revoked
        return Admin(made.created, made.email, made.api_key, None)
    return Admin(made.created, final.get("email", made.email), final.get("api_key"), settings.admin_file)


def _prepare(waiting: Path, settings: Settings) -> None:
    """Write what will be the administrator's, unless a start that was cut off has done so."""
    before = _read(waiting)
    password = before.get("password") or secrets.token_urlsafe(15)
    api_key = settings.admin_api_key or before.get("api_key") or new_key()
    _write(waiting, {"url": settings.url, "email": settings.admin_email, "password": password, "api_key": api_key})


def _settle(waiting: Path, final: Path, access: Access) -> None:
    """Keep the file only if all in it is true: where others were quicker, it names secrets that nobody has."""
    content = _read(waiting)
    try:
        access.authenticate_password(content.get("email", ""), content.get("password", ""))
        true = _knows(access, content)
    except Unauthenticated:
        true = False
    if true:
        waiting.replace(final)
    else:
        waiting.unlink()


def _knows(access: Access, content: dict[str, str]) -> bool:
    try:
        return access.authenticate(content.get("api_key", "")).email == content.get("email", "").lower()
    except Unauthenticated:
        return False


def _write(path: Path, content: dict[str, str]) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
