"""Which voxel axis an anatomical plane indexes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Unsupported
from fiducial.media.base import Axis, Header, MediaKind, as_affine
from fiducial.media.slicing import COLUMN, ROW, SLICE, plane, slice_count, slice_spacing_mm, voxel_axes, voxel_axis

VOLUME = Header(
    MediaKind.NIFTI,
    "nifti",
    "application/nifti",
    width=5,
    height=4,
    frame_count=6,
    time_points=2,
    spacing_zyx_mm=(2.5, 0.75, 0.5),
    voxel_to_patient=as_affine(np.diag([-0.5, -0.75, 2.5, 1])),
    is_volume=True,
)


@given(st.permutations(range(3)), st.lists(st.sampled_from([-1.0, 1.0]), min_size=3, max_size=3))
def test_every_orientation(order: list[int], signs: list[float]) -> None:
    matrix = np.zeros((4, 4))
    matrix[3, 3] = 1
    for patient, voxel in enumerate(order):
        matrix[patient, voxel] = signs[patient] * (patient + 0.5)
    assert voxel_axes(as_affine(matrix)) == {Axis.SAGITTAL: order[0], Axis.CORONAL: order[1], Axis.AXIAL: order[2]}


@given(st.lists(st.floats(-1, 1), min_size=9, max_size=9))
def test_each_voxel_axis_once_whatever_the_angle(numbers: list[float]) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(numbers).reshape(3, 3)
    assert sorted(voxel_axes(as_affine(matrix)).values()) == [0, 1, 2]


def test_exactly_between_two_axes_is_settled() -> None:
    half = np.sqrt(0.5)
    matrix = np.eye(4)
    matrix[:2, :2] = [[half, -half], [half, half]]
    assert voxel_axes(as_affine(matrix)) == {Axis.SAGITTAL: COLUMN, Axis.CORONAL: ROW, Axis.AXIAL: SLICE}


def test_counts_and_spacing() -> None:
    assert {axis: slice_count(VOLUME, axis) for axis in Axis} == {Axis.AXIAL: 6, Axis.SAGITTAL: 10, Axis.CORONAL: 8}
    assert slice_spacing_mm(VOLUME, Axis.AXIAL) == (0.75, 0.5)
    assert slice_spacing_mm(VOLUME, Axis.CORONAL) == (2.5, 0.5)
    assert slice_spacing_mm(VOLUME, Axis.SAGITTAL) == (2.5, 0.75)


def test_plane_is_not_flipped() -> None:
    volume = np.arange(60).reshape(3, 4, 5)
    for k, j, i in itertools.product(range(3), range(4), range(5)):
        assert plane(volume, SLICE, k)[j, i] == plane(volume, ROW, j)[k, i] == plane(volume, COLUMN, i)[k, j]


def test_not_a_volume() -> None:
    with pytest.raises(Unsupported, match="axial slice needs a volume"):
        voxel_axis(Header(MediaKind.IMAGE, "png", "image/png"), Axis.AXIAL)
