"""Shapes through Encord's fractions and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import FiducialError, Invalid, Unsupported
from fiducial.geometry import (
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
    Visibility,
    VolumeMask,
    from_encord,
    same_shape,
    shape_from_json,
    to_encord,
    volume_from_encord,
    volume_to_encord,
)
from tests.unit.geometry.strategies import masks, vector_shapes, volume_masks

W, H = 640, 480
image_sizes = st.tuples(st.integers(1, 8192), st.integers(1, 8192))


def through_json(wire: dict[str, Any]) -> dict[str, Any]:
    again: dict[str, Any] = json.loads(json.dumps(wire, allow_nan=False))
    return again


@given(vector_shapes, image_sizes)
def test_every_shape_comes_back_with_its_kind(shape: Shape, size: tuple[int, int]) -> None:
    wire = through_json(to_encord(shape, *size))
    assert from_encord(wire, *size, stored=shape) is shape
    nudged = through_json(to_encord(_nudged(shape), *size))
    assert from_encord(nudged, *size, stored=shape) is shape
    plain = from_encord(wire, *size)
    again = through_json(to_encord(plain, *size))
    assert again["shape"] == wire["shape"]
    assert same_shape(from_encord(again, *size, stored=plain), plain)
    if plain.kind == shape.kind and not isinstance(shape, Spline):
        assert same_shape(plain, shape)


def _nudged(shape: Shape) -> Shape:
    """The same but for the rounding of another program's arithmetic."""
    return shape_from_json(_nudge(shape.to_json()))


def _nudge(content: Any) -> Any:
    if isinstance(content, float):
        return content * (1 + 2e-16)
    if isinstance(content, dict):
        return {key: _nudge(value) for key, value in content.items()}
    return [_nudge(value) for value in content] if isinstance(content, list) else content


@given(masks)
def test_masks_come_back_exactly(mask: Mask) -> None:
    wire = through_json(to_encord(mask, mask.width, mask.height))
    assert from_encord(wire, mask.width, mask.height) == mask


@given(volume_masks)
def test_volume_masks_are_bitmasks_of_their_slices(mask: VolumeMask) -> None:
    wire = volume_to_encord(mask)
    assert list(wire) == list(mask.slices)
    assert volume_from_encord(wire, mask.shape) == mask


def test_golden_wire_of_each_shape() -> None:
    box = to_encord(Box(63.5, 95.5, 255.5, 287.5), W, H)
    assert box == {"shape": "bounding_box", "boundingBox": {"h": 0.4, "w": 0.3, "x": 0.1, "y": 0.2}}
    assert to_encord(Point(319.5, 239.5), W, H) == {"shape": "point", "point": {"0": {"x": 0.5, "y": 0.5}}}
    assert to_encord(RotatableBox(159.5, 119.5, 64, 48, 30), W, H) == {
        "shape": "rotatable_bounding_box",
        "rotatableBoundingBox": {"h": 0.1, "w": 0.1, "x": 0.2, "y": 0.2, "theta": 30.0},
    }
    assert to_encord(Circle(319.5, 239.5, 64), W, H)["circle"] == {
        "x": 0.5, "y": 0.5, "r": 0.1, "stretch": 1.0, "theta": 0.0,
    }  # fmt: skip
    assert to_encord(Ellipse(319.5, 239.5, 64, 48, 7), W, H)["ellipse"] == {
        "x": 0.5, "y": 0.5, "rx": 0.1, "ry": 0.1, "theta": 7.0,
    }  # fmt: skip
    ring = ((-0.5, -0.5), (639.5, -0.5), (639.5, 479.5))
    assert to_encord(Polygon.of(ring), W, H) == {
        "shape": "polygon",
        "polygon": {"0": {"x": 0, "y": 0}, "1": {"x": 1, "y": 0}, "2": {"x": 1, "y": 1}},
        "polygons": [[[0, 0, 1, 0, 1, 1]]],
    }
    block = Mask.from_array(np.pad(np.ones((2, 3), bool), 1))
    assert to_encord(block, 5, 4)["bitmask"] == {"top": 0, "left": 0, "height": 4, "width": 5, "rleString": "63204"}
    skeleton = Keypoints((Keypoint(-0.5, -0.5, "a", Visibility.SELF_OCCLUDED, "#fff", "aB+/cdef", "a"),))
    assert to_encord(skeleton, W, H)["skeleton"] == {
        "0": {"x": 0, "y": 0, "name": "a", "color": "#fff", "featureHash": "aB+/cdef", "value": "a",
              "visibility": "selfOccluded"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "word"),
    [
        (Line(((0, 0), (5, 5))), "polyline"),
        (Distance(((0, 0), (5, 5))), "polyline"),
        (Angle(((0, 0), (5, 5), (9, 0))), "polyline"),
        (Spline(((0, 0), (5, 5), (9, 0)), closed=True), "polyline"),
        (Area(((0, 0), (5, 5), (9, 0))), "polygon"),
    ],
)
def test_a_kind_that_encord_has_no_word_for_survives_moved_points(stored: Any, word: str) -> None:
    wire = to_encord(stored, W, H)
    assert wire["shape"] == word
    moved = type(stored).from_json({**stored.to_json(), "points": [[x + 3, y + 4] for x, y in stored.vertices]})
    again = from_encord(to_encord(moved, W, H), W, H, stored=stored)
    assert same_shape(again, moved)


def test_with_other_counts_of_points_it_is_what_was_drawn() -> None:
    three = to_encord(Polyline(((0, 0), (5, 5), (9, 0))), W, H)
    assert isinstance(from_encord(three, W, H, stored=Line(((0, 0), (5, 5)))), Polyline)
    holed = to_encord(Polygon.of(((0, 0), (5, 5), (9, 0)), ((1, 1), (2, 2), (3, 1))), W, H)
    assert isinstance(from_encord(holed, W, H, stored=Area(((0, 0), (5, 5), (9, 0)))), Polygon)
    assert isinstance(from_encord(three, W, H, stored=Box(0, 0, 1, 1)), Polyline)


def test_lists_and_objects_of_points_are_read_in_the_order_of_numbers() -> None:
    points = [{"x": n / 100, "y": 0.5} for n in range(12)]
    as_object = {str(n): point for n, point in sorted(enumerate(points), key=lambda pair: str(pair[0]))}
    assert list(as_object)[2] == "10"
    for key in ("polyline", "polygon"):
        from_list = from_encord({"shape": key, key: points}, W, H)
        assert from_encord({"shape": key, key: as_object}, W, H) == from_list
        assert [x for x, _ in from_list.points()] == sorted(x for x, _ in from_list.points())


def test_polygons_win_over_polygon() -> None:
    wire = to_encord(Polygon.of(((0, 0), (5, 5), (9, 0))), W, H)
    other = to_encord(Polygon.of(((1, 1), (5, 5), (9, 0))), W, H)
    assert from_encord({**wire, "polygons": other["polygons"]}, W, H) == from_encord(other, W, H)
    assert from_encord({**wire, "polygons": []}, W, H) == from_encord(wire, W, H)
    del other["polygon"]
    assert from_encord(other, W, H) == from_encord({**other, "polygons": other["polygons"]}, W, H)


def test_older_visibility_keys_are_read() -> None:
    point = {"x": 0.5, "y": 0.5, "name": "a"}
    for word, seen in (("invisible", Visibility.INVISIBLE), ("selfOccluded", Visibility.SELF_OCCLUDED)):
        shape = from_encord({"shape": "skeleton", "skeleton": {"0": {**point, word: True, "visible": True}}}, W, H)
        assert isinstance(shape, Keypoints)
        assert shape.keypoints[0].visibility is seen


def test_circle_facts_that_are_left_out_are_those_of_a_true_circle() -> None:
    assert from_encord({"shape": "circle", "circle": {"x": 0.5, "y": 0.5, "r": 0.1}}, W, H) == Circle(319.5, 239.5, 64)


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        ({"shape": "point"}, "an object of shape point lacks point"),
        ({"shape": "point", "point": {"0": {"x": 0.5}}}, "point.0.y is not a number"),
        ({"shape": "point", "point": {"0": {"x": 0.5, "y": float("nan")}}}, "point.0.y is nan"),
        ({"shape": "point", "point": {"a": {"x": 0.5, "y": 0.5}}}, "a key that is not a number"),
        ({"shape": "point", "point": {}}, "point has 0 points"),
        ({"shape": "point", "point": 3}, "point is not an object or list"),
        ({"shape": "point", "point": [3]}, "point.0 is not a JSON object"),
        ({"shape": "bounding_box", "boundingBox": {"x": 0, "y": 0, "w": 1}}, "boundingBox.h is not a number"),
        (
            {"shape": "bounding_box", "boundingBox": {"x": 0, "y": 0, "w": -1, "h": 1}},
            "boundingBox has a negative size",
        ),
        ({"shape": "bounding_box", "boundingBox": None}, "boundingBox is not a JSON object"),
        ({"shape": "polygon"}, "lacks polygon and polygons"),
        ({"shape": "polygon", "polygons": [[[0, 0, 1]]]}, r"polygons\[0\]\[0\] is not a list of x, y"),
        ({"shape": "polygon", "polygons": [3]}, "polygons is not a list of lists"),
        ({"shape": "polygon", "polygons": [[[0, 0, 1, "a"]]]}, r"polygons\[0\]\[0\], point 1.y is not a number"),
        ({"shape": "circle", "circle": {"x": 0, "y": 0, "r": -1}}, "circle.radius is -640"),
        ({"shape": "skeleton", "skeleton": {"0": {"x": 0, "y": 0}}}, "skeleton.0.name is not text"),
        (
            {"shape": "skeleton", "skeleton": {"0": {"x": 0, "y": 0, "name": "a", "visibility": "gone"}}},
            "skeleton.0.visibility is 'gone'",
        ),
        ({"shape": "bitmask", "bitmask": {"height": 480, "width": 641, "rleString": "3"}}, "runs cover"),
    ],
)
def test_refusals_say_what_is_wrong(wire: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        from_encord(wire, W, H)


def test_what_is_not_kept_is_unsupported_with_the_reason() -> None:
    for wire, words in (
        ({"shape": "cuboid", "cuboid": {}}, "'cuboid'"),
        ({}, "None"),
        ({"shape": "point", "point": {"0": {"x": 0.1, "y": 0.1, "z": 0.1}}}, "point.0 has a z"),
    ):
        with pytest.raises(Unsupported, match=words):
            from_encord(wire, W, H)
    with pytest.raises(Unsupported, match="volume_mask is not one Encord shape"):
        to_encord(VolumeMask((1, H, W), {}), W, H)


def test_masks_of_another_size_are_refused() -> None:
    with pytest.raises(Invalid, match="the mask is 5 x 4 and the image 640 x 480"):
        to_encord(Mask.empty(4, 5), W, H)
    with pytest.raises(Invalid, match="frame 0 of a volume mask is a point"):
        volume_from_encord({0: to_encord(Point(0, 0), W, H)}, (1, H, W))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["0", "1", "x", "y", "w", "h", "r", "name", "theta", "height", "width"]), inner
        ),
    ),
    max_leaves=12,
)


COORDINATE_KEYS = "boundingBox rotatableBoundingBox polygon polygons polyline point skeleton bitmask circle"


@given(
    st.sampled_from(COORDINATE_KEYS.split()),
    json_values,
)
def test_any_json_is_read_or_refused(key: str, content: Any) -> None:
    shapes = {"boundingBox": "bounding_box", "rotatableBoundingBox": "rotatable_bounding_box", "polygons": "polygon"}
    try:
        from_encord({"shape": shapes.get(key, key), key: content}, W, H)
    except FiducialError:
        return
