"""The file of an entity: from the cache or the server, to memory, to a place of the caller's, or to the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from fiducial.entities.cache_manager import CacheManager, default_cache_root

if TYPE_CHECKING:
    from fiducial.api.base_api import BaseApi

CacheMode: TypeAlias = bool | Literal["loadonly"]


@lru_cache(maxsize=16)
def _cache(entity_type: str, root: Path) -> CacheManager[bytes]:
    return CacheManager(entity_type, root)


def cache_of(entity_type: str) -> CacheManager[bytes]:
    """The process's cache of this kind of entity, in the folder that is configured now."""
    return _cache(entity_type, default_cache_root())


@dataclass(frozen=True)
class FileOf:
    """Where an entity's file is: on the server under ``path``, in the cache under ``entity_id`` and ``key``."""

    entity_type: str
    entity_id: str
    key: str
    version: dict[str, Any]
    path: str
    endpoint: Callable[[], BaseApi]
    """Asked only when the server is needed: what is cached needs no connection."""
    name: str | None = None
    mimetype: str | None = None

    @property
    def _manager(self) -> CacheManager[bytes]:
        return cache_of(self.entity_type)

    def cached_path(self) -> Path | None:
        return self._manager.get_path(self.entity_id, self.key, self.version)

    def invalidate(self) -> None:
        self._manager.invalidate(self.entity_id)

    def fetch(self, auto_convert: bool, save_path: str | Path | None, use_cache: CacheMode) -> Any:
        """The content, converted if wanted; see :meth:`fiducial.entities.Resource.fetch_file_data`."""
        content = self._content(Path(save_path) if save_path is not None else None, use_cache)
        if not auto_convert:
            return content
        from fiducial.api.conversion import convert

        return convert(content, self.mimetype, self.name or self.entity_id)

    def local_path(self) -> Path:
        """A path with the content, downloaded into the cache if it is not there. Memory does not grow with the file."""
        found = self.cached_path()
        if found is not None:
            return found
        from fiducial.api.download import open_stream

        with open_stream(self.endpoint(), self.path) as source:
            return self._manager.set_stream(self.entity_id, self.key, source, self.version, self._mimetype)

    @property
    def _mimetype(self) -> str:
        return self.mimetype or "application/octet-stream"

    def _content(self, save_path: Path | None, use_cache: CacheMode) -> bytes:
        cached = self._manager.get(self.entity_id, self.key, self.version) if use_cache else None
        if save_path is None:
            return cached if cached is not None else self._downloaded(use_cache is True)
        return self._saved(save_path, cached, use_cache is True)

    def _downloaded(self, keep: bool) -> bytes:
        if keep:
            return self.local_path().read_bytes()
        from fiducial.api.download import fetch_bytes

        return fetch_bytes(self.endpoint(), self.path)

    def _saved(self, save_path: Path, cached: bytes | None, keep: bool) -> bytes:
        from fiducial.api.download import fetch_to, write_whole

        if cached is None:
            fetch_to(self.endpoint(), self.path, save_path)
        elif self.cached_path() != save_path.absolute():
            write_whole(save_path, cached)
        if keep:
            self._manager.register_file_location(self.entity_id, self.key, save_path, self.version, self._mimetype)
        return cached if cached is not None else save_path.read_bytes()
