"""A ``multipart/form-data`` body (RFC 7578) with texts and one file, sent in large pieces.

httpx makes such bodies too, in pieces so small that a slice of half a megabyte costs dozens of calls on either side.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from io import SEEK_END
from typing import BinaryIO

from fiducial.api.progress import Progress

PIECE = 256 << 10
_ESCAPED = {ord('"'): "%22", ord("\\"): "\\\\", **{code: f"%{code:02X}" for code in range(32)}}
"""How browsers write what a quoted name cannot hold (the HTML standard, 4.10.21.8)."""


class FormBody:
    """Can be iterated again from the start, as after a connection that could not be made. ``headers`` go with it."""

    def __init__(
        self,
        fields: Mapping[str, str],
        source: BinaryIO,
        progress: Progress,
        *,
        part: str,
        filename: str,
        mimetype: str,
    ) -> None:
        boundary = secrets.token_hex(16)
        texts = "".join(
            f"--{boundary}\r\nContent-Disposition: form-data; name={_quoted(name)}\r\n\r\n{value}\r\n"
            for name, value in fields.items()
        )
        head = (
            f"{texts}--{boundary}\r\nContent-Disposition: form-data; name={_quoted(part)}; filename={_quoted(filename)}"
            f"\r\nContent-Type: {mimetype}\r\n\r\n"
        )
        self._head, self._tail = head.encode(), f"\r\n--{boundary}--\r\n".encode()
        self._source, self._progress = source, progress
        length = len(self._head) + source.seek(0, SEEK_END) + len(self._tail)
        self.headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(length),
        }

    def __iter__(self) -> Iterator[bytes]:
        self._source.seek(0)
        before = self._head
        while piece := self._source.read(PIECE):
            self._progress.moved(len(piece))
            yield before + piece
            before = b""
        yield before + self._tail


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'
