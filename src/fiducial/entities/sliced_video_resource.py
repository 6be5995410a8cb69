"""One frame of a video or of another resource with frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fiducial.entities.sliced_resource_base import SlicedResourceBase
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.entities.resource import Resource
    from fiducial.media.base import Array


class SlicedVideoResource(SlicedResourceBase):
    """Frame ``frame_index`` (from 0) of ``parent``."""

    def __init__(self, parent: Resource, frame_index: int) -> None:
        if frame_index < 0:
            raise Invalid(f"frame_index is {frame_index}, and counts from 0", field="frame_index")
        super().__init__(parent)
        self.frame_index = frame_index

    @staticmethod
    def slice_over(resource: Resource) -> list[SlicedVideoResource]:
        """One per frame."""
        return [SlicedVideoResource(resource, index) for index in range(resource.get_depth())]

    def fetch_frame_data(self) -> Array:
        """See :meth:`fiducial.entities.Resource.get_frame`."""
        return self._parent.get_frame(self.frame_index)

    def fetch_file_data(self, auto_convert: bool = True, use_cache: bool = True) -> Array:
        """The frame; the parent's file is read from the cache, and fetched into it if it is not there."""
        return self.fetch_frame_data()

    def __repr__(self) -> str:
        return f"SlicedVideoResource({self._parent!r}, frame_index={self.frame_index})"
