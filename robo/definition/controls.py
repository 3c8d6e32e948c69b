"""Control steps without steps of their own: conditions that end or hand over, checks, names, notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from robo.definition import keys
from robo.definition.awaiting import check_code
from robo.definition.source import Source
from robo.definition.yaml_text import ListNode, TextNode, YamlNode
from robo.model.process import Rule, StepKind
from robo.model.text import Node, Path

WAYS: Final = ("reject", "hand_over", "continue")
"""What a failed `check` does; the first unless it says `else`."""
VERDICT: Final[Mapping[str, Any]] = {"failed": "yes or no", "codes": "list", "lines": "list", "rows": "list"}
"""What a `check` leaves under its id."""
_WITH_CODE: Final = frozenset({StepKind.REJECT_IF, StepKind.HAND_OVER_IF})


class Controls:
    """Reads them for one process. `ids`: names taken by steps and variables; `set` adds its own."""

    def __init__(self, source: Source, ids: set[str]) -> None:
        self._source = source
        self._ids = ids
        self.extensions: dict[str, Mapping[str, Any]] = {}
        """Extension point -> what may be read there."""
        self.result_at: Path | None = None
        """Where `output` may stand besides `finish`: the last step of a process of one item."""
        self.gives: dict[str, Any] = {}
        """What that output gives, with its types: what a caller reads."""

    def read(self, kind: StepKind, parts: Mapping[str, YamlNode], path: Path) -> dict[str, Any]:
        """The members of a step of this kind."""
        match kind:
            case StepKind.SET:
                return {"assign": self._set(parts["set"], (*path, "set"))}
            case StepKind.OUTPUT:
                return {"assign": self._output(parts["output"], (*path, "output"))}
            case StepKind.NOTE:
                return {"message": self._note(parts["note"], (*path, "note"))}
            case StepKind.EXTENSION:
                return {"extension": self._extension(parts["extension"], (*path, "extension"))}
            case StepKind.CHECK:
                return self._check(parts, path)
        return self._ending(parts, path, kind)

    def _set(self, node: YamlNode, path: Path) -> dict[str, Node]:
        source = self._source
        assigned: dict[str, Node] = {}
        for name, value in source.mapping(node, path).items():
            free = source.name(name, (*path, name), taken=self._ids)
            assigned[name] = source.node(value, (*path, name))
            if free:
                source.names[name] = source.kind_of(assigned[name])
                self._ids.add(name)
        return assigned

    def _output(self, node: YamlNode, path: Path) -> dict[str, Node]:
        """The result of a run, value by value."""
        source = self._source
        if path[0] != "finish" and path != self.result_at:
            source.reporter.report(
                "RB221",
                "output cannot stand here: it is the result of a run",
                at=source.at_key(path),
                expected="a step of finish; or the last of steps, where there are neither items nor finish",
            )
        given = source.mapping(node, path)
        said = {name: source.node(value, (*path, name)) for name, value in given.items()}
        self.gives |= {name: source.kind_of(node) for name, node in said.items() if source.member(name, (*path, name))}
        return said

    def _note(self, node: YamlNode, path: Path) -> Node:
        """One text, with its expressions."""
        if isinstance(node, TextNode):
            return self._source.node(node, path)
        return self._source.text(node, path)

    def _extension(self, node: YamlNode, path: Path) -> str:
        """A place for steps of a region. What they leave is read by nothing behind them."""
        source = self._source
        name = source.plain(node, path) or ""
        if name in self.extensions:
            source.reporter.report("RB213", "the name %(name)s is taken", at=source.at(path), name=name)
        elif name and check_code(source, name, path):
            self.extensions[name] = dict(source.names)
        source.names.pop("last", None)
        return name

    def _ending(self, parts: Mapping[str, YamlNode], path: Path, kind: StepKind) -> dict[str, Any]:
        """`skip_if`, `reject_if`, `hand_over_if`."""
        source, word = self._source, kind.value
        condition = source.condition(parts[word], (*path, word))
        code = source.plain(parts.get("code"), (*path, "code"))
        if code is None and kind in _WITH_CODE and "code" not in parts:
            source.lacks(
                word,
                "code",
                at=source.at_key((*path, word)),
                expected="%(key)s: a short name of the reason, as mineur",
            )
        if code is not None:
            check_code(source, code, (*path, "code"))
        message = source.node(parts["message"], (*path, "message")) if "message" in parts else ""
        return {"condition": condition, "code": code or "", "message": message}

    def _check(self, parts: Mapping[str, YamlNode], path: Path) -> dict[str, Any]:
        """`check: [{not: cond, code, says, title}]` and its `else`."""
        rules = tuple(self._rules(parts["check"], (*path, "check")))
        otherwise = self._source.choice(parts.get("else"), (*path, "else"), WAYS, WAYS[0])
        return {"rules": rules, "otherwise": otherwise}

    def _rules(self, node: YamlNode, path: Path) -> Iterator[Rule]:
        source = self._source
        if isinstance(node, ListNode) and not node.items:
            source.reporter.report("RB204", "a check has at least one rule", at=source.at_key(path))
        for part, below in source.items(node, path):
            given = source.mapping(part, below, keys.RULE)
            condition = source.condition(source.required(given, "not", below), (*below, "not"))
            code = source.plain(source.required(given, "code", below), (*below, "code"))
            if code is not None:
                check_code(source, code, (*below, "code"))
            says, title = (source.node(given[key], (*below, key)) if key in given else "" for key in ("says", "title"))
            if condition is not None:
                yield Rule(condition=condition, code=code or "", says=says, title=title, path=below)
