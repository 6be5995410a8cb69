"""Affines against golden values, and against an independent reader."""

from __future__ import annotations

import numpy as np
import pytest

from fiducial.errors import Unsupported
from fiducial.media.base import Axis, Stage
from fiducial.media.dicom import DICOM
from fiducial.media.dicom.slice_geometry import normal_of
from tests.unit.media.dicom import phantom

POSITIONS = [[-100.0, -120.0, 50.0 + 2.5 * k] for k in range(4)]


def frames(count: int = 4) -> np.ndarray:
    """Frame k holds the F plus k."""
    return np.stack([phantom.letter_f() + k for k in range(count)]).astype(np.uint16)


def test_golden_affine_of_an_enhanced_object() -> None:
    header = DICOM.read_header(phantom.enhanced(frames(), POSITIONS))
    assert header.is_volume
    assert header.spacing_zyx_mm == (2.5, 0.8, 0.5)
    lps = np.array(header.voxel_to_patient) @ [10, 20, 3, 1]
    assert lps[:3] == pytest.approx([-95, -104, 57.5], abs=1e-12)
    assert header.metadata["frame_order"] == "position"
    assert "stored_frames" not in header.metadata


def test_single_slice_affine() -> None:
    source = phantom.file(
        phantom.letter_f(),
        ImagePositionPatient=[-100, -120, 50],
        ImageOrientationPatient=phantom.AXIAL,
        PixelSpacing=[0.8, 0.5],
        SliceThickness=2.5,
    )
    header = DICOM.read_header(source)
    assert not header.is_volume
    assert header.spacing_zyx_mm == (None, 0.8, 0.5)
    assert (np.array(header.voxel_to_patient) @ [10, 20, 3, 1])[:3] == pytest.approx([-95, -104, 57.5])


def test_sagittal_normal_points_to_the_right() -> None:
    assert normal_of((0, 1, 0, 0, 0, -1)).tolist() == [-1, 0, 0]


@pytest.mark.parametrize("order", [[2, 0, 3, 1], [3, 2, 1, 0], [0, 1, 2, 3]])
def test_shuffled_frames_come_out_in_order_of_position(order: list[int]) -> None:
    source = phantom.enhanced(frames()[order], [POSITIONS[k] for k in order])
    with DICOM.open(source) as reader:
        header, volume = reader.header, reader.array(Stage.STORED)
        assert np.array_equal(volume, frames())
        assert header.voxel_to_patient == DICOM.read_header(phantom.enhanced(frames(), POSITIONS)).voxel_to_patient
        stored = header.metadata.get("stored_frames", [0, 1, 2, 3])
        assert [order[s] for s in stored] == [0, 1, 2, 3]
        # each frame is rescaled by its own slope: frame stored as k has slope k + 1 and intercept -10 k
        for place, k in enumerate(stored):
            assert np.array_equal(reader.frame(place), frames()[place].astype(np.float32) * (k + 1) - 10 * k)
        assert "varying-slope" in {f.code for f in header.findings}


def test_planes_of_a_volume() -> None:
    with DICOM.open(phantom.enhanced(frames(), POSITIONS)) as reader:
        volume = reader.array()
        assert np.array_equal(reader.slice(Axis.AXIAL, 2), volume[2])
        assert np.array_equal(reader.slice(Axis.CORONAL, 3), volume[:, 3])
        assert np.array_equal(reader.slice(Axis.SAGITTAL, 1), volume[:, :, 1])
        assert reader.slice(Axis.SAGITTAL, 1, Stage.DISPLAY).dtype == np.uint8
        with pytest.raises(IndexError):
            reader.slice(Axis.SAGITTAL, 5)


def test_a_gap_between_frames_refuses_the_volume_and_keeps_the_frames() -> None:
    positions = [*POSITIONS[:3], [-100.0, -120.0, 60.0]]
    with DICOM.open(phantom.enhanced(frames(), positions)) as reader:
        assert not reader.header.is_volume
        assert reader.header.voxel_to_patient is None
        assert reader.header.metadata["frame_order"] == "stored"
        with pytest.raises(Unsupported, match="missing"):
            reader.slice(Axis.AXIAL, 0)
        assert reader.array().shape == (4, 7, 5)


def test_a_cine_is_no_volume_and_has_a_rate() -> None:
    source = phantom.file(frames(), NumberOfFrames=4, FrameTime="40", Modality="US")
    header = DICOM.read_header(source)
    assert (header.frame_count, header.is_volume, header.fps, header.duration_s) == (4, False, 25.0, 0.16)


def test_dose_grid_offsets_make_a_volume() -> None:
    source = phantom.file(
        frames(),
        NumberOfFrames=4,
        Modality="RTDOSE",
        GridFrameOffsetVector=[0, 3, 6, 9],
        ImagePositionPatient=[1, 2, 3],
        ImageOrientationPatient=phantom.AXIAL,
        PixelSpacing=[2, 2],
    )
    header = DICOM.read_header(source)
    assert header.is_volume
    assert header.spacing_zyx_mm == (3.0, 2.0, 2.0)


@pytest.mark.parametrize("step", [4.0, -4.0])
def test_the_sign_of_nuclear_medicine_spacing_is_the_direction(step: float) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 100], phantom.AXIAL
    source = phantom.file(
        frames(),
        NumberOfFrames=4,
        Modality="NM",
        ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
        SpacingBetweenSlices=step,
        PixelSpacing=[4, 4],
        DetectorInformationSequence=Sequence([detector]),
    )
    with DICOM.open(source) as reader:
        affine = np.array(reader.header.voxel_to_patient)
        assert reader.header.is_volume
        assert affine[2, 3] == (100 if step > 0 else 88)
        assert affine[2, 2] == 4
        expected = frames() if step > 0 else frames()[::-1]
        assert np.array_equal(reader.array(Stage.STORED), expected)


def test_imager_pixel_spacing_is_named_as_what_it_is() -> None:
    header = DICOM.read_header(phantom.file(phantom.letter_f(), Modality="DX", ImagerPixelSpacing=[0.2, 0.1]))
    assert header.spacing_zyx_mm == (None, 0.2, 0.1)
    assert header.metadata["spacing_source"] == "ImagerPixelSpacing"
    assert "imager-pixel-spacing" in {f.code for f in header.findings}


def test_skewed_orientation_gives_no_affine() -> None:
    source = phantom.file(
        phantom.letter_f(),
        ImagePositionPatient=[0, 0, 0],
        ImageOrientationPatient=[1, 0, 0, 0.1, 0.9, 0],
        PixelSpacing=[1, 1],
    )
    header = DICOM.read_header(source)
    assert header.voxel_to_patient is None
    assert "invalid-orientation" in {f.code for f in header.findings}
