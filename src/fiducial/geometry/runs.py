"""Run lengths as most masks compress best: each count as its difference from the count two before it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PLAIN = 3
"""The first counts that are written as they are; the difference begins with the fourth, as in COCO's strings."""


def to_differences(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    differences = counts.copy()
    differences[PLAIN:] -= counts[PLAIN - 2 : -2]
    return differences


def from_differences(differences: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    counts = differences.copy()
    counts[1::2] = np.cumsum(differences[1::2])
    counts[2::2] = np.cumsum(differences[2::2])
    return counts
