"""Annotation sets: whose pass over the data a label belongs to. A project has its main set, and may have worklists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fiducial.errors import Conflict, Invalid, NotFound
from fiducial_server.db import annotation_sets as rows
from fiducial_server.db.datasets import data_rows_of, datasets_of_project
from fiducial_server.db.tasks import delete_tasks, tasks_of_set
from fiducial_server.model.actor import Actor
from fiducial_server.model.annotator import NewAnnotator
from fiducial_server.model.dataset import DataRow
from fiducial_server.model.ids import new_id
from fiducial_server.model.names import checked_name, checked_text
from fiducial_server.model.ontology import FeatureSpec, SegmentationGroup
from fiducial_server.model.project import AnnotationSet, AnnotationSetKind, Project
from fiducial_server.services.change import Change
from fiducial_server.services.feature_book import FeatureBook
from fiducial_server.services.project_part import (
    ProjectPart,
    only_known,
    require_open_project,
    require_project,
    require_set,
)
from fiducial_server.services.set_annotators import put_annotators
from fiducial_server.services.set_schema import with_schema
from fiducial_server.services.tasks import make_tasks

MAIN_NAME = "Main"
_CHANGEABLE = frozenset({"name", "description", "status", "settings", "specs", "segmentation_group", "annotators"})


class AnnotationSets(ProjectPart):
    """Annotation sets of projects."""

    def annotation_sets(self, actor: Actor, project_id: str | None = None) -> list[AnnotationSet]:
        """In order of creation: the main set of a project is its first. Of all projects when none is named."""
        with self._database.read(actor.organization_id) as scope:
            if project_id is not None:
                require_project(scope, project_id)
            return rows.annotation_sets_of(scope, project_id)

    def annotation_set(self, actor: Actor, set_id: str) -> AnnotationSet:
        with self._database.read(actor.organization_id) as scope:
            return require_set(scope, set_id)

    def create_annotation_set(
        self,
        actor: Actor,
        *,
        project_id: str,
        name: str,
        description: str | None = None,
        item_ids: Sequence[str] = (),
        specs: Sequence[FeatureSpec] | None = None,
        segmentation_group: SegmentationGroup | None = None,
        annotators: Sequence[NewAnnotator] = (),
        settings: Mapping[str, Any] | None = None,
        origin: str = "datamint",
    ) -> AnnotationSet:
        """A worklist over some items of the project. Its schema, when given, becomes part of the project's ontology."""
        actor.require_writer("make annotation sets")

        def work(change: Change) -> AnnotationSet:
            project = require_open_project(change.scope, project_id)
            made = AnnotationSet(
                id=new_id(),
                project_id=project_id,
                name=checked_name(name, "name"),
                kind=AnnotationSetKind.WORKLIST,
                created_at=change.at,
                created_by=actor.email,
                description=description if description is None else checked_text(description, "description"),
                settings=dict(settings or {}),
            )
            book = FeatureBook(change.scope, project.ontology_id, change.at)
            made = with_schema(change, book, made, specs, segmentation_group)
            rows.insert_annotation_set(change.scope, made)
            put_annotators(change, project, made, annotators)
            make_tasks(change, project, made.id, _links(change, project, item_ids))
            details = {"name": made.name, "items": len(item_ids)}
            change.record("annotation_set.create", made.id, details, project_id=project_id)
            return made

        return self._change(actor, origin, work)

    def patch_annotation_set(
        self, actor: Actor, set_id: str, changes: Mapping[str, Any], *, origin: str = "datamint"
    ) -> AnnotationSet:
        """Keys: name, description, status, settings (merged key by key), specs (FeatureSpecs), segmentation_group and
        annotators (NewAnnotators: these and nobody else).

        A segmentation group given here is merged into what is there; one is replaced by ``set_segmentation_group``.
        """
        actor.require_writer("change annotation sets")
        only_known(changes, _CHANGEABLE)

        def work(change: Change) -> AnnotationSet:
            before = require_set(change.scope, set_id, lock=True)
            project = require_open_project(change.scope, before.project_id)
            book = FeatureBook(change.scope, project.ontology_id, change.at)
            specs, group = changes.get("specs"), changes.get("segmentation_group")
            after = with_schema(change, book, _patched(before, changes), specs, group)
            names = ("name", "description", "status", "settings")
            differing = {n: getattr(after, n) for n in names if getattr(after, n) != getattr(before, n)}
            if differing:
                rows.update_annotation_set(change.scope, set_id, differing)
                details = {"changed": sorted(differing)}
                change.record("annotation_set.update", set_id, details, project_id=project.id)
            if changes.get("annotators") is not None:
                put_annotators(change, project, after, changes["annotators"])
            return after

        return self._change(actor, origin, work)

    def set_items(self, actor: Actor, set_id: str) -> list[str]:
        """Ids of the items of the set, in the order in which they came."""
        with self._database.read(actor.organization_id) as scope:
            require_set(scope, set_id)
            return list(dict.fromkeys(task.item_id for task in tasks_of_set(scope, set_id)))

    def change_set_items(
        self,
        actor: Actor,
        set_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        origin: str = "datamint",
    ) -> None:
        """Items of the project come to the set, or leave it; labels stay. The main set has all items of the project."""
        actor.require_writer("change the items of an annotation set")

        def work(change: Change) -> None:
            found = require_set(change.scope, set_id)
            project = require_open_project(change.scope, found.project_id)
            there = {task.item_id: task.id for task in tasks_of_set(change.scope, set_id, lock=True)}
            fresh = [one for one in dict.fromkeys(add) if one not in there]
            gone = [one for one in dict.fromkeys(remove) if one in there]
            if gone and found.kind is AnnotationSetKind.MAIN:
                raise Conflict("the main set has every item of the project: remove the item from the project")
            make_tasks(change, project, set_id, _links(change, project, fresh))
            delete_tasks(change.scope, [there[one] for one in gone])
            if fresh or gone:
                change.record("annotation_set.items", set_id, {"added": fresh, "removed": gone}, project_id=project.id)

        self._change(actor, origin, work)


def _patched(before: AnnotationSet, changes: Mapping[str, Any]) -> AnnotationSet:
    after = before
    if changes.get("name") is not None:
        after = replace(after, name=checked_name(changes["name"], "name"))
    if "description" in changes:
        text = changes["description"]
        after = replace(after, description=text if text is None else checked_text(text, "description"))
    if changes.get("status") is not None:
        after = replace(after, status=checked_name(changes["status"], "status", most=16))
    if changes.get("settings"):
        if not isinstance(changes["settings"], Mapping):
            raise Invalid("settings must be an object", field="settings")
        after = replace(after, settings={**before.settings, **changes["settings"]})
    return after


def _links(change: Change, project: Project, item_ids: Sequence[str]) -> list[DataRow]:
    """The project's links to these items; NotFound names those that it has none to."""
    wanted = list(dict.fromkeys(item_ids))
    if not wanted:
        return []
    found: dict[str, DataRow] = {}
    for dataset_id in datasets_of_project(change.scope, project.id):
        for row in data_rows_of(change.scope, dataset_id, wanted):
            found.setdefault(row.item_id, row)
    missing = [one for one in wanted if one not in found]
    if missing:
        raise NotFound(
            f"Resource not found in project {project.name!r}: {', '.join(map(str, missing[:10]))}", missing=missing
        )
    return [found[one] for one in wanted]
