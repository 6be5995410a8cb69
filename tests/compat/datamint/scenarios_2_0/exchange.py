"""What 2.0.0 writes for 2.45.0, and reads of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenarios.support import demo, file_sha256
from scenarios_2_0.endpoints import api as endpoints
from scenarios_2_0.handler import handler


def write(c: Any) -> Any:
    """Boxes with 2 corners, lines with null in third place, one row per frame, masks as colours, a volume."""
    import nibabel as nib
    import numpy as np

    api = handler(c)
    eye = api.upload_resource(demo(c, "fundus.jpg"), tags=["old"], channel=c.tag, modality="OP")
    cine = api.upload_resource(demo(c, "echo_cine.dcm"), channel=c.tag)
    head = api.upload_resource(demo(c, "mni152_t1.nii.gz"), channel=c.tag, modality="MR")
    project = api.create_project(c.tag, "written by the old client", [eye, cine, head])
    (line,) = api.add_line_annotation((10, 20), (110, 220), eye, "vessel", project=c.tag)
    (box,) = api.add_box_annotation((64, 96), (256, 288), eye, "disc", project=c.tag)
    (framed,) = api.add_box_annotation((5, 6), (50, 60), cine, "chamber", frame_index=7)
    api.add_frame_category_annotation(cine, (3, 5), "phase", "systole")
    api.add_image_category_annotation(cine, "quality", "good")
    masks = np.zeros((240, 320, 2), np.uint8)
    masks[50:100, 60:120, 0] = masks[20:40, 60:120, 1] = 255
    api.upload_segmentations(cine, masks, "ventricle", frame_index=[4, 9])
    source = nib.load(demo(c, "mni152_gm.nii.gz"))
    labels = (np.asarray(source.dataobj) > 127).astype(np.uint8)
    nib.save(nib.Nifti1Image(labels, source.affine), Path(c.tmp) / "grey.nii.gz")
    api.upload_segmentations(head, str(Path(c.tmp) / "grey.nii.gz"), {1: "grey matter"})
    return {
        "project": project["id"], "eye": eye, "cine": cine, "head": head, "line": line, "box": box, "framed": framed,
        "voxels": int(labels.sum()),
    }  # fmt: skip


def read(c: Any) -> None:
    """The new client's project, through the handler and through the endpoints."""
    import io

    import numpy as np
    from PIL import Image

    told, api, client = c.told, handler(c), endpoints(c)
    project = api.get_project_by_name(told["name"])
    assert project["id"] == told["project"]
    assert {r["id"] for r in api.get_project_resources(project["id"])} == {told["eye"], told["cine"]}
    assert {r.id for r in client.projects.get_project_resources(project["id"])} == {told["eye"], told["cine"]}
    eye = api.get_resources_by_ids(told["eye"])
    assert (set(eye["tags"]), eye["status"], eye["metadata"]["site"]) == ({"new"}, "published", "A")
    path = Path(c.tmp) / "eye.jpg"
    api.download_resource_file(told["eye"], save_path=str(path))
    assert file_sha256(path) == file_sha256(demo(c, "fundus.jpg"))
    rows = list(api.get_annotations(worklist_id=project["worklist_id"]))
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["identifier"], []).append(row)
    assert sorted(row["frame_index"] for row in by_name["phase"]) == list(range(10, 20)), "a range is one row per frame"
    assert {row["value"] for row in by_name["phase"]} == {"systole"}
    points = {name: row["geometry"]["points"] for name, (row, *_) in by_name.items() if row.get("geometry")}
    assert [p[:2] for p in points["vessel"]] == [[10, 20], [110, 220]]
    assert [p[:2] for p in points["disc"]] == [[64, 96], [256, 96], [64, 288], [256, 288]]
    assert [p[:2] for p in points["fovea"]] == [[700, 710]]
    assert (by_name["ef"][0]["numeric_value"], by_name["ef"][0]["units"]) == (55.5, "%")
    assert by_name["finding"][0]["value"] == "small effusion"
    (mask,) = by_name["ventricle"]
    pixels = np.argwhere(np.asarray(Image.open(io.BytesIO(api.download_segmentation_file(mask, None)))) > 0)
    assert (mask["frame_index"], pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()) == (3, [50, 60], [99, 119])
    listed = client.annotations.get_list(worklist_id=project["worklist_id"])
    assert {a.id for a in listed} == {row["id"] for row in rows}, "its entities take every row"
    api.delete_annotation(by_name["finding"][0]["id"])


def read_ours(c: Any) -> None:
    """Whatever our own client sent is listed, one resource after the other and in a project."""
    client = endpoints(c)
    listed = {r.id for r in client.resources.get_list(channel=c.told["channel"])}
    assert listed == set(c.told["resources"])
    assert {r.id for r in client.projects.get_project_resources(c.told["project"])} == listed
    assert {r["id"] for r in handler(c).get_resources(channel=c.told["channel"])} == listed
    assert c.told["project"] in {p.id for p in client.projects.get_all()}
    assert {a.resource_id for a in client.annotations.get_list(dataset_id=c.told["dataset"])} == listed
