"""A process file while it is read: scalars typed, expressions checked against what may be read at their place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from robo.definition.checking import Look
from robo.definition.diagnostics import Reporter, nearest
from robo.definition.document import Document
from robo.definition.finding import find_words
from robo.definition.scoping import ANYTHING, KINDS, Scope
from robo.definition.snapshots import is_snapshot, read_snapshot_node
from robo.definition.syntax import Fault
from robo.definition.template import BadTemplate, parse_template
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.errors import phrase
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Expr, Node, Path, Position, Template
from robo.sdk.flaws import Flaws

ROOTS: Final = frozenset(("item", "inputs", "region", "process", "run", "now", "find", "error", "last"))
WORDS: Final = frozenset(("and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "missing"))
RESERVED: Final = ROOTS | WORDS
"""Names that a step or a variable cannot take."""
SCALAR_LINES: Final = 50
"""Lines of one scalar in which a word is looked for."""
_ALONE: Final = re.compile(r"(?P<source>(?P<root>[^\W\d]\w*)\.(?P<member>[^\W\d]\w*)(?:\s*\|[^|].*)?)")
_ONE_BRACE: Final = re.compile(r"\$\{(?!\{)(?P<source>\s*(?P<root>[^\W\d]\w*)\.(?P<member>[^\W\d]\w*)[^{}]*)\}")


class Source(Document):
    """One process file. `names` is what an expression may read at the place being read; it grows with the steps."""

    def __init__(self, file: str, lines: tuple[str, ...], reporter: Reporter) -> None:
        super().__init__(file, reporter)
        self.lines = lines
        self.keys: dict[Path, Position] = {}
        self.broken: set[Path] = set()
        self.names: dict[str, Any] = {
            "region": dict.fromkeys(("id", "zone", "environment"), "text"),
            "process": dict.fromkeys(("id", "title", "version"), "text"),
            "run": {"id": "text", "date": "date", "dry_run": "yes or no"},
            "now": {"date": "date", "time": "time", "moment": "date and time"},
            "inputs": {},
            "find": {},
        }
        self.tables: Mapping[str, Any] = {}
        self.later: frozenset[str] = frozenset()
        """Ids of the section being read, to tell a step that comes later from one that is not there."""
        self.every_id: frozenset[str] = frozenset()
        """Ids of all sections: no other step is called so."""
        self.inside: dict[str, str] = {}
        self.secrets_named: set[str] = set()
        self.chain: tuple[str, ...] = ()
        """Who calls whom, down to this process."""
        self.beside: dict[str, str] = {}
        """The texts of files beside the process that it uses, by their names."""
        self.given: Mapping[str, str] | None = None
        """What those files held when a run began, instead of what they hold now."""
        self.lacking = False
        """Whether one of those files could not be read: it may be there the next time."""

    @property
    def scope(self) -> Scope:
        """What an expression may read at the place being read."""
        return Scope(self.names, self.later, self.inside)

    @contextmanager
    def reading(self, *names: str) -> Iterator[None]:
        """Inside, expressions may also read these names, whatever they are."""
        before = dict(self.names)
        self.names.update(dict.fromkeys(names, ANYTHING))
        try:
            yield
        finally:
            for name in names:
                del self.names[name]
            self.names.update(before)

    # ---- shapes -------------------------------------------------------------------------------------------
    def mapping(
        self,
        node: YamlNode | None,
        path: Path,
        known: Collection[str] = (),
        closed: Collection[str] = (),
    ) -> dict[str, YamlNode]:
        """As in a document; keys have places of their own here, and none holds an expression."""
        if isinstance(node, MapNode):
            for key, _ in node.entries:
                self.keys[(*path, key.text)] = key.at
                if "${{" in key.text:
                    self.reporter.report(
                        "RB219", "a key cannot hold an expression", at=key.at, expected="a text; expressions are values"
                    )
        return super().mapping(node, path, known, closed)

    def places(self, actions: Collection[str]) -> dict[Path, Position]:
        """Where each value stands; an action at its name, which is what the rules about effects speak of."""
        named = {path: at for path, at in self.keys.items() if path and path[-1] in actions}
        return {**self.positions, **named}

    def at_key(self, path: Path) -> Position:
        """Where the key of `path` stands; for a list's member, the member."""
        return self.keys.get(path) or self.at(path)

    def typed(self, node: YamlNode | None, path: Path, kind: Kind, default: Any = None) -> Any:
        """One value of a type, written out (no expression)."""
        if node is None or (isinstance(node, TextNode) and node.broken):
            return default
        text = self.plain(node, path)
        if text is None:
            return default
        try:
            return parse(kind, text)
        except BadScalar as bad:
            self.wrong_value(path, bad.got, bad.expected)
            return default

    def lasting(self, node: YamlNode | None, path: Path) -> timedelta | None:
        """A duration in which something can happen: longer than zero."""
        found: timedelta | None = self.typed(node, path, Kind.DURATION)
        if found == timedelta(0):
            self.wrong_value(path, self.plain(node, path) or "", "a duration longer than zero")
        return found

    def plain(self, node: YamlNode | None, path: Path) -> str | None:
        """One text that is no expression; None after a report."""
        if node is None:
            return None
        if isinstance(node, TextNode) and not node.broken and "${{" in node.text:
            self.reporter.report(
                "RB219", "an expression cannot stand here", at=node.at, expected="the value itself, written out"
            )
            return None
        before = self.reporter.count
        text = self.text(node, path)
        return None if self.reporter.count > before or (isinstance(node, TextNode) and node.broken) else text

    def whole_from(self, node: YamlNode | None, path: Path, default: int, least: int = 0) -> int:
        """A whole number, at least `least`."""
        number: int = self.typed(node, path, Kind.INT, default)
        if number < least:
            self.wrong_value(path, str(number), phrase("a number from %(least)s", least=least))
        return number

    def plain_texts(self, node: YamlNode | None, path: Path) -> tuple[str, ...]:
        """A list of texts, or one text."""
        if isinstance(node, TextNode):
            text = self.plain(node, path)
            return () if text is None else (text,)
        found = [self.plain(part, below) for part, below in self.items(node, path)]
        return tuple(text for text in found if text is not None)

    def member(self, key: str, path: Path) -> bool:
        """Whether a key can be read after a dot (`item.key`); otherwise a report."""
        return self.name(key, path, reserved=frozenset())

    def name(self, key: str, path: Path, *, taken: Iterable[str] = (), reserved: frozenset[str] = RESERVED) -> bool:
        """Whether a key can be read by expressions under this name; otherwise a report."""
        if not key.isidentifier() or key in reserved:
            self.reporter.report(
                "RB212",
                "%(name)s cannot be a name",
                at=self.at_key(path),
                expected="letters, digits and _, beginning with a letter, and none of the language's own words",
                meant="" if key in reserved else _as_identifier(key),
                name=key,
            )
            return False
        if key in taken:
            self.reporter.report("RB213", "the name %(name)s is taken", at=self.at_key(path), name=key)
            return False
        return True

    # ---- trees with expressions -----------------------------------------------------------------------------
    def node(self, tree: YamlNode | None, path: Path) -> Node:
        """A part of the document with its templates found and checked."""
        if isinstance(tree, TextNode):
            return self.template(tree, path)
        if isinstance(tree, ListNode):
            return tuple(self.node(part, below) for part, below in self.items(tree, path))
        return {
            key: read_snapshot_node(self, part, (*path, key))
            if is_snapshot(key, part)
            else self.node(part, (*path, key))
            for key, part in self.mapping(tree, path).items()
        }

    def template(self, tree: TextNode, path: Path) -> str | Template:
        """One text with its expressions found and checked."""
        if tree.broken:
            self.broken.add(path)
            return ""
        try:
            found = parse_template(tree.text)
        except BadTemplate as bad:
            self._bad_template(tree, bad)
            self.broken.add(path)
            return ""
        if isinstance(found, str) and self._without_braces(tree):
            self.broken.add(path)
        if isinstance(found, Template):
            alone = len(found.parts) == 1
            for part in found.parts:
                if isinstance(part, Expr):
                    self._look(part.source, tree, alone=alone)
        return found

    def _without_braces(self, tree: TextNode) -> bool:
        """Whether a text was meant to be an expression (reported): it is `item.number`, or holds `${ item.number }`."""
        match = _ALONE.fullmatch(tree.text) or _ONE_BRACE.search(tree.text)
        members = self.names.get(match["root"]) if match else None
        if not match or not isinstance(members, Mapping):
            return False
        if match.re is _ALONE and match["member"] not in members:
            return False
        self.reporter.report(
            "RB105",
            "an expression without its braces",
            at=self._inside(tree, tree.text, match.start(), match.end() - match.start()),
            expected="${{ … }} for an expression",
            meant=f"${{{{ {match['source'].strip()} }}}}",
        )
        return True

    def _bad_template(self, tree: TextNode, bad: BadTemplate) -> None:
        at = self._inside(tree, tree.text[bad.start : bad.start + bad.width].split("\n")[0], 0, bad.width)
        if bad.kind == "bare":
            self.reporter.report("RB105", "{{ … }} without its dollar", at=at, expected="${{ … }} for an expression")
        elif bad.kind == "empty":
            self.reporter.report("RB310", "there is no expression between the braces", at=at)
        else:
            self.reporter.report("RB310", "this expression is never closed", at=at, expected="}} at its end")

    def _look(self, source: str, tree: TextNode, *, alone: bool = True, condition: bool = False) -> str:
        look = Look(source, self.scope, self.tables)
        if condition:
            look.condition()
            kind = "yes or no"
        else:
            kind = look.run()
        for fault in look.faults:
            self._report(fault, source, tree)
        if not alone and kind in ("list", "mapping"):
            self._report(
                Fault(
                    code="RB308",
                    message="%(name)s has no text of its own",
                    width=len(source),
                    expected="| join(', ') for a list, a member of a mapping",
                    facts={"name": source},
                ),
                source,
                tree,
            )
        return kind

    def _report(self, fault: Fault, source: str, tree: TextNode) -> None:
        self.reporter.report(
            fault.code,
            fault.message,
            at=self._inside(tree, source, fault.start, fault.width),
            expected=fault.expected,
            meant=fault.meant,
            **fault.facts,
        )

    def _inside(self, tree: TextNode, words: str, start: int, width: int) -> Position:
        """The place of a part of a scalar: where its words stand in the lines it was written in."""
        lines = self.lines[tree.at.line - 1 : tree.at.line + SCALAR_LINES]
        found = find_words(lines, tree.at.column - 1, words, start, width)
        if found is None:
            return tree.at
        row, column, wide = found
        return Position(self.file, tree.at.line + row, column + 1, wide)

    def condition(self, tree: YamlNode | None, path: Path) -> Expr | None:
        """A condition, bare or in its braces; it must be yes or no."""
        if tree is None:
            return None
        text = self.text(tree, path)
        if not isinstance(tree, TextNode) or tree.broken or not text:
            return None
        source = text.strip()
        if "{{" in source:
            try:
                found = parse_template(source)
            except BadTemplate as bad:
                self._bad_template(tree, bad)
                return None
            if not isinstance(found, Template) or len(found.parts) != 1 or not isinstance(found.parts[0], Expr):
                self.reporter.report(
                    "RB301",
                    "this is not an expression: %(problem)s",
                    at=tree.at,
                    expected="a condition without braces: item.number is missing",
                    problem="text around the braces",
                )
                return None
            source = found.parts[0].source
        self._look(source, tree, condition=True)
        return Expr(source)

    def expression(self, tree: YamlNode | None, path: Path) -> Expr | None:
        """One expression in its braces."""
        found = self.node(tree, path) if tree is not None else None
        if isinstance(found, Template) and len(found.parts) == 1 and isinstance(found.parts[0], Expr):
            return found.parts[0]
        if tree is not None and path not in self.broken:
            self.wrong_value(path, "this", "one expression: ${{ … }}")
        return None

    def kind_of_expression(self, expr: Expr) -> str:
        """Its type, or ANYTHING. What is wrong with it was reported when it was read."""
        return Look(expr.source, self.scope, self.tables).run()

    def kind_of(self, node: Node) -> Any:
        """What an expression reads that was given this value: its type, or ANYTHING."""
        if isinstance(node, Template):
            if len(node.parts) == 1 and isinstance(node.parts[0], Expr):
                return self.kind_of_expression(node.parts[0])
            return "text"
        return "text" if isinstance(node, str) else ANYTHING

    # ---- flaws of targets, reads, parameters ----------------------------------------------------------------
    def flaws(self, found: Flaws, path: Path) -> None:
        """Report what a grammar found below `path`."""
        for flaw in found.found:
            where = (*path, *flaw.path)
            if any(where[: len(broken)] == broken or broken[: len(where)] == where for broken in self.broken):
                continue
            self.reporter.report(
                flaw.code,
                flaw.message,
                at=self.at_key(where) if flaw.on_key else self.at(where),
                expected=flaw.expected,
                meant=nearest(flaw.word, flaw.known) if flaw.word else "",
                **flaw.facts,
            )


def _as_identifier(key: str) -> str:
    word = re.sub(r"\W+", "_", key).strip("_")
    return word if word.isidentifier() and word not in RESERVED else ""


def type_of(kind: Kind) -> str:
    """The type an expression sees for a scalar type."""
    return KINDS[kind]
