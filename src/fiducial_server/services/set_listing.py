"""Annotation sets as a list, each with what is told of it, at the cost of a few statements for all."""

from __future__ import annotations

from dataclasses import dataclass

from fiducial_server.db.annotation_sets import annotation_set_page
from fiducial_server.db.features import features_by_ontology
from fiducial_server.db.ontologies import ontologies_of_projects
from fiducial_server.db.set_annotators import annotators_by_set
from fiducial_server.model.actor import Actor
from fiducial_server.model.annotator import SetAnnotator
from fiducial_server.model.ontology import SegmentationGroup
from fiducial_server.model.project import AnnotationSet, Feature
from fiducial_server.services.feature_book import FeatureBook, set_features
from fiducial_server.services.project_part import ProjectPart
from fiducial_server.services.set_schema import group_of_set


@dataclass(frozen=True, slots=True)
class ListedSet:
    """A set with its schema and its annotators."""

    value: AnnotationSet
    specs: list[Feature]
    annotators: list[SetAnnotator]
    group: SegmentationGroup


class SetListing(ProjectPart):
    """Lists of annotation sets."""

    def list_sets(
        self, actor: Actor, *, status: str | None = None, offset: int, limit: int
    ) -> tuple[list[ListedSet], int]:
        """Sets of all projects in order of creation, of one status where one is named; and how many there are."""
        with self._database.read(actor.organization_id) as scope:
            page, total = annotation_set_page(scope, status, offset=offset, limit=limit)
            people = annotators_by_set(scope, [one.id for one in page])
            ontologies = ontologies_of_projects(scope, {one.project_id for one in page})
            features = features_by_ontology(scope, {ontology_id for ontology_id, _ in ontologies.values()})
            listed = []
            for one in page:
                ontology_id, settings = ontologies[one.project_id]
                book = FeatureBook(scope, ontology_id, 0, _features=features.get(ontology_id, []))
                group = group_of_set(book, one, settings)
                listed.append(ListedSet(one, set_features(book, one), people.get(one.id, []), group))
        return listed, total
