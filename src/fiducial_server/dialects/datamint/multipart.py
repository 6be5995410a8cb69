"""``multipart/form-data`` as it arrives: one part is a file, which goes on piece by piece; the others are short texts.

No I/O here: :class:`FormParser` is fed chunks and says what they were, so that it is tested without a server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from fiducial.errors import Invalid, TooLarge

FIELD_BYTES = 1 << 20
"""The most that one text field may hold; metadata JSON is the largest that is meant."""
FORM_BYTES = 4 << 20
"""The most that all text fields of one form may hold together."""
PART_LIMIT = 64
HEADER_BYTES = 64 << 10


@dataclass(slots=True)
class FileHead:
    """What the part that is the file says of itself."""

    filename: str
    mimetype: str | None


@dataclass(slots=True)
class FormParser:
    """Feed it the body; it yields the file's bytes. After :meth:`finish`, ``fields`` and ``head`` are complete.

    ``file_part`` is the name of the part that is the file; old clients send it without any name. It is wanted exactly
    once unless ``optional``.
    """

    boundary: str
    file_part: str
    optional: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    head: FileHead | None = None
    _parser: PushMultipartParser = field(init=False)
    _name: str | None = None
    _text: bytearray = field(default_factory=bytearray)
    _total: int = 0
    _tail: bytes = b""

    def __post_init__(self) -> None:
        try:
            self._parser = PushMultipartParser(
                self.boundary, max_header_size=HEADER_BYTES, max_segment_count=PART_LIMIT
            )
        except MultipartError as error:
            raise Invalid(f"the multipart boundary is wrong: {error}") from None

    @property
    def ended(self) -> bool:
        """Whether what came so far ends with the final boundary."""
        return self._tail.rstrip(b"\r\n").endswith(b"--" + self.boundary.encode() + b"--")

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The file's bytes in ``chunk``. Raises Invalid or TooLarge, naming the part."""
        self._tail = (self._tail + chunk[-512:])[-512:]
        try:
            for event in self._parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    self._begin(event)
                elif event is None:
                    self._end()
                elif self._name == self.file_part:
                    yield bytes(event)
                else:
                    self._add(event)
        except ParserLimitReached as error:
            raise TooLarge(f"the multipart body is over a limit: {error}") from None
        except MultipartError as error:
            raise Invalid(f"the multipart body is broken: {error}") from None

    def finish(self) -> None:
        """The body has ended: Invalid when it was cut, or had no file."""
        try:
            self._parser.close()
        except MultipartError:
            raise Invalid("the multipart body is cut off: it ends before its final boundary") from None
        if self.head is None and not self.optional:
            raise Invalid(f"the multipart body has no file part named {self.file_part!r}", field=self.file_part)

    def _begin(self, segment: MultipartSegment) -> None:
        self._name = segment.name or self.file_part
        self._text.clear()
        if self._name != self.file_part:
            if self._name in self.fields:
                raise Invalid(f"the form field {self._name[:80]!r} is there twice", field=self._name[:80])
            return
        if self.head is not None:
            raise Invalid(f"two file parts named {self.file_part!r}: one request is one file", field=self.file_part)
        self.head = FileHead(segment.filename or "", segment.content_type)

    def _add(self, piece: bytes) -> None:
        self._text += piece
        self._total += len(piece)
        if len(self._text) > FIELD_BYTES or self._total > FORM_BYTES:
            raise TooLarge(f"the form field {(self._name or '')[:80]!r} is over {FIELD_BYTES} bytes", field=self._name)

    def _end(self) -> None:
        if self._name is None or self._name == self.file_part:
            return
        try:
            self.fields[self._name] = self._text.decode()
        except UnicodeDecodeError:
            raise Invalid(f"the form field {self._name[:80]!r} is not UTF-8 text", field=self._name[:80]) from None


def boundary_of(content_type: str | None) -> str:
    """The boundary that a Content-Type names; Invalid when the body is not multipart/form-data."""
    kind, options = parse_options_header(content_type or "")
    if kind != "multipart/form-data":
        raise Invalid(f"the body must be multipart/form-data, not {(content_type or 'without a type')[:80]!r}")
    boundary = options.get("boundary", "")
    if not boundary or len(boundary) > 200 or not boundary.isascii():  # RFC 2046 allows 70 characters
        raise Invalid("the Content-Type multipart/form-data names no boundary of 1 to 200 ASCII characters")
    return str(boundary)


def flag(fields: Mapping[str, str], name: str) -> bool:
    """A form field that is true or false; absent is false."""
    text = fields.get(name, "").strip().lower()
    if text not in {"", "true", "false", "1", "0", "yes", "no"}:
        raise Invalid(f"{name} must be true or false, not {text[:80]!r}", field=name)
    return text in {"true", "1", "yes"}
