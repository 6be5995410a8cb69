"""A ZIP archive as a stream: each member's bytes go out as they come, and only the list of members is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

PIECE = 1 << 18
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_LARGE = 1 << 31
_LEVEL = 1
_FILE = 0o100644 << 16


class ZipStream:
    """``member`` and ``end`` give the bytes to send on; ``end`` must be the last. ZIP64 where it is needed."""

    def __init__(self) -> None:
        self._out = _Waiting()
        self._zip = ZipFile(cast(IO[bytes], self._out), "w", ZIP_STORED, allowZip64=True)

    def member(
        self, name: str, pieces: Iterable[bytes], *, size: int, at: int, compressed: bool = False
    ) -> Iterator[bytes]:
        """One file of ``size`` bytes as of the moment ``at`` (us). ``compressed``: its bytes are, and go as they are."""
        moment = max(datetime.fromtimestamp(at // 1_000_000, UTC), _EARLIEST)
        about = ZipInfo(name, moment.timetuple()[:6])
        about.compress_type = ZIP_STORED if compressed else ZIP_DEFLATED
        about._compresslevel = _LEVEL  # type: ignore[attr-defined]  # the only name of it in Python 3.11
        about.external_attr = _FILE
        about.file_size = size
        with self._zip.open(about, "w", force_zip64=size >= _LARGE) as entry:
            for piece in pieces:
                entry.write(piece)
                if self._out.size >= PIECE:
                    yield self._out.taken()
        if self._out.size >= PIECE:
            yield self._out.taken()

    def waiting(self) -> Iterator[bytes]:
        """What has not been given yet, so that the receiver hears of the archive while the next member is made."""
        if self._out.size:
            yield self._out.taken()

    def end(self) -> Iterator[bytes]:
        """The list of members, and what is still waiting."""
        self._zip.close()
        yield self._out.taken()


class _Waiting:
    """A file that cannot be sought in: what was written waits to be taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, content: bytes) -> int:
        self._parts.append(bytes(content))
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        """There is nothing behind it."""

    def taken(self) -> bytes:
        joined = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return joined
