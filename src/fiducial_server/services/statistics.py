"""Counts of the work: by annotator, by what was annotated, and by file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from fiducial_server.db import statistics as counts
from fiducial_server.db.annotator_statuses import annotator_statuses_of
from fiducial_server.db.datasets import datasets_of_project
from fiducial_server.db.scope import Scope
from fiducial_server.db.set_annotators import annotators_of_project, annotators_of_set
from fiducial_server.db.tasks import item_count, tasks_of_items
from fiducial_server.model.actor import Actor
from fiducial_server.model.annotator import AnnotatorStatus
from fiducial_server.model.item import Item
from fiducial_server.model.label import LabelKind
from fiducial_server.model.page import Key
from fiducial_server.model.progress import MOST_REVIEWS, Progress, least_advanced, shown
from fiducial_server.model.project import Task
from fiducial_server.model.statistic import AnnotationStatistic, AnnotatorStatistic, Cell, FileStatistic, Person, Place
from fiducial_server.model.workflow import RANK, StatusWord, work_status
from fiducial_server.services.datasets import MOST_ITEMS, items_page
from fiducial_server.services.people import email_of, require_person
from fiducial_server.services.project_part import ProjectPart, require_project, require_set

Kinds = counts.Kinds


class Statistics(ProjectPart):
    """Statistics of projects and annotation sets. ``kinds`` names, for each kind of label, what it is counted as."""

    def place_of_set(self, actor: Actor, set_id: str) -> Place:
        with self._database.read(actor.organization_id) as scope:
            return Place(require_set(scope, set_id).project_id, set_id)

    def annotator_statistics(
        self, actor: Actor, place: Place, kinds: Kinds, *, person: str | None = None
    ) -> list[AnnotatorStatistic]:
        """Everybody who is to annotate, has begun, or has made an annotation, in order of e-mail address.

        ``person`` (user id or e-mail address) narrows to one; whoever is none of these is not listed.
        """
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, place.project_id)
            return _annotators(scope, place, kinds, email_of(scope, person) if person else None)

    def annotator_progress(
        self, actor: Actor, place: Place, person: str, kinds: Kinds
    ) -> tuple[AnnotatorStatistic, int]:
        """One user's statistic, which may be all zeros, and how many items there are; NotFound for no user."""
        with self._database.read(actor.organization_id) as scope:
            project = require_project(scope, place.project_id, counts=True)
            user = require_person(scope, person)
            found = _annotators(scope, place, kinds, user.email)
            set_id = place.annotation_set_id
            items = project.item_count if set_id is None else item_count(scope, set_id)
        known = Person(user.email, user.id, user.firstname, user.lastname)
        return (found[0] if found else AnnotatorStatistic(known, {}, 0, 0, {}, 0, None)), items

    def annotation_statistics(self, actor: Actor, place: Place, kinds: Kinds) -> list[AnnotationStatistic]:
        """What was annotated: one entry for each identifier and kind, in that order."""
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, place.project_id)
            values: dict[tuple[str, str], dict[str, int]] = {}
            for identifier, value, number in counts.by_value(scope, place):
                values.setdefault((identifier, kinds[LabelKind.CATEGORY]), {})[value] = number
            found = counts.by_identifier(scope, place, kinds)
        return [replace(one, values=values.get((one.identifier, one.kind), {})) for one in found]

    def file_statistics(self, actor: Actor, project_id: str) -> Iterator[Sequence[FileStatistic]]:
        """Items of the project with everybody's work on them, page by page; NotFound comes with the first page."""
        after: Key | None = None
        while True:
            with self._database.read(actor.organization_id) as scope:
                require_project(scope, project_id)
                page = items_page(scope, datasets_of_project(scope, project_id), after=after, limit=MOST_ITEMS)
                found = _files(scope, Place(project_id), page.rows)
            yield found
            if page.next_key is None:
                return
            after = page.next_key


# -- by annotator -----------------------------------------------------------------------------------------------------


def _annotators(scope: Scope, place: Place, kinds: Kinds, email: str | None) -> list[AnnotatorStatistic]:
    made = counts.by_author(scope, place, kinds, email)
    said = counts.by_status(scope, place, email)
    emails = {row[0] for row in made} | {row[0] for row in said} | _asked(scope, place, email)
    items, begun = counts.items_by_author(scope, place, email), counts.begun_items(scope, place, email)
    active = _latest(
        {row[0]: max(other[4] for other in made if other[0] == row[0]) for row in made},
        counts.last_edits(scope, place, email),
        counts.last_said(scope, place),
    )
    people = counts.people(scope, sorted(emails))
    return [
        AnnotatorStatistic(
            person=people.get(one, Person(one)),
            annotations={kind: number for author, kind, number, _, _ in made if author == one},
            by_models=sum(number for author, _, _, number, _ in made if author == one),
            labelled_items=items.get(one, 0),
            statuses=_by_word((progress, number) for annotator, progress, number in said if annotator == one),
            begun_items=begun.get(one, 0),
            last_activity=active.get(one),
        )
        for one in sorted(emails)
    ]


def _asked(scope: Scope, place: Place, email: str | None) -> set[str]:
    """Who is an annotator there, whether they have begun or not."""
    if place.annotation_set_id is not None:
        found = annotators_of_set(scope, place.annotation_set_id)
    else:
        found = annotators_of_project(scope, place.project_id)
    return {one.email for one in found if email in (None, one.email)}


def _by_word(found: Iterator[tuple[Progress, int]]) -> dict[StatusWord, int]:
    words: dict[StatusWord, int] = {}
    for progress, number in found:
        words[shown(progress)] = words.get(shown(progress), 0) + number
    return words


def _latest(*moments: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in moments:
        for email, at in one.items():
            found[email] = max(at, found.get(email, at))
    return found


# -- by file ----------------------------------------------------------------------------------------------------------


def _files(scope: Scope, place: Place, items: Sequence[Item]) -> list[FileStatistic]:
    ids = [item.id for item in items]
    cells: dict[str, dict[str, Cell]] = {one: {} for one in ids}
    for item_id, author, number, at in counts.by_item(scope, place, ids):
        cells[item_id][author] = Cell(author, None, number, at)
    statuses = sorted(annotator_statuses_of(scope, place, ids), key=attrgetter("item_id", "annotator"))
    for (item_id, annotator), rows in groupby(statuses, key=attrgetter("item_id", "annotator")):
        cells[item_id][annotator] = _with_status(cells[item_id].get(annotator), annotator, list(rows))
    tasks = _least_advanced(tasks_of_items(scope, place, ids))
    return [
        FileStatistic(
            item.id,
            item.name,
            work_status(tasks[item.id]) if item.id in tasks else None,
            [cells[item.id][email] for email in sorted(cells[item.id])],
        )
        for item in items
    ]


def _with_status(cell: Cell | None, annotator: str, rows: Sequence[AnnotatorStatus]) -> Cell:
    """Of several sets, the one in which the annotator is least advanced counts."""
    _, word = least_advanced((row.progress for row in rows), waiting=False, reviews=MOST_REVIEWS)
    at = max(row.updated_at for row in rows)
    return Cell(annotator, word, cell.annotations if cell else 0, max(at, (cell.last_activity or 0) if cell else 0))


def _least_advanced(tasks: Sequence[Task]) -> dict[str, Task]:
    found: dict[str, Task] = {}
    for task in tasks:
        if task.item_id not in found or RANK[task.state] < RANK[found[task.item_id].state]:
            found[task.item_id] = task
    return found
