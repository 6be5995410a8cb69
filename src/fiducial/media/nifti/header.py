"""The fixed part of a NIfTI-1 (348 bytes) or NIfTI-2 (540 bytes) file, as its two header files define it.

Parsed here rather than by a library because ingest reads thousands of these, and because every field that could make a
reader allocate, guess or flip must be judged before it is used. Sources: nifti1.h and nifti2.h of the NIfTI DFWG.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fiducial.errors import Damaged, Unsupported

HEADER_BYTES = 544
"""Enough for either version and the four extension flag bytes behind NIfTI-2."""

_SIZES = {1: 348, 2: 540}
_MAGIC = {b"n+1\0": (1, True), b"ni1\0": (1, False), b"n+2\0": (2, True), b"ni2\0": (2, False)}
_MAGIC_2_TAIL = b"\r\n\x1a\n"

_FIELDS_1 = {
    "dim": (40, "i2", 8),
    "intent_code": (68, "i2", 1),
    "datatype": (70, "i2", 1),
    "bitpix": (72, "i2", 1),
    "pixdim": (76, "f4", 8),
    "vox_offset": (108, "f4", 1),
    "scl_slope": (112, "f4", 1),
    "scl_inter": (116, "f4", 1),
    "xyzt_units": (123, "u1", 1),
    "cal_max": (124, "f4", 1),
    "cal_min": (128, "f4", 1),
    "descrip": (148, "S80", 1),
    "qform_code": (252, "i2", 1),
    "sform_code": (254, "i2", 1),
    "quatern": (256, "f4", 3),
    "qoffset": (268, "f4", 3),
    "srow": (280, "f4", 12),
}
_FIELDS_2 = {
    "datatype": (12, "i2", 1),
    "bitpix": (14, "i2", 1),
    "dim": (16, "i8", 8),
    "pixdim": (104, "f8", 8),
    "vox_offset": (168, "i8", 1),
    "scl_slope": (176, "f8", 1),
    "scl_inter": (184, "f8", 1),
    "cal_max": (192, "f8", 1),
    "cal_min": (200, "f8", 1),
    "descrip": (240, "S80", 1),
    "qform_code": (344, "i4", 1),
    "sform_code": (348, "i4", 1),
    "quatern": (352, "f8", 3),
    "qoffset": (376, "f8", 3),
    "srow": (400, "f8", 12),
    "xyzt_units": (500, "i4", 1),
    "intent_code": (504, "i4", 1),
}

RGB24, RGBA32 = 128, 2304
_NUMPY_CODES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
    RGB24: "u1",
    RGBA32: "u1",
}
_REFUSED_TYPES = {
    1: "1-bit",
    32: "complex64",
    1536: "128-bit float",
    1792: "complex128",
    2048: "complex256",
}


@dataclass(frozen=True, slots=True)
class NiftiHeader:
    """The fields that Fiducial uses, as they stand in the file (no unit conversion, no repair but what is said)."""

    version: int
    byte_order: str
    """``<`` or ``>``."""
    dim: tuple[int, ...]
    """Eight numbers: how many dimensions, then their sizes x, y, z, t, u, v, w."""
    pixdim: tuple[float, ...]
    datatype: int
    bitpix: int
    vox_offset: int
    vox_offset_missing: bool
    """The file said 0, which cannot be: data start right behind the header."""
    scl_slope: float
    scl_inter: float
    cal_min: float
    cal_max: float
    qform_code: int
    sform_code: int
    quatern_bcd: tuple[float, float, float]
    qoffset_xyz: tuple[float, float, float]
    srow: tuple[tuple[float, ...], ...]
    xyzt_units: int
    intent_code: int
    description: str

    @property
    def shape_xyzt(self) -> tuple[int, int, int, int]:
        """Sizes along x (columns), y (rows), z (slices) and time; absent and zero higher dimensions count 1."""
        sizes = [max(1, self.dim[n]) if n <= self.dim[0] else 1 for n in range(1, 5)]
        return sizes[0], sizes[1], sizes[2], sizes[3]

    @property
    def channels(self) -> int:
        return {RGB24: 3, RGBA32: 4}.get(self.datatype, 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of one sample, in the file's byte order."""
        return np.dtype(self.byte_order + _NUMPY_CODES[self.datatype])

    @property
    def frame_bytes(self) -> int:
        x, y, _, _ = self.shape_xyzt
        return x * y * self.channels * self.dtype.itemsize

    @property
    def frame_count(self) -> int:
        _, _, z, t = self.shape_xyzt
        return z * t

    @property
    def end_of_data(self) -> int:
        return self.vox_offset + self.frame_bytes * self.frame_count

    @property
    def scaling(self) -> tuple[float, float] | None:
        """(slope, intercept), or None where the values are used as they are: slope 0 or not a number, or RGB."""
        if self.channels != 1 or not math.isfinite(self.scl_slope) or self.scl_slope == 0:
            return None
        return None if (self.scl_slope, self.scl_inter) == (1.0, 0.0) else (self.scl_slope, self.scl_inter)


def magic_of(head: bytes) -> tuple[int, bool] | None:
    """(version, one file) by the magic word, or None when these bytes are not the start of a NIfTI file."""
    for version, place in ((1, 344), (2, 4)):
        found = _MAGIC.get(head[place : place + 4])
        if found and found[0] == version and _byte_order(head, version):
            return found
    return None


def _byte_order(head: bytes, version: int) -> str | None:
    for order, name in (("<", "little"), (">", "big")):
        if int.from_bytes(head[:4], name) == _SIZES[version]:  # type: ignore[arg-type]
            return order
    return None


def parse(head: bytes) -> NiftiHeader:
    """The header in the first :data:`HEADER_BYTES` (inflated) bytes.

    Raises Damaged for what contradicts itself and Unsupported for pairs (.hdr/.img), vectors and complex numbers.
    """
    magic = magic_of(head)
    if magic is None:
        raise Damaged("this is not a NIfTI file: neither magic word nor header size fits")
    version, one_file = magic
    if not one_file:
        raise Unsupported(
            "this is one half of a NIfTI pair (.hdr and .img): save it as a single .nii or .nii.gz file and send that"
        )
    if len(head) < _SIZES[version]:
        raise Damaged(f"the NIfTI-{version} header is cut off: {len(head)} of {_SIZES[version]} bytes are there")
    if version == 2 and head[8:12] != _MAGIC_2_TAIL:  # the version's own number
        raise Damaged("the NIfTI-2 magic word was altered in transfer (line ends changed): the file is not whole")
    order = _byte_order(head, version) or "<"
    header = _built(version, order, _fields(head, version, order))
    _judge(header)
    return header


def _fields(head: bytes, version: int, order: str) -> dict[str, npt.NDArray[Any]]:
    table = _FIELDS_1 if version == 1 else _FIELDS_2
    return {
        name: np.frombuffer(head, dtype=order + kind, count=count, offset=offset)
        for name, (offset, kind, count) in table.items()
    }


def _built(version: int, order: str, raw: dict[str, npt.NDArray[Any]]) -> NiftiHeader:
    def one(name: str) -> float:
        return float(raw[name][0])

    def three(name: str) -> tuple[float, float, float]:
        return float(raw[name][0]), float(raw[name][1]), float(raw[name][2])

    offset = one("vox_offset")
    if not math.isfinite(offset) or offset != int(offset) or offset < 0:
        raise Damaged(f"NIfTI vox_offset is {offset}: the place of the image data is unknown", field="vox_offset")
    smallest = _SIZES[version] + 4
    if 0 < offset < smallest:
        raise Damaged(f"NIfTI vox_offset is {int(offset)}: inside the {smallest}-byte header", field="vox_offset")
    rows = raw["srow"].astype(np.float64).reshape(3, 4)
    return NiftiHeader(
        version=version,
        byte_order=order,
        dim=tuple(int(n) for n in raw["dim"]),
        pixdim=tuple(float(n) for n in raw["pixdim"]),
        datatype=int(raw["datatype"][0]),
        bitpix=int(raw["bitpix"][0]),
        vox_offset=int(offset) or smallest,
        vox_offset_missing=offset == 0,
        scl_slope=one("scl_slope"),
        scl_inter=one("scl_inter"),
        cal_min=one("cal_min"),
        cal_max=one("cal_max"),
        qform_code=int(raw["qform_code"][0]),
        sform_code=int(raw["sform_code"][0]),
        quatern_bcd=three("quatern"),
        qoffset_xyz=three("qoffset"),
        srow=tuple(tuple(float(v) for v in row) for row in rows),
        xyzt_units=int(raw["xyzt_units"][0]),
        intent_code=int(raw["intent_code"][0]),
        description=bytes(raw["descrip"][0]).split(b"\0")[0].decode("latin-1").strip(),
    )


def _judge(header: NiftiHeader) -> None:
    _judge_dimensions(header)
    if header.datatype in _REFUSED_TYPES:
        raise Unsupported(
            f"NIfTI datatype {header.datatype} ({_REFUSED_TYPES[header.datatype]}) is not read: save real numbers",
            field="datatype",
        )
    if header.datatype not in _NUMPY_CODES:
        raise Damaged(f"NIfTI datatype is {header.datatype}, which the standard does not define", field="datatype")
    slope_counts = math.isfinite(header.scl_slope) and header.scl_slope != 0 and header.channels == 1
    if slope_counts and not math.isfinite(header.scl_inter):
        raise Damaged(f"NIfTI scl_inter is {header.scl_inter} while scl_slope applies", field="scl_inter")


def _judge_dimensions(header: NiftiHeader) -> None:
    count = header.dim[0]
    if not 1 <= count <= 7:  # the standard's range of dim[0]
        raise Damaged(f"NIfTI dim[0] is {count}: the standard allows 1 to 7 dimensions", field="dim")
    for n in range(1, count + 1):
        size = header.dim[n]
        if size < 0 or (size == 0 and n <= 3):  # x, y, z
            raise Damaged(f"NIfTI dim[{n}] is {size}: a size must be at least 1", field=f"dim[{n}]")
    extra = [header.dim[n] for n in range(5, count + 1) if header.dim[n] > 1]
    if extra:
        raise Unsupported(
            f"this NIfTI has {count} dimensions (sizes {list(header.dim[1 : count + 1])}): a vector or tensor per "
            "voxel is not an image to page through; save each component as a file of its own",
            dim=list(header.dim),
        )
