"""Which pixels a vector shape covers: one rule for all shapes.

A pixel belongs to a shape when its centre does. A centre exactly on a straight edge belongs to the shape on its right
(or, on a horizontal edge, below), so shapes that share an edge neither overlap nor leave a gap. Rings combine by
even-odd, so a ring inside another is a hole. What lies outside of the image is cut off.

The result is a list of *toggles*: row-major pixel indices where the mask changes between clear and set; a toggle that
occurs twice is none. The right end of a row is the index of the next row's first pixel, so no row needs its own list.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fiducial.geometry.coordinate import Position

Toggles = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ON_CURVE = 1e-9
"""Pixels within which a centre counts as on an ellipse, whose crossings are rounded where straight edges' are not."""


def ring_toggles(rings: Sequence[Sequence[Position]], width: int, height: int) -> Toggles:
    """Toggles of closed rings in ``p``; unsorted, duplicates meaning nothing."""
    edges = [_ring_edges(ring) for ring in rings if len(ring) > 1]
    if not edges:
        return np.zeros(0, np.int64)
    x0, y0, x1, y1 = np.concatenate(edges, axis=1)
    first = np.clip(np.ceil(y0), 0, height).astype(np.int64)
    count = np.clip(np.ceil(y1), 0, height).astype(np.int64) - first
    edge = np.repeat(np.arange(len(first)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    # Every edge runs downwards here, so two polygons that share an edge compute the same crossing to the last bit.
    x = x0[edge] + (row - y0[edge]) * ((x1 - x0)[edge] / (y1 - y0)[edge])
    toggles: Toggles = row * width + _column(x, width)
    return toggles


def ellipse_toggles(centre: Position, radii: Position, direction: Position, width: int, height: int) -> Toggles:
    """Toggles of the ellipse whose first semi-axis lies along the unit vector ``direction``; the curve itself is in."""
    (x, y), (rx, ry), (cosine, sine) = centre, radii, direction
    if min(rx, ry) < ON_CURVE:
        return np.zeros(0, np.int64)
    # In pixels of the row: a x^2 + 2 b x dy + c dy^2 = 1, solved for x.
    a = (cosine / rx) ** 2 + (sine / ry) ** 2
    b = cosine * sine * (1.0 / rx**2 - 1.0 / ry**2)
    half_height = float(np.hypot(rx * sine, ry * cosine)) + ON_CURVE
    top, bottom = np.clip([np.ceil(y - half_height), np.floor(y + half_height) + 1], 0, height)
    row = np.arange(int(top), int(bottom), dtype=np.int64)
    dy = row.astype(np.float64) - y
    half_width: Floats = np.sqrt(np.maximum(a - (dy / (rx * ry)) ** 2, 0.0)) / a + ON_CURVE
    middle: Floats = x - dy * (b / a)
    return np.concatenate([row * width + _column(end, width) for end in _interval(middle, half_width)])


def _interval(middle: Floats, half: Floats) -> tuple[Floats, Floats]:
    return np.ceil(middle - half), np.floor(middle + half) + 1.0


def _ring_edges(ring: Sequence[Position]) -> Floats:
    """[x0, y0, x1, y1] x edge, each running downwards; horizontal edges are left out, as no row's line crosses them."""
    start = np.asarray(ring, np.float64)
    end = np.roll(start, -1, axis=0)
    down = (start[:, 1] < end[:, 1])[:, None]
    upper, lower = np.where(down, start, end), np.where(down, end, start)
    slanted = upper[:, 1] < lower[:, 1]
    return np.concatenate([upper[slanted].T, lower[slanted].T])


def _column(x: Floats, width: int) -> npt.NDArray[np.int64]:
    return np.clip(np.ceil(x), 0, width).astype(np.int64)
