"""Validation studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fiducial.errors import Conflict, Invalid, NotFound
from fiducial_server.db import invitations as invitation_rows
from fiducial_server.db import studies as rows
from fiducial_server.db import users as user_rows
from fiducial_server.db.datasets import missing_items, project_data_rows
from fiducial_server.db.engine import Database
from fiducial_server.db.scope import Scope
from fiducial_server.model.actor import Actor
from fiducial_server.model.ids import new_id
from fiducial_server.model.invitation import Invited, NewInvitation
from fiducial_server.model.names import checked_name, checked_text
from fiducial_server.model.page import Key, Page
from fiducial_server.model.study import NewStudy, Reader, ReaderTasks, StudyStatus, ValidationStudy
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services.bookmarks import Bookmarks
from fiducial_server.services.change import Change
from fiducial_server.services.invitations import PROJECT_ROLES, Invitations, Place, checked_invitation, join
from fiducial_server.services.project_part import ProjectPart, only_known, require_open_project

MOST_READERS = 500
LARGEST_VERSION = 2**31 - 1
"""What the database's integers hold."""
_CHANGEABLE = frozenset({"name", "description", "status"})
_NEXT = {StudyStatus.DRAFT: StudyStatus.ACTIVE, StudyStatus.ACTIVE: StudyStatus.COMPLETED}


class Studies(ProjectPart):
    """What people do with validation studies."""

    def __init__(
        self, database: Database, bookmarks: Bookmarks, invitations: Invitations, clock: Clock = now_us
    ) -> None:
        super().__init__(database, bookmarks, clock)
        self._invitations = invitations

    def page_at(self, actor: Actor, *, offset: int, limit: int) -> Page[ValidationStudy]:
        """In order of creation."""
        organization_id = actor.organization_id
        after = self._bookmarks.get(organization_id, "studies", None, offset) if offset else None
        with self._database.read(organization_id) as scope:
            found = rows.study_page(scope, after=after, offset=0 if after else offset, limit=limit + 1)
        page = found[:limit]
        key: Key | None = (page[-1].created_at, page[-1].id) if page and len(found) > limit else None
        if key is not None:
            self._bookmarks.put(organization_id, "studies", None, offset + len(page), key)
        return Page(page, key)

    def get(self, actor: Actor, study_id: str) -> ValidationStudy:
        with self._database.read(actor.organization_id) as scope:
            return require_study(scope, study_id)

    def create(self, actor: Actor, project_id: str, new: NewStudy, *, origin: str = "datamint") -> ValidationStudy:
        """A draft. Its items must be in the project: readers label there."""
        actor.require_writer("make validation studies")
        _check_tasks(new.reader_tasks)
        version = new.model_version
        if version is not None and not 0 <= version <= LARGEST_VERSION:
            raise Invalid(f"model_version is {version}, out of range", field="model_version")

        def work(change: Change) -> ValidationStudy:
            require_open_project(change.scope, project_id)
            made = ValidationStudy(
                id=new_id(),
                project_id=project_id,
                name=checked_name(new.name, "name"),
                model_name=checked_name(new.model_name, "model_name"),
                model_version=version,
                description=None if new.description is None else checked_text(new.description, "description"),
                reader_tasks=new.reader_tasks.to_json(),
                status=StudyStatus.DRAFT,
                created_at=change.at,
                created_by=actor.email,
                updated_at=change.at,
                item_ids=_in_project(change.scope, project_id, new.item_ids),
            )
            rows.insert_study(change.scope, made)
            details = {"name": made.name, "model": made.model_name, "items": len(made.item_ids)}
            change.record("study.create", made.id, details, project_id=project_id)
            return made

        return self._change(actor, origin, work)

    def patch(
        self, actor: Actor, study_id: str, changes: Mapping[str, Any], *, origin: str = "datamint"
    ) -> ValidationStudy:
        """Keys: name, description, status (``draft`` to ``active`` to ``completed``, never back)."""
        actor.require_writer("change validation studies")
        only_known(changes, _CHANGEABLE)

        def work(change: Change) -> ValidationStudy:
            before = require_study(change.scope, study_id, lock=True)
            require_open_project(change.scope, before.project_id)
            after = _patched(before, changes)
            differing = {n: getattr(after, n) for n in _CHANGEABLE if getattr(after, n) != getattr(before, n)}
            if differing:
                rows.update_study(change.scope, study_id, {**differing, "updated_at": change.at})
                change.record("study.update", study_id, {"changed": sorted(differing)}, project_id=before.project_id)
            return require_study(change.scope, study_id)

        return self._change(actor, origin, work)

    def set_items(self, actor: Actor, study_id: str, item_ids: Sequence[str], *, origin: str = "datamint") -> None:
        """These items instead of those there are; Conflict when the study is no draft any more."""
        actor.require_writer("change validation studies")

        def work(change: Change) -> None:
            study = require_study(change.scope, study_id, lock=True)
            require_open_project(change.scope, study.project_id)
            if study.status is not StudyStatus.DRAFT:
                raise Conflict(f"the study {study.name!r} is {study.status}: only a draft takes other resources")
            wanted = _in_project(change.scope, study.project_id, item_ids)
            if wanted == study.item_ids:
                return
            rows.replace_items(change.scope, study_id, wanted)
            rows.update_study(change.scope, study_id, {"updated_at": change.at})
            change.record("study.items", study_id, {"items": len(wanted)}, project_id=study.project_id)

        self._change(actor, origin, work)

    def add_readers(
        self, actor: Actor, study_id: str, readers: Sequence[Reader], *, origin: str = "datamint"
    ) -> list[Invited]:
        """Readers become members of the project; those who are no users are invited, which needs an administrator.

        Who has an open invitation keeps its link, and becomes a member here too when they accept. All or nothing.
        """
        actor.require_writer("add readers")
        if len(readers) > MOST_READERS:
            raise Invalid(f"readers has {len(readers)} entries; at most {MOST_READERS}", field="readers")
        asked = [checked_invitation(NewInvitation(one.email, one.firstname, one.lastname)) for one in readers]
        wanted = list({one.email: one for one in reversed(asked)}.values())[::-1]  # the first of several wins
        self._invitations.refuse_foreign(actor, [one.email for one in wanted])

        def work(change: Change) -> list[Invited]:
            study = require_study(change.scope, study_id, lock=True)
            require_open_project(change.scope, study.project_id)
            known = {one.email for one in study.readers}
            made = [Reader(one.email, one.firstname, one.lastname) for one in wanted if one.email not in known]
            rows.insert_readers(change.scope, study_id, made, at=change.at, by=actor.email)
            outcome = [self._reader(change, study, one) for one in wanted]
            if made:
                details = {"readers": [one.email for one in made]}
                change.record("study.readers", study_id, details, project_id=study.project_id)
            return outcome

        return self._change(actor, origin, work)

    def _reader(self, change: Change, study: ValidationStudy, wanted: NewInvitation) -> Invited:
        user = user_rows.find(change.scope, wanted.email)
        if user is not None:
            return Invited(user.email, member=join(change, user, study.project_id, PROJECT_ROLES))
        waiting = invitation_rows.open_invitations(change.scope, change.at, email=wanted.email)
        if waiting:
            return Invited(wanted.email, waiting[0])
        change.actor.require_admin(f"invite {wanted.email}, who is no user")
        return self._invitations.send(change, wanted, Place(study.project_id, None))


def require_study(scope: Scope, study_id: str, *, lock: bool = False) -> ValidationStudy:
    found = rows.find_study(scope, study_id, lock=lock)
    if found is None:
        raise NotFound(f"Validation study {study_id} not found", study_id=study_id)
    return found


def _check_tasks(tasks: ReaderTasks) -> None:
    """Something is asked of the readers, and items are kept apart only between two tasks."""
    judged, labelled = tasks.evaluate_ai_output, tasks.provide_annotations
    if not (judged.enabled or labelled.enabled):
        raise Invalid("reader_tasks: at least one of the two tasks must be enabled", field="reader_tasks")
    field = "reader_tasks.provide_annotations.segregate_count"
    count = labelled.segregate_count
    if count is None:
        return
    if not (judged.enabled and labelled.enabled):
        raise Invalid(f"{field} means something only when both tasks are enabled", field=field)
    if count < 0:
        raise Invalid(f"{field} is {count}, and cannot be negative", field=field)


def _in_project(scope: Scope, project_id: str, item_ids: Sequence[str]) -> tuple[str, ...]:
    """Each once, in order; NotFound names those that are not in the project."""
    wanted = tuple(dict.fromkeys(item_ids))
    if not wanted:
        return ()
    there, gone = project_data_rows(scope, project_id, wanted), set(missing_items(scope, wanted))
    missing = [one for one in wanted if one not in there or one in gone]
    if missing:
        raise NotFound(f"Resource not found in the project: {', '.join(missing[:10])}", missing=missing)
    return wanted


def _patched(before: ValidationStudy, changes: Mapping[str, Any]) -> ValidationStudy:
    after = before
    if changes.get("name") is not None:
        after = replace(after, name=checked_name(changes["name"], "name"))
    if "description" in changes:
        text = changes["description"]
        after = replace(after, description=text if text is None else checked_text(text, "description"))
    word = changes.get("status")
    if word is None or word == before.status:
        return after
    if word not in frozenset(StudyStatus):
        raise Invalid(f"status must be one of {', '.join(StudyStatus)}, not {str(word)[:80]!r}", field="status")
    if _NEXT.get(before.status) != word:
        raise Conflict(f"a study that is {before.status} cannot become {word}")
    return replace(after, status=StudyStatus(word))
