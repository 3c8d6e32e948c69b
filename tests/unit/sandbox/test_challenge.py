"""The form challenge: its page, and its rules in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
from html import unescape

import httpx
import pytest
from playwright.async_api import Page, async_playwright

from robo.sandbox import RunningSandbox
from robo.sandbox.challenge import FIELDS, ROUNDS, challenge_rows

BROWSER = (
    os.environ.get("ROBO_BROWSER_EXECUTABLE") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
)


def test_there_are_ten_rows_of_seven_fields_and_the_page_carries_them(portal: RunningSandbox) -> None:
    rows = challenge_rows()
    assert len(rows) == ROUNDS == 10
    assert all(tuple(row) == FIELDS and all(row.values()) for row in rows)
    page = httpx.get(portal.url + "/challenge").text
    found = re.search(r'<script type="application/json" id="donnees">(.*?)</script>', page)
    assert found
    assert json.loads(unescape(found[1]))["rows"] == rows


async def play(page: Page, *, mistakes: int = 0, scripted: bool = False) -> tuple[list[str], list[str]]:
    """Play all rounds; the first labels and the ids of the first field, round by round."""
    await page.get_by_role("button", name="Start").click()
    orders, ids = [], []
    for number, row in enumerate(challenge_rows()):
        orders.append("|".join(await page.locator("#defi label").all_inner_texts()))
        ids.append(str(await page.get_by_label("Email", exact=True).get_attribute("id")))
        for label, text in row.items():
            wrong = label == "Email" and number < mistakes
            await page.get_by_label(label, exact=True).fill("wrong" if wrong else text)
        if scripted:
            await page.evaluate("document.querySelector('#defi button').click()")
        else:
            await page.get_by_role("button", name="Submit").click()
    return orders, ids


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(
    ("mistakes", "scripted", "says", "untrusted"),
    [
        (0, False, "100% ( 70 out of 70 fields)", "0"),
        pytest.param(3, True, "96% ( 67 out of 70 fields)", "10", marks=pytest.mark.long),
    ],
    ids=["by hand", "with mistakes, by script"],
)
async def test_the_challenge_counts_fields_and_events(
    portal: RunningSandbox, mistakes: int, scripted: bool, says: str, untrusted: str
) -> None:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=BROWSER, chromium_sandbox=os.environ.get("ROBO_BROWSER_SANDBOX") != "off"
        )
        page = await browser.new_page()
        await page.goto(portal.url + "/challenge")
        orders, ids = await play(page, mistakes=mistakes, scripted=scripted)
        verdict = await page.locator("output").inner_text()
        events = await page.locator("#evenements").inner_text()
        await browser.close()
    assert re.fullmatch(rf"Your success rate is {re.escape(says)} in \d+ milliseconds", verdict)
    assert events == f"Untrusted events: {untrusted}"
    assert len(set(ids)) == ROUNDS
    assert len(set(orders)) > 1
