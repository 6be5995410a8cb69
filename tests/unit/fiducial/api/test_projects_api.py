"""Projects: splits, metrics, tables, archives, and which project is meant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from fiducial.entities import ProjectResourceSplit
from fiducial.errors import Invalid
from fiducial.exceptions import ItemNotFoundError
from tests.unit.fiducial.fake_server import Heard, api_with, project_row, refusal

P, R, W, U = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 5))
MAIL = "ann+x@example.org"
WORKLIST = {"id": W, "name": "First", "annotators": [{"email": MAIL, "status": "active"}]}
SPLIT = {"id": U, "split_name": "train", "project_id": P, "resource_id": R, "created_at": "t", "created_by": MAIL}


def test_splits_are_entities() -> None:
    heard = Heard([SPLIT])
    api = api_with(heard)
    (split,) = api.projects.get_splits(P, "train", datetime(2026, 1, 2, tzinfo=UTC))
    assert isinstance(split, ProjectResourceSplit)
    assert (split.split_name, split.deleted_at) == ("train", None)
    assert heard.params == {"split_name": "train", "as_of_timestamp": "2026-01-02T00:00:00Z"}
    heard.answer = SPLIT
    found = api.projects.get_resource_split(R, P)
    assert found is not None
    assert found.resource_id == R
    assert heard.line == f"GET /projects/{P}/resources/{R}/split"


@pytest.mark.parametrize("answer", [httpx.Response(200, content=b"null"), refusal(404, "the split was not found")])
def test_a_resource_in_no_split(answer: httpx.Response) -> None:
    assert api_with(Heard(answer)).projects.get_resource_split(R, P) is None


def test_names_of_models_come_from_the_models_host() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/healthz":
            return httpx.Response(200, json={"models_port": 5001})
        assert str(request.url) == f"http://server.test:5001/datamint/api/v1/model-info/get-models/{P}"
        return httpx.Response(200, json={"model_names": ["a", "b"]})

    assert api_with(handle).projects.get_models(P) == ["a", "b"]


def test_pinned_metrics() -> None:
    assert api_with(Heard(project_row(pinned_metrics=["dice"]))).projects.get_pinned_metrics(P) == ["dice"]
    assert api_with(Heard(project_row(pinned_metrics=None))).projects.get_pinned_metrics(P) == []
    assert api_with(Heard(project_row())).projects.get_pinned_metrics(P) == []


def test_the_project_that_is_meant_when_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIDUCIAL_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.delenv("FIDUCIAL_PROJECT", raising=False)
    heard = Heard([])
    with pytest.raises(Invalid, match="which project"):
        api_with(heard).projects.get_members()
    monkeypatch.setenv("FIDUCIAL_PROJECT", P)
    api_with(heard).projects.get_members()
    assert heard.line == f"GET /projects/{P}/members"


@pytest.mark.parametrize(("given", "sent"), [("csv", "csv"), ("xlsx", "xlsx"), ("excel", "xlsx")])
def test_a_project_s_table_is_saved(tmp_path: Path, given: str, sent: str) -> None:
    heard = Heard(httpx.Response(200, content=b"a,b\n"))
    place = tmp_path / "new" / "table"
    api_with(heard).projects.download_annotations(
        place, given, ["a@b.c", "d@e.f"], ["x"], date(2026, 1, 1), "2026-02-01", progress_bar=False, project=P
    )
    assert place.read_bytes() == b"a,b\n"
    wanted = {"format": sent, "from": "2026-01-01", "to": "2026-02-01"}
    assert heard.params == {**wanted, "annotators[]": ["a@b.c", "d@e.f"], "annotations[]": ["x"]}


def test_a_table_that_is_refused_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ItemNotFoundError):
        api_with(Heard(refusal(404, "project not found"))).projects.download_annotations(tmp_path / "t", project=P)
    assert list(tmp_path.iterdir()) == []


def test_a_project_s_archive_is_saved(tmp_path: Path) -> None:
    heard = Heard(httpx.Response(200, content=b"PK"))
    api_with(heard).projects.download_project(P, tmp_path / "p.zip", all_annotations=True)
    assert (tmp_path / "p.zip").read_bytes() == b"PK"
    assert heard.line == f"GET /projects/{P}/annotated_dataset"
    assert heard.params == {"all_annotations": "True", "include_unannotated": "False"}


def test_a_project_s_worklists_under_older_names_too() -> None:
    rows = [WORKLIST, {"worklist_id": U, "worklist_name": "Second", "annotators": []}]
    found = api_with(Heard(rows)).projects.get_worklists(P)
    assert [(one.id, one.name) for one in found] == [(W, "First"), (U, "Second")]
    assert found[0].annotators[0].email == MAIL


def test_a_dataset_s_archive_comes_by_token(tmp_path: Path) -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json="a token/1") if len(asked) == 1 else httpx.Response(200, content=b"PK")

    api_with(handle).datasets.download(U, tmp_path / "d.zip", "png", progress_bar=False)
    assert asked == [f"/datasets/{U}/download/png", "/datasets/download/a%20token%2F1"]
    assert (tmp_path / "d.zip").read_bytes() == b"PK"
