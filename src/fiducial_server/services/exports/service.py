"""The exports service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fiducial_server.model.actor import Actor
from fiducial_server.model.label import LabelFilter
from fiducial_server.model.times import to_iso
from fiducial_server.services.exports.dataset_archive import DatasetArchive
from fiducial_server.services.exports.project_archive import ProjectArchive
from fiducial_server.services.exports.sheet import Row, csv_pieces, xlsx_file
from fiducial_server.services.exports.waiting_file import WaitingFile


class Exports(DatasetArchive, ProjectArchive):
    """What goes out as one file; each kind of file is in a file of its own. Each leaves an event: who took out what."""

    def csv(
        self,
        actor: Actor,
        asked: LabelFilter,
        header: Sequence[str],
        pages: Iterator[Sequence[Row]],
        *,
        origin: str = "datamint",
    ) -> Iterator[bytes]:
        """A table of the labels ``asked`` for, of a project or an annotation set, as CSV, page by page."""
        self._note_table(actor, asked, "csv", origin)
        return csv_pieces(header, pages)

    def xlsx(
        self,
        actor: Actor,
        asked: LabelFilter,
        header: Sequence[str],
        pages: Iterator[Sequence[Row]],
        *,
        origin: str = "datamint",
    ) -> WaitingFile:
        """The same as a workbook, whole on disk before it is sent."""
        self._note_table(actor, asked, "xlsx", origin)
        return xlsx_file(header, pages, self._store)

    def _note_table(self, actor: Actor, asked: LabelFilter, form: str, origin: str) -> None:
        if asked.annotation_set_id is not None:
            of_set = self._projects.annotation_set(actor, asked.annotation_set_id)
            noun, subject_id, name, project_id = "annotation_set", of_set.id, of_set.name, of_set.project_id
        else:
            project = self._projects.get(actor, asked.project_id or "")
            noun, subject_id, name, project_id = "project", project.id, project.name, project.id
        details = {"name": name, "format": form, **_narrowed(asked)}
        self._note(actor, f"{noun}.export", subject_id, details, origin=origin, project_id=project_id)


def _narrowed(asked: LabelFilter) -> dict[str, Any]:
    """To which labels; empty when it is all of them."""
    said = {
        "from": asked.created_from and to_iso(asked.created_from),
        "to": asked.created_to and to_iso(asked.created_to),
        "annotators": asked.authors and list(asked.authors),
        "annotations": asked.identifiers and list(asked.identifiers),
    }
    return {name: value for name, value in said.items() if value is not None}
