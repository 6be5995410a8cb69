"""A file's bytes as the object that its users know: a pydicom Dataset, a PIL image, a nibabel image, a video capture."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from fiducial.errors import Damaged, FiducialError, Unsupported
from fiducial.media.registry import sniff

_GZIP = b"\x1f\x8b"


def convert(content: bytes, mimetype: str | None = None, name: str | None = None) -> Any:
    """See :meth:`fiducial.api.base_api.BaseApi.convert_format`."""
    try:
        found = sniff(BytesIO(content)).name
    except Unsupported:
        return content
    try:
        return _CONVERTERS.get(found, _picture)(content)
    except FiducialError:
        raise
    except Exception as error:
        raise Damaged(f"{name or mimetype or 'the file'} is not readable {found}: {error}") from error


def _dicom(content: bytes) -> Any:
    import pydicom

    return pydicom.dcmread(BytesIO(content), force=content[128:132] != b"DICM")


def _picture(content: bytes) -> Any:
    from PIL import Image

    image = Image.open(BytesIO(content))
    image.load()
    return image


def _nifti(content: bytes) -> Any:
    import nibabel

    if content[:2] == _GZIP:
        from isal import igzip

        content = igzip.decompress(content)
    # The first four bytes are the header's own size: 540 for NIfTI-2, in either byte order.
    two = content[:4] in {(540).to_bytes(4, "little"), (540).to_bytes(4, "big")}
    kind = nibabel.Nifti2Image if two else nibabel.Nifti1Image
    return kind.from_bytes(content)


def _video(content: bytes) -> Any:
    from fiducial.api.video_capture import VideoCapture

    return VideoCapture(BytesIO(content))


_CONVERTERS: dict[str, Callable[[bytes], Any]] = {"dicom": _dicom, "nifti": _nifti, "video": _video}
