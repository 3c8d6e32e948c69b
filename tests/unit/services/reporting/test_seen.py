"""The page as a browser shows it: on a screen, on a telephone, in the dark; nothing overlaps, nothing is fetched, and
axe-core finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from robo_browser.discovery import choose

from robo.services.reporting.html import page
from robo.services.reporting.model import Report
from tests import hours_report

SCREEN: Final = {"width": 1280, "height": 900}
TELEPHONE: Final = {"width": 390, "height": 844}
LONG: Final = tuple(
    f"{title}, avec un nom qui ne tient sur aucune ligne de ce rapport ni d'un autre" for title in hours_report.TITLES
)
REPORTS: Final = {
    "full": hours_report.report,
    "nothing": hours_report.nothing,
    "one": lambda: hours_report.report(processes=1, regions=1, months=1),
    "forty": lambda: hours_report.report(processes=40, regions=3, months=24),
    "long names": lambda: hours_report.report(titles=LONG),
}
OVERLAPS: Final = """
() => [...document.querySelectorAll("svg.picture")].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const texts = [...svg.querySelectorAll("text")].map(each => ({box: each.getBBox(), says: each.textContent}));
  const edge = svg.viewBox.baseVal;
  const outside = texts.filter(({box}) => box.x < -1 || box.y < -1
    || box.x + box.width > edge.width + 1 || box.y + box.height > edge.height + 1).map(each => ["outside", each.says]);
  const over = (a, b) => Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 1
    && Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 3;
  const pairs = texts.flatMap((one, index) => texts.slice(index + 1).filter(other => over(one.box, other.box))
    .map(other => ["over each other", one.says, other.says]));
  return [...outside, ...pairs];
})
"""
"""Texts of pictures that leave them, or that lie on each other."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    choice = choose({}, headed=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=choice.executable, chromium_sandbox=choice.sandbox)
        yield launched
        launched.close()


def shown(browser: Browser, report: Report, size: Any, *, language: str = "fr", dark: bool = False) -> Page:
    """The page in a window of its own; whatever it asks for or complains about is in `page.told`."""
    window = browser.new_page(viewport=size, color_scheme="dark" if dark else "light")
    window.on("request", lambda request: pytest.fail(f"it asked for {request.url}"))
    window.on("console", lambda message: pytest.fail(f"the browser says: {message.text}"))
    window.set_content(page(report, language))
    return window


@pytest.mark.parametrize(
    ("size", "dark"),
    [
        pytest.param(SCREEN, False, id="screen"),
        pytest.param(TELEPHONE, True, id="telephone in the dark"),
        pytest.param(SCREEN, True, id="screen in the dark", marks=pytest.mark.long),
        pytest.param(TELEPHONE, False, id="telephone", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing(browser: Browser, size: Any, *, dark: bool) -> None:
    window = shown(browser, hours_report.report(processes=5, regions=2, months=3), size, dark=dark)
    found = Axe().run(window).response
    window.close()
    assert [(each["id"], [node["html"] for node in each["nodes"][:3]]) for each in found["violations"]] == []
    assert len(found["passes"]) > 25


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("size", [SCREEN, TELEPHONE], ids=["screen", "telephone"])
def test_no_text_of_a_picture_lies_on_another_or_leaves_it(browser: Browser, size: Any, name: str) -> None:
    window = shown(browser, REPORTS[name](), size)
    pictures = window.evaluate(
        "() => [...document.querySelectorAll('svg')].filter(s => s.getClientRects().length).length"
    )
    overlaps = window.evaluate(OVERLAPS)
    wide = window.evaluate("() => document.scrollingElement.scrollWidth")
    window.close()
    assert overlaps == []
    assert wide == size["width"]  # tables scroll in their own places
    assert pictures == {"nothing": 0, "forty": 4}.get(name, 3)


def test_everything_can_be_reached_by_keyboard(browser: Browser) -> None:
    window = shown(browser, hours_report.report(), SCREEN)
    window.keyboard.press("Tab")
    assert window.evaluate("() => document.activeElement.className") == "skip"
    window.keyboard.press("Enter")
    assert window.evaluate("() => location.hash") == "#report"
    scrolled = window.locator(".scroll")
    assert scrolled.count() == scrolled.locator("xpath=self::*[@tabindex='0'][@aria-labelledby]").count() > 10
    window.close()
