"""Create-items in, annotations out: what came in mm comes back to the digit, what came in pixels at the same pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.codec import new_labels
from fiducial_server.dialects.datamint.place import Place
from fiducial_server.dialects.datamint.types import FEATURE_OF, TYPE_OF, TYPE_OF_FEATURE, TYPES, kinds_of
from fiducial_server.dialects.datamint.wire.annotation import annotation
from fiducial_server.model.ids import new_id
from fiducial_server.model.label import Label, LabelKind, LabelRow, Mark, NewLabel, Source
from fiducial_server.model.ontology import FeatureKind

PICTURE = Place(1, (640, 480))
VIDEO = Place(30, (640, 480))
AFFINE = ((0.5, 0.0, 0.0, -100.0), (0.0, 0.5, 0.0, -120.0), (0.0, 0.0, 2.0, 40.0), (0.0, 0.0, 0.0, 1.0))
VOLUME = Place(20, (400, 480), AFFINE, (), "1.2.3", (0.5, 0.5))


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "identifier": "x", "scope": "image", **more}


def one(given_item: dict[str, Any], place: Place = PICTURE) -> NewLabel:
    return new_labels([given_item], place)[0]


def shown(label: NewLabel, place: Place = PICTURE) -> dict[str, Any]:
    """The label as it would be read back from the store."""
    mark = Mark(
        new_id(),
        label.frame_start,
        label.frame_end,
        label.shape,
        patient_points=label.patient_points,
        extra=label.extra,
    )
    stored = Label(
        new_id(), "item", label.kind, label.identifier, "feature", 0, "a@b.c", (mark,),
        text_value=label.text_value, numeric_value=label.numeric_value, unit=label.unit, attributes=label.attributes,
        source=label.source or Source.MANUAL, instance=label.instance or "",
    )  # fmt: skip
    return annotation(LabelRow(stored, mark), place)


def test_every_type_and_every_kind_has_its_other_side() -> None:
    assert set(TYPE_OF) == set(LabelKind)
    assert set(TYPE_OF.values()) == set(TYPES) == set(FEATURE_OF)
    assert set(TYPE_OF_FEATURE) == set(FeatureKind)
    assert {kind for name in TYPES for kind in kinds_of(name)} == set(LabelKind)


SQUARE = [[63.5, 95.5, 0.0], [255.5, 95.5, 0.0], [63.5, 287.5, 0.0], [255.5, 287.5, 0.0]]


@pytest.mark.parametrize(
    ("kind", "geometry"),
    [
        ("square", {"points": SQUARE}),
        ("line", {"points": [[1.5, 2.25, 0.0], [300.0, 400.125, 0.0]]}),
        ("point", {"points": [[319.5, 239.5, 0.0]]}),
        ("region", {"points": [[1.0, 1.0, 0.0], [5.0, 1.0, 0.0], [5.0, 5.0, 0.0]], "closed": True}),
        ("region", {"points": [[1.0, 1.0, 0.0], [5.0, 1.0, 0.0], [5.0, 5.0, 0.0]], "closed": False}),
        ("circle", {"points": [[50.0, 50.0, 0.0], [60.0, 50.0, 0.0]]}),
        ("angle", {"points": [[0.0, 10.0, 0.0], [0.0, 0.0, 0.0], [10.0, 0.0, 0.0]]}),
        ("distance", {"points": [[0.0, 10.0, 0.0], [0.0, 0.0, 0.0]]}),
        ("area", {"points": [[0.0, 10.0, 0.0], [0.0, 0.0, 0.0], [10.0, 0.0, 0.0]]}),
        ("spline", {"points": [[0.0, 10.0, 0.0], [0.0, 0.0, 0.0], [10.0, 0.0, 0.0]]}),
    ],
)
def test_a_shape_in_pixels_comes_back_at_the_same_pixels(kind: str, geometry: dict[str, Any]) -> None:
    back = shown(one(item(kind, scope="frame", geometry=geometry)))
    assert (back["annotation_type"], back["scope"], back["frame_index"]) == (kind, "frame", 0)
    assert np.allclose(back["geometry"]["points"], geometry["points"], atol=1e-9, rtol=0)
    assert back["geometry"].get("closed", False) == geometry.get("closed", False)


def test_a_box_of_two_corners_is_completed_in_the_client_s_order() -> None:
    label = one(item("square", geometry={"points": [[255.5, 287.5, None], [63.5, 95.5, None]]}))
    assert shown(label)["geometry"]["points"] == SQUARE


def test_the_points_say_the_frame_when_frame_index_does_not() -> None:
    geometry = {"points": [[1, 2, 7], [3, 4, 7]]}
    assert one(item("line", scope="frame", geometry=geometry), VIDEO).frame_start == 7


@given(
    st.lists(st.tuples(st.floats(0, 399), st.floats(0, 479)), min_size=3, max_size=8, unique=True),
    st.integers(0, 19),
)
def test_points_in_mm_come_back_to_the_digit_and_lie_on_their_frame(
    corners: list[tuple[float, float]], frame: int
) -> None:
    affine = np.asarray(AFFINE)
    points = [(affine @ (x, y, frame, 1.0))[:3].tolist() for x, y in corners]
    geometry = {"points": points, "closed": True, "viewUp": [0.0, 1.0, 0.0], "viewPlaneNormal": [0.0, 0.0, 1.0]}
    label = one(item("region", geometry=geometry), VOLUME)
    assert (label.frame_start, label.frame_end) == (frame, frame)
    assert label.shape is not None
    assert np.allclose(
        label.shape["parts"][0][0] if "parts" in label.shape else label.shape["outer"], corners, atol=1e-9
    )
    back = shown(label, VOLUME)
    assert back["geometry"] == geometry
    assert (back["scope"], back["frame_index"]) == ("image", None)


def test_a_pixel_shape_of_another_dialect_is_shown_in_mm() -> None:
    label = NewLabel(LabelKind.POINT, "x", 3, 3, {"kind": "point", "x": 10.0, "y": 20.0})
    back = shown(label, VOLUME)
    assert back["geometry"]["points"] == [[-95.0, -110.0, 46.0]]


def test_a_line_between_slices_is_kept_and_its_frame_left_open() -> None:
    points = [[0.0, 0.0, 40.0], [10.0, 0.0, 78.0]]
    label = one(item("line", geometry={"points": points}), VOLUME)
    assert label.frame_start is None
    assert label.extra["off_plane_mm"] > 1
    assert shown(label, VOLUME)["geometry"]["points"] == points


def test_frames_that_are_not_one_grid_are_found_one_by_one() -> None:
    turned = ((0.0, 0.0, 1.0, 7.0), (0.5, 0.0, 0.0, 0.0), (0.0, -0.5, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    place = Place(2, (400, 480), None, (AFFINE, turned))
    point = (np.asarray(turned) @ (30.0, 40.0, 0.0, 1.0))[:3].tolist()
    label = one(item("point", geometry={"points": [point]}), place)
    assert label.frame_start == 1
    assert shown(NewLabel(LabelKind.POINT, "x", 1, 1, label.shape), place)["geometry"]["points"][0] == pytest.approx(
        point
    )


def test_values_come_back_as_they_were() -> None:
    assert shown(one(item("category", value="left")))["value"] == "left"
    assert shown(one(item("text", value="free")))["text_value"] == "free"
    assert shown(one(item("label")))["annotation_type"] == "label"
    whole = shown(one(item("integer", value=5, units="cm")))
    assert (whole["numeric_value"], whole["value"], whole["units"]) == (5, 5, "cm")
    assert isinstance(whole["numeric_value"], int)
    assert shown(one(item("float", value="2.5")))["numeric_value"] == 2.5


def test_an_image_segmentation_of_many_frames_is_a_volume() -> None:
    assert one(item("segmentation"), VOLUME).kind is LabelKind.VOLUME_MASK
    assert one(item("segmentation"), PICTURE).kind is LabelKind.MASK
    assert one(item("segmentation", scope="frame", frame_index=2), VOLUME).kind is LabelKind.MASK


def test_facts_come_through() -> None:
    label = one(item("label", source="model_pipeline", model_id="m", import_author="c@d.e", imported_from="there"))
    assert (label.source, label.is_model, label.model_id) == (Source.MODEL_PIPELINE, True, "m")
    assert (label.author_email, label.imported_from) == ("c@d.e", "there")


def test_an_instance_and_attributes_travel_in_values() -> None:
    values = [{"name": "instance", "value": "abc"}, {"name": "shape", "value": "round"}]
    label = one(item("point", geometry={"points": [[1, 2, 0]]}, values=values))
    assert label.instance == "abc"
    assert shown(label)["values"] == [{"name": "shape", "value": "round"}, {"name": "instance", "value": "abc"}]


@pytest.mark.parametrize(
    ("wrong", "place", "reason"),
    [
        (item("bbox"), PICTURE, "no annotation type 'bbox'"),
        (item("category", value=5), PICTURE, "value must be a text"),
        (item("category"), PICTURE, "value must be a text"),
        (item("integer", value=1.5), PICTURE, "whole number"),
        (item("float", value=True), PICTURE, "number"),
        (item("float", value="x"), PICTURE, "number"),
        (item("label", identifier=" "), PICTURE, "identifier is missing"),
        (item("label", scope="volume"), PICTURE, "scope"),
        (item("label", scope="frame"), VIDEO, "frame_index is missing"),
        (item("label", scope="frame", frame_index=30), VIDEO, "out of range"),
        (item("label", scope="frame", frame_index=-1), VIDEO, "out of range"),
        (item("label", scope="frame", frame_index=1.5), VIDEO, "whole number"),
        (item("label", scope="frame", frame_range=[3, 2]), VIDEO, "first <= last"),
        (item("label", scope="frame", frame_range=[3]), VIDEO, r"\[first, last\]"),
        (item("label", scope="frame", frame_range=[0, 30]), VIDEO, "out of range"),
        (item("square"), PICTURE, "geometry is missing"),
        (item("square", geometry={"points": [[0, 0, 0]] * 3}), PICTURE, "needs 4"),
        (item("line", geometry={"points": [[0, 0], ["a", 1]]}), PICTURE, "not a number"),
        (item("line", geometry={"points": [[0, 0, 100.0], [1, 1, 100.0]]}), VOLUME, "frame 30"),
        (item("point", geometry={"points": [[0, 0]]}), VOLUME, "three numbers"),
        (item("point", geometry={"points": [[1, 1, 0]]}, value=5), PICTURE, "value must be a text"),
        (item("label", source="rumour"), PICTURE, "source must be one of"),
        (item("label", annotation_worklist_id="x"), PICTURE, "UUID"),
        (item("label", confiability="high"), PICTURE, "confiability"),
        ("label", PICTURE, "JSON object"),
    ],
)
def test_a_wrong_item_is_refused_with_its_place_and_reason(wrong: Any, place: Place, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as refused:
        new_labels([item("label"), wrong] if place is PICTURE else [wrong], place)
    assert "[1]" in refused.value.message or "[0]" in refused.value.message
