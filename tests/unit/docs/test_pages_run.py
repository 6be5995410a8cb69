"""Every page's Python, from its first line to its last, against a real server with the sample project in it."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fiducial import Api
from fiducial_server.app.sample import NAME, load_sample
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_KEY, on_a_laptop
from tests.unit.docs.pages import Snippet, snippets

pytest.importorskip("torch", reason="the pages show tensors")

PAGES: dict[str, list[Snippet]] = defaultdict(list)
for _one in snippets():
    if _one.is_python:
        PAGES[_one.page].append(_one)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the sample in it."""
    with on_a_laptop(tmp_path_factory.mktemp("docs") / "server") as running:
        load_sample(Api(running.url, running.key))
        yield running.url


@pytest.fixture
def workplace(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The files that the pages speak of, in the current folder; and what a page may take as given."""
    shutil.copy(DEMO_DATA / "fundus.jpg", tmp_path)
    shutil.copy(DEMO_DATA / "ct_small.dcm", tmp_path / "ct.dcm")
    shutil.copytree(DEMO_DATA / "mr_series", tmp_path / "study")
    content = (DEMO_DATA / "ct_small.dcm").read_bytes()
    (tmp_path / "ct-half.dcm").write_bytes(content[: len(content) // 2])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIDUCIAL_API_URL", server)
    monkeypatch.setenv("FIDUCIAL_API_KEY", ADMIN_KEY)
    monkeypatch.setenv("FIDUCIAL_CACHE_DIR", str(tmp_path / "cache"))
    api = Api()
    return {"__name__": "__main__", "api": api, "resource": api.projects.get_project_resources(NAME)[0]}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_the_page_runs(page: str, workplace: dict[str, Any]) -> None:
    for snippet in PAGES[page]:
        exec(compile("\n" * (snippet.line - 1) + snippet.code, snippet.page, "exec"), workplace)
