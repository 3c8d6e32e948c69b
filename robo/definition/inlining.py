"""The parts of a called process under names of their own, its inputs replaced by what the call gives. Pure.

A called process was read and checked alone; here its values become a part of another one, so that the names of the two
never touch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from robo.definition.syntax import Fault, mentioned, parse
from robo.model.base import Value
from robo.model.process import Finder, Host, Kind, Leftover, Process, Step, StepKind, Table, Verify
from robo.model.text import Expr, Path, Position, Template

_WORDS: Final = re.compile(
    r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\s+|.",
    re.DOTALL,
)
_SIMPLE: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*|'(?:\\.|[^'\\])*'|\d+(?:\.\d+)?")
"""What needs no brackets around it, wherever it is put."""


@dataclass(slots=True, kw_only=True)
class Inlining:
    """One call. `name`: what the caller calls it (`as`); `base`: where the call stands; `given`: input -> the source of
    the expression that it is in the caller; `was`: what it called it before;
    `faults`: expressions that became too large."""

    called: Process
    name: str
    base: Path
    given: Mapping[str, str]
    was: str = ""
    faults: list[Fault] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return f"{self.name}_"

    # ---- parts ----------------------------------------------------------------------------------------------
    @property
    def names(self) -> frozenset[str]:
        """Every name of the called process that an expression can read or a journal holds."""
        return frozenset(_named(self.called.steps))

    def steps(self) -> tuple[Step, ...]:
        """Its steps; its `output` leaves the name of the call."""
        steps: tuple[Step, ...] = self._part(self.called.steps, self.names)
        return steps

    def finders(self) -> dict[str, Finder]:
        """Its finders, under the names that `find` knows them by."""
        found = {}
        for name, finder in self.called.finders.items():
            step = self._step(finder.step, self.names).model_copy(update={"id": f"find-{self.prefix}{name}"})
            found[f"{self.prefix}{name}"] = Finder(name=f"{self.prefix}{name}", step=step)
        return found

    def tables(self) -> dict[str, Table]:
        """Its tables; no region changes them from here."""
        return {
            f"{self.name}.{name}": Table(name=f"{self.name}.{name}", rows=table.rows)
            for name, table in self.called.tables.items()
        }

    def hosts(self) -> dict[str, Host]:
        """Its hosts, every `url` input among them."""
        found = {}
        for name, given in self.called.inputs.items():
            if given.type is Kind.URL:
                source = self.given[name]
                url = Template("${{ " + source + " }}", (Expr(source),))
                found[f"{self.prefix}{name}"] = Host(name=f"{self.prefix}{name}", url=url)
        for name, host in self.called.hosts.items():
            own = {"name": f"{self.prefix}{name}", "url": self._part(host.url, frozenset())}
            found[f"{self.prefix}{name}"] = host.model_copy(update=own)
        return found

    def positions(self) -> Iterator[tuple[Path, Position]]:
        """Where its parts stand, in its own file."""
        yield from (((*self.base, *path), at) for path, at in self.called.positions.items() if path)

    # ---- values ---------------------------------------------------------------------------------------------
    def _part(self, value: Any, own: frozenset[str]) -> Any:
        if isinstance(value, Expr):
            return Expr(self.source(value.source, own))
        if isinstance(value, Template):
            return self._template(value, own)
        if isinstance(value, Step):
            return self._step(value, own)
        if isinstance(value, Value):
            return self._value(value, own)
        if isinstance(value, Mapping):
            return {key: self._part(part, own) for key, part in value.items()}
        if isinstance(value, tuple):
            return tuple(self._part(part, own) for part in value if not _is_point(part))
        return value

    def _template(self, value: Template, own: frozenset[str]) -> Template:
        parts = tuple(self._part(part, own) if isinstance(part, Expr) else part for part in value.parts)
        words = (part if isinstance(part, str) else "${{ " + part.source + " }}" for part in parts)
        return Template("".join(words), parts)

    def _value(self, value: Value, own: frozenset[str]) -> Any:
        update = {name: self._part(getattr(value, name), own) for name in type(value).model_fields if name != "path"}
        if "path" in type(value).model_fields:
            update["path"] = (*self.base, *value.path)  # type: ignore[attr-defined]  # asked on the line above
        if isinstance(value, Verify | Leftover) and value.finder:
            update["finder"] = f"{self.prefix}{value.finder}"
        return value.model_copy(update=update)

    def _step(self, step: Step, own: frozenset[str]) -> Step:
        changed: Step = self._value(step, own)
        update: dict[str, Any] = {"id": f"{self.prefix}{step.id}", "called": f"{self.prefix}{step.called}"}
        if step.was or self.was:
            update["was"] = tuple(self._formers(step))
        if step.as_:
            update["as_"] = f"{self.prefix}{step.as_}"
        if step.kind is StepKind.SET:
            update["assign"] = {f"{self.prefix}{name}": node for name, node in changed.assign.items()}
        if step.kind is StepKind.OUTPUT:
            update |= {"kind": StepKind.SET, "assign": {self.name: changed.assign}}
        return changed.model_copy(update=update)

    def _formers(self, step: Step) -> Iterator[str]:
        """What the journal may know a step by: nobody knows which of its name and that of the call changed first."""
        now = step.id if step.named else f"{step.called}{step.action}"
        for call in filter(None, (self.name, self.was)):
            yield from (f"{call}_{name}" for name in (now, *step.was) if (call, name) != (self.name, now))

    # ---- expressions ----------------------------------------------------------------------------------------
    def source(self, source: str, own: frozenset[str]) -> str:
        """An expression in the names of the caller."""
        found = "".join(self._renamed(self._own_tables(_WORDS.findall(source)), own))
        try:
            parse(found)
        except Fault as fault:
            self.faults.append(fault)
        return found

    def _own_tables(self, words: list[str]) -> list[str]:
        """`table(name)` means a table of the called process, also where its name is calculated."""
        spoken = [index for index, word in enumerate(words) if not word.isspace()]
        for before, index, bracket in reversed(list(zip(spoken, spoken[1:], spoken[2:], strict=False))):
            if (words[before], words[index], words[bracket]) != ("|", "table", "("):
                continue
            end = _end_of_argument(words, bracket + 1)
            name = [word for word in words[bracket + 1 : end] if not word.isspace()]
            if len(name) == 1 and name[0][0] in "'\"":
                words[bracket + 1 : end] = [f"{name[0][0]}{self.name}.{name[0][1:]}"]
            else:
                words[bracket + 1 : end] = [f"'{self.name}.'", " ", "~", " ", "(", *words[bracket + 1 : end], ")"]
        return words

    def _renamed(self, words: list[str], own: frozenset[str]) -> Iterator[str]:
        before, earlier = "", ""
        for word in words:
            if word.isspace():
                yield word
                continue
            text = word[0] in "'\""
            if text or not _is_name(word) or before in {".", "|", "is"} or (before, earlier) == ("not", "is"):
                yield word
            else:
                yield self._name(re.sub(r"\s", "", word), own)
            before, earlier = word, before

    def _name(self, name: str, own: frozenset[str]) -> str:
        """A dotted name in the caller: an input is what was given for it."""
        root, _, members = name.partition(".")
        if root == "inputs" and members in self.given:
            given = self.given[members]
            return given if _SIMPLE.fullmatch(given) else f"({given})"
        if root == "process" and members in FACTS:
            return quoted(str(getattr(self.called, members)))
        if root == "find" and members:
            return f"find.{self.prefix}{members}"
        return f"{self.prefix}{name}" if root in own else name


FACTS: Final = ("id", "title", "version")
"""What `process` says."""


def quoted(text: str) -> str:
    """A text as an expression writes it."""
    for char, written in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(char, written)
    return f"'{text}'"


def expressions(value: Any) -> Iterator[str]:
    """The source of every expression of a part of a process."""
    if isinstance(value, Expr):
        yield value.source
    elif isinstance(value, Template):
        yield from (part.source for part in value.parts if isinstance(part, Expr))
    elif isinstance(value, Value):
        yield from expressions(tuple(getattr(value, name) for name in type(value).model_fields))
    elif isinstance(value, Mapping):
        yield from expressions(tuple(value.values()))
    elif isinstance(value, tuple):
        for part in value:
            yield from expressions(part)


def mentions(value: Any) -> frozenset[str]:
    """The dotted names that a part of a process reads."""
    return frozenset(name for source in expressions(value) for name in mentioned(source))


def _end_of_argument(words: list[str], start: int) -> int:
    """Where the argument that begins at `start` ends: before its comma or the closing bracket."""
    depth = 0
    for index in range(start, len(words)):
        if depth == 0 and words[index] in ",)":
            return index
        depth += (words[index] in "([{") - (words[index] in ")]}")
    return len(words)


def _is_name(word: str) -> bool:
    return word[0].isalpha() or word[0] == "_"


def _is_point(value: Any) -> bool:
    """An extension point: what a region adds, it adds to the process it names."""
    return isinstance(value, Step) and value.kind is StepKind.EXTENSION


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Step):
        yield value.id
        yield from value.assign if value.kind is StepKind.SET else ()
        yield from filter(None, (value.as_,))
    if isinstance(value, Value):
        for name in type(value).model_fields:
            yield from _named(getattr(value, name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _named(part)
