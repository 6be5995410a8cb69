"""One annotation, as it is shown for one frame or for the whole of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from fiducial.entities.annotations.types import GEOMETRY_TYPES, NUMERIC_TYPES, AnnotationType
from fiducial.entities.base_entity import MISSING_FIELD, BaseEntity
from fiducial.entities.fetching import CacheMode, FileOf

if TYPE_CHECKING:
    from fiducial.entities.resource import Resource

_OTHER_NAMES = {
    "type": "annotation_type",
    "name": "identifier",
    "added_by": "created_by",
    "index": "frame_index",
}


class AnnotationBase(BaseEntity):
    """What annotations have in common before they are on a server."""

    model_config = ConfigDict(
        extra="allow",
        arbitrary_types_allowed=True,
        populate_by_name=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        validate_by_alias=True,
        validate_by_name=True,
    )

    identifier: str = Field(alias="name")
    scope: str
    """``frame`` or ``image``."""
    annotation_type: AnnotationType | str
    confiability: float = 1.0

    @property
    def name(self) -> str:
        """The identifier."""
        return self.identifier

    def is_segmentation(self) -> bool:
        return self.annotation_type == AnnotationType.SEGMENTATION

    def is_label(self) -> bool:
        return self.annotation_type == AnnotationType.LABEL

    def is_category(self) -> bool:
        return self.annotation_type == AnnotationType.CATEGORY

    def is_geometry(self) -> bool:
        return self.annotation_type in GEOMETRY_TYPES


class Annotation(AnnotationBase):
    """An annotation. ``geometry`` is what the server sent: pixels, or LPS mm on a resource with a place in the patient.

    ``points`` of :attr:`shape` are easier to work with, and :meth:`fetch_pixel_shape` gives pixels in any case.
    """

    id: str | None = None
    frame_index: int | None = None
    text_value: str | None = None
    numeric_value: float | int | None = None
    units: str | None = None
    geometry: list[Any] | dict[str, Any] | None = None
    created_at: str | None = None
    created_by: str | None = None
    annotation_worklist_id: str | None = None
    imported_from: str | None = None
    import_author: str | None = None
    status: str | None = None
    approved_at: str | None = None
    approved_by: str | None = None
    resource_id: str | None = None
    associated_file: str | None = None
    deleted: bool = False
    deleted_at: str | None = None
    deleted_by: str | None = None
    created_by_model: str | None = None
    is_model: bool | None = None
    model_id: str | None = None
    set_name: str | None = None
    resource_filename: str | None = None
    resource_modality: str | None = None
    annotation_worklist_name: str | None = None
    user_info: dict[str, Any] | None = None
    values: list[Any] | None = MISSING_FIELD  # type: ignore[assignment]
    file: str | None = None

    _resource: Resource | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _other_names(cls, data: Any) -> Any:
        return normalized(data) if isinstance(data, Mapping) else data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """An annotation from the server's words, or from older words for the same."""
        return cls.model_validate(data)

    @property
    def resource(self) -> Resource:
        """The resource this belongs to; fetched once."""
        if self._resource is None:
            if self.resource_id is None:
                raise ValueError("this annotation does not say which resource it belongs to")
            self._resource = self._root.resources.get_by_id(self.resource_id)
        return self._resource

    @property
    def type(self) -> str:
        """The annotation type."""
        return str(self.annotation_type)

    @property
    def index(self) -> int | None:
        """The frame index."""
        return self.frame_index

    @property
    def value(self) -> Any:
        """What was said: the text or category, or the number of a numeric annotation."""
        return self.numeric_value if self.annotation_type in NUMERIC_TYPES else self.text_value

    @property
    def old_geometry(self) -> Any:
        """The geometry before the last change, where the server tells it."""
        return self._told("old_geometry")

    @property
    def added_by(self) -> str:
        """E-mail address of the author."""
        return self.created_by or ""

    @property
    def shape(self) -> Any:
        """The geometry as :class:`~fiducial.entities.annotations.geometry.Geometry` of the fitting kind; None without one."""
        from fiducial.entities.annotations.shapes import shape_of

        return shape_of(self)

    def fetch_pixel_shape(self) -> Any:
        """:attr:`shape` in pixel indices (x right, y down, frame in third place); None for an annotation without geometry.

        On DICOM and NIfTI the resource's file says where its voxels are; it is fetched into the cache if need be.
        """
        from fiducial.entities.annotations.shapes import pixel_shape_of

        return pixel_shape_of(self)

    def is_frame_scoped(self) -> bool:
        return self.scope == "frame"

    def is_image_scoped(self) -> bool:
        return self.scope == "image"

    def get_created_datetime(self) -> datetime | None:
        """When it was created; None when it does not say."""
        return datetime.fromisoformat(self.created_at) if self.created_at else None

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
        """The annotation's file (the mask of a segmentation): a PNG as a PIL image, a volume as a nibabel image.

        ``use_cache``: False asks the server; True reads the cache and fills it; ``"loadonly"`` reads it and leaves it.
        ``save_path`` keeps the file there; with ``use_cache=True`` the cache then points to it, so there is one copy.
        """
        return self._file().fetch(auto_convert, save_path, use_cache)

    def is_cached(self) -> bool:
        """Whether the file is in the local cache, whole, and of this version."""
        return self._file().cached_path() is not None

    @property
    def filepath_cached(self) -> Path | None:
        """Where the cached file is; None when it is not."""
        return self._file().cached_path()

    def invalidate_cache(self) -> None:
        """Drop what is cached of this annotation."""
        self._file().invalidate()

    def _file(self) -> FileOf:
        if self.id is None:
            raise ValueError("this annotation has no id: it is not on a server yet")
        path = f"/annotations/{self.resource_id}/annotations/{self.id}/file"
        version = {name: self.__dict__.get(name) for name in ("created_at", "deleted_at", "associated_file")}
        return FileOf("annotations", self.id, "segmentation_data", version, path, lambda: self._endpoint)


def normalized(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same under today's names, with the scope that follows from the frame, and the value in the place of its type."""
    renamed = {_OTHER_NAMES.get(name, name): value for name, value in data.items()}
    if "value" in renamed:
        numeric = renamed.get("annotation_type") in NUMERIC_TYPES
        renamed.setdefault("numeric_value" if numeric else "text_value", renamed.pop("value"))
    if renamed.get("scope") is None:
        renamed["scope"] = "image" if renamed.get("frame_index") is None else "frame"
    if renamed.get("deleted") is None:
        renamed.pop("deleted", None)
    if renamed.get("confiability") is None:
        renamed.pop("confiability", None)
    return renamed
