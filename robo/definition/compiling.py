"""An expression's tree becomes one Python closure, compiled once and called for every item."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NoReturn

from jinja2 import nodes

from robo.definition.filters import TESTS, filters
from robo.definition.filters.base import Filter
from robo.definition.operators import (
    World,
    as_text,
    bounded_text,
    calculate,
    compare,
    decide,
    kind_of,
    there,
)
from robo.definition.syntax import Fault, dotted, parse
from robo.errors import BadExpression, Rejection
from robo.model.base import DIFFERS, MISSING

Code = Callable[[World], Any]


@lru_cache(maxsize=4096)
def compiled(source: str) -> Code:
    """The closure of an expression. Raises `Fault` when it is not one."""
    return _code(parse(source))


def label(node: nodes.Node) -> str:
    """How messages call a part of an expression."""
    if name := dotted(node):
        return name
    if isinstance(node, nodes.Filter) and node.node is not None:
        return f"{label(node.node)} | {node.name}"
    return "a value"


def _code(node: nodes.Node) -> Code:
    return _COMPILERS[type(node)](node)


def _constant(node: nodes.Const) -> Code:
    value = Decimal(repr(node.value)) if isinstance(node.value, float) else node.value
    return lambda world: value


def _name(node: nodes.Name) -> Code:
    name = node.name

    def read(world: World) -> Any:
        world.spend(1)
        return world.names.get(name, MISSING)

    return read


def _getattr(node: nodes.Getattr) -> Code:
    before, name, owner = _code(node.node), node.attr, label(node.node)

    def read(world: World) -> Any:
        value = before(world)
        if isinstance(value, Mapping):
            found = value.get(name, MISSING)
            return found if found is not DIFFERS else _differs(f"{owner}.{name}")
        if value is MISSING:
            return MISSING
        raise BadExpression(
            "RB320",
            "%(owner)s is a %(kind)s: it has no %(name)s",
            owner=owner,
            kind=kind_of(value),
            name=name,
        )

    return read


def _differs(name: str) -> NoReturn:
    """A field of a grouped item that has several values."""
    raise Rejection(
        "differs-in-group",
        "%(name)s is not the same in all rows of this item",
        remedy="read it of each row of the group, or put rows together that have it in common",
        name=name,
    )


def _list(node: nodes.List) -> Code:
    parts = tuple(_code(part) for part in node.items)
    return lambda world: tuple(part(world) for part in parts)


def _arithmetic(sign: str) -> Callable[[Any], Code]:
    def build(node: nodes.BinExpr) -> Code:
        left, right = _code(node.left), _code(node.right)
        names = label(node.left), label(node.right)

        def run(world: World) -> Any:
            world.spend(1)
            return calculate(sign, there(left(world), names[0]), there(right(world), names[1]))

        return run

    return build


def _negative(node: nodes.Neg) -> Code:
    inner, name = _code(node.node), label(node.node)
    return lambda world: calculate("-", 0, there(inner(world), name))


def _positive(node: nodes.Pos) -> Code:
    inner, name = _code(node.node), label(node.node)
    return lambda world: calculate("+", 0, there(inner(world), name))


def _not(node: nodes.Not) -> Code:
    inner, name = _code(node.node), label(node.node)
    return lambda world: not decide(inner(world), name)


def _and(node: nodes.And) -> Code:
    left, right = _condition(node.left), _condition(node.right)
    return lambda world: left(world) and right(world)


def _or(node: nodes.Or) -> Code:
    left, right = _condition(node.left), _condition(node.right)
    return lambda world: left(world) or right(world)


def _condition(node: nodes.Node) -> Callable[[World], bool]:
    inner, name = _code(node), label(node)
    return lambda world: decide(inner(world), name)


def _compare(node: nodes.Compare) -> Code:
    start, parts = _code(node.expr), [(part.op, _code(part.expr)) for part in node.ops]
    names = [label(node.expr), *(label(part.expr) for part in node.ops)]

    def run(world: World) -> bool:
        left = start(world)
        for index, (sign, code) in enumerate(parts):
            world.spend(1)
            right = code(world)
            if not compare(sign, left, right, (names[index], names[index + 1])):
                return False
            left = right
        return True

    return run


def _if(node: nodes.CondExpr) -> Code:
    if node.expr2 is None:
        raise Fault(code="RB309", message="an if needs its else")
    test, yes, no = _condition(node.test), _code(node.expr1), _code(node.expr2)
    return lambda world: yes(world) if test(world) else no(world)


def _concat(node: nodes.Concat) -> Code:
    parts = [(_code(part), label(part)) for part in node.nodes]

    def run(world: World) -> str:
        text = "".join(as_text(code(world), name, world.date_format) for code, name in parts)
        world.spend(len(text))
        return bounded_text(text)

    return run


def _filter(node: nodes.Filter) -> Code:
    found = filters().get(node.name)
    if found is None or node.node is None:
        raise Fault(code="RB305", message="there is no filter %(name)s", facts={"name": node.name})
    if not found.least <= len(node.args) <= found.most:
        raise Fault(code="RB307", message="%(name)s takes other arguments", facts={"name": node.name})
    return _apply(found, _code(node.node), label(node.node), [(_code(part), label(part)) for part in node.args])


def _apply(found: Filter, inner: Code, name: str, arguments: list[tuple[Code, str]]) -> Code:
    types = tuple(found.takes)

    def run(world: World) -> Any:
        world.spend(1)
        value = inner(world)
        if not found.missing:
            there(value, name)
            if kind_of(value) not in types:
                raise BadExpression(
                    "RB320",
                    "%(filter)s works with a %(wanted)s, but %(name)s is a %(kind)s",
                    filter=found.name,
                    wanted=types,
                    name=name,
                    kind=kind_of(value),
                )
        return found.call(world, value, *[there(code(world), label) for code, label in arguments])

    return run


def _test(node: nodes.Test) -> Code:
    if node.name not in TESTS:
        raise Fault(code="RB306", message="there is no test %(name)s", facts={"name": node.name})
    arguments = node.args or []
    if len(arguments) != TESTS[node.name]:
        raise Fault(code="RB307", message="%(name)s takes other arguments", facts={"name": node.name})
    inner = _code(node.node)
    if node.name == "missing":
        return lambda world: is_missing(inner(world))
    other = _code(arguments[0])
    return lambda world: like(inner(world), other(world), world)


def is_missing(value: Any) -> bool:
    """Not there, or a text of blanks."""
    return value is MISSING or value is None or (isinstance(value, str) and not value.strip())


def like(left: Any, right: Any, world: World) -> bool:
    """Equal but for case, accents and blanks; what is missing is like nothing."""
    if is_missing(left) or is_missing(right):
        return False
    return _folded(left, world) == _folded(right, world)


def _folded(value: Any, world: World) -> str:
    text = as_text(value, "a value", world.date_format)
    world.spend(len(text))
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


_COMPILERS: Final[Mapping[type[nodes.Node], Callable[[Any], Code]]] = {
    nodes.Const: _constant,
    nodes.Name: _name,
    nodes.Getattr: _getattr,
    nodes.List: _list,
    nodes.Add: _arithmetic("+"),
    nodes.Sub: _arithmetic("-"),
    nodes.Mul: _arithmetic("*"),
    nodes.Div: _arithmetic("/"),
    nodes.FloorDiv: _arithmetic("//"),
    nodes.Mod: _arithmetic("%"),
    nodes.Neg: _negative,
    nodes.Pos: _positive,
    nodes.Not: _not,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Compare: _compare,
    nodes.CondExpr: _if,
    nodes.Concat: _concat,
    nodes.Filter: _filter,
    nodes.Test: _test,
}
