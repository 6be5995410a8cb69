# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""The local cache: what was fetched once is read from disk, if it is proved to be what was stored.

Files lie in ``cache_root/entity_type/entity_id/``: ``<data_key>.pkl`` is the data, ``metadata.json`` says of each data key
what it is, for which version of the entity, and its SHA-256. Every file is written beside its place and moved there, and
the two are changed under a lock, so other processes see the old state or the new one. Data whose hash is not the recorded
one (cut off, overwritten, damaged) are a miss, never an answer.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from fiducial.entities.cache_files import LOCK, Readable, beside, clear_folder, hash_of, safe_name
from fiducial.entities.cached_value import BYTES, FILE, pack, unpack
from fiducial.entities.file_lock import locked

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

_METADATA = "metadata.json"
_MOST_NOTES = 20_000


def default_cache_root() -> Path:
    """``FIDUCIAL_CACHE_DIR``, else what the configuration says, else ``fiducial`` in the user's cache folder."""
    from fiducial.api.settings import value_of

    if named := value_of("cache_dir"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("fiducial", appauthor=False)


def version_hash(version_info: Mapping[str, Any] | None) -> str | None:
    """SHA-256 over the version's JSON with sorted names; None for no version."""
    if version_info is None:
        return None
    text = json.dumps(version_info, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class CacheManager(Generic[T]):
    """Cached data of one kind of entity, by entity id and data key.

    ``enable_memory_cache`` keeps the ``memory_cache_maxsize`` last used values in this process too; they are handed out
    as they are, not copied, so treat them as read-only.
    """

    class ItemMetadata(BaseModel):
        """What is known of one cached value."""

        cached_at: datetime
        data_path: str
        """Name inside the entity's folder, or an absolute path for a file that is kept elsewhere."""
        data_type: str
        """``bytes``, ``ndarray`` (the .npy format), ``pickle``, or ``file`` for one that is kept elsewhere."""
        mimetype: str
        entity_id: str | None = None
        version_hash: str | None = None
        version_info: dict[str, Any] | None = None
        extra_info: dict[str, Any] | None = None
        sha256: str | None = None
        """Of the file's bytes. A value without it is never answered."""
        size: int | None = None

    def __init__(
        self,
        entity_type: str,
        cache_root: Path | str | None = None,
        enable_memory_cache: bool = False,
        memory_cache_maxsize: int = 2,
    ) -> None:
        self.entity_type = entity_type
        self.cache_root = Path(cache_root) if cache_root is not None else default_cache_root()
        self.enable_memory_cache = enable_memory_cache
        self.memory_cache_maxsize = memory_cache_maxsize
        self._memory: OrderedDict[tuple[str, str], tuple[str | None, T]] = OrderedDict()
        self._memory_lock = threading.Lock()
        self._proved: dict[Path, Any] = {}
        """Files that were hashed, in which state, and what the hash was."""
        self._parsed: dict[Path, tuple[Any, dict[str, CacheManager.ItemMetadata]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k not in {"_memory", "_memory_lock", "_proved", "_parsed"}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._memory, self._memory_lock = OrderedDict(), threading.Lock()
        self._proved, self._parsed = {}, {}

    # ---- memory

    def get_memory(self, entity_id: str, data_key: str, version_info: dict[str, Any] | None = None) -> T | None:
        """The value this process has in memory, if it is of that version (None: of any)."""
        if not self.enable_memory_cache:
            return None
        wanted = version_hash(version_info)
        with self._memory_lock:
            found = self._memory.get((entity_id, data_key))
            if found is None or (wanted is not None and found[0] != wanted):
                return None
            self._memory.move_to_end((entity_id, data_key))
            return found[1]

    def set_memory(self, entity_id: str, data_key: str, data: T, version_info: dict[str, Any] | None = None) -> None:
        """Keep a value in this process; the one not used for longest makes room."""
        if not self.enable_memory_cache:
            return
        with self._memory_lock:
            self._memory[entity_id, data_key] = (version_hash(version_info), data)
            self._memory.move_to_end((entity_id, data_key))
            while len(self._memory) > self.memory_cache_maxsize:
                self._memory.popitem(last=False)

    def invalidate_memory(self, entity_id: str, data_key: str | None = None) -> None:
        """Forget what this process has in memory of the entity (of one data key)."""
        with self._memory_lock:
            for key in [k for k in self._memory if k[0] == entity_id and data_key in (None, k[1])]:
                del self._memory[key]

    # ---- reading

    def get(self, entity_id: str, data_key: str, version_info: dict[str, Any] | None = None) -> T | None:
        """The cached value, or None when there is none, it is of another version, or it is not what was stored."""
        in_memory = self.get_memory(entity_id, data_key, version_info)
        if in_memory is not None:
            return in_memory
        entry = self._entry(entity_id, data_key, version_info)
        content = self._proved_bytes(entity_id, entry) if entry is not None else None
        if entry is None or content is None:
            return None
        try:
            data = unpack(entry.data_type, content)
        except Exception as error:  # whatever a changed library makes of an old pickle: fetch it again
            _LOGGER.warning("cached %s of %s cannot be read: %s", data_key, entity_id, error)
            return None
        self.set_memory(entity_id, data_key, data, version_info)
        return cast(T, data)

    def get_path(self, entity_id: str, data_key: str, version_info: dict[str, Any] | None = None) -> Path | None:
        """Where the cached bytes are, or None under the conditions of :meth:`get`.

        As in :meth:`get`, a file is hashed once per process and state (inode, size, time of change), not at every call.
        """
        entry = self._entry(entity_id, data_key, version_info)
        if entry is None:
            return None
        path = self._folder(entity_id) / entry.data_path
        return path if self._is_proved(path, entry) else None

    def get_expected_path(self, entity_id: str, data_key: str) -> Path:
        """Where the value will be, cached or not."""
        return self._folder(entity_id) / f"{safe_name(data_key)}.pkl"

    def get_cache_info(self, entity_id: str) -> dict[str, Any]:
        """Per data key what :class:`ItemMetadata` holds; empty when nothing is cached."""
        return {key: entry.model_dump(mode="json") for key, entry in self._entries(entity_id).items()}

    # ---- writing

    def set(self, entity_id: str, data_key: str, data: T, version_info: dict[str, Any] | None = None) -> None:
        """Store a value: bytes as they are, numpy arrays as .npy, all else pickled."""
        data_type, content = pack(data)
        with beside(self._made_folder(entity_id), io.BytesIO(content)) as (temporary, sha256, size):
            self._keep(entity_id, data_key, temporary, sha256, size, data_type, version_info)
        self.set_memory(entity_id, data_key, data, version_info)

    def set_stream(
        self,
        entity_id: str,
        data_key: str,
        source: Readable,
        version_info: dict[str, Any] | None = None,
        mimetype: str = "application/octet-stream",
    ) -> Path:
        """Store bytes that are read piece by piece, and give their path. Any size, constant memory."""
        with beside(self._made_folder(entity_id), source) as (temporary, sha256, size):
            self._keep(entity_id, data_key, temporary, sha256, size, BYTES, version_info, mimetype)
        self.invalidate_memory(entity_id, data_key)
        return self.get_expected_path(entity_id, data_key)

    def register_file_location(
        self,
        entity_id: str,
        data_key: str,
        file_path: str | Path,
        version_info: dict[str, Any] | None = None,
        mimetype: str = "application/octet-stream",
        data: T | None = None,
    ) -> None:
        """Remember a file that is kept elsewhere, without copying it. Changed or moved later, it is a miss."""
        path = Path(file_path).absolute()
        with path.open("rb") as file:
            sha256, size = hash_of(file)
        entry = self._describe(entity_id, str(path), FILE, mimetype, version_info, sha256, size)
        folder = self._made_folder(entity_id)
        with locked(folder / LOCK):
            self._write_entries(folder, {**self._read_entries(folder), data_key: entry})
            self.get_expected_path(entity_id, data_key).unlink(missing_ok=True)
        self.invalidate_memory(entity_id, data_key)
        if data is not None:
            self.set_memory(entity_id, data_key, data, version_info)

    def invalidate(self, entity_id: str, data_key: str | None = None) -> None:
        """Drop what is cached of the entity (of one data key). Files that are kept elsewhere stay."""
        self.invalidate_memory(entity_id, data_key)
        folder = self._folder(entity_id)
        if not folder.is_dir():
            return
        with locked(folder / LOCK):
            if data_key is None:
                clear_folder(folder)
                return
            entries = self._read_entries(folder)
            if entries.pop(data_key, None) is not None:
                self._write_entries(folder, entries)
            self.get_expected_path(entity_id, data_key).unlink(missing_ok=True)

    def clear_all(self) -> None:
        """Drop everything cached of this kind of entity."""
        with self._memory_lock:
            self._memory.clear()
        self._proved.clear()
        for folder in (self.cache_root / self.entity_type).glob("*/"):
            with locked(folder / LOCK):
                clear_folder(folder)

    # ---- extra facts

    def save_extra_info(self, entity_id: str, extra_info: dict[str, Any]) -> None:
        """Keep further facts beside the entity's cached values (channel, tags …); nothing is done when there are none."""
        folder = self._folder(entity_id)
        if not folder.is_dir():
            return
        with locked(folder / LOCK):
            entries = self._read_entries(folder)
            changed = {key: entry.model_copy(update={"extra_info": extra_info}) for key, entry in entries.items()}
            if changed:
                self._write_entries(folder, changed)

    def iter_entities_extra_info(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(entity id, facts) of every cached entity that has such facts."""
        for folder in sorted((self.cache_root / self.entity_type).glob("*/")):
            for entry in self._read_entries(folder).values():
                if entry.extra_info is not None:
                    yield entry.entity_id or folder.name, entry.extra_info
                    break

    # ---- inside

    def _folder(self, entity_id: str) -> Path:
        return self.cache_root / self.entity_type / safe_name(entity_id)

    def _made_folder(self, entity_id: str) -> Path:
        folder = self._folder(entity_id)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _entries(self, entity_id: str) -> dict[str, ItemMetadata]:
        return self._read_entries(self._folder(entity_id))

    def _read_entries(self, folder: Path) -> dict[str, ItemMetadata]:
        """Parsed again only when the file is another one: it is replaced whole at every change."""
        try:
            with (folder / _METADATA).open("rb") as file:
                mark = _mark_of(file)
                known = self._parsed.get(folder)
                if known is not None and known[0] == mark:
                    return dict(known[1])
                items = json.loads(file.read())["items"]
            entries = {key: self.ItemMetadata.model_validate(item) for key, item in items.items()}
            _remember(self._parsed, folder, (mark, entries))
            return dict(entries)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            _LOGGER.warning("%s is damaged and ignored: %s", folder / _METADATA, error)
            return {}

    def _write_entries(self, folder: Path, entries: Mapping[str, ItemMetadata]) -> None:
        items = {key: entry.model_dump(mode="json", exclude_none=True) for key, entry in entries.items()}
        content = json.dumps({"items": items}, indent=1).encode()
        with beside(folder, io.BytesIO(content)) as (temporary, _, _):
            temporary.replace(folder / _METADATA)

    def _entry(self, entity_id: str, data_key: str, version_info: dict[str, Any] | None) -> ItemMetadata | None:
        entry = self._entries(entity_id).get(data_key)
        wanted = version_hash(version_info)
        if entry is None or entry.sha256 is None or (wanted is not None and entry.version_hash != wanted):
            return None
        return entry

    def _proved_bytes(self, entity_id: str, entry: ItemMetadata) -> bytes | None:
        path = self._folder(entity_id) / entry.data_path
        try:
            with path.open("rb") as file:
                proof = (*_mark_of(file), entry.sha256)
                content = file.read()
        except OSError:
            return None
        if self._proved.get(path) == proof or hashlib.sha256(content).hexdigest() == entry.sha256:
            _remember(self._proved, path, proof)
            return content
        _LOGGER.warning("cached data of %s are not what was stored (%s); ignored", entity_id, entry.data_path)
        return None

    def _is_proved(self, path: Path, entry: ItemMetadata) -> bool:
        try:
            with path.open("rb") as file:
                mark = _mark_of(file)
                proof = (*mark, entry.sha256)
                if self._proved.get(path) == proof:
                    return True
                proved = mark[1] == entry.size and hash_of(file)[0] == entry.sha256
        except OSError:
            return False
        if proved:
            _remember(self._proved, path, proof)
        return proved

    def _keep(
        self,
        entity_id: str,
        data_key: str,
        temporary: Path,
        sha256: str,
        size: int,
        data_type: str,
        version_info: dict[str, Any] | None,
        mimetype: str = "application/octet-stream",
    ) -> None:
        place = self.get_expected_path(entity_id, data_key)
        entry = self._describe(entity_id, place.name, data_type, mimetype, version_info, sha256, size)
        with locked(place.parent / LOCK):
            temporary.replace(place)
            self._write_entries(place.parent, {**self._read_entries(place.parent), data_key: entry})

    def _describe(
        self,
        entity_id: str,
        data_path: str,
        data_type: str,
        mimetype: str,
        version_info: dict[str, Any] | None,
        sha256: str,
        size: int,
    ) -> ItemMetadata:
        return self.ItemMetadata(
            cached_at=datetime.now(UTC),
            data_path=data_path,
            data_type=data_type,
            mimetype=mimetype,
            entity_id=entity_id,
            version_hash=version_hash(version_info),
            version_info=json.loads(json.dumps(version_info, default=str)) if version_info is not None else None,
            sha256=sha256,
            size=size,
        )


def _mark_of(file: IO[bytes]) -> tuple[int, int, int]:
    """Which file it is and in which state: inode, size, time of the last change."""
    state = os.fstat(file.fileno())
    return state.st_ino, state.st_size, state.st_mtime_ns


def _remember(notes: dict[Path, Any], path: Path, note: Any) -> None:
    """Keep a note, the last :data:`_MOST_NOTES` of them."""
    notes.pop(path, None)
    notes[path] = note
    if len(notes) > _MOST_NOTES:
        notes.pop(next(iter(notes)), None)
