"""Every shape: its JSON, its bounds, what it refuses."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given

from fiducial import geometry
from fiducial.errors import Invalid
from fiducial.geometry import (
    SHAPES,
    Angle,
    Area,
    Box,
    Circle,
    Distance,
    Ellipse,
    Keypoint,
    Keypoints,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    RotatableBox,
    Shape,
    Spline,
    VolumeMask,
    join_parts,
    same_shape,
    shape_from_json,
)
from tests.unit.geometry.strategies import BY_KIND, all_shapes, points, vector_shapes

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))


def test_every_registered_shape_has_a_generator() -> None:
    assert set(BY_KIND) == set(SHAPES)
    assert all(SHAPES[kind].kind == kind for kind in SHAPES)


def test_public_names_are_there_and_nothing_else_is() -> None:
    assert all(getattr(geometry, name) is not None for name in geometry.__all__)
    assert sorted(name for names in geometry._HOMES.values() for name in names) == sorted(geometry.__all__)
    with pytest.raises(AttributeError):
        geometry.nothing  # noqa: B018


@given(all_shapes)
def test_json_text_round_trip_is_exact(shape: Shape) -> None:
    again = shape_from_json(json.loads(json.dumps(shape.to_json(), allow_nan=False)))
    assert again == shape
    assert type(again) is type(shape)
    assert hash(again) == hash(shape)
    assert again.to_json() == shape.to_json()


@given(all_shapes)
def test_unknown_and_missing_keys_are_refused(shape: Shape) -> None:
    data = shape.to_json()
    with pytest.raises(Invalid, match="unknown surprise"):
        shape_from_json({**data, "surprise": 1})
    required = next(key for key in data if key != "kind")
    with pytest.raises(Invalid, match=f"lacks {required}"):
        shape_from_json({key: value for key, value in data.items() if key != required})


@given(vector_shapes)
def test_bounds_hold_all_points(shape: Shape) -> None:
    bounds = shape.bounds()
    slack = 1e-9
    for x, y in shape.points():
        assert bounds.left - slack <= x <= bounds.right + slack
        assert bounds.top - slack <= y <= bounds.bottom + slack


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "3", None, True, [1], 10**400])
@pytest.mark.parametrize("kind", [kind for kind in SHAPES if "mask" not in kind])
def test_a_number_that_is_none_is_refused_by_name(kind: str, bad: Any) -> None:
    data = _example(kind).to_json()
    key = next(key for key in data if key != "kind")
    value = _with_first_number(data[key], bad)
    with pytest.raises(Invalid) as caught:
        shape_from_json({**data, key: value})
    assert caught.value.details["field"]


def _with_first_number(value: Any, bad: Any) -> Any:
    if isinstance(value, list):
        return [_with_first_number(value[0], bad), *value[1:]]
    if isinstance(value, dict):
        return {**value, "x": bad}
    return bad


def _example(kind: str) -> Shape:
    examples: list[Shape] = [
        Box(1, 2, 3, 4),
        RotatableBox(10, 20, 4, 2, 30),
        Polygon.of(SQUARE),
        Polyline(SQUARE),
        Line(SQUARE[:2]),
        Distance(SQUARE[:2]),
        Area(SQUARE),
        Angle(SQUARE[:3]),
        Spline(SQUARE),
        Point(1, 2),
        Keypoints((Keypoint(1, 2, "nose"),)),
        Circle(5, 5, 2),
        Ellipse(5, 5, 2, 1, 0),
        Mask.empty(2, 3),
        VolumeMask((2, 3, 4), {}),
    ]
    return next(shape for shape in examples if shape.kind == kind)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "hexagon"}, "kind is 'hexagon', none of box"),
        ({}, "kind is None"),
        ([], "shape is not a JSON object"),
        ({"kind": ["box"]}, "kind is"),
        ({"kind": "box", "left": 5, "top": 0, "right": 4, "bottom": 1}, "box.left is 5.0, right of box.right, 4.0"),
        ({"kind": "box", "left": 0, "top": 9, "right": 4, "bottom": 1}, "box.top is 9.0, below"),
        ({"kind": "line", "points": [[0, 0]]}, "line.points has 1 points, and needs exactly 2"),
        ({"kind": "angle", "points": [[0, 0]] * 4}, "needs exactly 3"),
        ({"kind": "spline", "points": [[0, 0]]}, "needs at least 2"),
        ({"kind": "spline", "points": [[0, 0], [1, 1]], "closed": 1}, "spline.closed is not true or false"),
        ({"kind": "polyline", "points": []}, "needs at least 1"),
        ({"kind": "polyline", "points": [[0, 0, 0]]}, r"polyline.points\[0\] is not a pair"),
        ({"kind": "polyline", "points": [[0, 0], [0, math.nan]]}, r"polyline.points\[1\].y is nan"),
        ({"kind": "polyline", "points": ["ab"]}, "not a pair"),
        ({"kind": "polyline", "points": "ab"}, "not a list of points"),
        ({"kind": "polygon", "parts": []}, "polygon.parts is empty"),
        ({"kind": "polygon", "parts": [[]]}, r"polygon.parts\[0\] is empty"),
        ({"kind": "polygon", "parts": [[[[1, 2]]]]}, r"polygon.parts\[0\]\[0\] has 1 points"),
        ({"kind": "circle", "x": 0, "y": 0, "radius": -1}, "circle.radius is -1.0, and a length cannot be negative"),
        ({"kind": "keypoints", "points": []}, "keypoints has no points"),
        ({"kind": "keypoints", "points": [{"x": 0, "y": 0}]}, r"keypoints.points\[0\] lacks name"),
        (
            {"kind": "keypoints", "points": [{"x": 0, "y": 0, "name": "a", "visibility": "gone"}]},
            "visibility is 'gone'",
        ),
        ({"kind": "mask", "height": 0, "width": 3, "runs": "0"}, "mask.height is 0"),
        (
            {"kind": "mask", "height": 1, "width": 3, "runs": "2"},
            "the runs cover 2 pixels, and 1 rows x 3 columns are 3",
        ),
        ({"kind": "mask", "height": 1, "width": 3, "runs": "~"}, "character outside"),
        ({"kind": "mask", "height": 1, "width": 3, "runs": 3}, "a run string is text"),
        ({"kind": "volume_mask", "shape": [1, 1], "slices": {}}, "volume_mask.shape is not three numbers"),
        ({"kind": "volume_mask", "shape": [1, 1, 1], "slices": {"x": "1"}}, "key 'x'"),
        ({"kind": "volume_mask", "shape": [1, 1, 1], "slices": {"4": "01"}}, "slice 4, and the volume has 1"),
    ],
)
def test_refusals_say_what_is_wrong(data: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        shape_from_json(data)


def test_whole_numbers_become_floats_so_that_stored_json_has_one_form() -> None:
    assert Box(1, 2, 3, 4).to_json() == {"kind": "box", "left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}
    assert all(type(value) is float for value in (Box(1, 2, 3, 4).left, Point(1, 2).x, Line(SQUARE[:2]).vertices[0][0]))


# -- inside of the image ----------------------------------------------------------------------------------------------


@given(vector_shapes)
def test_inside_agrees_with_bounds(shape: Shape) -> None:
    bounds = shape.bounds()
    inside = bounds.left >= -0.5 and bounds.top >= -0.5 and bounds.right <= 639.5 and bounds.bottom <= 479.5
    if inside:
        shape.check_inside(640, 480, tolerance=0)
    else:
        with pytest.raises(Invalid, match=rf"{shape.kind}\..* outside of the image"):
            shape.check_inside(640, 480, tolerance=0)


def test_the_images_edges_are_inside_and_the_coordinate_outside_is_named() -> None:
    Box(-0.5, -0.5, 639.5, 479.5).check_inside(640, 480, tolerance=0)
    with pytest.raises(Invalid, match=r"polyline.points\[1\].x is 700.25, outside of the image, .* -0.5 to 639.5"):
        Polyline(((0, 0), (700.25, 0))).check_inside(640, 480)
    with pytest.raises(Invalid, match=r"circle.top is -2, outside"):
        Circle(5, 3, 5).check_inside(640, 480)
    with pytest.raises(Invalid, match=r"the mask is 3 x 2 and the image 640 x 480"):
        Mask.empty(2, 3).check_inside(640, 480)


# -- measuring --------------------------------------------------------------------------------------------------------


def test_measurements_use_row_spacing_for_y_and_column_spacing_for_x() -> None:
    spacing = (0.8, 0.5)
    assert Distance(((0, 0), (6, 0))).measure(spacing).value == pytest.approx(3.0)
    assert Distance(((0, 0), (0, 5))).measure(spacing).value == pytest.approx(4.0)
    length = Distance(((0, 0), (6, 5))).measure(spacing)
    assert length.value == pytest.approx(5.0)
    assert (length.name, length.unit) == ("length", "mm")
    area = Area(SQUARE).measure(spacing)
    assert area.value == pytest.approx(40.0)
    assert area.unit == "mm2"
    assert Area(SQUARE).measure(None).unit == "px2"
    assert Distance(SQUARE[:2]).measure(None).unit == "px"


def test_an_angle_is_of_mm_not_of_pixels() -> None:
    corner = Angle(((10, 0), (0, 0), (10, 10)))
    assert corner.measure(None).value == pytest.approx(45.0)
    assert corner.measure((2.0, 1.0)).value == pytest.approx(math.degrees(math.atan(2)))
    assert Angle(((1, 0), (0, 0), (-1, 0))).measure(None).value == 180.0
    with pytest.raises(Invalid, match="an arm has no length"):
        Angle(((0, 0), (0, 0), (1, 1))).measure(None)


@pytest.mark.parametrize("spacing", [(0.0, 1.0), (-1.0, 1.0), (math.nan, 1.0)])
def test_spacing_that_cannot_be_is_refused(spacing: tuple[float, float]) -> None:
    with pytest.raises(Invalid, match="spacing"):
        Distance(SQUARE[:2]).measure(spacing)


# -- same but for rounding --------------------------------------------------------------------------------------------


@given(points)
def test_same_shape_ignores_rounding_and_nothing_else(at: tuple[float, float]) -> None:
    x, y = at
    assert same_shape(Point(x, y), Point(x + 1e-11, y - 1e-11))
    assert not same_shape(Point(x, y), Point(x + 1e-6, y))
    assert not same_shape(Line(((x, y), (0, 0))), Distance(((x, y), (0, 0))))
    assert not same_shape(Keypoints((Keypoint(x, y, "a"),)), Keypoints((Keypoint(x, y, "b"),)))


def test_polygons_join_in_order() -> None:
    one, two = Polygon.of(SQUARE), Polygon.of(SQUARE, SQUARE[:3])
    assert join_parts([one, two]).parts == (*one.parts, *two.parts)


def test_a_rotatable_box_turns_clockwise_on_the_screen() -> None:
    corners = RotatableBox(10, 10, 4, 2, 90).points()
    assert corners[0] == pytest.approx((11, 8))
    assert corners[1] == pytest.approx((11, 12))
