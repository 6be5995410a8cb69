"""Worklists over HTTP: schemas that are the project's ontology, labels by worklist, masks saved together, group files.

Whatever is written is looked at through another address; a refusal leaves everything as it was.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.acceptance.support import got, new_video, send
from tests.demo_data import DEMO_DATA
from tests.running import Running

NOBODY = "00000000-0000-7000-8000-000000000000"
ROWS, COLUMNS, FRAMES = 48, 64, 6
LIVER = {"identifier": "liver", "color": [255, 0, 0], "index": 1}
TUMOUR = {"identifier": "tumour", "color": [0, 255, 0, 128], "index": 2}
VIEW = {
    "type": "category",
    "identifier": "view",
    "scope": "image",
    "required": True,
    "color": None,
    "values": ["a", "b"],
}
NODULE = {"type": "square", "identifier": "nodule", "scope": "frame", "required": False, "color": [1, 2, 3, 255]}


@dataclass(frozen=True)
class Bench:
    """A project with a video and a picture, and a worklist over the video alone."""

    client: httpx.Client
    pid: str
    wid: str
    video: str
    picture: str

    def path(self, what: str, rid: str | None = None) -> str:
        return f"/annotationsets/{self.wid}/resources/{rid or self.video}/{what}"

    def save(self, entries: Any, images: list[bytes] | None = None, rid: str | None = None) -> httpx.Response:
        payload = entries if isinstance(entries, str) else json.dumps(entries)
        files = [("images", (f"{n}.png", image, "image/png")) for n, image in enumerate(images or [])]
        return self.client.post(self.path("segmentations", rid), data={"payload": payload}, files=files or None)

    def segmentations(self, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = got(self.client, self.path("segmentations"), **params)
        return found

    def everything(self) -> list[dict[str, Any]]:
        """All labels of the resources, by the other address."""
        body = {"resource_ids": [self.video, self.picture], "deleted": True}
        found: list[dict[str, Any]] = self.client.post("/annotations/search", json=body).json()["data"]
        return found

    def mask(self, aid: str) -> npt.NDArray[np.uint8]:
        answer = self.client.get(f"/annotations/{self.video}/annotations/{aid}/file")
        assert answer.status_code == 200, answer.text
        return np.asarray(Image.open(io.BytesIO(answer.content)))


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture
def bench(client: httpx.Client) -> Bench:
    video = send(client, "a.mp4", new_video(FRAMES, COLUMNS, ROWS))
    picture = send(client, "fundus.jpg", (DEMO_DATA / "fundus.jpg").read_bytes())
    pid = made(client, "/projects", name=f"worklists {uuid.uuid4()}", resource_ids=[video, picture])["id"]
    wid = made(client, "/annotationsets", name="first", project_id=pid, resource_ids=[video])["id"]
    return Bench(client, pid, wid, video, picture)


def made(client: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(answer: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    body: dict[str, Any] = answer.json()
    assert [word for word in words if word not in body["message"]] == [], body["message"]
    return body


def png(mask: npt.NDArray[Any]) -> bytes:
    out = io.BytesIO()
    Image.fromarray((mask * 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def some_mask(seed: int, rows: int = ROWS, columns: int = COLUMNS) -> npt.NDArray[np.uint8]:
    found = np.zeros((rows, columns), np.uint8)
    found[seed : seed + 9, 2 * seed : 2 * seed + 5] = 1
    return found


def entry(identifier: str, frame: int, **more: Any) -> dict[str, Any]:
    return {"identifier": identifier, "frame_index": frame, "width": COLUMNS, "height": ROWS, **more}


# -- the schema is the project's ontology ----------------------------------------------------------------------------------


def test_specs_come_back_exactly(bench: Bench) -> None:
    both = [{**VIEW, "identifier": "quality", "scope": scope} for scope in ("image", "frame")]
    segments = {"type": "segmentation", "identifier": "liver", "scope": "frame", "required": False, "color": None}
    specs = [NODULE, *both, VIEW, {**segments, "color": [255, 0, 0, 255]}]
    wid = made(
        bench.client,
        "/annotationsets",
        name="exact",
        project_id=bench.pid,
        annotations=specs,
        segmentation_data={"segmentationValueType": "multi_label", "definitions": [LIVER, TUMOUR]},
    )["id"]
    shown = got(bench.client, f"/annotationsets/{wid}")
    assert shown["annotations"] == specs
    assert shown["segmentation_type"] == "multi_label"
    assert shown["segmentation_group"] == {
        "liver": {"index": 1, "color": [255, 0, 0, 255]},
        "tumour": {"index": 2, "color": [0, 255, 0, 128]},
    }
    assert got(bench.client, f"/annotationsets/{wid}/segmentation-group") == {"groups": shown["segmentation_group"]}
    listed = {one["id"]: one for one in got(bench.client, f"/projects/{bench.pid}/worklists")}
    assert listed[wid]["annotations"] == specs
    main = next(one for one in listed.values() if one["name"] == "Main")
    assert {one["identifier"] for one in main["annotations"]} == {"nodule", "quality", "view", "liver", "tumour"}


def test_another_definition_of_one_thing_is_refused(bench: Bench) -> None:
    group = {"segmentationValueType": "single_label", "definitions": [LIVER]}
    body = {"project_id": bench.pid, "annotations": [VIEW, NODULE], "segmentation_data": group}
    first = made(bench.client, "/annotationsets", name="owner", **body)["id"]
    before = got(bench.client, f"/projects/{bench.pid}/worklists")
    post = "/annotationsets"
    for changed, words in (
        ({"annotations": [{**VIEW, "values": ["a", "c"]}]}, ["'view' has values 'a', 'b'", "'owner'"]),
        ({"annotations": [{**VIEW, "required": False}]}, ["'view' has required True"]),
        ({"annotations": [{**NODULE, "scope": "image"}]}, ["'nodule' has scope 'frame'"]),
        ({"annotations": [{**NODULE, "color": [3, 2, 1, 255]}]}, ["'nodule' has color '#010203'"]),
        ({"segmentation_data": {"definitions": [{**LIVER, "color": [0, 0, 1]}]}}, ["'liver' has color '#ff0000'"]),
        ({"segmentation_data": {"definitions": [{**LIVER, "index": 3}]}}, ["'liver' has index 1"]),
        ({"segmentation_data": {"definitions": [{**TUMOUR, "index": 1}]}}, ["index 1 is 'liver'", "another index"]),
    ):
        refused(bench.client.post(post, json={"name": "second", "project_id": bench.pid, **changed}), 409, *words)
        refused(bench.client.patch(f"/annotationsets/{bench.wid}", json=changed), 409, *words)
    whole = {"segmentationData": {"definitions": [{**LIVER, "color": [0, 0, 1]}]}}
    refused(bench.client.put(f"/annotationsets/{bench.wid}/segmentation-group", json=whole), 409, "'liver' has color")
    renamed = {"segmentationData": group, "renames": {"liver": "hepar"}}
    refused(bench.client.put(f"/annotationsets/{bench.wid}/segmentation-group", json=renamed), 409, "rename it there")
    refused(bench.client.delete(f"/annotationsets/{bench.wid}/segmentation-group/liver"), 409, "delete it there")
    assert got(bench.client, f"/projects/{bench.pid}/worklists") == before
    twice = {"annotations": [VIEW, {**VIEW, "values": ["x"]}]}
    refused(bench.client.patch(f"/annotationsets/{first}", json=twice), 400, "'view' (radio) twice")
    # the same definition is no other one; whoever made it may change it, and everybody sees that
    made(bench.client, post, name="alike", project_id=bench.pid, annotations=[{**VIEW, "values": ["b", "a"]}])
    assert got(bench.client, f"/annotationsets/{first}")["annotations"] == [VIEW, NODULE]
    answer = bench.client.patch(f"/annotationsets/{first}", json={"annotations": [{**VIEW, "values": ["a", "b", "c"]}]})
    assert answer.status_code == 200
    views = [
        spec["values"]
        for one in got(bench.client, f"/projects/{bench.pid}/worklists")
        for spec in one["annotations"]
        if spec["identifier"] == "view"
    ]
    assert views == [["a", "b", "c"]] * 4  # two sets that show all there is, the owner, and the one that names it alike


def test_what_only_labels_made_takes_the_first_definition(bench: Bench) -> None:
    """Two segments that labels made have indices 1 and 2; a worklist that defines them otherwise is the first to do so."""
    assert bench.save([entry("tumour", 0), entry("liver", 0)]).status_code == 200
    answer = bench.client.patch(f"/annotationsets/{bench.wid}", json={"segmentation_data": {"definitions": [LIVER]}})
    assert answer.status_code == 200, answer.text
    group = got(bench.client, f"/annotationsets/{bench.wid}/segmentation-group")["groups"]
    assert group["liver"] == {"index": 1, "color": [255, 0, 0, 255]}
    assert group["tumour"]["index"] > 1


def test_old_clients_change_label_names_by_scope(bench: Bench) -> None:
    path = f"/annotationsets/{bench.wid}"
    bench.client.patch(
        path, json={"annotations": [VIEW], "frame_labels": ["blurred"], "image_labels": ["blurred", "old"]}
    )
    shown = got(bench.client, path)
    assert (shown["frame_labels"], shown["image_labels"]) == (["blurred"], ["blurred", "old"])
    answer = bench.client.patch(path, json={"frame_labels": ["dark"], "status": "active", "name": "renamed"})
    assert answer.status_code == 200, answer.text
    shown = got(bench.client, path)
    assert (shown["frame_labels"], shown["image_labels"]) == (["dark"], ["blurred", "old"])
    assert VIEW in shown["annotations"]
    assert (shown["status"], shown["name"]) == ("active", "renamed")
    bench.client.patch(path, json={"annotations": [NODULE]})
    assert got(bench.client, path)["annotations"] == [NODULE]


def test_the_list_is_narrowed_by_status_and_paged(bench: Bench) -> None:
    word = uuid.uuid4().hex[:12]
    ids = [made(bench.client, "/annotationsets", name=f"n{n}", project_id=bench.pid)["id"] for n in range(3)]
    for wid in ids:
        assert bench.client.patch(f"/annotationsets/{wid}", json={"status": word}).status_code == 200
    whole = got(bench.client, "/annotationsets", status=word)
    assert ([one["id"] for one in whole["data"]], whole["totalCount"]) == (ids, 3)
    page = got(bench.client, "/annotationsets", status=word, offset=1, limit=1)
    assert ([one["id"] for one in page["data"]], page["totalCount"]) == (ids[1:2], 3)
    one = got(bench.client, f"/annotationsets/{ids[0]}")
    assert {name: one[name] for name in whole["data"][0]} == whole["data"][0]
    assert got(bench.client, "/annotationsets", status="no such status") == {
        "data": [],
        "totalCount": 0,
        "totalCountIsExact": True,
    }


# -- labels by worklist ----------------------------------------------------------------------------------------------------


def test_masks_are_saved_together_and_replaced(bench: Bench) -> None:
    masks = [some_mask(n) for n in range(3)]
    entries = [entry("liver", 0), entry("tumour", 0, set_name="draft"), entry("liver", 5)]
    told = bench.save(entries, [png(mask) for mask in masks]).json()
    assert told == {"ids": told["ids"], "created": told["ids"], "updated": [], "unchanged": []}
    rows = {one["id"]: one for one in bench.segmentations()}
    shown = [(rows[i]["identifier"], rows[i]["frame_index"], rows[i]["set_name"]) for i in told["ids"]]
    assert shown == [("liver", 0, None), ("tumour", 0, "draft"), ("liver", 5, None)]
    assert {one["annotation_worklist_id"] for one in rows.values()} == {bench.wid}
    assert {one["source"] for one in rows.values()} == {"manual"}
    assert all(np.array_equal(bench.mask(aid), mask * 255) for aid, mask in zip(told["ids"], masks, strict=True))

    first, second, third = told["ids"]
    other = some_mask(7)
    again = [
        entry("liver", 0, id=first),
        entry("metastasis", 0, id=second),
        entry("new", 1),
        entry("liver", 5, id=third),
    ]
    images = [png(other), png(masks[1]), png(masks[0]), png(masks[2])]
    told = bench.save(again, images).json()
    assert told["ids"][:2] == [first, second]
    assert (told["created"], told["updated"], told["unchanged"]) == ([told["ids"][2]], [first, second], [third])
    assert np.array_equal(bench.mask(first), other * 255)
    rows = {one["id"]: one for one in bench.segmentations()}
    assert (rows[second]["identifier"], rows[second]["set_name"]) == ("metastasis", "draft")
    assert (rows[first]["revision"], rows[second]["revision"], rows[third]["revision"]) == (2, 2, 1)
    assert rows[first]["associated_file"] != rows[third]["associated_file"]
    history = got(bench.client, f"/annotations/{first}/history")
    assert [one["action"] for one in history] == ["create", "update"]
    unchanged = bench.save([entry("liver", 0, id=first)], [png(other)]).json()
    assert unchanged["unchanged"] == [first]
    assert len(got(bench.client, f"/annotations/{first}/history")) == 2


def test_without_images_the_form_is_url_encoded(bench: Bench) -> None:
    outline = {"points": [[1, 2, 3], [10, 2, 3], [10, 12, 3]], "closed": True, "coordinate_system": "pixel"}
    told = bench.save([entry("edge", 3, geometry=outline), entry("liver", 3)]).json()
    edge, liver = told["created"]
    (shape,) = got(bench.client, bench.path("annotations"))
    assert (shape["id"], shape["annotation_type"], shape["frame_index"]) == (edge, "region", 3)
    assert shape["geometry"]["points"] == outline["points"]
    (mask,) = bench.segmentations()
    assert (mask["id"], mask["associated_file"]) == (liver, None)  # it waits for its file
    answer = bench.client.post(
        f"/annotations/{bench.video}/annotations/{liver}/file", files={"file": ("liver", png(some_mask(1)))}
    )
    assert answer.status_code == 200, answer.text
    moved = {**outline, "points": [[2, 2, 3], [11, 2, 3], [11, 12, 3]]}
    told = bench.save([entry("edge", 3, id=edge, geometry=moved), entry("hepar", 3, id=liver)]).json()
    assert told["updated"] == [edge, liver]
    assert got(bench.client, f"/annotations/{edge}")["geometry"]["points"] == moved["points"]
    assert got(bench.client, f"/annotations/{liver}")["identifier"] == "hepar"
    assert np.array_equal(bench.mask(liver), some_mask(1) * 255)  # it keeps its mask


def test_a_geometry_beside_a_mask(bench: Bench) -> None:
    line = {"points": [[1, 1, 0], [5, 5, 0]]}
    entries = [entry("length", 0, type="line", geometry=line), entry("liver", 0)]
    assert bench.save(entries, [png(some_mask(2))]).status_code == 200
    (shape,), (mask,) = got(bench.client, bench.path("annotations")), bench.segmentations()
    assert (shape["annotation_type"], shape["identifier"]) == ("line", "length")
    assert np.array_equal(bench.mask(mask["id"]), some_mask(2) * 255)


def test_whose_labels(bench: Bench, running: Running) -> None:
    address = f"{uuid.uuid4().hex}@example.org"
    assert bench.client.post("/users", json={"email": address, "roles": ["annotator"]}).status_code == 200
    credited = [
        {
            "type": "segmentation",
            "identifier": "theirs",
            "scope": "frame",
            "frame_index": 1,
            "import_author": address,
            "annotation_worklist_id": bench.wid,
        }
    ]
    answer = bench.client.post(f"/annotations/{bench.video}/annotations", json=credited)
    assert answer.status_code == 200, answer.text
    assert bench.save([entry("mine", 0)]).status_code == 200
    names = {one["identifier"] for one in bench.segmentations()}
    assert names == {"mine", "theirs"}
    assert {one["identifier"] for one in bench.segmentations(annotator=address)} == {"theirs"}
    assert bench.segmentations(annotator="nobody@example.org") == []
    assert {one["identifier"] for one in bench.segmentations(all="false")} == {
        "mine",
        "theirs",
    }  # written by me, all of it
    assert bench.segmentations(all="true", annotator=running.email) == bench.segmentations(all="false")


def test_segmentations_of_models(bench: Bench) -> None:
    def label(identifier: str, **more: Any) -> dict[str, Any]:
        return {"type": "segmentation", "identifier": identifier, "scope": "frame", "frame_index": 0, **more}

    path = f"/annotations/{bench.video}/annotations"
    made_by = {"model_id": "net", "is_model": True}
    bench.client.post(path, json=[label("liver", **made_by), label("tumour", **made_by), label("hand")])
    names = [one["identifier"] for one in got(bench.client, bench.path("ai_segmentations"))]
    assert names == ["liver", "tumour"]
    assert bench.segmentations() == []  # they are in the main set
    for viewable, editable, wanted in (
        (["tumour"], None, ["tumour"]),
        (["tumour"], ["liver"], ["liver", "tumour"]),
        ([], None, []),
        (None, None, ["liver", "tumour"]),
    ):
        body = {"viewable_ai_segmentations": viewable, "editable_ai_segmentations": editable}
        assert bench.client.patch(f"/annotationsets/{bench.wid}", json=body).status_code == 200
        assert [one["identifier"] for one in got(bench.client, bench.path("ai_segmentations"))] == wanted


def test_what_is_refused_leaves_nothing(bench: Bench) -> None:
    good, image = entry("liver", 0), png(some_mask(1))
    (mine,) = bench.save([good], [image]).json()["ids"]
    line = {
        "type": "line",
        "identifier": "l",
        "scope": "frame",
        "frame_index": 0,
        "geometry": {"points": [[0, 0, 0], [1, 1, 0]]},
    }
    (other,) = bench.client.post(f"/annotations/{bench.video}/annotations", json=[line]).json()
    before = bench.everything()
    small = png(some_mask(1, 8, 8))
    for entries, images, status, words in (
        ([good, entry("b", 1)], [image], 400, ["1 images came for 2 entries"]),
        ([good], [image, image], 400, ["2 images came for 1 entries"]),
        ([entry("a", 0, geometry={"points": [[0, 0, 0], [4, 4, 0]]})], [image], 400, ["1 images came for 0 entries"]),
        ([good, entry("b", 1)], [image, small], 400, ["image of entry 1", "8 x 8"]),
        ([good, entry("b", 1)], [image, b"no image"], 400, ["image of entry 1"]),
        ([good, {**good, "width": 10}], [image, image], 400, ["entry 1: width is 10", "64 x 48"]),
        ([{**good, "height": 47}], [image], 400, ["entry 0: height is 47"]),
        ([entry("a", FRAMES)], [image], 400, ["out of range", "frames 0 to 5"]),
        ([{**good, "frame_index": None}], [image], 400, ["frame_index is missing"]),
        ([{**good, "identifier": ""}], [image], 400, ["identifier"]),
        ([{**good, "frame": 1}], [image], 400, ["'[0].frame'"]),
        ([{**good, "id": "x"}], [image], 400, ["id"]),
        ([{**good, "id": NOBODY}], [image], 404, [NOBODY, " not found"]),
        ([{**good, "id": mine}, {**good, "id": mine}], [image, image], 400, ["entries 0 and 1 have one id"]),
        ([{**good, "id": mine, "frame_index": 1}], [image], 400, ["is on frame 0, not on frame 1"]),
        ([{**good, "id": other}], [image], 404, ["not found on resource", bench.wid]),
        (
            [entry("a", 0, id=mine, geometry={"points": [[0, 0, 0], [4, 4, 0]]})],
            None,
            400,
            ["segmentation has no geometry"],
        ),
        ([entry("a", 0, type="wrong", geometry={"points": []})], None, 400, ["type"]),
        ({"not": "a list"}, None, 400, ["payload must be a JSON array"]),
        ("[", None, 400, ["payload is not JSON"]),
        (["x"], None, 400, ["payload[0]"]),
    ):
        refused(bench.save(entries, images), status, *words)
        assert bench.everything() == before
    refused(bench.client.post(bench.path("segmentations"), data={"x": "y"}), 400, "no field 'payload'")
    refused(bench.client.post(bench.path("segmentations"), json=[good]), 400, "multipart/form-data")
    refused(bench.save([good], [image], rid=bench.picture), 404, bench.picture, "not found in annotation set 'first'")
    refused(bench.save([good], [image], rid=NOBODY), 404, " not found")
    assert bench.everything() == before
    assert bench.save([]).json() == {"ids": [], "created": [], "updated": [], "unchanged": []}


def test_a_deleted_label_and_an_archived_project_stay_as_they_are(bench: Bench) -> None:
    good, image = entry("liver", 0), png(some_mask(1))
    (mine,) = bench.save([good], [image]).json()["ids"]
    assert bench.client.delete(f"/annotations/{mine}").status_code == 200
    refused(bench.save([{**good, "id": mine}], [image]), 409, "deleted")
    assert bench.segmentations() == []
    assert bench.client.delete(f"/projects/{bench.pid}").status_code == 200
    refused(bench.save([good], [image]), 409, "archived")
    group = {"file": ("a.json", b'[{"identifier": "x"}]')}
    refused(bench.client.post(f"/annotationsets/{bench.wid}/segmentation-group/upload", files=group), 409, "archived")
    refused(bench.client.patch(f"/annotationsets/{bench.wid}", json={"annotations": [VIEW]}), 409, "archived")
    assert got(bench.client, f"/annotationsets/{bench.wid}")["annotations"][0]["identifier"] == "liver"


def test_reading_needs_a_set_and_a_resource_of_it(bench: Bench) -> None:
    for what in ("segmentations", "annotations", "ai_segmentations"):
        refused(bench.client.get(bench.path(what, NOBODY)), 404, " not found")
        refused(bench.client.get(bench.path(what, bench.picture)), 404, "not found in annotation set 'first'")
        refused(bench.client.get(f"/annotationsets/{NOBODY}/resources/{bench.video}/{what}"), 404, " not found")
        refused(bench.client.get(bench.path(what, "x")), 400, "UUID")
    refused(bench.client.get(bench.path("annotations"), params={"all": "perhaps"}), 400, "all")


# -- group files -----------------------------------------------------------------------------------------------------------


def test_a_group_file_says_what_it_did(bench: Bench) -> None:
    def upload(name: str, content: bytes, **data: str) -> dict[str, Any]:
        answer = bench.client.post(path, files={"file": (name, content)}, data=data)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return {key: found[key] for key in ("added", "changed", "kept", "removed")}

    path = f"/annotationsets/{bench.wid}/segmentation-group/upload"
    told = upload("g.csv", b"identifier,index,color\nliver,1,#ff0000\ntumour,2,#00ff00\nvessel,3,#0000ff\n")
    assert told == {"added": ["liver", "tumour", "vessel"], "changed": [], "kept": [], "removed": []}
    assert bench.save([entry("vessel", 0)]).status_code == 200
    told = upload("g.yaml", b"liver: {index: 1, color: [255, 0, 0]}\ntumour: {index: 2, color: [9, 9, 9]}\nnew: 5\n")
    assert told == {"added": ["new"], "changed": ["tumour"], "kept": ["liver", "vessel"], "removed": []}
    told = upload(
        "g.json", b'[{"identifier": "liver", "color": [7, 7, 7]}, {"name": "late"}]', replace_existing="false"
    )
    assert told["added"] == ["late"]
    assert told["kept"] == ["liver", "tumour", "vessel", "new"]
    told = upload("g.json", b'{"liver": 1}')
    assert (told["kept"], told["removed"]) == (["liver", "vessel"], ["tumour", "late", "new"])  # a label is a vessel
    group = got(bench.client, f"/annotationsets/{bench.wid}/segmentation-group")["groups"]
    assert {name: one["index"] for name, one in group.items()} == {"liver": 1, "vessel": 3}
    assert group["liver"]["color"] == [255, 0, 0, 255]


def test_a_wrong_group_file_changes_nothing(bench: Bench) -> None:
    path = f"/annotationsets/{bench.wid}/segmentation-group/upload"
    made(
        bench.client,
        "/annotationsets",
        name="owner",
        project_id=bench.pid,
        segmentation_data={"segmentationValueType": "single_label", "definitions": [LIVER]},
    )
    before = got(bench.client, f"/annotationsets/{bench.wid}/segmentation-group")
    for name, content, status, words in (
        ("g.csv", b"identifier,index\na,1\nb,1\n", 400, ["g.csv: row 3", "index 1"]),
        ("g.yaml", b"- identifier: a\n  index: -1\n", 400, ["g.yaml: line 1"]),
        ("g.json", b"{", 400, ["g.json: line 1"]),
        ("g.txt", b"a: 1", 422, [".yaml, .yml, .csv, .json"]),
        ("g.yaml", b"tumour: {index: 1}\n", 409, ["index 1 is 'liver'", "'owner'"]),
        ("g.yaml", b"liver: {color: '#000000'}\n", 409, ["'liver' has color '#ff0000'"]),
        ("g.json", b" " * (10 << 20) + b"[]", 413, ["over the limit of 10485760 bytes"]),
    ):
        refused(bench.client.post(path, files={"file": (name, content)}), status, *words)
        assert got(bench.client, f"/annotationsets/{bench.wid}/segmentation-group") == before
    good = {"file": ("g.json", b'{"x": 9}')}
    refused(bench.client.post(path, files=good, data={"replace_existing": "perhaps"}), 400, "replace_existing")
    refused(bench.client.post(path, data={"replace_existing": "true"}), 400, "no file 'file'")
    refused(bench.client.post(path, files=[("file", good["file"]), ("file", good["file"])]), 400, "more than 1 files")
    refused(bench.client.post(f"/annotationsets/{NOBODY}/segmentation-group/upload", files=good), 404, " not found")
    assert got(bench.client, f"/annotationsets/{bench.wid}/segmentation-group") == before


def test_renames_in_every_form(bench: Bench) -> None:
    path = f"/annotationsets/{bench.wid}/segmentation-group"
    hashes = [{"identifier": "a", "index": 1, "color": [1, 1, 1]}]
    for number, renames in enumerate(({"a": "b"}, [{"from": "b", "to": "c"}], [["c", "d"]], ["d→e"], ["e -> f"])):
        definitions = [{**hashes[0], "identifier": "abcdef"[number]}]
        assert bench.client.put(path, json={"segmentationData": {"definitions": definitions}}).status_code == 200
        definitions = [{**hashes[0], "identifier": "abcdef"[number + 1]}]
        body = {"segmentationData": {"definitions": definitions}, "renames": renames}
        answer = bench.client.put(path, json=body)
        assert answer.status_code == 200, answer.text
        assert list(got(bench.client, path)["groups"]) == ["abcdef"[number + 1]]
    for wrong in (["a"], [["a", "b", "c"]], [5], [{"from": "a"}]):
        body = {"segmentationData": {"definitions": []}, "renames": wrong}
        refused(bench.client.put(path, json=body), 400, "renames[0]")
    for wrong, words in (("a->b", "'old→new'"), (["a", "b"], "renames[0]"), ({"a": 5}, "'a'"), (5, "mapping")):
        body = {"segmentationData": {"definitions": []}, "renames": wrong}
        refused(bench.client.put(path, json=body), 400, words)
    assert list(got(bench.client, path)["groups"]) == ["f"]
