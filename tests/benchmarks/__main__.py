"""`make bench`: robo beside its raw twin, interleaved in one run; prints tables of medians and ratios."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from robo.sandbox.handle import spawn
from tests.benchmarks import challenge
from tests.benchmarks.startup import startup


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", "--number", type=int, default=5, help="counted runs of each program")
    options.add_argument("--browser", default="", help="path of the browser both programs use")
    chosen = options.parse_args()
    browser = chosen.browser or found_browser()
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d} · Python {platform.python_version()} · {platform.machine()} · {browser}",
        "",
        f"## Form challenge, medians of {chosen.number}",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder, spawn(Path(folder) / "portal.db") as portal:
        lines += challenge.compare(portal.url, browser, chosen.number)
    lines += ["", f"## Start-up over bare Python, medians of {chosen.number}", "", *startup(chosen.number)]
    print(*lines, sep="\n")
    return 0


def found_browser() -> str:
    """The browser robo itself would take."""
    from robo_browser.discovery import choose

    found = choose({"sandbox": False}, headed=False).executable
    if not found:
        sys.exit("no browser was found: name one with --browser")
    return str(found)


if __name__ == "__main__":
    sys.exit(main())
