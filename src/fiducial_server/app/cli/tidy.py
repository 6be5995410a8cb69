"""``fiducial admin tidy``: stored bytes that nothing names."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fiducial_server.app.cli import options as o
from fiducial_server.app.cli.desk import opened

if TYPE_CHECKING:
    from fiducial_server.services.maintenance import Leftover

Yes = Annotated[bool, typer.Option("--yes", help="Delete them; without it they are only listed")]
OlderThan = Annotated[
    float, typer.Option("--older-than-hours", help="Leave what was stored later than that; at least 1")
]


def tidy(
    *,
    yes: Yes = False,
    older_than_hours: OlderThan = 24,
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    storage_url: o.StorageUrl = None,
    as_json: o.AsJson = False,
) -> None:
    """List stored bytes that no item, label or thumbnail of any organization names; --yes deletes them, and lists what went.

    A server that was killed leaves them, between storing bytes and naming them. Servers may run meanwhile.
    """
    from fiducial_server.services.maintenance import Maintenance
    from fiducial_server.storage.registry import open_store

    with o.telling_errors():
        settings = o.settings_from(data_dir=data_dir, database_url=database_url, storage_url=storage_url)
    with opened(settings) as database:
        store = open_store(settings.storage, settings.data_dir.resolve() / "spool")
        try:
            work = Maintenance(database, store)
            found = (work.tidy if yes else work.leftovers)(older_than_hours=older_than_hours)
            o.show_all(map(_row, found)) if as_json else _print(found, yes)
        finally:
            store.close()


def _print(found: Iterable[Leftover], deleted: bool) -> None:
    """Row by row as they are found, the totals last."""
    count = size = 0
    for one in found:
        print("  ".join(map(str, _row(one).values())))
        count, size = count + 1, size + one.size
    print(f"{count} objects, {size} bytes{' deleted' if deleted else ' that nothing names' if count else ''}")
    if count and not deleted:
        print("--yes deletes them", file=sys.stderr)


def _row(one: Leftover) -> dict[str, Any]:
    from fiducial_server.model.times import to_iso

    return {"sha256": one.sha256, "size": one.size, "stored_at": to_iso(one.stored_at)}
