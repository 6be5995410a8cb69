# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Masks of frames and volumes, and what models made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.api.annotation_item import said_by
from fiducial.api.annotations.base import AnnotationCalls
from fiducial.api.annotations.prediction import PredictionPart, prediction_parts
from fiducial.api.entity_base_api import in_parallel, without_none
from fiducial.entities.annotations import Annotation
from fiducial.entities.resource import Resource

if TYPE_CHECKING:
    import numpy.typing as npt

    from fiducial.api.segmentation import Names


class MaskCalls(AnnotationCalls):
    """Segmentations. Arrays are on the resource's own grid."""

    def upload_segmentations(
        self,
        resource: str | Resource,
        file_path: str | Path | npt.NDArray[Any],
        name: Names = None,
        frame_index: int | list[int] | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        discard_empty_segmentations: bool = True,
        worklist_id: str | None = None,
        transpose_segmentation: bool = False,
        model_name: str | None = None,
        source: str | None = "imported",
    ) -> list[str]:
        """Masks frame by frame, from a picture or an array ``[row, column]``, ``[row, column, frame]`` or
        ``[3, row, column, frame]``; one annotation per value that is not 0 and per frame. Their ids.

        ``name`` is one name, or names by value (an int, or a colour's three) with ``"default"`` for the others.
        ``frame_index`` says which frames these are; None counts from 0. If a mask is refused nothing is kept.
        """
        from fiducial.api.segmentation import frames_of, named_masks

        frames = frames_of(file_path, transpose_segmentation)
        masks = list(named_masks(frames, name, frame_index, keep_empty=not discard_empty_segmentations))
        facts = said_by(worklist_id, author_email, imported_from, model_name, source)
        fields = [
            {"type": "segmentation", "identifier": m.name, "scope": "frame", "frame_index": m.frame_index, **facts}
            for m in masks
        ]
        ids = self._create_all(resource, fields)
        try:
            in_parallel(lambda n: self._attach(resource, ids[n], masks[n].png(), masks[n].name), range(len(ids)))
        except BaseException:
            self.delete_batch(ids)
            raise
        return ids

    def upload_volume_segmentation(
        self,
        resource: str | Resource,
        file_path: str | Path | npt.NDArray[Any] | Any,
        name: Mapping[int, str] | str | None = None,
        imported_from: str | None = None,
        worklist_id: str | None = None,
        model_name: str | None = None,
        transpose_segmentation: bool = False,
        source: str | None = "imported",
        author_email: str | None = None,
    ) -> list[str]:
        """A label map over a volume, one annotation per value that is not 0; their ids.

        ``file_path`` is a NIfTI file, a nibabel image, or an array in the order of a NIfTI file's axes (column, row, slice)
        on the resource's own grid. ``name`` names the values; one text names value 1. Values without a name are called by
        the value.
        """
        from fiducial.api.volume_file import nifti_of

        filename, content = nifti_of(file_path, transpose_segmentation)
        names = {1: name} if isinstance(name, str) else dict(name or {})
        fields = without_none(
            {
                "segmentation_map": json.dumps({str(value): label for value, label in names.items()}),
                "annotation_worklist_id": worklist_id,
                "imported_from": imported_from,
                "import_author": author_email,
                "model_id": model_name,
                "source": source,
            }
        )
        path = self._path(self._entid(resource), "segmentations", "file")
        with content as source_file:
            body = {"file": (filename, source_file, "application/nifti")}
            ids = self._json("POST", path, data=fields, files=body, what=filename)
        return [str(annotation_id) for annotation_id in ids]

    def upload_annotation_file(
        self,
        resource: str | Resource,
        annotation_id: str,
        file: str | Path | Any,
        content_type: str | None = None,
        filename: str | None = None,
    ) -> None:
        """Attach a file (a mask as PNG, a volume as NIfTI) to a segmentation that is there."""
        if isinstance(file, (str, Path)):
            with Path(file).open("rb") as opened:
                self._attach(resource, annotation_id, opened, filename or Path(file).name, content_type)
        else:
            self._attach(resource, annotation_id, file, filename or "file", content_type)

    def _attach(
        self,
        resource: str | Resource,
        annotation_id: str,
        content: Any,
        filename: str,
        content_type: str | None = "image/png",
    ) -> None:
        path = self._path(self._entid(resource), "annotations", annotation_id, "file")
        mimetype = content_type or "application/octet-stream"
        self._request("POST", path, files={"file": (filename, content, mimetype)}, what=filename)

    def upload_predictions(
        self,
        resource: str | Resource,
        predictions: Sequence[Annotation],
        model_name: str | None = None,
        source: str | None = "model_pipeline",
    ) -> list[str]:
        """What a model found: all of it, or nothing when any of it is refused. Ids in the order of ``predictions``.

        A mask is the ``segmentation_data`` of its annotation: of an ``ImageSegmentation`` what :meth:`upload_segmentations`
        takes, named by its identifier; of a ``VolumeSegmentation`` what :meth:`upload_volume_segmentation` takes, named by its
        ``class_map`` or else its identifier. One with several values or frames gives an id for each of them, an empty one none.
        """
        facts = without_none({"is_model": True, "model_id": model_name, "source": source})
        parts = [part for n, one in enumerate(predictions) for part in prediction_parts(one, facts, n)]
        single = [part for part in parts if not part.is_volume]
        made = self._create_all(resource, [part.fields for part in single])
        try:
            masks = [(made[n], part.mask) for n, part in enumerate(single) if part.mask is not None]
            in_parallel(lambda one: self._attach(resource, one[0], one[1].png(), one[1].name), masks)
            singles, ids = iter(tuple(made)), []
            for part in parts:
                found = self._upload_volume(resource, part) if part.is_volume else [next(singles)]
                made += found if part.is_volume else []
                ids += found
        except BaseException:
            self.delete_batch(made)
            raise
        return ids

    def _upload_volume(self, resource: str | Resource, part: PredictionPart) -> list[str]:
        said = part.fields
        return self.upload_volume_segmentation(
            resource,
            part.volume,
            part.names,
            imported_from=said.get("imported_from"),
            worklist_id=said.get("annotation_worklist_id"),
            model_name=said.get("model_id"),
            source=said.get("source"),
            author_email=said.get("import_author"),
        )
