"""What reviewers and annotators said to each other when a status moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fiducial_server.db.review_messages import review_message_page
from fiducial_server.model.actor import Actor
from fiducial_server.model.page import Key
from fiducial_server.model.review import ReviewFilter, ReviewMessage
from fiducial_server.model.workflow import status_word
from fiducial_server.services.people import email_of
from fiducial_server.services.project_part import ProjectPart, require_project

AT_ONCE = 1000


class Reviews(ProjectPart):
    """Review messages of projects; they are written by :class:`~fiducial_server.services.annotator_statuses`."""

    def review_messages(
        self,
        actor: Actor,
        project_id: str,
        *,
        annotator: str | None = None,
        item_id: str | None = None,
        statuses: Sequence[str] = (),
    ) -> Iterator[Sequence[ReviewMessage]]:
        """Page by page, in the order in which they were said; NotFound comes with the first page.

        ``annotator`` (user id or e-mail address) is whose work they are about.
        """
        words = tuple(status_word(one) for one in statuses) or None
        with self._database.read(actor.organization_id) as scope:
            require_project(scope, project_id)
            email = email_of(scope, annotator) if annotator else None
        narrowing = ReviewFilter(email, item_id, words)
        after: Key | None = None
        while True:
            with self._database.read(actor.organization_id) as scope:
                page = review_message_page(scope, project_id, narrowing, after=after, limit=AT_ONCE)
            yield page
            if len(page) < AT_ONCE:
                return
            after = (page[-1].created_at, page[-1].id)
