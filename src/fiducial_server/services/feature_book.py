"""The features of one ontology while it is changed: looked up, made on demand, and locked against being made."""

from __future__ import annotations

import colorsys
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fiducial.errors import Conflict
from fiducial_server.db import features
from fiducial_server.db.ontologies import insert_missing_ontology, ontology_settings
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.label import LabelKind
from fiducial_server.model.names import checked_name
from fiducial_server.model.ontology import FeatureKind, FeatureSpec, feature_kinds
from fiducial_server.model.project import AnnotationSet, Feature, feature_hash

UNSORTED_NAME = "Unsorted labels"
_GOLDEN_RATIO = 0.618033988749895


def unsorted_ontology(scope: Scope, actor: Actor, at: int) -> str:
    """Id of the organization's ontology for labels that belong to no project; made when it is first needed."""
    ontology_id = str(uuid.uuid5(uuid.UUID(scope.organization_id), UNSORTED_NAME))
    insert_missing_ontology(scope, ontology_id, UNSORTED_NAME, at=at, by=actor.email)
    return ontology_id


@dataclass(slots=True)
class FeatureBook:
    """The features of one ontology during one transaction: looked up, added and changed without further reads."""

    scope: Scope
    ontology_id: str
    at: int
    locked: bool = False
    _features: list[Feature] | None = None
    _held: bool = False
    _seen: dict[tuple[LabelKind, str], Feature] = field(default_factory=dict)

    def all(self) -> list[Feature]:
        if self._features is None:
            self._features = features.features_of(self.scope, self.ontology_id)
        return self._features

    def live(self) -> list[Feature]:
        """Top-level features that are not archived, in order."""
        return [one for one in self.all() if one.parent_id is None and not one.archived]

    def for_label(self, kind: LabelKind, identifier: str, value: str | None = None) -> Feature:
        """The feature a label belongs to, made when it is not there; Conflict when the ontology is locked."""
        known = self._seen.get((kind, identifier))
        found = known or self._find(feature_kinds(kind), identifier) or self._for_new(kind, identifier)
        if found.archived:
            found = self._revived(found)
        if kind is LabelKind.CATEGORY and value is not None and value not in found.values:
            found = self._with_value(found, value)
        self._seen[(kind, identifier)] = found
        return found

    def _find(self, kinds: Sequence[FeatureKind], identifier: str) -> Feature | None:
        """One that is in use before an archived one, and kinds in their order."""
        there = [one for one in self.all() if one.parent_id is None and one.identifier == identifier]
        there = [one for one in there if one.kind in kinds]
        return min(there, key=lambda one: (one.archived, kinds.index(FeatureKind(one.kind))), default=None)

    def _for_new(self, kind: LabelKind, identifier: str) -> Feature:
        if self.locked:
            raise self._refusal(f"{identifier!r} ({kind})")
        self._hold()
        return self._find(feature_kinds(kind), identifier) or self.add(
            FeatureSpec(kind=feature_kinds(kind)[0], identifier=identifier)
        )

    def _revived(self, found: Feature) -> Feature:
        if self.locked:
            raise self._refusal(f"{found.identifier!r} ({found.kind}, archived)")
        return self.change(found, archived=False)

    def _with_value(self, found: Feature, value: str) -> Feature:
        if self.locked and found.values:
            raise Conflict(
                f"the ontology is locked and {found.identifier!r} has no value {value!r}: it has"
                f" {', '.join(repr(one) for one in found.values)}",
                values=list(found.values),
            )
        self._hold()
        current = next(one for one in self.all() if one.id == found.id)
        return current if value in current.values else self.change(current, values=(*current.values, value))

    def _refusal(self, what: str) -> Conflict:
        there = [f"{one.identifier!r} ({one.kind})" for one in self.live()]
        return Conflict(
            f"the ontology is locked and has no {what}: it has {', '.join(there) or 'nothing'}", known=there
        )

    def _hold(self) -> None:
        """Before the first change: hold the ontology and read it again, so that two writers make one feature."""
        if not self._held:
            ontology_settings(self.scope, self.ontology_id, lock=True)
            self._features, self._held = None, True
            self._seen.clear()

    def add(self, spec: FeatureSpec) -> Feature:
        self._hold()
        is_mask = spec.kind is FeatureKind.MASK
        index = (spec.index or self._free_index()) if is_mask else None
        made = Feature(
            id=new_id(),
            ontology_id=self.ontology_id,
            kind=spec.kind.value,
            identifier=checked_name(spec.identifier, "identifier"),
            hash=self._free_hash(spec.kind, spec.identifier),
            color=spec.color or (_color(index) if index else None),
            index=index,
            scope=spec.scope,
            required=bool(spec.required),
            dynamic=bool(spec.dynamic),
            values=tuple(spec.values or ()),
            settings=dict(spec.settings),
        )
        position = features.next_feature_position(self.scope, self.ontology_id)
        features.insert_features(self.scope, [made], position=position, at=self.at)
        self.all().append(made)
        return made

    def change(self, one: Feature, **changes: Any) -> Feature:
        """Write what differs; the feature as it is now."""
        differing = {name: value for name, value in changes.items() if getattr(one, name) != value}
        if not differing:
            return one
        self._hold()
        stored = {k: list(v) if isinstance(v, tuple) else v for k, v in differing.items()}
        features.update_feature(self.scope, one.id, stored)
        changed = replace(one, **differing)
        self._features = [changed if each.id == one.id else each for each in self.all()]
        return changed

    def put(self, spec: FeatureSpec) -> Feature:
        """Make or change the feature that the spec describes."""
        there = self._find((spec.kind,), checked_name(spec.identifier, "identifier"))
        if there is None:
            return self.add(spec)
        given = {
            name: getattr(spec, name)
            for name in ("scope", "required", "color", "index", "values", "dynamic")
            if getattr(spec, name) is not None
        }
        if spec.settings:
            given["settings"] = {**there.settings, **spec.settings}
        return self.change(there, archived=False, **given)

    def _free_hash(self, kind: FeatureKind, identifier: str) -> str:
        """The hash of this name; another one when a renamed feature keeps that one."""
        taken = {one.hash for one in self.all()}
        names = (identifier if n == 0 else f"{identifier}\n{n}" for n in range(len(taken) + 1))
        hashes = (feature_hash(self.ontology_id, kind.value, name) for name in names)
        return next(one for one in hashes if one not in taken)

    def _free_index(self) -> int:
        return 1 + max((one.index or 0 for one in self.all()), default=0)


def _color(index: int) -> str:
    """Colours that are told apart for any number of features: the hue goes on by the golden ratio."""
    red, green, blue = colorsys.hsv_to_rgb((index * _GOLDEN_RATIO) % 1.0, 0.75, 0.95)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def put_specs(book: FeatureBook, specs: Iterable[FeatureSpec]) -> list[Feature]:
    """The list becomes the ontology's: others are archived, but not masks, which the segmentation group rules."""
    kept = [book.put(spec) for spec in specs]
    ids = {one.id for one in kept}
    for one in book.live():
        if one.id not in ids and one.kind != FeatureKind.MASK:
            book.change(one, archived=True)
    return kept


def set_features(book: FeatureBook, of_set: AnnotationSet | None) -> list[Feature]:
    """The features a set works with: those named when its schema was written, in that order, else all of the ontology."""
    chosen = of_set.settings.get("feature_ids") if of_set else None
    if chosen is None:
        return book.live()
    live = {one.id: one for one in book.live()}
    return [live[feature_id] for feature_id in chosen if feature_id in live]
