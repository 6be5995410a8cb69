"""Tables: what a spreadsheet reads is what was written, nothing in them is run, and nothing of them stays behind."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import TooLarge
from fiducial_server.services.exports import sheet
from fiducial_server.services.exports.sheet import csv_pieces, harmless, xlsx_file
from fiducial_server.storage.base import BlobStore
from tests.unit.fiducial_server.services.items_stage import spool_files

HEADER = ("name", "value", "flag")
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"))
CELLS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)


def read_csv(pieces: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8"), newline="")))


def read_xlsx(made: Any) -> list[tuple[Any, ...]]:
    body = b"".join(made.pieces)
    assert len(body) == made.size
    book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
    return list(book.active.iter_rows(values_only=True))


@given(st.lists(st.lists(TEXTS | CELLS, min_size=3, max_size=3)))
def test_csv_reads_as_it_was_written(rows: list[list[Any]]) -> None:
    found = read_csv(csv_pieces(HEADER, [rows[:2], rows[2:]]))
    assert found[0] == list(HEADER)
    assert [tuple(row) for row in found[1:]] == [tuple(harmless(cell) for cell in row) for row in rows]


@given(TEXTS)
def test_no_cell_is_a_formula(text: str) -> None:
    shown = harmless(text)
    assert shown in {text, f"'{text}"}
    if shown[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        float(shown)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("-x", "'-x"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-inf", "'-inf"),
        ("-3.5", "-3.5"),
        ("+4e-7", "+4e-7"),
        (-3.5, "-3.5"),
        (True, "true"),
        (None, ""),
        ("a,b", "a,b"),
    ],
)
def test_what_is_escaped_and_what_is_not(cell: Any, shown: str) -> None:
    assert harmless(cell) == shown


def test_csv_is_utf_8_with_crlf_and_quotes() -> None:
    body = b"".join(csv_pieces(HEADER, [[['Läsion, "klein"', 1, False], ["two\nlines", None, None]]]))
    assert body == 'name,value,flag\r\n"Läsion, ""klein""",1,false\r\n"two\nlines",,\r\n'.encode()


def test_xlsx_keeps_kinds_and_runs_nothing(store: BlobStore, tmp_path: Path) -> None:
    rows = [["=1+1", 2.5, True], ["http://x.example", -7, None], ["\x01ü\ud800", 3, False], ["{=x}", 4, None]]
    found = read_xlsx(xlsx_file(HEADER, [rows[:1], rows[1:]], store))
    assert found[0] == HEADER
    assert found[1] == ("=1+1", 2.5, True)
    assert found[2] == ("http://x.example", -7, None)
    assert found[4][0] == "{=x}"
    assert spool_files(tmp_path) == 0


def test_xlsx_has_no_formulas_or_links_in_it(store: BlobStore) -> None:
    import zipfile

    made = xlsx_file(HEADER, [[["=cmd()", 1, None], ["http://x.example", 1, None]]], store)
    with zipfile.ZipFile(io.BytesIO(b"".join(made.pieces))) as archive:
        written = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in written
    assert b"hyperlink" not in written


def test_a_cell_that_is_too_long_says_so(store: BlobStore) -> None:
    found = read_xlsx(xlsx_file(HEADER, [[["x" * 32_767, "y" * 32_768, None]]], store))
    assert found[1][0] == "x" * 32_767
    assert "32768 characters" in found[1][1]


def test_too_many_rows_are_refused_and_leave_nothing(
    store: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "MOST_XLSX_ROWS", 3)
    read_xlsx(xlsx_file(HEADER, [[["a", 1, None]] * 3], store))
    with pytest.raises(TooLarge, match="take format=csv"):
        xlsx_file(HEADER, [[["a", 1, None]] * 4], store)
    assert spool_files(tmp_path) == 0
    assert not [path for path in tmp_path.rglob("tmp*") if "spool" in path.parts]
