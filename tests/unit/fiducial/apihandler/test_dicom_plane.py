"""Frames of DICOM files in the patient, against the equation of the standard (PS3.3 C.7.6.2.1.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from fiducial.apihandler.dicom_plane import frame_plane
from fiducial.errors import Damaged, Invalid
from tests.demo_data import DEMO_DATA

CT, MR, CINE = DEMO_DATA / "ct_small.dcm", DEMO_DATA / "mr_series" / "0.dcm", DEMO_DATA / "echo_cine.dcm"


def by_the_standard(position: Any, cosines: Any, spacing: Any, column: float, row: float) -> Any:
    x, y = np.array(cosines[:3], float), np.array(cosines[3:], float)
    return np.array(position, float) + x * float(spacing[1]) * column + y * float(spacing[0]) * row


def at(plane: Any, column: float, row: float) -> Any:
    return (np.array(plane.affine) @ [column, row, plane.slice, 1.0])[:3]


@pytest.mark.parametrize("path", [CT, MR], ids=["ct", "mr"])
@pytest.mark.parametrize("how", ["dataset", "path", "without pixels", "geometry alone"])
def test_a_slice(path: Path, how: str) -> None:
    ds = pydicom.dcmread(path, stop_before_pixels=how != "dataset")
    if how == "geometry alone":
        only = Dataset()
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            only[name] = ds[name]
        plane = frame_plane(only, 5)
    else:
        plane = frame_plane(str(path) if how == "path" else ds, None)
    wanted = by_the_standard(ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing, 12.5, 31.25)
    np.testing.assert_allclose(at(plane, 12.5, 31.25), wanted, rtol=0, atol=1e-9)
    if how == "dataset":
        assert len(ds.PixelData) > 2  # the caller's dataset is as it was
        assert ds.file_meta.TransferSyntaxUID == pydicom.dcmread(path).file_meta.TransferSyntaxUID


angles = st.floats(-3.0, 3.0, allow_nan=False)
lengths = st.floats(0.05, 20, allow_nan=False)
places = st.floats(-900, 900, allow_nan=False)


@given(turn=st.tuples(angles, angles, angles), spacing=st.tuples(lengths, lengths), place=st.tuples(places, places, places),
       pixel=st.tuples(st.floats(-5, 600), st.floats(-5, 600)))  # fmt: skip
def test_any_slice(turn: Any, spacing: Any, place: Any, pixel: Any) -> None:
    (a, b, c) = turn
    rotation = (
        np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        @ np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        @ np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    )
    ds = Dataset()
    ds.ImagePositionPatient = [f"{v:.8f}"[:16] for v in place]
    ds.ImageOrientationPatient = [f"{v:.10f}"[:16] for v in (*rotation[:, 0], *rotation[:, 1])]
    ds.PixelSpacing = [f"{v:.10f}"[:16] for v in spacing]
    wanted = by_the_standard(ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing, *pixel)
    np.testing.assert_allclose(at(frame_plane(ds, None), *pixel), wanted, rtol=0, atol=1e-7)


def multiframe(positions: list[float]) -> Dataset:
    """Frames in the order given, each at its place along z."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    ds.Rows = ds.Columns = 4
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation, ds.NumberOfFrames = 15, 0, len(positions)
    shared, measures, turn = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.25], 2
    turn.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([turn])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for z in positions:
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = [10, 20, z]
        frame.PlanePositionSequence = Sequence([place])
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    return ds


@pytest.mark.parametrize(
    ("positions", "counted"),
    [([0, 2, 4], [0, 2, 4]), ([4, 2, 0], [0, 2, 4]), ([0, 2, 9], [0, 2, 9])],
    ids=["in order", "stored backwards", "unevenly spaced"],
)
def test_frames_are_counted_by_position(positions: list[float], counted: list[float]) -> None:
    ds = multiframe(positions)
    for frame, z in enumerate(counted):
        np.testing.assert_allclose(
            at(frame_plane(ds, frame), 2, 3), [10 + 2 * 0.25, 20 + 3 * 0.5, z], rtol=0, atol=1e-9
        )


def test_a_frame_must_be_named_and_be_there() -> None:
    with pytest.raises(Invalid, match="3 frames: frame_index must say which"):
        frame_plane(multiframe([0, 2, 4]), None)
    for wrong in (3, -1):
        with pytest.raises(Invalid, match="has 3 frames"):
            frame_plane(multiframe([0, 2, 4]), wrong)


@pytest.mark.parametrize("name", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_what_is_missing_is_named(name: str) -> None:
    ds = pydicom.dcmread(CT)
    del ds[name]
    with pytest.raises(ValueError, match=name):
        frame_plane(ds, None)


def test_files_that_cannot_say(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="ImagePositionPatient"):
        frame_plane(CINE, 3)
    with pytest.raises(FileNotFoundError):
        frame_plane(tmp_path / "gone.dcm", None)
    (tmp_path / "text.dcm").write_text("no image")
    with pytest.raises(Damaged):
        frame_plane(tmp_path / "text.dcm", None)
    skewed = pydicom.dcmread(CT)
    skewed.ImageOrientationPatient = [1, 0, 0, 1, 0, 0]
    with pytest.raises(Invalid, match="usable ImageOrientationPatient"):
        frame_plane(skewed, None)
    with pytest.raises(Invalid, match="cannot be read"):
        frame_plane(3, None)  # type: ignore[arg-type]
