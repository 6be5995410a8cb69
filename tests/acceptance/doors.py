"""Every door of the dialect, as the application lists them, and what to bring to each."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
from starlette.routing import Route

from fiducial_server.dialects.datamint.app import create_routes
from fiducial_server.dialects.datamint.uploads import Receiver
from tests.acceptance.support import new_dicom
from tests.demo_data import DEMO_DATA

MARK = f"secret{uuid.uuid4().hex[:12]}"
"""In every name that the first organization gives."""
OWN_APP = {("GET", "/healthz"), ("GET", "/metrics")}


def doors() -> list[tuple[str, str]]:
    """Every method and path of the dialect, as the application itself lists them."""
    services: Any = SimpleNamespace(max_upload_bytes=1)
    threads: Any = None
    batches: Any = None
    app = create_routes(Receiver(services, threads, batches))
    found = {(method.upper(), path) for path, entry in app.openapi()["paths"].items() for method in entry}
    plain = {(method, route.path) for route in app.routes if isinstance(route, Route) for method in route.methods or ()}
    plain = {door for door in plain if door[0] != "HEAD"}
    return sorted({*found, *plain, ("POST", "/resources")})


@dataclass(frozen=True)
class First:
    """What the first organization has: names of path parameters to real ids, and what must never be seen."""

    ids: Mapping[str, str]
    secrets: tuple[str, ...]
    body: bytes
    token: str


_TASKS = {"reader_tasks": {"provide_annotations": {"enabled": True}}}


def bodies(first: First) -> dict[tuple[str, str], dict[str, Any]]:
    """A request that would be right if it came from the first organization, for every door that takes more than a path."""
    rid, aid, own = first.ids["rid"], first.ids["aid"], {"resource_ids_to_add": [first.ids["rid"]]}
    group = {
        "segmentationValueType": "single_label",
        "definitions": [{"identifier": "x", "color": [1, 2, 3], "index": 1}],
    }
    label = {"type": "label", "identifier": "stolen", "scope": "image"}
    track = {"identifier": "x", "type": "label", "values": [{"frame_ranges": [{"start": 0, "end": 1}]}]}
    small = new_dicom(DEMO_DATA / "mr_small.dcm")
    file = {"files": {"file": ("labels.nii.gz", (DEMO_DATA / "mni152_gm.nii.gz").read_bytes())}}
    return {
        ("POST", "/projects"): {"json": {"name": "mine", "resource_ids": [rid]}},
        ("PATCH", "/projects/{pid}"): {"json": {"name": "stolen"}},
        ("POST", "/projects/{pid}/resources"): {"json": own},
        ("POST", "/projects/{pid}/resources/{rid}/status"): {"json": {"status": "closed"}},
        ("POST", "/projects/{pid}/members/{user_id}"): {"json": {"roles": ["PROJECT_ANNOTATOR"]}},
        ("POST", "/annotationsets"): {"json": {"name": "mine", "project_id": first.ids["pid"]}},
        ("PATCH", "/annotationsets/{wid}"): {"json": {"name": "stolen"}},
        ("POST", "/annotationsets/{wid}/resources"): {"json": own},
        ("PUT", "/annotationsets/{wid}/segmentation-group"): {"json": {"segmentationData": group}},
        ("POST", "/annotationsets/{wid}/resources/{rid}/status"): {"json": {"status": "closed"}},
        ("POST", "/annotationsets/{wid}/annotators/{user_id}"): {"json": {"status": "active"}},
        ("POST", "/annotationsets/{wid}/resources/{rid}/segmentations"): {"data": {"payload": '[{"identifier": "x"}]'}},
        ("POST", "/annotationsets/{wid}/segmentation-group/upload"): {"files": {"file": ("g.json", b'{"stolen": 1}')}},
        ("POST", "/projects/{pid}/splits"): {"json": {"resource_ids": [rid], "split_name": "stolen"}},
        ("POST", "/annotations/delete-batch"): {"json": {"ids": [aid]}},
        ("PATCH", "/annotations/{aid}"): {"json": {"identifier": "stolen"}},
        ("POST", "/annotations/{rid}/annotations"): {"json": [label]},
        ("PUT", "/annotations/{rid}/frame-ranges"): {"json": track},
        ("POST", "/annotations/{rid}/annotations/{aid}/file"): {"files": {"file": ("m", b"\x89PNG\r\n\x1a\n")}},
        ("POST", "/annotations/{rid}/segmentations/file"): {**file, "data": {"segmentation_map": "{}"}},
        ("PUT", "/resources/tags"): {"json": {"resource_ids": [rid], "tags": ["stolen"]}},
        ("POST", "/resources/bulk-publish"): {"json": {"resource_ids": [rid]}},
        ("DELETE", "/resources"): {"params": {"resource_ids": rid}},
        ("PATCH", "/resources/{rid}"): {"json": {"filename": "stolen", "tags": ["stolen"]}},
        ("PUT", "/resources/{rid}/tags"): {"json": {"tags": ["stolen"]}},
        ("POST", "/resources/groups/{rid}/files"): {"files": {"resource": ("a.dcm", small)}},
        ("POST", "/datasets/{did}/resources"): {"json": own},
        ("PATCH", "/users/{email}"): {"json": {"firstname": "stolen", "password": "stolen-password-1"}},
        ("POST", "/projects/{pid}/validation-studies"): {"json": {"name": "mine", "model_name": "m", **_TASKS}},
        ("PATCH", "/validation-studies/{sid}"): {"json": {"name": "stolen"}},
        ("PUT", "/validation-studies/{sid}/resources"): {"json": {"resource_ids": [rid]}},
        ("POST", "/validation-studies/{sid}/readers"): {"json": {"readers": [{"email": "reader@example.com"}]}},
        ("PATCH", "/experiments/{eid}"): {"json": {"name": "stolen"}},
        ("POST", "/experiments/{eid}/summary"): {"json": {"result_summary": {"stolen": 1}}},
        ("POST", "/experiments/{eid}/log"): {"json": {"stolen": 1}},
        ("POST", "/experiments/{eid}/model"): {"files": {"model": ("m.pt", b"stolen")}},
    }


BODILESS = {
    *(
        ("DELETE", p)
        for p in ("/projects/{pid}", "/projects/{pid}/members/{user_id}", "/annotations/{aid}", "/users/{email}")
    ),
    *(
        ("DELETE", p)
        for p in ("/resources/{rid}", "/resources/groups/{rid}", "/annotationsets/{wid}/annotators/{user_id}")
    ),
    *(
        ("DELETE", f"/{owner}/resources/{{rid}}/annotator/{{email}}/status-reset")
        for owner in ("projects/{pid}", "annotationsets/{wid}")
    ),
    *(("POST", p) for p in ("/projects/{pid}/restore", "/resources/{rid}/restore", "/resources/{rid}/publish")),
    *(("POST", p) for p in ("/resources/groups/{rid}/close", "/jobs/{job_id}/cancel")),
    ("PATCH", "/annotations/{aid}/approve"),
    ("DELETE", "/datasets/{did}"),
    ("DELETE", "/users/invitations/{email}/revoke"),
    ("DELETE", "/annotationsets/{wid}/segmentation-group/{identifier}"),
}
"""Writes whose path says everything."""
OPEN = {
    *(
        ("GET", p)
        for p in ("/projects", "/resources", "/resources/channels", "/resources/not-annotated", "/annotations")
    ),
    *(
        ("GET", p)
        for p in ("/annotationsets", "/datasets", "/users", "/whoami", "/docs", "/docs/datamint/openapi.json")
    ),
    *(("POST", p) for p in ("/resources", "/resources/known", "/resources/groups", "/resources/restore", "/users")),
    ("POST", "/annotations/search"),
    *(("GET", p) for p in ("/users/invitations", "/users/invitations/accept", "/validation-studies", "/experiments")),
    *(("POST", p) for p in ("/users/invite", "/users/invitations/accept", "/experiments")),
}
"""Doors whose path names nothing: they answer of the caller's own organization, and have tests of their own below."""
SIGNED = {("GET", "/signed/{token}"), ("GET", "/datasets/download/{token}")}
"""Doors that ask for a token instead of a key, and say 401 of one that was made up; see test_signed_urls."""


def knock(client: httpx.Client, first: First, method: str, path: str, more: Mapping[str, Any]) -> httpx.Response:
    names = {**first.ids, "index": "0", "axis": "axial", "identifier": f"{MARK}-mask", "kind": "png"}
    if "/groups/" in path:
        names["rid"] = first.ids["group"]
    address = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: names.get(found[1], str(uuid.uuid4())), path)
    return client.request(method, address, **more)
