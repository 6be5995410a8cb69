"""What goes out as one file, asked for with the published client's own methods."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from scenarios.support import api, demo, file_sha256, raises


def scenario_annotations_as_tables(c: Any) -> None:
    from datetime import date, timedelta

    client = api(c)
    project = client.projects.create(c.tag, "")
    rid = client.resources.upload_resource(demo(c, "fundus.jpg"), publish_to=project)
    client.annotations.create_image_classification(rid, "quality", "=good")
    client.annotations.add_box_annotation((10, 20), (30, 40), rid, "disc", frame_index=0)
    read = {a.id: a for a in client.annotations.get_list(resource=rid)}
    assert len(read) == 2
    path = Path(c.tmp) / "labels.csv"
    client.projects.download_annotations(path, project=project, progress_bar=False)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    assert {row["id"] for row in rows} == set(read)
    for row in rows:
        assert (row["identifier"], row["type"]) == (read[row["id"]].identifier, read[row["id"]].annotation_type)
        assert (row["created_by"], row["filename"]) == (c.email, "fundus.jpg")
    assert {row["text_value"] for row in rows} == {"'=good", ""}
    (box,) = [row for row in rows if row["identifier"] == "disc"]
    assert len(json.loads(box["geometry"])["points"]) == 4

    def names(**narrowed: Any) -> set[str]:
        client.projects.download_annotations(path, project=project, progress_bar=False, **narrowed)
        return {row["identifier"] for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))}

    today = date.today()
    assert names(annotations=["disc"]) == {"disc"}
    assert names(annotators=["nobody@example.org"]) == set()
    assert names(annotators=[c.email], from_date=today - timedelta(2), to_date=today + timedelta(2)) == {
        "disc",
        "quality",
    }
    assert names(to_date=today - timedelta(2)) == set()
    client.projects.download_annotations(path, format="xlsx", project=project, progress_bar=False)
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(path).namelist()


def scenario_annotations_of_a_worklist_as_tables(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client = api(c)
    project = client.projects.create(c.tag, "")
    rid = client.resources.upload_resource(demo(c, "ct_small.dcm"), publish_to=project)
    client.annotations.create_image_classification(rid, "quality", "good")
    (worklist,) = client.projects.get_worklists(project)
    body = client.annotationsets.download_annotations(worklist.id)
    (row,) = csv.DictReader(io.StringIO(body.decode("utf-8"), newline=""))
    assert (row["identifier"], row["text_value"], row["modality"]) == ("quality", "good", "CT")
    assert row["annotation_worklist_id"] == worklist.id
    none = client.annotationsets.download_annotations(worklist.id, annotations=["other"], annotators=[c.email])
    assert none.count(b"\r\n") == 1
    book = client.annotationsets.download_annotations(worklist.id, format="excel")
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(book)).namelist()
    raises(ValidationError, client.annotationsets.download_annotations, worklist.id, format="pdf", match="csv")
    raises(ItemNotFoundError, client.annotationsets.download_annotations, project.id)


def scenario_datasets_as_archives(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client = api(c)
    project = client.projects.create(c.tag, "")
    ct = client.resources.upload_resource(demo(c, "ct_small.dcm"), publish_to=project)
    eye = client.resources.upload_resource(demo(c, "fundus.jpg"), publish_to=project)
    client.annotations.create_image_classification(eye, "quality", "good")
    info = client._datasetsinfo.get_by_id(project.dataset_id)
    assert set(info.resource_ids) == {ct, eye}
    paths = {
        "jpg": {ct: "images/ct_small.jpg", eye: "images/fundus.jpg"},
        "png": {ct: "images/ct_small.png", eye: "images/fundus.png"},
        "tiff": {ct: "images/ct_small.tif", eye: "images/fundus.tif"},
        "npy": {ct: "images/ct_small.npy", eye: "images/fundus.npy"},
        "dicom": {ct: "images/ct_small.dcm", eye: None},
        "nifti": {ct: "images/ct_small.nii.gz", eye: None},
    }
    for form, wanted in paths.items():
        path = Path(c.tmp) / f"{form}.zip"
        client._datasetsinfo.download(info, path, format=form, progress_bar=False)
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            told = {entry["id"]: entry for entry in json.loads(archive.read("manifest.json"))["items"]}
            inside = {name for name in archive.namelist() if name.startswith("images/")}
            labels = json.loads(archive.read("annotations.json"))["resources"]
        assert {one: told[one]["path"] for one in (ct, eye)} == wanted
        assert inside == {name for name in wanted.values() if name}
        assert told[ct]["sha256"] == file_sha256(demo(c, "ct_small.dcm"))
        assert [bool(told[one]["reason"]) for one in (ct, eye)] == [False, wanted[eye] is None]
        names = {entry["resource_id"]: [a["identifier"] for a in entry["annotations"]] for entry in labels}
        assert names == {ct: [], eye: ["quality"]}
    raises(ValidationError, client._datasetsinfo.download, info, Path(c.tmp) / "x", format="gif", match="one of")
    raises(ItemNotFoundError, client._datasetsinfo.download, project.id, Path(c.tmp) / "x")


def scenario_a_dataset_of_a_project_is_not_deleted(c: Any) -> None:
    import httpx

    client = api(c)
    project = client.projects.create(c.tag, "")
    refused = raises(httpx.HTTPStatusError, client._datasetsinfo.delete, project.dataset_id)
    assert isinstance(refused, httpx.HTTPStatusError)
    assert refused.response.status_code == 409
    assert "archive the project" in refused.response.json()["message"]
    assert client._datasetsinfo.get_by_id(project.dataset_id).id == project.dataset_id
