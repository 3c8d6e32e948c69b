"""What a benchmark gives: a figure of robo beside its raw twin's, and the goal it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row. `raw` None: there is no twin. `share`: what is compared with the goal; robo ÷ twin unless said."""

    work: str
    ours: float
    unit: str
    raw: float | None = None
    goal: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.raw if self.raw else None


def no_more_than(work: str, *, raw: float, ours: float, unit: str, times: float) -> Figure:
    """Time or memory: robo takes at most so many times what its twin takes."""
    return Figure(work=work, raw=raw, ours=ours, unit=unit, goal=f"≤ {times:g}×", met=ours <= raw * times)


def at_most(work: str, *, ours: float, unit: str, most: float, raw: float | None = None) -> Figure:
    return Figure(work=work, raw=raw, ours=ours, unit=unit, goal=f"≤ {most:g} {unit}", met=ours <= most)


def at_least(work: str, *, ours: float, unit: str, least: float, raw: float | None = None) -> Figure:
    return Figure(work=work, raw=raw, ours=ours, unit=unit, goal=f"≥ {least:g} {unit}", met=ours >= least)


def growing(figures: Sequence[Figure]) -> list[Figure]:
    """The same work at growing sizes: only the largest is judged."""
    return [*(replace(figure, goal="", met=None) for figure in figures[:-1]), *figures[-1:]]


def table(figures: Sequence[Figure]) -> list[str]:
    """Markdown lines."""
    lines = ["| work | raw twin | robo | robo ÷ twin | goal |", "|---|---|---|---|---|"]
    for each in figures:
        raw = "" if each.raw is None else f"{_number(each.raw)} {each.unit}"
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        verdict = "" if each.met is None else ": met" if each.met else ": **missed**"
        lines.append(f"| {each.work} | {raw} | {_number(each.ours)} {each.unit} | {ratio} | {each.goal}{verdict} |")
    return lines


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
