"""Broken bytes give a clear refusal or a whole result: never another exception, never part of an image."""

from __future__ import annotations

import io
import random

import pytest

from fiducial.errors import FiducialError
from fiducial.media import check, open_media
from fiducial.media.base import Stage
from tests.unit.media import files

NII = files.nifti_bytes(files.ramp(7, 5, 4))
SEEDS = {
    "nifti": NII,
    "nifti packed": files.gzipped(NII),
    "nifti 2": files.nifti_bytes(files.ramp(7, 5, 4), version=2, byte_order=">"),
    "png": files.picture_bytes(files.colour(), "PNG"),
    "jpeg": files.picture_bytes(files.colour(), "JPEG"),
    "jpeg progressive": files.picture_bytes(files.grey(), "JPEG", progressive=True),
    "tiff": files.picture_bytes(files.grey(), "TIFF", save_all=True, append_images=[files.grey()]),
    "tiff packed": files.picture_bytes(files.colour(), "TIFF", compression="tiff_lzw"),
    "bmp": files.picture_bytes(files.colour(), "BMP"),
    "webp": files.picture_bytes(files.colour(), "WEBP", lossless=True),
    "mp4": files.video_bytes(files.clip(4)),
    "matroska": files.video_bytes(files.clip(4), "matroska"),
    "avi": files.video_bytes(files.clip(4), "avi"),
    "mpeg": files.video_bytes(files.clip(4), "mpeg", "mpeg2video", rate=25),
}
_FLIPS, _CUTS = 60, 40


def try_all(content: bytes) -> None:
    """Everything a server does with a file."""
    source = io.BytesIO(content)
    try:
        header = check(source)
        if (header.width or 0) * (header.height or 0) * header.frame_count > 1 << 22:
            return  # a size field was changed and the file still fits it: reading it is not this test's business
        with open_media(source) as reader:
            for stage in Stage:
                reader.frame(0, stage)
            reader.frame(header.frame_count - 1)
            assert reader.array().size
    except FiducialError as refusal:
        words = str(refusal)
    else:
        words = "whole"
    assert words


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", SEEDS)
def test_flipped_bytes(name: str) -> None:
    rng = random.Random(name)
    seed = SEEDS[name]
    for n in range(_FLIPS):
        content = bytearray(seed)
        reach = min(len(seed), 600) if n % 2 else len(seed)  # half of them in the header
        for _ in range(rng.choice([1, 1, 2, 8])):
            content[rng.randrange(reach)] = rng.choice([0, 0xFF, 0x80, rng.randrange(256)])
        try_all(bytes(content))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", SEEDS)
def test_cut_anywhere(name: str) -> None:
    rng = random.Random(name)
    seed = SEEDS[name]
    for _ in range(_CUTS):
        try_all(seed[: rng.randrange(len(seed))])
