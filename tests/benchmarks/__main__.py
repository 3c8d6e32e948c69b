"""`make bench`: robo beside its raw twin, interleaved in one run; prints tables of medians and ratios."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from robo.sandbox.handle import spawn
from tests.benchmarks import audit, books, challenge, contexts, hours, items, papers, steps, wires
from tests.benchmarks.figures import table
from tests.benchmarks.startup import startup

PARTS = (
    "challenge",
    "startup",
    "steps",
    "items",
    "contexts",
    "reading",
    "updating",
    "writing",
    "pdf",
    "wires",
    "audit",
    "hours",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured. Counts grow tenfold: how cost grows is part of the result; goals are judged on the last."""

    times: int = 5
    heavy: int = 3
    """Runs of what takes seconds."""
    steps: Sequence[int] = (1, 10, 100)
    items: Sequence[int] = (10, 100, 1000)
    contexts: int = 20
    reading: Sequence[int] = (1_000, 10_000, 100_000)
    updating: Sequence[int] = (200, 2_000, 20_000)
    cells: int = 500
    writing: Sequence[int] = (1_000, 10_000, 100_000)
    calls: Sequence[int] = (1, 10, 100)
    pages: Sequence[int] = (1, 10, 100)
    events: Sequence[int] = (1_000, 10_000, 100_000)
    log: Sequence[int] = (10_000, 100_000, 1_000_000)
    rows: Sequence[int] = (100_000, 1_000_000, 10_000_000)
    credits: Sequence[int] = (10_000, 100_000)
    """Of a ledger that is exported and verified: each has three entries of the log."""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "-n", "--number", type=int, default=5, help="counted runs of each program; 3 of the heavy ones"
    )
    options.add_argument("--browser", default="", help="path of the browser both programs use")
    options.add_argument("--only", choices=PARTS, action="append", help="only this part; may be given again")
    chosen = options.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # robo runs compiled wherever it is installed
    now, machine = f"{datetime.now(UTC):%Y-%m-%d}", platform.machine()
    print(f"{now} · Python {platform.python_version()} · {os.cpu_count()} cores · {machine}", flush=True)
    size = Size(times=chosen.number, heavy=min(3, chosen.number))
    for line in measured(chosen.only or PARTS, size, chosen.browser):
        print(line, flush=True)
    return 0


def measured(parts: Sequence[str], size: Size, browser: str = "") -> Iterator[str]:
    """The tables of these parts, each as soon as it is known."""
    if "challenge" in parts or "contexts" in parts:
        yield from _with_a_browser(parts, size, browser or found_browser())
    if "startup" in parts:
        yield from ("", f"## Start-up over bare Python, medians of {size.times}", "", *startup(size.times))
    if "steps" in parts:
        yield from ("", f"## Steps, medians of {size.times}", "", *table(steps.measure(size.steps, size.times)))
    if "items" in parts:
        yield from ("", f"## Items, medians of {size.heavy}", "", *table(items.measure(size.items, size.heavy)))
    if "reading" in parts:
        found = books.reading(size.reading, 20, size.heavy)
        yield from ("", f"## Workbooks read, medians of {size.heavy}", "", *table(found))
    if "updating" in parts:
        found = books.updating(size.updating, 12, size.cells, size.heavy)
        yield from ("", f"## Workbooks updated, medians of {size.heavy}", "", *table(found))
    if "writing" in parts:
        found = papers.writing(size.writing, 20, size.heavy)
        yield from ("", f"## Workbooks written, medians of {size.heavy}", "", *table(found))
    if "pdf" in parts:
        found = papers.reading_pdf(size.pages, size.times)
        yield from ("", f"## PDF, medians of {size.times}", "", *table(found))
    if "audit" in parts:
        found = audit.writing(size.events, size.heavy)
        yield from ("", f"## Audit log written, medians of {size.heavy}", "", *table(found))
        yield from ("", "## Audit log read", "", *table(audit.reading(size.log, 1)))
    if "hours" in parts:
        yield from ("", f"## Hours, medians of {size.heavy}", "", *table(hours.summing(size.rows, size.heavy)))
        yield from ("", "## Hours exported and verified", "", *table(hours.books_proven(size.credits)))
    if "wires" in parts:
        found = [*wires.asking(size.calls, size.times), *wires.sending(size.calls, size.times)]
        yield from ("", f"## Interfaces asked and mails sent, medians of {size.times}", "", *table(found))


def _with_a_browser(parts: Sequence[str], size: Size, browser: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, spawn(Path(folder) / "portal.db") as portal:
        if "challenge" in parts:
            head = f"## Form challenge, medians of {size.times} ({Path(browser).name})"
            yield from ("", head, "", *challenge.compare(portal.url, browser, size.times))
        if "contexts" in parts:
            found = contexts.measure(portal.url, browser, size.contexts, size.heavy)
            yield from ("", f"## Browser contexts, medians of {size.heavy}", "", *table(found))


def found_browser() -> str:
    """The browser robo itself would take."""
    from robo_browser.discovery import choose

    found = choose({"sandbox": False}, headed=False).executable
    if not found:
        sys.exit("no browser was found: name one with --browser")
    return str(found)


if __name__ == "__main__":
    sys.exit(main())
