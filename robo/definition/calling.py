"""`call: {process: other@^2, with: {name: value}, as: x}`: the steps of another process of the library, in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, Final

from robo.definition import keys
from robo.definition.diagnostics import Diagnostic, nearest
from robo.definition.inlining import Inlining, mentions, quoted
from robo.definition.scoping import ANYTHING, KINDS
from robo.definition.source import Source
from robo.definition.versions import VERSIONS, satisfies
from robo.definition.yaml_text import YamlNode
from robo.errors import phrase
from robo.model.base import Value
from robo.model.process import Finder, Host, Input, Kind, Process, SecretNeed, Step, Table
from robo.model.scalars import BadScalar, chosen, parse
from robo.model.text import Expr, Node, Path, Position, Template

STANDING: Final = frozenset(("inputs", "region", "process", "run"))
"""What is known before a run begins, and stays."""
OF_ITEM: Final = STANDING | {"item"}
PASSING: Final = frozenset(("last", "error", "now", "find"))
"""What may be another thing at the next step."""
MOST_STEPS: Final = 1000
"""Steps that one call may bring: what calls itself what calls others grows with every level."""
_WRITTEN: Final = frozenset((Kind.DATETIME, Kind.TIME, Kind.DURATION, Kind.LIST, Kind.FILE, Kind.FOLDER))
"""Types of which no expression writes a value out; a file is given with the run."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Another process of the library, read and checked alone. None: there is something wrong with it."""

    process: Process | None
    problems: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the processes of a library are. `chain`: who calls whom, down to the process being read."""

    open: Callable[[str], Opened | None]
    known: Callable[[], list[str]]
    chain: tuple[str, ...]


def beside_file(file: str, name: str) -> str:
    """The file that a process calls `name`: in its folder, or in that of a process beside it (`../other/…`)."""
    folder = FilePath(file).parent
    return str(folder.parent / name.removeprefix("../") if name.startswith("../") else folder / name)


class Calls:
    """Reads the calls of one process. `finders`, `tables`, `hosts`, `secrets`, `positions`: what they bring."""

    def __init__(self, source: Source, ids: set[str]) -> None:
        self.shelf: Shelf | None = None
        self.finders: dict[str, Finder] = {}
        self.tables: dict[str, Table] = {}
        self.hosts: dict[str, Host] = {}
        self.secrets: dict[str, tuple[SecretNeed, Path]] = {}
        self.positions: dict[Path, Position] = {}
        self.roles: dict[Path, str] = {}
        self.known_hosts: frozenset[str] = frozenset()
        """The hosts of the process itself, every `url` input among them."""
        self._source = source
        self._ids = ids
        self._report = source.reporter.report

    def read(self, parts: Mapping[str, YamlNode], path: Path) -> dict[str, Any]:
        """The members of a block that is a call."""
        source, where = self._source, (*path, "call")
        if self.shelf is None or "verify" in path or "leftover" in path:
            self._report(
                "RB217",
                "%(action)s cannot stand here",
                at=source.at_key(where),
                expected="a step of the process itself",
                action="call",
            )
            return {"called": "_"}
        given = source.mapping(parts["call"], where, keys.CALL)
        wanted = source.plain(source.required(given, "process", where), (*where, "process"))
        name = source.plain(source.required(given, "as", where), (*where, "as")) or ""
        free = bool(name) and source.name(name, (*where, "as"), taken=self._ids)
        called = self._called(wanted, where) if wanted else None
        values = self._values(given.get("with"), (*where, "with"), called)
        source.names.pop("last", None)  # it is what the other process did last, and its names are its own
        if free:
            self._ids.add(name)
            source.names[name] = {"*": ANYTHING} if called is None else dict(called.gives)
        if called is None or values is None or not free:
            return {"called": f"{name}_"}
        was = source.plain(given.get("was"), (*where, "was")) or ""
        if was == name:
            source.wrong_value((*where, "was"), was, phrase("its former name, before %(name)s", name=name))
        chosen_from = {
            f"{name}.inputs.{key}": need.choices
            for key, need in called.inputs.items()
            if need.choices
            and KINDS[need.type] == "text"
            and values.get(key, "") not in {"", *map(quoted, need.choices)}
        }
        for table, choices in chosen_from.items():
            self.tables[table] = Table(name=table, rows={choice: choice for choice in choices})
            key = table.rpartition(".")[2]
            values[key] = f"({values[key]}) | table('{table}')"
        call = Inlining(called=called, name=name, base=where, given=values, was=was)
        title = {} if "title" in parts else {"title": called.title}
        return {"do": self._bring(call, where), "called": call.prefix, **title}

    # ---- the other process ----------------------------------------------------------------------------------
    def _called(self, wanted: str, where: Path) -> Process | None:
        """The process that is called, or None after a report."""
        source, place = self._source, (*where, "process")
        name, _, version = wanted.partition("@")
        if not VERSIONS.fullmatch(version):
            source.wrong_value(place, wanted, "a process and its version, as connexion@^1.2")
            return None
        shelf = self.shelf
        if shelf is None:
            return None
        if name in shelf.chain:
            self._report(
                "RB243",
                "a process cannot call itself: %(chain)s",
                at=source.at(place),
                remedy="take the steps out of the circle into a process of their own",
                chain=" → ".join((*shelf.chain, name)),
            )
            return None
        opened = shelf.open(name)
        if opened is None:
            known = shelf.known()
            self._report(
                "RB240",
                "there is no process %(name)s to call",
                at=source.at(place),
                expected="one of %(known)s" if known else "a process of this library",
                meant=nearest(name, known),
                name=name,
                known=", ".join(known),
            )
            return None
        return self._fit(name, version, opened, where)

    def _fit(self, name: str, version: str, opened: Opened, where: Path) -> Process | None:
        source, called = self._source, opened.process
        at = source.at((*where, "process"))
        if called is None or opened.problems:
            source.reporter.extend(opened.problems)
            self._report(
                "RB241",
                "%(name)s cannot be called before its own problems are corrected",
                at=at,
                name=name,
            )
            return None
        if not satisfies(called.version, version):
            self._report(
                "RB242",
                "%(name)s has the version %(version)s, and %(wanted)s is called",
                at=at,
                remedy="read its CHANGELOG, then call the version that is there",
                name=name,
                version=called.version,
                wanted=version,
            )
            return None
        unfit = list(_unfit(called))
        for part, place in unfit:
            self._report(
                "RB241",
                "%(name)s cannot be called: %(part)s (%(place)s)",
                at=at,
                expected="a process with inputs, finders, tables, hosts, secrets and steps only",
                name=name,
                part=part,
                place=f"{place.file}:{place.line}",
            )
        return None if unfit else called

    # ---- what it is given -----------------------------------------------------------------------------------
    def _values(self, node: YamlNode | None, path: Path, called: Process | None) -> dict[str, str] | None:
        """Input -> the source of the expression that it is; None when something is wrong (reported)."""
        source, before = self._source, self._source.reporter.count
        inputs = called.inputs if called is not None else {}
        given = source.mapping(node, path, tuple(inputs) if called is not None else ())
        if called is not None and not inputs and given:
            source.wrong_value(path, ", ".join(given), phrase("nothing: %(name)s has no inputs", name=called.id))
        found: dict[str, str] = {}
        for name, each in given.items():
            value = source.node(each, (*path, name))
            if name in inputs:
                self._passing(value, (*path, name))
                found[name] = self._value(value, inputs[name], (*path, name))
        for name, need in inputs.items():
            if name not in given and need.default is not None and need.type not in _WRITTEN:
                found[name] = _written(need, need.default)
            elif name not in given and (*path, name) not in source.misspelt:
                source.lacks(
                    f"call {called.id if called else ''}".strip(),
                    name,
                    at=source.at_key((*path[:-1],)),
                    expected="with: {%(key)s: …}: every input of the called process without a value of its own",
                )
        if called is not None and source.reporter.count == before:
            self._known_in_time(called, found, path)
        return found if source.reporter.count == before else None

    def _passing(self, value: Node, path: Path) -> None:
        roots = sorted({name.partition(".")[0] for name in mentions(value)} & PASSING)
        if roots:
            self._report(
                "RB244",
                "%(names)s may be another thing at the next step: a call is given what stays",
                at=self._source.at(path),
                expected="a column, an input, the values of a step, or a name: set: {x: ${{ … }}} before the call",
                names=", ".join(roots),
            )

    def _value(self, value: Node, need: Input, path: Path) -> str:
        if isinstance(value, str):
            return self._literal(value, need, path)
        if not isinstance(value, Template):
            if path not in self._source.broken:
                self._source.wrong_value(path, "this", "one value, or one expression: ${{ … }}")
            return ""
        kind, wanted = self._source.kind_of(value), KINDS[need.type]
        if kind not in (ANYTHING, wanted):
            self._report(
                "RB244",
                "%(name)s is a %(wanted)s, and a %(kind)s is given",
                at=self._source.at(path),
                expected="| to_number, | to_date, | date, | fixed(2) change a type",
                name=need.name,
                wanted=wanted,
                kind=kind,
            )
        parts = [part.source if isinstance(part, Expr) else quoted(part) for part in value.parts]
        return parts[0] if len(parts) == 1 else " ~ ".join(f"({part})" for part in parts)

    def _literal(self, text: str, need: Input, path: Path) -> str:
        if path in self._source.broken:
            return ""
        try:
            chosen(need.type, parse(need.type, text), need.choices)
        except BadScalar as bad:
            self._source.wrong_value(path, bad.got, bad.expected, meant=nearest(text, need.choices))
            return ""
        if need.type in _WRITTEN:
            self._source.wrong_value(path, text, "an expression: values of this type are not written out in a call")
            return ""
        return _written(need, text)

    def _known_in_time(self, called: Process, given: Mapping[str, str], path: Path) -> None:
        """Addresses are known before a run begins; finders, whatever step has run."""
        hosts = {f"inputs.{name}" for name, each in called.inputs.items() if each.type is Kind.URL}
        hosts |= {name for host in called.hosts.values() for name in mentions(host.url)}
        asked = mentions(tuple(finder.step for finder in called.finders.values()))
        for name, source in given.items():
            roots = {root.partition(".")[0] for root in mentions(Expr(source))}
            in_host = f"inputs.{name}" in hosts
            if (in_host and roots - STANDING) or (f"inputs.{name}" in asked and roots - OF_ITEM):
                self._report(
                    "RB244",
                    "%(name)s is known too late: %(other)s uses it for an address or in a finder",
                    at=self._source.at((*path, name)),
                    expected="an input or a text" if in_host else "a column of the item, an input or a text",
                    name=name,
                    other=called.id,
                )

    # ---- what it brings -------------------------------------------------------------------------------------
    def _bring(self, call: Inlining, where: Path) -> tuple[Any, ...]:
        source = self._source
        steps, finders, hosts = call.steps(), call.finders(), call.hosts()
        own = {f"{call.prefix}{name}" for name in call.names}
        taken = own & (self._ids | source.every_id | set(source.names))
        taken |= finders.keys() & {*source.names["find"], *self.finders}
        taken |= hosts.keys() & {*self.known_hosts, *self.hosts}
        for name in sorted(taken):
            self._report(
                "RB213", "the name %(name)s is taken", at=source.at((*where, "as")), meant=f"{call.name}_2", name=name
            )
        if (count := sum(1 for _ in _every(steps))) > MOST_STEPS:
            self._report(
                "RB246",
                "%(name)s brings %(count)s steps with what it calls itself, and %(most)s are the most",
                at=source.at((*where, "process")),
                expected="calls that are not nested so deeply, or steps in a loop instead of one call after another",
                name=call.called.id,
                count=count,
                most=MOST_STEPS,
            )
            return ()
        for fault in call.faults[:1]:
            self._report(
                fault.code, fault.message, at=source.at(where), expected="a shorter one, by set: before", **fault.facts
            )
        self._ids |= own
        self.finders |= finders
        self.tables |= call.tables()
        self.hosts |= hosts
        self.positions |= dict(call.positions())
        self.secrets |= {name: (need, where) for name, need in call.called.secrets.items()}
        self.roles[where] = call.called.decision_role
        return steps

    def secrets_with(self, own: dict[str, SecretNeed], declared: frozenset[str]) -> dict[str, SecretNeed]:
        """The secrets of the process and of what it calls: one name is one secret, of one kind."""
        found = dict(own)
        for name, (need, where) in self.secrets.items():
            if name in declared and own[name].kind != need.kind:
                self._report(
                    "RB244",
                    "the secret %(name)s is of the kind %(kind)s here and %(other)s in the called process",
                    at=self._source.at((*where, "process")),
                    remedy="give one of them another name",
                    name=name,
                    kind=own[name].kind,
                    other=need.kind,
                )
            elif name not in declared:
                found[name] = need
        return found

    def aid_said(self, role: str) -> None:
        """A process that calls one that prepares a decision prepares it."""
        for where in (where for where, other in self.roles.items() if (role, other) == ("none", "aid")):
            self._report(
                "RB215",
                "the called process prepares a person's decision: this one does too",
                at=self._source.at((*where, "process")),
                expected="decision_role: aid",
            )


def _unfit(called: Process) -> Iterator[tuple[str, Position]]:
    """Why a process cannot be called, each with its place."""
    for key in sorted(called.parts - {*keys.CALLABLE}):
        yield key, called.positions.get((key,), Position(called.file, 1, 1))
    for name in sorted(name for name, each in called.inputs.items() if each.sensitive):
        yield f"inputs.{name}: sensitive", called.positions.get(("inputs", name), Position(called.file, 1, 1))
    read = {name.partition(".")[0] for name in mentions((called.steps, *called.finders.values()))}
    if "item" in read:
        yield "item", called.positions.get(("steps",), Position(called.file, 1, 1))
    if "row" in called.taken:
        yield "row", called.positions.get(("steps",), Position(called.file, 1, 1))


def _every(value: Any) -> Iterator[Step]:
    """Every step of a part of a process."""
    if isinstance(value, Step):
        yield value
    if isinstance(value, Value):
        holds = ("do", "next", "branches", "rescue", "leftover", "verify", "steps")
        value = tuple(getattr(value, name, None) for name in holds)
    for part in value if isinstance(value, tuple) else ():
        yield from _every(part)


def _written(need: Input, text: str) -> str:
    """A value of this type as an expression writes it."""
    value = parse(need.type, text)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if need.type is Kind.DATE:
        return f"'{value.isoformat()}' | to_date"
    return quoted(str(value))
