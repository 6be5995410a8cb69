"""What the helpers for annotations send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from fiducial.api.client import Api
from fiducial.entities import Annotation
from fiducial.entities.annotations import (
    BoxAnnotation,
    CategoryAnnotation,
    ImageSegmentation,
    LineAnnotation,
    NumericAnnotation,
    VolumeSegmentation,
)
from fiducial.errors import Invalid
from fiducial.exceptions import ValidationError
from tests.unit.fiducial.fake_server import api_with, refusal

RESOURCE = "00000000-0000-4000-8000-000000000001"
MARK = "00000000-0000-4000-8000-000000000002"


class Recorder:
    """Answers creation with one id per item and keeps the bodies."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.others: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/annotations"):
            items = json.loads(request.content)
            self.items += items
            return httpx.Response(200, json=[MARK] * len(items))
        self.others.append((request.method, request.url.path))
        return httpx.Response(200, json={})


HELPERS: list[tuple[Callable[[Any], Any], dict[str, Any]]] = [
    (
        lambda a: a.add_text_annotation(RESOURCE, "t", "words", frame_range=(3, 9)),
        {"type": "text", "identifier": "t", "value": "words", "scope": "frame", "frame_range": [3, 8]},
    ),
    (
        lambda a: a.add_category_annotation(RESOURCE, "c", "v", frame_index=4),
        {"type": "category", "identifier": "c", "value": "v", "scope": "frame", "frame_index": 4},
    ),
    (
        lambda a: a.create_image_classification(RESOURCE, "c", "v", author_email="x@y.z"),
        {"type": "category", "identifier": "c", "value": "v", "scope": "image", "import_author": "x@y.z"},
    ),
    (lambda a: a.add_label_annotation(RESOURCE, "l"), {"type": "label", "identifier": "l", "scope": "image"}),
    (
        lambda a: a.create_numeric_annotation(RESOURCE, "n", 3, units="mm"),
        {"type": "integer", "identifier": "n", "value": 3, "units": "mm", "scope": "image"},
    ),
    (
        lambda a: a.create_numeric_annotation(RESOURCE, "n", 0.5, model_id="m"),
        {"type": "float", "identifier": "n", "value": 0.5, "scope": "image", "model_id": "m", "is_model": True},
    ),
    (
        lambda a: a.add_line_annotation((1, 2), (3, 4), RESOURCE, "l", frame_index=5),
        {
            "type": "line",
            "identifier": "l",
            "scope": "frame",
            "frame_index": 5,
            "geometry": {"points": [[1, 2, 5], [3, 4, 5]], "coordinate_system": "pixel"},
        },
    ),
    (
        lambda a: a.add_box_annotation((50, 60), (10, 20), RESOURCE, "b"),
        {
            "type": "square",
            "identifier": "b",
            "scope": "image",
            "geometry": {
                "points": [[10, 20, 0], [50, 20, 0], [10, 60, 0], [50, 60, 0]],
                "coordinate_system": "pixel",
            },
        },
    ),
    (
        lambda a: a.add_point_annotation((1.5, -2, 30), RESOURCE, "p", coords_system="patient", value={"k": 1}),
        {
            "type": "point",
            "identifier": "p",
            "scope": "image",
            "value": '{"k": 1}',
            "geometry": {"points": [[1.5, -2, 30]], "coordinate_system": "patient"},
        },
    ),
    (
        lambda a: a.add_region_annotation([(0, 0), (1, 0), (1, 1)], RESOURCE, "r"),
        {
            "type": "region",
            "identifier": "r",
            "scope": "image",
            "geometry": {"points": [[0, 0, 0], [1, 0, 0], [1, 1, 0]], "closed": True, "coordinate_system": "pixel"},
        },
    ),
    (
        lambda a: a.add_geometry_annotation("angle", [(0, 0), (1, 0), (1, 1)], RESOURCE, "a", value=90.0, units="deg"),
        {
            "type": "angle",
            "identifier": "a",
            "scope": "image",
            "value": 90.0,
            "units": "deg",
            "geometry": {"points": [[0, 0, 0], [1, 0, 0], [1, 1, 0]], "coordinate_system": "pixel"},
        },
    ),
]


@pytest.mark.parametrize(("call", "wanted"), HELPERS)
def test_each_helper_sends_one_item(call: Callable[[Any], Any], wanted: dict[str, Any]) -> None:
    server = Recorder()
    assert call(api_with(server).annotations) == MARK
    assert server.items == [wanted | {"source": "imported"}]


def test_several_in_one_request_and_what_the_server_decides_is_not_sent() -> None:
    server = Recorder()
    read = Annotation(
        id=MARK, name="x", type="float", value=2.5, created_by="a", created_at="t", resource_id=RESOURCE, status="new"
    )
    assert api_with(server).annotations.create(RESOURCE, [read, {"type": "label", "identifier": "y", "scope": "image"}])
    sent = {"type": "float", "identifier": "x", "scope": "image", "value": 2.5, "confiability": 1.0}
    assert server.items == [sent, {"type": "label", "identifier": "y", "scope": "image"}]


def test_wrong_calls_send_nothing() -> None:
    server = Recorder()
    annotations = api_with(server).annotations
    with pytest.raises(ValueError, match="UUID"):
        annotations.add_label_annotation("../users", "x")
    with pytest.raises(Invalid, match="frame_range"):
        annotations.add_label_annotation(RESOURCE, "x", frame_range=(5, 5))
    with pytest.raises(Invalid, match="exclude"):
        annotations.add_label_annotation(RESOURCE, "x", frame_index=1, frame_range=(0, 2))
    with pytest.raises(ValueError, match="finite"):
        annotations.add_point_annotation((float("nan"), 0), RESOURCE, "x")
    with pytest.raises(ValueError, match="bbox"):
        annotations.create(RESOURCE, {"type": "bbox", "identifier": "x"})
    with pytest.raises(Invalid, match="three numbers"):
        annotations.add_line_annotation((0, 0), (1, 1), RESOURCE, "x", coords_system="patient")
    assert (server.items, server.others) == ([], [])


def test_masks_that_are_refused_leave_nothing() -> None:
    deleted: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/file"):
            return refusal(400, "the mask is 4 x 4 pixels and the image 8 x 8")
        if request.url.path.endswith("/delete-batch"):
            deleted.extend(json.loads(request.content)["ids"])
            return httpx.Response(200, json={})
        return httpx.Response(200, json=[MARK] * len(json.loads(request.content)))

    with pytest.raises(ValidationError, match="4 x 4"):
        api_with(handle).annotations.upload_segmentations(RESOURCE, np.ones((4, 4), np.uint8), "x")
    assert deleted == [MARK]


class ModelServer:
    """Ids in the order of what is made, and what was made, masked and deleted. ``refuses`` the n-th volume."""

    def __init__(self, refuses: int = 99) -> None:
        self.made: list[dict[str, Any]] = []
        self.masks: list[str] = []
        self.volumes: list[bytes] = []
        self.deleted: list[str] = []
        self.refuses = refuses

    def _new(self, count: int) -> httpx.Response:
        first = len(self.made) + 10 * len(self.volumes)
        return httpx.Response(200, json=[f"00000000-0000-4000-8000-{first + n:012d}" for n in range(count)])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/delete-batch"):
            self.deleted += json.loads(request.content)["ids"]
            return httpx.Response(200, json={})
        if path.endswith("/segmentations/file"):
            if len(self.volumes) == self.refuses:
                return refusal(400, "the volume is 2 x 2 x 2")
            self.volumes.append(request.read())
            return self._new(2)
        if path.endswith("/file"):
            self.masks.append(path.split("/")[-2])
            return httpx.Response(200, json={})
        answer = self._new(len(json.loads(request.content)))
        self.made += json.loads(request.content)
        return answer


def predictions() -> list[Annotation]:
    disc, volume = np.zeros((4, 6), np.uint8), np.zeros((2, 2, 2), np.uint8)
    disc[1, 2] = 255
    volume[0, 0, 0], volume[1, 1, 1] = 1, 2
    return [
        CategoryAnnotation(name="grade", scope="image", text_value="2"),
        VolumeSegmentation(name="organs", scope="image", segmentation_data=volume, class_map={1: "liver", 2: "spleen"}),
        ImageSegmentation(name="disc", scope="frame", frame_index=3, segmentation_data=disc),
        NumericAnnotation(name="score", scope="image", numeric_value=0.5),
        ImageSegmentation.from_dict({"name": "two", "scope": "frame", "mask": np.stack([disc, disc], axis=2)}),
    ]


def test_predictions_with_masks_in_order() -> None:
    server = ModelServer()
    ids = api_with(server).annotations.upload_predictions(RESOURCE, predictions(), model_name="net")
    assert [int(one[-12:]) for one in ids] == [0, 15, 16, 1, 2, 3, 4]
    assert [(one["identifier"], one.get("frame_index")) for one in server.made] == [
        ("grade", None),
        ("disc", 3),
        ("score", None),
        ("two", 0),
        ("two", 1),
    ]
    for one in server.made:
        assert (one["model_id"], one["is_model"], one["source"]) == ("net", True, "model_pipeline")
        assert "segmentation_data" not in one
    assert sorted(server.masks) == [ids[3], ids[5], ids[6]]
    assert b"model_pipeline" in server.volumes[0]
    assert b'{"1": "liver", "2": "spleen"}' in server.volumes[0]
    assert server.deleted == []


def test_predictions_all_or_nothing() -> None:
    server, several = ModelServer(refuses=1), predictions()
    with pytest.raises(ValidationError, match="2 x 2 x 2"):
        api_with(server).annotations.upload_predictions(RESOURCE, [*several, several[1]])
    assert len(server.deleted) == len(set(server.deleted)) == 7
    server = ModelServer()
    without = ImageSegmentation(name="disc", scope="frame", frame_index=0)
    with pytest.raises(Invalid, match=r"predictions\[5\].segmentation_data is missing: segmentation 'disc'"):
        api_with(server).annotations.upload_predictions(RESOURCE, [*several, without])
    assert (server.made, server.volumes, server.deleted) == ([], [], [])
    assert api_with(server).annotations.upload_predictions(RESOURCE, []) == []


def test_volume_arrays_are_sent_small_and_whole() -> None:
    import nibabel

    sent: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.read())
        return httpx.Response(200, json=[MARK])

    api: Api = api_with(handle)
    array = np.zeros((3, 4, 5), np.int64)
    array[1, 2, 3] = 300
    assert api.annotations.upload_volume_segmentation(RESOURCE, array, {300: "x"}) == [MARK]
    start = sent[0].index((348).to_bytes(4, "little"))
    image = nibabel.Nifti1Image.from_bytes(sent[0][start:])
    assert (image.shape, image.get_data_dtype(), int(np.asarray(image.dataobj)[1, 2, 3])) == ((3, 4, 5), np.uint16, 300)
    assert b'{"300": "x"}' in sent[0]
    with pytest.raises(Invalid, match="fractions"):
        api.annotations.upload_volume_segmentation(RESOURCE, array + 0.5)
    with pytest.raises(Invalid, match="three axes"):
        api.annotations.upload_volume_segmentation(RESOURCE, array[0])


ROWS = [
    ({"annotation_type": "segmentation", "scope": "frame", "frame_index": 0}, ImageSegmentation),
    ({"annotation_type": "segmentation", "scope": "image"}, VolumeSegmentation),
    ({"annotation_type": "category", "scope": "image", "value": "v"}, CategoryAnnotation),
    ({"annotation_type": "integer", "scope": "image", "value": 4}, NumericAnnotation),
    ({"annotation_type": "line", "scope": "frame", "geometry": {"points": [[0, 0, 0], [1, 1, 0]]}}, LineAnnotation),
    ({"annotation_type": "square", "scope": "frame", "geometry": [[0, 0, 0]] * 4}, BoxAnnotation),
    ({"annotation_type": "spline", "scope": "frame", "geometry": [[0, 0, None], [1, 1, 0]]}, Annotation),
    ({"annotation_type": "of-a-later-version", "scope": "image", "deleted": None, "confiability": None}, Annotation),
]


def test_a_list_with_every_kind() -> None:
    bodies: list[dict[str, Any]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        rows = [{"id": MARK, "identifier": "x", "resource_id": RESOURCE, **row} for row, _ in ROWS]
        return httpx.Response(200, json={"data": rows, "totalCount": len(rows)})

    found = api_with(handle).annotations.get_list(RESOURCE, annotation_type="line", deleted="include")
    assert [type(one) for one in found] == [kind for _, kind in ROWS]
    assert [one.value for one in found[2:4]] == ["v", 4]
    assert found[6].shape.points == ((0.0, 0.0, 0.0), (1.0, 1.0, 0.0))
    assert bodies == [
        {"annotation_type": "line", "deleted": "include", "resource_ids": [RESOURCE], "offset": "0", "limit": "5000"}
    ]
    assert api_with(handle).annotations.get_list([]) == []
    assert len(bodies) == 1


def test_grouped_by_resource_in_the_order_asked() -> None:
    other = "00000000-0000-4000-8000-00000000000f"
    rows = [{"id": MARK, "identifier": "x", "annotation_type": "label", "resource_id": RESOURCE}]
    api = api_with(lambda _: httpx.Response(200, json=rows))
    grouped = api.annotations.get_list([other, RESOURCE], group_by_resource=True)
    assert [len(group) for group in grouped] == [0, 1]


@pytest.mark.parametrize(
    ("call", "field", "words"),
    [
        (lambda note: note.add_point_annotation((1, float("nan")), RESOURCE, "p"), "points", "points[0].y is nan"),
        (
            lambda note: note.add_line_annotation((1, 2), (float("inf"), 2), RESOURCE, "l"),
            "points",
            "points[1].x is inf",
        ),
        (
            lambda note: note.add_box_annotation((1, 2), (float("nan"), 2), RESOURCE, "b"),
            "points",
            "points[1].x is nan",
        ),
        (
            lambda note: note.add_region_annotation([(1, 2), (1,)], RESOURCE, "r"),
            "points",
            "points[1] has 1 coordinates",
        ),
        (lambda note: note.add_region_annotation([(1, 2), "ab"], RESOURCE, "r"), "points", "points[1] is 'ab'"),
        (lambda note: note.add_point_annotation(("x", 1), RESOURCE, "p"), "points", "points[0].x is 'x', not a number"),
        (lambda note: note.add_geometry_annotation("star", [(1, 2)], RESOURCE, "s"), "type", "type is 'star'"),
        (lambda note: note.create_numeric_annotation(RESOURCE, "n", float("nan")), "value", "value is nan"),
        (lambda note: note.create(RESOURCE, {"type": "star", "identifier": "s"}), "type", "type is 'star'"),
        (lambda note: note.create(RESOURCE, {"identifier": "s"}), "type", "type is 'None'"),
        (
            lambda note: note.create(
                RESOURCE, {"type": "line", "geometry": {"points": [(0, 0, 0), (0, 1, float("-inf"))]}}
            ),
            "points",
            "points[1].z is -inf",
        ),
        (lambda note: note.create(RESOURCE, {"type": "line", "geometry": {"points": 3}}), "points", "points is 3"),
        (lambda note: note.set_frame_ranges(RESOURCE, "p", "star", {}), "type", "type is 'star'"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_sent(call: Any, field: str, words: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.method} {request.url} was sent")

    with pytest.raises(Invalid) as told:
        call(api_with(handler).annotations)
    assert words in str(told.value)
    assert told.value.details["field"] == field


def test_types_that_a_later_server_has_are_read_as_text() -> None:
    assert Annotation.from_dict({"identifier": "s", "type": "star"}).type == "star"


def test_history() -> None:
    told = [
        {"number": 1, "at": "2026-01-01T00:00:00.000000Z", "action": "create", "before": None, "after": {"value": "a"}}
    ]
    paths = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json=told)

    assert api_with(handler).annotations.history(MARK) == told
    assert paths == [f"/annotations/{MARK}/history"]
