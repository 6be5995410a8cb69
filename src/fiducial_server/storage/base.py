"""What a store of bytes does. Keys are lower-case SHA-256 hex; a key's bytes never change.

Receiving is two steps, so that nothing is visible before it is whole: bytes are written to a *spool* beside the store,
hashed on the way; then the spool is *kept* under its hash, or discarded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self


class Spool(Protocol):
    """A file being received. As a context manager it discards itself unless it was kept."""

    size: int
    """Bytes written so far."""

    @property
    def path(self) -> Path:
        """Where the bytes are while they are a spool: a local file, complete after :meth:`finish`."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of what was written so far, hex."""
        ...

    def write(self, chunk: bytes) -> None:
        """Append; raises :class:`~fiducial.errors.StorageFull` when the disk is full."""
        ...

    def finish(self) -> None:
        """No more bytes; it can be read now. It is not durable before :meth:`BlobStore.keep`."""
        ...

    def open(self) -> BinaryIO:
        """Read what was received, seekable; only after :meth:`finish`."""
        ...

    def discard(self) -> None:
        """Remove it; harmless when it was kept or discarded before."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class BlobStore(Protocol):
    """Local folder, S3, GCS, Azure or memory."""

    def spool(self) -> Spool: ...

    def keep(self, spool: Spool) -> bool:
        """Make a finished spool durable under its hash, create-only. True if the bytes were new to the store.

        When it returns, the bytes survive a power cut, and :meth:`forget` leaves them alone for an hour: a row that names
        them may be on its way.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """A seekable reader; raises :class:`~fiducial.errors.NotFound`. The caller closes it."""
        ...

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes in pieces of about 1 MiB; raises :class:`~fiducial.errors.NotFound` before the first piece."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes under this key, or None when there are none."""
        ...

    def delete(self, key: str) -> None:
        """Remove the bytes; harmless when they are not there."""
        ...

    def forget(self, key: str, before_us: int) -> bool:
        """Remove the bytes if nobody kept them at or after that moment (us), neither first nor again. True if they went.

        ``before_us`` is at least an hour ago.
        """
        ...

    def keys(self) -> Iterator[tuple[str, int, int]]:
        """(key, size, stored at in microseconds) of everything, in no order; for maintenance."""
        ...

    def signed_url(self, key: str, expires_s: int, *, filename: str | None = None) -> str | None:
        """A URL that gives the bytes without credentials for a while; None where the backend cannot make one."""
        ...

    def clean(self) -> int:
        """Remove spools left by processes that are gone; how many there were."""
        ...

    def close(self) -> None: ...
