"""A video."""

from __future__ import annotations

from typing import Any, ClassVar

from fiducial.entities.resource import Resource


class VideoResource(Resource):
    """A video; its frames are counted in decoded order, from 0."""

    resource_kind: ClassVar[str] = "video"
    resource_priority: ClassVar[int] = 20
    storage_aliases: ClassVar[tuple[str, ...]] = ("VideoResource", "VideoResourceHandler")
    mimetype_prefixes: ClassVar[tuple[str, ...]] = ("video/",)

    @property
    def _stream(self) -> dict[str, Any]:
        streams = self.metadata.get("streams") or []
        return next((s for s in streams if s.get("codec_type") == "video"), {})

    @property
    def frame_count(self) -> int:
        return self.get_depth()

    @property
    def width(self) -> int | None:
        """Columns."""
        width = self._stream.get("width", self.metadata.get("width"))
        return None if width is None else int(width)

    @property
    def height(self) -> int | None:
        """Rows."""
        height = self._stream.get("height", self.metadata.get("height"))
        return None if height is None else int(height)

    def get_dimensions(self) -> tuple[int | None, int | None]:
        """(width, height), pixels."""
        return self.width, self.height

    def get_depth(self) -> int:
        count = self.metadata.get("frame_count", self._stream.get("nb_frames"))
        if count is None:
            raise ValueError(f"the server does not say how many frames {self.filename} has")
        return int(count)
