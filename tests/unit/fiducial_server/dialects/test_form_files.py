"""Forms with several small files: taken apart wherever the network cuts them, and nothing left of a broken one."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from fiducial.errors import Invalid, TooLarge
from fiducial_server.dialects.datamint import form_files
from fiducial_server.dialects.datamint.form_files import FilesForm, Limits, taken_form
from fiducial_server.storage.base import Spool
from fiducial_server.testing.memory_store import MemoryStore

LIMITS = Limits("images", files=3, bytes=3 << 20)


def _request(content_type: str, chunks: list[bytes]) -> Request:
    async def receive() -> dict[str, object]:
        body = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": body, "more_body": bool(chunks)}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", content_type.encode())]}
    return Request(scope, receive)


class Begun:
    """Spools of a store, and which of them are still there."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        self.spools: list[Spool] = []

    def __call__(self) -> Spool:
        self.spools.append(self._store.spool())
        return self.spools[-1]


def _taken(request: Request, begin: Begun) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
    async def take() -> tuple[dict[str, str], list[tuple[str, bytes]]]:
        async with taken_form(request, begin, LIMITS) as form:
            return form.fields, _files(form)

    return asyncio.run(take())


def _files(form: FilesForm) -> list[tuple[str, bytes]]:
    found = []
    for head, spool in zip(form.heads, form.spools, strict=True):
        with spool.open() as source:
            found.append((head.filename, source.read()))
    return found


def _encoded(files: list[tuple[str, bytes]], fields: dict[str, str]) -> tuple[str, bytes]:
    parts = [("images", (name, content, "image/png")) for name, content in files]
    request = httpx.Request("POST", "http://x/", data=fields, files=parts)
    return request.headers["content-type"], request.read()


def _cut(body: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({min(place, len(body)) for place in places} | {len(body)})
    return [body[start:end] for start, end in zip([0, *ends], ends, strict=False) if end > start] or [b""]


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=300), min_size=1, max_size=3),
    st.text(st.characters(codec="utf-8"), max_size=50),
    st.lists(st.integers(0, 3000), max_size=20),
)
def test_it_does_not_matter_where_the_body_is_cut(contents: list[bytes], text: str, places: list[int]) -> None:
    files = [(f"{n}.png", content) for n, content in enumerate(contents)]
    kind, body = _encoded(files, {"payload": text})
    assert _taken(_request(kind, _cut(body, places)), Begun()) == ({"payload": text}, files)


def test_a_large_file_goes_to_the_disk_in_pieces() -> None:
    content = bytes(range(256)) * 10_000
    kind, body = _encoded([("a.png", content), ("b.png", b"")], {})
    chunks = [body[start : start + 65_536] for start in range(0, len(body), 65_536)]
    assert _taken(_request(kind, chunks), Begun()) == ({}, [("a.png", content), ("b.png", b"")])


def test_fields_alone_may_be_url_encoded() -> None:
    body = urlencode({"payload": '[{"identifier": "Leber & Müller"}]', "empty": ""}).encode()
    request = _request("application/x-www-form-urlencoded; charset=utf-8", [body[:9], body[9:]])
    assert _taken(request, Begun()) == ({"payload": '[{"identifier": "Leber & Müller"}]', "empty": ""}, [])


def _refused(kind: str, chunks: list[bytes], error: type[Exception], match: str) -> None:
    begun = Begun()
    with pytest.raises(error, match=match):
        _taken(_request(kind, chunks), begun)
    for spool in begun.spools:
        with pytest.raises(Exception):  # noqa: B017, PT011 - it is gone, however its store says that
            spool.open()


def test_what_is_broken_or_too_much_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, body = _encoded([("a.png", b"x" * 100), ("b.png", b"y" * 100)], {"payload": "p"})
    _refused(kind, [body[:-20]], Invalid, "cut off")
    _refused(kind, [body[:200]], Invalid, "cut off")
    _refused("multipart/form-data", [body], Invalid, "no boundary")
    _refused("application/json", [b"{}"], Invalid, "must be multipart")
    _refused(*_one(_encoded([(str(n), b"x") for n in range(4)], {})), Invalid, "more than 3 files named 'images'")
    _refused(*_one(_encoded([("a", b"x" * (LIMITS.bytes + 1))], {})), TooLarge, "over the limit of")
    twice = b'--b\r\nContent-Disposition: form-data; name="p"\r\n\r\n1\r\n' * 2 + b"--b--\r\n"
    _refused("multipart/form-data; boundary=b", [twice], Invalid, "'p' is there twice")
    _refused("application/x-www-form-urlencoded", [b"a=1&a=2"], Invalid, "'a' is there twice")
    _refused("application/x-www-form-urlencoded", [b"a=%ff"], Invalid, "broken")
    _refused("application/x-www-form-urlencoded", ["a=ü".encode()], Invalid, "broken")
    monkeypatch.setattr(form_files, "FIELDS_BYTES", 10)
    _refused("application/x-www-form-urlencoded", [b"a=" + b"1" * 20], TooLarge, "10 bytes")
    _refused(*_one(_encoded([("a", b"x")], {"payload": "p" * 20})), TooLarge, "10 bytes")


def _one(encoded: tuple[str, bytes]) -> tuple[str, list[bytes]]:
    return encoded[0], [encoded[1]]


def test_a_connection_that_ends_is_an_error() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
    }

    with pytest.raises(Invalid, match="connection was closed"):
        _taken(Request(scope, receive), Begun())
