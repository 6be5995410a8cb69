"""A stand-in for one part of a resource: it behaves as the resource, and reads its part when it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fiducial.entities.resource import Resource
    from fiducial.media.base import Header


class SlicedResourceBase:
    """One part of ``parent``. What this class does not have itself is the parent's."""

    def __init__(self, parent: Resource) -> None:
        self._parent = parent

    @property
    def parent_resource(self) -> Resource:
        return self._parent

    @cached_property
    def data_metainfo(self) -> Header:
        """The header of the parent's file: size, spacing, orientation, affine."""
        from fiducial.entities.readers import reader_of

        with reader_of(self._parent.local_path()) as reader:
            return reader.header

    def get_depth(self) -> int:
        """A part is one frame."""
        return 1

    def is_cached(self) -> bool:
        """Whether the parent's file is in the local cache."""
        return self._parent.is_cached()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_parent":  # what copy and pickle probe for before there is a parent
            raise AttributeError(name)
        return getattr(self._parent, name)
