"""Projects with our own client against the real server: splits, people, reviews, figures, files, studies."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from fiducial import Api
from fiducial.entities import AnnotationWorklist, Project
from fiducial.exceptions import (
    ConflictError,
    ItemNotFoundError,
    PermissionDeniedError,
    ValidationError,
)
from tests.acceptance.support import api_of, got
from tests.demo_data import DEMO_DATA
from tests.running import Running

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path / "fiducial.yaml"))


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def items(api: Api) -> list[str]:
    ids = [str(api.resources.upload_resource(DEMO_DATA / "ct_small.dcm", resume=False)) for _ in range(3)]
    api.resources.wait_until_ready(ids)
    return ids


@pytest.fixture
def project(api: Api, items: list[str]) -> Project:
    made = api.projects.create(f"projects {uuid.uuid4()}", "of a test", items)
    assert isinstance(made, Project)
    return made


@pytest.fixture
def main_worklist(api: Api, project: Project) -> AnnotationWorklist:
    return api.annotationsets.get_by_id(project.worklist_id)


def _somebody(api: Api) -> str:
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    api.users.create(email, password="correct horse battery", return_entity=False)
    return email


# ---- splits


def test_splits_now_and_then(api: Api, client: httpx.Client, project: Project, items: list[str]) -> None:
    projects = api.projects
    assert projects.get_splits(project) == []
    assert projects.get_resource_split(items[0], project) is None
    projects.assign_splits(items[:2], "train", project)
    (before,) = {split.created_at for split in projects.get_splits(project)}
    projects.assign_splits([items[0]], "test", project)
    assert {split.resource_id: split.split_name for split in projects.get_splits(project)} == {
        items[0]: "test",
        items[1]: "train",
    }
    assert [split.resource_id for split in projects.get_splits(project, "test")] == [items[0]]
    moment = datetime.fromisoformat(before)
    then = {split.resource_id: split.split_name for split in projects.get_splits(project, as_of_timestamp=moment)}
    assert then == {items[0]: "train", items[1]: "train"}
    assert projects.get_splits(project, as_of_timestamp=moment - timedelta(days=1)) == []
    found = projects.get_resource_split(items[0], project.name)
    assert found is not None
    assert found.asdict() == got(client, f"/projects/{project.id}/resources/{items[0]}/split")


def test_splits_that_cannot_be(api: Api, project: Project, items: list[str]) -> None:
    with pytest.raises((ItemNotFoundError, ValidationError)):
        api.projects.assign_splits([NOBODY], "train", project)
    with pytest.raises(ValidationError):
        api.projects.assign_splits(items, "", project)
    with pytest.raises(ItemNotFoundError):
        api.projects.get_splits(NOBODY)
    with pytest.raises(ValidationError, match="as_of_timestamp"):
        api.projects.get_splits(project, as_of_timestamp="yesterday")
    assert api.projects.get_splits(project) == []


# ---- people


def test_members(api: Api, client: httpx.Client, project: Project) -> None:
    email = _somebody(api)
    api.projects.set_member(email, ["PROJECT_ANNOTATOR"], project)
    (member,) = [one for one in api.projects.get_members(project) if one["email"] == email]
    assert member["roles"] == ["PROJECT_ANNOTATOR"]
    assert member in got(client, f"/projects/{project.id}/members")
    api.projects.remove_member(member["user_id"], project)
    assert email not in {one["email"] for one in api.projects.get_members(project)}


def test_annotators_of_a_worklist(api: Api, client: httpx.Client, main_worklist: AnnotationWorklist) -> None:
    email = _somebody(api)
    api.annotationsets.set_annotator(main_worklist, email, "active", "expert")
    told = {one["email"]: one for one in got(client, f"/annotationsets/{main_worklist.id}")["annotators"]}
    assert (told[email]["status"], told[email]["expertise_level"]) == ("active", "expert")
    api.annotationsets.set_annotator(main_worklist, email, "frozen")
    (shown,) = [one for one in api.annotationsets.get_by_id(main_worklist.id).annotators if one.email == email]
    assert shown.status == "frozen"
    assert api.annotationsets.get_annotator_status(main_worklist, email)["status"] == "frozen"
    api.annotationsets.remove_annotator(main_worklist, email)
    assert email not in {one.email for one in api.annotationsets.get_by_id(main_worklist.id).annotators}
    with pytest.raises(ItemNotFoundError):
        api.annotationsets.set_annotator(main_worklist, "nobody@nowhere.example")


def test_invitations(api: Api, client: httpx.Client, project: Project) -> None:
    email = f"{uuid.uuid4().hex[:12]}@example.org"
    told = api.users.invite(email, "New", "Comer", project=project, project_roles=["PROJECT_ANNOTATOR"])
    assert told["status"] == "pending"
    assert told["link"]
    (shown,) = [one for one in api.users.get_invitations(project) if one["email"] == email]
    assert (shown["project_roles"], shown["firstname"]) == (["PROJECT_ANNOTATOR"], "New")
    assert email in {one["email"] for one in got(client, "/users/invitations")}
    api.users.revoke_invitation(email)
    assert email not in {one["email"] for one in api.users.get_invitations()}
    with pytest.raises(ItemNotFoundError):
        api.users.revoke_invitation(email)


def test_users_come_change_and_go(api: Api, client: httpx.Client) -> None:
    email = _somebody(api)
    api.users.update_user(email, firstname="Ann", roles=["member"])
    assert (got(client, f"/users/{email}")["firstname"], api.users.get_by_email(email).roles) == ("Ann", ["member"])
    api.users.delete_user(email)
    with pytest.raises(ItemNotFoundError):
        api.users.delete_user("nobody@nowhere.example")


# ---- work


def test_review(
    api: Api,
    client: httpx.Client,
    running: Running,
    project: Project,
    main_worklist: AnnotationWorklist,
    items: list[str],
) -> None:
    sets = api.annotationsets
    sets.update_annotation_status(main_worklist, items[0], "annotated")
    sets.update_annotation_status(main_worklist, items[0], "revision_request", running.email, "look at the apex", "/x")
    (message,) = api.projects.get_review_messages(project, running.email, items[0], ["revision_request"])
    assert (message["message"], message["path"], message["annotator"]) == ("look at the apex", "/x", running.email)
    assert got(client, f"/projects/{project.id}/reviewmessages", resourceId=items[0])[-1] == message
    assert api.projects.get_review_messages(project, statuses=["approved"]) == []
    status = {row["resource_id"]: row["status"] for row in api.projects.get_annotation_statuses(project)}
    assert status[items[0]] == "revision_request"
    api.annotations.add_label_annotation(items[0], "seen", worklist_id=main_worklist.id)
    sets.reset_annotator_status(main_worklist, items[0], running.email)
    assert api.annotations.get_list(items[0], worklist_id=main_worklist.id) == []
    assert {row["status"] for row in sets.get_annotation_statuses(main_worklist, resource=items[0])} <= {None, "opened"}
    sets.update_annotation_status(main_worklist, items[1], "opened")
    api.projects.reset_annotator_status(items[1], running.email, project)
    assert {row["status"] for row in api.projects.get_annotation_statuses(project, resource=items[1])} <= {None}


def test_figures(
    api: Api, running: Running, project: Project, main_worklist: AnnotationWorklist, items: list[str]
) -> None:
    for item in items[:2]:
        api.annotations.add_label_annotation(item, "seen", worklist_id=main_worklist.id)
    api.annotations.add_category_annotation(items[0], "grade", "a", worklist_id=main_worklist.id)
    api.annotationsets.update_annotation_status(main_worklist, items[0], "annotated")
    (mine,) = api.projects.get_annotators_stats(project, running.email)
    assert (mine["annotation_count"], mine["labelled_resource_count"], mine["annotated_count"]) == (3, 2, 1)
    assert api.annotationsets.get_annotators_statistics(main_worklist, running.email) == [mine]
    counts = api.projects.get_annotations_stats(project)
    assert (counts["annotation_count"], counts["by_type"]) == (3, {"label": 2, "category": 1})
    by_name = {row["identifier"]: row for row in api.annotationsets.get_annotations_statistics(main_worklist)}
    assert by_name["grade"]["values"] == {"a": 1}
    matrix = api.projects.get_files_matrix_stats(project)
    assert {row["resource_id"] for row in matrix["files"]} == set(items)
    status = api.projects.get_annotator_status(running.email, project)
    assert (status["resource_count"], status["annotated_count"]) == (3, 1)
    with pytest.raises(ItemNotFoundError):
        api.projects.get_annotator_status("nobody@nowhere.example", project)


# ---- files


def test_annotations_as_a_table(
    api: Api, running: Running, project: Project, main_worklist: AnnotationWorklist, items: list[str], tmp_path: Path
) -> None:
    for name in ("seen", "doubtful, though"):
        api.annotations.add_label_annotation(items[0], name, worklist_id=main_worklist.id)
    place = tmp_path / "new" / "a.csv"
    api.projects.download_annotations(place, project=project, progress_bar=False)
    rows = list(csv.DictReader(io.StringIO(place.read_text(encoding="utf-8-sig"))))
    assert len(rows) == 2
    assert {"seen", "doubtful, though"} <= {value for row in rows for value in row.values()}
    api.projects.download_annotations(place, annotations=["doubtful, though"], project=project, progress_bar=False)
    assert len(list(csv.DictReader(io.StringIO(place.read_text(encoding="utf-8-sig"))))) == 1
    api.projects.download_annotations(
        place, to_date=datetime(2020, 1, 1, tzinfo=UTC), project=project, progress_bar=False
    )
    assert list(csv.DictReader(io.StringIO(place.read_text(encoding="utf-8-sig")))) == []
    for form in ("xlsx", "excel"):
        api.projects.download_annotations(tmp_path / f"a.{form}", form, project=project, progress_bar=False)
        book = (tmp_path / f"a.{form}").read_bytes()
        assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(book)).namelist()
    assert api.annotationsets.download_annotations(main_worklist, annotators=[running.email]).count(b"\n") == 3
    assert api.annotationsets.download_annotations(main_worklist, format="xlsx")[:2] == b"PK"
    with pytest.raises(ValidationError, match="format"):
        api.projects.download_annotations(tmp_path / "no", "pdf", project=project, progress_bar=False)
    assert not (tmp_path / "no").exists()


def test_a_project_as_one_archive(api: Api, project: Project, items: list[str], tmp_path: Path) -> None:
    api.annotations.add_label_annotation(items[0], "seen", worklist_id=project.worklist_id)
    place = tmp_path / "p.zip"
    api.projects.download_project(project, place, all_annotations=True, progress_bar=False)
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("dataset.json"))
        (resource,) = told["resources"]
        assert resource["id"] == items[0]
        assert [one["identifier"] for one in resource["annotations"]] == ["seen"]
        assert archive.read(resource["file"]) == (DEMO_DATA / "ct_small.dcm").read_bytes()
    api.projects.download_project(project, place, all_annotations=True, include_unannotated=True, progress_bar=False)
    with zipfile.ZipFile(place) as archive:
        assert {one["id"] for one in json.loads(archive.read("dataset.json"))["resources"]} == set(items)


@pytest.mark.parametrize("form", ["png", "dicom", "npy"])
def test_a_dataset_as_one_archive(api: Api, project: Project, tmp_path: Path, form: str) -> None:
    place = tmp_path / "d.zip"
    api.datasets.download(project.dataset_id, place, form, progress_bar=False)  # type: ignore[arg-type]
    with zipfile.ZipFile(place) as archive:
        names = [name for name in archive.namelist() if not name.endswith((".json", "/"))]
        assert len(names) >= 3
        first = archive.read(names[0])
    if form == "npy":
        assert np.load(io.BytesIO(first)).size == 128 * 128
    else:
        assert first[:4] == b"\x89PNG" if form == "png" else first[128:132] == b"DICM"


def test_datasets_that_cannot_be_downloaded(api: Api, project: Project, tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        api.datasets.download(project.dataset_id, tmp_path / "x", "gif", progress_bar=False)  # type: ignore[arg-type]
    with pytest.raises(ItemNotFoundError):
        api.datasets.download(NOBODY, tmp_path / "x", progress_bar=False)
    assert list(tmp_path.glob("x*")) == []


def test_a_dataset_that_a_project_stands_on_stays(api: Api, project: Project) -> None:
    with pytest.raises((ConflictError, PermissionDeniedError, ValidationError)):
        api.datasets.delete(project.dataset_id)
    assert api.datasets.get_by_id(project.dataset_id).id == project.dataset_id


# ---- studies


def test_studies(api: Api, client: httpx.Client, project: Project, items: list[str]) -> None:
    target = {"type": "category", "scope": "image", "required": True, "identifier": "grade", "values": ["1", "2"]}
    study = api.validation_studies.create(
        project,
        "a study",
        "a model",
        description="how to read",
        provide_annotations={"enabled": True, "targets": [target]},
        resource_ids=items[:1],
    )
    assert (study.status, study.resource_ids, study.project_id) == ("draft", items[:1], project.id)
    api.validation_studies.set_resources(study, items[1:])
    email = _somebody(api)
    assert api.validation_studies.add_readers(study, [{"email": email}])[0]["status"] == "member"
    shown = got(client, f"/validation-studies/{study.id}")
    assert sorted(shown["resource_ids"]) == sorted(items[1:])
    assert [reader["email"] for reader in shown["readers"]] == [email]
    assert study.id in {one.id for one in api.validation_studies.get_list()}
    assert api.validation_studies.patch(study, {"status": "active"}).status == "active"
    with pytest.raises(ConflictError):
        api.validation_studies.set_resources(study, items)
    with pytest.raises(ValueError, match="does not say what it annotates"):
        api.validation_studies.create(project, "another", "a model", evaluate_ai_output={"enabled": True})
