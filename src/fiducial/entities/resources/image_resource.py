"""A picture."""

from __future__ import annotations

from typing import ClassVar

from fiducial.entities.resource import Resource


class ImageResource(Resource):
    """A single-frame 2-D picture."""

    resource_kind: ClassVar[str] = "image"
    resource_priority: ClassVar[int] = 10
    storage_aliases: ClassVar[tuple[str, ...]] = ("ImageResource", "ImageResourceHandler")
    mimetype_prefixes: ClassVar[tuple[str, ...]] = ("image/",)

    @property
    def width(self) -> int | None:
        """Columns."""
        return self.metadata.get("width")

    @property
    def height(self) -> int | None:
        """Rows."""
        return self.metadata.get("height")

    def get_dimensions(self) -> tuple[int | None, int | None]:
        """(width, height), pixels."""
        return self.width, self.height

    def get_depth(self) -> int:
        return 1
