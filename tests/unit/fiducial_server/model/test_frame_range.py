"""Arithmetic of frame ranges, against sets of frames."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fiducial_server.model.frame_range import carve, cut, frame_total, merged, offset_of, subtract
from fiducial_server.model.ids import frame_id, new_id
from fiducial_server.model.label import Mark

ranges = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8
)


def frames_of(given_ranges: object) -> set[int]:
    return {frame for start, end in given_ranges for frame in range(start, end + 1)}  # type: ignore[attr-defined]


@given(ranges)
def test_merged_has_the_same_frames_in_ranges_that_do_not_meet(some: list[tuple[int, int]]) -> None:
    result = merged(some)
    assert frames_of(result) == frames_of(some)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(result))


@given(ranges, ranges)
def test_subtract_is_the_difference(some: list[tuple[int, int]], gone: list[tuple[int, int]]) -> None:
    assert frames_of(subtract(some, gone)) == frames_of(some) - frames_of(gone)


@given(st.integers(0, 30), st.integers(0, 30), st.sets(st.integers(0, 30)), st.integers(0, 5))
def test_carving_keeps_the_id_of_every_frame(start: int, more: int, offsets: set[int], own: int) -> None:
    mark = Mark(frame_id(new_id(), own), start, start + more)
    before = {start + place: frame_id(mark.id, own + place) for place in range(frame_total(mark))}
    kept, taken = carve(mark, (one for one in offsets if one <= more))
    after = {}
    for part in (*kept, *taken):
        for place in range(frame_total(part)):
            one = cut(part, place, place)
            assert one.frame_start == one.frame_end
            after[one.frame_start] = one.id
            assert offset_of(part, one.id) == place
    assert after == before
    assert frames_of((one.frame_start, one.frame_end) for one in taken) == {
        start + one for one in offsets if one <= more
    }


def test_a_mark_over_the_whole_item_is_one_piece() -> None:
    mark = Mark(new_id())
    assert carve(mark, [0]) == ((), (mark,))
    assert carve(mark, []) == ((mark,), ())
    assert offset_of(mark, mark.id) == 0
    assert offset_of(mark, frame_id(mark.id, 1)) is None
