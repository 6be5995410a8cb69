"""What may be labelled in a project: features, renamed without losing labels, and the segmentation group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fiducial.errors import Conflict, NotFound
from fiducial_server.db.annotation_sets import update_annotation_set
from fiducial_server.db.annotations import features_in_use
from fiducial_server.model.actor import Actor
from fiducial_server.model.names import checked_name
from fiducial_server.model.ontology import FeatureSpec, GroupChange, SegmentationGroup
from fiducial_server.model.project import AnnotationSet, Feature
from fiducial_server.services.change import Change
from fiducial_server.services.feature_book import FeatureBook, put_specs, set_features
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_project, require_set
from fiducial_server.services.segmentation import segments_of
from fiducial_server.services.segmentation_files import SegmentationFile
from fiducial_server.services.set_schema import group_of_set, other_sets, owners_among, require_own, with_schema


class Ontologies(ProjectPart):
    """Features of projects. Renaming keeps the hash, and labels follow."""

    def specs(self, actor: Actor, project_id: str, annotation_set_id: str | None = None) -> list[Feature]:
        """What may be labelled, in order; archived and nested features are not in it."""
        with self._database.read(actor.organization_id) as scope:
            project = require_project(scope, project_id)
            of_set = require_set(scope, annotation_set_id) if annotation_set_id else None
            return set_features(FeatureBook(scope, project.ontology_id, 0), of_set)

    def set_specs(
        self, actor: Actor, project_id: str, specs: Sequence[FeatureSpec], *, origin: str = "datamint"
    ) -> list[Feature]:
        """The list becomes the project's schema; features that are not in it are archived, masks aside."""
        actor.require_writer("change what may be labelled")

        def work(change: Change) -> list[Feature]:
            project = require_open_project(change.scope, project_id)
            book = FeatureBook(change.scope, project.ontology_id, change.at)
            before = list(book.all())
            put_specs(book, specs)
            if book.all() != before:
                change.record("ontology.update", project.ontology_id, {"specs": len(specs)}, project_id=project_id)
            return book.live()

        return self._change(actor, origin, work)

    def rename_feature(
        self, actor: Actor, project_id: str, feature_id: str, identifier: str, *, origin: str = "datamint"
    ) -> Feature:
        """Conflict when another feature of the same kind has the name."""
        actor.require_writer("rename what may be labelled")
        name = checked_name(identifier, "identifier")

        def work(change: Change) -> Feature:
            project = require_open_project(change.scope, project_id)
            book = FeatureBook(change.scope, project.ontology_id, change.at)
            one = next((each for each in book.all() if each.id == feature_id), None)
            if one is None:
                raise NotFound(f"Feature {feature_id} not found in project {project.name!r}", feature_id=feature_id)
            return _renamed(change, book, one, name, project_id)

        return self._change(actor, origin, work)

    def segmentation_group(self, actor: Actor, set_id: str) -> SegmentationGroup:
        """One for the whole project, whichever of its sets is asked; whether segments may overlap is the set's own."""
        with self._database.read(actor.organization_id) as scope:
            of_set = require_set(scope, set_id)
            project = require_project(scope, of_set.project_id)
            return group_of_set(FeatureBook(scope, project.ontology_id, 0), of_set)

    def set_segmentation_group(
        self,
        actor: Actor,
        set_id: str,
        group: SegmentationGroup,
        *,
        renames: Mapping[str, str] | None = None,
        replacing: bool = True,
        origin: str = "datamint",
    ) -> SegmentationGroup:
        """The group becomes this one; segments that are not named stay only while labels use them or another set of the
        project owns them. With ``replacing`` false all stay.

        Conflict where another set has given a segment another definition.
        """
        actor.require_writer("change the segmentation group")

        def work(change: Change) -> SegmentationGroup:
            return _put_group(change, set_id, lambda _: group, renames or {}, replacing=replacing).group

        return self._change(actor, origin, work)

    def upload_segmentation_group(
        self,
        actor: Actor,
        set_id: str,
        file: SegmentationFile,
        *,
        replace_existing: bool,
        origin: str = "datamint",
    ) -> GroupChange:
        """A file's definitions become the group; or, where existing ones are not to be replaced, those that are new are added
        and every segment that is there stays as it is.
        """
        actor.require_writer("change the segmentation group")

        def group(before: SegmentationGroup) -> SegmentationGroup:
            there = {one.identifier for one in before.segments}
            segments = [one for one in file.segments if replace_existing or one.identifier not in there]
            return SegmentationGroup(file.kind or before.kind, tuple(segments))

        return self._change(
            actor, origin, lambda change: _put_group(change, set_id, group, {}, replacing=replace_existing)
        )

    def delete_segment(
        self, actor: Actor, set_id: str, identifier: str, *, origin: str = "datamint"
    ) -> SegmentationGroup:
        """One segment out of the group; it stays while labels use it. Conflict when another set owns it."""
        actor.require_writer("change the segmentation group")

        def work(change: Change) -> SegmentationGroup:
            of_set = require_set(change.scope, set_id, lock=True)
            project = require_open_project(change.scope, of_set.project_id)
            book = FeatureBook(change.scope, project.ontology_id, change.at)
            one = next((each for each in segments_of(book) if each.identifier == identifier), None)
            if one is None:
                raise NotFound(f"segmentation {identifier[:80]!r} not found in the group", identifier=identifier[:80])
            require_own(owners_among(other_sets(change, of_set), book), one, "delete")
            if not features_in_use(change.scope, [one.id]):
                book.change(one, archived=True)
                change.record("ontology.update", project.ontology_id, {"deleted": identifier}, project_id=project.id)
            return group_of_set(book, of_set)

        return self._change(actor, origin, work)


def _put_group(
    change: Change,
    set_id: str,
    group_from: Callable[[SegmentationGroup], SegmentationGroup],
    renames: Mapping[str, str],
    *,
    replacing: bool,
) -> GroupChange:
    """``group_from`` makes what is to be written of what is there."""
    of_set = require_set(change.scope, set_id, lock=True)
    project = require_open_project(change.scope, of_set.project_id)
    book = FeatureBook(change.scope, project.ontology_id, change.at)
    before = group_of_set(book, of_set)
    _rename_segments(change, book, of_set, renames)
    group = group_from(before)
    defined = with_schema(change, book, of_set, None, group, replacing=replacing)
    if defined != of_set:
        update_annotation_set(change.scope, set_id, {"settings": dict(defined.settings)})
    after = group_of_set(book, defined)
    if after != before:
        names = [one.identifier for one in group.segments]
        change.record("ontology.update", project.ontology_id, {"segments": names}, project_id=project.id)
    return _difference(before, after)


def _difference(before: SegmentationGroup, after: SegmentationGroup) -> GroupChange:
    was = {one.identifier: one for one in before.segments}
    now = {one.identifier: one for one in after.segments}
    return GroupChange(
        after,
        added=tuple(name for name in now if name not in was),
        changed=tuple(name for name in now if name in was and was[name] != now[name]),
        kept=tuple(name for name in now if was.get(name) == now[name]),
        removed=tuple(name for name in was if name not in now),
    )


def _rename_segments(change: Change, book: FeatureBook, of_set: AnnotationSet, renames: Mapping[str, str]) -> None:
    owners = owners_among(other_sets(change, of_set), book) if renames else {}
    for old, new in renames.items():
        one = next((each for each in segments_of(book) if each.identifier == old), None)
        if one is None:
            raise NotFound(f"Segment {old!r} not found in the segmentation group", identifier=old)
        require_own(owners, one, "rename")
        _renamed(change, book, one, checked_name(new, "identifier"), of_set.project_id)


def _renamed(change: Change, book: FeatureBook, one: Feature, name: str, project_id: str) -> Feature:
    if one.identifier == name:
        return one
    same = [each for each in book.all() if each.kind == one.kind and each.parent_id == one.parent_id]
    if any(each.identifier == name and each.id != one.id for each in same):
        raise Conflict(f"there is a {one.kind} named {name!r} already", identifier=name)
    renamed = book.change(one, identifier=name)
    details = {"feature_id": one.id, "from": one.identifier, "to": name}
    change.record("ontology.update", book.ontology_id, details, project_id=project_id)
    return renamed
