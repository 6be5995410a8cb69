"""One row per measure: the median of its repeats, their spread, the peer's median, the ratio, the goal."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """``values`` are repeats of one figure; ``peer_values`` the same figure of the peer, taken in turns with ours."""

    name: str
    unit: str
    values: Sequence[float]
    peer: str = ""
    peer_values: Sequence[float] = ()
    goal: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)


def number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def row(measure: Measure) -> str:
    spread = f"{number(min(measure.values))}-{number(max(measure.values))}, {len(measure.values)}"
    peer = ratio = ""
    if measure.peer_values:
        median = statistics.median(measure.peer_values)
        peer = f"{measure.peer} {number(median)}"
        ratio = f"{measure.median / median:.2f}x"
    cells = [measure.name, f"{number(measure.median)} {measure.unit}", spread, peer, ratio, measure.goal, measure.note]
    return "| " + " | ".join(cells) + " |"


def render(measures: Sequence[Measure], machine: str) -> str:
    head = "| measure | median | spread, repeats | peer | ratio | goal | note |\n|-|-|-|-|-|-|-|"
    return "\n".join([machine, "", head, *(row(measure) for measure in measures)])
