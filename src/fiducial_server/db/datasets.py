"""Rows of datasets and of their links to items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.idlist import among
from fiducial_server.db.lookup import item_is_live
from fiducial_server.db.rows import all_rows, first_row
from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, rows_of
from fiducial_server.db.tables import data_row, dataset, item, project, project_dataset
from fiducial_server.model.dataset import DataRow, Dataset
from fiducial_server.model.page import Key

_COLUMNS = (
    dataset.c.id,
    dataset.c.name,
    dataset.c.created_at,
    dataset.c.created_by,
    dataset.c.updated_at,
    dataset.c.description,
    dataset.c.deleted_at,
)


def insert_dataset(scope: Scope, row: Dataset) -> None:
    scope.insert(
        dataset,
        [
            {
                "id": row.id,
                "name": row.name,
                "description": row.description,
                "created_at": row.created_at,
                "created_by": row.created_by,
                "updated_at": row.updated_at,
            }
        ],
    )


def dataset_page(scope: Scope, *, after: Key | None, offset: int, limit: int) -> list[Dataset]:
    """Not deleted ones in order of creation; ``offset`` counts from ``after``."""
    statement = rows_of(dataset, *_COLUMNS).where(dataset.c.deleted_at.is_(None))
    if after is not None:
        statement = statement.where(sa.tuple_(dataset.c.created_at, dataset.c.id) > sa.tuple_(*after))
    ordered = statement.order_by(dataset.c.created_at, dataset.c.id).offset(offset).limit(limit)
    found = [Dataset(*row) for row in all_rows(scope, ordered)]
    counts = item_counts(scope, [one.id for one in found])
    return [_counted(one, counts) for one in found]


def find_dataset(scope: Scope, dataset_id: str) -> Dataset | None:
    statement = rows_of(dataset, *_COLUMNS).where(dataset.c.id == dataset_id, dataset.c.deleted_at.is_(None))
    row = first_row(scope, statement)
    return _counted(Dataset(*row), item_counts(scope, [dataset_id])) if row else None


def _counted(one: Dataset, counts: dict[str, int]) -> Dataset:
    return replace(one, item_count=counts.get(one.id, 0))


def item_counts(scope: Scope, dataset_ids: Sequence[str]) -> dict[str, int]:
    """Items that are not deleted, by dataset."""
    statement = (
        rows_of(data_row, data_row.c.dataset_id, sa.func.count())
        .where(among(scope, data_row.c.dataset_id, dataset_ids), item_is_live(data_row))
        .group_by(data_row.c.dataset_id)
    )
    return {str(dataset_id): int(count) for dataset_id, count in all_rows(scope, statement)}


def lock_dataset(scope: Scope, dataset_id: str) -> bool:
    """Hold the dataset until the transaction ends, so that two writers do not give one position twice."""
    statement = rows_of(dataset, dataset.c.id).where(dataset.c.id == dataset_id).with_for_update()
    return first_row(scope, statement) is not None


def touch_dataset(scope: Scope, dataset_id: str, at: int) -> None:
    scope.execute(
        sa.update(dataset).where(dataset.c.organization_id == ORG, dataset.c.id == dataset_id).values(updated_at=at)
    )


def mark_deleted(scope: Scope, dataset_id: str, at: int) -> None:
    scope.execute(
        sa.update(dataset).where(dataset.c.organization_id == ORG, dataset.c.id == dataset_id).values(deleted_at=at)
    )


def projects_of_dataset(scope: Scope, dataset_id: str) -> list[str]:
    """Projects that show the dataset, archived ones included."""
    statement = rows_of(project_dataset, project_dataset.c.project_id).where(project_dataset.c.dataset_id == dataset_id)
    return [str(row[0]) for row in all_rows(scope, statement)]


def datasets_of_project(scope: Scope, project_id: str) -> list[str]:
    statement = rows_of(project_dataset, project_dataset.c.dataset_id).where(project_dataset.c.project_id == project_id)
    return [str(row[0]) for row in all_rows(scope, statement)]


def link_dataset(scope: Scope, project_id: str, dataset_id: str) -> None:
    scope.insert_missing(project_dataset, [{"project_id": project_id, "dataset_id": dataset_id}])


def data_rows_of(scope: Scope, dataset_id: str, item_ids: Iterable[str] | None = None) -> list[DataRow]:
    """Links of the dataset, in order; of these items only, when they are given."""
    statement = rows_of(data_row, data_row.c.id, data_row.c.dataset_id, data_row.c.item_id, data_row.c.position)
    statement = statement.where(data_row.c.dataset_id == dataset_id)
    if item_ids is not None:
        statement = statement.where(among(scope, data_row.c.item_id, item_ids))
    return [DataRow(*row) for row in all_rows(scope, statement.order_by(data_row.c.position, data_row.c.id))]


def next_position(scope: Scope, dataset_id: str) -> int:
    statement = rows_of(data_row, sa.func.max(data_row.c.position)).where(data_row.c.dataset_id == dataset_id)
    highest = scope.execute(statement).scalar()
    return 0 if highest is None else int(highest) + 1


def insert_data_rows(scope: Scope, rows: Sequence[DataRow], *, at: int, by: str) -> None:
    values: list[dict[str, Any]] = [
        {
            "id": row.id,
            "dataset_id": row.dataset_id,
            "item_id": row.item_id,
            "position": row.position,
            "created_at": at,
            "created_by": by,
        }
        for row in rows
    ]
    scope.insert(data_row, values)


def delete_data_rows(scope: Scope, ids: Sequence[str]) -> None:
    """The links only; their tasks must be gone before."""
    scope.execute(sa.delete(data_row).where(data_row.c.organization_id == ORG, among(scope, data_row.c.id, ids)))


def item_ids_page(
    scope: Scope, dataset_ids: Sequence[str], *, after: Key | None, limit: int
) -> list[tuple[int, str, str]]:
    """(position, data row id, item id) of items that are not deleted, in order; items in two datasets come
    twice."""
    statement = rows_of(data_row, data_row.c.position, data_row.c.id, data_row.c.item_id).where(
        among(scope, data_row.c.dataset_id, dataset_ids), item_is_live(data_row)
    )
    if after is not None:
        statement = statement.where(sa.tuple_(data_row.c.position, data_row.c.id) > sa.tuple_(*after))
    ordered = statement.order_by(data_row.c.position, data_row.c.id).limit(limit)
    return [(int(row[0]), str(row[1]), str(row[2])) for row in all_rows(scope, ordered)]


def missing_items(scope: Scope, item_ids: Sequence[str]) -> list[str]:
    """Those of the ids that are no item of the organization, or a deleted one; in the order given."""
    statement = rows_of(item, item.c.id).where(among(scope, item.c.id, item_ids), item.c.deleted_at.is_(None))
    there = {str(row[0]) for row in all_rows(scope, statement)}
    return [one for one in item_ids if one not in there]


def project_ids_with_item(scope: Scope, item_id: str) -> list[str]:
    """Projects, not archived, that have the item in one of their datasets."""
    datasets = rows_of(data_row, data_row.c.dataset_id).where(data_row.c.item_id == item_id)
    shown = rows_of(project_dataset, project_dataset.c.project_id).where(project_dataset.c.dataset_id.in_(datasets))
    statement = (
        rows_of(project, project.c.id)
        .where(project.c.id.in_(shown), project.c.archived_at.is_(None))
        .order_by(project.c.id)
    )
    return [str(row[0]) for row in all_rows(scope, statement)]


def project_data_rows(scope: Scope, project_id: str, item_ids: Sequence[str]) -> dict[str, list[str]]:
    """Data row ids of these items in the project, by item id."""
    shown = rows_of(project_dataset, project_dataset.c.dataset_id).where(project_dataset.c.project_id == project_id)
    statement = (
        rows_of(data_row, data_row.c.item_id, data_row.c.id)
        .where(among(scope, data_row.c.item_id, item_ids), data_row.c.dataset_id.in_(shown))
        .order_by(data_row.c.position, data_row.c.id)
    )
    found: dict[str, list[str]] = {}
    for item_id, row_id in all_rows(scope, statement):
        found.setdefault(str(item_id), []).append(str(row_id))
    return found


def item_ids(scope: Scope, dataset_id: str) -> list[str]:
    """Ids of the items that are not deleted, in order."""
    statement = (
        rows_of(data_row, data_row.c.item_id)
        .where(data_row.c.dataset_id == dataset_id, item_is_live(data_row))
        .order_by(data_row.c.position, data_row.c.id)
    )
    return [str(row[0]) for row in all_rows(scope, statement)]


def first_links(scope: Scope, dataset_ids: Sequence[str], row_ids: Sequence[str]) -> set[str]:
    """Those of the links before which none of these datasets has another link to the same item."""
    other = data_row.alias("other")
    earlier = (
        sa.select(other.c.id)
        .where(other.c.organization_id == ORG, other.c.item_id == data_row.c.item_id)
        .where(among(scope, other.c.dataset_id, dataset_ids))
        .where(sa.tuple_(other.c.position, other.c.id) < sa.tuple_(data_row.c.position, data_row.c.id))
        .correlate(data_row)
        .exists()
    )
    statement = rows_of(data_row, data_row.c.id).where(among(scope, data_row.c.id, row_ids), sa.not_(earlier))
    return {str(row[0]) for row in all_rows(scope, statement)}
