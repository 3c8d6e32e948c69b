"""The files runner."""


class FilesRunner:
    """Placeholder until the runner lands."""
