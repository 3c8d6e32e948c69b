"""The browser runner."""


class BrowserRunner:
    """Placeholder until the runner lands."""
