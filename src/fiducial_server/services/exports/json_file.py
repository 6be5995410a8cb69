"""JSON that grows while an archive is written, and goes into it as its last member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec

from fiducial_server.services.exports.waiting_file import PIECE
from fiducial_server.storage.base import BlobStore

_encode = msgspec.json.Encoder().encode


class JsonFile:
    """Objects with an array of entries, one inside another. Its file is among those being received, and gone at the end."""

    def __init__(self, store: BlobStore) -> None:
        self._spool = store.spool()
        self._empty = [True]
        """Whether each array that is open has an entry yet, the innermost last."""

    @property
    def size(self) -> int:
        return self._spool.size

    def begin(self, head: Mapping[str, Any], array: str) -> None:
        """``head`` as an object whose last key is ``array``, which now takes the entries."""
        facts = _encode(head)[:-1]
        self._write(facts + (b"," if head else b"") + _encode(array) + b":[\n")
        self._empty.append(True)

    def entry(self, value: Any) -> None:
        """A further entry of the innermost array."""
        self._write(_encode(value))

    def end(self, tail: Mapping[str, Any] | None = None) -> None:
        """The innermost array ends, and its object after the keys of ``tail``."""
        self._empty.pop()
        self._spool.write(b"\n]" + (b"," + _encode(tail)[1:] if tail else b"}"))

    def _write(self, text: bytes) -> None:
        self._spool.write(text if self._empty[-1] else b",\n" + text)
        self._empty[-1] = False

    def pieces(self) -> Iterator[bytes]:
        """What was written; nothing can be added any more."""
        self._spool.finish()
        with self._spool.open() as file:
            while piece := file.read(PIECE):
                yield piece

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.discard()
