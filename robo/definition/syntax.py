"""The grammar of expressions: Jinja2's expression parser, then a list of what robo allows of it.

What comes out is Jinja2's tree, so the parser is theirs and well tried; what the tree means is ours
(`robo.definition.compiling`): no globals, no attributes of Python objects, no calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from jinja2 import nodes
from jinja2.environment import Environment
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser

MAX_SOURCE: Final = 2_000
MAX_DEPTH: Final = 25
MAX_LITERAL: Final = 10**24
EXACT_DIGITS: Final = 15
"""Digits of a decimal that the lexer's float keeps exactly."""
_STRINGS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_FRENCH = re.compile(r"\d+(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?(?: ?€)?|\d+,\d+(?: ?€)?|\d+(?:\.\d+)? ?€")
"""A number as it is written in French, which an expression does not read."""
_CURLY = re.compile("[‘’“”«»]")

ALLOWED: Final = (
    nodes.Const,
    nodes.Name,
    nodes.Getattr,
    nodes.List,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.CondExpr,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
)


@dataclass(slots=True, kw_only=True, eq=False)
class Fault(Exception):  # noqa: N818 - a finding that the loader turns into a diagnostic
    """One thing wrong with an expression. `start` and `width` say where in its source."""

    code: str
    message: str
    start: int = 0
    width: int = 1
    expected: str = ""
    meant: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=False)
    environment.globals.clear()
    return environment


@lru_cache(maxsize=4096)
def parse(source: str) -> nodes.Expr:
    """The tree of an expression. Raises `Fault` for a text that is none, or that uses what robo does not allow."""
    _measure(source)
    try:
        parser = Parser(_environment(), _STRINGS.sub(_itself, source), state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise _syntax(source, f"unexpected {parser.stream.current.value}", parser.stream.current.value)
    except TemplateSyntaxError as bad:
        raise _syntax(source, str(bad.message)) from bad
    except (RecursionError, ValueError, OverflowError) as bad:
        raise Fault(code="RB314", message="this expression is too large", width=len(source)) from bad
    _allow(tree, source)
    return tree


def _itself(text: re.Match[str]) -> str:
    """A string in which a backslash is itself, as patterns need it; `\\n \\t \\' \\" \\\\` mean another character."""
    return re.sub(r"\\(.)", lambda pair: pair[0] if pair[1] in "nt'\"\\" else "\\" + pair[0], text[0], flags=re.DOTALL)


def _measure(source: str) -> None:
    depth = deepest = 0
    for char in _STRINGS.sub("", source):
        depth += (char in "([{") - (char in ")]}")
        deepest = max(depth, deepest)
    if len(source) > MAX_SOURCE or deepest > MAX_DEPTH:
        raise Fault(
            code="RB314",
            message="this expression is too large",
            width=len(source),
            expected="at most %(most)s characters and %(deep)s brackets inside each other",
            facts={"most": MAX_SOURCE, "deep": MAX_DEPTH},
        )


def _syntax(source: str, problem: str, word: Any = None) -> Fault:
    if odd := re.search(r" at (\d+)$", problem):
        problem, word = problem[: odd.start()], source[int(odd[1]) : int(odd[1]) + 1]
    problem = problem.replace("unexpected 'end of template'", "it ends too early")
    start = source.find(str(word)) if word is not None else 0
    expected = ""
    blind = _STRINGS.sub(lambda text: "\x00" * len(text[0]), source)
    if number := _FRENCH.search(blind):
        return _written(source, number)
    if curly := _CURLY.search(blind):
        start, word, expected = curly.start(), curly[0], "straight quotes around a text: '…'"
    elif re.search(r"\blike\b", blind):
        expected = "is like '…'"
    elif "&&" in source or "||" in source or "!" in source.replace("!=", ""):
        expected = "and, or, not"
    elif re.search(r"(?<![=!<>])=(?!=)", _STRINGS.sub("", source)):
        expected = "== to compare"
    return Fault(
        code="RB301",
        message="this is not an expression: %(problem)s",
        start=max(start, 0),
        width=len(str(word)) if word is not None and start >= 0 else len(source),
        expected=expected,
        facts={"problem": problem},
    )


def _written(source: str, number: re.Match[str]) -> Fault:
    """A number as it is written in French."""
    plain = re.sub(r"[\s\u00a0\u202f€]", "", number[0]).replace(",", ".")
    return Fault(
        code="RB301",
        message="this is not an expression: %(problem)s",
        start=number.start(),
        width=len(number[0]),
        expected="numbers without blanks or signs, with a point: 5000.50",
        meant=plain,
        facts={"problem": f"unexpected {number[0]}"},
    )


def _allow(tree: nodes.Node, source: str) -> None:
    count = 0
    pending = [tree]
    while pending:
        node = pending.pop()
        count += 1
        if count > MAX_SOURCE:
            raise Fault(code="RB314", message="this expression is too large", width=len(source))
        _allow_one(node, source)
        pending.extend(node.iter_child_nodes())


def _allow_one(node: nodes.Node, source: str) -> None:
    if isinstance(node, nodes.Const):
        _allow_constant(node.value, source)
    elif isinstance(node, nodes.CondExpr) and node.expr2 is None:
        raise Fault(code="RB309", message="an if needs its else", **_found(source, " if "), expected="… if … else '…'")
    elif isinstance(node, nodes.Filter | nodes.Test):
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise Fault(code="RB307", message="arguments are given in order, without names", width=len(source))
        if isinstance(node, nodes.Filter) and node.node is None:
            raise Fault(code="RB301", message="a filter needs a value before it", width=len(source))
    elif not isinstance(node, ALLOWED):
        raise _refused(node, source)


def _allow_constant(value: Any, source: str) -> None:
    if value is None:
        raise Fault(code="RB302", message="there is no none", **_found(source, "none"), expected="is missing")
    if isinstance(value, int | float) and not isinstance(value, bool):
        long = isinstance(value, float) and len(repr(value).replace(".", "").lstrip("0")) > EXACT_DIGITS
        if long or not abs(value) < MAX_LITERAL:
            raise Fault(code="RB314", message="this number is too large or too long", width=len(source))


def _refused(node: nodes.Node, source: str) -> Fault:
    if isinstance(node, nodes.Getitem):
        return Fault(
            code="RB302",
            message="values are not reached by [ ]",
            **_found(source, "["),
            expected=".name for a member, | nth(1) for the first of a list",
        )
    if isinstance(node, nodes.Call):
        return Fault(
            code="RB302",
            message="there are no functions",
            **_found(source, "("),
            expected="a filter: value | upper",
        )
    if isinstance(node, nodes.Pow):
        return Fault(code="RB302", message="there is no **", **_found(source, "**"), expected="*")
    if isinstance(node, nodes.Dict):
        return Fault(code="RB302", message="there are no mappings in expressions", **_found(source, "{"))
    if isinstance(node, nodes.Tuple):
        return Fault(code="RB302", message="there are no tuples", **_found(source, ","), expected="a list: [a, b]")
    return Fault(code="RB302", message="this is not part of the language", width=len(source))


def _found(source: str, words: str) -> dict[str, Any]:
    start = source.find(words)
    return {"start": max(start, 0), "width": len(words) if start >= 0 else len(source)}


def place_of(source: str, words: str) -> tuple[int, int]:
    """Where a dotted name or a filter stands in a source (outside strings), as start and width."""
    blind = _STRINGS.sub(lambda text: "\x00" * len(text[0]), source)
    pattern = r"(?<![\w.])" + r"\s*\.\s*".join(re.escape(part) for part in words.split(".")) + r"(?!\w)"
    match = re.search(pattern, blind)
    return (match.start(), match.end() - match.start()) if match else (0, len(source))


def dotted(node: nodes.Node) -> str:
    """`item.number` for the tree of it, an empty text for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (before := dotted(node.node)):
        return f"{before}.{node.attr}"
    return ""


@lru_cache(maxsize=4096)
def names(source: str) -> frozenset[str]:
    """The dotted names an expression mentions, at their full length."""
    found: set[str] = set()
    pending: list[nodes.Node] = [parse(source)]
    while pending:
        node = pending.pop()
        if name := dotted(node):
            found.add(name)
        else:
            pending.extend(node.iter_child_nodes())
    return frozenset(found)


def mentioned(source: str) -> frozenset[str]:
    """The dotted names of an expression; of one that is broken (reported elsewhere), `item`."""
    try:
        return names(source)
    except Fault:
        return frozenset({"item"})
