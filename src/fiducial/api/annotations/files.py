"""Files of annotations on their way to here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fiducial.api.annotations.base import AnnotationCalls
from fiducial.api.download import fetch_to
from fiducial.api.entity_base_api import in_parallel
from fiducial.entities.annotations import Annotation


class FileCalls(AnnotationCalls):
    """A mask of a frame is a PNG, of a volume a NIfTI file."""

    def download_file(self, annotation: str | Annotation, fpath_out: str | Path | None = None) -> bytes:
        """The annotation's file as it was uploaded: its bytes, saved to ``fpath_out`` too if given."""
        found = self.get_by_id(annotation) if isinstance(annotation, str) else annotation
        save = None if fpath_out is None else str(fpath_out)
        if found._api is None:
            found = self._own(found)
        return found.fetch_file_data(auto_convert=False, save_path=save)

    def download_multiple_files(
        self, annotations: Sequence[str | Annotation], save_paths: Sequence[str | Path] | str | Path
    ) -> list[dict[str, Any]]:
        """Files over several connections, into a folder or to a path each.

        Per annotation ``{"success", "annotation_id", "save_path"}``, and ``"error"`` where it failed: look at it.
        """
        if isinstance(save_paths, (str, Path)):
            save_paths = [Path(save_paths) / self._entid(annotation) for annotation in annotations]
        pairs = list(zip(annotations, save_paths, strict=True))
        return in_parallel(lambda pair: self._download_one(*pair), pairs)

    def bulk_download_file(
        self, annotations: Sequence[str | Annotation], save_paths: Sequence[str | Path] | str | Path
    ) -> list[dict[str, Any]]:
        """The same as :meth:`download_multiple_files`."""
        return self.download_multiple_files(annotations, save_paths)

    def _download_one(self, annotation: str | Annotation, save_path: str | Path) -> dict[str, Any]:
        told = {"annotation_id": self._entid(annotation), "save_path": str(save_path)}
        try:
            found = self.get_by_id(annotation) if isinstance(annotation, str) else annotation
            path = self._path(str(found.resource_id), "annotations", str(found.id), "file")
            fetch_to(self, path, Path(save_path))
        except Exception as error:
            return {"success": False, "error": str(error), **told}
        return {"success": True, **told}
