"""The real files: every row of the shared data's README about pictures, NIfTI and video, and their broken ones."""

from __future__ import annotations

import io
import random

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from fiducial.errors import Damaged
from fiducial.media import MediaKind, check, open_media
from fiducial.media.base import Axis, Stage
from fiducial.media.thumbnail import thumbnail
from fiducial.media.video.reader import VideoReader
from tests.shared_data import SHARED_DATA, needs_shared

pytestmark = [needs_shared, pytest.mark.shared]

PICTURES = {
    "00000001_000.png": ("png", 512, 512, "MONOCHROME2", 0, 255),
    "clarius-ocular-image.png": ("png", 1280, 960, "RGB", 0, 255),
    "interson-image.jpg": ("jpeg", 1357, 870, "RGB", 0, 255),
    "retina.jpg": ("jpeg", 1411, 1411, "RGB", 0, 255),
}
VOLUMES = {
    "anatomical.nii": ((33, 41, 25), (2, 2, 2), "i2", "LAS", -610, 30393),
    "example4d.nii.gz": ((128, 96, 24, 2), (2, 2, 2.2), "i2", "LAS", 0, 1162),
    "example_ct_sm.nii.gz": ((122, 101, 30), (3, 3, 3), "i2", "RAS", -1100, 1207),
    "example_mr_sm.nii.gz": ((117, 91, 20), (3, 3, 3), "i2", "LPS", -47, 833),
    "example_nifti2.nii.gz": ((32, 20, 12, 2), (2, 2, 2.2), "i2", "LAS", 46, 757),
    "example_seg.nii.gz": ((122, 101, 30), (3, 3, 3), "u1", "RAS", 0, 117),
    "example_seg_mr.nii.gz": ((117, 91, 20), (3, 3, 3), "u1", "LPS", 0, 49),
}
VIDEOS = {
    "Reg_Image_182106_crop.mp4": ("h264", 382, 382, 31.2, 206, "video/mp4"),
    "Reg_pat1Image_133410.mpeg": ("mpeg2video", 370, 370, 25, 183, "video/mpeg"),
    "butterfly-ocular-phantom.mp4": ("h264", 776, 1080, 12.7, 369, "video/mp4"),
    "clarius-ocular-short.mp4": ("h264", 1280, 960, 25, 50, "video/mp4"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(name: str) -> None:
    kind, width, height, photometric, low, high = PICTURES[name]
    with (SHARED_DATA / "images" / name).open("rb") as source:
        header = check(source)
        assert (header.kind, header.format, header.frame_count) == (MediaKind.IMAGE, kind, 1)
        assert (header.width, header.height, header.photometric_interpretation) == (width, height, photometric)
        assert (header.metadata["width"], header.metadata["height"]) == (width, height)
        with open_media(source) as reader:
            values = reader.frame(0)
            assert (values.min(), values.max()) == (low, high)
            assert thumbnail(reader)


@pytest.mark.parametrize("name", VOLUMES)
def test_volume(name: str) -> None:
    shape, zooms, dtype, axes, low, high = VOLUMES[name]
    path = SHARED_DATA / "nifti" / name
    image = nib.load(path)
    with path.open("rb") as source:
        header = check(source)
        assert header.kind is MediaKind.NIFTI
        assert (header.width, header.height) == shape[:2]
        assert header.frame_count == np.prod(shape[2:])
        assert header.metadata["dims"][: len(shape) + 1] == [len(shape), *shape]
        np.testing.assert_allclose(np.array(header.spacing_zyx_mm), np.array(zooms[::-1]), atol=1e-5)
        np.testing.assert_allclose(header.metadata["affine"], image.affine, atol=1e-6)
        assert "".join(nib.aff2axcodes(np.array(header.metadata["affine"]))) == axes
        with open_media(source) as reader:
            stored, values = reader.array(Stage.STORED), reader.array()
            assert stored.dtype == np.dtype(dtype)
            assert (values.min(), values.max()) == (low, high)
            np.testing.assert_array_equal(stored, np.asarray(image.dataobj).T)
            assert reader.slice(Axis.SAGITTAL, 3).shape == (shape[2], shape[1])
            assert thumbnail(reader)


@pytest.mark.parametrize("name", [n for n in VOLUMES if "nifti2" not in n])
def test_volume_lies_where_itk_says(name: str) -> None:
    path = SHARED_DATA / "nifti" / name
    itk = SimpleITK.ReadImage(str(path))
    with path.open("rb") as source:
        matrix = np.array(check(source).voxel_to_patient)
    size = itk.GetSize()
    for corner in np.ndindex(*(2,) * len(size)):
        index = [int(c * (n - 1)) for c, n in zip(corner, size, strict=True)]
        place = itk.TransformIndexToPhysicalPoint(index)[:3]
        np.testing.assert_allclose((matrix @ [*index[:3], 1])[:3], place, atol=1e-4 if "4d" in name else 1e-6)


def test_labels_keep_their_values() -> None:
    for name, count in (("example_seg.nii.gz", 42), ("example_seg_mr.nii.gz", 24)):
        with (SHARED_DATA / "nifti" / name).open("rb") as source, open_media(source) as reader:
            assert len(np.unique(reader.array(Stage.STORED))) == count


@pytest.mark.parametrize("name", VIDEOS)
def test_video(name: str) -> None:
    codec, width, height, rate, frames, mimetype = VIDEOS[name]
    with (SHARED_DATA / "video" / name).open("rb") as source:
        header = check(source)
        stream = header.metadata["streams"][0]
        assert (header.kind, header.mimetype, header.frame_count) == (MediaKind.VIDEO, mimetype, frames)
        assert (header.width, header.height) == (width, height)
        assert header.fps == pytest.approx(rate, abs=0.06)
        assert (stream["codec_name"], int(stream["nb_frames"])) == (codec, frames)


@pytest.mark.parametrize("name", VIDEOS)
def test_random_frames_of_video_are_those_of_sequential_decoding(name: str) -> None:
    import av

    path = SHARED_DATA / "video" / name
    count = VIDEOS[name][4]
    wanted = random.Random(11).sample(range(count), 7)
    with av.open(str(path)) as container:
        expected = {
            n: frame.to_ndarray(format="rgb24") for n, frame in enumerate(container.decode(video=0)) if n in wanted
        }
    with path.open("rb") as source, open_media(source) as reader:
        assert isinstance(reader, VideoReader)
        for n in wanted:
            np.testing.assert_array_equal(reader.frame(n), expected[n])
        times = reader.frame_times()
        assert len(times) == count
        assert list(times) == sorted(times)


@pytest.mark.parametrize("name", ["cut.nii.gz", "cut.mp4", "cxr-half.png"])
def test_broken(name: str) -> None:
    content = (SHARED_DATA / "broken" / name).read_bytes()
    with pytest.raises(Damaged, match="cut off"):
        check(io.BytesIO(content))
