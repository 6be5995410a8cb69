"""Generators of every stored shape, inside of an image of ``WIDTH`` x ``HEIGHT``."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fiducial.geometry import (
    Angle,
    Area,
    Box,
    Circle,
    Distance,
    Ellipse,
    Keypoint,
    Keypoints,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    RotatableBox,
    Spline,
    Visibility,
    VolumeMask,
)

WIDTH, HEIGHT = 640, 480

xs = st.floats(-0.5, WIDTH - 0.5)
ys = st.floats(-0.5, HEIGHT - 0.5)
points = st.tuples(xs, ys)
lengths = st.floats(0, 300)
thetas = st.floats(-720, 720)
words = st.one_of(st.none(), st.text(max_size=8))


def rings(least: int, most: int = 8) -> st.SearchStrategy[tuple[tuple[float, float], ...]]:
    return st.lists(points, min_size=least, max_size=most).map(tuple)


boxes = st.tuples(points, points).map(
    lambda ab: Box(min(ab[0][0], ab[1][0]), min(ab[0][1], ab[1][1]), max(ab[0][0], ab[1][0]), max(ab[0][1], ab[1][1]))
)
parts = st.lists(rings(2), min_size=1, max_size=3).map(tuple)
polygons = st.lists(parts, min_size=1, max_size=3).map(lambda listed: Polygon(tuple(listed)))
keypoint = st.builds(
    Keypoint, xs, ys, st.text(max_size=8), st.one_of(st.none(), st.sampled_from(Visibility)), words, words, words
)
sizes = st.tuples(st.integers(1, 24), st.integers(1, 24))
arrays = hnp.arrays(np.bool_, sizes)
masks = arrays.map(Mask.from_array)
volume_arrays = hnp.arrays(np.bool_, st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)))
volume_masks = volume_arrays.map(VolumeMask.from_array)

BY_KIND = {
    "box": boxes,
    "rotatable_box": st.builds(RotatableBox, xs, ys, lengths, lengths, thetas),
    "polygon": polygons,
    "polyline": st.builds(Polyline, rings(1)),
    "line": st.builds(Line, rings(2, 2)),
    "distance": st.builds(Distance, rings(2, 2)),
    "area": st.builds(Area, rings(2)),
    "angle": st.builds(Angle, rings(3, 3)),
    "spline": st.builds(Spline, rings(2), st.booleans()),
    "point": st.builds(Point, xs, ys),
    "keypoints": st.lists(keypoint, min_size=1, max_size=6).map(lambda listed: Keypoints(tuple(listed))),
    "circle": st.one_of(
        st.builds(Circle, xs, ys, lengths), st.builds(Circle, xs, ys, lengths, st.floats(0, 4), thetas)
    ),
    "ellipse": st.builds(Ellipse, xs, ys, lengths, lengths, thetas),
    "mask": masks,
    "volume_mask": volume_masks,
}
"""A new shape without a generator here fails the tests that walk the registry."""

VECTOR_KINDS = [kind for kind in BY_KIND if kind not in ("mask", "volume_mask")]
vector_shapes = st.one_of([BY_KIND[kind] for kind in VECTOR_KINDS])
all_shapes = st.one_of(list(BY_KIND.values()))
