"""Labels as lists of rows, one for each frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fiducial_server.db.label_rows import Place, bounded_row_count, label_rows, place_before
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.label import LabelFilter, LabelRow
from fiducial_server.services.label_part import LabelPart, require_label, row_of

_LIST = "labels"
MOST_OF_A_PAGE = 1000


class LabelLists(LabelPart):
    """Reading labels. A mark over a range of frames is one row for each frame, with an id that leads back to it."""

    def rows_at(self, actor: Actor, narrowing: LabelFilter, *, offset: int, limit: int) -> list[LabelRow]:
        """Rows ``offset`` to ``offset + limit`` of the list in order of creation, then of frames.

        Whoever walks the pages in order pays for each page what it holds, not what lies before it.
        """
        asked = _canonical(narrowing)
        with self._database.read(actor.organization_id) as scope:
            start = self._start(scope, actor, asked, offset)
            if offset and start is None:
                return []
            rows, last = label_rows(scope, asked, after=start, limit=limit)
        if last is not None:
            self._bookmarks.put(actor.organization_id, _LIST, asked, offset + len(rows), last.key())
        return rows

    def _start(self, scope: Scope, actor: Actor, asked: LabelFilter, offset: int) -> Place | None:
        if offset <= 0:
            return None
        key = self._bookmarks.get(actor.organization_id, _LIST, asked, offset)
        return Place.of(key) if key is not None else place_before(scope, asked, offset)

    def pages(self, actor: Actor, narrowing: LabelFilter, *, size: int = MOST_OF_A_PAGE) -> Iterator[list[LabelRow]]:
        """All rows in the same order, page by page; a label that comes meanwhile is on the last of them or missing."""
        asked, start = _canonical(narrowing), None
        while True:
            with self._database.read(actor.organization_id) as scope:
                rows, last = label_rows(scope, asked, after=start, limit=size)
            if rows:
                yield rows
            if len(rows) < size:
                return
            start = last

    def bounded_count(self, actor: Actor, narrowing: LabelFilter, at_most: int = 1_000) -> tuple[int, bool]:
        """(rows, True), or (``at_most``, False) when there are more."""
        with self._database.read(actor.organization_id) as scope:
            counted = bounded_row_count(scope, _canonical(narrowing), at_most)
        return (counted, True) if counted <= at_most else (at_most, False)

    def get_row(self, actor: Actor, label_id: str) -> LabelRow:
        """A deleted label is found too, and says so."""
        with self._database.read(actor.organization_id) as scope:
            return row_of(require_label(scope, label_id), label_id)


def _canonical(narrowing: LabelFilter) -> LabelFilter:
    """The same filter in one form: ids once and in order."""
    if narrowing.item_ids is None:
        return narrowing
    return replace(narrowing, item_ids=tuple(sorted(set(narrowing.item_ids))))
