"""The benchmarks still measure what they say, in a small size. No figure is judged here: a clock is no test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from robo.sandbox.handle import spawn
from tests.benchmarks import audit, books, contexts, hours, items, papers, steps, wires
from tests.benchmarks.__main__ import found_browser
from tests.benchmarks.figures import Figure, at_least, no_more_than, table

SMALL: dict[str, Callable[[], list[Figure]]] = {
    "steps": lambda: steps.measure((1, 4), 1),
    "items": lambda: items.measure((4, 8), 1),
    "reading": lambda: books.reading((5, 50), 20, 1),
    "updating": lambda: books.updating((5, 50), 12, 3, 1),
    "writing": lambda: papers.writing((5, 50), 20, 1),
    "asking": lambda: wires.asking((2, 8), 1),
    "sending": lambda: wires.sending((2, 8), 1),
    "pdf": lambda: papers.reading_pdf((1, 2), 1),
    "log written": lambda: audit.writing((100, 200), 1, ["SQLite"]),
    "log read": lambda: audit.reading((300, 600), 1),
    "hours added up": lambda: hours.summing((500, 1000), 1),
    "hours proven": lambda: hours.books_proven((20, 40)),
}


@pytest.mark.parametrize("part", SMALL)
def test_each_size_gives_a_figure_and_the_largest_is_judged(part: str) -> None:
    figures = SMALL[part]()
    judged = [figure for figure in figures if figure.goal]
    assert len(figures) == 2 * len(judged)
    assert figures[-1] in judged
    assert all(figure.met is not None for figure in judged)


@pytest.mark.long
def test_contexts_are_filled_by_both_programs_and_a_slot_needs_memory(tmp_path: Path) -> None:
    with spawn(tmp_path / "portal.db") as portal:
        rate, memory = contexts.measure(portal.url, found_browser(), 2, 1)
    assert rate.raw
    assert rate.ours > 0
    assert memory.ours > 0


def test_a_figure_says_its_ratio_and_whether_its_goal_is_met() -> None:
    figures = [
        no_more_than("reading", raw=2.0, ours=3.0, unit="s", times=1.3),
        at_least("items", raw=100, ours=600, unit="/s", least=500),
        Figure(work="small", ours=0.5, unit="ms"),
    ]
    assert table(figures)[2:] == [
        "| reading | 2.00 s | 3.00 s | 1.50 | ≤ 1.3×: **missed** |",
        "| items | 100 /s | 600 /s | 6.00 | ≥ 500 /s: met |",
        "| small |  | 0.50 ms |  |  |",
    ]
