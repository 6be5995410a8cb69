"""The steps of :func:`fiducial.media.dicom.series.assemble`, each with its own findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fiducial.media.base import Finding, Severity
from fiducial.media.dicom.functional_groups import Cosines
from fiducial.media.dicom.grid import Grid, fit_grid
from fiducial.media.dicom.series import SeriesLayout, SliceFacts
from fiducial.media.dicom.slice_geometry import (
    COSINE_TOLERANCE,
    is_orthonormal,
    normal_of,
    plane_affine,
    single_slice_affine,
)

SAME_POSITION_MM = 1e-3
"""Slices closer than this along the normal are at one position."""

_TIME_KEYS: tuple[tuple[str, Callable[[SliceFacts], Any]], ...] = (
    ("TemporalPosition", lambda s: s.temporal_position),
    ("StackID", lambda s: s.stack),
    ("EchoTime", lambda s: s.echo_time),
    ("DiffusionBValue", lambda s: s.b_value),
    ("TriggerTime", lambda s: s.trigger_time),
    ("AcquisitionNumber", lambda s: s.acquisition_number),
    ("AcquisitionTime", lambda s: s.acquisition_time),
    ("EchoTime and DiffusionBValue", lambda s: None if None in (s.echo_time, s.b_value) else (s.echo_time, s.b_value)),
    ("TemporalPosition and EchoTime", lambda s: None if None in (s.temporal_position, s.echo_time)
        else (s.temporal_position, s.echo_time)),
)  # fmt: skip


def assemble_slices(slices: Sequence[SliceFacts]) -> SeriesLayout:
    kinds = _orientations(slices)
    indices = sorted(range(len(slices)), key=lambda i: _canonical(slices[i], kinds))
    findings = [*_shape_findings(slices), *_slope_findings(slices)]
    refused = [f for f in findings if f.severity is Severity.ERROR]
    if refused or len(slices) < 2:
        return _not_a_grid(slices, indices, findings)
    reference = slices[indices[0]].orientation
    assert reference is not None  # _shape_findings refuses slices without it
    normal = normal_of(reference)
    places = np.array([slices[i].position for i in indices], np.float64)
    locations = _locations(places @ normal)
    split = _split_in_time(slices, indices, locations)
    if isinstance(split, Finding):
        return _not_a_grid(slices, _by_place(indices, places @ normal), [*findings, split])
    order, time_points, time_finding = split
    per_time = len(order) // time_points
    grids = [
        fit_grid(np.array([slices[i].position for i in order[t * per_time : (t + 1) * per_time]]), reference)
        for t in range(time_points)
    ]
    grid_findings = _unique([f for grid in grids for f in grid.findings] + _drift(grids))
    findings += [f for f in (time_finding, *grid_findings) if f is not None]
    if any(f.severity is Severity.ERROR for f in findings):
        return _not_a_grid(slices, order, findings)
    return _volume(slices, order, time_points, grids[0], findings)


def _volume(
    slices: Sequence[SliceFacts], order: list[int], time_points: int, grid: Grid, findings: list[Finding]
) -> SeriesLayout:
    first = slices[order[0]]
    assert first.position is not None  # a grid is only fitted to slices with a place
    assert first.orientation is not None
    assert first.pixel_spacing is not None
    affine = plane_affine(first.position, first.orientation, first.pixel_spacing, grid.step)
    spacing = (grid.spacing_mm, *first.pixel_spacing)
    return SeriesLayout(tuple(order), time_points, affine, spacing, True, tuple(findings))


def _not_a_grid(slices: Sequence[SliceFacts], order: list[int], findings: list[Finding]) -> SeriesLayout:
    """Position where there is one, then Instance Number. A single good slice keeps its own plane."""
    first = slices[order[0]] if order else SliceFacts()
    alone = len(slices) == 1 and not any(f.severity is Severity.ERROR for f in findings)
    affine = (
        single_slice_affine(first.position, first.orientation, first.pixel_spacing, first.slice_thickness)
        if alone
        else None
    )
    same_size = len({_rounded(s.pixel_spacing) for s in slices}) == 1
    spacing = (None, *first.pixel_spacing) if same_size and first.pixel_spacing is not None else None
    return SeriesLayout(tuple(order), 1, affine, spacing, False, tuple(findings))


def _canonical(s: SliceFacts, kinds: list[Cosines]) -> tuple[Any, ...]:
    """A total order whatever the input's: group, place along the own normal, instance number."""
    place: tuple[float, ...] = (float("inf"),)
    if s.position is not None and s.orientation is not None and is_orthonormal(s.orientation):
        place = (round(float(np.dot(s.position, normal_of(s.orientation))), 4),)
    turn = -1 if s.orientation is None else min(range(len(kinds)), key=lambda k: _apart(s.orientation, kinds[k]))
    number = s.instance_number if s.instance_number is not None else 1 << 60
    return (s.frame_of_reference_uid or "", turn, place, number, s.position or (), s.instance_uid or "")


def _by_place(indices: list[int], distance: np.ndarray[Any, Any]) -> list[int]:
    return [indices[k] for k in np.argsort(np.round(distance, 4), kind="stable")]


def _shape_findings(slices: Sequence[SliceFacts]) -> list[Finding]:
    """What forbids one grid before any position is compared."""
    found: list[Finding] = []
    without = [
        i for i, s in enumerate(slices) if s.position is None or s.orientation is None or s.pixel_spacing is None
    ]
    if without:
        message = f"{len(without)} of {len(slices)} slices have no position, orientation or pixel spacing"
        found.append(_error("missing-position", message, count=len(without)))
    crooked = [i for i, s in enumerate(slices) if s.orientation is not None and not is_orthonormal(s.orientation)]
    if crooked:
        message = f"row and column of {len(crooked)} slice(s) are not at right angles or not of unit length"
        found.append(_error("invalid-orientation", message, count=len(crooked), tolerance=COSINE_TOLERANCE))
    frames = sorted({s.frame_of_reference_uid or "" for s in slices})
    if len(frames) > 1:
        found.append(_error("mixed-frame-of-reference", f"the slices are in {len(frames)} frames of reference",
                            frame_of_reference_uids=frames))  # fmt: skip
    turns = _orientations(slices)
    if len(turns) > 1:
        found.append(_error("mixed-orientation", f"the slices have {len(turns)} orientations",
                            orientations=[list(t) for t in turns]))  # fmt: skip
    sizes = sorted({(s.rows or 0, s.columns or 0, s.samples, *_rounded(s.pixel_spacing)) for s in slices})
    if len(sizes) > 1:
        found.append(_error("mixed-size", f"the slices have {len(sizes)} sizes",
                            rows_columns_samples_spacing=[list(s) for s in sizes]))  # fmt: skip
    several = sum(1 for s in slices if s.frame_count > 1)
    if several and len(slices) > 1:
        found.append(_error("multi-frame-in-series", f"{several} of the files have several frames each", count=several))
    return found


def _rounded(spacing: tuple[float, float] | None) -> tuple[float, float]:
    return (round(spacing[0], 6), round(spacing[1], 6)) if spacing else (0.0, 0.0)


def _apart(a: Cosines | None, b: Cosines) -> float:
    """The largest difference of two orientations' cosines."""
    return max(abs(x - y) for x, y in zip(a or b, b, strict=True))


def _orientations(slices: Sequence[SliceFacts]) -> list[Cosines]:
    """One representative of each orientation, apart by more than the tolerance; the same for any order of input."""
    kinds: list[Cosines] = []
    for turn in sorted({s.orientation for s in slices if s.orientation is not None}):
        if not any(_apart(turn, kind) <= COSINE_TOLERANCE for kind in kinds):
            kinds.append(turn)
    return kinds


def _slope_findings(slices: Sequence[SliceFacts]) -> list[Finding]:
    pairs = sorted({(s.slope, s.intercept) for s in slices})
    if len(pairs) < 2:
        return []
    evidence = {"slopes": [pairs[0][0], pairs[-1][0]], "count": len(pairs)}
    message = (
        f"Rescale Slope or Intercept differ between slices ({len(pairs)} pairs); each slice is rescaled by its own"
    )
    return [Finding("varying-slope", Severity.INFO, message, evidence)]


def _locations(distance: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The number of each slice's position, 0 for the lowest along the normal; int64."""
    order = np.argsort(distance, kind="stable")
    numbers = np.empty(len(distance), np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(np.diff(distance[order]) > SAME_POSITION_MM)])
    return numbers


Split = tuple[list[int], int, Finding | None]


def _split_in_time(
    slices: Sequence[SliceFacts], indices: list[int], locations: np.ndarray[Any, Any]
) -> Split | Finding:
    """Indices time-major, time points, finding: or why several slices at one position are no time points."""
    places = int(locations.max()) + 1
    if places == len(indices):
        return [indices[k] for k in np.argsort(locations, kind="stable")], 1, None
    for name, key in _TIME_KEYS:
        values = [key(slices[i]) for i in indices]
        steps = sorted({v for v in values if v is not None})
        if None in values or len(steps) * places != len(indices) or places < 2:
            continue
        cells = {(v, int(p)): i for v, p, i in zip(values, locations, indices, strict=True)}
        if len(cells) == len(indices):
            order = [cells[v, p] for v in steps for p in range(places)]
            message = f"each of {places} positions has {len(steps)} slices, apart by {name}: 4-D"
            evidence = {"key": name, "time_points": len(steps), "values": [str(v) for v in steps[:64]]}
            return order, len(steps), Finding("mixed-time-points", Severity.INFO, message, evidence)
    blocks = _instance_blocks(slices, indices, locations, places)
    return blocks or _no_split(slices, indices, locations, places)


def _instance_blocks(
    slices: Sequence[SliceFacts], indices: list[int], locations: np.ndarray[Any, Any], places: int
) -> Split | None:
    """Time points that only Instance Number tells apart: each a block of numbers that covers every position once."""
    numbered = [(slices[i].instance_number, int(p), i) for p, i in zip(locations, indices, strict=True)]
    times, rest = divmod(len(indices), places)
    if rest or places < 2 or len({n for n, _, _ in numbered} - {None}) < len(numbered):
        return None
    ranked = sorted((n or 0, p, i) for n, p, i in numbered)
    blocks = [sorted((p, i) for _, p, i in ranked[t * places : (t + 1) * places]) for t in range(times)]
    if any([p for p, _ in block] != list(range(places)) for block in blocks):
        return None
    message = f"each of {places} positions has {times} slices, apart only by blocks of Instance Number: 4-D"
    evidence = {"key": "InstanceNumber", "time_points": times}
    finding = Finding("mixed-time-points", Severity.WARNING, message, evidence)
    return [i for block in blocks for _, i in block], times, finding


def _no_split(
    slices: Sequence[SliceFacts], indices: list[int], locations: np.ndarray[Any, Any], places: int
) -> Finding:
    counts = np.bincount(locations, minlength=places)
    many = [int(p) for p in np.flatnonzero(counts > 1)]
    evidence = {
        "positions": places,
        "slices": len(indices),
        "at": many[:64],
        "counts": [int(counts[p]) for p in many[:64]],
    }
    apart = [n for n, key in _TIME_KEYS if len({key(slices[i]) for i in indices} - {None}) > 1]
    if places == 1:
        return _error("mixed-time-points", f"all {len(indices)} slices are at one position", **evidence, keys=apart)
    if apart and len(many) == places:
        message = "there are several slices at each position, and no attribute tells complete time points apart"
        return _error("mixed-time-points", message, **evidence, keys=apart)
    return _error("duplicate-slices", f"{len(many)} position(s) have more than one slice", **evidence, keys=apart)


def _drift(grids: list[Grid]) -> list[Finding]:
    """Time points must lie on each other."""
    apart = max(float(np.abs(grid.origin - grids[0].origin).max()) for grid in grids)
    if apart <= max(SAME_POSITION_MM, 0.01 * grids[0].spacing_mm):
        return []
    return [
        _error("mixed-time-points", f"the time points are shifted against each other by {apart:.3f} mm", shift_mm=apart)
    ]


def _unique(findings: list[Finding]) -> list[Finding]:
    seen: dict[str, Finding] = {}
    for finding in findings:
        seen.setdefault(finding.code, finding)
    return list(seen.values())


def _error(code: str, message: str, **evidence: Any) -> Finding:
    return Finding(code, Severity.ERROR, message, evidence)
