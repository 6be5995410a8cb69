"""A closed group as a series: its files in the order of geometry, and one reader over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from fiducial.errors import Invalid
from fiducial.media.base import Array, Axis, Finding, Header, Reader, Severity, Stage
from fiducial_server.model.item import ItemFile, ItemKind
from fiducial_server.services.headers import header_from_json
from fiducial_server.storage.base import BlobStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fiducial.media.dicom.series import SeriesLayout

Opener = Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Assembled:
    """``files`` in the order of geometry, numbered from 0; ``header`` is the item's."""

    files: tuple[ItemFile, ...]
    header: Header


def assemble(kind: ItemKind, files: Sequence[ItemFile]) -> Assembled:
    """Order the files of a group. The same files give the same answer, however they came."""
    if not files:
        raise Invalid("a series needs files")
    canonical = sorted(files, key=lambda file: file.sha256)
    if kind is ItemKind.DICOM_SERIES:
        return _dicom(canonical)
    return _pictures(canonical)


def _dicom(files: Sequence[ItemFile]) -> Assembled:
    from fiducial.media.dicom.series_reader import series_header

    headers = [header_from_json(file.facts) for file in files]
    layout = _layout(headers)
    header = series_header(headers, layout)
    found = (*header.findings, *_mixed(headers))
    ordered = tuple(replace(files[place], ordinal=n) for n, place in enumerate(layout.order))
    return Assembled(ordered, replace(header, findings=found, **_agreed(headers)))


def _layout(headers: Sequence[Header]) -> SeriesLayout:
    from fiducial.media.dicom.series import SliceFacts
    from fiducial.media.dicom.series import assemble as assemble_slices

    return assemble_slices([SliceFacts.from_header(header) for header in headers])


def _agreed(headers: Sequence[Header]) -> dict[str, Any]:
    """Of the searched facts, those on which all files agree: a patient of some of the files is not the item's patient."""
    names = ("patient_id", "study_uid", "series_uid", "modality", "laterality")
    return {name: _common([getattr(header, name) for header in headers]) for name in names}


def _common(values: Sequence[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else None


def _mixed(headers: Sequence[Header]) -> list[Finding]:
    found = []
    for name, code, severity in (
        ("patient_id", "mixed-patients", Severity.ERROR),
        ("study_uid", "mixed-studies", Severity.WARNING),
        ("series_uid", "mixed-series", Severity.WARNING),
    ):
        values = sorted({str(getattr(header, name)) for header in headers})
        if len(values) > 1:
            told = {"values": values[:10], "count": len(values)}
            found.append(Finding(code, severity, f"the files have {len(values)} different values of {name}", told))
    return found


def _pictures(files: Sequence[ItemFile]) -> Assembled:
    """Pictures have no geometry: their order is that of their names, numbers in them by value, then of their bytes."""
    ordered = sorted(files, key=lambda file: (_natural(file.filename), file.sha256))
    headers = [header_from_json(file.facts) for file in ordered]
    sizes = {(header.width, header.height) for header in headers}
    found = {f.code: f for header in headers for f in header.findings}
    if len(sizes) > 1:
        told = {"sizes": [list(size) for size in sorted(sizes, key=str)][:10]}
        found["mixed-size"] = Finding("mixed-size", Severity.WARNING, "the pictures are of different sizes", told)
    count = sum(header.frame_count for header in headers)
    width, height = next(iter(sizes)) if len(sizes) == 1 else (None, None)
    header = replace(
        headers[0],
        width=width,
        height=height,
        frame_count=count,
        is_volume=False,
        metadata={"frame_count": count, "frame_order": "name", **_picture_facts(headers)},
        findings=tuple(found.values()),
    )
    return Assembled(tuple(replace(file, ordinal=n) for n, file in enumerate(ordered)), header)


def _picture_facts(headers: Sequence[Header]) -> dict[str, Any]:
    first = headers[0].metadata
    return {key: value for key, value in first.items() if all(h.metadata.get(key) == value for h in headers)} | {}


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """``img10`` after ``img2``; upper and lower case are the same."""
    parts: list[tuple[int, int, str]] = []
    word = ""
    for character in name.casefold() + "\0":
        digit = character.isascii() and character.isdigit()
        if word and (digit != word[0].isdigit() or character == "\0"):
            parts.append((0, int(word), "") if word[0].isdigit() else (1, 0, word))
            word = ""
        word += character
    return tuple(parts)


# --- reading -----------------------------------------------------------------------------------------------------------


def openers(store: BlobStore, files: Sequence[ItemFile]) -> list[Opener]:
    """A way to open each file, in the order given."""
    return [partial(store.open, file.sha256) for file in files]


@contextmanager
def series_reader(store: BlobStore, kind: ItemKind, files: Sequence[ItemFile]) -> Iterator[Reader]:
    """A reader over an item of several files. ``files`` as they are kept: in the item's order once it is ready."""
    if kind is ItemKind.DICOM_SERIES:
        from fiducial.media.dicom.series_reader import SeriesReader, series_header

        canonical = sorted(files, key=lambda file: file.sha256)
        headers = [header_from_json(file.facts) for file in canonical]
        layout = _layout(headers)
        counts = [file.frame_count for file in canonical]
        with SeriesReader(openers(store, canonical), layout, series_header(headers, layout), counts) as reader:
            yield reader
    else:
        yield PictureGroupReader(store, files, assemble(kind, files).header)


class PictureGroupReader:
    """Frames of pictures, one file after the other; each is opened for its frame and closed again."""

    def __init__(self, store: BlobStore, files: Sequence[ItemFile], header: Header) -> None:
        self._store = store
        self._places = [(file, k) for file in files for k in range(file.frame_count)]
        self._header = header

    @property
    def header(self) -> Header:
        return self._header

    def frame(self, index: int, stage: Stage = Stage.MODALITY) -> Array:
        from fiducial.media.registry import open_media

        if not 0 <= index < len(self._places):
            raise IndexError(f"frame {index} of {len(self._places)}")
        file, within = self._places[index]
        with self._store.open(file.sha256) as source, open_media(source) as reader:
            return reader.frame(within, stage)

    def slice(self, axis: Axis, index: int, stage: Stage = Stage.MODALITY) -> Array:
        from fiducial.errors import Unsupported

        raise Unsupported("a group of pictures is not a volume")

    def array(self, stage: Stage = Stage.MODALITY) -> Array:
        """[slice, row, column(, channel)]; Unsupported when the pictures differ in size or kind."""
        import numpy as np

        from fiducial.errors import Unsupported

        frames = [self.frame(k, stage) for k in range(len(self._places))]
        if len({(frame.shape, frame.dtype) for frame in frames}) > 1:
            raise Unsupported("the pictures of this group differ in size or kind, so they make no one array")
        return np.stack(frames)

    def close(self) -> None:
        """Nothing stays open between frames."""

    def __enter__(self) -> PictureGroupReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
