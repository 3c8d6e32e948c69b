"""The field's form challenge: ten rounds of seven labelled fields that move and change ids each round.

Two programs do the same work on the same page with the same headless browser: `raw` is what one writes by hand
(Playwright's sync API, fields by label); `robo` is `robo run challenge`, from YAML, with journal and audit on.
Page time is what the page itself measured, from Start to the last Submit; wall and CPU are the whole process's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from openpyxl import Workbook, load_workbook

from robo.sandbox.challenge import challenge_rows

PROJECT: Final = Path(__file__).with_name("project")
HEADERS: Final = ("First Name", "Last Name", "Company Name", "Role in Company", "Address", "Email", "Phone Number")
SCORE: Final = re.compile(r"(\d+) out of (\d+) fields\D+(\d+) milliseconds\D+(\d+)")


@dataclass(frozen=True, slots=True)
class Figure:
    """One run of one program."""

    page_ms: int
    wall_s: float
    cpu_s: float
    right: int
    fields: int


def workbook(path: Path) -> Path:
    """The ten people the page asks for."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADERS)
    for row in challenge_rows():
        sheet.append([row[header] for header in HEADERS])
    book.save(path)
    return path


def timed(command: list[str], environment: dict[str, str]) -> tuple[str, float, float]:
    """(standard output, wall seconds, CPU seconds of the process and all that it waited for)."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def raw(site: str, people: Path, browser: str) -> Figure:
    """The hand-written twin, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.challenge", "--raw", site, str(people), browser]
    said, wall, cpu = timed(command, dict(os.environ))
    return _figure(said, wall, cpu)


def robo(site: str, people: Path, browser: str) -> Figure:
    """`robo run challenge` in a fresh project: database, journal and audit included."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(PROJECT, project)
        environment = {**os.environ, "ROBO_PROJECT": str(project), "ROBO_BROWSER": browser, "ROBO_TESTING": "1"}
        inputs = ["-i", f"people={people}", "-i", f"site={site}"]
        command = [sys.executable, "-m", "robo", "run", "challenge", "--region", "occitanie", "--json", *inputs]
        said, wall, cpu = timed(command, environment)
        report = json.loads(said.strip().splitlines()[-1])
        shown = _told(["items", "show", last_key(), "--run", report["run"], "--json"], environment)
    receipt = json.loads(shown)["result"]["receipt"]
    return _figure(f"{receipt.get('score')} {receipt.get('untrusted')}", wall, cpu)


def last_key() -> str:
    """The item of the last round: its receipt holds the score."""
    return challenge_rows()[-1]["Email"]


def _told(arguments: list[str], environment: dict[str, str]) -> str:
    return timed([sys.executable, "-m", "robo", *arguments], environment)[0]


def _figure(said: str, wall: float, cpu: float) -> Figure:
    """The page's own score. Raises `RuntimeError` where there is none, or where a field was wrong."""
    found = SCORE.search(said)
    if found is None:
        raise RuntimeError(f"the page gave no score: {said!r}")
    right, fields, ms, untrusted = map(int, found.groups())
    if right != fields or untrusted:
        raise RuntimeError(f"{right} of {fields} fields were right, {untrusted} events were not a person's")
    return Figure(ms, wall, cpu, right, fields)


def by_hand(site: str, people: str, browser: str) -> None:
    """What a careful developer writes with Playwright."""
    from playwright.sync_api import sync_playwright

    sheet = load_workbook(people, read_only=True).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    arguments = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        shell = playwright.chromium.launch(executable_path=browser, args=arguments)
        page = shell.new_page()
        page.goto(f"{site}/challenge")
        page.get_by_role("button", name="Start").click()
        for row in rows:
            for header, value in zip(HEADERS, row, strict=True):
                page.get_by_label(header, exact=True).fill(str(value))
            page.get_by_role("button", name="Submit").click()
        print(page.inner_text("#bilan"), page.inner_text("#evenements"))
        shell.close()


def compare(site: str, browser: str, times: int = 5) -> list[str]:
    """Both programs in turn; a table of medians and robo's ratio to its twin."""
    with tempfile.TemporaryDirectory() as folder:
        people = workbook(Path(folder) / "people.xlsx")
        pairs = [(raw(site, people, browser), robo(site, people, browser)) for _ in range(times + 1)][1:]
    lines = ["| figure | Playwright by hand | robo | ratio |", "|---|---|---|---|"]
    for name, unit in (("page_ms", "ms"), ("wall_s", "s"), ("cpu_s", "s")):
        hand = median(getattr(pair[0], name) for pair in pairs)
        ours = median(getattr(pair[1], name) for pair in pairs)
        lines.append(f"| {name[:-2].strip('_')} | {hand:.2f} {unit} | {ours:.2f} {unit} | {ours / hand:.3f} |")
    right = ", ".join(f"{pair[1].right}/{pair[1].fields}" for pair in pairs)
    return [*lines, f"robo's fields: {right}"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--raw", nargs=3, metavar=("SITE", "WORKBOOK", "BROWSER"), required=True)
    by_hand(*parser.parse_args().raw)
