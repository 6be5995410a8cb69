"""Datasets as such. Every project has one of its own; what is added to it is in the project."""

from __future__ import annotations

from collections.abc import Sequence

from fiducial.errors import Conflict, NotFound
from fiducial_server.db import datasets as rows
from fiducial_server.db.items import find_many
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.dataset import Dataset
from fiducial_server.model.item import Item
from fiducial_server.model.page import Key, Page
from fiducial_server.services.change import Change
from fiducial_server.services.dataset_items import add_to_dataset, remove_from_dataset
from fiducial_server.services.project_part import ProjectPart

MOST_ITEMS = 500
"""Items of one page: each is read whole."""


def require_dataset(scope: Scope, dataset_id: str) -> Dataset:
    found = rows.find_dataset(scope, dataset_id)
    if found is None:
        raise NotFound(f"Dataset {dataset_id} not found", dataset_id=dataset_id)
    return found


def items_page(scope: Scope, dataset_ids: Sequence[str], *, after: Key | None, limit: int) -> Page[Item]:
    """Items that are not deleted, in order of the data rows; an item in two datasets comes once."""
    asked = min(limit, MOST_ITEMS)
    links = rows.item_ids_page(scope, dataset_ids, after=after, limit=asked)
    found = {one.id: one for one in find_many(scope, list({item_id for _, _, item_id in links}))}
    first = rows.first_links(scope, dataset_ids, [row_id for _, row_id, _ in links]) if len(dataset_ids) > 1 else None
    shown = [found[item_id] for _, row_id, item_id in links if first is None or row_id in first]
    more = len(links) == asked
    return Page(shown, (links[-1][0], links[-1][1]) if more and links else None)


class Datasets(ProjectPart):
    """Datasets and their items."""

    def datasets_at(self, actor: Actor, *, offset: int, limit: int) -> Page[Dataset]:
        """In order of creation."""
        organization_id = actor.organization_id
        after = self._bookmarks.get(organization_id, "datasets", None, offset) if offset else None
        with self._database.read(organization_id) as scope:
            found = rows.dataset_page(scope, after=after, offset=0 if after else offset, limit=limit + 1)
        page = found[:limit]
        more = len(found) > limit and bool(page)
        key: Key | None = (page[-1].created_at, page[-1].id) if more else None
        if key is not None:
            self._bookmarks.put(organization_id, "datasets", None, offset + len(page), key)
        return Page(page, key)

    def dataset(self, actor: Actor, dataset_id: str) -> Dataset:
        with self._database.read(actor.organization_id) as scope:
            return require_dataset(scope, dataset_id)

    def dataset_items(
        self, actor: Actor, dataset_id: str, *, after: Key | None = None, limit: int = MOST_ITEMS
    ) -> Page[Item]:
        """At most :data:`MOST_ITEMS` at once, whatever ``limit`` says."""
        with self._database.read(actor.organization_id) as scope:
            require_dataset(scope, dataset_id)
            return items_page(scope, [dataset_id], after=after, limit=limit)

    def dataset_item_ids(self, actor: Actor, dataset_id: str) -> list[str]:
        """Ids of the items that are not deleted, in order."""
        with self._database.read(actor.organization_id) as scope:
            require_dataset(scope, dataset_id)
            return rows.item_ids(scope, dataset_id)

    def delete_dataset(self, actor: Actor, dataset_id: str, *, origin: str = "datamint") -> None:
        """Soft; its items stay. Conflict when a project shows it, an archived one too: labels and tasks hang on it."""
        actor.require_writer("delete datasets")

        def work(change: Change) -> None:
            rows.lock_dataset(change.scope, dataset_id)
            found = require_dataset(change.scope, dataset_id)
            homes = rows.projects_of_dataset(change.scope, dataset_id)
            if homes:
                raise Conflict(
                    f"Dataset {found.name!r} is shown by a project and cannot be deleted: archive the project instead",
                    dataset_id=dataset_id,
                    project_ids=homes[:100],
                )
            rows.mark_deleted(change.scope, dataset_id, change.at)
            change.record("dataset.delete", dataset_id, {"name": found.name})

        self._change(actor, origin, work)

    def change_dataset_items(
        self,
        actor: Actor,
        dataset_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        origin: str = "datamint",
    ) -> None:
        """Both or neither; NotFound names items that are unknown (add) or not in the dataset (remove)."""
        actor.require_writer("change a dataset")

        def work(change: Change) -> None:
            require_dataset(change.scope, dataset_id)
            added = add_to_dataset(change, dataset_id, add) if add else []
            removed = remove_from_dataset(change, dataset_id, remove) if remove else []
            if added or removed:
                details = {"added": [row.item_id for row in added], "removed": [row.item_id for row in removed]}
                change.record("dataset.items", dataset_id, details)

        self._change(actor, origin, work)
