# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""A project as files: its annotations as a table, and all of it as one archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from fiducial.api.download import fetch_to
from fiducial.api.progress import progress_of
from fiducial.api.projects.base import ProjectCalls, WhichProject
from fiducial.api.table import table_params


class ExportCalls(ProjectCalls):
    """A file appears at its place whole, or not at all."""

    def download_annotations(
        self,
        output_path: str | Path,
        format: str = "csv",  # noqa: A002 - the documented name
        annotators: Sequence[str] | None = None,
        annotations: Sequence[str] | None = None,
        from_date: date | str | None = None,
        to_date: date | str | None = None,
        progress_bar: bool = True,
        project: WhichProject = None,
    ) -> None:
        """Save the project's annotations as a table, ``csv`` or ``xlsx`` (also ``excel``).

        Those made from ``from_date`` on and before ``to_date``, by these ``annotators``, under these names.
        """
        wanted = "xlsx" if format == "excel" else format
        params = table_params(wanted, from_date, to_date, annotators, annotations)
        self._save(self._of(project, "download-annotations"), params, output_path, progress_bar)

    def download_project(
        self,
        project: WhichProject,
        output_path: str | Path,
        all_annotations: bool = False,
        include_unannotated: bool = False,
        progress_bar: bool = True,
    ) -> None:
        """Save the project as one zip archive: ``dataset.json`` and the files it names.

        ``all_annotations``: those too that are not approved, on resources that are not closed. ``include_unannotated``:
        resources without annotations too.
        """
        params = {"all_annotations": str(all_annotations), "include_unannotated": str(include_unannotated)}
        self._save(self._of(project, "annotated_dataset"), params, output_path, progress_bar)

    def _save(self, path: str, params: dict[str, str], place: str | Path, progress_bar: bool) -> None:
        with progress_of("downloading", 1, 0, progress_bar) as progress:
            fetch_to(self, path, Path(place), progress.moved, params=params)
            progress.done()
