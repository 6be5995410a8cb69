"""Assembling slices: goldens, every kind of irregularity, and any order of input."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, sin
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.media.base import Severity
from fiducial.media.dicom.series import SeriesLayout, SliceFacts, assemble

SPACING = (0.8, 0.5)


def stack(
    count: int = 6, step: tuple[float, float, float] = (0.0, 0.0, 2.5), turn: object = (1.0, 0, 0, 0, 1.0, 0)
) -> list[SliceFacts]:
    return [
        SliceFacts(
            position=tuple(o + k * s for o, s in zip((-100.0, -120.0, 50.0), step, strict=True)),  # type: ignore[arg-type]
            orientation=turn,  # type: ignore[arg-type]
            pixel_spacing=SPACING,
            rows=64,
            columns=32,
            frame_of_reference_uid="1.2",
            instance_number=count - k,  # reversed on purpose
            instance_uid=f"1.2.3.{k}",
        )
        for k in range(count)
    ]


def codes(layout: SeriesLayout) -> list[str]:
    return [f.code for f in layout.findings]


def test_golden_affine() -> None:
    layout = assemble(stack())
    assert layout.is_volume
    assert layout.refusal is None
    assert layout.order == tuple(range(6))
    assert layout.spacing_zyx_mm == (2.5, *SPACING)
    point = np.array(layout.voxel_to_patient) @ [10, 20, 3, 1]
    assert point[:3] == pytest.approx([-95, -104, 57.5], abs=1e-12)
    assert layout.findings == ()


def test_sagittal_slices_run_against_x() -> None:
    layout = assemble(stack(3, (4.0, 0, 0), (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)))
    assert layout.order == (2, 1, 0)


def test_golden_gantry_tilt() -> None:
    """15 degrees and a table step of 5 mm: 4.8296 mm along the normal, -1.2941 mm in the plane."""
    a = radians(15)
    layout = assemble(stack(5, (0.0, 0.0, 5.0), (1.0, 0.0, 0.0, 0.0, cos(a), -sin(a))))
    assert layout.is_volume
    (tilt,) = layout.findings
    assert (tilt.code, tilt.severity) == ("gantry-tilt", Severity.WARNING)
    assert tilt.evidence["angle_degrees"] == pytest.approx(15, abs=1e-9)
    assert tilt.evidence["spacing_along_normal_mm"] == pytest.approx(4.8296, abs=5e-5)
    assert tilt.evidence["shift_along_column_mm"] == pytest.approx(-1.2941, abs=5e-5)
    assert layout.spacing_zyx_mm is not None
    assert layout.spacing_zyx_mm[0] == pytest.approx(4.8296, abs=5e-5)
    assert np.array(layout.voxel_to_patient)[:3, 2] == pytest.approx([0, 0, 5])  # the shear is kept


def test_missing_slices_say_where() -> None:
    slices = stack(8)
    layout = assemble(slices[:3] + slices[5:])
    (finding,) = layout.findings
    assert (finding.code, finding.severity) == ("missing-slices", Severity.ERROR)
    assert finding.evidence["missing"] == 2
    assert finding.evidence["where"] == [{"after_slice": 2, "from_mm": 55.0, "to_mm": 62.5, "missing": 2}]
    assert not layout.is_volume
    assert layout.voxel_to_patient is None
    assert layout.spacing_zyx_mm == (None, *SPACING)
    assert "missing" in (layout.refusal or "")


def test_one_missing_slice_among_a_hundred_is_seen() -> None:
    slices = stack(100)
    assert codes(assemble(slices[:57] + slices[58:])) == ["missing-slices"]


def test_one_missing_slice_of_four_is_seen() -> None:
    slices = stack(4)
    assert codes(assemble([slices[0], slices[1], slices[3]])) == ["missing-slices"]


def test_uneven_spacing() -> None:
    slices = stack(6)
    moved = replace(slices[3], position=(-100.0, -120.0, 58.2))
    layout = assemble([*slices[:3], moved, *slices[4:]])
    assert codes(layout) == ["uneven-spacing"]
    assert layout.findings[0].evidence["smallest_gap_mm"] == pytest.approx(1.8)
    assert not layout.is_volume


def test_rounded_positions_are_not_uneven() -> None:
    slices = [replace(s, position=(-100.0, -120.0, round(k / 3, 2))) for k, s in enumerate(stack(40))]
    layout = assemble(slices)
    assert layout.is_volume
    assert layout.findings == ()


def test_a_slice_beside_the_line_is_seen() -> None:
    slices = stack(6)
    layout = assemble([*slices[:3], replace(slices[3], position=(-95.0, -120.0, 57.5)), *slices[4:]])
    assert codes(layout) == ["uneven-spacing"]
    assert "straight line" in layout.findings[0].message


def test_duplicate_slices() -> None:
    slices = stack(5)
    layout = assemble([*slices, replace(slices[2], instance_uid="1.2.3.99")])
    assert codes(layout) == ["duplicate-slices"]
    assert layout.findings[0].evidence["at"] == [2]
    assert not layout.is_volume
    assert [slices[i].position for i in layout.order if i < 5] == [s.position for s in slices]


@pytest.mark.parametrize("key", ["temporal_position", "echo_time", "b_value", "trigger_time", "acquisition_number"])
def test_time_points_are_told_apart(key: str) -> None:
    times = [
        [replace(s, instance_uid=f"{t}.{k}", **cast(Any, {key: float(t)})) for k, s in enumerate(stack(4))]
        for t in (3, 1)
    ]
    slices = [s for pair in zip(*times, strict=True) for s in pair]
    layout = assemble(slices)
    assert layout.is_volume
    assert (layout.time_points, layout.slice_count) == (2, 4)
    assert codes(layout) == ["mixed-time-points"]
    assert [getattr(slices[i], key) for i in layout.order] == [1.0] * 4 + [3.0] * 4
    assert [slices[i].position for i in layout.order] == [s.position for s in stack(4)] * 2


def test_blocks_of_instance_numbers_are_time_points_with_a_warning() -> None:
    slices = [
        replace(s, instance_number=1 + t * 4 + k, instance_uid=f"{t}.{k}")
        for t in range(3)
        for k, s in enumerate(stack(4))
    ]
    layout = assemble(slices[::-1])
    assert layout.time_points == 3
    assert layout.findings[0].severity is Severity.WARNING


def test_an_incomplete_time_point_is_refused() -> None:
    times = [[replace(s, instance_uid=f"{t}.{k}", echo_time=float(t)) for k, s in enumerate(stack(4))] for t in (1, 2)]
    layout = assemble([*times[0], *times[1][:3]])
    assert not layout.is_volume
    assert layout.findings[-1].severity is Severity.ERROR


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"frame_of_reference_uid": "9.9"}, "mixed-frame-of-reference"),
        ({"orientation": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)}, "mixed-orientation"),
        ({"rows": 128}, "mixed-size"),
        ({"pixel_spacing": (1.0, 1.0)}, "mixed-size"),
        ({"position": None}, "missing-position"),
        ({"orientation": (1.0, 0.0, 0.0, 0.5, 0.5, 0.0)}, "invalid-orientation"),
        ({"frame_count": 3}, "multi-frame-in-series"),
    ],
)
def test_what_forbids_one_grid(change: dict[str, object], code: str) -> None:
    slices = stack(4)
    layout = assemble([*slices[:3], replace(slices[3], **change)])  # type: ignore[arg-type]
    assert code in codes(layout)
    assert not layout.is_volume
    assert sorted(layout.order) == [0, 1, 2, 3]


def test_slopes_that_differ_are_told() -> None:
    slices = [replace(s, slope=1.0 + k) for k, s in enumerate(stack(3))]
    layout = assemble(slices)
    assert layout.is_volume
    assert codes(layout) == ["varying-slope"]


def test_orientations_within_the_tolerance_are_one() -> None:
    slices = stack(4)
    near = replace(slices[1], orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0005))
    assert assemble([slices[0], near, *slices[2:]]).is_volume


def test_no_slice_and_one_slice() -> None:
    assert assemble([]).order == ()
    alone = assemble(stack(1))
    assert not alone.is_volume
    assert alone.voxel_to_patient is not None
    assert "single" in (alone.refusal or "")


@given(st.permutations(range(9)))
def test_any_order_of_input_gives_the_same_layout(order: list[int]) -> None:
    slices = stack(9, (0.3, -0.2, 2.0))
    plain, shuffled = assemble(slices), assemble([slices[i] for i in order])
    assert [order[i] for i in shuffled.order] == list(plain.order)
    assert replace(shuffled, order=()) == replace(plain, order=())


@given(st.permutations(range(10)), st.sampled_from(["gap", "twice", "turned", "lost"]))
def test_any_order_of_faulty_input_gives_the_same_layout(order: list[int], fault: str) -> None:
    slices = stack(11)
    slices = slices[:4] + slices[5:] if fault == "gap" else slices[:10]
    if fault == "twice":
        slices[7] = replace(slices[6], instance_uid="1.2.3.77")
    if fault == "turned":
        slices[7] = replace(slices[7], orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0))
    if fault == "lost":
        slices[7] = replace(slices[7], position=None)
    plain, shuffled = assemble(slices), assemble([slices[i] for i in order])
    assert [order[i] for i in shuffled.order] == list(plain.order)
    assert replace(shuffled, order=()) == replace(plain, order=())


@given(
    st.floats(-3, 3), st.floats(-1.2, 1.2), st.floats(0.2, 9.0), st.floats(0.1, 3.0), st.integers(2, 30),
    st.tuples(*[st.floats(-500, 500)] * 3),
)  # fmt: skip
def test_any_oblique_grid_is_recovered(
    turn: float, lean: float, step: float, pixel: float, count: int, origin: tuple[float, float, float]
) -> None:
    row = np.array([cos(turn), sin(turn), 0.0])
    column = np.array([-sin(turn) * cos(lean), cos(turn) * cos(lean), sin(lean)])
    normal = np.cross(row, column)
    slices = [
        SliceFacts(
            position=tuple((np.array(origin) + k * step * normal).tolist()),
            orientation=(*row.tolist(), *column.tolist()),
            pixel_spacing=(pixel, 2 * pixel),
            rows=4,
            columns=4,
            instance_uid=str(k),
        )
        for k in range(count)
    ]
    layout = assemble(slices[::-1])
    assert layout.is_volume
    assert layout.order == tuple(range(count - 1, -1, -1))
    voxel = np.array([3, 2, count - 1, 1])
    expected = np.array(origin) + 3 * 2 * pixel * row + 2 * pixel * column + (count - 1) * step * normal
    assert (np.array(layout.voxel_to_patient) @ voxel)[:3] == pytest.approx(expected, abs=1e-6)
