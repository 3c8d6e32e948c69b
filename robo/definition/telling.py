"""An expression in words, for a person who never saw one: `item.born | add_years(18) > run.date` becomes
"« Date de naissance » plus 18 years is after the day of the run".

Words are asked of `say`, a translator of templates with facts, so they come in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from jinja2 import nodes

from robo.definition.syntax import Fault, dotted, parse

Say = Callable[[str, Mapping[str, str]], str]
"""Translates a literal English template, then fills it with its facts."""
DATES: Final = frozenset({"run.date", "now.date"})
DATE_FILTERS: Final = frozenset({"add_days", "add_months", "add_years", "add_workdays", "to_date", "workday"})
AS_IT_IS: Final = frozenset(
    {"date", "date_fr", "strip", "compact", "to_number", "fixed", "round", "euros", "slug", "join", "to_date", "first"}
)
"""Filters about how a value is written, which a person writes as the page wants it."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells expressions. `names`: how a person calls a dotted name; `dates`: names whose values are dates; `tables`:
    what a word that is written out becomes."""

    say: Say
    names: Mapping[str, str]
    dates: frozenset[str] = DATES
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def tell(self, source: str) -> str:
        """The words for an expression; what has none is shown as it is written."""
        try:
            return self._node(parse(source))
        except Fault:
            return source

    def _node(self, node: nodes.Node) -> str:
        name = dotted(node)
        if name:
            return self._name(name)
        match node:
            case nodes.Const():
                return f"« {node.value} »" if isinstance(node.value, str) else str(node.value)
            case nodes.Filter() if node.node is not None:
                return self._filter(node, node.node)
            case nodes.Test():
                return self._test(node, negated=False)
            case nodes.Not(node=nodes.Test() as test):
                return self._test(test, negated=True)
            case nodes.Not():
                return self.say("not: %(condition)s", {"condition": self._node(node.node)})
            case nodes.Compare():
                return self._compare(node)
            case nodes.And() | nodes.Or() | nodes.BinExpr():
                return self._pair(node)
            case nodes.Concat():
                return " ".join(self._node(part) for part in node.nodes)
            case nodes.List():
                return ", ".join(self._node(part) for part in node.items)
            case nodes.CondExpr() if node.expr2 is not None:
                facts = {"yes": node.expr1, "condition": node.test, "no": node.expr2}
                told = {key: self._node(part) for key, part in facts.items()}
                return self.say("%(yes)s if %(condition)s, else %(no)s", told)
        return "…"

    def _name(self, name: str) -> str:
        if name in self.names:
            return self.names[name]
        if name in DATES:
            return self.say("the day of the run", {}) if name == "run.date" else self.say("today", {})
        if name.startswith("find.") and name.endswith(".found"):
            return self.say("the search « %(name)s » finds it", {"name": name.split(".")[1]})
        owner, _, member = name.rpartition(".")
        return self.say("« %(name)s » noted before", {"name": member}) if owner else f"« {name} »"

    def _filter(self, node: nodes.Filter, inner: nodes.Node) -> str:
        value = self._node(inner)
        given = [self._node(part) for part in node.args]
        first = given[0] if given else ""
        facts = {"value": value, "other": first}
        match node.name:
            case "table":
                return self._translated(node, inner) or self.say("%(value)s as the table %(other)s says it", facts)
            case "where":
                return self.say("%(value)s with %(words)s", {"value": value, "words": " = ".join(given)})
            case "default":
                other = node.args[0]
                empty = other.value == "" if isinstance(other, nodes.Const) else other == nodes.List([])
                return (
                    self.say("%(value)s, if there is one", facts)
                    if empty
                    else self.say("%(value)s, or else %(other)s", facts)
                )
            case "add_years":
                return self.say("%(value)s plus %(other)s years", facts)
            case "add_months":
                return self.say("%(value)s plus %(other)s months", facts)
            case "add_days":
                return self.say("%(value)s plus %(other)s days", facts)
            case "add_workdays":
                return self.say("%(value)s plus %(other)s working days", facts)
        if node.name in AS_IT_IS:
            return value
        words = self._of_a_value(node.name, facts) or self._of_a_list(node.name, facts)
        return words or f"{value} | {node.name}" + (f"({', '.join(given)})" if given else "")

    def _of_a_value(self, name: str, facts: Mapping[str, str]) -> str:
        """What a filter says of one value; nothing for those that have no words."""
        match name:
            case "days_until":
                return self.say("the days from %(value)s to %(other)s", facts)
            case "contains":
                return self.say("%(other)s stands in %(value)s", facts)
            case "upper":
                return self.say("%(value)s in capitals", facts)
            case "lower":
                return self.say("%(value)s in small letters", facts)
        return ""

    def _translated(self, node: nodes.Filter, inner: nodes.Node) -> str:
        """What the table makes of a word that is written out; nothing of any other value."""
        if not isinstance(inner, nodes.Const) or not node.args or not isinstance(node.args[0], nodes.Const):
            return ""
        row = self.tables.get(str(node.args[0].value), {}).get(str(inner.value))
        return "" if row is None else f"« {row} »"

    def _of_a_list(self, name: str, facts: Mapping[str, str]) -> str:
        """What a filter says of a list; nothing for those that have no words."""
        match name, bool(facts["other"]):
            case "sum", True:
                return self.say("the total of %(other)s of %(value)s", facts)
            case "sum", False:
                return self.say("the total of %(value)s", facts)
            case "max", True:
                return self.say("the greatest %(other)s of %(value)s", facts)
            case "min", True:
                return self.say("the smallest %(other)s of %(value)s", facts)
            case "group", True:
                return self.say("%(value)s, put together by %(other)s", facts)
            case "map", _:
                return self.say("%(other)s of %(value)s", facts)
            case (("length" | "count"), False):
                return self.say("how many there are of %(value)s", facts)
        return ""

    def _test(self, node: nodes.Test, *, negated: bool) -> str:
        value = self._node(node.node)
        if node.name == "missing":
            return (
                self.say("%(value)s is filled in", {"value": value})
                if negated
                else self.say("%(value)s is empty", {"value": value})
            )
        facts = {"value": value, "other": self._node(node.args[0]) if node.args else ""}
        return (
            self.say("%(value)s is not like %(other)s", facts)
            if negated
            else self.say("%(value)s is like %(other)s", facts)
        )

    def _absent(self, left: nodes.Node, operand: nodes.Operand) -> str | None:
        """`… | contains(…) == false`, as a person says it; None for anything else."""
        told = operand.expr
        if not isinstance(left, nodes.Filter) or left.name != "contains" or left.node is None:
            return None
        if operand.op != "eq" or not isinstance(told, nodes.Const) or told.value is not False:
            return None
        facts = {"value": self._node(left.node), "other": self._node(left.args[0])}
        return self.say("%(other)s does not stand in %(value)s", facts)

    def _compare(self, node: nodes.Compare) -> str:
        if len(node.ops) != 1:
            return " ".join([self._node(node.expr), *(f"{part.op} {self._node(part.expr)}" for part in node.ops)])
        operand = node.ops[0]
        if (absent := self._absent(node.expr, operand)) is not None:
            return absent
        facts = {"left": self._node(node.expr), "right": self._node(operand.expr)}
        if operand.op in {"gt", "lt", "gteq", "lteq"}:
            dates = self._is_date(node.expr) or self._is_date(operand.expr)
            return self._earlier_or_later(operand.op, facts) if dates else self._more_or_less(operand.op, facts)
        match operand.op:
            case "eq":
                return self.say("%(left)s is %(right)s", facts)
            case "ne":
                return self.say("%(left)s is not %(right)s", facts)
            case "notin":
                return self.say("%(left)s is none of %(right)s", facts)
        return self.say("%(left)s is one of %(right)s", facts)

    def _earlier_or_later(self, sign: str, facts: Mapping[str, str]) -> str:
        match sign:
            case "gt":
                return self.say("%(left)s is after %(right)s", facts)
            case "lt":
                return self.say("%(left)s is before %(right)s", facts)
            case "gteq":
                return self.say("%(left)s is %(right)s or after", facts)
        return self.say("%(left)s is %(right)s or before", facts)

    def _more_or_less(self, sign: str, facts: Mapping[str, str]) -> str:
        match sign:
            case "gt":
                return self.say("%(left)s is more than %(right)s", facts)
            case "lt":
                return self.say("%(left)s is less than %(right)s", facts)
            case "gteq":
                return self.say("%(left)s is at least %(right)s", facts)
        return self.say("%(left)s is at most %(right)s", facts)

    def _is_date(self, node: nodes.Node) -> bool:
        if isinstance(node, nodes.Filter) and node.node is not None:
            return node.name in DATE_FILTERS or (node.name not in AS_IT_IS and self._is_date(node.node))
        return dotted(node) in self.dates | DATES

    def _pair(self, node: nodes.BinExpr) -> str:
        facts = {"left": self._node(node.left), "right": self._node(node.right)}
        if isinstance(node, nodes.And):
            return self.say("%(left)s and %(right)s", facts)
        if isinstance(node, nodes.Or):
            return self.say("%(left)s or %(right)s", facts)
        return f"{facts['left']} {node.operator} {facts['right']}"
