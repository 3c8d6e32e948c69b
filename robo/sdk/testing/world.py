"""What a guest tells the contract about itself: calls to make, and what the other side saw of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from robo.sdk.runner import Call, HostRule
from robo.sdk.secret import Secret


@dataclass(frozen=True, slots=True)
class Asked:
    """A harmless call, and the values it must leave (a subset of `Result.values`)."""

    call: Call
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Submit:
    """A submit: what is done before it, what is entered, the act, and the receipt it must bring."""

    entries: tuple[Call, ...]
    call: Call
    values: Mapping[str, Any]
    before: tuple[Call, ...] = ()
    """Read steps that lead to the place (`browser.open`), performed first."""


class World(ABC):
    """The other side of one test. Everything with a body may stay as it is when the runner has no such thing."""

    hosts: tuple[HostRule, ...] = ()
    settings: Mapping[str, Any] = MappingProxyType({})
    """What the region says for the runner (`Context.settings`)."""
    sensitive: str = ""
    """A text that the calls make visible and evidence must not show."""

    async def secret(self, name: str) -> Secret:
        """What the context gives for the name of a secret."""
        raise AssertionError(f"no secret was expected, {name} was asked for")

    @abstractmethod
    def calls(self) -> Sequence[Asked]:
        """At least two harmless calls to be performed together, in this order; none when every action submits."""

    @abstractmethod
    def failing(self) -> Sequence[Call]:
        """Calls that cannot succeed, each for a reason of its own; each is tried alone on a fresh session."""

    def effects(self) -> Sequence[str]:
        """Effects the other side accepted since the world began, in order."""
        return ()

    async def entered(self) -> bool:
        """The other side, or whoever can tell, has seen the entries of `submit` (asked at the gate)."""
        return True

    def submit(self) -> Submit | None:
        """A submit that is accepted; None when no action of the runner submits."""
        return None

    def refused(self) -> tuple[Submit, str] | None:
        """A submit that is refused with declared words, and the code they stand for."""
        return None

    async def resets(self, *, reused: bool) -> bool:
        """From now on effects are accepted and their connection reset without an answer; with `reused`, only when an
        earlier request went over it. False when the runner speaks to nobody over a connection."""
        return False

    def source(self) -> tuple[Call, Sequence[Mapping[str, Any]]] | None:
        """A call of an action that is a source, and the values of its rows; None when there is none."""
        return None

    def sign_in(self) -> tuple[Sequence[Call], Sequence[Asked]] | None:
        """Calls that sign in, and calls that succeed only with the sign-in; None when the runner signs in nowhere."""
        return None
