"""Expressions as the engine uses them: `evaluate`, `truth`, `render`, `names`.

A scope is a mapping of the names an expression may read (`item`, `inputs`, step ids…). Under names that no
expression can write it also holds what filters need: `TABLES`, `HOLIDAYS`, `DATE_FORMAT` (see `scope_facts`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from datetime import date
from typing import Any

from robo.definition.operators import DATE_FORMAT, HOLIDAYS, TABLES, World, as_text, bounded_text, decide
from robo.errors import BadExpression, MissingValue
from robo.model.base import MISSING
from robo.model.text import Expr, Node, Template

Literal = Callable[[str], str]
"""Makes a text of a value harmless in a text that is marked up."""
__all__ = ["DATE_FORMAT", "HOLIDAYS", "TABLES", "evaluate", "names", "render", "scope_facts", "truth"]


def scope_facts(
    *, tables: Mapping[str, Mapping[str, str]], holidays: Container[date], date_format: str
) -> dict[str, Any]:
    """What filters need of the plan and its region, to be merged into every scope.

    `holidays`: `robo.definition.calendar.holidays_of(subdivision)`, or any container of dates."""
    return {TABLES: tables, HOLIDAYS: holidays, DATE_FORMAT: date_format}


def evaluate(expr: Expr, scope: Mapping[str, Any]) -> Any:
    """The value of an expression: text, `int`, `Decimal`, bool, date, datetime, time, timedelta, tuple, mapping, or
    MISSING. Raises `MissingValue`, another `Rejection` when the data is bad, `BadExpression` when it cannot be."""
    from robo.definition.compiling import compiled
    from robo.definition.syntax import Fault

    try:
        return compiled(expr.source)(World(scope))
    except Fault as fault:
        raise BadExpression(fault.code, fault.message, **fault.facts) from fault
    except RecursionError as deep:
        raise BadExpression("RB321", "the expression takes too long with these values") from deep


def truth(expr: Expr, scope: Mapping[str, Any]) -> bool:
    """The answer of a condition. A missing value is no; what is neither yes nor no raises `BadExpression`."""
    return decide(evaluate(expr, scope), expr.source)


def names(expr: Expr) -> frozenset[str]:
    """The dotted names an expression uses, at full length: `{"item.number", "created.agdref"}`."""
    from robo.definition import syntax

    return syntax.names(expr.source)


def render(node: Node, scope: Mapping[str, Any], *, keep_missing: bool = False, literal: Literal | None = None) -> Any:
    """The tree of `node` with its expressions evaluated.

    A text that is one expression and nothing else keeps the type of its value; others become text in the region's
    format. A missing value raises `MissingValue`; with `keep_missing`, one that stands alone is kept (`set`).
    `literal`: for one text that is marked up; every value becomes text and goes through it."""
    if isinstance(node, Template) and literal is not None:
        return _joined(node, scope, literal)
    if isinstance(node, Template):
        return _template(node, scope, keep_missing=keep_missing)
    if isinstance(node, Mapping):
        return {key: render(part, scope, keep_missing=keep_missing) for key, part in node.items()}
    if isinstance(node, tuple):
        return tuple(render(part, scope, keep_missing=keep_missing) for part in node)
    return node


def _template(node: Template, scope: Mapping[str, Any], *, keep_missing: bool) -> Any:
    if len(node.parts) == 1 and isinstance(node.parts[0], Expr):
        value = evaluate(node.parts[0], scope)
        if value is MISSING and not keep_missing:
            raise MissingValue(node.parts[0].source)
        return value
    return _joined(node, scope, str)


def _joined(node: Template, scope: Mapping[str, Any], literal: Literal) -> str:
    form = str(scope.get(DATE_FORMAT, "%d/%m/%Y"))
    return bounded_text(
        "".join(
            part if isinstance(part, str) else literal(as_text(evaluate(part, scope), part.source, form))
            for part in node.parts
        )
    )
