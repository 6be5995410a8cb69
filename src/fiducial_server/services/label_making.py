"""A checked label becomes one that is stored: it gets its place, its feature and its ids."""

from __future__ import annotations

import secrets

from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import Label, Mark
from fiducial_server.services.label_change import LabelChange
from fiducial_server.services.label_checks import CheckedLabel
from fiducial_server.services.label_target import Targets


def new_instance() -> str:
    """A name for one thing over several frames: 8 characters, as published clients make them, safe in a URL."""
    return secrets.token_urlsafe(6)


def make_label(
    labels: LabelChange, targets: Targets, item: Item, one: CheckedLabel, marks: tuple[Mark, ...] | None = None
) -> Label:
    """The label as it will be stored, with these marks instead of its own; its feature is made when it is missing."""
    new, change = one.new, labels.change
    target = targets.of(new.annotation_set_id, new.project_id)
    feature = target.book.for_label(new.kind, new.identifier, new.text_value)
    return Label(
        id=new_id(),
        item_id=item.id,
        kind=new.kind,
        identifier=new.identifier,
        feature_id=feature.id,
        created_at=change.at,
        created_by=change.actor.email,
        marks=marks or (one.mark,),
        updated_at=change.at,
        credited_to=one.credited_to,
        project_id=target.project_id,
        annotation_set_id=target.set_id,
        annotation_set_name=target.set_name,
        instance=new.instance or new_instance(),
        text_value=new.text_value,
        numeric_value=new.numeric_value,
        unit=new.unit,
        attributes=tuple(new.attributes),
        source=one.source,
        is_model=one.is_model,
        model_id=new.model_id,
        confidence=new.confidence,
        imported_from=new.imported_from,
        set_name=new.set_name,
        item_name=item.name,
        item_modality=item.modality,
    )
