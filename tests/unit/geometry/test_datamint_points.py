"""Shapes through Datamint's points and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Invalid, Unsupported
from fiducial.geometry import (
    SHAPE_VALUE,
    Angle,
    Area,
    Box,
    Circle,
    DatamintGeometry,
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
    datamint_frame,
    datamint_to_patient,
    datamint_to_pixels,
    from_datamint,
    join_datamint,
    pixel_to_patient,
    same_shape,
    to_datamint,
)
from tests.unit.geometry.strategies import all_shapes, vector_shapes
from tests.unit.geometry.test_transform import GOLDEN_AFFINE, affines

ANNOTATION_TYPES = {"area", "distance", "angle", "point", "line", "region", "square", "circle", "spline"}


def through_json(sent: DatamintGeometry) -> Shape:
    geometry, values = json.loads(json.dumps([sent.geometry, sent.values], allow_nan=False))
    return from_datamint(sent.annotation_type, geometry, values, file=sent.file)


def round_trip(shape: Shape, frame: int = 0) -> Shape:
    sent = to_datamint(shape, frame)
    return join_datamint([through_json(one) for one in sent], [one.values for one in sent])


def moved(sent: DatamintGeometry, dx: float, dy: float) -> DatamintGeometry:
    assert sent.geometry is not None
    points = [[x + dx, y + dy, z] for x, y, z in sent.geometry["points"]]
    return DatamintGeometry(sent.annotation_type, {**sent.geometry, "points": points}, sent.values)


@given(all_shapes, st.integers(0, 5000))
def test_every_shape_comes_back(shape: Shape, frame: int) -> None:
    assert round_trip(shape, frame) == shape


@given(vector_shapes, st.integers(0, 5000))
def test_the_client_can_read_everything(shape: Shape, frame: int) -> None:
    """The published client refuses other types, other counts of points, and null coordinates."""
    for sent in to_datamint(shape, frame):
        assert sent.annotation_type in ANNOTATION_TYPES
        assert sent.geometry is not None
        points = sent.geometry["points"]
        least, most = {"line": (2, 2), "square": (4, 4), "point": (1, 1), "region": (2, 10**6)}.get(
            sent.annotation_type, (1, 10**6)
        )
        assert least <= len(points) <= most
        assert all(len(point) == 3 and point[2] == frame for point in points)
        assert datamint_frame(sent.geometry) == frame
        assert isinstance(sent.geometry.get("closed", False), bool)
        assert (sent.annotation_type != "region") or "closed" in sent.geometry


def test_golden_square_of_an_image_of_640_x_480() -> None:
    (sent,) = to_datamint(Box(63.5, 95.5, 255.5, 287.5))
    assert sent.annotation_type == "square"
    assert sent.geometry == {"points": [[63.5, 95.5, 0], [255.5, 95.5, 0], [63.5, 287.5, 0], [255.5, 287.5, 0]]}
    assert sent.values == []


@pytest.mark.parametrize(
    "points",
    [
        [[1, 2, None], [5, 9, None]],
        [[5, 9], [1, 2]],
        [[1, 9, 0], [5, 2, 0]],
        [[1, 2, 0], [5, 2, 0], [1, 9, 0], [5, 9, 0]],
        [[1, 2, 0], [5, 2, 0], [5, 9, 0], [1, 9, 0]],
        [[5, 9, 0], [5, 2, 0], [1, 2, 0], [1, 9, 0]],
        [[1.0001, 2, 0], [5, 2.0001, 0], [1, 9, 0], [5, 9, 0]],
    ],
)
def test_boxes_of_older_clients_are_completed(points: Any) -> None:
    box = from_datamint("square", points)
    assert same_shape(box, Box(1, 2, 5, 9), tolerance=1e-3)


def test_null_depths_are_repaired_by_writing_the_frame() -> None:
    line = from_datamint("line", {"points": [[1, 2, None], [3, 4, None]]})
    assert datamint_frame({"points": [[1, 2, None], [3, 4, None]]}) is None
    assert to_datamint(line, 7)[0].geometry == {"points": [[1, 2, 7], [3, 4, 7]]}


def test_values_say_what_points_cannot_and_nothing_more() -> None:
    ring = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))
    assert to_datamint(Polygon.of(ring))[0].values == []
    (holed,) = to_datamint(Polygon.of(ring, ring))
    assert holed.values == [{"name": SHAPE_VALUE, "value": {"kind": "polygon", "holes": [[[0, 0], [9, 0], [9, 9]]]}}]
    one, two = to_datamint(Polygon(((ring,), (ring,))), 3)
    assert one.values[0]["value"] == {"kind": "polygon", "part": 0, "parts": 2}
    assert two.values[0]["value"]["part"] == 1
    (length,) = to_datamint(Distance(((0, 0), (6, 5))), spacing_yx_mm=(0.8, 0.5))
    assert length.values == [{"name": "length", "value": pytest.approx(5.0), "unit": "mm", "computed": True}]


def test_parts_join_in_their_order_whatever_order_they_come_in() -> None:
    polygon = Polygon((((((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),), ((((5.0, 5.0), (6.0, 5.0), (6.0, 6.0))),)))
    sent = to_datamint(polygon)[::-1]
    assert join_datamint([through_json(one) for one in sent], [one.values for one in sent]) == polygon
    with pytest.raises(Invalid, match="one of them is a line"):
        join_datamint([polygon, Line(((0, 0), (1, 1)))], [None, None])


@pytest.mark.parametrize(
    "shape",
    [RotatableBox(50, 60, 20, 10, 33), Ellipse(50, 60, 20, 10, 33), Circle(50, 60, 9), Circle(50, 60, 9, 0.5, 20)],
)
def test_what_a_client_moved_keeps_its_kind(shape: RotatableBox | Ellipse | Circle) -> None:
    (sent,) = to_datamint(shape, 2)
    again = through_json(moved(sent, 3.25, -7.5))
    assert type(again) is type(shape)
    assert same_shape(again, type(shape).from_json({**shape.to_json(), "x": 53.25, "y": 52.5}))


def test_what_a_client_reshaped_is_what_it_drew() -> None:
    (sent,) = to_datamint(RotatableBox(50, 60, 20, 10, 33))
    assert sent.geometry is not None
    sent.geometry["points"][0][0] += 4
    again = through_json(sent)
    assert isinstance(again, Polygon)
    assert again.points() == tuple((x, y) for x, y, _ in sent.geometry["points"])
    (round_one,) = to_datamint(Circle(50, 60, 9))
    assert round_one.geometry is not None
    round_one.geometry["points"][1] = [50, 72, 0]
    assert through_json(round_one) == Circle(50, 60, 12)


def test_keypoints_go_through_what_is_visible() -> None:
    names = [("nose", None), ("ear", Visibility.INVISIBLE), ("eye", Visibility.VISIBLE)]
    shape = Keypoints(tuple(Keypoint(i, i, name, seen) for i, (name, seen) in enumerate(names)))
    (sent,) = to_datamint(shape)
    assert (sent.annotation_type, sent.geometry) == ("region", {"points": [[0, 0, 0], [2, 2, 0]], "closed": False})
    again = through_json(moved(sent, 1, 1))
    assert isinstance(again, Keypoints)
    assert again.points() == ((1, 1), (1, 1), (3, 3))
    assert [point.name for point in again.keypoints] == ["nose", "ear", "eye"]
    assert from_datamint("region", {"points": [[0, 0, 0]] * 5}, sent.values) == Polyline(((0, 0),) * 5)


def test_without_values_a_region_is_what_it_shows() -> None:
    points = [[0, 0, 0], [4, 0, 0], [4, 4, 0]]
    flat = ((0, 0), (4, 0), (4, 4))
    assert from_datamint("region", {"points": points, "closed": True}) == Polygon.of(flat)
    assert from_datamint("region", {"points": points}) == Polyline(flat)
    assert from_datamint("region", points, [{"name": "malignant", "value": "yes"}]) == Polyline(flat)
    assert from_datamint("angle", points) == Angle(flat)
    assert from_datamint("area", points) == Area(flat)
    assert from_datamint("spline", {"points": points, "closed": True}) == Spline(flat, True)
    assert from_datamint("point", points[:1]) == Point(0, 0)


def test_values_may_come_as_json_text() -> None:
    (sent,) = to_datamint(RotatableBox(50, 60, 20, 10, 33))
    text = [{"name": SHAPE_VALUE, "value": json.dumps(sent.values[0]["value"])}]
    assert from_datamint("region", sent.geometry, text) == RotatableBox(50, 60, 20, 10, 33)


@pytest.mark.parametrize(
    ("kind", "geometry", "values", "words"),
    [
        ("line", None, None, "line: geometry has no points"),
        ("line", {"points": []}, None, "no points"),
        ("line", [[1, 2, 0]], None, "needs exactly 2"),
        ("line", [[1, None, 0], [1, 2, 0]], None, r"geometry.points\[0\]\[1\] is not a number"),
        ("line", [[1, 2, float("nan")], [1, 2, 0]], None, r"geometry.points\[0\]\[2\] is nan"),
        ("line", [[1], [2]], None, r"geometry.points\[0\] is not \[x, y, frame\]"),
        ("square", [[0, 0, 0]] * 3, None, "square: geometry has 3 points, and needs 4"),
        ("square", [[0, 0], [5, 1], [6, 6], [1, 5]], None, "not the corners of an upright box"),
        ("square", [[0, 0], [5, 5], [5, 5], [0, 0]], None, "not the corners"),
        ("circle", [[0, 0, 0]], None, "its centre and one of its rim"),
        ("point", [[0, 0, 0]] * 2, None, "point: geometry has 2 points"),
        ("region", {"points": [[0, 0, 0]] * 3, "closed": "yes"}, None, "closed is not true or false"),
        ("region", {"points": [[0, 0, 0]], "closed": True}, None, "has 1 points, and needs at least 2"),
        ("region", [[0, 0, 0]] * 3, [{"name": SHAPE_VALUE, "value": "{"}], "is not JSON"),
        ("region", [[0, 0, 0]] * 3, [{"name": SHAPE_VALUE, "value": 3}], "is not a JSON object"),
        ("segmentation", None, None, "file is missing"),
    ],
)
def test_refusals_say_what_is_wrong(kind: str, geometry: Any, values: Any, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        from_datamint(kind, geometry, values)


def test_unknown_types_are_unsupported() -> None:
    with pytest.raises(Unsupported, match="'bbox'"):
        from_datamint("bbox", [[0, 0, 0]])


def test_frames_that_disagree_are_refused() -> None:
    for points in ([[0, 0, 1], [0, 0, 2]], [[0, 0, 1.5]]):
        with pytest.raises(Invalid, match="not one whole frame index"):
            datamint_frame({"points": points})


def test_segmentations_are_files() -> None:
    mask = Mask.from_array(np.array([[0, 1, 1], [0, 0, 1]], bool))
    (png,) = to_datamint(mask, 4)
    assert (png.annotation_type, png.geometry, png.mimetype) == ("segmentation", None, "image/png")
    with pytest.raises(Invalid, match="3 x 2 pixels and the image 9 x 9"):
        from_datamint("segmentation", None, file=png.file, size=(9, 9))
    volume = VolumeMask((2, 2, 3), {1: mask})
    (nifti,) = to_datamint(volume, affine_ras=np.diag([0.5, 0.5, 2, 1]))
    assert nifti.mimetype == "application/nifti"
    assert from_datamint("segmentation", None, file=nifti.file, size=(3, 2)) == volume
    (empty,) = to_datamint(VolumeMask((2, 2, 3), {}))
    assert from_datamint("segmentation", None, file=empty.file) == VolumeMask((2, 2, 3), {})


# -- patients ---------------------------------------------------------------------------------------------------------


@given(vector_shapes, st.integers(0, 300), affines())
def test_points_in_mm_come_back(shape: Shape, frame: int, affine: Any) -> None:
    sent = to_datamint(shape, frame)
    again = []
    for one in sent:
        assert one.geometry is not None
        mm = datamint_to_patient(one.geometry, affine)
        pixels, distance = datamint_to_pixels(mm, affine)
        assert distance < 1e-9
        assert datamint_frame(pixels) == frame
        again.append(from_datamint(one.annotation_type, pixels, one.values))
    assert same_shape(join_datamint(again, [one.values for one in sent]), shape, tolerance=1e-8)


def test_points_in_mm_have_their_view_beside_them() -> None:
    mm = datamint_to_patient({"points": [[10.0, 20.0, 3.0]]}, GOLDEN_AFFINE)
    assert mm == {"points": [[-95, -104, 57.5]], "viewPlaneNormal": [0, 0, 1], "viewUp": [0, -1, 0]}


def test_points_on_several_slices_show_as_a_distance() -> None:
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    across = pixel_to_patient([(0, 0, 1), (0, 0, 2)], affine).tolist()
    pixels, distance = datamint_to_pixels({"points": across}, affine)
    assert {point[2] for point in pixels["points"]} == {2.0}
    assert distance == pytest.approx(3.0)
    with pytest.raises(Invalid, match=r"geometry.points\[0\] is not three numbers in mm"):
        datamint_to_pixels({"points": [[1, 2]]}, affine)
