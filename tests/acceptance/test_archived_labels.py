"""Over HTTP: labels of an archived project are read, and refused with one reason whatever is to be done to them."""

from __future__ import annotations

import uuid

from tests.acceptance.support import got, send
from tests.demo_data import DEMO_DATA
from tests.running import Running


def test_labels_of_an_archived_project_stay_as_they_are(running: Running) -> None:
    with running.client() as client:
        rid = send(client, "ct.dcm", (DEMO_DATA / "ct_small.dcm").read_bytes())
        pid = client.post("/projects", json={"name": uuid.uuid4().hex, "resource_ids": [rid]}).json()["id"]
        (worklist,) = got(client, f"/projects/{pid}/worklists")
        own = {"scope": "image", "annotation_worklist_id": worklist["id"]}
        label = {"type": "label", "identifier": "seen", **own}
        mask = {"type": "segmentation", "identifier": "spot", **own, "scope": "frame", "frame_index": 0}
        posted = client.post(f"/annotations/{rid}/annotations", json=[label, mask])
        aid, of_mask = posted.raise_for_status().json()
        client.delete(f"/projects/{pid}").raise_for_status()
        track = {"identifier": "t", "type": "label", "values": [{"frame_ranges": [{"start": 0, "end": 1}]}]}
        set_id = {"annotation_worklist_id": worklist["id"]}
        writes = (
            ("POST", f"/annotations/{rid}/annotations", {"json": [label]}),
            ("PATCH", f"/annotations/{aid}", {"json": {"identifier": "other"}}),
            ("PATCH", f"/annotations/{aid}/approve", {}),
            ("DELETE", f"/annotations/{aid}", {}),
            ("POST", "/annotations/delete-batch", {"json": {"ids": [aid, of_mask]}}),
            ("PUT", f"/annotations/{rid}/frame-ranges", {"json": {**track, **set_id}}),
        )
        before = got(client, "/annotations", resource_id=rid)
        for method, path, given in writes:
            answer = client.request(method, path, **given)  # type: ignore[arg-type]
            assert (answer.status_code, "is archived: restore it first" in answer.json()["message"]) == (409, True), (
                path
            )
        png = {"file": ("spot", b"\x89PNG\r\n\x1a\n", "image/png")}
        answer = client.post(f"/annotations/{rid}/annotations/{of_mask}/file", files=png)
        assert (answer.status_code, "is archived" in answer.json()["message"]) == (409, True)
        assert got(client, "/annotations", resource_id=rid) == before
        client.post(f"/projects/{pid}/restore").raise_for_status()
        for method, path, given in writes:
            assert client.request(method, path, **given).status_code == 200, path  # type: ignore[arg-type]
