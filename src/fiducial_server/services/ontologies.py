"""What may be labelled in a project: features, renamed without losing labels, and the segmentation group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fiducial.errors import Conflict, NotFound
from fiducial_server.model.actor import Actor
from fiducial_server.model.names import checked_name
from fiducial_server.model.ontology import FeatureSpec, SegmentationGroup
from fiducial_server.model.project import Feature
from fiducial_server.services.change import Change
from fiducial_server.services.feature_book import FeatureBook, put_specs, set_features
from fiducial_server.services.project_part import ProjectPart, require_open_project, require_project, require_set
from fiducial_server.services.segmentation import put_segmentation_group, read_segmentation_group, segments_of


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
        """One for the whole project, whichever of its sets is asked."""
        with self._database.read(actor.organization_id) as scope:
            project = require_project(scope, require_set(scope, set_id).project_id)
            return read_segmentation_group(FeatureBook(scope, project.ontology_id, 0))

    def set_segmentation_group(
        self,
        actor: Actor,
        set_id: str,
        group: SegmentationGroup,
        *,
        renames: Mapping[str, str] | None = None,
        origin: str = "datamint",
    ) -> SegmentationGroup:
        """The group becomes this one; segments that are not named stay only while labels use them."""
        actor.require_writer("change the segmentation group")

        def work(change: Change) -> SegmentationGroup:
            project = require_open_project(change.scope, require_set(change.scope, set_id).project_id)
            book = FeatureBook(change.scope, project.ontology_id, change.at)
            before = read_segmentation_group(book)
            for old, new in (renames or {}).items():
                one = next((each for each in segments_of(book) if each.identifier == old), None)
                if one is None:
                    raise NotFound(f"Segment {old!r} not found in project {project.name!r}", identifier=old)
                _renamed(change, book, one, checked_name(new, "identifier"), project.id)
            put_segmentation_group(book, group, replacing=True)
            after = read_segmentation_group(book)
            if after != before:
                names = [one.identifier for one in group.segments]
                change.record("ontology.update", project.ontology_id, {"segments": names}, project_id=project.id)
            return after

        return self._change(actor, origin, work)


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
