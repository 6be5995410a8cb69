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
        """All fields, unknown ones included; a colour that is not set is left out."""
        return self.model_dump(warnings="none", exclude=self._unset())

    def asjson(self) -> str:
        """:meth:`asdict` as JSON text."""
        return self.model_dump_json(warnings="none", exclude=self._unset())

    def _unset(self) -> set[str]:
        return {"color"} if self.color is None else set()


class CategoryAnnotationSpec(AnnotationSpec):
    """A choice among ``values``."""

    type: AnnotationType = AnnotationType.CATEGORY
    values: list[str]


def spec_of(row: dict[str, Any]) -> AnnotationSpec:
    """A spec in the server's words; a category that lists no values is a plain one."""
    is_choice = row.get("type") == AnnotationType.CATEGORY and row.get("values") is not None
    return (CategoryAnnotationSpec if is_choice else AnnotationSpec).model_validate(row)
