"""Which statuses of the work are wanted."""

from __future__ import annotations

from dataclasses import dataclass

from fiducial_server.model.annotator import WorkStatus
from fiducial_server.model.progress import Progress, shown_as
from fiducial_server.model.project import TaskState
from fiducial_server.model.workflow import StatusWord, states_shown_as


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Every field narrows. ``annotator`` is an e-mail address."""

    item_id: str | None = None
    annotator: str | None = None
    word: StatusWord | None = None

    @property
    def progresses(self) -> list[Progress] | None:
        """What annotators' statuses may be; None: anything."""
        return None if self.word is None else shown_as(self.word)

    @property
    def states(self) -> list[TaskState]:
        """What the tasks' states may be, where a word is wanted."""
        return [] if self.word is None else states_shown_as(self.word)

    def wants(self, status: WorkStatus) -> bool:
        """The item is left to the reader of the rows."""
        return (self.annotator is None or status.annotator == self.annotator) and (
            self.word is None or status.word is self.word
        )
