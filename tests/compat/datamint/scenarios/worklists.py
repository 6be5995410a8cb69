from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from scenarios.support import api, demo, raises, without_torchvision

UNKNOWN = "00000000-0000-7000-8000-000000000000"
LIVER = {"identifier": "liver", "color": [255, 0, 0], "index": 1}
TUMOUR = {"identifier": "tumour", "color": [0, 255, 0], "index": 2}
SPECS = [
    {"type": "category", "identifier": "grade", "scope": "image", "required": True, "values": ["a", "b"]},
    {"type": "line", "identifier": "length", "scope": "frame", "required": False},
    {"type": "segmentation", "identifier": "liver", "scope": "frame", "required": False},
]


def _work(c: Any, **more: Any) -> tuple[Any, Any, Any, Any]:
    """Client, project, worklist and a CT slice of 128 x 128 in both."""
    client = api(c)
    slice_ = client.resources.get_by_id(client.resources.upload_resource(demo(c, "ct_small.dcm")))
    project = client.projects.create(c.tag, "", resource_ids=[slice_.id])
    worklist = client.annotationsets.create("Readers", [slice_.id], project=project, **more)
    return client, project, worklist, slice_


def _mask(c: Any, name: str, first_row: int, size: int = 128) -> str:
    import numpy as np
    from PIL import Image

    pixels = np.zeros((size, size), np.uint8)
    pixels[first_row : first_row + 5, 20:30] = 255
    path = Path(c.tmp) / f"{name}.png"
    Image.fromarray(pixels).save(path)
    return str(path)


def _rows(content: bytes) -> set[int]:
    """Rows in which the mask has something."""
    import numpy as np
    from PIL import Image

    return set(np.flatnonzero(np.asarray(Image.open(io.BytesIO(content))).any(axis=1)).tolist())


def _entry(identifier: str, **more: Any) -> dict[str, Any]:
    return {"identifier": identifier, "frame_index": 0, "width": 128, "height": 128, **more}


def scenario_worklist_s_schema_in_and_out(c: Any) -> None:
    client, project, worklist, slice_ = _work(
        c,
        description="for reading",
        annotations=SPECS,
        segmentation_data={"segmentationValueType": "multi_label", "definitions": [LIVER, TUMOUR]},
        viewable_ai_segmentations=["liver", "tumour"],
        editable_ai_segmentations=["liver"],
    )
    found = client.annotationsets.get_by_id(worklist.id)
    assert (found.name, found.description, found.resource_ids) == ("Readers", "for reading", [slice_.id])
    specs = [spec if isinstance(spec, dict) else spec.model_dump(mode="json") for spec in found.annotations]
    for told, given in zip(specs, SPECS, strict=True):
        assert {name: told[name] for name in given} == given
    assert found.segmentation_type == "multi_label"
    assert (found.viewable_ai_segs, found.editable_ai_segs) == (["liver", "tumour"], ["liver"])
    groups = client.annotationsets.get_segmentation_group(worklist.id)["groups"]
    assert groups == found.segmentation_group
    assert groups == {
        "liver": {"index": 1, "color": [255, 0, 0, 255]},
        "tumour": {"index": 2, "color": [0, 255, 0, 255]},
    }
    listed = {one.id: one for one in client.annotationsets.get_by_project(project)}
    assert listed[worklist.id].name == "Readers"


def scenario_worklist_changed_piece_by_piece(c: Any) -> None:
    without_torchvision()
    client, _, worklist, _ = _work(c)
    sets = client.annotationsets
    sets.patch(worklist.id, {"name": "Second readers", "annotations": SPECS[:1]})
    assert sets.get_by_id(worklist.id).name == "Second readers"
    sets.add_segments(worklist, ["liver", "tumour"])
    sets.add_segments(worklist.id, ["tumour", "vessel"])
    groups = sets.get_segmentation_group(worklist.id)["groups"]
    assert {name: one["index"] for name, one in groups.items()} == {"liver": 1, "tumour": 2, "vessel": 3}
    told = sets.get_by_id(worklist.id)
    names = [spec["identifier"] if isinstance(spec, dict) else spec.identifier for spec in told.annotations]
    assert names == ["grade", "liver", "tumour", "vessel"]
    sets.add_ai_segmentations(worklist, ["liver"], editable=False)
    sets.add_ai_segmentations(worklist, ["tumour"])
    told = sets.get_by_id(worklist.id)
    assert (told.viewable_ai_segs, told.editable_ai_segs) == (["liver", "tumour"], ["tumour"])


def scenario_segmentation_group_replaced_renamed_and_deleted(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client, _, worklist, slice_ = _work(
        c, segmentation_data={"segmentationValueType": "single_label", "definitions": [LIVER]}
    )
    sets = client.annotationsets
    (aid,) = client.annotations.upload_segmentations(slice_.id, _mask(c, "m", 5), "liver", worklist_id=worklist.id)
    sets.update_segmentation_group(worklist, [{**LIVER, "identifier": "hepar"}, TUMOUR], "multi_label", ["liver→hepar"])
    assert set(sets.get_segmentation_group(worklist.id)["groups"]) == {"hepar", "tumour"}
    assert sets.get_by_id(worklist.id).segmentation_type == "multi_label"
    assert client.annotations.get_by_id(aid).identifier == "hepar"  # labels follow
    sets.delete_segmentation_group(worklist.id, "tumour")
    assert set(sets.get_segmentation_group(worklist.id)["groups"]) == {"hepar"}
    raises(ItemNotFoundError, sets.delete_segmentation_group, worklist.id, "tumour", match="not found")
    raises(ValidationError, sets.update_segmentation_group, worklist, [LIVER, {**TUMOUR, "index": 1}], match="index")
    raises(ItemNotFoundError, sets.get_segmentation_group, UNKNOWN, match="not found")


def scenario_another_definition_in_another_worklist_is_refused(c: Any) -> None:
    """With two definitions of one identifier the client could not load the project as a dataset."""
    import httpx

    data = {"segmentationValueType": "single_label", "definitions": [LIVER]}
    client, project, _, slice_ = _work(c, annotations=SPECS, segmentation_data=data)
    sets = client.annotationsets

    def second(**more: Any) -> Any:
        return sets.create("Others", [slice_.id], project=project, **more)

    before = sorted(one.name for one in sets.get_by_project(project))
    for definition in ({**LIVER, "color": [1, 1, 1]}, {**LIVER, "index": 7}, {**TUMOUR, "index": 1}):
        wrong = {"segmentationValueType": "single_label", "definitions": [definition]}
        error = raises(httpx.HTTPStatusError, second, segmentation_data=wrong, match="409")
        assert "Readers" in error.response.json()["message"]
    raises(httpx.HTTPStatusError, second, annotations=[{**SPECS[0], "values": ["x"]}], match="409")
    assert sorted(one.name for one in sets.get_by_project(project)) == before
    other = second(annotations=SPECS, segmentation_data={**data, "definitions": [LIVER, TUMOUR]})
    assert set(sets.get_segmentation_group(other.id)["groups"]) == {"liver", "tumour"}


def scenario_project_with_two_worklists_loads_as_a_dataset(c: Any) -> None:
    """The client itself is the judge of whether the definitions agree."""
    without_torchvision()
    from datamint.dataset import ImageDataset

    data = {"segmentationValueType": "single_label", "definitions": [LIVER]}
    client, project, worklist, slice_ = _work(c, annotations=SPECS, segmentation_data=data)
    other = client.annotationsets.create("Others", [slice_.id], project=project)
    client.annotationsets.add_segments(other.id, ["tumour"])
    client.annotations.upload_segmentations(slice_.id, _mask(c, "a", 5), "liver", worklist_id=worklist.id)
    client.annotations.upload_segmentations(slice_.id, _mask(c, "b", 50), "tumour", worklist_id=other.id)
    dataset = ImageDataset(project=project.name, server_url=c.url, api_key=c.key)
    assert len(dataset) == 1
    assert {"liver", "tumour"} <= set(dataset.seglabel_list)


def scenario_resources_of_a_worklist(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError

    client, project, worklist, slice_ = _work(c)
    sets = client.annotationsets
    other = client.resources.upload_resource(demo(c, "fundus.jpg"))
    raises(ItemNotFoundError, sets.update_resources, worklist.id, [other], match="not found")  # not of the project
    client.projects.add_resources([other], project)
    assert isinstance(sets.update_resources(worklist.id, [other], [slice_.id]), dict)
    assert sets.get_by_id(worklist.id).resource_ids == [other]
    assert {one.id for one in client.projects.get_project_resources(project)} == {other, slice_.id}


def scenario_labels_by_worklist(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError

    client, _, worklist, slice_ = _work(c)
    sets = client.annotationsets
    (mask,) = client.annotations.upload_segmentations(slice_.id, _mask(c, "m", 5), "liver", worklist_id=worklist.id)
    grade = client.annotations.create_image_classification(slice_.id, "grade", "a", worklist_id=worklist.id)
    client.annotations.create_image_classification(slice_.id, "elsewhere", "b")  # in the project's main worklist
    for narrower in ({}, {"all": False}, {"annotator_email": c.email}):
        assert [row["id"] for row in sets.get_segmentations(worklist.id, slice_, **narrower)] == [mask]
        assert [row["id"] for row in sets.get_annotations(worklist.id, slice_.id, **narrower)] == [grade]
    assert sets.get_segmentations(worklist.id, slice_, annotator_email="nobody@example.org") == []
    (row,) = sets.get_annotations(worklist.id, slice_)
    assert (row["identifier"], row["text_value"], row["created_by"]) == ("grade", "a", c.email)
    raises(ItemNotFoundError, sets.get_segmentations, worklist.id, UNKNOWN, match="not found")
    raises(ItemNotFoundError, sets.get_annotations, UNKNOWN, slice_, match="not found")


def scenario_segmentations_of_models_by_worklist(c: Any) -> None:
    client, _, worklist, slice_ = _work(c)
    sets = client.annotationsets
    made = [
        {
            "type": "segmentation",
            "identifier": name,
            "scope": "frame",
            "frame_index": 0,
            "is_model": True,
            "model_id": "net",
        }
        for name in ("liver", "tumour")
    ]
    answer = client.annotations._make_request("POST", f"/annotations/{slice_.id}/annotations", json=made)
    ids = dict(zip(("liver", "tumour"), answer.json(), strict=True))
    client.annotations.upload_segmentations(slice_.id, _mask(c, "m", 5), "by hand", worklist_id=worklist.id)
    assert {row["id"] for row in sets.get_ai_segmentations(worklist.id, slice_)} == set(ids.values())
    sets.add_ai_segmentations(worklist, ["tumour"])
    (row,) = sets.get_ai_segmentations(worklist.id, slice_.id)
    assert (row["id"], row["is_model"], row["created_by_model"]) == (ids["tumour"], True, "net")


def scenario_masks_uploaded_by_worklist(c: Any) -> None:
    client, _, worklist, slice_ = _work(c)
    sets = client.annotationsets
    told = sets.upload_annotations(worklist.id, slice_, json.dumps([_entry("liver")]), [_mask(c, "m", 5)])
    (aid,) = told["ids"]
    assert told["created"] == [aid]
    assert _rows(client.annotations.download_file(aid)) == set(range(5, 10))
    found = client.annotations.get_by_id(aid)
    assert (found.identifier, found.frame_index, found.annotation_worklist_id) == ("liver", 0, worklist.id)

    with Path(_mask(c, "n", 40)).open("rb") as opened:
        told = sets.upload_annotations(worklist.id, slice_.id, json.dumps([_entry("liver", id=aid)]), [opened])
    assert told["updated"] == [aid]
    assert _rows(client.annotations.download_file(aid)) == set(range(40, 45))
    assert [row["id"] for row in sets.get_segmentations(worklist.id, slice_)] == [aid]


def scenario_geometry_uploaded_by_worklist(c: Any) -> None:
    """Without images the client sends the form url-encoded."""
    client, _, worklist, slice_ = _work(c)
    outline = {"points": [[1, 2, 0], [30, 2, 0], [30, 40, 0]], "closed": True, "coordinate_system": "pixel"}
    payload = [_entry("edge", geometry=outline), _entry("liver", set_name="draft")]
    told = client.annotationsets.upload_annotations(worklist.id, slice_, json.dumps(payload))
    edge, liver = (client.annotations.get_by_id(one) for one in told["ids"])
    assert (str(edge.annotation_type), str(liver.annotation_type)) == ("region", "segmentation")
    assert len(edge.geometry.points) == 3
    assert liver.set_name == "draft"
    client.annotations.upload_annotation_file(slice_.id, liver.id, _mask(c, "m", 5))
    assert _rows(client.annotations.download_file(liver.id)) == set(range(5, 10))


def scenario_bad_masks_by_worklist_are_refused(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client, _, worklist, slice_ = _work(c)
    upload, good, image = client.annotationsets.upload_annotations, _entry("liver"), _mask(c, "m", 5)

    def refused(kind: type[BaseException], entries: Any, images: Any, match: str, rid: str = slice_.id) -> None:
        text = entries if isinstance(entries, str) else json.dumps(entries)
        raises(kind, upload, worklist.id, rid, text, images, match=match)
        assert client.annotationsets.get_segmentations(worklist.id, slice_) == []

    # of several images the client sends the last one only
    refused(ValidationError, [good, _entry("b")], [image, _mask(c, "n", 9)], "1 images came for 2 entries")
    refused(ValidationError, [good], [_mask(c, "small", 2, size=20)], "20 x 20")
    refused(ValidationError, [{**good, "width": 64}], [image], "width is 64")
    refused(ValidationError, [{**good, "frame_index": 4}], [image], "out of range")
    refused(ValidationError, "no JSON", [image], "not JSON")
    refused(ItemNotFoundError, [{**good, "id": UNKNOWN}], [image], "not found")
    refused(ItemNotFoundError, [good], [image], "not found", rid=UNKNOWN)


def scenario_segmentation_group_from_files(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client, _, worklist, _ = _work(c)
    sets, folder = client.annotationsets, Path(c.tmp)
    (folder / "g.csv").write_text("identifier,index,color\nliver,1,#ff0000\ntumour,2,#00ff00\n")
    with (folder / "g.csv").open("rb") as opened:
        told = sets.upload_segmentation_group(worklist.id, opened)
    assert told["added"] == ["liver", "tumour"]
    groups = sets.get_segmentation_group(worklist.id)["groups"]
    assert groups == {
        "liver": {"index": 1, "color": [255, 0, 0, 255]},
        "tumour": {"index": 2, "color": [0, 255, 0, 255]},
    }
    told = sets.upload_segmentation_group(worklist.id, b"- {identifier: vessel, index: 5}\n", replace_existing=False)
    assert (told["added"], told["kept"]) == (["vessel"], ["liver", "tumour"])
    (folder / "g.json").write_text('{"liver": {"index": 1, "color": [0, 0, 255]}}')
    with (folder / "g.json").open("rb") as opened:
        told = sets.upload_segmentation_group(worklist.id, opened)
    assert (told["changed"], told["removed"]) == (["liver"], ["tumour", "vessel"])
    assert sets.get_segmentation_group(worklist.id)["groups"] == {"liver": {"index": 1, "color": [0, 0, 255, 255]}}
    raises(
        ValidationError, sets.upload_segmentation_group, worklist.id, b"- identifier: a\n  index: x\n", match="line 1"
    )
    (folder / "g.txt").write_text("liver")
    with (folder / "g.txt").open("rb") as opened:
        raises(ValidationError, sets.upload_segmentation_group, worklist.id, opened, match=".yaml")
    raises(ItemNotFoundError, sets.upload_segmentation_group, UNKNOWN, b"a: 1", match="not found")
    assert set(sets.get_segmentation_group(worklist.id)["groups"]) == {"liver"}


def scenario_upload_links_masks_to_a_worklist(c: Any) -> None:
    """As the client's own upload does with a project: worklist made or found, schema, then masks that name it."""
    without_torchvision()
    client = api(c)
    project = client.projects.create(c.tag, "")

    def upload(name: str, image: str, mask: str) -> str:
        segmentations = {"files": [mask], "names": [{"default": name}]}
        (rid,) = client.resources.upload_resources(
            [image], publish_to=project.name, segmentation_files=[segmentations], worklist="Imported"
        )
        return rid

    first = upload("liver", demo(c, "ct_small.dcm"), _mask(c, "a", 5))
    second = upload("tumour", demo(c, "mr_small.dcm"), _mask(c, "b", 9, size=64))
    (worklist,) = [one for one in client.annotationsets.get_by_project(project) if one.name == "Imported"]
    assert set(client.annotationsets.get_by_id(worklist.id).resource_ids) == {first, second}
    for rid, name in ((first, "liver"), (second, "tumour")):
        (row,) = client.annotationsets.get_segmentations(worklist.id, rid)
        assert row["identifier"] == name
    groups = client.annotationsets.get_segmentation_group(worklist.id)["groups"]
    assert {name: one["index"] for name, one in groups.items()} == {"liver": 1, "tumour": 2}
