"""What one region changes in one shared process. Values are still text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from robo.model.base import Value
from robo.model.process import Limits
from robo.model.schedule import Schedule, Trigger
from robo.model.text import Path


class Relabel(Value):
    """A text of a page that reads otherwise in this region."""

    source: str  # `from`
    to: str
    step: str | None = None
    why: str = ""
    second: str = ""  # who approved it (a submit's label)
    path: Path = ()


class Notify(Value):
    """Who is written to, as addresses. `summary`: after every run; `inbox`: something is there for a person to do;
    `trouble`: runs are held, or failed."""

    summary: tuple[str, ...] = ()
    inbox: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()


class Overlay(Value):
    """What one region changes in one shared process, as it wrote it."""

    process: str
    use: str = ""
    enabled: bool = True
    inputs: Mapping[str, str] = Field(default_factory=dict)
    tables: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    labels: tuple[Relabel, ...] = ()
    columns: Mapping[str, str] = Field(default_factory=dict)
    """A column as the author calls it -> as the region's files call it."""
    secrets: Mapping[str, str] = Field(default_factory=dict)
    """The name a process uses -> the stored secret it stands for here."""
    skip: tuple[str, ...] = ()
    """Ids of optional steps that are not done here, in the order of the list."""
    extensions: Mapping[str, Any] = Field(default_factory=dict)
    """Extension point -> its steps as a tree of the text: what they may read depends on the process."""
    limits: Limits | None = None
    """Only what was said counts: its `model_fields_set`."""
    notify: Notify = Notify()
    schedules: Mapping[str, Schedule] = Field(default_factory=dict)
    triggers: Mapping[str, Trigger] = Field(default_factory=dict)
    why: Mapping[Path, str] = Field(default_factory=dict)
    path: Path = ()
