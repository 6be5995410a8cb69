"""The files of segmentations: masks as they were uploaded, or made from what is stored."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fiducial.api.download import fetch_bytes, write_whole
from fiducial.apihandler.annotations import AnnotationCalls, id_of
from fiducial.apihandler.base_api_handler import not_found, require_id


class SegmentationFileCalls(AnnotationCalls):
    """Calls that bring masks."""

    def download_segmentation_file(
        self, annotation: str | Mapping[str, Any], fpath_out: str | Path | None = None
    ) -> bytes:
        """The mask of a segmentation (PNG, or NIfTI of a volume), by its id or its row; saved to ``fpath_out`` too if given."""
        row = self.get_annotation_by_id(annotation) if isinstance(annotation, str) else annotation
        content = self._mask(str(row["resource_id"]), id_of(row))
        if fpath_out is not None:
            write_whole(Path(fpath_out), content)
        return content

    def get_segmentation_file(self, resource_id: str, annotation_id: str) -> bytes:
        """The mask of a segmentation.

        .. deprecated:: 2.0.0
           :meth:`download_segmentation_file` does the same.
        """
        warnings.warn(
            "get_segmentation_file is deprecated: use download_segmentation_file", DeprecationWarning, stacklevel=2
        )
        return self._mask(resource_id, annotation_id)

    def _mask(self, resource_id: str, annotation_id: str) -> bytes:
        require_id("resource", resource_id=resource_id)
        require_id("annotation", annotation_id=annotation_id)
        with not_found("segmentation", resource_id=resource_id, annotation_id=annotation_id):
            return fetch_bytes(self.api.annotations, f"/annotations/{resource_id}/annotations/{annotation_id}/file")
