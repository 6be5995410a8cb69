"""Downloads: piece by piece, checked against the hash and length that the server names, moved into place when whole."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from fiducial.entities.cache_files import Readable
from fiducial.errors import Damaged
from fiducial.exceptions import NetworkError

if TYPE_CHECKING:
    from fiducial.api.base_api import BaseApi

_CHUNK = 1 << 18
_SHA256_DIGITS = 64
Progress = Callable[[int], None]
"""Told the number of bytes of each piece."""


class ResponseStream(io.RawIOBase):
    """A response's body as a file to read from. At its end the length and the hash are checked."""

    def __init__(self, response: httpx.Response, progress: Progress | None = None) -> None:
        self._pieces: Iterator[bytes] = response.iter_bytes()
        self._left = b""
        self._digest, self._size = hashlib.sha256(), 0
        self._expected = _etag_sha256(response)
        encoded = "content-encoding" in response.headers
        self._length = None if encoded else response.headers.get("content-length")
        self._progress = progress
        self._source = str(response.request.url.path)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        if not self._left:
            self._left = self._next()
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    def _next(self) -> bytes:
        try:
            piece = next(self._pieces)
        except StopIteration:
            self._check()
            return b""
        except httpx.TransportError as error:
            raise NetworkError(f"{self._source} broke off after {self._size} bytes: {error}") from error
        self._digest.update(piece)
        self._size += len(piece)
        if self._progress is not None:
            self._progress(len(piece))
        return piece or self._next()

    def _check(self) -> None:
        if self._length is not None and self._size != int(self._length):
            raise NetworkError(f"{self._source} broke off: {self._size} of {self._length} bytes arrived")
        if self._expected is not None and self._digest.hexdigest() != self._expected:
            raise Damaged(
                f"{self._source} arrived damaged: its SHA-256 is {self._digest.hexdigest()}, not {self._expected}",
                sha256=self._digest.hexdigest(),
                expected=self._expected,
            )

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._digest.hexdigest()


def _etag_sha256(response: httpx.Response) -> str | None:
    """The file's SHA-256, if the server names it in a strong ETag and the body is not a part."""
    tag = response.headers.get("etag", "")
    text = tag.strip('"')
    is_hash = len(text) == _SHA256_DIGITS and all(c in "0123456789abcdef" for c in text)
    return text if is_hash and response.status_code == 200 and tag.startswith('"') else None


@contextmanager
def open_stream(
    endpoint: BaseApi, path: str, progress: Progress | None = None, params: dict[str, Any] | None = None
) -> Iterator[ResponseStream]:
    with endpoint._connection.stream(path, headers={"Accept-Encoding": "identity"}, params=params) as response:
        yield ResponseStream(response, progress)


def fetch_bytes(endpoint: BaseApi, path: str) -> bytes:
    """The whole body."""
    with open_stream(endpoint, path) as source:
        return source.read()


def fetch_to(
    endpoint: BaseApi,
    path: str,
    place: Path,
    progress: Progress | None = None,
    *,
    params: dict[str, Any] | None = None,
) -> str:
    """Download to ``place`` and give the SHA-256. The file appears there whole, or not at all."""
    with open_stream(endpoint, path, progress, params) as source:
        _write(place, source)
        return source.sha256


def write_whole(place: Path, content: bytes) -> None:
    _write(place, io.BytesIO(content))


def _write(place: Path, source: Readable) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.parent / f".{place.name[:100]}.{uuid.uuid4().hex}.part"
    try:
        with temporary.open("xb") as file:
            while piece := source.read(_CHUNK):
                file.write(piece)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
