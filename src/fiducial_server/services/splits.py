"""Which part of a project's data an item is in (train, validation, test ...), with every earlier assignment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fiducial.errors import NotFound
from fiducial_server.db import splits as rows
from fiducial_server.db.datasets import project_data_rows
from fiducial_server.db.items import facts_of
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.names import checked_name
from fiducial_server.model.page import Key
from fiducial_server.model.project import Project
from fiducial_server.model.split import Split
from fiducial_server.services.change import Change
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_project

AT_ONCE = 2000


class Splits(ProjectPart):
    """Splits of projects."""

    def splits(
        self, actor: Actor, project_id: str, *, split_name: str | None = None, as_of: int | None = None
    ) -> Iterator[Sequence[Split]]:
        """Page by page in order of creation: what stands now, or stood at ``as_of`` (us). NotFound with the first page."""
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, project_id)
        after: Key | None = None
        while True:
            with self._database.read(actor.organization_id) as scope:
                page = rows.split_page(
                    scope, project_id, split_name=split_name, as_of=as_of, after=after, limit=AT_ONCE
                )
            yield page
            if len(page) < AT_ONCE:
                return
            after = (page[-1].created_at, page[-1].id)

    def split_of(self, actor: Actor, project_id: str, item_id: str) -> Split | None:
        """The item's assignment that stands now. NotFound when the item is not in the project."""
        with self._database.read(actor.organization_id) as scope:
            project = require_project(scope, project_id)
            item = facts_of(scope, [item_id], "deleted_at").get(item_id)
            if item is None or item.deleted_at is not None or not project_data_rows(scope, project_id, [item_id]):
                raise _not_in(project, [item_id])
            return next(iter(rows.current_splits(scope, project_id, [item_id])), None)

    def assign_split(
        self, actor: Actor, project_id: str, item_ids: Sequence[str], split_name: str, *, origin: str = "datamint"
    ) -> int:
        """Put the items in the split, out of the one each was in; how many were not in it already.

        All or none: NotFound names items that are not in the project. What is so already is not written again.
        """
        actor.require_writer("assign splits")
        name, wanted = checked_name(split_name, "split_name"), list(dict.fromkeys(item_ids))

        def work(change: Change) -> int:
            project = require_open_project(change.scope, project_id, lock=True)
            there = project_data_rows(change.scope, project_id, wanted)
            if missing := [one for one in wanted if one not in there]:
                raise _not_in(project, missing)
            so = {
                one.item_id for one in rows.current_splits(change.scope, project_id, wanted) if one.split_name == name
            }
            fresh = [one for one in wanted if one not in so]
            if fresh:
                rows.end_splits(change.scope, project_id, fresh, at=change.at, by=actor.email)
                made = [Split(new_id(), project_id, one, name, change.at, actor.email) for one in fresh]
                rows.insert_splits(change.scope, made)
                change.record("split.assign", None, {"split_name": name, "items": fresh}, project_id=project_id)
            return len(fresh)

        return self._change(actor, origin, work)


def _not_in(project: Project, missing: Sequence[str]) -> NotFound:
    shown = ", ".join(missing[:10]) + (" ..." if len(missing) > 10 else "")
    return NotFound(f"Resource not found in project {project.name!r}: {shown}", missing=list(missing))
