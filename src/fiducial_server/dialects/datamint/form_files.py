"""Forms with any number of small files, or with fields alone: ``multipart/form-data``, or url-encoded where there is no file.

(One large file goes another way, see :mod:`~fiducial_server.dialects.datamint.intake`.)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fiducial.errors import Invalid, TooLarge
from fiducial_server.dialects.datamint.intake import body_pieces
from fiducial_server.dialects.datamint.multipart import HEADER_BYTES, FileHead, boundary_of
from fiducial_server.storage.base import Spool

FIELDS_BYTES = 16 << 20
"""The most that all text fields of one form may hold together: a thousand outlines are far less."""
_FIELDS = 64
_GATHER = 1 << 20
_URL_ENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a form may bring: files of the part ``part``, and bytes of each."""

    part: str
    files: int
    bytes: int


@dataclass(slots=True)
class FilesForm:
    """A form that came whole. The spools are finished, in the order in which the files came."""

    fields: dict[str, str] = field(default_factory=dict)
    heads: list[FileHead] = field(default_factory=list)
    spools: list[Spool] = field(default_factory=list)


@asynccontextmanager
async def taken_form(request: Request, begin: Callable[[], Spool], limits: Limits) -> AsyncIterator[FilesForm]:
    """The request's form; spools that were not kept when the block ends are gone.

    Invalid or TooLarge, naming the part, for a form that is broken, cut off, or more than the limits.
    """
    form = FilesForm()
    try:
        if parse_options_header(request.headers.get("content-type", ""))[0] == _URL_ENCODED:
            form.fields = _url_encoded(await _whole(request))
        else:
            await _multipart(request, form, begin, limits)
        yield form
    finally:
        await run_in_threadpool(_discard, form.spools)


def _discard(spools: list[Spool]) -> None:
    for spool in spools:
        spool.discard()


async def _whole(request: Request) -> bytes:
    pieces, size = [], 0
    async for piece in body_pieces(request.receive):
        size += len(piece)
        if size > FIELDS_BYTES:
            raise TooLarge(f"a form of fields may have at most {FIELDS_BYTES} bytes", limit=FIELDS_BYTES)
        pieces.append(piece)
    return b"".join(pieces)


def _url_encoded(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except (ValueError, UnicodeDecodeError) as error:
        raise Invalid(f"the url-encoded form is broken: {error}") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        _add_field(fields, name, value)
    return fields


def _add_field(fields: dict[str, str], name: str, value: str) -> None:
    if name in fields:
        raise Invalid(f"the form field {name[:80]!r} is there twice", field=name[:80])
    fields[name] = value


async def _multipart(request: Request, form: FilesForm, begin: Callable[[], Spool], limits: Limits) -> None:
    parts = _Parts(boundary_of(request.headers.get("content-type")), limits, form)
    async for chunk in body_pieces(request.receive):
        for _ in parts.feed(chunk):  # a file began, ended, or has gathered much: time for the disk
            await run_in_threadpool(parts.flush, begin)
    parts.finish()


@dataclass(slots=True)
class _Parts:
    """Takes the body apart. No I/O but in :meth:`flush`, which runs where it may block."""

    boundary: str
    limits: Limits
    form: FilesForm
    _parser: PushMultipartParser = field(init=False)
    _name: str | None = None
    _text: bytearray = field(default_factory=bytearray)
    _texts: int = 0
    _file: bytearray = field(default_factory=bytearray)
    _size: int = 0
    _ended: bool = False

    def __post_init__(self) -> None:
        try:
            self._parser = PushMultipartParser(
                self.boundary, max_header_size=HEADER_BYTES, max_segment_count=self.limits.files + _FIELDS
            )
        except MultipartError as error:
            raise Invalid(f"the multipart boundary is wrong: {error}") from None

    def feed(self, chunk: bytes) -> Iterator[None]:
        """Yields when :meth:`flush` is due."""
        try:
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is None:
                    if self._end():
                        yield
                elif self._add(bytes(event)):
                    yield
        except ParserLimitReached as error:
            raise TooLarge(f"the multipart body is over a limit: {error}") from None
        except MultipartError as error:
            raise Invalid(f"the multipart body is broken: {error}") from None

    def finish(self) -> None:
        try:
            self._parser.close()
        except MultipartError:
            raise Invalid("the multipart body is cut off: it ends before its final boundary") from None

    def flush(self, begin: Callable[[], Spool]) -> None:
        """Write what has gathered of the file that came last (blocking)."""
        if len(self.form.spools) < len(self.form.heads):
            self.form.spools.append(begin())
        spool = self.form.spools[-1]
        if self._file:
            spool.write(bytes(self._file))
            self._file.clear()
        if self._ended:
            spool.finish()

    def _begin(self, segment: MultipartSegment) -> None:
        self._name = segment.name or ""
        if self._name != self.limits.part:
            self._text.clear()
            return
        if len(self.form.heads) == self.limits.files:
            raise Invalid(f"more than {self.limits.files} files named {self.limits.part!r}", field=self.limits.part)
        self.form.heads.append(FileHead(segment.filename or "", segment.content_type))
        self._size, self._ended = 0, False

    def _add(self, piece: bytes) -> bool:
        if self._name != self.limits.part:
            self._texts += len(piece)
            if self._texts > FIELDS_BYTES:
                raise TooLarge(f"the form's fields are over {FIELDS_BYTES} bytes", field=self._name)
            self._text += piece
            return False
        self._size += len(piece)
        if self._size > self.limits.bytes:
            raise TooLarge(
                f"the file in {self.limits.part!r} is over the limit of {self.limits.bytes} bytes",
                field=self.limits.part,
                limit=self.limits.bytes,
            )
        self._file += piece
        return len(self._file) >= _GATHER

    def _end(self) -> bool:
        """Whether it was a file that ended."""
        if self._name == self.limits.part:
            self._ended = True
            return True
        name = self._name or ""
        try:
            _add_field(self.form.fields, name, self._text.decode())
        except UnicodeDecodeError:
            raise Invalid(f"the form field {name[:80]!r} is not UTF-8 text", field=name[:80]) from None
        return False
