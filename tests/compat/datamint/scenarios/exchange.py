"""What 2.45.0 writes for 2.0.0, and reads of it."""

from __future__ import annotations

from typing import Any

from scenarios.support import api, demo, without_torchvision


def read(c: Any) -> None:
    """The old client's project: every row is taken, whatever words it was written in."""
    import gzip

    import nibabel as nib
    import numpy as np

    without_torchvision()
    told, client = c.told, api(c)
    project = client.projects.get_by_id(told["project"])
    resources = {r.id: r for r in project.fetch_resources()}
    assert set(resources) == {told["eye"], told["cine"], told["head"]}
    eye = resources[told["eye"]]
    assert (eye.kind, eye.tags, eye.modality) == ("image", ["old"], "OP")
    found = client.annotations.get_list(resource=list(resources.values()))
    places = {a.id: a for a in found}
    assert [list(p)[:2] for p in places[told["line"]].geometry.points] == [[10, 20], [110, 220]]
    box = [list(p)[:2] for p in places[told["box"]].geometry.points]
    assert box == [[64, 96], [256, 96], [64, 288], [256, 288]], "2 corners became 4"
    framed = places[told["framed"]]
    assert (framed.scope, framed.frame_index) == ("frame", 7)
    assert [list(p)[:2] for p in framed.geometry.points] == [[5, 6], [50, 6], [5, 60], [50, 60]]
    phase = sorted(a.frame_index for a in found if a.identifier == "phase")
    assert phase == [3, 4, 5]
    ranges = [r for r in client.annotations.get_frame_ranges(resources[told["cine"]]) if r["identifier"] == "phase"]
    assert [r["frame_ranges"] for r in ranges] == [[(3, 6)]], "rows of frames are a half-open range"
    quality = next(a for a in found if a.identifier == "quality")
    assert (quality.value, quality.scope) == ("good", "image")
    masks = {a.frame_index: a for a in found if a.identifier == "ventricle"}
    assert set(masks) == {4, 9}
    pixels = np.argwhere(np.asarray(masks[9].fetch_file_data()).squeeze() > 0)
    assert (pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()) == ([20, 60], [39, 119])
    volume = next(a for a in found if a.identifier == "grey matter")
    body = volume.fetch_file_data(auto_convert=False)
    image = nib.Nifti1Image.from_bytes(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
    assert int((np.asarray(image.dataobj) > 0).sum()) == told["voxels"]
    client.annotations.patch(quality.id, identifier="quality of the image")


def write(c: Any) -> Any:
    """4 corners, an inclusive range of frames, points, numbers, words, a mask."""
    import numpy as np

    client = api(c)
    eye = client.resources.upload_resource(
        demo(c, "fundus.jpg"), tags=["new"], metadata={"site": "A"}, publish=True, modality="OP"
    )
    cine = client.resources.upload_resource(demo(c, "echo_cine.dcm"), publish=True)
    project = client.projects.create(c.tag, "written by the new client", resource_ids=[eye, cine])
    annotations = client.annotations
    annotations.add_line_annotation((10, 20), (110, 220), eye, "vessel")
    annotations.add_box_annotation((64, 96), (256, 288), eye, "disc", frame_index=0)
    annotations.add_point_annotation((700, 710), eye, "fovea", frame_index=0)
    annotations.add_text_annotation(cine, "finding", "small effusion", frame_index=3)
    annotations.create_numeric_annotation(cine, "ef", 55.5, units="%")
    annotations.add_category_annotation(cine, "phase", "systole", frame_range=(10, 20))
    masks = np.zeros((240, 320, 30), np.uint8)
    masks[50:100, 60:120, 3] = 1
    annotations.upload_segmentations(cine, masks, name="ventricle")
    return {"project": project.id, "name": c.tag, "eye": eye, "cine": cine}


def read_ours(c: Any) -> None:
    """Whatever our own client sent is listed, and of the right kind."""
    client = api(c)
    listed = {r.id: r.kind for r in client.resources.get_list(channel=c.told["channel"])}
    assert listed == c.told["resources"], (listed, c.told["resources"])
    assert {r.id for r in client.projects.get_project_resources(c.told["project"])} == set(listed)
    assert {a.resource_id for a in client.annotations.get_list(dataset_id=c.told["dataset"])} == set(listed)
