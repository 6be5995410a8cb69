"""What a project wants to be annotated."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from fiducial.entities.annotations.types import AnnotationType


class AnnotationSpec(BaseModel):
    """One thing to be annotated: its type, its name, whether it belongs to a frame or the whole, whether it must be there."""

    model_config = ConfigDict(extra="allow", ser_json_bytes="base64", val_json_bytes="base64")

    type: AnnotationType
    scope: str
    """``frame`` or ``image``."""
    required: bool
    identifier: str
    color: tuple[int, int, int, int] | None = None
    """Red, green, blue, opacity, each 0 to 255."""

    @classmethod
    def create(cls, **kwargs: Any) -> AnnotationSpec:
        """The class that fits ``type``."""
        return (CategoryAnnotationSpec if kwargs.get("type") == AnnotationType.CATEGORY else cls)(**kwargs)

    def asdict(self) -> dict[str, Any]:
        return self.model_dump(warnings="none", exclude_none=True)

    def asjson(self) -> str:
        return self.model_dump_json(warnings="none", exclude_none=True)


class CategoryAnnotationSpec(AnnotationSpec):
    """A choice among ``values``."""

    type: AnnotationType = AnnotationType.CATEGORY
    values: list[str]
