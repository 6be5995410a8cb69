"""Projects: datasets, an ontology, members and a workflow, under one name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fiducial.errors import AlreadyExists, Invalid, NotFound
from fiducial_server.db import annotation_sets, datasets, ontologies
from fiducial_server.db import projects as rows
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.annotator import NewAnnotator
from fiducial_server.model.dataset import Dataset
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item
from fiducial_server.model.names import checked_name, checked_text
from fiducial_server.model.ontology import FeatureSpec, SegmentationGroup
from fiducial_server.model.page import Key, Page
from fiducial_server.model.project import AnnotationSet, AnnotationSetKind, Project, StageKind
from fiducial_server.services.annotation_sets import MAIN_NAME, AnnotationSets
from fiducial_server.services.annotator_statuses import AnnotatorStatuses
from fiducial_server.services.change import Change
from fiducial_server.services.dataset_items import add_to_dataset, remove_from_dataset, require_items
from fiducial_server.services.datasets import MOST_ITEMS, Datasets, items_page
from fiducial_server.services.feature_book import FeatureBook
from fiducial_server.services.members import OWNER_ROLES, Members
from fiducial_server.services.ontologies import Ontologies
from fiducial_server.services.project_part import only_known, require_open_project, require_project
from fiducial_server.services.reviews import Reviews
from fiducial_server.services.set_annotators import SetAnnotators, put_annotators
from fiducial_server.services.set_listing import SetListing
from fiducial_server.services.set_schema import with_schema
from fiducial_server.services.splits import Splits
from fiducial_server.services.statistics import Statistics
from fiducial_server.services.status_resets import StatusResets
from fiducial_server.services.tasks import REVIEWS, Tasks

_CHANGEABLE = frozenset({"name", "description", "require_review", "locked_ontology", "settings"})


class Projects(
    Tasks,
    AnnotatorStatuses,
    StatusResets,
    Reviews,
    Members,
    AnnotationSets,
    SetAnnotators,
    SetListing,
    Splits,
    Statistics,
    Ontologies,
    Datasets,
):
    """What people do with projects; each part of the work is in a file of its own."""

    def page_at(self, actor: Actor, *, offset: int, limit: int, archived: bool | None = False) -> Page[Project]:
        """In order of creation; ``archived`` None gives both kinds."""
        organization_id = actor.organization_id
        after = self._bookmarks.get(organization_id, "projects", archived, offset) if offset else None
        with self._database.read(organization_id) as scope:
            found = rows.project_page(
                scope, archived=archived, after=after, offset=0 if after else offset, limit=limit + 1
            )
        page = found[:limit]
        key: Key | None = (page[-1].created_at, page[-1].id) if page and len(found) > limit else None
        if key is not None:
            self._bookmarks.put(organization_id, "projects", archived, offset + len(page), key)
        return Page(page, key)

    def get(self, actor: Actor, project_id: str) -> Project:
        with self._database.read(actor.organization_id) as scope:
            return require_project(scope, project_id, counts=True)

    def get_by_name(self, actor: Actor, name: str) -> Project:
        """An archived project is found too."""
        with self._database.read(actor.organization_id) as scope:
            found = rows.projects_named(scope, name)
        if not found:
            raise NotFound(f"Project {name!r} not found", name=name)
        return found[0]

    def create(
        self,
        actor: Actor,
        *,
        name: str,
        description: str | None = None,
        item_ids: Sequence[str] = (),
        require_review: bool = False,
        specs: Sequence[FeatureSpec] = (),
        segmentation_group: SegmentationGroup | None = None,
        annotators: Sequence[NewAnnotator] = (),
        settings: Mapping[str, Any] | None = None,
        origin: str = "datamint",
    ) -> Project:
        """The project with its dataset, ontology, main set, its annotators, and stages: all or nothing.

        Names are unique, archived projects included: AlreadyExists tells the other's id.
        """
        actor.require_writer("make projects")

        def work(change: Change) -> Project:
            made = _new_project(change, checked_name(name, "name"), description, require_review, settings or {})
            _check_free(change.scope, made.name)
            if item_ids:
                require_items(change, list(dict.fromkeys(item_ids)))
            main = _insert_whole(change, made)
            put_annotators(change, made, main, annotators)
            book = FeatureBook(change.scope, made.ontology_id, change.at)
            defined = with_schema(change, book, main, specs or None, segmentation_group, choosing=False)
            if defined != main:
                annotation_sets.update_annotation_set(change.scope, main.id, {"settings": dict(defined.settings)})
            change.record("project.create", made.id, {"name": made.name, "items": len(item_ids)}, project_id=made.id)
            add_to_dataset(change, made.dataset_id, item_ids)
            return require_project(change.scope, made.id, counts=True)

        return self._change(actor, origin, work)

    def patch(self, actor: Actor, project_id: str, changes: Mapping[str, Any], *, origin: str = "datamint") -> Project:
        """Keys: name, description, require_review, locked_ontology, and settings, which are merged key by key."""
        actor.require_writer("change projects")
        only_known(changes, _CHANGEABLE)

        def work(change: Change) -> Project:
            before = require_open_project(change.scope, project_id, lock=True)
            after = _patched(before, changes)
            if after.name != before.name:
                _check_free(change.scope, after.name)
            differing = {
                name: getattr(after, name) for name in _CHANGEABLE if getattr(after, name) != getattr(before, name)
            }
            if differing:
                rows.update_project(change.scope, project_id, {**differing, "updated_at": change.at})
                if after.require_review:
                    _ensure_review(change.scope, project_id)
                change.record("project.update", project_id, {"changed": sorted(differing)}, project_id=project_id)
            return require_project(change.scope, project_id, counts=True)

        return self._change(actor, origin, work)

    def archive(self, actor: Actor, project_id: str, *, origin: str = "datamint") -> Project:
        """Harmless when it is archived."""
        return self._set_archived(actor, project_id, True, origin)

    def restore(self, actor: Actor, project_id: str, *, origin: str = "datamint") -> Project:
        """Harmless when it is not archived."""
        return self._set_archived(actor, project_id, False, origin)

    def _set_archived(self, actor: Actor, project_id: str, archived: bool, origin: str) -> Project:
        verb = "archive" if archived else "restore"
        actor.require_writer(f"{verb} projects")

        def work(change: Change) -> Project:
            before = require_project(change.scope, project_id, lock=True)
            if (before.archived_at is not None) != archived:
                values = {
                    "archived_at": change.at if archived else None,
                    "archived_by": actor.email if archived else None,
                }
                rows.update_project(change.scope, project_id, {**values, "updated_at": change.at})
                change.record(f"project.{verb}", project_id, {}, project_id=project_id)
            return require_project(change.scope, project_id, counts=True)

        return self._change(actor, origin, work)

    # -- items ------------------------------------------------------------------------------------------------------

    def items_of(
        self, actor: Actor, project_id: str, *, after: Key | None = None, limit: int = MOST_ITEMS
    ) -> Page[Item]:
        """Items that are not deleted, in the order in which they were added; at most :data:`MOST_ITEMS` at once."""
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, project_id)
            return items_page(scope, datasets.datasets_of_project(scope, project_id), after=after, limit=limit)

    def all_items(self, actor: Actor, project_id: str) -> Iterator[Sequence[Item]]:
        """All of them, page by page, so that memory does not grow with the project; NotFound comes with the first."""
        after: Key | None = None
        while True:
            page = self.items_of(actor, project_id, after=after)
            if page.rows:
                yield page.rows
            if page.next_key is None:
                return
            after = page.next_key

    def add_items(self, actor: Actor, project_id: str, ids: Sequence[str], *, origin: str = "datamint") -> None:
        """Items that are there already stay as they are; NotFound names unknown ones, and nothing is added."""
        actor.require_writer("add items to projects")

        def work(change: Change) -> None:
            project = require_open_project(change.scope, project_id)
            added = add_to_dataset(change, project.dataset_id, ids)
            if added:
                details = {"items": [row.item_id for row in added]}
                change.record("project.add_items", project_id, details, project_id=project_id)

        self._change(actor, origin, work)

    def remove_items(self, actor: Actor, project_id: str, ids: Sequence[str], *, origin: str = "datamint") -> None:
        """The items leave the project with their tasks; labels stay, and are there when the item comes back."""
        actor.require_writer("remove items from projects")

        def work(change: Change) -> None:
            project = require_open_project(change.scope, project_id)
            removed = remove_from_dataset(change, project.dataset_id, ids)
            if removed:
                details = {"items": [row.item_id for row in removed]}
                change.record("project.remove_items", project_id, details, project_id=project_id)

        self._change(actor, origin, work)


def _check_free(scope: Scope, name: str) -> None:
    """Under a lock, so that two callers do not both find the name free."""
    rows.lock_organization(scope)
    other = next(iter(rows.projects_named(scope, name)), None)
    if other is not None:
        archived = " (archived)" if other.archived_at is not None else ""
        raise AlreadyExists(f"a project named {name!r} exists{archived}", existing_id=other.id)


def _new_project(
    change: Change, name: str, description: str | None, require_review: bool, settings: Mapping[str, Any]
) -> Project:
    return Project(
        id=new_id(),
        name=name,
        created_at=change.at,
        created_by=change.actor.email,
        dataset_id=new_id(),
        ontology_id=new_id(),
        annotation_set_id=new_id(),
        description=description if description is None else checked_text(description, "description"),
        require_review=bool(require_review),
        updated_at=change.at,
        settings=dict(settings),
    )


def _insert_whole(change: Change, made: Project) -> AnnotationSet:
    """Its main set."""
    scope, by = change.scope, change.actor.email
    datasets.insert_dataset(scope, Dataset(made.dataset_id, made.name, change.at, by, change.at))
    ontologies.insert_missing_ontology(scope, made.ontology_id, made.name, at=change.at, by=by)
    rows.insert_project(scope, made)
    datasets.link_dataset(scope, made.id, made.dataset_id)
    main = AnnotationSet(made.annotation_set_id, made.id, MAIN_NAME, AnnotationSetKind.MAIN, change.at, by)
    annotation_sets.insert_annotation_set(scope, main)
    kinds = [StageKind.ANNOTATION, *([StageKind.REVIEW] if made.require_review else []), StageKind.DONE]
    rows.insert_stages(scope, [_stage(made.id, kind, place) for place, kind in enumerate(kinds)])
    rows.insert_member(scope, made.id, change.actor.user_id, OWNER_ROLES, change.at)
    return main


def _stage(project_id: str, kind: StageKind, position: int) -> dict[str, Any]:
    title = kind.value.replace("_", " ").capitalize()
    return {
        "id": new_id(),
        "project_id": project_id,
        "kind": kind.value,
        "title": title,
        "position": position,
        "settings": {},
    }


def _ensure_review(scope: Scope, project_id: str) -> None:
    """A project that is to be reviewed has a review stage before its end; it keeps it when review is switched off."""
    stages = rows.stages_of(scope, project_id)
    if any(kind in REVIEWS for _, kind in stages):
        return
    done = next(place for place, (_, kind) in enumerate(stages) if kind is StageKind.DONE)
    for place, (stage_id, _) in enumerate(stages[done:], start=done + 1):
        rows.shift_stage(scope, stage_id, place)
    rows.insert_stages(scope, [_stage(project_id, StageKind.REVIEW, done)])


def _patched(before: Project, changes: Mapping[str, Any]) -> Project:
    after = before
    if changes.get("name") is not None:
        after = replace(after, name=checked_name(changes["name"], "name"))
    if "description" in changes:
        text = changes["description"]
        after = replace(after, description=text if text is None else checked_text(text, "description"))
    for flag in ("require_review", "locked_ontology"):
        if changes.get(flag) is not None:
            if not isinstance(changes[flag], bool):
                raise Invalid(f"{flag} must be true or false", field=flag)
            after = replace(after, **{flag: changes[flag]})
    if changes.get("settings"):
        if not isinstance(changes["settings"], Mapping):
            raise Invalid("settings must be an object", field="settings")
        after = replace(after, settings={**before.settings, **changes["settings"]})
    return after
