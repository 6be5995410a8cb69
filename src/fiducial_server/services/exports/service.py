"""The exports service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fiducial_server.services.exports.dataset_archive import DatasetArchive
from fiducial_server.services.exports.project_archive import ProjectArchive
from fiducial_server.services.exports.sheet import Row, csv_pieces, xlsx_file
from fiducial_server.services.exports.waiting_file import WaitingFile


class Exports(DatasetArchive, ProjectArchive):
    """What goes out as one file; each kind of file is in a file of its own."""

    def csv(self, header: Sequence[str], pages: Iterator[Sequence[Row]]) -> Iterator[bytes]:
        """A table as CSV, page by page."""
        return csv_pieces(header, pages)

    def xlsx(self, header: Sequence[str], pages: Iterator[Sequence[Row]]) -> WaitingFile:
        """A table as a workbook, whole on disk before it is sent."""
        return xlsx_file(header, pages, self._store)
