"""Looks into expressions before a run: names that exist, filters that exist, types that go together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import nodes

from robo.definition.diagnostics import nearest
from robo.definition.filters import TESTS, filters
from robo.definition.filters.base import ANY, ELEMENT, Filter
from robo.definition.scoping import ANYTHING, ListOf, Scope
from robo.definition.syntax import Fault, dotted, parse, place_of
from robo.model.dates import is_format, is_written

_SIGNS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_TOGETHER: Final = "~ to put texts together, | to_number to calculate with one"
_READ: Final = "| to_number or | to_date to read a text"
_DATES: Final = ("date", "date and time")
BY_MEMBER: Final = frozenset({"where", "map", "sum", "sort", "group", "unique", "min", "max", "count"})
"""Filters whose first argument names a member of the list's members."""
CHOOSING: Final = frozenset({"where", "sort", "unique", "compact"})
"""Filters that give members of the list as they are."""

FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {"date": is_written, "to_date": is_format}
"""Filters whose argument is a date format, and whether a text is one for them."""


@dataclass(slots=True)
class Look:
    """One look at one expression. `scope`: what may be read where it stands."""

    source: str
    scope: Scope
    tables: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def run(self) -> str:
        """The type of the expression (ANYTHING when nobody can know); problems are in `faults`."""
        try:
            return self._kind(parse(self.source))
        except Fault as fault:
            self.faults.append(fault)
            return ANYTHING

    def condition(self) -> None:
        """As `run`, for a text that must be yes or no."""
        kind = self.run()
        if kind not in (ANYTHING, "yes or no") and not self.faults:
            self._fault(
                "RB316",
                "a condition is yes or no, and this is a %(kind)s",
                self.source,
                expected="a comparison: is missing, == '…', | length > 0",
                kind=kind,
            )

    def _fault(self, code: str, message: str, words: str, *, expected: str = "", meant: str = "", **facts: Any) -> None:
        start, width = place_of(self.source, words) if words != self.source else (0, len(words))
        self.faults.append(
            Fault(code=code, message=message, start=start, width=width, expected=expected, meant=meant, facts=facts)
        )

    def _kind(self, node: nodes.Node) -> str:
        if name := dotted(node):
            return self.scope.kind(name, self._fault)
        kind: str = getattr(self, _RULES[type(node)])(node)
        return kind

    # operators

    def _constant(self, node: nodes.Const) -> str:
        value = node.value
        return "yes or no" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"

    def _member(self, node: nodes.Getattr) -> str:
        kind = self._kind(node.node)
        if kind not in (ANYTHING, "mapping"):
            self._fault(
                "RB304",
                "%(owner)s is a %(kind)s: it has no %(name)s",
                self.source,
                owner="this",
                kind=kind,
                name=node.attr,
            )
        return ANYTHING

    def _list(self, node: nodes.List) -> str:
        self._all(node)
        return "list"

    def _all(self, node: nodes.Node) -> None:
        for child in node.iter_child_nodes():
            self._kind(child)

    def _sum(self, node: nodes.BinExpr) -> str:
        left, right = self._kind(node.left), self._kind(node.right)
        sign = "+" if isinstance(node, nodes.Add) else "-"
        if not left or not right:
            return ANYTHING
        if left == right == "number" or left == right == "duration":
            return left
        if right == "duration" and left in _DATES:
            return left
        if sign == "-" and left == right and left in _DATES:
            return "duration"
        self._mixed(sign, left, right)
        return ANYTHING

    def _product(self, node: nodes.BinExpr) -> str:
        left, right = self._kind(node.left), self._kind(node.right)
        if isinstance(node, nodes.Mul) and left == "duration" and right in ("number", ANYTHING):
            return "duration"
        if left not in ("number", ANYTHING) or right not in ("number", ANYTHING):
            self._mixed(node.operator, left or "number", right or "number")
            return ANYTHING
        return "number" if left and right else ANYTHING

    def _mixed(self, sign: str, left: str, right: str) -> None:
        self._fault(
            "RB308",
            "%(sign)s does not work with %(left)s and %(right)s",
            self.source,
            expected=_instead(sign, frozenset((left, right))),
            sign=sign,
            left=left,
            right=right,
        )

    def _sign(self, node: nodes.UnaryExpr) -> str:
        kind = self._kind(node.node)
        if kind not in ("number", ANYTHING):
            self._mixed(node.operator, "number", kind)
        return "number"

    def _logic(self, node: nodes.Node) -> str:
        for child in node.iter_child_nodes():
            kind = self._kind(child)
            if kind not in ("yes or no", ANYTHING):
                self._fault(
                    "RB316",
                    "and, or, not join conditions, and this is a %(kind)s",
                    dotted(child) or self.source,
                    expected="a comparison: is missing, == '…', | length > 0",
                    kind=kind,
                )
        return "yes or no"

    def _compare(self, node: nodes.Compare) -> str:
        left = self._kind(node.expr)
        for operand in node.ops:
            right = self._kind(operand.expr)
            if operand.op in _SIGNS and left and right and left != right:
                self._mixed(_SIGNS[operand.op], left, right)
            elif operand.op in ("in", "notin") and right not in (ANYTHING, "text", "list", "mapping"):
                self._mixed("in", left or "text", right)
            left = right
        return "yes or no"

    def _if(self, node: nodes.CondExpr) -> str:
        kind = self._kind(node.test)
        if kind not in ("yes or no", ANYTHING):
            self._fault("RB316", "a condition is yes or no, and this is a %(kind)s", self.source, kind=kind)
        yes = self._kind(node.expr1)
        no = self._kind(node.expr2) if node.expr2 is not None else ANYTHING
        return yes if yes == no else ANYTHING

    def _text(self, node: nodes.Concat) -> str:
        for part in node.nodes:
            if self._kind(part) in ("list", "mapping"):
                self._fault(
                    "RB308",
                    "%(name)s has no text of its own",
                    dotted(part) or self.source,
                    expected="| join(', ') for a list, a member of a mapping",
                    name=dotted(part) or "this",
                )
        return "text"

    # filters and tests

    def _filter(self, node: nodes.Filter) -> str:
        before = self._kind(node.node) if node.node is not None else ANYTHING
        for argument in node.args:
            self._kind(argument)
        found = filters().get(node.name)
        if found is None:
            known = filters()
            self._fault(
                "RB305",
                "there is no filter %(name)s",
                node.name,
                meant=nearest(node.name, known),
                expected="one of %(known)s",
                name=node.name,
                known=", ".join(sorted(known)),
            )
            return ANYTHING
        self._arguments(node, found)
        if before and ANY not in found.takes and before not in found.takes:
            self._fault(
                "RB308",
                "%(filter)s works with a %(wanted)s, and this is a %(kind)s",
                node.name,
                filter=node.name,
                wanted=tuple(found.takes),
                kind=before,
            )
        if isinstance(before, ListOf):
            self._member_of(node, before)
        if found.name == "default" or (found.name in CHOOSING and isinstance(before, ListOf)):
            return before
        return before if found.gives == "same" else ANYTHING if found.gives == ELEMENT else found.gives

    def _member_of(self, node: nodes.Filter, rows: ListOf) -> None:
        """`| sum('amount')`: what the members of a list are known to have."""
        first = node.args[0] if node.args and node.name in BY_MEMBER else None
        if not isinstance(first, nodes.Const) or not isinstance(first.value, str):
            return
        name = first.value.partition(".")[0]
        if name not in rows.members and "*" not in rows.members:
            self._fault(
                "RB304",
                "%(owner)s has no %(name)s",
                node.name,
                meant=nearest(name, rows.members),
                expected="one of %(known)s",
                owner=(dotted(node.node) if node.node is not None else "") or "this",
                name=name,
                known=", ".join(sorted(rows.members)),
            )

    def _arguments(self, node: nodes.Filter, found: Filter) -> None:
        count = len(node.args)
        if not found.least <= count <= found.most:
            self._fault(
                "RB307",
                "%(filter)s takes %(wanted)s argument(s), not %(count)s",
                node.name,
                filter=node.name,
                wanted=found.least if found.least == found.most else f"{found.least}-{found.most}",
                count=count,
            )
            return
        first = node.args[0] if node.args else None
        if not isinstance(first, nodes.Const) or not isinstance(first.value, str):
            return
        if found.name == "table" and first.value not in self.tables:
            self._fault(
                "RB312",
                "there is no table %(table)s",
                node.name,
                meant=nearest(first.value, self.tables),
                expected="a table declared under tables",
                table=first.value,
            )
        if found.name == "match":
            self._pattern(first.value)
        if found.name in FORMATS and not FORMATS[found.name](first.value):
            self._fault("RB325", "this is not a date format: %(format)s", node.name, format=first.value)

    def _pattern(self, pattern: str) -> None:
        from robo.sdk.patterns import check_pattern

        if why := check_pattern(pattern):
            self._fault("RB207", "this is not a regular expression: %(why)s", "match", why=why)

    def _test(self, node: nodes.Test) -> str:
        self._kind(node.node)
        for argument in node.args or []:
            self._kind(argument)
        if node.name not in TESTS:
            self._fault(
                "RB306",
                "there is no test %(name)s",
                node.name,
                meant="missing"
                if node.name in ("defined", "none", "undefined", "empty")
                else nearest(node.name, TESTS),
                expected="is missing, is not missing, is like '…'",
                name=node.name,
            )
        elif len(node.args or []) != TESTS[node.name]:
            self._fault(
                "RB307",
                "%(filter)s takes %(wanted)s argument(s), not %(count)s",
                node.name,
                filter=node.name,
                wanted=TESTS[node.name],
                count=len(node.args or []),
            )
        return "yes or no"


def _instead(sign: str, kinds: frozenset[str]) -> str:
    """What works with values of these types."""
    if "yes or no" in kinds:
        return "the value itself, or not … for its opposite: it is yes or no already"
    if "list" in kinds:
        return "'…' in the list, or | join(', ')"
    if sign in "+-" and kinds & set(_DATES) and "number" in kinds:
        return "| add_days(3), | add_workdays(3), | add_months(3)"
    if "text" in kinds:
        return _TOGETHER if sign == "+" else _READ
    return ""


_RULES: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Const: "_constant",
    nodes.Getattr: "_member",
    nodes.List: "_list",
    nodes.Add: "_sum",
    nodes.Sub: "_sum",
    nodes.Mul: "_product",
    nodes.Div: "_product",
    nodes.FloorDiv: "_product",
    nodes.Mod: "_product",
    nodes.Neg: "_sign",
    nodes.Pos: "_sign",
    nodes.Not: "_logic",
    nodes.And: "_logic",
    nodes.Or: "_logic",
    nodes.Compare: "_compare",
    nodes.CondExpr: "_if",
    nodes.Concat: "_text",
    nodes.Filter: "_filter",
    nodes.Test: "_test",
}
