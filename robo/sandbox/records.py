"""What the portal's books hold, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PAGE_SIZE = 10
Channel = Literal["portal", "hand"]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One accepted effect: which request filed which dossier, under which key, for whom, when (Unix time).

    `channel` is `portal` for a submit received over HTTP, `hand` for what a test filed in an agent's name.
    """

    request: int
    reference: str
    number: str
    account: str
    channel: str
    at: float
    visible_at: float


@dataclass(frozen=True, kw_only=True)
class Received:
    """One final submit received, and its fate: `accepted`, `duplicate`, `invalid`, or the fault that struck before."""

    id: int
    reference: str
    account: str
    at: float
    fate: str


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """A dossier as the portal shows it. `details` holds what was entered, by field key."""

    number: str
    reference: str
    last_name: str
    first_names: str
    nationality: str
    details: Mapping[str, str]
    created_by: str
    status: str
    created_at: float


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An application begun and not filed. `content` holds what was entered so far, by field key."""

    id: int
    account: str
    content: Mapping[str, str]
    changed_at: float

    @property
    def reference(self) -> str:
        """The reference entered on the first page."""
        return self.content.get("application_reference", "")


@dataclass(frozen=True, kw_only=True)
class Paged:
    """One page of a list."""

    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True, kw_only=True)
class ResultPage(Paged):
    """One page of search results, in the order of filing."""

    dossiers: tuple[Dossier, ...]
