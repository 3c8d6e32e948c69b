"""Items with a browser context of their own each, several at a time, and the memory of a slot that has one open."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import median
from typing import Any

from robo_browser.runner import BrowserRunner

from robo.sandbox.challenge import challenge_rows
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, HostRule, Session
from robo.sdk.values import Effect
from tests.benchmarks.figures import Figure, at_least, at_most

SLOTS = 4
ROW = challenge_rows()[0]
Item = Callable[[], Coroutine[Any, Any, None]]


def measure(site: str, browser: str, count: int, times: int) -> list[Figure]:
    """Items a second beside Playwright's locators, and megabytes (PSS) of a slot beyond the first."""
    pairs = [asyncio.run(_both(site, browser, count)) for _ in range(times)]
    raw, ours, memory = (median(pair[n] for pair in pairs) for n in range(3))
    name = f"items a second with a fresh context each, {SLOTS} at a time, beside Playwright's locators"
    return [
        at_least(name, raw=raw, ours=ours, unit="/s", least=15),
        at_most("memory of a busy slot beyond the first", ours=memory, unit="MB", most=30),
    ]


async def _both(site: str, browser: str, count: int) -> tuple[float, float, float]:
    raw = await _by_hand(site, browser, count)
    runner = BrowserRunner()
    await runner.start({"sandbox": False, "executable": browser}, headed=False, slots=SLOTS)
    try:
        with tempfile.TemporaryDirectory() as folder:
            ours = await _rate(lambda: _item(runner, site, Path(folder)), count)
            memory = await _memory(runner, site, Path(folder))
    finally:
        await runner.stop()
    return raw, ours, memory


async def _rate(item: Item, count: int) -> float:
    """Items a second, SLOTS at a time; a first one warms up."""
    await item()
    left = iter(range(count))

    async def slot() -> None:
        for _ in left:
            await item()

    began = time.perf_counter()
    await asyncio.gather(*(slot() for _ in range(SLOTS)))
    return count / (time.perf_counter() - began)


async def _item(runner: BrowserRunner, site: str, folder: Path) -> None:
    session = await _filled(runner, site, folder)
    await session.close()


async def _filled(runner: BrowserRunner, site: str, folder: Path) -> Session:
    """A session in front of one round, filled in and read back."""
    host = HostRule("site", site)
    session = await runner.open(
        Context("occitanie", "test", "%d/%m/%Y", "Europe/Paris", folder, (host,), _no_secret, {})
    )
    calls = [
        _call(runner, "browser.open", f"{site}/challenge"),
        _call(runner, "browser.click", "Start"),
        _call(runner, "browser.fill", dict(ROW)),
    ]
    await session.perform(calls)
    return session


def _call(runner: BrowserRunner, action: str, tree: Any) -> Call:
    spec = runner.actions[action]
    return Call(step=action, action=action, params=parse_params(spec, tree), effect=Effect.LOCAL, timeout=20)


async def _no_secret(name: str) -> Any:
    raise AssertionError(f"nothing here needs a secret, {name} was asked for")


async def _memory(runner: BrowserRunner, site: str, folder: Path) -> float:
    sessions = [await _filled(runner, site, folder)]
    one = _pss()
    sessions += [await _filled(runner, site, folder) for _ in range(SLOTS - 1)]
    all_of_them = _pss()
    for session in sessions:
        await session.close()
    return (all_of_them - one) / (SLOTS - 1)


def _pss() -> float:
    """Megabytes of this process and all it started, what they share counted once."""
    return sum(_own_pss(pid) for pid in _family(os.getpid())) / 1024


def _own_pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0  # it ended meanwhile
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def _family(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(child))]


async def _by_hand(site: str, browser: str, count: int) -> float:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        shell = await playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])

        async def item() -> None:
            context = await shell.new_context()
            page = await context.new_page()
            await page.goto(f"{site}/challenge")
            await page.get_by_role("button", name="Start").click()
            for header, value in ROW.items():
                await page.get_by_label(header, exact=True).fill(value)
            await context.close()

        rate = await _rate(item, count)
        await shell.close()
    return rate
