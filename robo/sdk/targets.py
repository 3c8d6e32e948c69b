"""The one grammar of targets and reads: `fill select check click press read expect refused within download`.

A target is a text (an accessible name), `{role: name}`, `css=…`, with `nth`, `within`, `row` and `column`.
These are values only; `parse_*` (in `robo.sdk.grammar`) builds them from evaluated trees, runners find the elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from robo.model.base import Value
from robo.model.process import Kind
from robo.sdk.snapshots import Line

Role = Literal[
    "button", "link", "tab", "field", "heading", "row", "cell", "dialog", "section", "alert", "text", "label"
]
ANY = "any"
"""`{alert: any}`: an element of that role, whatever its name."""


class Target(Value):
    """What to find on a page. Exactly one of `name` (with or without role), `css`, `row`, `snapshot`."""

    name: str | None = None
    role: Role | None = None
    css: str | None = None
    row: Mapping[str, Any] | None = None
    """Cells that must match, by column header; with `column` the target is a cell of that row."""
    column: str | None = None
    snapshot: Line | None = None
    """What it shows, line by line."""
    nth: int | None = None
    within: Target | None = None


class Read(Value):
    """What to read from a target: a field's value, else visible text."""

    targets: tuple[Target, ...]
    """Ranked alternatives; using any but the first is drift."""
    match: str | None = None
    type: Kind = Kind.STR
    format: str | None = None
    all: bool = False
    required: bool = True


class Watched(Value):
    """A target to wait for after an act, and the code it stands for (`refused`)."""

    targets: tuple[Target, ...]
    code: str = ""
    ends_only: bool = False
    """`{alert: any, code}`: ends the wait, decides nothing."""


class Watch(Value):
    """What ends the wait after an act: a receipt on the page wins over a refusal on the same page."""

    read: Mapping[str, Read] | None = None
    refused: tuple[Watched, ...] = ()
    expect: tuple[Watched, ...] = ()
