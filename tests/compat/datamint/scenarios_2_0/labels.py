"""``APIHandler``: annotations, masks, worklists."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from scenarios.support import demo, raises
from scenarios_2_0.handler import handler


def scenario_categories_and_labels(c: Any) -> Any:
    api = handler(c)
    cine = api.upload_resource(demo(c, "echo_cine.dcm"))
    project = api.create_project(c.tag, "", [cine])
    worklist_id = api.get_project_by_id(project["id"])["worklist_id"]
    api.add_image_category_annotation(cine, "quality", "good", project=c.tag)
    api.add_frame_category_annotation(cine, (3, 5), "phase", "systole", worklist_id=worklist_id)
    label = api.add_annotations(cine, "rotated")
    many = api.add_annotations(cine, "valve", frame_index=(0, 2), value="open", imported_from="a table")
    assert len(label) == 1
    assert len(many) == 3
    rows = {row["id"]: row for row in api.get_annotations(resource_id=cine)}
    assert len(rows) == 1 + 3 + 1 + 3
    assert {row["frame_index"] for row in rows.values() if row["identifier"] == "phase"} == {3, 4, 5}
    assert [rows[i]["frame_index"] for i in many] == [0, 1, 2]
    assert rows[many[0]]["imported_from"] == "a table"
    quality = next(row for row in rows.values() if row["identifier"] == "quality")
    assert (quality["scope"], quality["value"], quality["annotation_worklist_id"]) == ("image", "good", worklist_id)
    assert {r["id"] for r in api.get_annotations(resource_id=cine, annotation_type="label")} == set(label)
    assert {r["id"] for r in api.get_annotations(worklist_id=worklist_id)} == set(rows), "all are the project's"
    assert list(api.get_annotations(worklist_id=str(uuid.uuid4()))) == []
    assert len(list(api.get_annotations(resource_id=cine, annotator_email=c.email, status="new"))) == len(rows)
    assert api.get_annotation_by_id(label[0])["identifier"] == "rotated"
    api.delete_annotation(label[0])
    assert label[0] not in {row["id"] for row in api.get_annotations(resource_id=cine)}
    raises(ValueError, api.add_annotations, cine, "x", project=c.tag, worklist_id=worklist_id)
    return {"resource": cine, "frames": {"phase": [3, 4, 5], "valve": [0, 1, 2]}, "deleted": label[0]}


def scenario_lines_and_boxes(c: Any) -> Any:
    """Boxes come with 2 corners, and a line without a frame with null in third place."""
    api = handler(c)
    eye = api.upload_resource(demo(c, "fundus.jpg"))
    cine = api.upload_resource(demo(c, "echo_cine.dcm"))
    mr = api.upload_resource(demo(c, "mr_series/0.dcm"))
    made = {
        "line": api.add_line_annotation((10, 20), (110, 220), eye, "vessel"),
        "box": api.add_box_annotation((64, 96), (256, 288), eye, "disc"),
        "line on a frame": api.add_line_annotation([0, 0], (10, 30), cine, "Line1", frame_index=2),
        "box on a frame": api.add_box_annotation((5, 6), (50, 60), cine, "chamber", frame_index=7),
        "line by metadata": api.add_line_annotation(
            (10, 20), (60, 90), mr, "rib", frame_index=0, dicom_metadata=demo(c, "mr_series/0.dcm")
        ),
    }
    told = api.get_annotation_by_id(made["line by metadata"][0])["geometry"]["points"]
    made["line of the patient"] = api.add_line_annotation(
        tuple(told[0]), tuple(told[1]), mr, "rib again", coords_system="patient", frame_index=0
    )
    assert all(len(ids) == 1 for ids in made.values())
    return {"ids": {name: ids[0] for name, ids in made.items()}, "eye": eye, "cine": cine, "mr": mr}


def scenario_masks(c: Any) -> Any:
    import nibabel as nib
    import numpy as np
    from PIL import Image

    api = handler(c)
    eye = api.upload_resource(demo(c, "fundus.jpg"))
    picture = np.zeros((1411, 1411), np.uint8)
    picture[100:200, 300:500] = 1
    picture[400:450, 300:500] = 2
    path = Path(c.tmp) / "mask.png"
    Image.fromarray(picture).save(path)
    png = api.upload_segmentations(eye, str(path), {1: "disc", 2: "cup"})
    cine = api.upload_resource(demo(c, "echo_cine.dcm"))
    frames = np.zeros((240, 320, 2), np.uint8)
    frames[50:100, 60:120, 0] = 255
    frames[20:40, 60:120, 1] = 255
    array = api.upload_segmentations(cine, frames, "ventricle", frame_index=[4, 9])
    head = api.upload_resource(demo(c, "mni152_t1.nii.gz"))
    source = nib.load(demo(c, "mni152_gm.nii.gz"))
    labels = (np.asarray(source.dataobj) > 127).astype(np.uint8)
    nib.save(nib.Nifti1Image(labels, source.affine), Path(c.tmp) / "grey.nii.gz")
    volume = api.upload_segmentations(head, str(Path(c.tmp) / "grey.nii.gz"), {1: "grey matter"})
    assert (len(png), len(array), len(volume)) == (2, 2, 1)
    disc = next(one for one in png if api.get_annotation_by_id(one)["identifier"] == "disc")
    body = api.download_segmentation_file(disc, Path(c.tmp) / "back.png")
    np.testing.assert_array_equal(np.asarray(Image.open(Path(c.tmp) / "back.png")) > 0, picture == 1)
    assert (Path(c.tmp) / "back.png").read_bytes() == body == api.get_segmentation_file(eye, disc)
    api.download_multiple_segmentations([*png, *array], c.tmp)
    assert (Path(c.tmp) / disc).read_bytes() == body
    wrong = Path(c.tmp) / "wrong.png"
    Image.fromarray(np.full((10, 20), 1, np.uint8)).save(wrong)
    raises(Exception, api.upload_segmentations, eye, str(wrong), {1: "disc"})
    return {"png": png, "array": array, "volume": volume, "eye": eye, "cine": cine, "head": head}


def scenario_upload_with_masks(c: Any) -> Any:
    import numpy as np
    from PIL import Image

    api = handler(c)
    mask = np.zeros((1411, 1411), np.uint8)
    mask[10:20, 30:60] = 255
    path = Path(c.tmp) / "mask.png"
    Image.fromarray(mask).save(path)
    eye = api.upload_resource(
        demo(c, "fundus.jpg"),
        segmentation_files={"files": [str(path)], "names": [{"default": "disc"}], "frame_index": [0]},
    )
    turned = api.upload_resource(
        demo(c, "fundus.jpg"),
        segmentation_files={"files": [str(path)], "names": [{"default": "disc"}], "frame_index": [0]},
        transpose_segmentation=True,
    )
    return {"straight": eye, "transposed": turned}


def scenario_worklists(c: Any) -> Any:
    from datamint.apihandler.base_api_handler import ResourceNotFoundError

    api = handler(c)
    project = api.create_project(c.tag, "", [api.upload_resource(demo(c, "fundus.jpg"))])
    worklist_id = api.get_project_by_id(project["id"])["worklist_id"]
    assert worklist_id in {one["id"] for one in api.get_annotation_worklist()}
    api.update_annotation_worklist(worklist_id, name=c.tag + " renamed", status="active")
    assert api.get_annotation_worklist_by_id(worklist_id)["name"] == c.tag + " renamed"
    assert worklist_id in {one["id"] for one in api.get_annotation_worklist(status="active")}
    assert worklist_id not in {one["id"] for one in api.get_annotation_worklist(status="completed")}
    specs = [{"type": "category", "identifier": "quality", "scope": "image", "required": True, "values": ["a", "b"]}]
    api.update_annotation_worklist(worklist_id, annotations=specs, image_labels=["rotated"], frame_labels=["systole"])
    raises(ResourceNotFoundError, api.get_annotation_worklist_by_id, str(uuid.uuid4()))
    return {"worklist": worklist_id, "name": c.tag + " renamed"}


def scenario_download_project(c: Any) -> Any:
    import zipfile

    import numpy as np

    api = handler(c)
    eye, ct = api.upload_resources([demo(c, "fundus.jpg"), demo(c, "ct_small.dcm")])
    project = api.create_project(c.tag, "", [eye, ct])
    mask = np.zeros((1411, 1411), np.uint8)
    mask[100:200, 300:500] = 255
    (annotation,) = api.upload_segmentations(eye, mask, "disc")
    api.add_image_category_annotation(eye, "quality", "good", project=c.tag)
    told = {}
    for name, options in (
        ("annotated", {"all_annotations": True}),
        ("all", {"all_annotations": True, "include_unannotated": True}),
    ):
        path = Path(c.tmp) / f"{name}.zip"
        api.download_project(project["id"], str(path), **options)
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            content = json.loads(archive.read("dataset.json"))
            names = set(archive.namelist())
        assert all(one["file"] in names for one in content["resources"])
        told[name] = sorted(one["id"] for one in content["resources"])
        first = next(one for one in content["resources"] if one["id"] == eye)
        assert {a.get("identifier", a.get("name")) for a in first["annotations"]} == {"disc", "quality"}
        segmentation = next(a for a in first["annotations"] if a.get("file"))
        assert segmentation["file"] in names
    return {"found": told, "eye": eye, "ct": ct, "annotation": annotation}


def scenario_experiments(c: Any) -> Any:
    api = handler(c)
    eye = api.upload_resource(demo(c, "fundus.jpg"))
    project = api.create_project(c.tag, "", [eye])
    project = api.get_project_by_id(project["id"])
    experiment_id = api.create_experiment(project["dataset_id"], c.tag, "a run", {"python": "3.11"})
    assert api.get_experiment_by_id(experiment_id)["name"] == c.tag
    assert experiment_id in {one["id"] for one in api.get_experiments()}
    assert api.get_experiment_by_name(c.tag, project)["id"] == experiment_id
    assert api.get_experiment_by_name("no such experiment", project) is None
    api.log_entry(experiment_id, {"type": "metric", "name": "dice", "value": 0.5, "epoch": 1})
    api.log_entry(experiment_id, {"type": "metric", "name": "dice", "value": 0.75, "epoch": 2})
    assert len(api.get_experiment_logs(experiment_id)) == 2
    api.log_summary(experiment_id, {"dice": 0.75})
    api.update_experiment(experiment_id, description="changed")
    changed = api.get_experiment_by_id(experiment_id)
    assert changed["description"] == "changed"
    return {"experiment": experiment_id, "project": project["id"]}


def scenario_model_of_an_experiment(c: Any) -> Any:
    """The client asks torch whether it was given a module; a file needs no torch."""
    import io
    import sys
    from types import ModuleType, SimpleNamespace

    torch = ModuleType("torch")
    torch.nn = SimpleNamespace(Module=type("Module", (), {}))  # type: ignore[attr-defined]
    sys.modules.setdefault("torch", torch)
    api = handler(c)
    project = api.get_project_by_id(api.create_project(c.tag, "", [])["id"])
    experiment_id = api.create_experiment(project["dataset_id"], c.tag, "", {})
    body, path = bytes(range(256)) * 40, Path(c.tmp) / "weights.pt"
    path.write_bytes(body)
    first = api.log_model(experiment_id, str(path), {"lr": "0.1"})
    second = api.log_model(experiment_id, io.BytesIO(body[:100]), {})
    return {"experiment": experiment_id, "models": [first["id"], second["id"]], "sizes": [len(body), 100]}
