"""Files under names, beside the bytes under hashes: what training runs leave behind (weights, tables, pictures).

Unlike a key of :class:`~fiducial_server.storage.base.BlobStore`, a name's bytes may be replaced. Names are paths with ``/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import obstore
from obstore.exceptions import AlreadyExistsError, GenericError
from obstore.store import LocalStore, ObjectStore

from fiducial.errors import Invalid
from fiducial_server.storage.faults import translated
from fiducial_server.storage.registry import REMOTE_SCHEMES

PIECE = 1 << 20
FOLDER = "artifacts"
_MOST_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder in a folder; ``size`` in bytes is None for a folder."""

    name: str
    size: int | None


class Artifacts:
    """``root`` is the local folder, None for a bucket: what is acknowledged there is on disk."""

    def __init__(self, objects: ObjectStore, root: Path | None) -> None:
        self._objects, self._root = objects, root

    def put(self, path: str, source: Path) -> None:
        """Store the file ``source`` under ``path``; it replaces what was there, whole or not at all."""
        name = checked(path)
        with translated(f"store {name}"):
            try:
                obstore.put(self._objects, name, source)
            except (NotADirectoryError, IsADirectoryError, AlreadyExistsError, GenericError) as error:
                raise _clash(name, error) from error
        if self._root is not None:
            _sync(self._root / name, self._root)

    def size(self, path: str) -> int:
        """Bytes under ``path``; NotFound when there are none."""
        name = checked(path)
        with translated(f"read {name}"):
            return obstore.head(self._objects, name)["size"]

    def read(self, path: str, size: int) -> Iterator[bytes]:
        """``size`` bytes in pieces of 1 MiB."""
        name = checked(path)
        for at in range(0, size, PIECE):
            with translated(f"read {name}"):
                yield bytes(obstore.get_range(self._objects, name, start=at, length=min(PIECE, size - at)))

    def entries(self, path: str) -> list[Entry]:
        """What is in a folder, by name; nothing when there is no such folder."""
        name = checked(path) if path else ""
        with translated(f"list {name}"):
            found = obstore.list_with_delimiter(self._objects, prefix=f"{name}/" if name else None)
        files = [Entry(_last(row["path"]), row["size"]) for row in found["objects"]]
        folders = [Entry(_last(prefix), None) for prefix in found["common_prefixes"]]
        return sorted((*files, *folders), key=lambda entry: entry.name)

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all in it; harmless when there is neither."""
        name = checked(path)
        with translated(f"delete {name}"):
            inside = [row["path"] for batch in obstore.list(self._objects, prefix=f"{name}/") for row in batch]
            for each in inside:
                obstore.delete(self._objects, each)
            if not inside:
                self._delete_one(name)

    def _delete_one(self, name: str) -> None:
        try:
            obstore.delete(self._objects, name)
        except FileNotFoundError:
            return


def open_artifacts(storage_url: str, options: Mapping[str, Any] | None = None) -> Artifacts:
    """In the folder ``artifacts`` of the store that :func:`~fiducial_server.storage.registry.open_store` opens."""
    parts = urlsplit(storage_url)
    if parts.scheme in REMOTE_SCHEMES:
        from fiducial_server.storage.remote import open_objects

        inside = urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{FOLDER}"))
        return Artifacts(open_objects(inside, options or {}), None)
    root = (Path(unquote(parts.path)) if parts.scheme else Path(storage_url)).absolute() / FOLDER
    with translated(f"use {root} for artifacts"):
        root.mkdir(parents=True, exist_ok=True)
    return Artifacts(LocalStore(root, automatic_cleanup=True), root)


def checked(path: str) -> str:
    """The path, if it names one place and nothing outside; Invalid otherwise."""
    parts = path.split("/")
    plain = all(part not in {"", ".", ".."} and part.isprintable() and "\\" not in part for part in parts)
    if not plain or len(path) > _MOST_CHARACTERS:
        raise Invalid(f"{path[:200]!r} is not the path of an artifact", field="path")
    return path


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _clash(name: str, error: Exception) -> Exception:
    """A file where the path needs a folder, or the other way round, is the caller's mistake; the rest is ours."""
    clash = isinstance(error, NotADirectoryError | IsADirectoryError | AlreadyExistsError)
    if clash or any(sign in str(error) for sign in ("Not a directory", "Is a directory", "os error 20", "os error 21")):
        return Invalid(f"{name}: a file and a folder cannot have the same name", field="path")
    return error


def _sync(path: Path, root: Path) -> None:
    """Wait until the file and the names that lead to it are on disk."""
    with translated(f"store {path.name}"):
        for each in (path, *path.parents):
            handle = os.open(each, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            if each == root:
                break
