"""Many item rows, quickly: what the list benchmarks stand on.

``python benchmarks/seed_items.py sqlite:///FILE [--count 1000000]`` makes the schema, one organization and the rows, and
then times pages of 100.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

from fiducial_server.db import items, tags
from fiducial_server.db.channels import add_missing
from fiducial_server.db.engine import Database
from fiducial_server.db.migrate import upgrade
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import id_at
from fiducial_server.model.item import Item, ItemFilter, ItemKind, ItemState, ItemStatus
from fiducial_server.services.access import Access
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.items import Items
from fiducial_server.storage.base import BlobStore

FIRST_US = 1_700_000_000_000_000
CHUNK = 20_000
MODALITIES = ("CT", "MR", "US", "XR", None)


def rows(count: int, email: str, seed: int = 1) -> Iterator[Item]:
    """Items one second apart: nine of ten published, 200 channels, 2% deleted.

    Every 1,000th is tagged ``rare``, every 2nd ``common``.
    """
    chance = random.Random(seed)
    for number in range(count):
        at = FIRST_US + number * 1_000_000
        modality = chance.choice(MODALITIES)
        published = chance.random() < 0.9
        yield Item(
            id=id_at(at),
            kind=ItemKind.DICOM_FILE if modality else ItemKind.IMAGE,
            name=f"image-{number:07}.dcm",
            mimetype="application/dicom" if modality else "image/png",
            status=ItemStatus.PUBLISHED if published else ItemStatus.INBOX,
            state=ItemState.READY,
            size=526_000,
            created_at=at,
            created_by=email,
            updated_at=at,
            channel=f"channel-{number % 200:03}",
            modality=modality,
            patient_id=f"P{number // 50}",
            width=512,
            height=512,
            frame_count=1,
            published_at=at if published else None,
            published_by=email if published else None,
            deleted_at=at + 1 if chance.random() < 0.02 else None,
            metadata={"frame_count": 1, "Rows": 512, "Columns": 512, "Modality": modality, "PixelSpacing": [0.7, 0.7]},
            tags=(("rare",) if number % 1000 == 0 else ()) + (("common",) if number % 2 else ()),
        )


def seed(database: Database, organization_id: str, email: str, count: int) -> None:
    """Insert the rows in transactions of 20,000."""
    database.transact(
        organization_id, lambda scope: add_missing(scope, (f"channel-{n:03}" for n in range(200)), FIRST_US)
    )
    chunk: list[Item] = []

    def write() -> None:
        made = list(chunk)

        def work(scope: Any) -> None:
            items.insert(scope, [items.item_row(item) for item in made])
            tags.add(scope, {item.id: item.tags for item in made if item.tags})

        database.transact(organization_id, work)
        chunk.clear()

    for item in rows(count, email):
        chunk.append(item)
        if len(chunk) == CHUNK:
            write()
    if chunk:
        write()


FILTERS = {
    "all": ItemFilter(),
    "newest first": ItemFilter(ascending=False),
    "published": ItemFilter(status=ItemStatus.PUBLISHED),
    "inbox": ItemFilter(status=ItemStatus.INBOX),
    "modality": ItemFilter(modality="MR", status=ItemStatus.PUBLISHED),
    "mimetype": ItemFilter(mimetype="image/png"),
    "channel": ItemFilter(channel="channel-007"),
    "name": ItemFilter(name="image-0000777.dcm"),
    "rare tag": ItemFilter(tags=("rare",)),
    "common tag, inbox": ItemFilter(tags=("common",), status=ItemStatus.INBOX),
    "two tags": ItemFilter(tags=("rare", "common"), tags_match="union"),
    "dates": ItemFilter(created_from=FIRST_US + 10**12 // 2),
    "deleted": ItemFilter(deleted="only"),
    "by name": ItemFilter(order_field="name"),
    "by modality, descending": ItemFilter(order_field="modality", ascending=False),
    "by published_at": ItemFilter(order_field="published_at"),
}


def measure(service: Items, actor: Actor, runs: int = 7) -> None:
    """Median time of the first page, of a page in the middle walked to by key, and of the count up to 10,000."""
    for name, narrowing in FILTERS.items():
        first = _median(lambda narrowing=narrowing: service.page(actor, narrowing, limit=100), runs)
        key = service.page(actor, narrowing, limit=1000).next_key
        later = _median(lambda narrowing=narrowing, key=key: service.page(actor, narrowing, after=key, limit=100), runs)
        counted = _median(lambda narrowing=narrowing: service.bounded_count(actor, narrowing), runs)
        print(f"{name:26} first {first:8.2f} ms   after 1,000 {later:8.2f} ms   count {counted:8.2f} ms")


def _median(call: Any, runs: int) -> float:
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database_url")
    parser.add_argument("--count", type=int, default=1_000_000)
    asked = parser.parse_args()
    upgrade(asked.database_url)
    database = Database(asked.database_url)
    access = Access(database)
    made = access.bootstrap("bench@example.org")
    actor = access.find_user("bench@example.org")
    if made.created:
        begin = time.perf_counter()
        seed(database, actor.organization_id, actor.email, asked.count)
        print(f"{asked.count} items in {time.perf_counter() - begin:.0f} s")
    from fiducial_server.testing.memory_store import MemoryStore

    store: BlobStore = MemoryStore()
    measure(Items(database, store, Bookmarks()), actor)
    database.close()


if __name__ == "__main__":
    main()
