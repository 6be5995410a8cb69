# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Uploads of resources, with their masks if they have some."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Literal

from fiducial.apihandler.resources import ResourceCalls, tags_of
from fiducial.apihandler.segmentations import SegmentationCalls, is_nifti
from fiducial.apihandler.upload_part import UploadPart, upload_parts
from fiducial.errors import Damaged, Invalid
from fiducial.exceptions import JobTimeoutError

_LOGGER = logging.getLogger(__name__)
OnError = Literal["raise", "skip"]


class UploadCalls(ResourceCalls, SegmentationCalls):
    """The calls that upload resources."""

    def upload_resources(
        self,
        files_path: str | IO[bytes] | Sequence[str | IO[bytes]],
        mimetype: str | None = None,
        anonymize: bool = False,
        anonymize_retain_codes: Sequence[tuple[int, int]] = [],
        on_error: OnError = "raise",
        labels: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        mung_filename: Sequence[int] | Literal["all"] | None = None,
        channel: str | None = None,
        publish: bool = False,
        publish_to: str | None = None,
        segmentation_files: list[list[str] | dict[str, Any]] | None = None,
        transpose_segmentation: bool = False,
        modality: str | None = None,
        assemble_dicoms: bool = True,
    ) -> list[str]:
        """Upload files, folders (all files below), patterns or open binary files; ids in the files' order.

        Each call makes new resources, also of files that the server has. ``publish_to`` is a project's name or id, looked up
        before anything is sent; the resources are published and added to it. ``labels`` is the deprecated name of ``tags``.

        ``assemble_dicoms``: slices of one DICOM series and size become one resource, whose id stands for each of the files;
        the files go as they are, and the server orders them by their place in the patient (Instance Number decides only
        where there is none), and this call returns when it has. ``anonymize`` takes out what identifies the patient before a
        DICOM file leaves this machine (:mod:`fiducial.api.anonymize`), except the elements named in
        ``anonymize_retain_codes`` as (group, element).

        ``mung_filename`` puts folders of the path, as it was given, in front of the name, joined by ``_``: ``'all'``, or their
        numbers from 1. ``segmentation_files`` has, per file, its mask files, or ``{"files": [...], "names": ...}`` with
        names as a list (one per mask file), by pixel value, or one text; ``"frame_index"`` may list their frames. The mask
        of a slice that became part of a series goes to that slice's frame.

        ``on_error='skip'`` leaves out files that cannot be read or are refused, with a warning in the log, and goes on.
        """
        if on_error not in {"raise", "skip"}:
            raise Invalid(f"on_error is 'raise' or 'skip', not {on_error!r}", field="on_error")
        wanted = tags_of(tags, labels)
        project_id = None if publish_to is None else str(self._project(publish_to)["id"])
        parts = upload_parts(files_path, segmentation_files, mung_filename, on_error == "skip")
        results = self.api.resources.upload_resources(
            [part.file for part in parts],
            mimetype=mimetype,
            anonymize=anonymize,
            anonymize_retain_codes=anonymize_retain_codes,
            on_error=on_error,
            tags=wanted,
            channel=channel,
            publish=publish or project_id is not None,
            publish_to=project_id,
            modality=modality,
            assemble_dicoms=assemble_dicoms,
            discard_dicom_reports=False,
            resume=False,
        )
        self._wait_for_series(results)
        self._upload_masks(parts, results, transpose_segmentation, on_error)
        return [result for result in results if isinstance(result, str)]

    def upload_resource(
        self,
        file_path: Any,
        mimetype: str | None = None,
        anonymize: bool = False,
        anonymize_retain_codes: Sequence[tuple[int, int]] = [],
        on_error: OnError = "raise",
        tags: Sequence[str] | None = None,
        mung_filename: Sequence[int] | Literal["all"] | None = None,
        channel: str | None = None,
        publish: bool = False,
        publish_to: str | None = None,
        segmentation_files: list[str] | dict[str, Any] | None = None,
        transpose_segmentation: bool = False,
        modality: str | None = None,
        assemble_dicoms: bool = True,
        metadata: dict[str, Any] | str | None = None,
    ) -> str:
        """Upload one file (a path, an open binary file or a :class:`pydicom.Dataset`); its id.

        As :meth:`upload_resources`, with ``metadata`` (a mapping, JSON text or the path of a JSON file) kept beside it.
        ``on_error='skip'`` gives an empty id for a file that was refused.
        """
        if not (hasattr(file_path, "read") or hasattr(file_path, "save_as") or Path(file_path).expanduser().is_file()):
            raise FileNotFoundError(f"there is no file {file_path}")
        ids = self.upload_resources(
            [file_path],
            mimetype=mimetype,
            anonymize=anonymize,
            anonymize_retain_codes=anonymize_retain_codes,
            on_error=on_error,
            tags=tags,
            mung_filename=mung_filename,
            channel=channel,
            publish=publish,
            publish_to=publish_to,
            segmentation_files=None if segmentation_files is None else [segmentation_files],
            transpose_segmentation=transpose_segmentation,
            modality=modality,
            assemble_dicoms=assemble_dicoms,
        )
        if ids and metadata is not None:
            from fiducial.api.upload_options import metadata_of

            self.api.resources.patch(ids[0], {"metadata": metadata_of(metadata)})
        return ids[0] if ids else ""

    def _wait_for_series(self, results: Sequence[str | Exception]) -> None:
        """Until the server has put them in order: nobody knows before which frame is which, so nothing can be said of one.

        What the server cannot put in order, or not in time, is uploaded all the same, and only told in the log.
        """
        shared = Counter(result for result in results if isinstance(result, str))
        for resource_id in [one for one, files in shared.items() if files > 1]:
            try:
                self.api.resources.wait_until_ready(resource_id)
            except (Damaged, JobTimeoutError) as error:
                _LOGGER.warning("the series %s is not in order: %s", resource_id, error)

    def _upload_masks(
        self, parts: Sequence[UploadPart], results: Sequence[str | Exception], transpose: bool, on_error: str
    ) -> None:
        shared = Counter(result for result in results if isinstance(result, str))
        for part, result in zip(parts, results, strict=True):
            if part.masks and isinstance(result, str):
                frame = self._frame_of(part, result) if shared[result] > 1 else None
                try:
                    self._upload_part_masks(part, result, frame, transpose)
                except Exception as error:
                    if on_error == "raise":
                        raise
                    _LOGGER.warning("a mask of %s was not uploaded: %s", part.file.name, error)

    def _upload_part_masks(self, part: UploadPart, resource_id: str, frame: int | None, transpose: bool) -> None:
        for mask in part.masks:
            volume = is_nifti(mask.source)
            self.upload_segmentations(
                resource_id,
                mask.source,
                mask.name,
                frame_index=mask.frame_index if mask.frame_index is not None or volume else frame,
                transpose_segmentation=transpose and not volume,
            )

    def _frame_of(self, part: UploadPart, resource_id: str) -> int:
        """Which frame of its series a file of one frame has become."""
        rows = self.api.resources.files(resource_id)
        return next(int(row["index"]) for row in rows if row["sha256"] == part.file.sha256)
