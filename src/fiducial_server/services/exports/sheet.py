"""Tables as CSV and XLSX, written row by row: neither is ever in memory as a whole."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any, cast

from fiducial.errors import TooLarge
from fiducial_server.services.exports.waiting_file import Pipe, WaitingFile, waiting_file
from fiducial_server.storage.base import BlobStore

Cell = str | int | float | bool | None
Row = Sequence[Cell]

MOST_XLSX_ROWS = 1_048_575
"""Rows of one sheet below its header; the format has no more."""
MOST_CELL = 32_767
"""Characters of one XLSX cell."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_pieces(header: Sequence[str], pages: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, a piece for each page. No cell is a formula to a spreadsheet: see :func:`harmless`."""
    yield _csv([header])
    for page in pages:
        yield _csv([harmless(cell) for cell in row] for row in page)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def harmless(cell: Cell) -> str:
    """The cell as text; a text that a spreadsheet would run as a formula has an apostrophe before it.

    Numbers stay as they are, with their sign. None is empty.
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if not isinstance(cell, str):
        return "" if cell is None else repr(cell)
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def xlsx_file(header: Sequence[str], pages: Iterable[Iterable[Row]], store: BlobStore) -> WaitingFile:
    """A workbook of one sheet. Texts are texts in it, never formulas. TooLarge when there are more rows than it can have."""
    return waiting_file(store, lambda target: _write_xlsx(header, pages, target))


def _write_xlsx(header: Sequence[str], pages: Iterable[Iterable[Row]], target: Pipe) -> None:
    with TemporaryDirectory(dir=target.folder) as folder:
        _write_book(header, pages, target, folder)


def _write_book(header: Sequence[str], pages: Iterable[Iterable[Row]], target: Pipe, folder: str) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(cast(io.BytesIO, target), {"constant_memory": True, "tmpdir": folder})
    sheet = book.add_worksheet("annotations")
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, header)
    place = 0
    for page in pages:
        for row in page:
            place += 1
            if place > MOST_XLSX_ROWS:
                raise TooLarge(
                    f"there are more than the {MOST_XLSX_ROWS} rows of a sheet: take format=csv, or narrow it"
                )
            for column, cell in enumerate(row):
                _write_cell(sheet, place, column, cell)
    book.close()


def _write_cell(sheet: Any, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell)
    elif cell:
        told = f"({len(cell)} characters, more than a cell can hold: take format=csv)"
        text = cell if len(cell) <= MOST_CELL else told
        sheet.write_string(row, column, text.encode("utf-8", "replace").decode())
