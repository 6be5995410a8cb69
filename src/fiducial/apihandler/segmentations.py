# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Masks of frames and of volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiducial.apihandler.base_api_handler import BaseAPIHandler, InvalidSegmentationError, not_found, require_id
from fiducial.errors import Damaged, FiducialError, Invalid, Unsupported
from fiducial.exceptions import ApiError

_NIFTI = (".nii", ".nii.gz")


class SegmentationIds(str):
    """The id of a segmentation; where there are several (frames, names) that of the first, and ``ids`` has all, in order.

    Empty when nothing was there to upload.
    """

    ids: tuple[str, ...]

    def __new__(cls, ids: Sequence[str]) -> SegmentationIds:
        made = super().__new__(cls, ids[0] if ids else "")
        made.ids = tuple(ids)
        return made

    def __getnewargs__(self) -> tuple[tuple[str, ...]]:  # type: ignore[override]
        return (self.ids,)


class SegmentationCalls(BaseAPIHandler):
    """The call for masks."""

    def upload_segmentations(
        self,
        resource_id: str,
        file_path: str | npt.NDArray[Any],
        name: str | dict[int, str] | None = None,
        frame_index: int | list[int] | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        discard_empty_segmentations: bool = True,
        worklist_id: str | None = None,
        model_id: str | None = None,
        transpose_segmentation: bool = False,
    ) -> str:
        """Masks from a picture, a NIfTI file, a ``.npy`` file or an array; 0 is background.

        Arrays are ``[row, column]``, ``[row, column, frame]`` or, in colour, ``[3, row, column, frame]``;
        ``transpose_segmentation`` says that rows and columns are swapped in them. Each value of each frame becomes a mask.
        ``name`` names it: one text (with the value behind it where there are several), or a text by value; a value without
        a name is called by its number. ``frame_index`` says which frames these are, one entry per frame; without it they
        count from 0. A frame without a mask is left out, or kept as an empty mask of every name if
        ``discard_empty_segmentations`` is False.

        A NIfTI file is a label map of the whole volume: it says itself where it lies, so ``frame_index`` and
        ``transpose_segmentation`` do not go with it, and each value becomes one segmentation of the volume.

        The id; all of them are in its attribute ``ids`` (:class:`SegmentationIds`). ResourceNotFoundError when the resource
        is not there; :class:`~fiducial.apihandler.base_api_handler.InvalidSegmentationError` (that, and a ValueError) when
        the segmentation is not usable, and nothing is kept then; FileNotFoundError for a file that is not there.
        """
        require_id("resource", resource_id=resource_id)
        said: dict[str, Any] = {
            "imported_from": imported_from,
            "worklist_id": worklist_id,
            "model_name": model_id,
            "author_email": author_email,
            "transpose_segmentation": transpose_segmentation,
            "source": None,
        }
        try:
            with not_found("resource", resource_id=resource_id):
                if is_nifti(file_path):
                    return self._volume(resource_id, Path(str(file_path)), name, frame_index, said)
                said["discard_empty_segmentations"] = discard_empty_segmentations
                return self._frames(resource_id, _pixels(file_path), name, frame_index, said)
        except (Invalid, Damaged, Unsupported) as error:
            raise _unusable(resource_id, error) from error

    def _frames(
        self, resource_id: str, pixels: Any, name: Any, frame_index: Any, said: Mapping[str, Any]
    ) -> SegmentationIds:
        upload = self.api.annotations.upload_segmentations
        return SegmentationIds(
            self._when_ready(resource_id, lambda: upload(resource_id, pixels, name, frame_index, **said))
        )

    def _volume(
        self, resource_id: str, path: Path, name: Any, frame_index: Any, said: Mapping[str, Any]
    ) -> SegmentationIds:
        if frame_index is not None:
            raise Invalid("frame_index does not go with a NIfTI file: it says its own places", field="frame_index")
        names = _names_of_values(path, name) if isinstance(name, str) else name
        upload = self.api.annotations.upload_volume_segmentation
        return SegmentationIds(self._when_ready(resource_id, lambda: upload(resource_id, path, names, **said)))


def is_nifti(given: Any) -> bool:
    """Whether this is the path of a NIfTI file, by its name."""
    return isinstance(given, (str, Path)) and str(given).lower().endswith(_NIFTI)


def _pixels(given: Any) -> Any:
    if not isinstance(given, (str, Path)):
        if not isinstance(given, np.ndarray):
            raise Invalid(f"a segmentation is a path or an array, not a {type(given).__name__}", field="file_path")
        return given
    path = Path(given).expanduser()
    if path.suffix.lower() != ".npy" or not path.is_file():
        return path
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise Invalid(f"{path.name} is not a readable array: {error}", field="file_path") from error


def _names_of_values(path: Path, name: str) -> dict[int, str]:
    """One text as names by value, as for pictures: alone if there is one value, else with the value behind it."""
    import nibabel

    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        image: Any = nibabel.load(path)
        values = np.unique(np.asanyarray(image.dataobj))
    except Exception as error:
        raise Invalid(f"{path.name} is not a readable NIfTI file: {error}", field="file_path") from error
    found = [int(value) for value in values[np.isfinite(values)] if value != 0]
    return {found[0]: name} if len(found) == 1 else {value: f"{name}_{value}" for value in found}


def _unusable(resource_id: str, error: FiducialError) -> FiducialError:
    """What the caller got wrong about the mask; an error that has its own meaning stays what it is."""
    if isinstance(error, InvalidSegmentationError):
        return error
    made = InvalidSegmentationError("segmentation", {"resource_id": resource_id, "reason": error.message})
    if isinstance(error, ApiError) and "response" in error.__dict__:
        made.response, made._request = error.response, error._request
    return made
