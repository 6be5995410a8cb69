"""Dividing items into training, validation and test sets so that nobody is in two of them.

Items that share a patient, a study, a series or the very same bytes belong together and are never separated, however
the
sharing chains (A and B the same patient, B and C the same file: all three stay together).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fiducial.errors import Invalid

SplitBy = Literal["patient", "study", "item"]
DEFAULT_FRACTIONS: Mapping[str, float] = {"train": 0.7, "val": 0.15, "test": 0.15}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known about whose image an item is. Empty texts count as unknown."""

    item_id: str
    patient_id: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """Which item is in which set. The same items, seed and fractions always give the same split, in any order given."""

    members: Mapping[str, tuple[str, ...]]
    """Set name -> item ids, sorted."""
    by: SplitBy
    seed: int
    fractions: Mapping[str, float]
    unknown_patients: tuple[str, ...]
    """Items without a patient id: they were kept with their study, series and equal files only."""
    hash: str
    """SHA-256 of the assignment: quote it to say which split a result belongs to."""

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self.members[name]

    def of(self, item_id: str) -> str:
        """The set that holds the item; KeyError when none does."""
        for name, members in self.members.items():
            if item_id in members:
                return name
        raise KeyError(item_id)


def split_subjects(
    subjects: Sequence[Subject],
    by: SplitBy = "patient",
    seed: int = 0,
    fractions: Mapping[str, float] | None = None,
) -> Split:
    """Assign every subject to one set; groups are never divided, so sizes meet the fractions as nearly as groups allow.

    ``fractions`` are positive and add up to 1. Groups are taken in an order drawn from ``seed``, each to the set that
    is
    furthest below its share. ``by="item"`` separates items freely except equal bytes; ``"study"`` keeps studies
    together.
    """
    shares = _checked(DEFAULT_FRACTIONS if fractions is None else fractions)
    if by not in ("patient", "study", "item"):
        raise Invalid(f"by must be 'patient', 'study' or 'item', not {by!r}", field="by")
    if len({s.item_id for s in subjects}) != len(subjects):
        raise Invalid("an item is given twice", field="subjects")
    members: dict[str, list[str]] = {name: [] for name in shares}
    for group in sorted(_groups(subjects, by), key=lambda g: _rank(seed, g)):
        target = max(shares, key=lambda name: shares[name] * len(subjects) - len(members[name]))
        members[target].extend(group)
    frozen = {name: tuple(sorted(ids)) for name, ids in members.items()}
    unknown = tuple(sorted(s.item_id for s in subjects if not s.patient_id)) if by == "patient" else ()
    digest = hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()
    return Split(frozen, by, seed, dict(shares), unknown, digest)


def _checked(fractions: Mapping[str, float]) -> Mapping[str, float]:
    if not fractions or any(not 0 < share <= 1 for share in fractions.values()):
        raise Invalid(f"fractions must be in (0, 1], not {dict(fractions)}", field="fractions")
    if abs(sum(fractions.values()) - 1) > 1e-6:
        raise Invalid(f"fractions must add up to 1, not {sum(fractions.values()):g}", field="fractions")
    return fractions


def _ties(subject: Subject, by: SplitBy) -> Iterable[str]:
    """Names of everything that ties this item to others."""
    if subject.content_hash:
        yield f"bytes {subject.content_hash}"
    if by == "item":
        return
    for kind, value in (("study", subject.study_uid), ("series", subject.series_uid)):
        if value:
            yield f"{kind} {value}"
    if by == "patient" and subject.patient_id:
        yield f"patient {subject.patient_id}"


def _groups(subjects: Sequence[Subject], by: SplitBy) -> list[tuple[str, ...]]:
    """Connected components of "shares a tie with"."""
    parent: dict[str, str] = {s.item_id: s.item_id for s in subjects}

    def root(item: str) -> str:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    first: dict[str, str] = {}
    for subject in subjects:
        for tie in _ties(subject, by):
            parent[root(subject.item_id)] = root(first.setdefault(tie, subject.item_id))
    groups: dict[str, list[str]] = {}
    for subject in subjects:
        groups.setdefault(root(subject.item_id), []).append(subject.item_id)
    return [tuple(sorted(group)) for group in groups.values()]


def _rank(seed: int, group: tuple[str, ...]) -> bytes:
    return hashlib.sha256(f"{seed}\n{group[0]}".encode()).digest()
