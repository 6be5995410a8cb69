"""What every media format gives: a header of facts, frames by index, and a list of what is not ordinary.

Arrays are named by their axis order. One frame is ``[row, column]`` (grey) or ``[row, column, channel]`` (RGB); a volume
is ``[slice, row, column]``; a series over time is ``[time, slice, row, column]``.

Patient coordinates are LPS (+x left, +y posterior, +z head) in mm, as DICOM's (PS3.3 C.7.6.2.1.1). ``voxel_to_patient``
maps the index vector ``(column i, row j, slice k, 1)`` to patient space; integer indices are voxel centres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Affine = tuple[tuple[float, float, float, float], ...]
"""4 x 4, row by row."""


class MediaKind(StrEnum):
    """What a file is to a person: this decides the item's kind."""

    IMAGE = "image"
    VIDEO = "video"
    DICOM = "dicom"
    NIFTI = "nifti"


class Severity(StrEnum):
    """How much a finding matters for using the item."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    """The item is kept, but some use of it (volume geometry, decoding) is refused."""


class Axis(StrEnum):
    """Anatomical plane of a slice: the voxel axis closest to the plane's normal is the one that is indexed."""

    AXIAL = "axial"
    SAGITTAL = "sagittal"
    CORONAL = "coronal"


class Stage(StrEnum):
    """How far along the pixel pipeline of PS3.4 Annex N the values are."""

    STORED = "stored"
    """As in the file, after decompression; integer dtype of the file."""
    MODALITY = "modality"
    """After Modality LUT or Rescale Slope/Intercept (NIfTI: scl_slope/scl_inter); float32. Colour: uint8 RGB."""
    DISPLAY = "display"
    """For looking only: after VOI window and polarity; uint8, grey or RGB."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a file or series that is not ordinary.

    ``code`` is a stable kebab-case word (``missing-slices``, ``gantry-tilt``, ``burned-in-annotation`` ...), ``evidence``
    the JSON-able numbers and names that show it.
    """

    code: str
    severity: Severity
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """Facts of one file, or of one assembled series, read without decoding pixels.

    ``width`` is columns, ``height`` rows, both in pixels of one frame. ``frame_count`` counts what a person can page
    through: DICOM frames, slices of a volume (times time points when 4-D), video frames in decoded order, 1 for a picture.
    """

    kind: MediaKind
    format: str
    """Registered format name: ``dicom``, ``nifti``, ``png``, ``jpeg``, ``tiff``, ``bmp``, ``webp``, ``video``."""
    mimetype: str
    width: int | None = None
    height: int | None = None
    frame_count: int = 0
    """0 when the file has no pixels (DICOM SR, RTPLAN ...)."""
    time_points: int = 1
    samples_per_pixel: int = 1
    bits_stored: int | None = None
    signed: bool = False
    photometric_interpretation: str | None = None
    spacing_zyx_mm: tuple[float | None, float, float] | None = None
    """(between slices, between rows, between columns), mm; None when the file has no physical size."""
    voxel_to_patient: Affine | None = None
    frame_of_reference_uid: str | None = None
    modality: str | None = None
    patient_id: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    instance_uid: str | None = None
    sop_class_uid: str | None = None
    transfer_syntax: str | None = None
    laterality: str | None = None
    duration_s: float | None = None
    fps: float | None = None
    is_volume: bool = False
    """True when the frames are parallel, evenly ordered slices of one grid, so that a 3-D array means something."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Format-specific JSON-able facts, under the names the Datamint wire uses (``datamint-wire.md`` 3.1)."""
    findings: tuple[Finding, ...] = ()


class Reader(Protocol):
    """An opened file. Decodes only what is asked for; raises :class:`~fiducial.errors.Damaged` rather than return part."""

    @property
    def header(self) -> Header: ...

    def frame(self, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """Frame ``index`` (0-based). Out of range raises :class:`IndexError`."""
        ...

    def slice(self, axis: Axis, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """One plane ``[row, column]`` of a volume; :class:`~fiducial.errors.Unsupported` when it is not a volume."""
        ...

    def array(self, stage: Stage = Stage.MODALITY) -> Array:
        """All of it: ``[row, column(, channel)]``, ``[slice, row, column(, channel)]`` or ``[time, slice, row, column]``."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class MediaFormat(Protocol):
    """One way to keep images in bytes. ``source`` is always seekable, positioned anywhere, and never closed by us."""

    @property
    def name(self) -> str: ...

    def sniff(self, head: bytes) -> bool:
        """Whether these first bytes (up to :data:`SNIFF_BYTES`) are of this format. Content only, never a name."""
        ...

    def read_header(self, source: BinaryIO) -> Header:
        """Facts without decoding pixels. Raises Damaged (says what is wrong, where) or Unsupported."""
        ...

    def verify(self, source: BinaryIO) -> None:
        """Prove that all pixel data is there, as cheaply as that can be proved; raises Damaged if it is not."""
        ...

    def open(self, source: BinaryIO) -> Reader: ...


SNIFF_BYTES = 4096


def as_affine(matrix: npt.ArrayLike) -> Affine:
    """A 4 x 4 array as the frozen row tuples that :class:`Header` holds; NaN or infinity raises ValueError."""
    array = np.asarray(matrix, dtype=np.float64)
    if array.shape != (4, 4) or not np.isfinite(array).all():
        raise ValueError(f"an affine is 4 x 4 finite numbers, not {array!r}")
    return tuple((float(r[0]), float(r[1]), float(r[2]), float(r[3])) for r in array)
