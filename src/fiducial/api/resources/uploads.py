# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Uploads: files, folders and series become resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fiducial.api.entity_base_api import without_none
from fiducial.api.local_file import expanded, local_file
from fiducial.api.progress import progress_of
from fiducial.api.resources.base import distinct
from fiducial.api.resources.state import StateCalls
from fiducial.api.resources.upload_worklist import AiSegmentations, UploadWorklist
from fiducial.api.upload import OnError, Outcome, Together, ToSend, Uploader, UploadFacts, by_series, by_stack
from fiducial.api.upload_options import as_sent, is_report, metadata_of, munged, same_length
from fiducial.entities.annotation_worklist import AnnotationWorklist
from fiducial.entities.project import Project
from fiducial.errors import FiducialError, Invalid


class UploadCalls(StateCalls):
    """Files go as they are, over several connections, and what is there already is not sent again."""

    def create(self, *args: Any, return_entity: bool = True, exists_ok: bool = False, **kwargs: Any) -> Any:
        """The same as :meth:`upload_resource`; gives the resource, or its id."""
        resource_id = self.upload_resource(*args, **kwargs)
        return self.get_by_id(resource_id) if return_entity else resource_id

    def upload_resources(
        self,
        files_path: Sequence[Any] | str | Path,
        mimetype: str | None = None,
        anonymize: bool = False,
        anonymize_retain_codes: Sequence[tuple[int, int]] = (),
        on_error: OnError = "raise",
        tags: Sequence[str] | None = None,
        mung_filename: Sequence[int] | Literal["all"] | None = None,
        channel: str | None = None,
        publish: bool = False,
        publish_to: Project | str | None = None,
        segmentation_files: Sequence[Any] | None = None,
        transpose_segmentation: bool = False,
        modality: str | None = None,
        assemble_dicoms: bool = True,
        metadata: Sequence[str | dict[str, Any] | None] | None = None,
        discard_dicom_reports: bool = True,
        progress_bar: bool = False,
        *,
        model_name: str | None = None,
        worklist: AnnotationWorklist | str | None = None,
        ai_segmentations: AiSegmentations = "editable",
        connections: int = 8,
        resume: bool = True,
        _together: Together | None = None,
    ) -> list[str | Exception]:
        """Upload files, folders (all files below), patterns, open files or Datasets; ids in the files' order.

        ``assemble_dicoms``: DICOM slices of one series and size become one item, and each of them gets its id. The files go as
        they are; the server orders them by geometry. ``resume``: what the server has already, same bytes and same file name, is
        not sent again, and gives the id that is there (tags, publishing and ``publish_to`` then apply to that one).
        ``on_error="skip"`` leaves the exception in the place of the id and goes on. ``discard_dicom_reports`` leaves
        structured reports out, with a warning. ``metadata``: per file a mapping, JSON text or the path of a JSON file.
        ``segmentation_files``: per file the mask files, or ``{"files": [...], "names": ...}``; ``model_name`` says which model
        made them. ``worklist``: the worklist of ``publish_to`` (it, its id or its name; a new name makes one) that the
        resources and their masks go to; with ``model_name``, ``ai_segmentations`` says how annotators see the masks there.
        ``anonymize``: DICOM files go without the patient (:func:`fiducial.api.anonymize.anonymize`), but for the elements
        ``anonymize_retain_codes``.
        """
        if isinstance(files_path, (str, Path)):
            files_path = [files_path]
        sent = as_sent(anonymize, anonymize_retain_codes)
        files = [local_file(thing) for thing in expanded(files_path)]
        same_length("metadata", metadata, files)
        same_length("segmentation_files", segmentation_files, files)
        facts = [metadata_of(one) for one in metadata] if metadata else [None] * len(files)
        to_send = [
            ToSend(munged(sent(file), mung_filename), fact)
            for file, fact in zip(files, facts, strict=True)
            if not (discard_dicom_reports and is_report(file))
        ]
        if segmentation_files is not None and len(to_send) != len(files):
            raise Invalid("segmentation_files cannot go with reports that are left out", field="segmentation_files")
        project = self.root.projects._id_of(publish_to) if publish_to is not None else None
        target = None if worklist is None else UploadWorklist(self.root, worklist, project, ai_segmentations)
        shared = UploadFacts(channel, modality, mimetype, publish, tuple(tags or ()))
        size = sum(one.file.size for one in to_send)
        together = _together if _together is not None else by_stack if assemble_dicoms else None
        with progress_of("uploading", len(to_send), size, progress_bar) as progress:
            uploader = Uploader(self._connection, shared, connections, on_error, resume, progress)
            outcomes = uploader.send(to_send, together)
        self._after(outcomes, shared, project)
        ids = distinct(o.item_id for o in outcomes if o.item_id)
        if target is not None and ids:
            target.take(ids)
        if segmentation_files is not None and ids:
            worklist_id = None if target is None else target.id
            said = without_none({"model_name": model_name, "worklist_id": worklist_id})
            made = self._segmentations(outcomes, segmentation_files, transpose_segmentation, said, on_error)
            if target is not None and model_name is not None:
                target.show(ids, made)
        return [_result(outcome) for outcome in outcomes]

    def upload_resource(
        self,
        file_path: Any,
        mimetype: str | None = None,
        anonymize: bool = False,
        anonymize_retain_codes: Sequence[tuple[int, int]] = (),
        tags: Sequence[str] | None = None,
        mung_filename: Sequence[int] | Literal["all"] | None = None,
        channel: str | None = None,
        publish: bool = False,
        publish_to: Project | str | None = None,
        segmentation_files: Any = None,
        transpose_segmentation: bool = False,
        modality: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        discard_dicom_reports: bool = True,
        *,
        resume: bool = True,
    ) -> str:
        """Upload one file, as one item; see :meth:`upload_resources`."""
        file = local_file(file_path)
        if discard_dicom_reports and is_report(file):
            raise Invalid(
                f"{file.name} is a DICOM report; upload it with discard_dicom_reports=False", field="file_path"
            )
        (result,) = self.upload_resources(
            [file],
            mimetype=mimetype,
            anonymize=anonymize,
            anonymize_retain_codes=anonymize_retain_codes,
            tags=tags,
            mung_filename=mung_filename,
            channel=channel,
            publish=publish,
            publish_to=publish_to,
            segmentation_files=None if segmentation_files is None else [segmentation_files],
            transpose_segmentation=transpose_segmentation,
            modality=modality,
            assemble_dicoms=False,
            metadata=None if metadata is None else [metadata],
            discard_dicom_reports=False,
            resume=resume,
        )
        return str(result)

    def upload_series(self, files_path: Sequence[Any] | str | Path, **kwargs: Any) -> str:
        """Upload the files of one DICOM series as one item, in any order; its id. Takes what :meth:`upload_resources` takes.

        Files of several series are refused with Invalid before anything is sent.
        """
        things = [files_path] if isinstance(files_path, (str, Path)) else files_path
        files = [local_file(thing) for thing in expanded(things)]
        uids = {file.series_uid for file in files}
        if len(uids) != 1 or None in uids:
            found = ", ".join(sorted(str(uid) for uid in uids))
            raise Invalid(
                f"the files must be single frames of one DICOM series; found series: {found}", field="files_path"
            )
        results = self.upload_resources(files, **{**kwargs, "_together": by_series})
        return str(next(result for result in results if isinstance(result, str)))

    def _after(self, outcomes: Sequence[Outcome], facts: UploadFacts, project: str | None) -> None:
        """What was there already has not heard of this call's tags and publishing."""
        reused = distinct(o.item_id for o in outcomes if o.reused and o.item_id)
        if reused and facts.publish:
            self.bulk_publish(reused)
        if reused and facts.tags:
            self.add_tags(reused, facts.tags)
        ids = distinct(o.item_id for o in outcomes if o.item_id)
        if project is not None and ids:
            self.root.projects.add_resources(ids, project)

    def _segmentations(
        self,
        outcomes: Sequence[Outcome],
        given: Sequence[Any],
        transpose: bool,
        said: Mapping[str, Any],
        on_error: OnError,
    ) -> list[str]:
        """The masks' ids. ``said`` is what is said of each mask."""
        made: list[str] = []
        for outcome, segmentations in zip(outcomes, given, strict=True):
            if outcome.item_id is None or segmentations is None:
                continue
            try:
                made += self._segment(outcome.item_id, segmentations, transpose, said)
            except FiducialError as error:
                if on_error == "raise":
                    raise
                outcome.error = error
        return made

    def _segment(self, item_id: str, given: Any, transpose: bool, said: Mapping[str, Any]) -> list[str]:
        listed = dict(given) if isinstance(given, Mapping) else {"files": given}
        files = listed.pop("files")
        names = listed.pop("names", listed.pop("name", None))
        notes, made = self.root.annotations, list[str]()
        for file in [files] if isinstance(files, (str, Path)) else files:
            if str(file).lower().endswith((".nii", ".nii.gz")):
                made += notes.upload_volume_segmentation(item_id, file, names, transpose_segmentation=transpose, **said)
            else:
                more = {**listed, **said}
                made += notes.upload_segmentations(item_id, file, names, transpose_segmentation=transpose, **more)
        return made


def _result(outcome: Outcome) -> str | Exception:
    return outcome.error if outcome.error is not None else str(outcome.item_id)
