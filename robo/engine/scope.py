"""The names an expression sees, and the finders that answer at their first mention."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from robo.definition.calendar import holidays_of
from robo.definition.expressions import Literal, names, render, scope_facts, truth
from robo.engine.ports import Clock
from robo.errors import Failure
from robo.model.text import Expr, Node
from robo.plan.mentions import expressions
from robo.plan.model import Plan
from robo.sdk.runner import Finding, Result

Ask = Callable[[str], Awaitable[Result]]
"""Asks the finder of this name now."""


def base_names(
    plan: Plan, clock: Clock, *, inputs: Mapping[str, Any], run_facts: Mapping[str, Any], environment: str
) -> dict[str, Any]:
    """`inputs region process run now`, and what filters need: what every expression of a run may read."""
    now = clock.now().astimezone(ZoneInfo(plan.zone))
    facts = scope_facts(tables=plan.tables, holidays=Holidays(plan.holidays), date_format=plan.date_format)
    return {
        **facts,
        "inputs": inputs,
        "run": run_facts,
        "region": {"id": plan.region, "zone": plan.zone, "environment": environment},
        "process": {"id": plan.process, "title": plan.title, "version": plan.version},
        "now": {"date": now.date(), "time": now.time().replace(microsecond=0), "moment": now},
    }


class Holidays:
    """The region's holidays. Their library takes half a second to load, so it waits until a day is asked for."""

    def __init__(self, subdivision: str) -> None:
        self._subdivision = subdivision

    def __contains__(self, day: object) -> bool:
        return day in holidays_of(self._subdivision)


class Names:
    """The scope of one attempt. Steps leave values in it; `find.<name>` is asked when an expression mentions it."""

    def __init__(self, base: Mapping[str, Any], ask: Ask) -> None:
        self._values = dict(base)
        self._base = frozenset(base)
        self._found: dict[str, Mapping[str, Any]] = {}
        self._left: dict[str, Any] = {}
        self._ask = ask

    async def render(
        self,
        node: Node,
        *,
        keep_missing: bool = False,
        extra: Mapping[str, Any] | None = None,
        literal: Literal | None = None,
    ) -> Any:
        """`node` with its expressions evaluated; a text that is one expression keeps its value's type, unless it is
        marked up (`literal`). `extra`: names for this once, before all others."""
        scope = await self._scope(node)
        return render(node, {**scope, **extra} if extra else scope, keep_missing=keep_missing, literal=literal)

    async def truth(self, expr: Expr, extra: Mapping[str, Any] | None = None) -> bool:
        """`extra`: further names for this once; they shadow nothing that is there."""
        scope = await self._scope(expr)
        return truth(expr, {**extra, **scope} if extra else scope)

    def leave(self, name: str, value: Any, *, keep: bool = True) -> None:
        """A step's values or a variable, readable by what follows; `keep`: in the journal too, with its segment."""
        self._values[name] = value
        if keep:
            self._left[name] = value

    @property
    def source(self) -> Any:
        """The row the item came from (`item.source`), for actions that need it; None without an item or a row."""
        item = self._values.get("item")
        return item.get("source") if isinstance(item, Mapping) else None

    def last(self, values: Mapping[str, Any]) -> None:
        """What the last action left, whatever its id."""
        self._values["last"] = values

    def restore(self, outputs: Mapping[str, Any]) -> None:
        """What a finished segment left in an earlier attempt."""
        self._values.update(outputs)

    def of(self, roots: Collection[str]) -> dict[str, Any]:
        """What steps and variables left under these names; those that every attempt has are left out."""
        return {name: value for name, value in self._values.items() if name in roots and name not in self._base}

    def begin_segment(self) -> None:
        """From here on `left` is what the next segment leaves."""
        self._left = {}

    @property
    def left(self) -> Mapping[str, Any]:
        return dict(self._left)

    def heard(self, finder: str, result: Result) -> None:
        """A finder was asked just now; its answer stands until the next effect."""
        self._found[finder] = answer(result)

    def forget(self) -> None:
        """After an effect no earlier answer of a finder holds."""
        self._found.clear()

    async def _scope(self, node: Node | Expr) -> Mapping[str, Any]:
        for expr in expressions(node):
            for name in sorted(names(expr)):
                root, _, rest = name.partition(".")
                finder = rest.partition(".")[0]
                if root == "find" and finder and finder not in self._found:
                    await self._find(finder)
        return {**self._values, "find": self._found}

    async def _find(self, name: str) -> None:
        result = await self._ask(name)
        finding = result.finding or Finding(None, why="the action gives no finding")
        if finding.found is None:
            raise Failure(
                "RB550",
                "the finder %(finder)s cannot tell: %(why)s",
                remedy="look at the page it searches; if the application is well, the finder's targets have changed",
                finder=name,
                why=finding.why,
            )
        self.heard(name, result)


def answer(result: Result) -> Mapping[str, Any]:
    """What a result is in expressions: its values, and `found` and `several` when it is a finder's."""
    if result.finding is None:
        return dict(result.values)
    return {**result.values, "found": result.finding.found is True, "several": result.finding.several}
