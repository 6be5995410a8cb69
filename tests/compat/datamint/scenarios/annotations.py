from __future__ import annotations

from pathlib import Path
from typing import Any

from scenarios.support import api, asked, content, demo, raises, without_torchvision


def uploaded(c: Any, name: str) -> tuple[Any, Any]:
    client = api(c)
    return client, client.resources.get_by_id(client.resources.upload_resource(demo(c, name)))


def scenario_values_in_and_out(c: Any) -> None:
    client, cine = uploaded(c, "echo_cine.dcm")
    made = {
        client.annotations.create_image_classification(cine, "quality", "good"): ("category", "good"),
        client.annotations.add_label_annotation(cine, "rotated"): ("label", None),
        client.annotations.add_text_annotation(cine, "finding", "small effusion", frame_index=3): (
            "text",
            "small effusion",
        ),
        client.annotations.create_numeric_annotation(cine, "ef", 55.5, units="%"): ("float", 55.5),
        client.annotations.create_numeric_annotation(cine, "beats", 3): ("integer", 3),
    }
    found = {a.id: a for a in client.annotations.get_list(resource=cine)}
    assert set(found) == set(made)
    for annotation_id, (kind, value) in made.items():
        annotation = found[annotation_id]
        assert annotation.annotation_type == kind
        if kind in {"float", "integer"}:
            assert annotation.numeric_value == value
        elif value is not None:
            assert annotation.value == value
        assert annotation.created_by == c.email
        assert client.annotations.get_by_id(annotation_id).identifier == annotation.identifier
    text = next(a for a in found.values() if a.annotation_type == "text")
    assert (text.scope, text.frame_index) == ("frame", 3)


def scenario_frame_range_is_one_label_per_frame(c: Any) -> None:
    client, cine = uploaded(c, "echo_cine.dcm")
    annotation_id = client.annotations.add_category_annotation(cine, "phase", "systole", frame_range=(10, 20))
    found = client.annotations.get_list(resource=cine, annotation_type="category")
    assert sorted(a.frame_index for a in found) == list(range(10, 20))
    assert annotation_id in {a.id for a in found}
    assert len({a.id for a in found}) == 10
    for one in found:
        assert client.annotations.get_by_id(one.id).frame_index == one.frame_index
    outcome = client.annotations.set_frame_ranges(
        cine, "position", "category", {"apical": [(0, 10), (20, 30)], "parasternal": [(10, 20)]}
    )
    assert outcome["created"]
    ranges = {
        r["value"]: r["frame_ranges"]
        for r in client.annotations.get_frame_ranges(cine)
        if r["identifier"] == "position"
    }
    assert ranges == {"apical": [(0, 10), (20, 30)], "parasternal": [(10, 20)]}
    client.annotations.set_frame_ranges(cine, "position", "category", {})
    assert not [r for r in client.annotations.get_frame_ranges(cine) if r["identifier"] == "position"]


def scenario_geometry_in_pixels(c: Any) -> None:
    client, eye = uploaded(c, "fundus.jpg")
    line = client.annotations.add_line_annotation((10, 20), (110, 220), eye, "vessel")
    box = client.annotations.add_box_annotation((64, 96), (256, 288), eye, "disc", frame_index=0)
    point = client.annotations.add_point_annotation((700, 710), eye, "fovea", frame_index=0)
    outline = client.annotations.add_polyline_annotation(
        [(0, 0), (100, 0), (100, 90)], eye, "lesion", closed=True, frame_index=0
    )
    found = {a.id: a for a in client.annotations.get_list(resource=eye)}
    assert {found[i].annotation_type for i in (line, box, point, outline)} == {"line", "square", "point", "region"}
    assert [list(p)[:2] for p in found[line].geometry.points] == [[10, 20], [110, 220]]
    corners = [list(p)[:2] for p in found[box].geometry.points]
    assert corners == [[64, 96], [256, 96], [64, 288], [256, 288]]
    assert [list(p)[:2] for p in found[point].geometry.points] == [[700, 710]]
    assert [list(p)[:2] for p in found[outline].geometry.points] == [[0, 0], [100, 0], [100, 90]]
    assert found[outline].geometry.closed is True


def scenario_geometry_in_patient_space(c: Any) -> None:
    import numpy as np

    client, ct = uploaded(c, "mr_series/0.dcm")  # not ct_small: the client takes its TIFF preamble for a picture
    dataset = ct.fetch_file_data()
    line = client.annotations.add_line_annotation((10, 20), (60, 90), ct, "rib", frame_index=0)
    origin = np.array(dataset.ImagePositionPatient, float)
    row, column = (
        np.array(dataset.ImageOrientationPatient[:3], float),
        np.array(dataset.ImageOrientationPatient[3:], float),
    )
    spacing = [float(v) for v in dataset.PixelSpacing]
    sent = [origin + x * spacing[1] * row + y * spacing[0] * column for x, y in ((10, 20), (60, 90))]
    found = client.annotations.get_by_id(line)
    np.testing.assert_allclose(np.array(found.geometry.points, float), np.array(sent), atol=1e-4)
    patient = client.annotations.add_line_annotation(
        tuple(map(float, sent[0])), tuple(map(float, sent[1])), ct, "rib", coords_system="patient"
    )
    np.testing.assert_allclose(
        np.array(client.annotations.get_by_id(patient).geometry.points, float), np.array(sent), atol=1e-9
    )
    box = client.annotations.add_box_annotation((10, 20), (60, 90), ct, "organ", frame_index=0)
    assert len(client.annotations.get_by_id(box).geometry.points) == 4


def scenario_geometry_on_nifti(c: Any) -> None:
    client, head = uploaded(c, "mni152_t1.nii.gz")
    point = client.annotations.add_point_annotation((-10.0, 20.0, 30.0), head, "landmark", coords_system="patient")
    found = client.annotations.get_by_id(point)
    assert [list(map(float, p)) for p in found.geometry.points] == [[-10.0, 20.0, 30.0]]


def scenario_masks_per_frame(c: Any) -> None:
    import numpy as np

    client, cine = uploaded(c, "echo_cine.dcm")
    masks = np.zeros((240, 320, 30), np.uint8)
    masks[50:100, 60:120, 3] = 1
    masks[50:100, 60:120, 4] = 1
    ids = client.annotations.upload_segmentations(cine, masks, name="ventricle")
    assert len(ids) == 2, "empty frames are left out"
    found = {a.frame_index: a for a in client.annotations.get_list(resource=cine, annotation_type="segmentation")}
    assert set(found) == {3, 4}
    assert found[3].identifier == "ventricle"
    data = np.asarray(found[3].fetch_file_data())
    np.testing.assert_array_equal(data.squeeze() > 0, masks[:, :, 3] > 0)


def scenario_mask_file_of_a_picture(c: Any) -> None:
    import numpy as np
    from datamint.exceptions import DatamintException
    from PIL import Image

    client, eye = uploaded(c, "fundus.jpg")
    mask = np.zeros((1411, 1411, 3), np.uint8)
    mask[100:200, 300:500] = (255, 0, 0)
    mask[400:450, 300:500] = (0, 255, 0)
    coloured = mask.transpose(2, 0, 1)[..., None]  # (3, height, width, frames): a colour PNG is taken for three frames
    ids = client.annotations.upload_segmentations(eye, coloured, name={(255, 0, 0): "disc", (0, 255, 0): "cup"})
    found = {a.identifier: a for a in client.annotations.get_list(resource=eye)}
    assert {found["disc"].id, found["cup"].id} == set(ids)
    data = np.asarray(found["cup"].fetch_file_data(use_cache=True)).squeeze()
    np.testing.assert_array_equal(data > 0, mask[:, :, 1] > 0)
    before = found["cup"].associated_file
    replacement = Path(c.tmp) / "replacement.png"
    Image.fromarray(mask[:, :, 0]).save(replacement)
    client.annotations.upload_annotation_file(eye, found["cup"].id, str(replacement))
    again = client.annotations.get_by_id(found["cup"].id)
    assert again.associated_file != before, "a replaced mask must not be hidden by the client's cache"
    np.testing.assert_array_equal(np.asarray(again.fetch_file_data(use_cache=True)).squeeze() > 0, mask[:, :, 0] > 0)
    wrong = Path(c.tmp) / "wrong.png"
    Image.fromarray(np.full((10, 20), 255, np.uint8)).save(wrong)
    error = raises(DatamintException, client.annotations.upload_segmentations, eye, str(wrong), name="disc")
    assert "1411" in str(error)


def scenario_volume_masks(c: Any) -> None:
    import gzip

    import nibabel as nib
    import numpy as np

    client, head = uploaded(c, "mni152_t1.nii.gz")
    source = nib.load(demo(c, "mni152_gm.nii.gz"))
    grey = np.asarray(source.dataobj)
    white = np.asarray(nib.load(demo(c, "mni152_wm.nii.gz")).dataobj)
    labels = np.where(white > 127, 2, np.where(grey > 127, 1, 0)).astype(np.uint8)
    path = Path(c.tmp) / "tissue.nii.gz"
    nib.save(nib.Nifti1Image(labels, source.affine), path)
    ids = client.annotations.upload_volume_segmentation(head, str(path), name={1: "grey matter", 2: "white matter"})
    assert len(ids) == 2
    found = {a.identifier: a for a in client.annotations.get_list(resource=head)}
    assert set(found) == {"grey matter", "white matter"}
    for value, name in ((1, "grey matter"), (2, "white matter")):
        assert found[name].scope == "image"
        image = nib.Nifti1Image.from_bytes(gzip.decompress(found[name].fetch_file_data(auto_convert=False)))
        np.testing.assert_array_equal(np.asarray(image.dataobj) > 0, labels == value)
        np.testing.assert_allclose(image.affine, source.affine)


def scenario_search_filters(c: Any) -> None:
    client, eye = uploaded(c, "fundus.jpg")
    other = client.resources.get_by_id(client.resources.upload_resource(demo(c, "ct_small.dcm")))
    a = client.annotations.add_label_annotation(eye, "red")
    b = client.annotations.create_image_classification(other, "side", "left", source="manual")

    def found(**filters: Any) -> set[str]:
        return {x.id for x in client.annotations.get_list(resource=[eye, other], **filters)}

    assert found() == {a, b}
    assert found(annotation_type="label") == {a}
    assert found(annotator_email=c.email) == {a, b}
    assert found(annotator_email="nobody@example.org") == set()
    assert found(source="manual") == {b}
    assert found(source="imported") == {a}
    assert found(status="new") == {a, b}
    assert found(from_date="2000-01-01") == {a, b}
    assert found(to_date="2000-01-01") == set()
    assert len(found(limit=1)) == 1
    grouped = client.annotations.get_list(resource=[eye, other], group_by_resource=True)
    assert [[x.id for x in group] for group in grouped] == [[a], [b]]
    assert {x.id for x in eye.fetch_annotations()} == {a}


def scenario_patch_approve_delete(c: Any) -> None:
    from datamint.exceptions import DatamintException

    client, eye = uploaded(c, "fundus.jpg")
    ids = [client.annotations.add_label_annotation(eye, f"label {n}") for n in range(4)]
    client.annotations.patch(ids[0], identifier="renamed")
    assert client.annotations.get_by_id(ids[0]).identifier == "renamed"
    client.annotations.approve(ids[0])
    approved = client.annotations.get_by_id(ids[0])
    assert (approved.status, approved.approved_by) == ("published", c.email)
    client.annotations.delete(ids[1])
    client.annotations.bulk_delete([ids[2]])
    client.annotations.delete_batch([ids[3]])
    assert {a.id for a in client.annotations.get_list(resource=eye)} == {ids[0]}
    assert {a.id for a in client.annotations.get_list(resource=eye, deleted="only")} == set(ids[1:])
    raises(DatamintException, client.annotations.add_text_annotation, eye, "finding", "x", frame_index=7)


def scenario_upload_into_a_project_with_masks(c: Any) -> None:
    import nibabel as nib
    import numpy as np

    without_torchvision()
    client = api(c)
    project = client.projects.create(c.tag, "")
    white = nib.load(demo(c, "mni152_wm.nii.gz"))
    path = Path(c.tmp) / "white.nii.gz"
    nib.save(nib.Nifti1Image((np.asarray(white.dataobj) > 127).astype(np.uint8), white.affine), path)
    resource_id = client.resources.upload_resource(
        demo(c, "mni152_t1.nii.gz"),
        publish_to=project,
        segmentation_files={"files": [str(path)], "names": {1: "white"}},
    )
    assert [r.id for r in project.fetch_resources()] == [resource_id]
    assert project.fetch_resources()[0].status == "published"
    found = client.annotations.get_list(resource=resource_id, annotation_type="segmentation")
    assert [a.identifier for a in found] == ["white"]
    worklist = next(w for w in client.projects.get_worklists(project) if w.name == "Imported annotations")
    assert found[0].annotation_worklist_id == worklist.id


def scenario_credited_author_needs_an_administrator(c: Any) -> None:
    client, eye = uploaded(c, "fundus.jpg")
    made = client.annotations.create_image_classification(eye, "quality", "good", author_email=c.email)
    found = client.annotations.get_by_id(made)
    assert c.email in {found.created_by, found.import_author}


def scenario_created_from_every_form(c: Any) -> None:
    """A dictionary, an entity, and several at once; the ids come in the order of what was sent."""
    from datamint.entities.annotations import CategoryAnnotation

    client, eye = uploaded(c, "fundus.jpg")
    one = client.annotations.create(eye, {"type": "label", "identifier": "first", "scope": "image"})
    several = client.annotations.create(
        eye.id,
        [
            CategoryAnnotation(name="quality", value="good"),
            {"type": "text", "identifier": "finding", "scope": "frame", "frame_index": 0, "value": "clear"},
        ],
    )
    told = [asked(c, f"/annotations/{aid}") for aid in (one, *several)]
    assert [(a["annotation_type"], a["identifier"]) for a in told] == [
        ("label", "first"),
        ("category", "quality"),
        ("text", "finding"),
    ]
    client.annotations.delete(one)
    assert one in {a.id for a in client.annotations.get_deleted(resource=eye)}
    assert {a["id"] for a in asked(c, f"/annotations?resource_id={eye.id}")["data"]} == set(several)


def scenario_patched_and_approved_for_everybody(c: Any) -> None:
    client, eye = uploaded(c, "fundus.jpg")
    project = client.projects.create(c.tag, "", resource_ids=[eye.id])
    aid = client.annotations.add_label_annotation(eye, "before")
    client.annotations.patch(aid, identifier="after", project=project)
    client.annotations.approve(aid)
    told = asked(c, f"/annotations/{aid}")
    assert (told["identifier"], told["status"], told["approved_by"]) == ("after", "published", c.email)
    (worklist,) = client.projects.get_worklists(project)
    assert told["annotation_worklist_id"] == worklist.id
    ids = [client.annotations.add_label_annotation(eye, f"label {n}") for n in range(3)]
    client.annotations.delete_batch(ids[:2])
    client.annotations.bulk_delete(ids[2:])
    assert [a["id"] for a in asked(c, f"/annotations?resource_id={eye.id}")["data"]] == [aid]


def scenario_mask_files_one_and_several(c: Any) -> None:
    import asyncio

    import numpy as np
    from PIL import Image

    client, cine = uploaded(c, "echo_cine.dcm")
    masks = np.zeros((240, 320, 30), np.uint8)
    masks[50:100, 60:120, 3:6] = 1
    ids = client.annotations.upload_segmentations(cine, masks, name="ventricle")
    addresses = {aid: f"/annotations/{cine.id}/annotations/{aid}/file" for aid in ids}
    assert client.annotations.download_file(ids[0]) == content(c, addresses[ids[0]])
    unknown = "00000000-0000-7000-8000-000000000000"
    outcome = client.annotations.download_multiple_files([*client.annotations.get_list(resource=cine)], c.tmp)
    assert all(one["success"] for one in outcome)
    for aid in ids:
        body = (Path(c.tmp) / aid).read_bytes()
        assert body == content(c, addresses[aid])
        np.testing.assert_array_equal(np.asarray(Image.open(Path(c.tmp) / aid)) > 0, masks[:, :, 3] > 0)
    assert not (Path(c.tmp) / unknown).exists()
    replacement = Path(c.tmp) / "replacement.png"
    pixels = np.zeros((240, 320), np.uint8)
    pixels[:7] = 255
    Image.fromarray(pixels).save(replacement)
    loop = asyncio.get_event_loop()
    loop.run_until_complete(client.annotations.upload_annotation_file_async(cine, ids[0], str(replacement)))
    kept = np.asarray(Image.open(Path(c.tmp) / "replacement.png"))
    np.testing.assert_array_equal(_picture(content(c, addresses[ids[0]])) > 0, kept > 0)
    np.testing.assert_array_equal(_picture(content(c, addresses[ids[1]])) > 0, masks[:, :, 3] > 0)


def _picture(body: bytes) -> Any:
    import io

    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(body)))


def scenario_frame_ranges_for_everybody(c: Any) -> None:
    client, cine = uploaded(c, "echo_cine.dcm")
    client.annotations.set_frame_ranges(cine, "phase", "category", {"systole": [(0, 10)], "diastole": [(10, 30)]})
    address = f"/annotations/{cine.id}/frame-ranges"
    told = {row["value"]: row["frame_ranges"] for row in asked(c, address)}
    assert told == {"systole": [{"start": 0, "end": 10}], "diastole": [{"start": 10, "end": 30}]}
    client.annotations.set_frame_ranges(cine, "phase", "category", {"systole": [(3, 5)]})  # the whole track anew
    rows = asked(c, f"/annotations?resource_id={cine.id}")["data"]
    assert sorted((row["frame_index"], row["value"]) for row in rows) == [(3, "systole"), (4, "systole")]
    (found,) = client.annotations.get_frame_ranges(cine)
    assert found["frame_ranges"] == [(3, 5)]
    client.annotations.set_frame_ranges(cine, "phase", "category", {})
    assert asked(c, address) == client.annotations.get_frame_ranges(cine) == []


def scenario_predictions_of_a_pipeline(c: Any) -> None:
    """What a model of the client's said: classes and shapes; masks of models need the models host."""
    from datamint.entities.annotations import BoxAnnotation, CategoryAnnotation

    client, eye = uploaded(c, "fundus.jpg")
    box = BoxAnnotation.from_dict(
        {
            "identifier": "disc",
            "type": "square",
            "scope": "frame",
            "frame_index": 0,
            "geometry": {"points": [[1, 2, 0], [30, 2, 0], [1, 40, 0], [30, 40, 0]]},
        }
    )
    ids = client.annotations.upload_predictions(
        eye, [CategoryAnnotation(name="grade", value="2"), box], source="model_pipeline"
    )
    told = {row["identifier"]: row for row in (asked(c, f"/annotations/{aid}") for aid in ids)}
    assert set(told) == {"grade", "disc"}
    assert {row["source"] for row in told.values()} == {"model_pipeline"}
    assert [point[:2] for point in told["disc"]["geometry"]["points"]] == [[1, 2], [30, 2], [1, 40], [30, 40]]
