"""Single ranges, ETags and file names that cannot break out of their header."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from fiducial_server.dialects.datamint.ranges import disposition, parse_range, send
from fiducial_server.services.content import Content

BYTES = bytes(range(100))


def read(start: int, length: int | None) -> Iterator[bytes]:
    yield BYTES[start : None if length is None else start + length]


CONTENT = Content(100, "image/png", 'a"b\r\nX: y.png', "ab" * 32, read)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-1000", (0, 100)),
        ("bytes=50-1000", (50, 50)),
        ("bytes=9-5", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=1-2", None),
    ],
)
def test_a_range_is_what_the_standard_says(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_is_refused(header: str) -> None:
    response = send(CONTENT, Headers({"range": header}))
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */100"


def test_a_range_answers_206_with_its_place() -> None:
    response = send(CONTENT, Headers({"range": "bytes=10-19"}))
    assert response.status_code == 206
    assert response.headers["content-range"] == "bytes 10-19/100"
    assert response.headers["content-length"] == "10"


def test_everything_answers_200_with_its_hash() -> None:
    response = send(CONTENT, Headers({}))
    assert response.status_code == 200
    assert response.headers["etag"] == f'"{"ab" * 32}"'
    assert response.headers["content-length"] == "100"


@pytest.mark.parametrize("header", [f'"{"ab" * 32}"', f'W/"{"ab" * 32}"', f'"x", "{"ab" * 32}"', "*"])
def test_who_has_it_already_gets_304(header: str) -> None:
    assert send(CONTENT, Headers({"if-none-match": header})).status_code == 304


def test_a_range_of_other_bytes_is_answered_whole() -> None:
    assert send(CONTENT, Headers({"range": "bytes=0-1", "if-range": '"other"'})).status_code == 200


@given(st.text(max_size=80))
def test_no_file_name_breaks_out_of_its_header(name: str) -> None:
    header = disposition(name.encode(errors="ignore").decode())
    assert header.isascii()
    assert "\r" not in header
    assert "\n" not in header
    assert header.count('"') == 2
