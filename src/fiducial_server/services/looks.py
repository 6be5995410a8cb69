"""Pictures of an item for looking at, and its bytes for taking away."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, cast

from fiducial.errors import Conflict, Invalid, NotFound, Unsupported
from fiducial.media.base import Array, Axis, Reader, Stage
from fiducial_server.db import derived, files
from fiducial_server.db.derived import Derived
from fiducial_server.db.engine import Database
from fiducial_server.model.item import Item, ItemFile, ItemKind, ItemState
from fiducial_server.model.times import Clock
from fiducial_server.services.content import Content, EncodedImage
from fiducial_server.services.ingest import MULTIFRAME, THUMBNAIL, keep_derived
from fiducial_server.services.readers import OpenReaders
from fiducial_server.services.series import assemble, openers, series_reader
from fiducial_server.storage.base import BlobStore

SERIES_KINDS = frozenset({ItemKind.DICOM_SERIES, ItemKind.IMAGE_GROUP})


class Looks:
    """Reads items that the caller has found and may see."""

    def __init__(self, database: Database, store: BlobStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._readers = OpenReaders(store)
        self._making = [threading.Lock() for _ in range(16)]  # so that one big file is not made twice at once

    # --- bytes --------------------------------------------------------------------------------------------------------

    def file_content(self, organization_id: str, item: Item, ordinal: int) -> Content:
        with self._database.read(organization_id) as scope:
            file = files.file_at(scope, item.id, ordinal)
        if file is None:
            raise NotFound(f"File {ordinal} of resource {item.id} not found: it has {item.file_count}, counted from 0")
        return self._content(file.sha256, file.size, file.mimetype, file.filename)

    def content(self, organization_id: str, item: Item) -> Content:
        """The item's one file, or the multi-frame DICOM of a series: made on demand, the same bytes every time."""
        _refuse_open(item)
        if item.file_count == 1:
            return self.file_content(organization_id, item, 0)
        if item.kind is not ItemKind.DICOM_SERIES:
            raise Unsupported(
                f"resource {item.id} is a {item.kind} of {item.file_count} files and has no single file; "
                f"take them one by one at files/0 to files/{item.file_count - 1}",
                id=item.id,
            )
        made = self._multiframe(organization_id, item)
        name = item.name if item.name.lower().endswith(".dcm") else f"{item.name}.dcm"
        return self._content(made.sha256, made.size, made.mimetype, name)

    def _content(self, sha256: str, size: int, mimetype: str, filename: str) -> Content:
        return Content(size, mimetype, filename, sha256, partial(self._store.read, sha256))

    def _multiframe(self, organization_id: str, item: Item) -> Derived:
        with self._making[hash(item.id) % len(self._making)]:
            made = self._derived(organization_id, item.id, MULTIFRAME)
            return made or self._make_multiframe(organization_id, item)

    def _make_multiframe(self, organization_id: str, item: Item) -> Derived:
        from fiducial.media.dicom.multiframe import write_multiframe

        ordered = openers(self._store, self._files(organization_id, item))
        made = keep_derived(
            self._store,
            MULTIFRAME,
            "application/dicom",
            self._clock(),
            lambda write: write_multiframe(ordered, cast(BinaryIO, _Pipe(write))),
        )
        self._database.transact(organization_id, lambda scope: derived.put(scope, item.id, made))
        return made

    def _derived(self, organization_id: str, item_id: str, name: str) -> Derived | None:
        with self._database.read(organization_id) as scope:
            return derived.find(scope, item_id, name)

    def _files(self, organization_id: str, item: Item) -> Sequence[ItemFile]:
        """In the item's order, also before the follow-up job has numbered them."""
        with self._database.read(organization_id) as scope:
            kept = files.files_of(scope, item.id)
        if item.kind in SERIES_KINDS and item.state is ItemState.PENDING:
            return assemble(item.kind, kept).files
        return kept

    # --- pictures -----------------------------------------------------------------------------------------------------

    def frame(self, organization_id: str, item: Item, index: int) -> EncodedImage:
        _require_frames(item)
        if not 0 <= index < item.frame_count:
            last = item.frame_count - 1
            raise Invalid(f"frame {index} is out of range: resource {item.id} has frames 0 to {last}", field="frame")
        if item.state is ItemState.READY and item.frame_count == item.file_count:  # frame n is the one of file n
            with self._database.read(organization_id) as scope:
                file = files.file_at(scope, item.id, index)
            if file is not None:
                with self._readers.of(file.sha256) as reader:
                    return _encoded(reader.frame(0, Stage.DISPLAY))
        with self.reader(organization_id, item) as reader:
            return _encoded(reader.frame(index, Stage.DISPLAY))

    def slice(self, organization_id: str, item: Item, axis: Axis, index: int) -> EncodedImage:
        _require_frames(item)
        with self.reader(organization_id, item) as reader:
            try:
                return _encoded(reader.slice(axis, index, Stage.DISPLAY))
            except IndexError as error:
                raise Invalid(f"{axis} slice {index} of resource {item.id} is out of range: {error}") from None

    def thumbnail(self, organization_id: str, item: Item) -> EncodedImage:
        """As the follow-up job made it; made on the spot while that has not run."""
        made = self._derived(organization_id, item.id, THUMBNAIL)
        if made is not None:
            return EncodedImage(b"".join(self._store.read(made.sha256)), made.mimetype)
        _require_frames(item)
        from fiducial.media.thumbnail import THUMBNAIL_MIMETYPE, thumbnail

        with self.reader(organization_id, item) as reader:
            return EncodedImage(thumbnail(reader), THUMBNAIL_MIMETYPE)

    @contextmanager
    def reader(self, organization_id: str, item: Item) -> Iterator[Reader]:
        _refuse_open(item)
        kept = self._files(organization_id, item)
        if not kept:
            raise NotFound(f"File of resource {item.id} not found")
        if item.kind in SERIES_KINDS:
            with series_reader(self._store, item.kind, kept) as reader:
                yield reader
        else:
            with self._readers.of(kept[0].sha256) as reader:
                yield reader

    def close(self) -> None:
        self._readers.close()


class _Pipe:
    """The one method of a file that a writer of streams calls."""

    def __init__(self, write: object) -> None:
        self.write = write


def _encoded(frame: Array) -> EncodedImage:
    from fiducial.media.thumbnail import encode_frame

    return EncodedImage(encode_frame(frame), "image/png")


def _refuse_open(item: Item) -> None:
    if item.state is ItemState.OPEN:
        raise Conflict(f"resource {item.id} is a group that still takes files; close it first", id=item.id)


def _require_frames(item: Item) -> None:
    _refuse_open(item)
    if item.frame_count == 0:
        raise Unsupported(f"resource {item.id} ({item.name}) has no pixels to show", id=item.id)
