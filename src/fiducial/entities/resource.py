"""A resource: one image, video, DICOM file or series, or volume, as a person looks at it."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from pydantic import ConfigDict

from fiducial.entities.base_entity import MISSING_FIELD, BaseEntity
from fiducial.entities.fetching import CacheMode, FileOf
from fiducial.errors import Unsupported

if TYPE_CHECKING:
    from fiducial.entities.annotations import Annotation, AnnotationType
    from fiducial.entities.local_resource import LocalResource
    from fiducial.entities.sliced_video_resource import SlicedVideoResource
    from fiducial.entities.sliced_volume_resource import SlicedVolumeResource
    from fiducial.media.base import Array

ViewPlane = Literal["axial", "sagittal", "coronal"]


class Resource(BaseEntity):
    """A resource on the server.

    Arrays that come from here are modality values (after rescale slope and intercept; colours as RGB uint8), read by
    :mod:`fiducial.media` from the resource's own file, which is kept in the local cache.
    """

    model_config = ConfigDict(
        extra="allow", arbitrary_types_allowed=True, ser_json_bytes="base64", val_json_bytes="base64"
    )

    resource_kind: ClassVar[str] = "resource"
    resource_priority: ClassVar[int] = 0
    storage_aliases: ClassVar[tuple[str, ...]] = ()
    mimetypes: ClassVar[tuple[str, ...]] = ()
    mimetype_prefixes: ClassVar[tuple[str, ...]] = ()
    filename_suffixes: ClassVar[tuple[str, ...]] = ()

    id: str
    resource_uri: str
    storage: str
    location: str
    upload_channel: str
    filename: str
    mimetype: str
    size: int
    """Bytes."""
    customer_id: str
    status: str
    created_at: str
    created_by: str
    published: bool
    deleted: bool
    upload_mechanism: str | None = None
    metadata: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies defaults
    modality: str | None = None
    source_filepath: str | None = None
    published_on: str | None = None
    published_by: str | None = None
    tags: list[str] | None = None
    deleted_at: str | None = None
    deleted_by: str | None = None
    instance_uid: str | None = None
    series_uid: str | None = None
    study_uid: str | None = None
    patient_id: str | None = None
    user_info: dict[str, str | None] | str = MISSING_FIELD

    # ---- what it is

    @classmethod
    def matches_payload(
        cls, *, storage: str | None = None, mimetype: str | None = None, filename: str | None = None
    ) -> bool:
        """Whether any of the three says that it is of this class; upper and lower case are the same."""
        storage, mimetype, filename = ((text or "").lower() for text in (storage, mimetype, filename))
        return (
            storage in {alias.lower() for alias in cls.storage_aliases}
            or mimetype in cls.mimetypes
            or (bool(cls.mimetype_prefixes) and mimetype.startswith(cls.mimetype_prefixes))
            or (bool(cls.filename_suffixes) and filename.endswith(cls.filename_suffixes))
        )

    @property
    def kind(self) -> str:
        """``image``, ``video``, ``volume``, ``dicom``, ``nifti`` or ``resource``."""
        return self.resource_kind

    def is_image(self) -> bool:
        """A single-frame picture (PNG, JPEG …)."""
        return self.resource_kind == "image"

    def is_dicom(self) -> bool:
        return self.resource_kind == "dicom"

    def is_nifti(self) -> bool:
        return self.resource_kind == "nifti"

    def is_video(self) -> bool:
        return self.resource_kind == "video"

    def is_volume(self) -> bool:
        """Of a kind that may hold a volume: DICOM, NIfTI. Whether it does, the server's findings say."""
        return self.resource_kind in {"volume", "dicom", "nifti"}

    def is_multiframe(self) -> bool:
        """More than one frame or slice."""
        try:
            return self.get_depth() > 1
        except (Unsupported, ValueError):
            return False

    def get_depth(self) -> int:
        """Frames or slices: what a person can page through (1 for a picture)."""
        count = self.metadata.get("frame_count")
        if count is None:
            raise ValueError(f"the server does not say how many frames {self.filename} has")
        return int(count)

    def get_patient_id(self) -> str | None:
        """Patient id, from the resource or from its metadata."""
        return self.patient_id or self.metadata.get("PatientID")

    @property
    def size_mb(self) -> float:
        """Megabytes (of 1024 x 1024 bytes), rounded to 2 decimal places."""
        return round(self.size / (1024 * 1024), 2)

    @property
    def size_gb(self) -> float:
        """Gigabytes (of 1024^3 bytes), rounded to 2 decimal places."""
        return round(self.size / 1024**3, 2)

    # ---- what only some servers tell

    @property
    def publish_transforms(self) -> Any:
        """What publishing changes in the file."""
        return self._told("publish_transforms")

    @property
    def segmentations(self) -> Any:
        """Masks; :meth:`fetch_annotations` asks for them."""
        return self._told("segmentations")

    @property
    def measurements(self) -> Any:
        """Measurements; :meth:`fetch_annotations` asks for them."""
        return self._told("measurements")

    @property
    def categories(self) -> Any:
        """Categories; :meth:`fetch_annotations` asks for them."""
        return self._told("categories")

    @property
    def labels(self) -> Any:
        """Names of labels."""
        return self._told("labels")

    @property
    def projects(self) -> Any:
        """Projects that the resource is in."""
        return self._told("projects")

    # ---- where it is

    @property
    def url(self) -> str:
        """The resource's page in the browser application."""
        return f"{self._endpoint.config.web_app_url}/resource/{self.id}"

    def show(self) -> None:
        """Open :attr:`url` in the default browser."""
        webbrowser.open(self.url)

    @staticmethod
    def from_local_file(file_path: str | Path) -> LocalResource:
        """A resource that is only here: see :class:`~fiducial.entities.LocalResource`."""
        from fiducial.entities.local_resource import LocalResource

        return LocalResource(local_filepath=file_path)

    # ---- labels

    def fetch_annotations(self, annotation_type: AnnotationType | str | None = None) -> Sequence[Annotation]:
        """The resource's annotations (of one type); always asks the server."""
        return self._root.annotations.get_list(self, annotation_type=annotation_type, load_ai_segmentations=True)

    # ---- the file

    @overload
    def fetch_file_data(
        self, auto_convert: Literal[True] = True, save_path: str | None = None, use_cache: CacheMode = False
    ) -> Any: ...

    @overload
    def fetch_file_data(
        self, auto_convert: Literal[False], save_path: str | None = None, use_cache: CacheMode = False
    ) -> bytes: ...

    def fetch_file_data(
        self, auto_convert: bool = True, save_path: str | None = None, use_cache: CacheMode = False
    ) -> Any:
        """The resource's file; of a DICOM series, one multi-frame DICOM file.

        ``auto_convert`` gives a :class:`pydicom.Dataset`, a PIL image, a nibabel image or a
        :class:`~fiducial.api.video_capture.VideoCapture` by the content;
        False gives the bytes. ``use_cache``: False asks the server; True reads the cache and fills it; ``"loadonly"`` reads
        it and leaves it. A cached file is used if it is of this version (``created_at``, ``deleted_at``, ``size``) and its
        bytes are those that were stored. ``save_path`` keeps the file there; with ``use_cache=True`` the cache then points
        to it, so there is one copy on disk.
        """
        return self._file().fetch(auto_convert, save_path, use_cache)

    def is_cached(self) -> bool:
        """Whether the file is in the local cache, whole, and of this version."""
        return self.filepath_cached is not None

    @property
    def filepath_cached(self) -> Path | None:
        """Where the cached file is; None when it is not cached."""
        return self._file().cached_path()

    def invalidate_cache(self) -> None:
        """Drop what is cached of this resource."""
        self._file().invalidate()

    def local_path(self) -> Path:
        """The file in the local cache; downloaded if it is not there, without holding it in memory."""
        return self._file().local_path()

    def _file(self) -> FileOf:
        version = {name: self.__dict__[name] for name in ("created_at", "deleted_at", "size")}
        path = f"/resources/{self.id}/file"
        return FileOf(
            "resources", self.id, "image_data", version, path, lambda: self._endpoint, self.filename, self.mimetype
        )

    # ---- frames and slices

    def get_frame(self, index: int) -> Array:
        """Frame ``index`` (from 0) as modality values: ``[row, column]`` float32, or ``[row, column, channel]`` RGB uint8.

        The frames of a DICOM series or NIfTI volume are its slices along the third voxel axis. Out of range raises
        :class:`IndexError`.
        """
        from fiducial.entities.readers import reader_of

        with reader_of(self.local_path()) as reader:
            return reader.frame(index)

    def get_slice(self, axis: ViewPlane, index: int) -> Array:
        """One plane ``[row, column]`` of a volume as modality values, float32.

        ``index`` counts along the voxel axis closest to the plane's normal, in stored order; nothing is flipped, so a pixel
        of the plane is always a voxel. What is not a volume raises :class:`~fiducial.errors.Unsupported`.
        """
        from fiducial.entities.readers import reader_of
        from fiducial.media.base import Axis

        with reader_of(self.local_path()) as reader:
            return reader.slice(Axis(axis), index)

    def get_frame_resource(self, index: int) -> SlicedVideoResource:
        """A stand-in for one frame, read when it is asked for."""
        from fiducial.entities.sliced_video_resource import SlicedVideoResource

        return SlicedVideoResource(self, index)

    def get_slice_resource(self, axis: ViewPlane, index: int) -> SlicedVolumeResource:
        """A stand-in for one slice, read when it is asked for."""
        from fiducial.entities.sliced_volume_resource import SlicedVolumeResource

        return SlicedVolumeResource(self, index, axis)

    def iter_frames(self) -> list[SlicedVideoResource]:
        """One stand-in per frame."""
        return [self.get_frame_resource(index) for index in range(self.get_depth())]

    def iter_slices(self, axis: ViewPlane) -> list[SlicedVolumeResource]:
        """One stand-in per slice along ``axis``."""
        from fiducial.entities.sliced_volume_resource import SlicedVolumeResource

        return SlicedVolumeResource.slice_over(self, axis)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.id!r}, filename={self.filename!r}, modality={self.modality!r})"

    def __str__(self) -> str:
        what = ", ".join(str(part) for part in (self.modality, self.mimetype, f"{self.size_mb} MB") if part)
        return f"{self.filename} ({what}) [{self.id}]"
