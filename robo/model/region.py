"""A region: a territory that runs robots, its settings and what it changes in shared processes."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from robo.model.base import Environment, Value
from robo.model.text import Path, Position


class Grant(Value):
    """A host this region lets robots touch. Only a granted production host makes a run `production`."""

    host: str  # scheme://name[:port]
    environment: Environment = Environment.TEST
    path: Path = ()


class Relabel(Value):
    """A text of a page that reads otherwise in this region."""

    source: str  # `from`
    to: str
    step: str | None = None
    why: str = ""
    second: str = ""  # who approved it (a submit's label)
    path: Path = ()


class Overlay(Value):
    """What one region changes in one shared process. Values are still text."""

    process: str
    use: str = ""
    enabled: bool = True
    inputs: Mapping[str, str] = Field(default_factory=dict)
    tables: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    labels: tuple[Relabel, ...] = ()
    why: Mapping[Path, str] = Field(default_factory=dict)
    path: Path = ()


class Region(Value):
    """One `config/regions/<id>.yaml`."""

    id: str
    title: str
    zone: str = "Europe/Paris"
    holidays: str = ""  # subdivision of `holidays.France`: "" or "973"
    date_format: str = "%d/%m/%Y"
    grants: tuple[Grant, ...] = ()
    overlays: Mapping[str, Overlay] = Field(default_factory=dict)
    file: str = ""
    digest: str = ""
    positions: Mapping[Path, Position] = Field(default_factory=dict, repr=False)
    lines: tuple[str, ...] = Field(default=(), repr=False)
    """The text of `file`, for messages that quote a line."""
