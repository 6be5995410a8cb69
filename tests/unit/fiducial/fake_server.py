"""A server in memory, behind an httpx transport: as much of the wire as the client's own tests need."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from fiducial.api.client import Api

URL = "http://server.test"
Handler = Callable[[httpx.Request], httpx.Response]


def resource_row(**changes: Any) -> dict[str, Any]:
    """A resource as the server tells it."""
    row = {
        "id": str(uuid.uuid4()),
        "resource_uri": "/resources/x/file",
        "storage": "ImageResource",
        "location": "items/x",
        "upload_channel": "",
        "filename": "a.png",
        "mimetype": "image/png",
        "size": 3,
        "customer_id": "c",
        "status": "inbox",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "created_by": "ann@example.org",
        "published": False,
        "deleted": False,
    }
    return row | changes


def project_row(**changes: Any) -> dict[str, Any]:
    """A project as the server tells it in lists: lazy fields left out."""
    row = {
        "id": str(uuid.uuid4()),
        "name": "P",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "created_by": "ann@example.org",
        "dataset_id": str(uuid.uuid4()),
        "worklist_id": str(uuid.uuid4()),
        "archived": False,
        "resource_count": 0,
        "annotated_resource_count": 0,
        "description": None,
        "viewable_ai_segs": None,
        "editable_ai_segs": None,
    }
    return row | changes


def api_with(handler: Handler, **options: Any) -> Api:
    """An Api whose requests are answered by ``handler``, without a pause between tries."""
    client = httpx.Client(base_url=URL, transport=httpx.MockTransport(handler))
    api = Api(URL, "key", check_connection=False, client=client, **options)
    api.connection._pause = lambda _: None
    return api


class Heard:
    """Answers with what it is given, and keeps the last request in plain words."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = {} if answer is None else answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return self.answer if isinstance(self.answer, httpx.Response) else httpx.Response(200, json=self.answer)

    @property
    def line(self) -> str:
        """``METHOD /path`` of the last request."""
        return f"{self.requests[-1].method} {self.requests[-1].url.raw_path.decode().partition('?')[0]}"

    @property
    def params(self) -> dict[str, Any]:
        query = self.requests[-1].url.params
        return {
            name: query.get_list(name) if name.endswith("s[]") or name == "statuses" else query[name] for name in query
        }

    @property
    def json(self) -> Any:
        content = self.requests[-1].content
        return json.loads(content) if content else None


def refusal(status: int, message: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"statusCode": status, "message": message, "error": "E", **more})


class UploadServer:
    """Keeps uploads and groups; ``fail`` may refuse the n-th file (from 1) that arrives."""

    def __init__(self, fail: Callable[[int], httpx.Response | None] = lambda _: None) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, str] = {}
        self.requests: list[tuple[str, str]] = []
        self.fail = fail
        self._count = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def sent(self) -> int:
        """Files that arrived."""
        return sum(len(item["files"]) for item in self.items.values())

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append((request.method, request.url.path))
            return self._answer(request, request.url.path.strip("/").split("/"))

    def _answer(self, request: httpx.Request, parts: list[str]) -> httpx.Response:  # noqa: PLR0911 - a table
        match (request.method, parts):
            case ("POST", ["resources", "known"]):
                return self._known(json.loads(request.content)["sha256"])
            case ("POST", ["resources"]):
                return self._refused() or httpx.Response(200, json={"id": self._new([_part(request)])})
            case ("POST", ["resources", "groups"]):
                return self._group(json.loads(request.content))
            case ("POST", ["resources", "groups", item_id, "files"]):
                return self._refused() or self._add(item_id, _part(request))
            case ("GET", ["resources", "groups", item_id, "files"] | ["resources", item_id, "files"]):
                return httpx.Response(200, json=self.items[item_id]["files"])
            case ("POST", ["resources", "groups", item_id, "close"]):
                self.items[item_id]["state"] = "ready"
                return httpx.Response(200, json=self._row(item_id))
            case ("DELETE", ["resources", "groups", item_id]):
                del self.items[item_id]
                return httpx.Response(200, json={})
            case ("GET", ["resources"]):
                name = request.url.params.get("filename")
                rows = [self._row(i) for i, item in self.items.items() if name in {None, item["filename"]}]
                return httpx.Response(200, json={"data": [{"resources": rows}], "totalCount": len(rows)})
            case ("GET", ["resources", item_id]):
                return httpx.Response(200, json=self._row(item_id))
            case _:
                return httpx.Response(200, json={})

    def _refused(self) -> httpx.Response | None:
        return self.fail(next(self._count))

    def _known(self, hashes: list[str]) -> httpx.Response:
        single = {i: item["files"][0]["sha256"] for i, item in self.items.items() if item["state"] == "single"}
        return httpx.Response(200, json={"known": {h: [i for i, s in single.items() if s == h] for h in hashes}})

    def _new(self, files: list[dict[str, Any]], state: str = "single", filename: str | None = None) -> str:
        item_id = str(uuid.uuid4())
        self.items[item_id] = {"files": files, "state": state, "filename": filename or files[0]["filename"]}
        return item_id

    def _group(self, facts: dict[str, Any]) -> httpx.Response:
        found = self.groups.get(facts["token"])
        if found is None or self.items.get(found, {"state": "gone"})["state"] != "open":
            found = self.groups[facts["token"]] = self._new([], "open", facts["filename"])
        return httpx.Response(200, json={"id": found})

    def _add(self, item_id: str, file: dict[str, Any]) -> httpx.Response:
        self.items[item_id]["files"].append(file)
        return httpx.Response(200, json={"id": item_id})

    def _row(self, item_id: str) -> dict[str, Any]:
        item = self.items[item_id]
        return resource_row(id=item_id, filename=item["filename"], state=item["state"])


def _part(request: httpx.Request) -> dict[str, Any]:
    """Name and hash of the part ``resource`` of a multipart body."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    for part in request.read().split(b"--" + boundary):
        head, _, content = part.partition(b"\r\n\r\n")
        if b'name="resource"' in head:
            name = head.partition(b'filename="')[2].partition(b'"')[0].decode()
            content = content.removesuffix(b"\r\n")
            return {"filename": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    raise AssertionError("the request has no part named resource")
