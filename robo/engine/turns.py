"""Loops: the list that is gone through, and the key of each turn.

The journal knows an effect in a loop by the step's own once key and the keys of its turns, never by a position: a list
that reads otherwise in a second attempt finds every turn that was done under its key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from robo.definition.operators import kind_of
from robo.engine.ports import MARK
from robo.engine.scope import Names
from robo.errors import BadExpression, Rejection
from robo.model.base import MISSING
from robo.model.process import Step
from robo.model.text import Template


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a loop with effects: the name its element is read by, its key, the element."""

    loop: Step
    key: str
    element: Any

    @property
    def name(self) -> str:
        return self.loop.as_


async def elements(names: Names, loop: Step) -> tuple[Any, ...]:
    """The list that `loop` goes through, as it reads now."""
    assert loop.each is not None  # noqa: S101 - the loader asks for it
    found = await names.render(Template("${{ " + loop.each.source + " }}", (loop.each,)))
    if isinstance(found, tuple | list):
        return tuple(found)
    raise BadExpression(
        "RB563",
        "%(loop)s goes through a list, and %(source)s is a %(kind)s",
        remedy="give it a list: `| split(';')` makes one of a text",
        loop=loop.id,
        source=loop.each.source,
        kind=kind_of(found),
    )


async def turns_of(names: Names, loop: Step) -> tuple[Turn, ...]:
    """Every turn with its key. Rejects a list in which a key is empty or comes twice: one of the two would not be
    done."""
    found: dict[str, Turn] = {}
    for number, element in enumerate(await elements(names, loop), 1):
        names.leave(loop.as_, element, keep=False)
        key = await names.render(loop.key if loop.key is not None else "", keep_missing=True)
        text = "" if key is MISSING else str(key).strip()
        if not text:
            raise Rejection("no-key", "element %(n)s of %(loop)s has an empty key", n=number, loop=loop.id)
        if text in found:
            raise Rejection("duplicate-in-list", "%(key)s comes twice in %(loop)s", key=text, loop=loop.id)
        found[text] = Turn(loop, text, element)
    return tuple(found.values())


def turn_key(own: str, turns: Iterable[Turn]) -> str:
    """The key under which the journal knows an effect in these turns: `2026-1 › b`."""
    keys = [turn.key for turn in turns]
    return f" {MARK} ".join(part.replace(MARK, MARK * 2) for part in (own, *keys)) if keys else own
