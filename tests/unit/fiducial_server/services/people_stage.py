"""Several people of one organization, and a project for them to work on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.project import TaskState
from fiducial_server.model.statistic import Place
from fiducial_server.services.access import Access
from fiducial_server.services.projects import Projects
from fiducial_server.testing.factories import make_item


def add_person(database: Database, actor: Actor, name: str, role: Role = Role.MEMBER) -> Actor:
    """A further user of the actor's organization."""
    user = Access(database).create_user(actor, email=f"{name}@first.example", firstname=name.title(), roles=[role])
    return Actor(actor.organization_id, user.id, user.email, frozenset({role}))


@dataclass(frozen=True)
class Stage:
    """A project of an administrator with one worklist over some items, and two annotators beside it."""

    database: Database
    projects: Projects
    admin: Actor
    ann: Actor
    bob: Actor
    project_id: str
    set_id: str
    items: Sequence[str]

    def state(self, item: str = "", set_id: str = "") -> TaskState:
        found = self.projects.statuses(
            self.admin, self.project_id, annotation_set_id=set_id or self.set_id, item_id=item or self.items[0]
        )
        return found[0].state

    def said(self, actor: Actor, word: str, **more: str) -> dict[str, str]:
        """Say it of the first item in the worklist; everybody's words afterwards."""
        rows = self.projects.say(actor, self.set_id, self.items[0], word, **more)
        return {str(one.annotator): str(one.word) for one in rows}

    def listed(self, set_id: str | None = None, **narrowed: str) -> list[tuple[str, str | None, str | None]]:
        """(item, annotator, word) of every status."""
        pages = self.projects.work_statuses(self.admin, Place(self.project_id, set_id), **narrowed)
        return [(one.item_id, one.annotator, one.word and one.word.value) for page in pages for one in page]


def make_stage(database: Database, projects: Projects, actor: Actor, *, review: bool = False, items: int = 1) -> Stage:
    ids = [make_item(database, actor).id for _ in range(items)]
    project = projects.create(actor, name="Lungs", item_ids=ids, require_review=review)
    worklist = projects.create_annotation_set(actor, project_id=project.id, name="Readers", item_ids=ids)
    ann, bob = add_person(database, actor, "ann"), add_person(database, actor, "bob")
    return Stage(database, projects, actor, ann, bob, project.id, worklist.id, ids)
