"""What the scenarios of 2.0.0 said they did, looked at through our own client and plain HTTP."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
from PIL import Image

from fiducial import Api

CORNERS = ((0, 1), (2, 1), (0, 3), (2, 3))
"""Top left, top right, bottom left, bottom right of (x1, y1, x2, y2)."""


def got(api: Api, path: str, **params: Any) -> Any:
    """JSON of an address."""
    return api.connection.request("GET", path, params=params).json()


def mask_of(api: Api, annotation_id: str) -> Any:
    """The annotation's own PNG."""
    body = api.annotations.get_by_id(annotation_id).fetch_file_data(auto_convert=False)
    return np.asarray(Image.open(io.BytesIO(body)))


def members(api: Api, project_id: str) -> set[str]:
    return {r.id for r in api.projects.get_project_resources(project_id)}


def check_start_up_and_wrong_key(api: Api, told: Any) -> None:
    assert told in {user.email for user in api.users.get_list()}


def check_life_of_a_project(api: Api, told: Any) -> None:
    project = api.projects.get_by_id(told["project"])
    assert (project.description, project.resource_count, project.is_active_learning) == ("a description", 2, True)
    assert members(api, told["project"]) == set(told["resources"])
    statuses = got(api, f"/projects/{told['project']}/annotation-statuses")
    assert {(one["resource_id"], one["status"]) for one in statuses} >= {(told["annotated"], "annotated")}
    assert told["deleted"] in {p.id for p in api.projects.get_deleted()}


def check_upload_list_tags_publish_delete(api: Api, told: Any) -> None:
    eye = api.resources.get_by_id(told["eye"])
    assert (set(eye.tags or ()), eye.status, eye.modality) == ({"only", "these"}, "published", "OP")
    assert eye.source_filepath is not None
    assert eye.source_filepath.endswith("fundus.jpg")
    deleted = {r.id for r in api.resources.get_list(channel=told["channel"], deleted="only")}
    assert deleted == {told["deleted"]}


def check_upload_mung_anonymise_skip_and_publish_to(api: Api, told: Any) -> None:
    assert members(api, told["project"]) == set(told["resources"])
    assert {r.status for r in api.projects.get_project_resources(told["project"])} == {"published"}
    series = api.resources.get_by_id(told["series"])
    assert series.get_depth() == 2
    assert int(series.fetch_file_data().NumberOfFrames) == 2


def check_files_and_frames(api: Api, told: Any) -> None:
    body = api.connection.request("GET", f"/resources/{told['cine']}/frames/4").content
    frame = np.asarray(Image.open(io.BytesIO(body)))
    assert list(frame.shape) == told["shape"]
    assert hashlib.sha256(frame.tobytes()).hexdigest() == told["frame"]


def check_channels_datasets_users(api: Api, told: Any) -> None:
    user = api.users.get_by_email(told["email"])
    assert (user.firstname, user.lastname) == ("Anna", "Ng")
    assert [r.id for r in api.resources.get_list(channel=told["channel"])] == [told["resource"]]


def check_categories_and_labels(api: Api, told: Any) -> None:
    found = api.annotations.get_list(told["resource"])
    for name, frames in told["frames"].items():
        assert sorted(a.frame_index or 0 for a in found if a.identifier == name) == frames
    assert {a.value for a in found if a.identifier == "phase"} == {"systole"}
    deleted = {a.id for a in api.annotations.get_deleted(told["resource"])}
    assert deleted == {told["deleted"]}


def check_lines_and_boxes(api: Api, told: Any) -> None:
    """What came with 2 corners or with null is whole for everybody else, at the same pixels."""
    places = {name: api.annotations.get_by_id(one) for name, one in told["ids"].items()}
    boxes = {"box": (64, 96, 256, 288), "box on a frame": (5, 6, 50, 60)}
    for name, given in boxes.items():
        points = _points(places[name])
        assert [p[:2] for p in points] == [[given[x], given[y]] for x, y in CORNERS], name
    assert [p[:2] for p in _points(places["line"])] == [[10, 20], [110, 220]]
    assert all(value is not None for name in places for point in _points(places[name]) for value in point)
    assert (places["line on a frame"].frame_index, places["box on a frame"].frame_index) == (2, 7)
    assert {point[2] for point in _points(places["box on a frame"])} == {7}
    for name in ("line by metadata", "line of the patient"):
        shape = places[name].fetch_pixel_shape()
        np.testing.assert_allclose([point[:2] for point in shape.points], [(10, 20), (60, 90)], atol=1e-6)


def _points(annotation: Any) -> list[list[float]]:
    geometry = annotation.geometry
    points = geometry["points"] if isinstance(geometry, dict) else geometry
    return [[float(v) for v in point] for point in points]


def check_masks(api: Api, told: Any) -> None:
    found = {api.annotations.get_by_id(one).identifier: mask_of(api, one) > 0 for one in told["png"]}
    assert {name: mask.sum() for name, mask in found.items()} == {"disc": 100 * 200, "cup": 50 * 200}
    ventricle = {a.frame_index: a for a in api.annotations.get_list(told["cine"])}
    assert set(ventricle) == {4, 9}
    pixels = np.argwhere(mask_of(api, str(ventricle[9].id)) > 0)
    assert (pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()) == ([20, 60], [39, 119])
    (volume,) = api.annotations.get_list(told["head"])
    assert (volume.identifier, volume.scope) == ("grey matter", "image")
    assert np.asarray(volume.fetch_file_data().dataobj).any()


def check_upload_with_masks(api: Api, told: Any) -> None:
    boxes = {}
    for name, resource_id in told.items():
        (annotation,) = api.annotations.get_list(resource_id)
        assert annotation.identifier == "disc"
        found = np.argwhere(mask_of(api, str(annotation.id)) > 0)
        boxes[name] = (*found.min(axis=0).tolist(), *found.max(axis=0).tolist())
    assert boxes == {"straight": (10, 30, 19, 59), "transposed": (30, 10, 59, 19)}


def check_worklists(api: Api, told: Any) -> None:
    row = got(api, f"/annotationsets/{told['worklist']}")
    assert (row["name"], row["status"]) == (told["name"], "active")
    specs = {(one["identifier"], one["type"], one["scope"]) for one in row["annotations"]}
    assert ("quality", "category", "image") in specs
    assert {("rotated", "label", "image"), ("systole", "label", "frame")} <= specs


def check_download_project(api: Api, told: Any) -> None:
    annotated = {r for r in (told["eye"], told["ct"]) if api.annotations.get_list(r)}
    assert set(told["found"]["annotated"]) == annotated == {told["eye"]}
    assert set(told["found"]["all"]) == {told["eye"], told["ct"]}


def check_experiments(api: Api, told: Any) -> None:
    (row,) = (one for one in got(api, f"/projects/{told['project']}/experiments") if one["id"] == told["experiment"])
    assert row["description"] == "changed"
    entries = got(api, f"/experiments/{told['experiment']}/log")
    assert [entry.get("value", entry.get("entry", {}).get("value")) for entry in entries] == [0.5, 0.75]


def check_model_of_an_experiment(api: Api, told: Any) -> None:
    rows = {row["id"]: row for row in got(api, f"/experiments/{told['experiment']}/models")}
    assert set(rows) == set(told["models"])
    for model_id, size in zip(told["models"], told["sizes"], strict=True):
        body = api.connection.request("GET", f"/experiments/{told['experiment']}/models/{model_id}").content
        assert body == (bytes(range(256)) * 40)[:size]


def check_api_projects(api: Api, told: Any) -> None:
    project = api.projects.get_by_id(told["project"])
    assert (project.name, project.description) == (told["name"], "patched")
    assert members(api, told["project"]) == set(told["resources"])
    assert {p.id for p in api.projects.get_deleted()} >= set(told["deleted"])
    statuses = got(api, f"/projects/{told['project']}/annotation-statuses")
    assert (told["closed"], "closed") in {(one["resource_id"], one["status"]) for one in statuses}


def check_api_resources(api: Api, told: Any) -> None:
    published = api.resources.get_by_id(told["published"])
    assert (published.status, published.tags) == ("published", ["b"])
    assert told["deleted"] in {r.id for r in api.resources.get_deleted()}


def check_api_picture_without_a_modality(api: Api, told: Any) -> None:
    assert not api.resources.get_by_id(told).modality


def check_api_annotations(api: Api, told: Any) -> None:
    (left,) = api.annotations.get_list(told["resource"])
    assert [left.id] == told["segmentations"]
    assert (mask_of(api, str(left.id)) > 0).sum() == 50 * 60


def check_api_users_and_datasets(api: Api, told: Any) -> None:
    assert api.users.get_by_email(told["email"]).firstname == "Anna"
