"""Whose models, experiments and artifacts are whose, and who may change them.

The registry itself is another program's; what stands here is what that program does not know: organizations, projects, roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fiducial.errors import NotFound
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import is_id, parse_id
from fiducial_server.model.model_space import ModelSpace
from fiducial_server.services.project_part import require_open_project, require_project
from fiducial_server.storage.artifacts import Artifacts, Entry, checked
from fiducial_server.storage.base import BlobStore, Spool


class Models:
    """Spaces of names, and the files that runs and models leave."""

    def __init__(self, database: Database, store: BlobStore, artifacts: Artifacts) -> None:
        self._database, self._store, self._artifacts = database, store, artifacts

    def space(self, actor: Actor, project_id: str | None, *, adding: bool = False) -> ModelSpace:
        """The names of a project, or the organization's own.

        NotFound for a project that the organization does not have; Conflict when something is to be added to an
        archived one.
        """
        if project_id is None:
            return ModelSpace(actor.organization_id)
        if not is_id(project_id):
            raise NotFound(f"Project {project_id[:80]!r} not found", project_id=project_id[:80])
        known = parse_id(project_id, "project id")
        with self._database.read(actor.organization_id) as scope:
            (require_open_project if adding else require_project)(scope, known)
        return ModelSpace(actor.organization_id, known)

    def require_writer(self, actor: Actor) -> None:
        """Forbidden for one who may only look."""
        actor.require_writer("change models, experiments or runs")

    def spool(self, actor: Actor, path: str) -> Spool:
        """Begin to receive an artifact."""
        self.require_writer(actor)
        _own(actor, path)
        return self._store.spool()

    def put_artifact(self, actor: Actor, path: str, spool: Spool) -> None:
        """Keep a received file under ``path``; it replaces what was there."""
        spool.finish()
        self._artifacts.put(_own(actor, path), Path(spool.path))

    def artifact(self, actor: Actor, path: str) -> tuple[int, Iterator[bytes]]:
        """Size in bytes, and the bytes in pieces; NotFound when there is no such file."""
        own = _own(actor, path)
        try:
            size = self._artifacts.size(own)
        except NotFound:
            raise NotFound(f"Artifact {path} not found", path=path) from None
        return size, self._artifacts.read(own, size)

    def artifacts_in(self, actor: Actor, path: str) -> list[Entry]:
        """What is in a folder."""
        return self._artifacts.entries(_own(actor, path))

    def delete_artifact(self, actor: Actor, path: str) -> None:
        """Remove a file, or a folder with all in it."""
        self.require_writer(actor)
        self._artifacts.delete(_own(actor, path))


def _own(actor: Actor, path: str) -> str:
    """A path in the organization's folder; another's is "not found", as everything of theirs."""
    if not ModelSpace(actor.organization_id).owns_path(checked(path)):
        raise NotFound(f"Artifact {path} not found", path=path)
    return path
