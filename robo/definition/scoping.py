"""What an expression may read at the place where it stands, and of which type it is.

`Names` says it: a type's name, a mapping of members, or ANYTHING. A mapping with the member `*` may have others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Self

from robo.definition.diagnostics import nearest
from robo.definition.filters import filters
from robo.model.process import Kind

ANYTHING: Final = ""
Names = Mapping[str, Any]

KINDS: Final[Mapping[Kind, str]] = {
    **dict.fromkeys(Kind, "text"),
    Kind.INT: "number",
    Kind.DECIMAL: "number",
    Kind.MONEY: "number",
    Kind.PERCENT: "number",
    Kind.BOOL: "yes or no",
    Kind.DATE: "date",
    Kind.DATETIME: "date and time",
    Kind.TIME: "time",
    Kind.DURATION: "duration",
    Kind.LIST: "list",
}
"""The type of an expression for each scalar type of the language."""
_HINTS: Final = {
    "secrets": "secrets are not readable: an action names one (secret: portal)",
    "item": "what belongs to one item is seen by steps and finders only",
    **dict.fromkeys(("null", "nil", "None", "undefined", "vide", "empty"), "is missing, is not missing"),
    **dict.fromkeys(("yes", "oui", "vrai"), "true"),
    **dict.fromkeys(("no", "non", "faux"), "false"),
}


class ListOf(str):
    """The type of a list whose members are known: the rows of a group. To everybody else it is a list."""

    __slots__ = ("members",)
    members: Mapping[str, Any]

    def __new__(cls, members: Mapping[str, Any]) -> Self:
        made = super().__new__(cls, "list")
        made.members = members
        return made


class Report(Protocol):
    """Takes one problem of the expression. `words`: those of it that are wrong."""

    def __call__(
        self, code: str, message: str, words: str, *, expected: str = "", meant: str = "", **facts: Any
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """The names at one place. `later`: step ids that exist, but further down; `inside`: those of a loop that is over,
    with its id."""

    names: Names
    later: frozenset[str] = frozenset()
    inside: Mapping[str, str] = field(default_factory=dict)

    def kind(self, name: str, report: Report) -> str:
        """The type of a dotted name; ANYTHING when nobody can know, or after a report."""
        parts = name.split(".")
        known: Any = self.names
        for index, part in enumerate(parts):
            if known == ANYTHING:
                return ANYTHING
            if not isinstance(known, Mapping):
                _no_members(parts, index, known, report)
                return ANYTHING
            if part not in known:
                if "*" not in known:
                    self._unknown(parts, index, known, report)
                return ANYTHING
            known = known[part]
        return "mapping" if isinstance(known, Mapping) else known

    def _unknown(self, parts: list[str], index: int, known: Mapping[str, Any], report: Report) -> None:
        word, words = parts[index], ".".join(parts[: index + 1])
        if index:
            owner = ".".join(parts[:index])
            meant = nearest(word, known)
            report(
                "RB304",
                "%(owner)s has no %(name)s",
                words,
                expected="one of %(known)s" if known else "",
                meant=f"{owner}.{meant}" if meant else "",
                owner=owner,
                name=word,
                known=", ".join(sorted(known)),
            )
        elif word in self.inside:
            report(
                "RB313",
                "%(name)s belongs to one turn of %(loop)s: it cannot be read outside",
                words,
                expected="a step inside the loop",
                name=word,
                loop=self.inside[word],
            )
        elif word in self.later:
            report("RB311", "the step %(name)s comes later", words, expected="a step above this one", name=word)
        else:
            report(
                "RB303",
                "there is no %(name)s here",
                words,
                expected=_HINTS.get(word, "one of %(known)s, or a text in quotes"),
                meant=self._meant(word),
                name=word,
                known=", ".join(sorted(self.names)),
            )

    def _meant(self, word: str) -> str:
        item = self.names.get("item")
        if isinstance(item, Mapping) and word in item:
            return f"item.{word}"
        inputs = self.names.get("inputs")
        if isinstance(inputs, Mapping) and word in inputs:
            return f"inputs.{word}"
        return nearest(word, (*self.names, *self.later))


def _no_members(parts: list[str], index: int, kind: str, report: Report) -> None:
    words = ".".join(parts[: index + 1])
    hint = f"| {parts[index]}" if parts[index] in filters() else ""
    report(
        "RB304",
        "%(owner)s is a %(kind)s: it has no %(name)s",
        words,
        meant=hint,
        owner=".".join(parts[:index]),
        kind=kind,
        name=parts[index],
    )
