"""Files that are to be uploaded: found by path, folder or pattern; hashed and looked into piece by piece."""

from __future__ import annotations

import glob
import hashlib
import io
import mimetypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from fiducial.errors import Damaged, Invalid, NotFound, Unsupported
from fiducial.media.base import Header, MediaKind

_CHUNK = 1 << 20
_IGNORED = frozenset({".ds_store", "thumbs.db", "desktop.ini", "dicomdir"})


@dataclass(frozen=True)
class LocalFile:
    """One file on its way: on disk (``path``), in memory (``content``), or opened by somebody who keeps it (``stream``)."""

    name: str
    path: Path | None = None
    content: bytes | None = None
    stream: BinaryIO | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        if self.content is not None:
            yield io.BytesIO(self.content)
            return
        if self.stream is not None:
            self.stream.seek(0)
            yield self.stream
            return
        assert self.path is not None
        with self.path.open("rb") as file:
            yield file

    @property
    def size(self) -> int:
        if self.content is not None:
            return len(self.content)
        if self.stream is not None:
            return self.stream.seek(0, io.SEEK_END)
        assert self.path is not None
        return self.path.stat().st_size

    @property
    def source_filepath(self) -> str | None:
        """The absolute path, for the server to remember."""
        return str(self.path.absolute()) if self.path is not None else None

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        with self.open() as file:
            while piece := file.read(_CHUNK):
                digest.update(piece)
        return digest.hexdigest()

    @cached_property
    def header(self) -> Header | None:
        """What the content says; None when it is not a readable image: the server will then say what is wrong."""
        from fiducial.media.registry import read_header

        try:
            with self.open() as file:
                return read_header(file)
        except (Damaged, Unsupported):
            return None

    @property
    def mimetype(self) -> str:
        """By content, else by name."""
        if self.header is not None:
            return self.header.mimetype
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def series_uid(self) -> str | None:
        """Series Instance UID of a DICOM file with one frame: what can be a part of a series; None otherwise."""
        header = self.header
        if header is None or header.kind is not MediaKind.DICOM or header.frame_count != 1:
            return None
        return header.series_uid

    @property
    def stack(self) -> tuple[str, int | None, int | None, int] | None:
        """What slices that can be put on each other share: series, width, height, samples per pixel.

        None for a file without a place in the patient: ultrasound stills, say, share a series and are pictures of their own.
        """
        header, uid = self.header, self.series_uid
        if header is None or uid is None or header.voxel_to_patient is None:
            return None
        return uid, header.width, header.height, header.samples_per_pixel


def local_file(thing: Any, name: str | None = None) -> LocalFile:
    """One file from a path, an open binary file, bytes or a :class:`pydicom.Dataset`."""
    if isinstance(thing, LocalFile):
        return thing
    if isinstance(thing, (str, Path)):
        path = Path(thing).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {path}")
        return LocalFile(name or path.name, path)
    if isinstance(thing, (bytes, bytearray)):
        return LocalFile(name or "file", content=bytes(thing))
    if hasattr(thing, "save_as"):
        return _from_dataset(thing, name)
    if hasattr(thing, "read"):
        named = name or Path(str(getattr(thing, "name", "file"))).name
        if thing.seekable():
            return LocalFile(named, stream=thing)
        return LocalFile(named, content=thing.read())
    raise Invalid(f"a {type(thing).__name__} cannot be uploaded; a path, an open file, bytes or a Dataset can")


def _from_dataset(dataset: Any, name: str | None) -> LocalFile:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    uid = getattr(dataset, "SOPInstanceUID", "dataset")
    return LocalFile(name or f"{uid}.dcm", content=buffer.getvalue())


def expanded(things: Iterable[Any]) -> list[Any]:
    """Folders as the files below them (hidden ones left out), patterns as what they match, each sorted; all else as it is.

    NotFound when a folder or pattern gives no file.
    """
    found: list[Any] = []
    for thing in things:
        found.extend(_expanded(thing) if isinstance(thing, (str, Path)) else [thing])
    return found


def _expanded(thing: str | Path) -> list[Path]:
    path = Path(thing).expanduser()
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and not _is_hidden(p.relative_to(path)))
    elif not path.exists() and glob.has_magic(str(path)):
        files = sorted(Path(p) for p in glob.glob(str(path), recursive=True) if Path(p).is_file())
    else:
        return [path]
    if not files:
        raise NotFound(f"{thing} holds no file", path=str(thing))
    return files


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts) or path.name.lower() in _IGNORED
