"""Who took data out is in the audit trail, one event for each table, archive and link; reading files leaves none."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.acceptance.support import database_of, got, send
from tests.demo_data import DEMO_DATA
from tests.running import ADMIN_EMAIL, Running, fiducial

TAKEN = {
    "project.export": {"name", "format"},
    "annotation_set.export": {"name", "format"},
    "dataset.export": {"name", "format"},
    "dataset.link": {"format", "expires_at"},
    "item.link": {"filename", "file", "expires_at"},
}


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


def audit(running: Running, *subjects: str) -> list[dict[str, Any]]:
    """What the administrator's command tells of these, the oldest first."""
    where = ("--database-url", database_of(running), "--as", ADMIN_EMAIL)
    done = subprocess.run(
        fiducial("admin", "audit", "--json", "--limit", "200", *where), capture_output=True, check=True, timeout=60
    )
    rows = [row for row in json.loads(done.stdout) if row["subject_id"] in subjects and row["action"] in TAKEN]
    return rows[::-1]


def test_an_administrator_sees_who_took_what(running: Running, client: httpx.Client) -> None:
    email = f"{uuid.uuid4().hex[:8]}@example.org"
    client.post("/users", json={"email": email, "roles": ["viewer"]}).raise_for_status()
    where = ("--database-url", database_of(running), "--as", ADMIN_EMAIL)
    key = subprocess.run(
        fiducial("admin", "key", "add", email, "--json", *where), capture_output=True, check=True, timeout=60
    )
    rid = send(client, "ct.dcm", (DEMO_DATA / "ct_small.dcm").read_bytes())
    pid = client.post("/projects", json={"name": uuid.uuid4().hex, "resource_ids": [rid]}).json()["id"]
    project = got(client, f"/projects/{pid}")
    (main,) = got(client, f"/projects/{pid}/worklists")
    did, wid = project["dataset_id"], main["id"]
    with running.client(json.loads(key.stdout)["api_key"]) as viewer:
        viewer.get(f"/projects/{pid}/download-annotations", params={"annotators[]": email}).raise_for_status()
        viewer.get(f"/annotationsets/{wid}/download-annotations", params={"format": "excel"}).raise_for_status()
        viewer.get(f"/projects/{pid}/annotated_dataset", params={"all_annotations": "True"}).raise_for_status()
        token = got(viewer, f"/datasets/{did}/download/dicom")
        httpx.get(f"{running.url}/datasets/download/{token}").raise_for_status()
        url = got(viewer, f"/resources/{rid}/file-url")["url"]
        got(viewer, f"/resources/{rid}/files/0/url")
        for _ in range(3):
            httpx.get(url).raise_for_status()
            viewer.get(f"/resources/{rid}/file").raise_for_status()
        for path in (f"/datasets/{did}/download/bmp", f"/projects/{pid}/download-annotations?format=pdf"):
            assert viewer.get(path).status_code == 400
    found = audit(running, pid, wid, did, rid)
    assert [(row["action"], row["subject_id"], row["origin"]) for row in found] == [
        ("project.export", pid, "datamint"),
        ("annotation_set.export", wid, "datamint"),
        ("project.export", pid, "datamint"),
        ("dataset.link", did, "datamint"),
        ("dataset.export", did, "link"),
        ("item.link", rid, "datamint"),
        ("item.link", rid, "datamint"),
    ]
    assert {row["actor"] for row in found} == {email}
    for row in found:
        assert TAKEN[row["action"]] <= set(row["details"])
    told = [row["details"] for row in found]
    assert [one.get("format") for one in told] == ["csv", "xlsx", "zip", "dicom", "dicom", None, None]
    assert (told[0]["name"], told[0]["annotators"]) == (project["name"], [email])
    assert [one["file"] for one in told[5:]] == [None, 0]
    assert told[5]["filename"] == "ct.dcm"
    assert datetime.fromisoformat(told[5]["expires_at"]) > datetime.fromisoformat(found[5]["at"])
