"""What is wrong with a tree, collected while it is read: each flaw with its path, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from robo.errors import Rejection, fill
from robo.model.scalars import BadScalar
from robo.model.text import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing wrong at `path` below the tree. `on_key`: the key is wrong, not its value."""

    code: str
    message: str
    path: Path = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    expected: str = ""
    known: tuple[str, ...] = ()
    """The words that would be right, for a did-you-mean."""
    word: str = ""
    on_key: bool = False

    def __str__(self) -> str:
        where = " › ".join(str(part) for part in self.path)
        said = fill(self.message, self.facts)
        return f"{where}: {said}" if where else said


class BadShape(Rejection):
    """A tree does not have the shape its reader wants. `flaws` are all of them."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("bad-value", "%(problems)s", problems="; ".join(str(flaw) for flaw in flaws))
        self.flaws = tuple(flaws)


class Flaws:
    """Collects flaws while a tree is read."""

    def __init__(self) -> None:
        self.found: list[Flaw] = []

    def add(self, code: str, message: str, path: Path, **more: Any) -> None:
        """One flaw; `facts expected known word on_key` go to the `Flaw`, anything else is a fact."""
        given = {name: more.pop(name) for name in ("expected", "known", "word", "on_key") if name in more}
        self.found.append(Flaw(code=code, message=message, path=path, facts=more, **given))

    def scalar(self, bad: BadScalar, path: Path) -> None:
        """A text that is not of the wanted type."""
        self.add("RB201", "%(got)s is not %(wanted)s", path, got=bad.got, wanted=bad.expected)

    def unknown_key(self, key: str, path: Path, known: Iterable[str]) -> None:
        words = tuple(known)
        self.add(
            "RB203",
            "there is no %(key)s here",
            (*path, key),
            key=key,
            keys=", ".join(words),
            expected="one of %(keys)s",
            known=words,
            word=key,
            on_key=True,
        )

    def check(self) -> None:
        """Raise `BadShape` if anything was found."""
        if self.found:
            raise BadShape(self.found)


def is_text(tree: Any) -> bool:
    return isinstance(tree, str)


def is_list(tree: Any) -> bool:
    return isinstance(tree, Sequence) and not isinstance(tree, str | bytes)


def shape(tree: Any) -> str:
    """What a tree is, in the words of messages."""
    if isinstance(tree, Mapping):
        return "a mapping"
    return "a list" if is_list(tree) else "a text" if is_text(tree) else type(tree).__name__
