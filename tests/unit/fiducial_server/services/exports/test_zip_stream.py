"""Archives that go out while they are made."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial_server.services.exports import zip_stream
from fiducial_server.services.exports.zip_stream import PIECE, ZipStream

AT = 1_700_000_000_000_000


def written(members: list[tuple[str, bytes, bool]]) -> Iterator[bytes]:
    archive = ZipStream()
    for name, body, compressed in members:
        pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
        yield from archive.member(name, pieces, size=len(body), at=AT, compressed=compressed)
    yield from archive.end()


@given(
    st.lists(
        st.tuples(st.text("abcäöü/", min_size=1).map(lambda s: f"x{s}y"), st.binary(max_size=4000), st.booleans()),
        unique_by=lambda one: one[0],
    )
)
def test_any_reader_reads_what_was_written(members: list[tuple[str, bytes, bool]]) -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(written(members)))) as found:
        assert found.testzip() is None
        assert {i.filename: found.read(i) for i in found.infolist()} == {name: body for name, body, _ in members}
        kinds = {i.filename: i.compress_type == zipfile.ZIP_STORED for i in found.infolist()}
        assert kinds == {name: compressed for name, _, compressed in members}


@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip on this machine")
def test_an_independent_reader_agrees(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"".join(written([("a/b.bin", bytes(100_000), False), ("c.bin", b"x" * 5000, True)])))
    done = subprocess.run(["unzip", "-tq", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bytes_go_out_as_they_come() -> None:
    """However large a member is, no more than a few pieces of it wait."""
    noise = random.Random(1).randbytes(PIECE)
    archive = ZipStream()
    largest = 0
    for piece in archive.member("big", (noise for _ in range(40)), size=40 * PIECE, at=AT, compressed=True):
        largest = max(largest, len(piece))
    assert largest <= 2 * PIECE


def test_moments_and_rights() -> None:
    body = b"".join(written([("a", b"1", True)]))
    with zipfile.ZipFile(io.BytesIO(body)) as found:
        (info,) = found.infolist()
    assert info.date_time == (2023, 11, 14, 22, 13, 20)
    assert info.external_attr >> 16 == 0o100644
    archive = ZipStream()
    early = b"".join([*archive.member("a", [b""], size=0, at=0), *archive.end()])
    with zipfile.ZipFile(io.BytesIO(early)) as found:
        assert found.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_large_members_are_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_stream, "_LARGE", 10)
    body = b"".join(written([("small", b"1", True), ("large", bytes(20), True)]))
    with zipfile.ZipFile(io.BytesIO(body)) as found:
        assert found.read("large") == bytes(20)
    assert body.count(b"\x01\x00\x10\x00") == 1  # the ZIP64 extra field of one local header
