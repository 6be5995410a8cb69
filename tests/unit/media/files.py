"""Tiny media files, made in memory: every one asymmetric, so that a flip or a swap of axes shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[Any]


def ramp(*shape: int, dtype: str = "i2") -> Array:
    """Different values everywhere (modulo the dtype), rising along the last axis first."""
    return (np.arange(np.prod(shape)).reshape(shape) * 7 % 30011).astype(dtype)


def nifti_bytes(
    data_xyzt: Array,
    affine: Array | None = None,
    *,
    version: int = 1,
    packed: bool = False,
    byte_order: str = "<",
    scaling: tuple[float, float] | None = None,
    **fields: Any,
) -> bytes:
    """A file as nibabel writes it; ``scaling`` goes into the header without touching the stored values."""
    import nibabel as nib

    kind = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    header = kind.header_class(endianness=byte_order)
    header.set_data_dtype(data_xyzt.dtype.newbyteorder(byte_order) if not data_xyzt.dtype.fields else data_xyzt.dtype)
    header.set_xyzt_units("mm", "sec")
    image = kind(data_xyzt, np.diag([2.0, 3.0, 4.0, 1.0]) if affine is None else affine, header)
    for name, value in fields.items():
        image.header[name] = value
    raw = bytearray(image.to_bytes())
    if scaling is not None:
        place, code = (112, "f4") if version == 1 else (176, "f8")
        numbers = np.array(scaling, dtype=byte_order + code).tobytes()
        raw[place : place + len(numbers)] = numbers
    return gzipped(bytes(raw)) if packed else bytes(raw)


def gzipped(content: bytes) -> bytes:
    import gzip

    return gzip.compress(content, mtime=0)


def patched(content: bytes, offset: int, dtype: str, *values: float) -> bytes:
    """The bytes with these numbers written at ``offset``."""
    numbers = np.array(values, dtype=dtype).tobytes()
    return content[:offset] + numbers + content[offset + len(numbers) :]


def picture_bytes(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def grey(rows: int = 13, columns: int = 17) -> Image.Image:
    return Image.fromarray((ramp(rows, columns) % 251).astype(np.uint8))


def colour(rows: int = 13, columns: int = 17) -> Image.Image:
    return Image.fromarray((ramp(rows, columns, 3) % 251).astype(np.uint8))


def smooth(rows: int, columns: int, shift: int = 0) -> Array:
    """RGB that a lossy codec keeps roughly: a slope along each axis, and blue that tells frames apart."""
    y, x = np.mgrid[0:rows, 0:columns]
    blue = np.full_like(x, shift * 9 % 256)
    return np.stack([x * 255 // columns, y * 255 // rows, blue], axis=-1).astype(np.uint8)


def video_bytes(
    frames: Sequence[Array],
    container: str = "mp4",
    codec: str = "mpeg4",
    *,
    rate: int = 10,
    options: dict[str, str] | None = None,
    keyframe_every: int = 4,
    pix_fmt: str = "yuv420p",
    times: Sequence[int] | None = None,
) -> bytes:
    """An encoded clip; ``times`` are presentation times in units of 1/rate s when they are not evenly spaced."""
    from fractions import Fraction

    import av

    out = io.BytesIO()
    with av.open(out, mode="w", format=container) as opened:
        stream = opened.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.gop_size = keyframe_every
        for n, values in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(values, format="rgb24")
            frame.pts = n if times is None else times[n]
            frame.time_base = Fraction(1, rate)
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return out.getvalue()


def clip(count: int = 11, rows: int = 48, columns: int = 64) -> list[Array]:
    return [smooth(rows, columns, n) for n in range(count)]


def dicom_bytes() -> bytes:
    """A small real CT slice out of pydicom's own wheel."""
    from pathlib import Path

    import pydicom.data

    return Path(str(pydicom.data.get_testdata_file("CT_small.dcm", download=False))).read_bytes()
