"""What a person is asked and what was answered, as values: nothing of it needs the process that asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from robo.model.base import MISSING
from robo.model.process import Kind
from robo.model.scalars import chosen, parse

Due = Callable[[datetime], datetime | None]
"""Until when an answer is waited for, of the moment in which it is asked; None: for ever."""


class ReviewState(StrEnum):
    NONE = "none"  # not asked, or what was answered does not count any more
    OPEN = "open"
    ANSWERED = "answered"
    OVERDUE = "overdue"  # nobody answered in time


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who answers: the account, and in which role."""

    name: str
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A value that a person may correct. `start`: what it holds until somebody does, MISSING included."""

    start: Any = ""
    title: str = ""
    type: Kind = Kind.STR
    required: bool = True
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Any:
        """What was written, typed; MISSING when it is empty. Raises `BadScalar`."""
        return chosen(self.type, parse(self.type, text), self.choices) if text.strip() else MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. Its values are shown to whoever may answer, sensitive ones too; no log has them."""

    title: str
    role: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    on_timeout: str = ""
    zone: str = "UTC"
    """Of the region: days are its days."""

    def same(self, other: Question) -> bool:
        """Whether a person would see the same: what is shown, and what the corrections begin with."""
        starts, others = ({name: each.start for name, each in one.fields.items()} for one in (self, other))
        return bool(_plain(self.shown) == _plain(other.shown) and _plain(starts) == _plain(others))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One question as the book holds it: who is concerned, how often it was asked, and the answer."""

    id: str = ""
    state: ReviewState = ReviewState.NONE
    n: int = 0
    step: str = ""
    item: str = ""
    row_digest: str = ""
    question: Question = Question(title="")
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the steps before it left."""
    asked: datetime | None = None
    until: datetime | None = None
    choice: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    answered: datetime | None = None
    person: str = ""
    """The account that answered."""
    capacity: str = ""
    """The role in which it was answered."""


def _plain(value: Any) -> Any:
    """Lists and tuples alike: what was stored comes back as lists."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
