"""One plane of a volume."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from fiducial.entities.sliced_resource_base import SlicedResourceBase
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.entities.resource import Resource, ViewPlane
    from fiducial.media.base import Array


class SlicedVolumeResource(SlicedResourceBase):
    """Plane ``slice_index`` (from 0) of ``parent`` along ``slice_axis``."""

    def __init__(self, parent: Resource, slice_index: int, slice_axis: ViewPlane) -> None:
        if slice_index < 0:
            raise Invalid(f"slice_index is {slice_index}, and counts from 0", field="slice_index")
        super().__init__(parent)
        self.slice_index = slice_index
        self.slice_axis = slice_axis

    @staticmethod
    def slice_over(resource: Resource, slice_axis: ViewPlane) -> list[SlicedVolumeResource]:
        """One per plane; how many there are, the file's header says."""
        from fiducial.entities.readers import reader_of
        from fiducial.media.base import Axis
        from fiducial.media.slicing import slice_count

        with reader_of(resource.local_path()) as reader:
            count = slice_count(reader.header, Axis(slice_axis))
        return [SlicedVolumeResource(resource, index, slice_axis) for index in range(count)]

    @cached_property
    def slice_axis_idx(self) -> int:
        """The voxel axis that is indexed: 0 column, 1 row, 2 slice."""
        from fiducial.media.base import Axis
        from fiducial.media.slicing import voxel_axis

        return voxel_axis(self.data_metainfo, Axis(self.slice_axis))

    def fetch_slice_data(self) -> Array:
        """See :meth:`fiducial.entities.Resource.get_slice`."""
        return self._parent.get_slice(self.slice_axis, self.slice_index)

    def fetch_file_data(self, auto_convert: bool = True, use_cache: bool = True) -> Array:
        """The plane; the parent's file is read from the cache, and fetched into it if it is not there."""
        return self.fetch_slice_data()

    def __repr__(self) -> str:
        return f"SlicedVolumeResource({self._parent!r}, {self.slice_axis} {self.slice_index})"
