"""The browser runner: pages as a person works with them. Playwright is loaded when a browser is started, not before."""

from __future__ import annotations

from robo_browser.runner import BrowserRunner

__all__ = ["BrowserRunner"]
