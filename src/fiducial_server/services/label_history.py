"""What a label was before it was what it is."""

from __future__ import annotations

from fiducial_server.db.revisions import revisions_of
from fiducial_server.model.actor import Actor
from fiducial_server.model.revision import Revision
from fiducial_server.services.label_part import LabelPart, require_label


class LabelHistory(LabelPart):
    """Reading the history of labels; nothing here or elsewhere changes it."""

    def history(self, actor: Actor, label_id: str) -> list[Revision]:
        """Every change of the label that shows ``label_id``, the oldest first.

        A frame that was cut out of a longer label begins with its own creation; the longer one's history says when.
        """
        with self._database.read(actor.organization_id) as scope:
            return revisions_of(scope, require_label(scope, label_id).id)
