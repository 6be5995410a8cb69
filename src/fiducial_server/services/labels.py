"""Labels: written whole or not at all, changed with history, and never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fiducial.errors import Invalid
from fiducial_server.db.annotations import find_labels
from fiducial_server.db.marks import labels_of_marks
from fiducial_server.db.masks import insert_masks
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import parse_id
from fiducial_server.model.item import Item
from fiducial_server.model.label import VALUE_KINDS, Label, LabelRow, Mark, NewLabel
from fiducial_server.model.names import checked_name, checked_text
from fiducial_server.model.revision import RevisionAction
from fiducial_server.services.frame_ranges import FrameRanges
from fiducial_server.services.label_change import LabelChange
from fiducial_server.services.label_checks import (
    MASK_KINDS,
    CheckedLabel,
    check_json,
    check_number,
    check_value,
    checked_labels,
    checked_shape,
    require_labelable,
)
from fiducial_server.services.label_files import LabelFiles
from fiducial_server.services.label_history import LabelHistory
from fiducial_server.services.label_making import make_label, new_instance
from fiducial_server.services.label_part import (
    isolated,
    require_item,
    require_label,
    require_live_label,
    row_of,
    split_marks,
)
from fiducial_server.services.label_target import Target, Targets, require_live_item
from fiducial_server.services.project_part import only_known
from fiducial_server.services.worklist_labels import WorklistLabels

_CHANGEABLE = frozenset(
    {
        "identifier",
        "project_id",
        "shape",
        "text_value",
        "numeric_value",
        "unit",
        "attributes",
        "confidence",
        "set_name",
        "patient_points",
        "extra",
    }
)
PUBLISHED = "published"
"""Status of a label that was approved; ``new`` before."""


class Labels(WorklistLabels, LabelFiles, LabelHistory, FrameRanges):
    """What people do with labels; each part of the work is in a file of its own."""

    def create(self, actor: Actor, item_id: str, labels: Sequence[NewLabel], *, origin: str = "datamint") -> list[str]:
        """All of them or none; the ids of their marks, in the same order.

        NotFound: no such item. Conflict: a group that is not in order yet, an archived project, or a locked ontology.
        Invalid: whatever is wrong with a label, and with which (``details['index']``).
        """
        actor.require_writer("label")
        with self._database.read(actor.organization_id) as scope:
            item = require_item(scope, item_id)
        require_labelable(item)
        checked = checked_labels(actor, item, labels)
        if not checked:
            return []
        return self._change(actor, origin, lambda change: _create(change, item, checked))

    def patch(self, actor: Actor, label_id: str, changes: Mapping[str, Any], *, origin: str = "datamint") -> LabelRow:
        """Change one label, or one frame of a label over several, which then is a label of its own.

        Keys: identifier, project_id, shape, patient_points, text_value, numeric_value, unit, attributes, confidence,
        set_name, extra. What is as it was writes nothing.
        """
        actor.require_writer("change labels")
        only_known(changes, _CHANGEABLE)
        with self._database.read(actor.organization_id) as scope:
            item = require_item(scope, require_label(scope, label_id).item_id)

        def work(labels: LabelChange) -> LabelRow:
            before = require_live_label(labels.change.scope, label_id)
            alone = replace(before, marks=split_marks(before, [label_id])[1])
            after = _patched(labels, item, alone, changes)
            if after != alone:
                held = isolated(labels, before, [label_id])
                before = labels.save(
                    held, replace(after, id=held.id, revision=held.revision, updated_at=held.updated_at)
                )
                labels.finish("annotation.update", label_id, {"item_id": item.id, "changed": sorted(changes)})
            return row_of(before, label_id)

        return self._change(actor, origin, work)

    def approve(self, actor: Actor, label_id: str, *, origin: str = "datamint") -> LabelRow:
        """Harmless when it is approved: who did it first stays."""
        actor.require_writer("approve labels")

        def work(labels: LabelChange) -> LabelRow:
            before = require_live_label(labels.change.scope, label_id)
            if before.approved_at is None:
                held = isolated(labels, before, [label_id])
                approved = replace(
                    held, approved_at=labels.change.at, approved_by=labels.change.actor.email, status=PUBLISHED
                )
                before = labels.save(held, approved, RevisionAction.APPROVE)
                labels.finish("annotation.approve", label_id, {"item_id": before.item_id})
            return row_of(before, label_id)

        return self._change(actor, origin, work)

    def delete(self, actor: Actor, ids: Sequence[str], *, origin: str = "datamint") -> None:
        """Soft: the labels can be read and restored. Of a label over several frames, only the frames named go.

        NotFound when any of the ids is unknown, and nothing is deleted; deleted ones are left as they are.
        """
        actor.require_writer("delete labels")

        def work(labels: LabelChange) -> None:
            at, by = labels.change.at, labels.change.actor.email
            live = [(one, wanted) for one, wanted in _by_label(labels, ids) if one.deleted_at is None]
            held = [isolated(labels, one, wanted) for one, wanted in live]
            gone = [(one, replace(one, deleted_at=at, deleted_by=by)) for one in held]
            labels.save_all(gone, RevisionAction.DELETE)
            labels.finish("annotation.delete", ids[0] if len(ids) == 1 else None, {"ids": len(ids)})

        self._change(actor, origin, work)

    def restore(self, actor: Actor, ids: Sequence[str], *, origin: str = "datamint") -> None:
        """Deleted labels come back as they were; others are left as they are."""
        actor.require_writer("restore labels")

        def work(labels: LabelChange) -> None:
            dead = [(one, wanted) for one, wanted in _by_label(labels, ids) if one.deleted_at is not None]
            held = [isolated(labels, one, wanted) for one, wanted in dead]
            back = [(one, replace(one, deleted_at=None, deleted_by=None)) for one in held]
            labels.save_all(back, RevisionAction.RESTORE)
            labels.finish("annotation.restore", ids[0] if len(ids) == 1 else None, {"ids": len(ids)})

        self._change(actor, origin, work)


def _create(labels: LabelChange, item: Item, checked: Sequence[CheckedLabel]) -> list[str]:
    require_live_item(labels.change, item.id)
    targets = Targets(labels.change, item.id)
    made = [make_label(labels, targets, item, one) for one in checked]
    masks = {one.mark.mask_sha256 or "": one.mask for one in checked if one.mask is not None}
    insert_masks(labels.change.scope, masks)
    labels.create(made)
    labels.finish("annotation.create", made[0].marks[0].id if len(made) == 1 else None, {"item_id": item.id})
    return [label.marks[0].id for label in made]


def _by_label(labels: LabelChange, ids: Sequence[str]) -> list[tuple[Label, list[str]]]:
    """The labels that these ids show, each with those of the ids that it shows."""
    scope = labels.change.scope
    wanted = [parse_id(one, "annotation id") for one in dict.fromkeys(ids)]
    owners = labels_of_marks(scope, wanted)
    for label_id in wanted:
        if label_id not in owners:
            owners[label_id] = require_label(scope, label_id).id
    labels_by_id = find_labels(scope, set(owners.values()), lock=True)
    found: dict[str, tuple[Label, list[str]]] = {}
    for label_id in wanted:
        label = labels_by_id[owners[label_id]]
        found.setdefault(label.id, (label, []))[1].append(label_id)
    return list(found.values())


def _patched(labels: LabelChange, item: Item, label: Label, changes: Mapping[str, Any]) -> Label:
    given: dict[str, Any] = {"marks": (_patched_mark(item, label, changes),)}
    for name in ("text_value", "unit", "set_name"):
        if name in changes:
            given[name] = None if changes[name] is None else checked_text(changes[name], name)
    if "numeric_value" in changes:
        given["numeric_value"] = changes["numeric_value"]
    if "confidence" in changes:
        check_number(changes["confidence"], "confidence")
        given["confidence"] = changes["confidence"]
    if "attributes" in changes:
        check_json(changes["attributes"], "values")
        given["attributes"] = list(changes["attributes"] or ())
    after = replace(label, **given)
    check_value(after.kind, after.text_value, after.numeric_value)
    return _moved(labels, after, changes)


def _patched_mark(item: Item, label: Label, changes: Mapping[str, Any]) -> Mark:
    given: dict[str, Any] = {}
    if "patient_points" in changes:
        check_json(changes["patient_points"], "patient_points")
        given["patient_points"] = changes["patient_points"] or None
    if "extra" in changes:
        check_json(changes["extra"], "extra")
        given["extra"] = changes["extra"] or {}
    if "shape" in changes:
        if label.kind in VALUE_KINDS or label.kind in MASK_KINDS:
            raise Invalid(f"the geometry of a {label.kind} is not changed this way", field="shape")
        given["shape"] = checked_shape(item, label.kind, changes["shape"])[0]
    return replace(label.marks[0], **given)


def _moved(labels: LabelChange, label: Label, changes: Mapping[str, Any]) -> Label:
    """Another identifier or project means another feature; another identifier is another thing, so a new instance."""
    name = label.identifier if changes.get("identifier") is None else checked_name(changes["identifier"], "identifier")
    project_id = changes.get("project_id") or label.project_id
    if (name, project_id) == (label.identifier, label.project_id) and "text_value" not in changes:
        return label
    target = _target(labels, label, project_id)
    feature = target.book.for_label(label.kind, name, label.text_value)
    return replace(
        label,
        identifier=name,
        feature_id=feature.id,
        instance=label.instance if name == label.identifier else new_instance(),
        project_id=target.project_id,
        annotation_set_id=target.set_id,
        annotation_set_name=target.set_name,
    )


def _target(labels: LabelChange, label: Label, project_id: str | None) -> Target:
    targets = Targets(labels.change, label.item_id)
    if project_id is None:
        return targets.unsorted()
    return targets.of(label.annotation_set_id if project_id == label.project_id else None, project_id)
