"""What an item can be taken away as, and its files in each of these forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from fiducial.errors import Conflict, FiducialError, Invalid, NotFound, Unavailable, Unsupported
from fiducial.media.base import Array, Reader, Stage
from fiducial_server.model.item import Item, ItemFile, ItemState
from fiducial_server.services.exports.arrays import write_nifti, write_npy
from fiducial_server.services.exports.names import Names, safe_name, split_ending
from fiducial_server.services.exports.tiff import exact_16_bit, tiff_bytes
from fiducial_server.services.exports.waiting_file import Pipe, waiting_file
from fiducial_server.services.ingest import open_reader
from fiducial_server.services.looks import SERIES_KINDS
from fiducial_server.storage.base import BlobStore


class ImageFormat(StrEnum):
    """The forms of a dataset's download."""

    JPG = "jpg"
    PNG = "png"
    """As for looking at: windowed, 8 bits; a JPEG is taken as JPG byte for byte."""
    TIFF = "tiff"
    """Modality values: 16 bits where that is exact, else float32; colour has 8 bits."""
    DICOM = "dicom"
    """The original files; only of items that are DICOM."""
    NPY = "npy"
    """Modality values of all frames as one array, float32; colour has 8 bits."""
    NIFTI = "nifti"
    """A NIfTI as it came; of other items with a place in mm, float32 modality values with the affine in RAS."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an item. ``name`` begins with ``folder`` of the item where it has one; ``compressed`` bytes go as they are."""

    name: str
    size: int
    pieces: Iterator[bytes]
    compressed: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A frame that could not be written."""

    frame: int
    reason: str


Made = Iterator[Member | Missing]
_ANY_ENDING = (".dcm",)
"""DICOM files are named in many ways: only one without any ending gets this."""
_GZIP = b"\x1f\x8b"


def format_of(word: str) -> ImageFormat:
    """Invalid with the list of those that there are."""
    if word not in tuple(ImageFormat):
        raise Invalid(f"format must be one of {', '.join(ImageFormat)}, not {word[:80]!r}", field="format")
    return ImageFormat(word)


def members(wanted: ImageFormat, item: Item, files: Sequence[ItemFile], store: BlobStore, names: Names) -> Made:
    """The item's files in this form, each as it is made. Raises the reason when the item has no such form.

    ``names`` are those of the archive: an item of several files gets a folder of its own.
    """
    if item.state is ItemState.OPEN or (item.state is ItemState.PENDING and item.kind in SERIES_KINDS):
        raise Conflict("its files are still coming or being put in order")
    if not files:
        raise NotFound("its file was not found")
    if wanted is ImageFormat.DICOM:
        return _dicom(item, files, store, names)
    if (wanted, item.format) in _AS_IT_CAME and len(files) == 1:
        return _originals(item, files, store, names, *_AS_IT_CAME[wanted, item.format])
    return _decoded(wanted, item, files, store, names)


_AS_IT_CAME: Mapping[tuple[ImageFormat, str | None], tuple[str, ...]] = {
    (ImageFormat.JPG, "jpeg"): (".jpg", ".jpeg"),  # to make it anew would lose a little of it
    (ImageFormat.NIFTI, "nifti"): (".nii", ".nii.gz"),
}
"""The form an item has already, and how such files' names end."""


def _dicom(item: Item, files: Sequence[ItemFile], store: BlobStore, names: Names) -> Made:
    if item.format != "dicom":
        raise Unsupported(f"it is no DICOM, but {item.format or item.mimetype}")
    return _originals(item, files, store, names, *_ANY_ENDING)


def _originals(
    item: Item, files: Sequence[ItemFile], store: BlobStore, names: Names, ending: str, *others: str
) -> Made:
    """Byte for byte, under the names they came with; one that does not end as such a file does gets ``ending`` too."""
    if len(files) == 1:
        yield _stored(names.unique(_named(item.name, files[0], store, ending, *others)), files[0], store)
        return
    folder, inside = names.unique(split_ending(safe_name(item.name))[0]), Names()
    for file in files:
        own = inside.unique(_named(file.filename, file, store, ending, *others))
        yield _stored(f"{folder}/{own}", file, store)


def _named(given: str, file: ItemFile, store: BlobStore, *endings: str) -> str:
    name = safe_name(given)
    found = split_ending(name)[1].lower()
    if found in endings or (found and endings == _ANY_ENDING):
        return name
    packed = ".nii" in endings and b"".join(store.read(file.sha256, 0, 2)) == _GZIP
    return f"{name}{endings[0]}{'.gz' if packed else ''}"


def _stored(name: str, file: ItemFile, store: BlobStore) -> Member:
    return Member(name, file.size, store.read(file.sha256), compressed=True)


def _decoded(wanted: ImageFormat, item: Item, files: Sequence[ItemFile], store: BlobStore, names: Names) -> Made:
    with open_reader(store, item.kind, files) as reader:
        if reader.header.frame_count == 0:
            raise Unsupported("it has no pixels")
        stem = split_ending(safe_name(item.name))[0]
        if wanted in _PICTURES:
            yield from _pictures(wanted, reader, stem, names)
        else:
            write, ending, compressed = _ARRAYS[wanted]
            made = waiting_file(store, partial(write, reader))
            yield Member(names.unique(stem + ending), made.size, made.pieces, compressed)


def _pictures(wanted: ImageFormat, reader: Reader, stem: str, names: Names) -> Made:
    """One file for each frame; frames that cannot be decoded are told, and the others written."""
    stage, encode, ending, compressed = _PICTURES[wanted]
    count = reader.header.frame_count
    digits = max(4, len(str(count - 1)))
    folder = None if count == 1 else names.unique(stem)
    for index in range(count):
        try:
            body = encode(reader.frame(index, stage))
        except Unavailable:
            raise
        except FiducialError as error:
            if count == 1:
                raise
            yield Missing(index, error.message)
            continue
        name = f"{folder}/{index:0{digits}d}{ending}" if folder else names.unique(stem + ending)
        yield Member(name, len(body), iter((body,)), compressed)


def _picture(frame: Array, kind: str) -> bytes:
    from fiducial.media.thumbnail import encode_frame

    return encode_frame(frame, kind)


_PICTURES: Mapping[ImageFormat, tuple[Stage, Callable[[Array], bytes], str, bool]] = {
    ImageFormat.JPG: (Stage.DISPLAY, lambda frame: _picture(frame, "jpeg"), ".jpg", True),
    ImageFormat.PNG: (Stage.DISPLAY, lambda frame: _picture(frame, "png"), ".png", True),
    ImageFormat.TIFF: (Stage.MODALITY, lambda frame: tiff_bytes(exact_16_bit(frame)), ".tif", False),
}
_ARRAYS: Mapping[ImageFormat, tuple[Callable[[Reader, Pipe], None], str, bool]] = {
    ImageFormat.NPY: (write_npy, ".npy", False),
    ImageFormat.NIFTI: (write_nifti, ".nii.gz", True),
}
