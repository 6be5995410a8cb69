"""The segmentation group: the masks that may be drawn in a project, each with its index and colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiducial.errors import Invalid
from fiducial_server.db.annotations import features_in_use
from fiducial_server.db.ontologies import ontology_settings, update_ontology
from fiducial_server.model.ontology import (
    MOST_INDEX,
    FeatureKind,
    FeatureSpec,
    SegmentationGroup,
    SegmentationType,
    SegmentDefinition,
)
from fiducial_server.model.project import Feature
from fiducial_server.services.feature_book import FeatureBook


def put_segments(
    book: FeatureBook, group: SegmentationGroup, *, replacing: bool, kept: frozenset[str] = frozenset()
) -> None:
    """Write the definitions. When replacing, segments that are not named, have no labels and are not kept are archived."""
    _check_segments(group)
    for one in group.segments:
        taken = {s.index for s in group.segments} | {
            f.index for f in segments_of(book) if f.identifier != one.identifier
        }
        index = one.index or book_index(book, one.identifier, taken)
        book.put(FeatureSpec(FeatureKind.MASK, one.identifier, index=index, color=one.color))
    named = {one.identifier for one in group.segments}
    others = [other for other in segments_of(book) if other.identifier not in named]
    if replacing:
        used = features_in_use(book.scope, [other.id for other in others])
        for other in others:
            book.change(other, archived=other.id not in used and other.id not in kept)
    _separate(book, named)


def book_index(book: FeatureBook, identifier: str, taken: set[int | None]) -> int:
    """The index a segment has, or the lowest that nobody has."""
    there = next((one.index for one in segments_of(book) if one.identifier == identifier), None)
    return there or next(n for n in range(1, len(taken) + 2) if n not in taken)


def _separate(book: FeatureBook, named: set[str]) -> None:
    """Segments that were not named give way where an index was given to another."""
    taken = {one.index for one in segments_of(book) if one.identifier in named}
    for one in segments_of(book):
        if one.identifier not in named and one.index in taken:
            free = 1 + max((index or 0 for index in {*taken, *(s.index for s in segments_of(book))}), default=0)
            taken.add(book.change(one, index=free).index)
        else:
            taken.add(one.index)


def _check_segments(group: SegmentationGroup) -> None:
    names = [one.identifier for one in group.segments]
    indices = [one.index for one in group.segments if one.index is not None]
    if len(set(names)) != len(names):
        raise Invalid("the segmentation group names one identifier twice", field="definitions")
    if len(set(indices)) != len(indices):
        raise Invalid("the segmentation group gives one index to two identifiers", field="definitions")
    if any(isinstance(index, bool) or not isinstance(index, int) or not 1 <= index <= MOST_INDEX for index in indices):
        raise Invalid(
            f"an index of the segmentation group is a whole number from 1 to {MOST_INDEX}", field="definitions"
        )


def segments_of(book: FeatureBook) -> list[Feature]:
    return [one for one in book.live() if one.kind == FeatureKind.MASK]


def put_segmentation_group(
    book: FeatureBook, group: SegmentationGroup, *, replacing: bool, kept: frozenset[str] = frozenset()
) -> None:
    """The definitions, and whether segments may overlap. ``kept`` are features that stay though they are not named."""
    put_segments(book, group, replacing=replacing, kept=kept)
    settings = ontology_settings(book.scope, book.ontology_id, lock=True)
    if settings.get("segmentation_type") != group.kind.value:
        settings["segmentation_type"] = group.kind.value
        update_ontology(book.scope, book.ontology_id, {"settings": settings, "updated_at": book.at})


def read_segmentation_group(book: FeatureBook, settings: Mapping[str, Any] | None = None) -> SegmentationGroup:
    """``settings`` are the ontology's, where they were read already."""
    known = ontology_settings(book.scope, book.ontology_id) if settings is None else settings
    kind = known.get("segmentation_type", SegmentationType.MULTI_LABEL)
    listed = sorted(segments_of(book), key=lambda one: (one.index or 0, one.identifier))
    segments = tuple(SegmentDefinition(one.identifier, one.index, one.color) for one in listed)
    return SegmentationGroup(SegmentationType(kind), segments)
