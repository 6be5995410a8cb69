"""A volume."""

from __future__ import annotations

from typing import ClassVar

from fiducial.entities.resource import Resource


class VolumeResource(Resource):
    """A volumetric resource, such as a CT or MR scan."""

    resource_kind: ClassVar[str] = "volume"
    resource_priority: ClassVar[int] = 30
    storage_aliases: ClassVar[tuple[str, ...]] = ("VolumeResource", "VolumeResourceHandler")

    @property
    def frame_count(self) -> int:
        """Slices, times time points of a 4-D volume."""
        return self.get_depth()
