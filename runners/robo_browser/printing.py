"""A page that is given whole as PDF: tagged, with an outline, on the sheets that its style asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robo.sdk.errors import InfrastructureError

if TYPE_CHECKING:
    from playwright.async_api import Browser


async def printed(browser: Browser, page: str) -> bytes:
    """The PDF. Nothing is fetched for it: its context is offline and runs no script. `InfrastructureError` RB078 where
    the browser does not print it."""
    from playwright.async_api import Error

    context = await browser.new_context(offline=True, java_script_enabled=False, service_workers="block")
    try:
        window = await context.new_page()
        await window.set_content(page)
        return await window.pdf(tagged=True, outline=True, prefer_css_page_size=True, print_background=True)
    except Error as error:
        raise InfrastructureError(
            "RB078",
            "the browser did not print the page: %(why)s",
            remedy="only a browser without a window prints: install one with `robo doctor --install browser`",
            why=error.message.strip().splitlines()[0],
        ) from None
    finally:
        await context.close()
