"""Counts of annotations and statuses, made by the database in groups: no query reads an annotation into memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.annotator_statuses import in_place
from fiducial_server.db.idlist import among
from fiducial_server.db.label_rows import TOTAL
from fiducial_server.db.lookup import item_is_live, looked_up
from fiducial_server.db.rows import all_rows
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import annotation, annotator_status, feature, user
from fiducial_server.model.label import LabelKind
from fiducial_server.model.progress import Progress
from fiducial_server.model.statistic import AnnotationStatistic, Person, Place

Kinds = Mapping[LabelKind, str]
"""The name under which each kind of label is counted."""


def _labels(place: Place, kinds: Kinds, *conditions: sa.ColumnElement[bool]) -> Any:
    """What is counted of each annotation; a subquery, so that groups are made of its columns alone."""
    names = sa.case(*((annotation.c.kind == kind.value, name) for kind, name in kinds.items()))
    statement = rows_of(
        annotation,
        annotation.c.item_id,
        annotation.c.is_model,
        annotation.c.created_at,
        annotation.c.text_value,
        sa.func.coalesce(annotation.c.credited_to, annotation.c.created_by).label("author"),
        names.label("kind"),
        looked_up(annotation, "feature_id", feature.c.identifier).label("identifier"),
        TOTAL,
    ).where(
        annotation.c.project_id == place.project_id,
        annotation.c.deleted_at.is_(None),
        item_is_live(annotation),
        *conditions,
    )
    if place.annotation_set_id is not None:
        statement = statement.where(annotation.c.annotation_set_id == place.annotation_set_id)
    return statement.subquery()


def by_author(scope: Scope, place: Place, kinds: Kinds, author: str | None) -> list[tuple[str, str, int, int, int]]:
    """(author, kind, annotations, of them by models, last creation) of one author or of all."""
    of = _labels(place, kinds).c
    modelled = sa.func.sum(sa.case((of.is_model, of.total), else_=0))
    statement = sa.select(of.author, of.kind, sa.func.sum(of.total), modelled, sa.func.max(of.created_at))
    if author is not None:
        statement = statement.where(of.author == author)
    found = all_rows(scope, statement.group_by(of.author, of.kind).order_by(of.author, of.kind))
    return [(str(row[0]), str(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in found]


def items_by_author(scope: Scope, place: Place, author: str | None) -> dict[str, int]:
    """How many items have an annotation of each author."""
    of = _labels(place, _ANY).c
    statement = sa.select(of.author, sa.func.count(of.item_id.distinct())).group_by(of.author)
    if author is not None:
        statement = statement.where(of.author == author)
    return {str(row[0]): int(row[1]) for row in all_rows(scope, statement)}


def last_edits(scope: Scope, place: Place, author: str | None) -> dict[str, int]:
    """When each person last changed an annotation; changes of annotations that are deleted now count too."""
    statement = rows_of(annotation, annotation.c.updated_by, sa.func.max(annotation.c.updated_at)).where(
        annotation.c.project_id == place.project_id, annotation.c.updated_by.is_not(None)
    )
    if place.annotation_set_id is not None:
        statement = statement.where(annotation.c.annotation_set_id == place.annotation_set_id)
    if author is not None:
        statement = statement.where(annotation.c.updated_by == author)
    return {str(row[0]): int(row[1]) for row in all_rows(scope, statement.group_by(annotation.c.updated_by))}


def by_status(scope: Scope, place: Place, annotator: str | None) -> list[tuple[str, Progress, int]]:
    """(annotator, progress, items)."""
    items = sa.func.count(annotator_status.c.item_id.distinct())
    statement = _statuses(place, annotator, annotator_status.c.annotator, annotator_status.c.status, items)
    grouped = statement.group_by(annotator_status.c.annotator, annotator_status.c.status)
    return [(str(row[0]), Progress(row[1]), int(row[2])) for row in all_rows(scope, grouped)]


def begun_items(scope: Scope, place: Place, annotator: str | None) -> dict[str, int]:
    """With how many items each annotator has begun."""
    items = sa.func.count(annotator_status.c.item_id.distinct())
    statement = _statuses(place, annotator, annotator_status.c.annotator, items)
    return {str(row[0]): int(row[1]) for row in all_rows(scope, statement.group_by(annotator_status.c.annotator))}


def last_said(scope: Scope, place: Place) -> dict[str, int]:
    """When each person last spoke of the state of anybody's work."""
    statement = _statuses(
        place, None, annotator_status.c.updated_by, sa.func.max(annotator_status.c.updated_at)
    ).group_by(annotator_status.c.updated_by)
    return {str(row[0]): int(row[1]) for row in all_rows(scope, statement)}


def _statuses(place: Place, annotator: str | None, *columns: Any) -> sa.Select[Any]:
    statement = rows_of(annotator_status, *columns).where(in_place(place), item_is_live(annotator_status))
    return statement if annotator is None else statement.where(annotator_status.c.annotator == annotator)


def by_identifier(scope: Scope, place: Place, kinds: Kinds) -> list[AnnotationStatistic]:
    """In order of identifier and kind; without their values."""
    of = _labels(place, kinds).c
    statement = sa.select(
        of.identifier,
        of.kind,
        sa.func.sum(of.total),
        sa.func.count(of.item_id.distinct()),
        sa.func.count(of.author.distinct()),
        sa.func.min(of.created_at),
        sa.func.max(of.created_at),
    )
    found = all_rows(scope, statement.group_by(of.identifier, of.kind).order_by(of.identifier, of.kind))
    return [
        AnnotationStatistic(str(row[0]), str(row[1]), int(row[2]), int(row[3]), int(row[4]), int(row[5]), int(row[6]))
        for row in found
    ]


def by_value(scope: Scope, place: Place) -> list[tuple[str, str, int]]:
    """(identifier, value, annotations) of categories."""
    of = _labels(place, _ANY, annotation.c.kind == LabelKind.CATEGORY.value).c
    statement = sa.select(of.identifier, of.text_value, sa.func.sum(of.total)).where(of.text_value.is_not(None))
    grouped = statement.group_by(of.identifier, of.text_value).order_by(of.identifier, of.text_value)
    return [(str(row[0]), str(row[1]), int(row[2])) for row in all_rows(scope, grouped)]


def by_item(scope: Scope, place: Place, item_ids: Sequence[str]) -> list[tuple[str, str, int, int]]:
    """(item, author, annotations, last creation) of these items."""
    of = _labels(place, _ANY, among(scope, annotation.c.item_id, item_ids)).c
    statement = sa.select(of.item_id, of.author, sa.func.sum(of.total), sa.func.max(of.created_at))
    found = all_rows(scope, statement.group_by(of.item_id, of.author).order_by(of.item_id, of.author))
    return [(str(row[0]), str(row[1]), int(row[2]), int(row[3])) for row in found]


def people(scope: Scope, emails: Sequence[str]) -> dict[str, Person]:
    """Those of the addresses that are users."""
    statement = rows_of(user, user.c.email, user.c.id, user.c.firstname, user.c.lastname)
    found = all_rows(scope, statement.where(among(scope, user.c.email, emails)))
    return {str(row[0]): Person(*row) for row in found}


_ANY: Kinds = dict.fromkeys(LabelKind, "")
