"""A page as PDF with tags, for whoever has it read aloud: by WeasyPrint (PDF/UA-1) if it is installed, else a browser.

The page is the very HTML that is given out. Neither way fetches anything: the page needs nothing, and could not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from robo.errors import InfrastructureError, RoboError, Words, phrase
from robo.sdk.runner import Printing

VARIANT: Final = "pdf/ua-1"


class Printer(StrEnum):
    """What makes the PDF."""

    WEASYPRINT = "weasyprint"
    BROWSER = "browser"


def printed(page: str, settings: Mapping[str, Any], printer: Printer | None = None) -> bytes:
    """The PDF of a page that `robo.services.reporting.html` made. `settings`: the browser's, as its runner takes them;
    `printer`: None for the best that is here. Raises `InfrastructureError` where nothing here makes a PDF."""
    if printer is Printer.WEASYPRINT or (printer is None and weasyprint_lacks() is None):
        return _by_weasyprint(page)
    return asyncio.run(_by_browser(page, settings))


def weasyprint_lacks() -> str | None:
    """What WeasyPrint lacks here, in its own words; None: it works. It stands on libraries of the system."""
    try:
        import weasyprint  # noqa: F401 - looked at, used by `_by_weasyprint`
    except (ImportError, OSError) as lacking:
        return str(lacking)
    return None


def _by_weasyprint(page: str) -> bytes:
    lacking = weasyprint_lacks()
    if lacking is not None:
        raise InfrastructureError(
            "RB076",
            "WeasyPrint does not work here: %(cause)s",
            remedy="install robo[pdf], and on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0",
            cause=lacking.strip().splitlines()[0],
        )
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    made: bytes = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf(pdf_variant=VARIANT)
    return made


async def _by_browser(page: str, settings: Mapping[str, Any]) -> bytes:
    from robo.services.guests import new_runner, runner_types

    if "browser" not in runner_types():
        raise _nothing(phrase("the browser runner is not installed"))
    runner = new_runner("browser")
    if not isinstance(runner, Printing):
        raise _nothing(phrase("the browser runner that is installed cannot print"))
    try:
        await runner.start(settings, headed=False, slots=1)
        return await runner.print_page(page)
    except RoboError as trouble:
        raise _nothing(trouble.words) from trouble
    finally:
        await runner.stop()


def _nothing(why: Words) -> InfrastructureError:
    return InfrastructureError(
        "RB077",
        "no PDF can be made here: %(why)s",
        remedy="install robo[pdf] or a browser (`robo doctor --install browser`); or take --format html, which any "
        "browser prints",
        why=why,
    )
