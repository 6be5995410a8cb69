"""Experiments, their logs and the models that came out of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fiducial.errors import Invalid, NotFound
from fiducial_server.db import experiments as rows
from fiducial_server.db.datasets import find_dataset, projects_of_dataset
from fiducial_server.db.engine import Database
from fiducial_server.db.files import insert_bytes
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.experiment import ENDED, Experiment, ExperimentModel, LogEntry, NewExperiment
from fiducial_server.model.ids import new_id
from fiducial_server.model.names import checked_name, checked_text
from fiducial_server.model.page import Key
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.change import Change
from fiducial_server.services.content import Content
from fiducial_server.services.project_part import ProjectPart, only_known, require_open_project, require_project
from fiducial_server.services.texts import clean_json
from fiducial_server.storage.base import BlobStore, Spool

PAGE = 500
MODEL_TYPE = "application/octet-stream"
_CHANGEABLE = frozenset({"name", "description", "status", "environment", "summary"})


class Experiments(ProjectPart):
    """What people do with experiments."""

    def __init__(self, database: Database, store: BlobStore, bookmarks: Bookmarks, clock: Clock = now_us) -> None:
        super().__init__(database, bookmarks, clock)
        self._store = store

    def create(self, actor: Actor, new: NewExperiment, *, origin: str = "datamint") -> Experiment:
        """Names need not be unique: an experiment may be run again."""
        actor.require_writer("make experiments")

        def work(change: Change) -> Experiment:
            project_id, dataset_id = _place(change.scope, new)
            made = Experiment(
                id=new_id(),
                project_id=project_id,
                name=checked_name(new.name, "name"),
                description=None if new.description is None else checked_text(new.description, "description"),
                dataset_id=dataset_id,
                status="new",
                facts={"environment": clean_json(new.environment, "environment")},
                summary={},
                created_at=change.at,
                created_by=actor.email,
                updated_at=change.at,
            )
            rows.insert_experiment(change.scope, made)
            change.record("experiment.create", made.id, {"name": made.name}, project_id=project_id)
            return made

        return self._change(actor, origin, work)

    def get(self, actor: Actor, experiment_id: str) -> Experiment:
        with self._database.read(actor.organization_id) as scope:
            return require_experiment(scope, experiment_id)

    def pages(self, actor: Actor, project_id: str | None = None) -> Iterator[Sequence[Experiment]]:
        """All of them, in order of creation, page by page; NotFound (project) comes with the first."""
        after: Key | None = None
        while True:
            with self._database.read(actor.organization_id) as scope:
                if project_id is not None:
                    require_project(scope, project_id)
                found = rows.experiment_page(scope, project_id=project_id, after=after, limit=PAGE)
            yield found
            if len(found) < PAGE:
                return
            after = (found[-1].created_at, found[-1].id)

    def patch(
        self, actor: Actor, experiment_id: str, changes: Mapping[str, Any], *, origin: str = "datamint"
    ) -> Experiment:
        """Keys: name, description, status, environment, summary. ``completed`` is the status of one that has ended."""
        actor.require_writer("change experiments")
        only_known(changes, _CHANGEABLE)

        def work(change: Change) -> Experiment:
            before = _require_open(change.scope, experiment_id, lock=True)
            after = _patched(before, changes, change.at)
            names = ("name", "description", "status", "facts", "summary")
            differing = {n: getattr(after, n) for n in names if getattr(after, n) != getattr(before, n)}
            if not differing:
                return before
            rows.update_experiment(change.scope, experiment_id, {**differing, "updated_at": change.at})
            details = {"changed": sorted(differing)}
            change.record("experiment.update", experiment_id, details, project_id=before.project_id)
            return replace(after, updated_at=change.at)

        return self._change(actor, origin, work)

    # --- the log -------------------------------------------------------------------------------------------------------

    def log(self, actor: Actor, experiment_id: str, entry: Mapping[str, Any], *, origin: str = "datamint") -> LogEntry:
        """Add to the log. The log is its own record, so it makes no event."""
        actor.require_writer("log to experiments")
        kept = clean_json(entry, "the entry")

        def work(change: Change) -> LogEntry:
            _require_open(change.scope, experiment_id)
            made = LogEntry(new_id(), change.at, actor.email, kept)
            rows.insert_log_entry(change.scope, experiment_id, made)
            return made

        return self._change(actor, origin, work)

    def logged(self, actor: Actor, experiment_id: str) -> Iterator[Sequence[LogEntry]]:
        """The log in order of time, page by page; NotFound comes with the first."""
        after: Key | None = None
        while True:
            with self._database.read(actor.organization_id) as scope:
                require_experiment(scope, experiment_id)
                found = rows.log_page(scope, experiment_id, after=after, limit=PAGE)
            yield found
            if len(found) < PAGE:
                return
            after = (found[-1].at, found[-1].id)

    # --- models --------------------------------------------------------------------------------------------------------

    def log_model(
        self,
        actor: Actor,
        experiment_id: str,
        spool: Spool,
        name: str,
        facts: Mapping[str, Any],
        *,
        origin: str = "datamint",
    ) -> ExperimentModel:
        """Keep a model's file. What is in it is nobody's business here: it is never opened."""
        actor.require_writer("log models")
        with spool:
            spool.finish()
            if spool.size == 0:
                raise Invalid("the model's file is empty (0 bytes)", field="model")
            title, kept = checked_name(name, "model_name"), clean_json(facts, "the fields beside the model")
            with self._database.read(actor.organization_id) as scope:
                _require_open(scope, experiment_id)
            self._store.keep(spool)
            sha256, size = spool.sha256, spool.size

        def work(change: Change) -> ExperimentModel:
            owner = _require_open(change.scope, experiment_id)
            made = ExperimentModel(new_id(), experiment_id, title, sha256, size, kept, change.at, actor.email)
            insert_bytes(change.scope, {sha256: size}, change.at)
            rows.insert_model(change.scope, made)
            details = {"model": made.id, "sha256": sha256, "size": size}
            change.record("experiment.model", experiment_id, details, project_id=owner.project_id)
            return made

        return self._change(actor, origin, work)

    def models(self, actor: Actor, experiment_id: str) -> list[ExperimentModel]:
        """In order of creation."""
        with self._database.read(actor.organization_id) as scope:
            require_experiment(scope, experiment_id)
            return rows.models_of(scope, experiment_id)

    def model_file(self, actor: Actor, experiment_id: str, model_id: str) -> Content:
        """The bytes as they came."""
        with self._database.read(actor.organization_id) as scope:
            require_experiment(scope, experiment_id)
            found = rows.find_model(scope, experiment_id, model_id)
        if found is None:
            raise NotFound(f"Model {model_id} not found in experiment {experiment_id}", model_id=model_id)
        sha256 = found.sha256
        return Content(found.size, MODEL_TYPE, found.name, sha256, lambda start, n: self._store.read(sha256, start, n))


def require_experiment(scope: Scope, experiment_id: str, *, lock: bool = False) -> Experiment:
    found = rows.find_experiment(scope, experiment_id, lock=lock)
    if found is None:
        raise NotFound(f"Experiment {experiment_id} not found", experiment_id=experiment_id)
    return found


def _require_open(scope: Scope, experiment_id: str, *, lock: bool = False) -> Experiment:
    """The experiment; Conflict when its project is archived."""
    found = require_experiment(scope, experiment_id, lock=lock)
    if found.project_id is not None:
        require_open_project(scope, found.project_id)
    return found


def _place(scope: Scope, new: NewExperiment) -> tuple[str | None, str | None]:
    """(project, dataset), each found from the other where only one is named."""
    project_id, dataset_id = new.project_id, new.dataset_id
    if dataset_id is not None and find_dataset(scope, dataset_id) is None:
        raise NotFound(f"Dataset {dataset_id} not found", dataset_id=dataset_id)
    if project_id is None and dataset_id is not None:
        project_id = next(iter(projects_of_dataset(scope, dataset_id)), None)
    if project_id is not None:
        own = require_open_project(scope, project_id).dataset_id
        dataset_id = dataset_id or own
    return project_id, dataset_id


def _patched(before: Experiment, changes: Mapping[str, Any], at: int) -> Experiment:
    after = before
    if changes.get("name") is not None:
        after = replace(after, name=checked_name(changes["name"], "name"))
    if changes.get("status") is not None:
        after = replace(after, status=checked_name(changes["status"], "status"))
    if changes.get("description") is not None:
        after = replace(after, description=checked_text(changes["description"], "description"))
    if changes.get("summary") is not None:
        after = replace(after, summary=clean_json(changes["summary"], "result_summary"))
    if changes.get("environment") is not None:
        environment = clean_json(changes["environment"], "environment")
        after = replace(after, facts={**after.facts, "environment": environment})
    if after.status == before.status:
        return after
    kept = {name: value for name, value in after.facts.items() if name != "completed_at"}
    return replace(after, facts={**kept, "completed_at": at} if after.status == ENDED else kept)
