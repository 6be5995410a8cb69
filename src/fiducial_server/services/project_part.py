"""What all parts of the projects service stand on: database, bookmarks, clock; and finding things, or saying so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fiducial.errors import Conflict, Invalid, NotFound
from fiducial_server.db.annotation_sets import find_annotation_set
from fiducial_server.db.engine import Database
from fiducial_server.db.projects import find_project
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.project import AnnotationSet, Project
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.change import Change

T = TypeVar("T")


class ProjectPart:
    """A part of the projects service."""

    def __init__(self, database: Database, bookmarks: Bookmarks, clock: Clock = now_us) -> None:
        self._database = database
        self._bookmarks = bookmarks
        self._clock = clock

    def _change(self, actor: Actor, origin: str, work: Callable[[Change], T]) -> T:
        """Run ``work`` in one transaction; all it writes has one time."""
        at = self._clock()
        return self._database.transact(actor.organization_id, lambda scope: work(Change(scope, actor, origin, at)))


def require_project(scope: Scope, project_id: str, *, counts: bool = False, lock: bool = False) -> Project:
    """The project, archived or not; NotFound otherwise."""
    found = find_project(scope, project_id, counts=counts, lock=lock)
    if found is None:
        raise NotFound(f"Project {project_id} not found", project_id=project_id)
    return found


def require_open_project(scope: Scope, project_id: str, *, lock: bool = False) -> Project:
    """The project; Conflict when it is archived."""
    found = require_project(scope, project_id, lock=lock)
    if found.archived_at is not None:
        raise Conflict(f"Project {found.name!r} is archived: restore it first", project_id=project_id)
    return found


def require_set(scope: Scope, set_id: str, *, lock: bool = False) -> AnnotationSet:
    found = find_annotation_set(scope, set_id, lock=lock)
    if found is None:
        raise NotFound(f"Annotation set {set_id} not found", annotation_set_id=set_id)
    return found


def only_known(changes: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise Invalid when ``changes`` has a key that nobody here understands."""
    unknown = sorted(set(changes) - known)
    if unknown:
        raise Invalid(f"cannot change {', '.join(unknown)}: only {', '.join(sorted(known))}", field=unknown[0])
