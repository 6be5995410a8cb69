"""Files and frames of resources."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.api.download import fetch_bytes, fetch_to
from fiducial.apihandler.base_api_handler import not_found
from fiducial.apihandler.resources import ResourceCalls
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from PIL.Image import Image

_ENDINGS = {
    "application/dicom": ".dcm",
    "application/nifti": ".nii",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/x-msvideo": ".avi",
    "video/x-matroska": ".mkv",
    "video/webm": ".webm",
    "video/mpeg": ".mpg",
}
_GZIP = b"\x1f\x8b"


class DownloadCalls(ResourceCalls):
    """Calls that bring bytes. What arrives is checked against the server's hash."""

    def download_resource_file(
        self, resource_id: str, save_path: str | None = None, auto_convert: bool = True, add_extension: bool = False
    ) -> Any:
        """The file, as the object its users know if ``auto_convert``, else its bytes as they were uploaded.

        DICOM is a :class:`pydicom.Dataset` (a series: one of several frames), a picture a PIL image, NIfTI a nibabel image.
        A video is a ``cv2.VideoCapture`` where OpenCV is installed, else a
        :class:`~fiducial.api.video_capture.VideoCapture` with the same methods; it reads from ``save_path``, or from
        the local cache, so that it need not fit into memory. Content of another kind comes as bytes.

        ``save_path``: also save the bytes there, whole or not at all. ``add_extension`` puts the ending that the content
        calls for behind it, unless it is there, and gives ``(content, path)``; it needs a ``save_path`` (ValueError).
        :class:`~fiducial.errors.Damaged` when the content cannot be converted; it is saved all the same.
        """
        if add_extension and save_path is None:
            raise Invalid("add_extension is for save_path, and there is none", field="add_extension")
        row = self._in_order(resource_id)
        with not_found("resource", resource_id=resource_id):
            content, place = self._content(row, save_path, auto_convert, add_extension)
        return (content, place) if add_extension else content

    def _content(
        self, row: dict[str, Any], save_path: str | None, auto_convert: bool, add_extension: bool
    ) -> tuple[Any, str | None]:
        path, mimetype = f"/resources/{row['id']}/file", str(row["mimetype"])
        as_video = auto_convert and mimetype.startswith("video/")
        if as_video and save_path is None:
            return self._cached_capture(str(row["id"])), None
        saved = Path(save_path).expanduser() if save_path is not None else None
        if saved is None:
            content = fetch_bytes(self.api.resources, path)
        else:
            fetch_to(self.api.resources, path, saved)
            if add_extension:
                saved = with_ending(saved, mimetype)
            if as_video:
                return open_capture(saved), str(saved)
            content = saved.read_bytes()
        if auto_convert:
            content = self.api.resources.convert_format(content, mimetype, row["filename"])
        return content, None if saved is None else str(saved)

    def _in_order(self, resource_id: str) -> dict[str, Any]:
        """The resource, when the server has put a series in order: until then nobody knows which frame is which."""
        row = self._resource(resource_id)
        if row.get("state") == "pending" and row.get("file_count", 1) > 1:
            self.api.resources.wait_until_ready(resource_id)
            row = self._resource(resource_id)
        return row

    def _cached_capture(self, resource_id: str) -> Any:
        return open_capture(self.api.resources.get_by_id(resource_id).local_path())

    def download_resource_frame(self, resource_id: str, frame_index: int) -> Image:
        """One frame as a PIL image for looking at (8 bit, windowed); only that frame is sent.

        ResourceNotFoundError when there is no such resource; ValueError for a frame that it does not have.
        """
        self._in_order(resource_id)
        with not_found("frame", resource_id=resource_id, frame_index=frame_index):
            return self.api.resources.download_resource_frame(resource_id, frame_index)


def open_capture(path: Path) -> Any:
    """The video at ``path``: a ``cv2.VideoCapture`` where OpenCV is installed, else our own object with the same calls."""
    try:
        import cv2  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from fiducial.api.video_capture import VideoCapture

        return VideoCapture(path.open("rb"))
    return cv2.VideoCapture(str(path))


def with_ending(saved: Path, mimetype: str) -> Path:
    """The file under its name with the ending of its content, ``.nii.gz`` for compressed NIfTI."""
    ending = _ENDINGS.get(mimetype) or mimetypes.guess_extension(mimetype) or ""
    if ending == ".nii":
        with saved.open("rb") as file:
            ending += ".gz" if file.read(2) == _GZIP else ""
    if not ending or saved.name.lower().endswith(ending):
        return saved
    return saved.replace(saved.with_name(saved.name + ending))
