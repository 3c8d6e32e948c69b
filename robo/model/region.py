"""A region: a territory that runs robots, its settings and what it changes in shared processes."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from robo.model.base import Environment, Value
from robo.model.overlay import Overlay
from robo.model.text import Path, Position


class Grant(Value):
    """A host this region lets robots touch. Only a granted production host makes a run `production`."""

    host: str  # scheme://name[:port]
    environment: Environment = Environment.TEST
    path: Path = ()


class Region(Value):
    """One `config/regions/<id>.yaml`."""

    id: str
    title: str
    zone: str = "Europe/Paris"
    holidays: str = ""  # subdivision of `holidays.France`: "" or "973"
    date_format: str = "%d/%m/%Y"
    grants: tuple[Grant, ...] = ()
    folders: tuple[str, ...] = ()
    """Folders in which triggers may look (`grants: {folders: […]}`), with everything below them."""
    overlays: Mapping[str, Overlay] = Field(default_factory=dict)
    file: str = ""
    digest: str = ""
    positions: Mapping[Path, Position] = Field(default_factory=dict, repr=False)
    lines: tuple[str, ...] = Field(default=(), repr=False)
    """The text of `file`, for messages that quote a line."""
