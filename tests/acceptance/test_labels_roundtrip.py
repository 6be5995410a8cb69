"""Labels: every annotation type of the wire, in and out, on every kind of resource, by every way of reading."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from fiducial import Api
from tests.acceptance.places import PLACES, Place, assert_points, created, make_places, searched, seen_alike
from tests.acceptance.support import api_of, got
from tests.running import ADMIN_EMAIL, Running

every_place = pytest.mark.parametrize("where", PLACES)


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def places(client: httpx.Client, api: Api) -> dict[str, Place]:
    return make_places(client, api)


SHAPES: Mapping[str, tuple[str, list[tuple[float, float]], dict[str, Any]]] = {
    "line": ("line", [(5.25, 7.5), (40.125, 30.75)], {}),
    "square": ("square", [(8.5, 9.25), (30.75, 9.25), (8.5, 40.5), (30.75, 40.5)], {}),
    "point": ("point", [(12.3456789, 23.4567891)], {}),
    "region, closed": ("region", [(5, 5), (30.5, 6.25), (28, 33.3), (7.1, 29)], {"closed": True}),
    "region, open": ("region", [(5, 5), (30.5, 6.25), (28, 33.3)], {"closed": False}),
    "circle": ("circle", [(30, 30), (42, 30)], {}),
    "circle, rim below and aside": ("circle", [(30, 30), (33, 34)], {}),
    "angle": ("angle", [(10, 10), (20, 30), (41.5, 12)], {}),
    "distance": ("distance", [(10.5, 11.5), (30, 31)], {}),
    "area": ("area", [(10, 10), (30, 12.5), (20, 40)], {}),
    "spline": ("spline", [(6, 7), (18, 30), (33, 12), (40, 35)], {}),
}
"""Wire type, points in pixels, what else the geometry says."""


# -- shapes -----------------------------------------------------------------------------------------------------------


@every_place
@pytest.mark.parametrize("shape", SHAPES)
def test_shape_by_plain_http(
    client: httpx.Client,
    api: Api,
    places: dict[str, Place],
    where: str,
    shape: str,
) -> None:
    place, (kind, pixels, more) = places[where], SHAPES[shape]
    image = kind == "line" and place.affine is not None  # as the published client writes lines in mm
    at = {"scope": "image"} if image else {"scope": "frame", "frame_index": place.frame}
    geometry = {"points": place.points(pixels), **more}
    label_id = created(client, place, {"type": kind, "identifier": f"a {shape}", "geometry": geometry, **at})
    told = seen_alike(client, api, place, label_id)
    assert (told["annotation_type"], told["identifier"]) == (kind, f"a {shape}")
    assert (told["scope"], told["frame_index"]) == (at["scope"], at.get("frame_index"))
    assert {name: told["geometry"].get(name) for name in more} == more
    assert_points(told["geometry"], geometry["points"])


@every_place
@pytest.mark.parametrize("shape", SHAPES)
def test_shape_by_our_client_in_pixels(
    client: httpx.Client,
    api: Api,
    places: dict[str, Place],
    where: str,
    shape: str,
) -> None:
    place, (kind, pixels, more) = places[where], SHAPES[shape]
    if kind == "region":
        label_id = api.annotations.add_polyline_annotation(pixels, place.id, "drawn", frame_index=place.frame, **more)
    else:
        label_id = api.annotations.add_geometry_annotation(kind, pixels, place.id, "drawn", frame_index=place.frame)
    told = seen_alike(client, api, place, label_id)
    assert (told["annotation_type"], told["scope"], told["frame_index"]) == (kind, "frame", place.frame)
    assert_points(told["geometry"], place.points(pixels))


def test_directions_of_a_view_come_back(client: httpx.Client, places: dict[str, Place]) -> None:
    for where in ("dicom", "cine"):
        place = places[where]
        view = {"viewPlaneNormal": [0.0, 0.0, 1.0], "viewUp": [0.0, -1.0, 0.0]}
        geometry = {"points": place.points([(3, 4), (20, 22)]), **view}
        item = {"type": "line", "identifier": "with a view", "geometry": geometry, "scope": "frame"}
        told = got(client, f"/annotations/{created(client, place, {**item, 'frame_index': place.frame})}")["geometry"]
        assert {name: told[name] for name in view} == view, where


def test_corners_and_missing_depths_of_old_clients(client: httpx.Client, places: dict[str, Place]) -> None:
    place = places["cine"]
    at = {"scope": "frame", "frame_index": 3, "identifier": "old"}
    box = created(client, place, {"type": "square", "geometry": {"points": [[3, 4, None], [20, 30, None]]}, **at})
    line = created(client, place, {"type": "line", "geometry": {"points": [[3, 4, None], [20, 30, None]]}, **at})
    shown = got(client, f"/annotations/{box}")["geometry"]["points"]
    assert shown == [[3, 4, 3], [20, 4, 3], [3, 30, 3], [20, 30, 3]]
    assert got(client, f"/annotations/{line}")["geometry"]["points"] == [[3, 4, 3], [20, 30, 3]]


# -- values -----------------------------------------------------------------------------------------------------------

VALUES: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "category": ("malign \N{GREEK SMALL LETTER ALPHA}", {}),
    "label": (None, {}),
    "integer": (-17, {"units": "mm"}),
    "float": (0.1 + 0.2, {"units": "cm\N{SUPERSCRIPT TWO}"}),
    "text": ("line one\nline two \N{MICROSCOPE}", {}),
}


def value_item(kind: str, identifier: str, at: Mapping[str, Any]) -> dict[str, Any]:
    value, more = VALUES[kind]
    return {"type": kind, "identifier": identifier, **({} if value is None else {"value": value}), **more, **at}


def assert_value(told: Mapping[str, Any], kind: str) -> None:
    value, more = VALUES[kind]
    numeric = kind in {"integer", "float"}
    assert told["annotation_type"] == kind
    assert (told["numeric_value"], told["text_value"]) == ((value, None) if numeric else (None, value))
    assert (told["value"], told["units"]) == (value, more.get("units"))
    assert kind != "integer" or isinstance(told["numeric_value"], int)


@every_place
@pytest.mark.parametrize("kind", VALUES)
def test_value(client: httpx.Client, api: Api, places: dict[str, Place], where: str, kind: str) -> None:
    place = places[where]
    whole = created(client, place, value_item(kind, "of the whole", {"scope": "image"}))
    frame = created(client, place, value_item(kind, "of a frame", {"scope": "frame", "frame_index": place.frame}))
    for label_id, scope, index in ((whole, "image", None), (frame, "frame", place.frame)):
        told = seen_alike(client, api, place, label_id)
        assert (told["scope"], told["frame_index"]) == (scope, index)
        assert_value(told, kind)


@pytest.mark.parametrize("where", ["nifti", "cine", "video"])
@pytest.mark.parametrize("kind", VALUES)
def test_range_of_frames(client: httpx.Client, api: Api, places: dict[str, Place], where: str, kind: str) -> None:
    place, name = places[where], f"{kind} over frames"
    created(client, place, value_item(kind, name, {"scope": "frame", "frame_range": [2, 6]}))
    rows = [row for row in searched(client, place).values() if row["identifier"] == name]
    assert sorted(row["frame_index"] for row in rows) == [2, 3, 4, 5, 6]
    assert len({row["id"] for row in rows}) == 5
    for row in rows:
        assert_value(row, kind)
        assert seen_alike(client, api, place, row["id"]) == row
    (track,) = [t for t in api.annotations.get_frame_ranges(place.id) if t["identifier"] == name]
    value = VALUES[kind][0]
    assert (track["type"], track["value"], track["frame_ranges"]) == (kind, value, [(2, 7)])


def test_a_track_is_replaced_whole(client: httpx.Client, api: Api, places: dict[str, Place]) -> None:
    place = places["cine"]

    def write(values: Any) -> None:
        api.annotations.set_frame_ranges(place.id, "phase", "category", values)

    def tracks() -> dict[str, Any]:
        found = api.annotations.get_frame_ranges(place.id)
        return {track["value"]: track["frame_ranges"] for track in found if track["identifier"] == "phase"}

    write({"systole": [(0, 8), (20, 30)], "diastole": [(8, 20)]})
    assert tracks() == {"systole": [(0, 8), (20, 30)], "diastole": [(8, 20)]}
    rows = [row for row in searched(client, place).values() if row["identifier"] == "phase"]
    by_frame = {row["frame_index"]: row["value"] for row in rows}
    assert by_frame == {n: "diastole" if 8 <= n < 20 else "systole" for n in range(30)}
    write({"diastole": [(0, 4)]})
    assert tracks() == {"diastole": [(0, 4)]}
    write({})
    assert tracks() == {}


def test_facts_of_an_annotation(client: httpx.Client, api: Api, places: dict[str, Place]) -> None:
    place = places["picture"]
    project = api.projects.create("labels with facts", "", resource_ids=[place.id])
    (worklist,) = got(client, f"/projects/{project.id}/worklists")
    reader = f"reader-{place.id}@example.org"
    client.post("/users", json={"email": reader, "roles": ["member"]}).raise_for_status()
    given = {
        "annotation_worklist_id": worklist["id"],
        "source": "model_pipeline",
        "is_model": True,
        "model_id": "some-model",
        "confiability": 0.625,
        "imported_from": "elsewhere",
        "import_author": reader,
        "set_name": "a set",
        "values": [{"name": "margin", "value": "sharp"}, {"name": "grade", "value": 3}],
    }
    item = {"type": "point", "identifier": "known", "geometry": {"points": [[3, 4, 0]]}, "scope": "frame", **given}
    told = seen_alike(client, api, place, created(client, place, {**item, "frame_index": 0}))
    told["values"] = [entry for entry in told["values"] if entry["name"] != "instance"]  # ours, beside the writer's own
    assert {name: told[name] for name in given} == given
    assert (told["created_by_model"], told["project_id"], told["created_by"]) == ("some-model", project.id, ADMIN_EMAIL)


def test_history_tells_what_was_and_what_is(client: httpx.Client, api: Api, places: dict[str, Place]) -> None:
    place = places["picture"]
    label_id = created(client, place, value_item("text", "first name", {"scope": "image"}))
    api.annotations.patch(label_id, identifier="second name")
    api.annotations.approve(label_id)
    assert (
        got(client, f"/annotations/{label_id}")["identifier"],
        got(client, f"/annotations/{label_id}")["status"],
    ) == (
        "second name",
        "published",
    )
    api.annotations.delete(label_id)
    assert label_id not in searched(client, place)
    told = json.dumps(got(client, f"/annotations/{label_id}/history"))
    assert "first name" in told
    assert "second name" in told


def test_patient_points_on_a_picture_are_refused(client: httpx.Client, places: dict[str, Place]) -> None:
    """A picture has no place in the patient: mm would be taken for pixels."""
    picture = places["picture"]
    geometry = {"points": [[3.0, 4.0, 5.0]], "coordinate_system": "patient"}
    item = {"type": "point", "identifier": "p", "scope": "image", "geometry": geometry}
    refused = client.post(f"/annotations/{picture.id}/annotations", json=[item])
    assert refused.status_code == 400, refused.text
    assert "no place in the patient" in refused.json()["message"]
