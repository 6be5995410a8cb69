"""Points in mm come back to the voxels they were drawn on, on one slice or across slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fiducial.entities import Annotation, LocalResource
from fiducial.media import read_header

SIZE = (12, 10, 8)
AFFINE = np.array([[0.9, -0.3, 0.1, 5], [0.3, 0.8, 0.2, -7], [-0.2, 0.1, 2.5, 11], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> LocalResource:
    """An oblique volume whose axes are not quite at right angles."""
    path: Path = tmp_path_factory.mktemp("volume") / "v.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros(SIZE, np.int16), AFFINE), path)
    return LocalResource(path)


def _in_mm(volume: LocalResource, voxels: Any) -> list[list[float]]:
    with volume.local_path().open("rb") as source:
        matrix = np.array(read_header(source).voxel_to_patient)
    voxels = np.asarray(voxels, float)
    return [point[:3].tolist() for point in np.c_[voxels, np.ones(len(voxels))] @ matrix.T]


def _pixels(volume: LocalResource, voxels: Any) -> Any:
    geometry = {"points": _in_mm(volume, voxels), "coordinate_system": "patient"}
    line = Annotation(name="l", scope="image", annotation_type="line", resource_id="x", geometry=geometry)
    line._resource = volume
    return line.fetch_pixel_shape()


_VOXEL = st.tuples(*(st.floats(0, side - 1) for side in SIZE))


@given(st.tuples(_VOXEL, _VOXEL))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_point_moves_further_than_half_a_slice(volume: LocalResource, voxels: Any) -> None:
    shape = _pixels(volume, voxels)
    moved = np.array(_in_mm(volume, shape.points)) - np.array(_in_mm(volume, voxels))
    normal = np.cross(AFFINE[:3, 0], AFFINE[:3, 1])
    slice_mm = abs(AFFINE[:3, 2] @ normal) / np.linalg.norm(normal)
    assert np.linalg.norm(moved, axis=1).max() <= slice_mm / 2 + 1e-4
    assert shape.coordinate_system == "pixel"


@given(_VOXEL, _VOXEL, st.integers(0, SIZE[2] - 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_points_of_one_slice_are_exact(volume: LocalResource, one: Any, other: Any, frame: int) -> None:
    voxels = [(*one[:2], frame), (*other[:2], frame)]
    shape = _pixels(volume, voxels)
    assert np.allclose(shape.points, voxels, atol=1e-4)
    assert {point[2] for point in shape.points} == {frame}


def test_a_sagittal_line_stays_on_its_slices(volume: LocalResource) -> None:
    shape = _pixels(volume, [(5, 3, 1), (5, 9, 6)])
    assert np.allclose(shape.points, [(5, 3, 1), (5, 9, 6)], atol=1e-4)
