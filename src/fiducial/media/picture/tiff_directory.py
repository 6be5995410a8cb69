"""The chain of a TIFF's image file directories, walked before the library reads them (TIFF 6.0 section 2; BigTIFF).

The library fills a directory that is cut off with what it could read, and only warns; here that is damage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

from fiducial.errors import Damaged
from fiducial.media.source import length, read_at

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
LARGEST_PAGE_COUNT = 100_000


@dataclass(frozen=True, slots=True)
class _Layout:
    order: Literal["little", "big"]
    count_bytes: int
    entry_bytes: int
    offset_bytes: int

    def number(self, raw: bytes) -> int:
        return int.from_bytes(raw, self.order)


def judge_directories(source: BinaryIO) -> None:
    """Damaged when a directory, or a value it points to, lies beyond the file's end, or the chain runs in a circle."""
    head = read_at(source, 0, 8, "the TIFF header")
    order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
    big = int.from_bytes(head[2:4], order) == 43
    layout = _Layout(order, 8, 20, 8) if big else _Layout(order, 2, 12, 4)
    offset = layout.number(read_at(source, 8, 8, "the TIFF header") if big else head[4:8])
    end = length(source)
    seen: set[int] = set()
    if offset == 0:
        raise Damaged("the TIFF has no pages")
    while offset:
        if offset in seen or len(seen) >= LARGEST_PAGE_COUNT:
            raise Damaged(f"the TIFF's pages run in a circle, or are more than {LARGEST_PAGE_COUNT}", page=len(seen))
        seen.add(offset)
        offset = _judge_one(source, layout, offset, end)


def _judge_one(source: BinaryIO, layout: _Layout, offset: int, end: int) -> int:
    """The next directory's offset, 0 at the last."""
    count = layout.number(read_at(source, offset, layout.count_bytes, "a TIFF directory"))
    start, size = offset + layout.count_bytes, count * layout.entry_bytes
    if start + size + layout.offset_bytes > end:
        raise Damaged(
            f"the TIFF is cut off: its directory at byte {offset} needs {size} bytes, the file has {end}",
            offset=offset,
            needed=start + size + layout.offset_bytes,
            present=end,
        )
    entries = read_at(source, start, size, "a TIFF directory")
    for n in range(count):
        _judge_entry(layout, entries[n * layout.entry_bytes : (n + 1) * layout.entry_bytes], end)
    return layout.number(read_at(source, start + size, layout.offset_bytes, "a TIFF directory"))


def _judge_entry(layout: _Layout, entry: bytes, end: int) -> None:
    tag, kind = layout.number(entry[:2]), layout.number(entry[2:4])
    width = layout.offset_bytes
    size = layout.number(entry[4 : 4 + width]) * _TYPE_BYTES.get(kind, 1)
    place = layout.number(entry[-width:])
    if size > width and place + size > end:
        raise Damaged(
            f"the TIFF is cut off: tag {tag} needs {size} bytes at byte {place}, the file has {end}",
            tag=tag,
            needed=place + size,
            present=end,
        )
