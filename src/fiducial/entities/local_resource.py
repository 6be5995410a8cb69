"""A file that is only here."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, overload

from fiducial.entities.fetching import CacheMode
from fiducial.entities.resource import Resource, ViewPlane
from fiducial.errors import Damaged, Invalid, Unsupported
from fiducial.media.base import Array, Axis, Header, MediaKind
from fiducial.media.registry import open_media, read_header

_STORAGE = {
    MediaKind.DICOM: "DicomResource",
    MediaKind.NIFTI: "NiftiResource",
    MediaKind.VIDEO: "VideoResource",
    MediaKind.IMAGE: "ImageResource",
}


class LocalResource(Resource):
    """A file or bytes that are not on a server, with the interface of a resource.

    What it is comes from its content. ``convert_to_bytes`` reads a file once and holds its bytes, so that the file may go.
    """

    local_filepath: str | None = None
    raw_data: bytes | None = None

    def __init__(
        self,
        local_filepath: str | Path | None = None,
        raw_data: bytes | None = None,
        convert_to_bytes: bool = False,
        **kwargs: Any,
    ) -> None:
        if (local_filepath is None) == (raw_data is None):
            raise Invalid("a local resource is made of local_filepath or of raw_data", field="local_filepath")
        path = Path(local_filepath).absolute() if local_filepath is not None else None
        if path is not None and not path.is_file():
            raise FileNotFoundError(f"there is no file {path}")
        if path is not None and convert_to_bytes:
            raw_data = path.read_bytes()
        held = None if path is None or convert_to_bytes else str(path)
        fields = _facts(path, raw_data) | kwargs
        super().__init__(**{"local_filepath": held, "raw_data": raw_data, **fields})

    def _source(self) -> BytesIO | Any:
        return BytesIO(self.raw_data) if self.raw_data is not None else Path(self.local_filepath or "").open("rb")

    @property
    def kind(self) -> str:
        """By content: ``image``, ``video``, ``dicom``, ``nifti`` or ``resource``."""
        return {name: kind.value for kind, name in _STORAGE.items()}.get(self.storage, "resource")

    def is_image(self) -> bool:
        return self.kind == "image"

    def is_dicom(self) -> bool:
        return self.kind == "dicom"

    def is_nifti(self) -> bool:
        return self.kind == "nifti"

    def is_video(self) -> bool:
        return self.kind == "video"

    def is_volume(self) -> bool:
        return self.kind in {"dicom", "nifti"}

    @overload
    def fetch_file_data(
        self,
        auto_convert: Literal[True] = True,
        save_path: str | None = None,
        use_cache: CacheMode = False,
    ) -> Any: ...

    @overload
    def fetch_file_data(
        self, auto_convert: Literal[False], save_path: str | None = None, use_cache: CacheMode = False
    ) -> bytes: ...

    def fetch_file_data(
        self,
        *args: Any,
        auto_convert: bool = True,
        save_path: str | None = None,
        use_cache: CacheMode = False,
        **kwargs: Any,
    ) -> Any:
        """The content, converted if wanted; ``use_cache`` means nothing here."""
        with self._source() as source:
            content: bytes = source.read()
        if save_path is not None:
            from fiducial.api.download import write_whole

            write_whole(Path(save_path), content)
        if not auto_convert:
            return content
        from fiducial.api.conversion import convert

        return convert(content, self.mimetype, self.filename)

    @property
    def filepath_cached(self) -> Path | None:
        """The file itself; None when only bytes are held."""
        return Path(self.local_filepath) if self.local_filepath is not None else None

    def is_cached(self) -> bool:
        return True

    def invalidate_cache(self) -> None:
        """Nothing is cached of a local resource."""

    def local_path(self) -> Path:
        if self.local_filepath is None:
            raise Unsupported("these bytes have no file: use get_frame, get_slice or fetch_file_data")
        return Path(self.local_filepath)

    def get_frame(self, index: int) -> Array:
        with self._source() as source, open_media(source) as reader:
            return reader.frame(index)

    def get_slice(self, axis: ViewPlane, index: int) -> Array:
        with self._source() as source, open_media(source) as reader:
            return reader.slice(Axis(axis), index)

    def __repr__(self) -> str:
        what = self.local_filepath or f"{self.size} bytes"
        return f"LocalResource({what!r}, mimetype={self.mimetype!r})"

    def __str__(self) -> str:
        return f"{self.filename} ({self.mimetype}, {self.size_mb} MB, local)"


def _facts(path: Path | None, raw_data: bytes | None) -> dict[str, Any]:
    header = _header(path, raw_data)
    name = path.name if path is not None else "raw_data"
    created = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path is not None else datetime.now(UTC)
    size = len(raw_data) if raw_data is not None else path.stat().st_size if path is not None else 0
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    where = str(path or "")
    return {
        "id": "",
        "resource_uri": where,
        "storage": _STORAGE[header.kind] if header else "",
        "location": where,
        "source_filepath": where or None,
        "upload_channel": "",
        "filename": name,
        "mimetype": header.mimetype if header else guessed,
        "size": size,
        "customer_id": "",
        "status": "local",
        "created_at": created.isoformat(),
        "created_by": "",
        "published": False,
        "deleted": False,
        **(_header_facts(header) if header else {}),
    }


def _header_facts(header: Header) -> dict[str, Any]:
    sizes = {"width": header.width, "height": header.height, "frame_count": header.frame_count}
    names = ("modality", "instance_uid", "series_uid", "study_uid", "patient_id")
    return {name: getattr(header, name) for name in names} | {"metadata": {**sizes, **header.metadata}}


def _header(path: Path | None, raw_data: bytes | None) -> Header | None:
    """None for what is not an image; a damaged one can still be looked at as bytes."""
    try:
        if raw_data is not None:
            return read_header(BytesIO(raw_data))
        with path.open("rb") as source:  # type: ignore[union-attr]
            return read_header(source)
    except (Unsupported, Damaged):
        return None
