"""What an annotation set may label, written into the project's one ontology.

One identifier of one kind has one definition in a project, and one index of the segmentation group is one segment. The set
that defines a feature first owns its definition; other sets may name the feature as it is, and are refused where they would
define it otherwise. What no set has defined (a label made it) takes the definition of the first that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fiducial.errors import Conflict, Invalid
from fiducial_server.db.annotation_sets import annotation_sets_of, update_annotation_set
from fiducial_server.db.ontologies import ontology_settings
from fiducial_server.model.ontology import FeatureKind, FeatureSpec, SegmentationGroup, SegmentationType
from fiducial_server.model.project import AnnotationSet, Feature
from fiducial_server.services.change import Change
from fiducial_server.services.feature_book import FeatureBook
from fiducial_server.services.segmentation import put_segmentation_group, read_segmentation_group, segments_of

DEFINED = "defined_ids"
"""Key of a set's settings: the features whose definition it owns."""
CHOSEN = "feature_ids"
"""Key of a set's settings: the features it works with, in its order; all of the ontology where it is missing."""
SEGMENTATION_TYPE = "segmentation_type"
_COMPARED = ("required", "color", "index", "values")

Owners = Mapping[str, AnnotationSet]
"""By feature: the other set of the project that owns its definition."""


def with_schema(
    change: Change,
    book: FeatureBook,
    of_set: AnnotationSet,
    specs: Sequence[FeatureSpec] | None,
    group: SegmentationGroup | None,
    *,
    replacing: bool = False,
    choosing: bool = True,
) -> AnnotationSet:
    """Write what the set may label; the set with its settings as they are to be stored.

    ``replacing``: the group is all there is, but for segments that labels use or that another set owns. ``choosing``: the
    set works with these ``specs`` and no others. Conflict when another set owns a definition that would become another.
    """
    if specs is None and group is None:
        return of_set
    ontology_settings(change.scope, book.ontology_id, lock=True)  # two sets at once: one sees what the other defined
    others = other_sets(change, of_set)
    owners = owners_among(others, book)
    settings = dict(of_set.settings)
    named: list[Feature] = []
    if specs is not None:
        chosen = _put_specs(book, owners, specs)
        named += chosen
        if choosing:
            settings[CHOSEN] = [one.id for one in chosen]
    if group is not None:
        _require_same_segments(book, owners, group)
        put_segmentation_group(book, group, replacing=replacing, kept=frozenset(owners))
        words = {one.identifier for one in group.segments}
        named += [one for one in segments_of(book) if one.identifier in words]
        settings[SEGMENTATION_TYPE] = group.kind.value
    settings[DEFINED] = _owned(book, of_set, owners, named, released=specs is not None)
    _forget_old_claims(change, others, set(settings[DEFINED]))
    return replace(of_set, settings=settings)


def group_of_set(
    book: FeatureBook, of_set: AnnotationSet, settings: Mapping[str, Any] | None = None
) -> SegmentationGroup:
    """The project's segments; whether they may overlap is the set's own where it has said so."""
    found = read_segmentation_group(book, settings)
    own = of_set.settings.get(SEGMENTATION_TYPE)
    return found if own is None else replace(found, kind=SegmentationType(own))


def other_sets(change: Change, of_set: AnnotationSet) -> list[AnnotationSet]:
    """The other sets of the project."""
    return [one for one in annotation_sets_of(change.scope, of_set.project_id) if one.id != of_set.id]


def owners_among(sets: Sequence[AnnotationSet], book: FeatureBook) -> dict[str, AnnotationSet]:
    """By feature: which of the sets owns it. What is archived belongs to nobody."""
    live = {one.id for one in book.live()}
    owners: dict[str, AnnotationSet] = {}
    for one in sets:
        for feature_id in live.intersection(one.settings.get(DEFINED, ())):
            owners.setdefault(feature_id, one)
    return owners


def require_own(owners: Owners, feature: Feature, doing: str) -> None:
    """Conflict when another set owns the definition."""
    if (owner := owners.get(feature.id)) is not None:
        raise Conflict(
            f"{feature.identifier!r} is defined by annotation set {owner.name!r} of this project: {doing} it there",
            identifier=feature.identifier,
            annotation_set_id=owner.id,
        )


def _put_specs(book: FeatureBook, owners: Owners, specs: Sequence[FeatureSpec]) -> list[Feature]:
    wanted = _merged(specs)
    for spec in wanted:
        _require_same(book, owners, spec)
    return [book.put(_with_scopes(book, _addition(book, owners, spec))) for spec in wanted]


def _addition(book: FeatureBook, owners: Owners, spec: FeatureSpec) -> FeatureSpec:
    """What the spec adds to a definition that another set owns: only what was never said."""
    there = _named(book, spec)
    if there is None or there.id not in owners:
        return spec
    known: dict[str, Any] = {name: None for name in ("scope", *_COMPARED) if getattr(there, name) not in (None, ())}
    return replace(spec, **known, settings={} if there.scopes else spec.settings)


def _merged(specs: Sequence[FeatureSpec]) -> list[FeatureSpec]:
    """Each feature once; one that is named for images and for frames alike has both scopes."""
    found: dict[tuple[FeatureKind, str], FeatureSpec] = {}
    for spec in specs:
        there = found.setdefault((spec.kind, spec.identifier), spec)
        if replace(there, scope=spec.scope, settings=spec.settings) != spec:
            raise Invalid(
                f"the schema defines {spec.identifier!r} ({spec.kind}) twice, and not alike", identifier=spec.identifier
            )
        known = there.settings.get("scopes", [there.scope])
        if spec.scope is not None and spec.scope not in known:
            scopes = [one for one in (*known, spec.scope) if one is not None]
            settings = {**there.settings, "scopes": scopes} if len(scopes) > 1 else there.settings
            found[spec.kind, spec.identifier] = replace(there, scope=scopes[0], settings=settings)
    return list(found.values())


def _with_scopes(book: FeatureBook, spec: FeatureSpec) -> FeatureSpec:
    """A feature that had both scopes has one again where it is named for one."""
    there = _named(book, spec)
    if spec.scope is None or "scopes" in spec.settings or there is None or "scopes" not in there.settings:
        return spec
    return replace(spec, settings={**spec.settings, "scopes": [spec.scope]})


def _named(book: FeatureBook, spec: FeatureSpec) -> Feature | None:
    return next((one for one in book.live() if (one.kind, one.identifier) == (spec.kind, spec.identifier)), None)


def _require_same_segments(book: FeatureBook, owners: Owners, group: SegmentationGroup) -> None:
    by_index = {one.index: one for one in segments_of(book)}
    for segment in group.segments:
        spec = FeatureSpec(FeatureKind.MASK, segment.identifier, color=segment.color, index=segment.index)
        _require_same(book, owners, spec)
        there = by_index.get(segment.index) if segment.index is not None else None
        owner = owners.get(there.id) if there is not None else None
        if there is not None and owner is not None and there.identifier != segment.identifier:
            raise Conflict(
                f"index {segment.index} is {there.identifier!r} in annotation set {owner.name!r} of this project, and"
                f" cannot be {segment.identifier!r} too: give it another index",
                index=segment.index,
                identifier=segment.identifier,
                annotation_set_id=owner.id,
            )


def _require_same(book: FeatureBook, owners: Owners, spec: FeatureSpec) -> None:
    there = _named(book, spec)
    owner = owners.get(there.id) if there is not None else None
    if there is None or owner is None:
        return
    scopes = tuple(spec.settings.get("scopes") or ((spec.scope,) if spec.scope else ()))
    pairs = [(name, getattr(spec, name), getattr(there, name)) for name in _COMPARED]
    for name, given, known in [("scope", scopes or None, there.scopes or None), *pairs]:
        if given is not None and known is not None and not _alike(given, known):
            raise Conflict(
                f"{spec.identifier!r} has {name} {_shown(known)} in annotation set {owner.name!r} of this project, and"
                f" cannot have {_shown(given)} here: define it alike, or change it there",
                identifier=spec.identifier,
                annotation_set_id=owner.id,
            )


def _alike(given: Any, known: Any) -> bool:
    """Scopes, and values of a category, are alike in any order."""
    if isinstance(known, tuple):
        return sorted(given) == sorted(known)
    return bool(given == known)


def _shown(value: Any) -> str:
    return ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)


def _owned(
    book: FeatureBook, of_set: AnnotationSet, owners: Owners, named: Sequence[Feature], *, released: bool
) -> list[str]:
    """What the set owns now: what it owned, without what its new schema leaves out, and what it is the first to name."""
    masks = {one.id for one in segments_of(book)}
    now = {one.id for one in named}
    kept = [one for one in of_set.settings.get(DEFINED, ()) if one in now or one in masks or not released]
    return list(dict.fromkeys([*kept, *(one.id for one in named if one.id not in owners)]))


def _forget_old_claims(change: Change, others: Sequence[AnnotationSet], taken: set[str]) -> None:
    """What another set defined, and was archived since, is this set's where this one defines it anew."""
    for one in others:
        claims = one.settings.get(DEFINED, ())
        if taken.intersection(claims):
            left = [feature_id for feature_id in claims if feature_id not in taken]
            update_annotation_set(change.scope, one.id, {"settings": {**one.settings, DEFINED: left}})
