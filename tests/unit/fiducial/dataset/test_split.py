"""Nobody is in two sets, whatever the items look like."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.dataset import Subject, split_subjects
from fiducial.errors import Invalid

names = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "d", "e"]))


@st.composite
def subject_lists(draw: st.DrawFn) -> list[Subject]:
    count = draw(st.integers(0, 40))
    return [
        Subject(
            f"item{n}", draw(names), draw(names), draw(names), draw(st.one_of(st.none(), st.integers(0, 30).map(str)))
        )
        for n in range(count)
    ]


@given(subject_lists(), st.integers(0, 5))
def test_no_tie_crosses_a_split(subjects: list[Subject], seed: int) -> None:
    split = split_subjects(subjects, "patient", seed)
    for field in ("patient_id", "study_uid", "series_uid", "content_hash"):
        where: dict[str, str] = {}
        for subject in subjects:
            value = getattr(subject, field)
            if value is not None:
                assert where.setdefault(value, split.of(subject.item_id)) == split.of(subject.item_id)


@given(subject_lists(), st.integers(0, 5), st.randoms())
def test_every_item_once_and_order_does_not_matter(subjects: list[Subject], seed: int, shuffler: random.Random) -> None:
    split = split_subjects(subjects, seed=seed)
    assert sorted(i for ids in split.members.values() for i in ids) == sorted(s.item_id for s in subjects)
    again = list(subjects)
    shuffler.shuffle(again)
    assert split_subjects(again, seed=seed).hash == split.hash


def test_sizes_meet_the_fractions() -> None:
    subjects = [Subject(f"i{n}", patient_id=f"p{n // 2}") for n in range(1000)]
    split = split_subjects(subjects, seed=3, fractions={"train": 0.8, "test": 0.2})
    assert abs(len(split["train"]) - 800) <= 2
    assert split_subjects(subjects, seed=4, fractions={"train": 0.8, "test": 0.2}).hash != split.hash


def test_a_chain_of_ties_stays_together() -> None:
    chain = [
        Subject("a", patient_id="p"),
        Subject("b", patient_id="p", content_hash="h"),
        Subject("c", content_hash="h"),
    ]
    others = [Subject(f"o{n}", patient_id=f"q{n}") for n in range(20)]
    split = split_subjects([*chain, *others], seed=1)
    assert len({split.of(name) for name in "abc"}) == 1
    assert split.unknown_patients == ("c",)


@pytest.mark.parametrize("fractions", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": 0.0, "b": 1.0}])
def test_fractions_are_checked(fractions: dict[str, float]) -> None:
    with pytest.raises(Invalid):
        split_subjects([], fractions=fractions)
