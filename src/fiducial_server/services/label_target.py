"""Where a label goes: which project, annotation set and ontology."""

from __future__ import annotations

from dataclasses import dataclass, field

from fiducial.errors import Invalid, NotFound
from fiducial_server.db.annotation_sets import find_annotation_set
from fiducial_server.db.datasets import project_data_rows, project_ids_with_item
from fiducial_server.db.items import facts_of
from fiducial_server.services.change import Change
from fiducial_server.services.feature_book import FeatureBook, unsorted_ontology
from fiducial_server.services.project_part import require_open_project, require_set


@dataclass(frozen=True, slots=True)
class Target:
    """No project and no set: the organization's ontology of unsorted labels."""

    book: FeatureBook
    project_id: str | None = None
    set_id: str | None = None
    set_name: str | None = None


@dataclass(slots=True)
class Targets:
    """Targets for labels of one item during one change; each is looked up once."""

    change: Change
    item_id: str
    _found: dict[tuple[str | None, str | None], Target] = field(default_factory=dict)
    _books: dict[str, FeatureBook] = field(default_factory=dict)

    def of(self, set_id: str | None, project_id: str | None) -> Target:
        """A named set, or a project's main set, or, when neither is named, the only project that has the item.

        An item in no project, or in several, has its label unsorted. Invalid when the project lacks the item.
        """
        key = (set_id, project_id)
        if key not in self._found:
            self._found[key] = self._look_up(set_id, project_id)
        return self._found[key]

    def _look_up(self, set_id: str | None, project_id: str | None) -> Target:
        if set_id is None and project_id is None:
            homes = project_ids_with_item(self.change.scope, self.item_id)
            return self._in_project(homes[0], None) if len(homes) == 1 else self.unsorted()
        if set_id is None:
            assert project_id is not None
            return self._in_project(project_id, None)
        of_set = require_set(self.change.scope, set_id)
        if project_id not in (None, of_set.project_id):
            raise Invalid(f"annotation set {of_set.name!r} is not of project {project_id}", field="annotation_set_id")
        return self._in_project(of_set.project_id, set_id)

    def _in_project(self, project_id: str, set_id: str | None) -> Target:
        scope = self.change.scope
        project = require_open_project(scope, project_id)
        if not project_data_rows(scope, project_id, [self.item_id]):
            raise Invalid(f"Resource {self.item_id} is not in project {project.name!r}", field="project_id")
        chosen = set_id or project.annotation_set_id
        of_set = find_annotation_set(scope, chosen)
        name = of_set.name if of_set else None
        return Target(self._book(project.ontology_id, project.locked_ontology), project_id, chosen, name)

    def unsorted(self) -> Target:
        return Target(self._book(unsorted_ontology(self.change.scope, self.change.actor, self.change.at), False))

    def _book(self, ontology_id: str, locked: bool) -> FeatureBook:
        if ontology_id not in self._books:
            self._books[ontology_id] = FeatureBook(self.change.scope, ontology_id, self.change.at, locked)
        return self._books[ontology_id]


def require_live_item(change: Change, item_id: str) -> None:
    """Once more inside the transaction: the item is there, and was not deleted meanwhile."""
    row = facts_of(change.scope, [item_id], "deleted_at").get(item_id)
    if row is None or row.deleted_at is not None:
        raise NotFound(f"Resource {item_id} not found", item_id=item_id)
