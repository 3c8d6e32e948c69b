"""Pictures for a person, with everything secret or sensitive covered; rather none than one that shows too much."""

from __future__ import annotations

import asyncio
import base64
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from robo_browser.rules import place_of
from robo_browser.tab import DocumentGone, Tab
from robo_browser.windows import Windows

PATIENCE: Final = 5.0
"""Seconds a picture may take; a page that hangs leaves none."""


async def take(
    windows: Windows, needles: Sequence[str], compared: Mapping[str, Any] | None = None
) -> Mapping[str, bytes]:
    """`screenshot.png` and `page.txt` of the window in front. Never raises.

    `compared`: the target whose snapshot it did not show; then `snapshot.yaml` is what that part of the page shows, in
    the notation of definitions."""
    hidden = [needle for needle in needles if needle]
    try:
        return await asyncio.wait_for(_twice(windows.front, hidden, compared), PATIENCE)
    except Exception:  # noqa: BLE001 - evidence is for a person; its lack must not hide what happened
        return {}


async def _twice(tab: Tab, needles: Sequence[str], compared: Mapping[str, Any] | None) -> Mapping[str, bytes]:
    try:
        return await _take(tab, needles, compared)
    except DocumentGone:
        return await _take(tab, needles, compared)


async def _take(tab: Tab, needles: Sequence[str], compared: Mapping[str, Any] | None) -> Mapping[str, bytes]:
    await tab.do({"job": "cover", "needles": list(needles)})
    try:
        picture = await tab.send("Page.captureScreenshot", {"format": "png"})
    finally:
        await tab.do({"job": "uncover"})
    found = {
        "screenshot.png": base64.b64decode(picture["data"]),
        "page.txt": f"{_without(unquote(place_of(tab.page.url)), needles)}\n".encode(),
    }
    if compared is not None:
        shown = await tab.do({"job": "snapshot", "needles": list(needles), "within": compared.get("within")})
        found["snapshot.yaml"] = "".join(f"{_without(line, needles)}\n" for line in shown["lines"]).encode()
    return found


def _without(text: str, needles: Sequence[str]) -> str:
    """A text without the values that nobody may read."""
    shown = text
    for needle in sorted(needles, key=len, reverse=True):
        shown = shown.replace(needle, "•••")
    return shown


def file_name(name: str) -> str:
    """A name as a file: letters, digits, dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:80] or "screenshot"
