"""One multi-frame object of a single-frame series (PS3.3 A.70, A.71, A.72, A.8): same modality values, same places.

The same files give the same bytes: UIDs are hashes of the sources' bytes under 2.25 (PS3.5 B.2), and no time of day is
written. Frames are written one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from struct import pack
from typing import Any, BinaryIO

from fiducial.errors import Damaged, Unsupported
from fiducial.media.base import Stage
from fiducial.media.dicom.multiframe_header import build_header
from fiducial.media.dicom.multiframe_source import SourceFacts, SourceSlice, read_sources
from fiducial.media.dicom.reader import DicomReader

Opener = Callable[[], BinaryIO]

MAX_PIXEL_BYTES = 0xFFFFFFFE
"""A length in explicit encoding has 32 bits."""


def write_multiframe(sources_in_order: Sequence[Opener], out: BinaryIO) -> None:
    """Write one multi-frame file, Explicit VR Little Endian, native. ``out`` need not be seekable.

    Each source is opened twice and closed. Raises Unsupported when the slices differ in size or sample format, have
    several frames, or are too large for one object; Damaged when one of them is. Nothing has been written then, unless
    a frame turns out damaged only on decoding: after any error the caller throws ``out`` away.
    """
    facts = read_sources(sources_in_order)
    frame_bytes = facts.frame_bytes
    total = frame_bytes * len(facts.slices)
    if total > MAX_PIXEL_BYTES:
        raise Unsupported(f"{len(facts.slices)} frames are {total} bytes, more than one object can hold")
    out.write(_encoded(build_header(facts)))
    padded = total + total % 2
    out.write(pack("<HH2sHI", 0x7FE0, 0x0010, b"OW" if facts.pixels.bits_allocated > 8 else b"OB", 0, padded))
    for opener, source in zip(sources_in_order, facts.slices, strict=True):
        out.write(_frame(opener, facts, source))
    out.write(b"\0" * (padded - total))


def _frame(opener: Opener, facts: SourceFacts, source: SourceSlice) -> bytes:
    with opener() as stream, DicomReader(stream) as reader:
        if reader.header.instance_uid != source.instance_uid:
            raise Damaged("a source changed while it was read", instance_uid=source.instance_uid)
        values = reader.frame(0, Stage.MODALITY if facts.colour else Stage.STORED)
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    if little.nbytes != facts.frame_bytes:
        raise Damaged("a source has another size than its header says", instance_uid=source.instance_uid)
    return little.tobytes()


def _encoded(dataset: Any) -> bytes:
    from pydicom.filewriter import dcmwrite

    buffer = BytesIO()
    try:
        dcmwrite(buffer, dataset, enforce_file_format=True)
    except Exception as error:  # what it says about values that a broken source brought along
        raise Damaged(f"the header of the multi-frame object cannot be written: {error}") from error
    return buffer.getvalue()
