"""Unknown fields, fields that were left out, and what entities say of themselves."""

from __future__ import annotations

import json
import logging
import pickle
from datetime import UTC, datetime

import httpx
import pytest

from fiducial.entities import (
    MISSING_FIELD,
    Annotation,
    AnnotationSpec,
    Channel,
    DatasetInfo,
    Project,
    Resource,
    User,
)
from fiducial.entities.annotations import CategoryAnnotationSpec, annotation_from_dict
from tests.unit.fiducial.fake_server import api_with, project_row, resource_row

USER = {"email": "a@b.c", "firstname": None, "lastname": "L", "roles": [], "customer_id": "c", "created_at": "t"}


def test_unknown_fields_are_kept_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "fiducial.entities")
    users = [User(**USER, shoe_size=n) for n in (42, 43)]
    assert [user.asdict()["shoe_size"] for user in users] == [42, 43]
    assert json.loads(users[0].asjson())["shoe_size"] == 42
    (told,) = [record for record in caplog.records if "shoe_size" in record.message]
    assert told.levelname == "WARNING"


def test_unknown_fields_are_not_told_outside_debug_mode(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fiducial.entities")
    assert User(**USER, hat_size=7).asdict()["hat_size"] == 7
    assert caplog.records == []


def test_left_out_fields_are_fetched_once_and_together() -> None:
    row, asked = project_row(), []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/projects":
            return httpx.Response(200, json=[row])
        return httpx.Response(200, json=row | {"require_review": True, "annotators": []})

    (project,) = api_with(handle).projects.get_list()
    assert project.has_missing_attrs()
    assert project.is_attr_missing("require_review")
    assert "require_review" not in project.asdict()
    assert MISSING_FIELD not in project.asjson()
    assert asked == ["/projects"]
    assert project.require_review is True
    assert project.annotators == []
    assert asked == ["/projects", f"/projects/{row['id']}"]
    assert not project.is_attr_missing("annotators")
    with pytest.raises(AttributeError, match="ai_model_id was not sent"):
        project.ai_model_id  # noqa: B018


def test_left_out_without_a_server() -> None:
    project = Project(**project_row())
    assert not hasattr(project, "annotators")
    assert pickle.loads(pickle.dumps(project)) == project


def test_text_that_looks_like_the_sentinel_in_a_free_field() -> None:
    assert User(**USER | {"nick": MISSING_FIELD}).nick == MISSING_FIELD  # type: ignore[attr-defined]


def test_annotation_words_old_and_new() -> None:
    old = Annotation.from_dict(
        {"id": "i", "type": "category", "name": "n", "index": 3, "value": "v", "added_by": "a@b.c"}
    )
    assert (old.identifier, old.name, old.scope, old.frame_index, old.index) == ("n", "n", "frame", 3, 3)
    assert (old.value, old.text_value, old.added_by, old.type) == ("v", "v", "a@b.c", "category")
    assert old.is_frame_scoped()
    assert not old.is_image_scoped()
    number = annotation_from_dict({"annotation_type": "float", "identifier": "n", "value": 2.5, "units": "mm"})
    assert (number.value, number.numeric_value, number.text_value, number.scope) == (2.5, 2.5, None, "image")
    both = Annotation(
        name="n", scope="image", annotation_type="text", text_value="t", created_at="2026-01-02T03:04:05Z"
    )
    assert both.get_created_datetime() == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_specs() -> None:
    category = AnnotationSpec.create(type="category", scope="image", required=True, identifier="c", values=["a"])
    assert isinstance(category, CategoryAnnotationSpec)
    assert category.asdict()["values"] == ["a"]
    assert type(AnnotationSpec.create(type="line", scope="frame", required=False, identifier="l")) is AnnotationSpec


def test_resource_facts() -> None:
    resource = Resource(**resource_row(size=5 * 1024 * 1024 + 5000, metadata={"frame_count": 4, "PatientID": "p"}))
    assert resource.size_mb == 5.0
    assert resource.get_depth() == 4
    assert resource.is_multiframe()
    assert resource.get_patient_id() == "p"
    assert "a.png" in str(resource)
    assert resource.id in repr(resource)
    with pytest.raises(ValueError, match="how many frames"):
        Resource(**resource_row()).get_depth()


def test_documented_fields_that_only_some_servers_send() -> None:
    names = ("publish_transforms", "segmentations", "measurements", "categories", "labels", "projects")
    plain = Resource(**resource_row())
    assert [getattr(plain, name) for name in names] == [None] * 6
    assert not set(names) & set(plain.asdict())
    told = Resource(**resource_row(**{name: [name] for name in names}))
    assert [getattr(told, name) for name in names] == [[name] for name in names]
    assert told.asdict()["labels"] == ["labels"]
    label = {"name": "n", "scope": "image", "annotation_type": "label"}
    assert Annotation(**label).old_geometry is None
    assert Annotation(**label, old_geometry=[[1, 2]]).old_geometry == [[1, 2]]


def test_specs_keep_what_is_not_known() -> None:
    spec = AnnotationSpec(type="line", scope="frame", required=False, identifier="l", hint=None)
    told = {"type": "line", "scope": "frame", "required": False, "identifier": "l", "hint": None}
    assert spec.asdict() == json.loads(spec.asjson()) == told
    coloured = AnnotationSpec(**told, color=(1, 2, 3, 4))
    assert json.loads(coloured.asjson())["color"] == [1, 2, 3, 4]
    assert AnnotationSpec(**coloured.asdict()) == coloured


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"storage": "dicomresourcehandler", "mimetype": "", "filename": "x"}, "dicom"),
        ({"storage": "", "mimetype": "APPLICATION/X-NIFTI", "filename": "x"}, "nifti"),
        ({"storage": "", "mimetype": "application/gzip", "filename": "X.NII.GZ"}, "nifti"),
        ({"storage": "", "mimetype": "application/gzip", "filename": "x.gz"}, "resource"),
        ({"storage": "ImageResource", "mimetype": "application/dicom", "filename": "x"}, "dicom"),
        ({"storage": "", "mimetype": "video/mp4", "filename": "a.dcm"}, "dicom"),
        ({"storage": "VolumeResource", "mimetype": "video/mp4", "filename": "a"}, "volume"),
        ({"storage": "ImageResource", "mimetype": "video/mp4", "filename": "a"}, "video"),
        ({"storage": "", "mimetype": "image/nifti", "filename": "a"}, "image"),
        ({"storage": "NiftiResource", "mimetype": "application/dicom", "filename": "a.nii"}, "dicom"),
    ],
)
def test_the_class_is_chosen_by_priority(changes: dict[str, str], kind: str) -> None:
    row = resource_row(**changes)
    api = api_with(lambda _: httpx.Response(200, json=row))
    assert api.resources.get_by_id(row["id"]).kind == kind


def test_annotation_s_resource_is_fetched_once() -> None:
    row, asked = resource_row(), []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.method == "POST":
            found = {"id": "i", "annotation_type": "label", "identifier": "x", "resource_id": row["id"]}
            return httpx.Response(200, json=[found])
        return httpx.Response(200, json=row)

    (annotation,) = api_with(handle).annotations.get_list()
    assert annotation.resource.filename == annotation.resource.filename == "a.png"
    assert asked == ["/annotations/search", f"/resources/{row['id']}"]


def test_channel_and_dataset() -> None:
    data = {
        "created_by": "a",
        "customer_id": "c",
        "resource_id": "r",
        "resource_file_name": "f",
        "resource_mimetype": "m",
    }
    assert Channel(channel_name="x", resource_data=[data]).get_resource_ids() == ["r"]
    row = resource_row()
    info = {"id": row["id"], "name": "n", "created_at": "t", "created_by": "a", "description": "", "customer_id": "c"}
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        one = info | {"updated_at": None, "total_resource": 1, "resource_ids": [row["id"]]}
        return httpx.Response(200, json=[one] if request.url.path == "/datasets" else row)

    (dataset,) = api_with(handle).datasets.get_list()
    assert isinstance(dataset, DatasetInfo)
    assert dataset.get_resources() == dataset.get_resources()
    assert len(asked) == 2
    dataset.invalidate_cache()
    dataset.get_resources()
    assert len(asked) == 3


def test_urls() -> None:
    api = api_with(lambda _: httpx.Response(200, json=[project_row(id="1")]))
    (project,) = api.projects.get_list()
    assert project.url == "http://server.test/app/projects/edit/1"
