"""Which pixels a shape covers, against the rule applied pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fiducial.geometry import Box, Circle, Ellipse, Mask, Polygon, RotatableBox
from fiducial.geometry.coordinate import Position
from fiducial.geometry.mask import BoolArray

WIDTH, HEIGHT = 14, 11
coarse = st.integers(-8, 40).map(lambda n: n / 2)
"""Halves of pixels, so that centres on edges and shared corners happen all the time."""
points = st.tuples(coarse, coarse)
rings = st.lists(points, min_size=2, max_size=7).map(tuple)


def by_rule(rings: tuple[tuple[Position, ...], ...], width: int = WIDTH, height: int = HEIGHT) -> BoolArray:
    """A ray to the left from every centre, counting edges it crosses; exact here, as coordinates are halves."""
    inside = np.zeros((height, width), bool)
    for row in range(height):
        for column in range(width):
            count = 0
            for ring in rings:
                for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True):
                    if (y0 <= row) != (y1 <= row) and x0 + (row - y0) * ((x1 - x0) / (y1 - y0)) <= column:
                        count += 1
            inside[row, column] = count % 2 == 1
    return inside


def test_a_box_covers_the_pixels_between_its_edges() -> None:
    array = Box(2.5, 1.5, 5.5, 3.5).rasterise(10, 10).to_array()
    expected = np.zeros((10, 10), bool)
    expected[2:4, 3:6] = True
    assert np.array_equal(array, expected)


def test_a_centre_on_an_edge_belongs_to_the_right_and_the_bottom() -> None:
    left, right = Box(0, 0, 4, 4).rasterise(10, 10), Box(4, 0, 8, 4).rasterise(10, 10)
    assert left.intersection(right).is_empty
    assert left.union(right) == Box(0, 0, 8, 4).rasterise(10, 10)
    assert left.area == 16


def test_a_hole_is_a_hole_whichever_way_it_runs() -> None:
    outer = ((-0.5, -0.5), (9.5, -0.5), (9.5, 9.5), (-0.5, 9.5))
    hole = ((2.5, 2.5), (5.5, 2.5), (5.5, 5.5), (2.5, 5.5))
    one = Polygon.of(outer, hole).rasterise(10, 10)
    assert one == Polygon.of(outer, hole[::-1]).rasterise(10, 10)
    assert one.area == 100 - 9


@given(st.lists(rings, min_size=1, max_size=3))
def test_polygons_follow_the_rule(listed: list[tuple[Position, ...]]) -> None:
    mask = Polygon((tuple(listed),)).rasterise(WIDTH, HEIGHT)
    reference = by_rule(tuple(listed))
    # The reference divides in another order, so a centre may differ where an edge passes it within rounding.
    differing = np.argwhere(mask.to_array() != reference)
    assert all(_on_some_edge(listed, float(c), float(r)) for r, c in differing)


def _on_some_edge(listed: list[tuple[Position, ...]], x: float, y: float) -> bool:
    for ring in listed:
        for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True):
            if y0 != y1 and abs(x0 + (y - y0) * (x1 - x0) / (y1 - y0) - x) < 1e-9:
                return True
    return False


@given(rings, rings)
def test_parts_are_united(one: tuple[Position, ...], two: tuple[Position, ...]) -> None:
    both = Polygon(((one,), (two,))).rasterise(WIDTH, HEIGHT)
    assert both == Polygon.of(one).rasterise(WIDTH, HEIGHT).union(Polygon.of(two).rasterise(WIDTH, HEIGHT))


@given(points, points, points, points)
def test_two_triangles_on_one_edge_neither_overlap_nor_leave_a_gap(
    a: Position, b: Position, c: Position, d: Position
) -> None:
    """Even-odd over both rings together must equal the exclusive or of each: shared crossings are the same bits."""
    one, two = Polygon.of((a, b, c)).rasterise(WIDTH, HEIGHT), Polygon.of((a, c, d)).rasterise(WIDTH, HEIGHT)
    whole = Polygon.of((a, b, c, d)).rasterise(WIDTH, HEIGHT)
    assert np.array_equal(one.to_array() ^ two.to_array(), whole.to_array())


@given(points, points)
def test_boxes_follow_the_polygon_rule(a: Position, b: Position) -> None:
    box = Box(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
    assert np.array_equal(box.rasterise(WIDTH, HEIGHT).to_array(), by_rule((box.points(),)))


def test_a_box_that_is_not_turned_covers_the_same_as_an_upright_one() -> None:
    assert RotatableBox(5, 4, 4, 2).rasterise(12, 9) == Box(3, 3, 7, 5).rasterise(12, 9)


def test_a_circle_includes_its_curve() -> None:
    mask = Circle(5, 5, 3).rasterise(11, 11).to_array()
    rows, columns = np.mgrid[:11, :11]
    assert np.array_equal(mask, (rows - 5) ** 2 + (columns - 5) ** 2 <= 9)


@given(st.floats(-3, 16), st.floats(-3, 14), st.floats(0.01, 9), st.floats(0.01, 9), st.floats(-360, 360))
def test_ellipses_follow_their_equation(x: float, y: float, rx: float, ry: float, theta: float) -> None:
    mask = Ellipse(x, y, rx, ry, theta).rasterise(WIDTH, HEIGHT).to_array()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    c, s = math.cos(math.radians(theta)), math.sin(math.radians(theta))
    u, v = (columns - x) * c + (rows - y) * s, (rows - y) * c - (columns - x) * s
    value = (u / rx) ** 2 + (v / ry) ** 2
    clear = np.abs(value - 1) > 1e-6
    assert np.array_equal(mask[clear], (value < 1)[clear])


def test_nothing_of_a_shape_outside_is_drawn() -> None:
    assert Box(-50, -50, -10, -10).rasterise(10, 10).is_empty
    assert Circle(100, 5, 20).rasterise(10, 10).is_empty
    assert Box(-50, -50, 50, 50).rasterise(10, 10) == Mask.from_array(np.ones((10, 10), bool))
    assert Ellipse(5, 5, 0, 3).rasterise(10, 10).is_empty
    assert Polygon.of(((1.0, 1.0), (8.0, 8.0))).rasterise(10, 10).is_empty
