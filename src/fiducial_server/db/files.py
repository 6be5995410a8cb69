"""Rows of ``file`` (bytes the organization has) and ``item_file`` (their place in an item)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fiducial_server.db.schema import ORG
from fiducial_server.db.scope import Scope, join_on, rows_of
from fiducial_server.db.tables import derived, experiment_model, file, item, item_file, mark, organization
from fiducial_server.model.item import ItemFile

_PIECE = 500
_WITH_SIZE = item_file.join(file, join_on(item_file, file, sha256="sha256"))


@dataclass(frozen=True, slots=True)
class InstanceUse:
    """A file somewhere that carries a SOP Instance UID."""

    item_id: str
    sha256: str


def insert_bytes(scope: Scope, sizes: Mapping[str, int], at: int) -> None:
    """SHA-256 -> size of bytes that the organization now has; those it had are left as they are.

    The rows go in one order everywhere, so that two writers cannot wait for each other in a circle.
    """
    rows = [{"sha256": sha256, "size": sizes[sha256], "created_at": at} for sha256 in sorted(sizes)]
    scope.insert_missing(file, rows)


def item_file_row(item_id: str, value: ItemFile) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "ordinal": value.ordinal,
        "sha256": value.sha256,
        "filename": value.filename,
        "mimetype": value.mimetype,
        "instance_uid": value.instance_uid,
        "frame_count": value.frame_count,
        "facts": dict(value.facts),
    }


def insert(scope: Scope, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows made by :func:`item_file_row`; their bytes must be known (:func:`insert_bytes`)."""
    scope.insert(item_file, rows)


def files_of(scope: Scope, item_id: str) -> list[ItemFile]:
    """The item's files in their order."""
    query = (
        sa.select(item_file, file.c.size)
        .select_from(_WITH_SIZE)
        .where(item_file.c.organization_id == ORG, item_file.c.item_id == item_id)
        .order_by(item_file.c.ordinal)
    )
    return [_to_file(row) for row in scope.execute(query)]


def file_at(scope: Scope, item_id: str, ordinal: int) -> ItemFile | None:
    query = (
        sa.select(item_file, file.c.size)
        .select_from(_WITH_SIZE)
        .where(item_file.c.organization_id == ORG, item_file.c.item_id == item_id, item_file.c.ordinal == ordinal)
    )
    row = scope.execute(query).one_or_none()
    return None if row is None else _to_file(row)


def _to_file(row: Any) -> ItemFile:
    return ItemFile(
        ordinal=row.ordinal,
        sha256=row.sha256,
        size=row.size,
        filename=row.filename,
        mimetype=row.mimetype,
        instance_uid=row.instance_uid,
        frame_count=row.frame_count,
        facts=row.facts,
    )


def last_ordinal(scope: Scope, item_id: str) -> int:
    """-1 when the item has no file."""
    query = rows_of(item_file, sa.func.max(item_file.c.ordinal)).where(item_file.c.item_id == item_id)
    last = scope.execute(query).scalar()
    return -1 if last is None else int(last)


def same_bytes(scope: Scope, item_id: str, hashes: Sequence[str]) -> dict[str, ItemFile]:
    """SHA-256 -> the file of this item that has those bytes. Found by the hash, so that big groups cost no more."""
    query = (
        sa.select(item_file, file.c.size)
        .select_from(_WITH_SIZE)
        .where(
            item_file.c.organization_id == ORG,
            sa.func.coalesce(item_file.c.item_id, "") == item_id,
            item_file.c.sha256.in_(hashes),
        )
    )
    return {row.sha256: _to_file(row) for row in scope.execute(query)}


_USES = (  # every upload asks this, so it is built once
    sa.select(item_file.c.instance_uid, item_file.c.item_id, item_file.c.sha256)
    .select_from(item_file.join(item, join_on(item_file, item, item_id="id")))
    .where(
        item_file.c.organization_id == ORG,
        item_file.c.instance_uid.in_(sa.bindparam("uids", expanding=True)),
        item_file.c.sha256.not_in(sa.bindparam("other_than", expanding=True)),
        sa.func.coalesce(item.c.deleted_at, 0) == 0,
    )
    .order_by(item_file.c.instance_uid, item_file.c.item_id)
)


def uses_of_instances(
    scope: Scope, uids: Sequence[str], *, other_than: Sequence[str] = ()
) -> dict[str, list[InstanceUse]]:
    """SOP Instance UID -> the files of not deleted items that carry it, oldest item first.

    Files with the bytes ``other_than`` are passed over within the index: however often the same file came, asking whether
    there is another one costs next to nothing.
    """
    uses: dict[str, list[InstanceUse]] = {}
    for start in range(0, len(uids), _PIECE):
        asked = {"uids": list(uids[start : start + _PIECE]), "other_than": list(other_than)}
        for uid, item_id, sha256 in scope.execute(_USES, values=asked):
            uses.setdefault(uid, []).append(InstanceUse(item_id, sha256))
    return uses


def items_with_bytes(scope: Scope, hashes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """SHA-256 -> ids of the not deleted items that are this one file, oldest first."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(hashes), _PIECE):
        query = (
            sa.select(item_file.c.sha256, item_file.c.item_id)
            .select_from(item_file.join(item, join_on(item_file, item, item_id="id")))
            .where(
                item_file.c.organization_id == ORG,
                item_file.c.sha256.in_(hashes[start : start + _PIECE]),
                sa.func.coalesce(item.c.deleted_at, 0) == 0,
                item.c.file_count == 1,
                item.c.state != "open",
            )
            .order_by(item_file.c.sha256, item_file.c.item_id)
        )
        for sha256, item_id in scope.execute(query):
            found.setdefault(sha256, []).append(item_id)
    return {sha256: tuple(ids) for sha256, ids in found.items()}


def hashes_of(scope: Scope, item_ids: Sequence[str]) -> dict[str, list[str]]:
    """Item id -> SHA-256 of each of its files."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(item_ids), _PIECE):
        query = rows_of(item_file, item_file.c.item_id, item_file.c.sha256).where(
            item_file.c.item_id.in_(item_ids[start : start + _PIECE])
        )
        for item_id, sha256 in scope.execute(query):
            found.setdefault(item_id, []).append(sha256)
    return found


def renumber(scope: Scope, item_id: str, files: Sequence[ItemFile]) -> None:
    """The item's files are now these, each at its ordinal."""
    scope.execute(sa.delete(item_file).where(item_file.c.organization_id == ORG, item_file.c.item_id == item_id))
    scope.insert(item_file, [item_file_row(item_id, value) for value in files])


def forget_unused(scope: Scope, hashes: Sequence[str]) -> list[str]:
    """Those of the bytes that nothing points at any more; the organization's rows of them are gone then."""
    gone: list[str] = []
    for start in range(0, len(hashes), _PIECE):
        piece = hashes[start : start + _PIECE]
        used: set[str] = set()
        for column in (item_file.c.sha256, derived.c.sha256, mark.c.file_sha256, experiment_model.c.sha256):
            used |= {row[0] for row in scope.execute(rows_of(column.table, column).where(column.in_(piece)))}
        unused = [sha256 for sha256 in piece if sha256 not in used]
        scope.execute(sa.delete(file).where(file.c.organization_id == ORG, file.c.sha256.in_(unused)))
        gone += unused
    return gone


def known_anywhere(connection: sa.Connection, sha256: str) -> bool:
    """Whether any organization has these bytes; for taking unclaimed bytes away. One look-up for each organization."""
    tables = organization.join(file, file.c.organization_id == organization.c.id)
    query = sa.select(file.c.size).select_from(tables).where(file.c.sha256 == sha256).limit(1)
    return connection.execute(query).first() is not None


def named_anywhere(connection: sa.Connection, hashes: Sequence[str]) -> set[str]:
    """Those of the bytes that any organization has. A few hundred at once; one look-up for each organization and hash."""
    tables = organization.join(file, file.c.organization_id == organization.c.id)
    query = sa.select(file.c.sha256).select_from(tables).where(file.c.sha256.in_(hashes))
    return set(connection.execute(query).scalars())
