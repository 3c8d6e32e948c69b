"""What the shell offers after Tab. Never an error: without a project there is nothing to offer."""

from __future__ import annotations

from pathlib import Path


def _project() -> Path | None:
    from robo.errors import UsageError
    from robo.services.settings import find_project

    try:
        return find_project()
    except UsageError:
        return None


def processes(incomplete: str) -> list[str]:
    """Processes of the project that begin so."""
    folder = _project()
    if folder is None:
        return []
    names = (file.parent.name for file in (folder / "processes").glob("*/process.yaml"))
    return sorted(name for name in names if name.startswith(incomplete))


def shape_names(incomplete: str) -> list[str]:
    """Shapes of a new process that begin so."""
    from robo.cli.beginning import shapes

    return [name for name in shapes() if name.startswith(incomplete)]


def regions(incomplete: str) -> list[str]:
    """Regions of the project that begin so."""
    folder = _project()
    if folder is None:
        return []
    names = (file.stem for file in (folder / "config" / "regions").glob("*.yaml"))
    return sorted(name for name in names if name.startswith(incomplete))
