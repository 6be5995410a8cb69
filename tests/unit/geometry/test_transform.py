"""Pixels, edges, fractions and patients: the golden numbers, and every step there and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fiducial.errors import Invalid
from fiducial.geometry import (
    Bounds,
    affine_lps_to_ras,
    affine_ras_to_lps,
    box_to_fraction,
    edge_to_pixel,
    fraction_to_box,
    fraction_to_length,
    fraction_to_pixel,
    length_to_fraction,
    lps_to_ras,
    patient_to_pixel,
    patient_to_voxel,
    pixel_to_edge,
    pixel_to_fraction,
    pixel_to_patient,
    ras_to_lps,
)

GOLDEN_AFFINE = np.array([[0.5, 0, 0, -100], [0, 0.8, 0, -120], [0, 0, 2.5, 50], [0, 0, 0, 1]])
"""Spacing [0.8 between rows, 0.5 between columns], position (-100, -120, 50), slice step 2.5."""

numbers = st.floats(-2000, 2000)
image_sizes = st.tuples(st.integers(1, 8192), st.integers(1, 8192))


@st.composite
def affines(draw: st.DrawFn) -> Any:
    """Oblique, sheared along the slice axis as a tilted gantry does, with spacings of 0.1 to 10 mm."""
    a, b, c = (draw(st.floats(-math.pi, math.pi)) for _ in range(3))
    turn_z = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    turn_x = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    turn_y = np.array([[math.cos(c), 0, math.sin(c)], [0, 1, 0], [-math.sin(c), 0, math.cos(c)]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn_z @ turn_x @ turn_y @ np.diag([draw(st.floats(0.1, 10)) for _ in range(3)])
    matrix[:3, 2] += matrix[:3, 1] * draw(st.floats(-0.5, 0.5))
    matrix[:3, 3] = [draw(st.floats(-500, 500)) for _ in range(3)]
    return matrix


def test_golden_voxel_of_the_standard() -> None:
    assert pixel_to_patient((10, 20, 3), GOLDEN_AFFINE).tolist() == [-95, -104, 57.5]
    assert lps_to_ras((-95, -104, 57.5)).tolist() == [95, 104, 57.5]
    assert pixel_to_patient((10, 20, 3), affine_lps_to_ras(GOLDEN_AFFINE)).tolist() == [95, 104, 57.5]
    found = patient_to_pixel((-95, -104, 57.5), GOLDEN_AFFINE)
    assert (found.x[0], found.y[0], found.frame[0]) == (pytest.approx(10), pytest.approx(20), 3)
    assert found.distance_mm[0] == pytest.approx(0, abs=1e-12)


def test_golden_fractions_of_an_image_of_640_x_480() -> None:
    box = fraction_to_box((0.1, 0.2, 0.3, 0.4), 640, 480)
    assert box == pytest.approx((63.5, 95.5, 255.5, 287.5), abs=1e-12)
    assert pixel_to_edge(box).tolist() == pytest.approx([64, 96, 256, 288], abs=1e-12)
    assert fraction_to_pixel((0.5, 0.5), 640, 480).tolist() == [319.5, 239.5]
    assert fraction_to_pixel([(0, 0), (1, 1)], 640, 480).tolist() == [[-0.5, -0.5], [639.5, 479.5]]


@given(st.tuples(numbers, numbers), image_sizes)
def test_fractions_and_edges_come_back(point: tuple[float, float], size: tuple[int, int]) -> None:
    assert fraction_to_pixel(pixel_to_fraction(point, *size), *size) == pytest.approx(point, abs=1e-9)
    assert fraction_to_length(length_to_fraction(point, *size), *size) == pytest.approx(point, abs=1e-9)
    assert edge_to_pixel(pixel_to_edge(point)) == pytest.approx(point, abs=1e-9)


@given(st.tuples(numbers, numbers, numbers, numbers), image_sizes)
def test_boxes_come_back(sides: tuple[float, float, float, float], size: tuple[int, int]) -> None:
    box = Bounds(min(sides[0], sides[2]), min(sides[1], sides[3]), max(sides[0], sides[2]), max(sides[1], sides[3]))
    assert fraction_to_box(box_to_fraction(box, *size), *size) == pytest.approx(box, abs=1e-9)


@given(affines(), st.lists(st.tuples(numbers, numbers, st.integers(0, 600)), min_size=1, max_size=5))
def test_patient_points_come_back(affine: Any, pixels: list[tuple[float, float, int]]) -> None:
    mm = pixel_to_patient(pixels, affine)
    found = patient_to_pixel(mm, affine)
    assert found.frame.tolist() == [frame for _, _, frame in pixels]
    assert np.stack([found.x, found.y], axis=1) == pytest.approx(np.array(pixels)[:, :2], abs=1e-9)
    assert np.abs(found.distance_mm).max() < 1e-9
    assert pixel_to_patient(patient_to_voxel(mm, affine), affine) == pytest.approx(mm, abs=1e-9)
    assert ras_to_lps(lps_to_ras(mm)).tolist() == mm.tolist()
    assert affine_ras_to_lps(affine_lps_to_ras(affine)).tolist() == affine.tolist()


@given(affines(), st.floats(-0.45, 0.45), numbers, numbers)
def test_a_point_between_slices_is_put_at_the_foot_of_its_perpendicular(
    affine: Any, part: float, x: float, y: float
) -> None:
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal /= np.linalg.norm(normal)
    step = float(affine[:3, 2] @ normal)
    assume(abs(step) > 1e-3)
    above = pixel_to_patient((x, y, 7), affine) + normal * step * part
    found = patient_to_pixel(above, affine)
    assert found.frame[0] == 7
    assert (found.x[0], found.y[0]) == (pytest.approx(x, abs=1e-8), pytest.approx(y, abs=1e-8))
    assert found.distance_mm[0] == pytest.approx(step * part, abs=1e-9)


def test_half_way_belongs_to_the_next_slice() -> None:
    assert patient_to_pixel((-100, -120, 51.25), GOLDEN_AFFINE).frame[0] == 1
    assert patient_to_pixel((-100, -120, 51.24), GOLDEN_AFFINE).frame[0] == 0
    assert patient_to_pixel((-100, -120, 40), GOLDEN_AFFINE).frame[0] == -4


def test_gantry_tilt_of_15_degrees() -> None:
    """Table step 5 mm: 4.8296 mm along the normal, -1.2941 mm in the plane."""
    tilt = math.radians(15)
    affine = np.eye(4)
    affine[:3, 1] = (0, math.cos(tilt), -math.sin(tilt))
    affine[:3, 2] = (0, 0, 5)
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    assert affine[:3, 2] @ normal == pytest.approx(4.8296, abs=1e-4)
    assert affine[:3, 2] @ affine[:3, 1] == pytest.approx(-1.2941, abs=1e-4)
    found = patient_to_pixel(pixel_to_patient((3, 4, 9), affine), affine)
    assert (found.x[0], found.y[0], found.frame[0]) == (pytest.approx(3), pytest.approx(4), 9)


@pytest.mark.parametrize("bad", [math.nan, math.inf, "x", None])
@pytest.mark.parametrize(
    "call",
    [
        lambda bad: pixel_to_fraction((0, bad), 640, 480),
        lambda bad: fraction_to_pixel((bad, 0), 640, 480),
        lambda bad: length_to_fraction((bad, 0), 640, 480),
        pixel_to_edge,
        lambda bad: pixel_to_patient((0, 0, bad), GOLDEN_AFFINE),
        lambda bad: patient_to_pixel((0, bad, 0), GOLDEN_AFFINE),
        lambda bad: lps_to_ras((0, bad, 0)),
        lambda bad: pixel_to_patient((0, 0, 0), [[bad, 0, 0, 0], *np.eye(4).tolist()[1:]]),
    ],
)
def test_what_is_not_finite_is_refused(call: Callable[[Any], Any], bad: Any) -> None:
    with pytest.raises(Invalid):
        call(bad)


def test_affines_that_flatten_space_and_images_without_pixels_are_refused() -> None:
    flat = GOLDEN_AFFINE.copy()
    flat[:3, 2] = flat[:3, 0] + flat[:3, 1]
    for bad, words in ((flat, "singular"), (np.eye(3), "4 x 4"), (np.ones((4, 4)), "last row")):
        with pytest.raises(Invalid, match=words):
            patient_to_pixel((0, 0, 0), bad)
    with pytest.raises(Invalid, match="0 x 480"):
        pixel_to_fraction((0, 0), 0, 480)
    with pytest.raises(Invalid, match="three numbers"):
        pixel_to_patient((0, 0), GOLDEN_AFFINE)
