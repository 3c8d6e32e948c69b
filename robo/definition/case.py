"""Reads `cases/<id>.yaml`: one rule of a process, what goes wrong, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any, Final

from robo.definition.case_mails import read_expected, read_kept, read_mailbox
from robo.definition.diagnostics import Diagnostic, Reporter
from robo.definition.document import Document
from robo.definition.loading import content_of
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode, decode, read_yaml
from robo.errors import DefinitionError, phrase
from robo.model.base import ItemState
from robo.model.case import DOSSIERS, Answer, Case, CaseFault, Expected, Given, Held, Mishap, World
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Path

KEYS: Final = (
    "robo",
    "says",
    "region",
    "today",
    "inputs",
    "items",
    "runs",
    "given",
    "mailbox",
    "faults",
    "reviews",
    "expect",
)
FAULT_KEYS: Final = ("step", "do", "after", "before", "key", "run", "seconds", "times", "every")
GIVEN_KEYS: Final = ("reference", "in", "with", "created_by", "shown_after")
REVIEW_KEYS: Final = ("step", "choice", "edit", "key", "run")
EXPECT_KEYS: Final = ("outcome", "code", "credited", "says")
WORLD: Final = ("portal", "file", "folders", "mails", "mailbox", "not_taken")
"""Words of `expect` that are no item keys."""


def load_case(path: FilePath) -> Case:
    """The case a file describes. Raises `DefinitionError` with every problem in it."""
    case, problems = check_case(path)
    if case is None:
        raise DefinitionError(problems)
    return case


def check_case(path: FilePath) -> tuple[Case | None, tuple[Diagnostic, ...]]:
    """The case, or None and everything that is wrong with its text."""
    file = str(path)
    reporter = Reporter()
    text = decode(content_of(path), file, reporter)
    reading = read_yaml(text, file, reporter) if text is not None else None
    if reading is None or reading.root is None:
        return None, reporter.diagnostics()
    case = _Reader(Document(file, reporter)).case(reading.root, path.stem)
    if reporter.count:
        return None, reporter.diagnostics()
    return case.model_copy(update={"lines": reading.lines}), ()


def case_files(folder: FilePath) -> tuple[FilePath, ...]:
    """The files of the cases of a process folder (`cases/*.yaml`), by name."""
    return tuple(sorted((folder / "cases").glob("*.yaml")))


def load_cases(folder: FilePath) -> tuple[Case, ...]:
    """Every case of a process folder by name. Raises with the problems of all of them."""
    read = [check_case(path) for path in case_files(folder)]
    if problems := tuple(problem for _, found in read for problem in found):
        raise DefinitionError(problems)
    return tuple(case for case, _ in read if case is not None)


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document

    def case(self, root: YamlNode, name: str) -> Case:
        document = self.document
        entries = document.mapping(root, (), KEYS)
        document.choice(document.required(entries, "robo", ()), ("robo",), ("1",), "1")
        expect, not_taken, world = self._expect(document.required(entries, "expect", ()))
        days = self._days(entries.get("today"))
        return Case(
            id=name,
            says=document.text(document.required(entries, "says", ()), ("says",)),
            region=document.text(document.required(entries, "region", ()), ("region",)),
            days=days,
            inputs=document.texts(entries.get("inputs"), ("inputs",)),
            items=tuple(document.texts(item, path) for item, path in document.items(entries.get("items"), ("items",))),
            runs=max(1, document.whole(entries.get("runs"), ("runs",), max(1, len(days)))),
            given=tuple(self._given(item, path) for item, path in document.items(entries.get("given"), ("given",))),
            mailbox=read_mailbox(document, entries.get("mailbox")),
            faults=tuple(self._fault(item, path) for item, path in document.items(entries.get("faults"), ("faults",))),
            reviews=tuple(
                self._answer(item, path) for item, path in document.items(entries.get("reviews"), ("reviews",))
            ),
            expect=expect,
            not_taken=not_taken,
            world=world,
            file=document.file,
            positions=document.positions,
        )

    def _days(self, node: YamlNode | None) -> tuple[date, ...]:
        """One day, or one for each run in the order of the calendar."""
        path: Path = ("today",)
        each = [(node, path)] if isinstance(node, TextNode) else list(self.document.items(node, path))
        read = [(self._typed(one, here, Kind.DATE, date), here) for one, here in each]
        days = [(day, here) for day, here in read if day is not None]
        for (before, _), (day, here) in pairwise(days):
            if day < before:
                text = f"{day:%d/%m/%Y}"
                self.document.wrong_value(here, text, phrase("a day from %(day)s on", day=f"{before:%d/%m/%Y}"))
        return tuple(day for day, _ in days)

    def _given(self, node: YamlNode, path: Path) -> Given:
        document = self.document
        entries = document.mapping(node, path, GIVEN_KEYS)
        shown = self._typed(entries.get("shown_after"), (*path, "shown_after"), Kind.DURATION, timedelta)
        return Given(
            reference=document.text(document.required(entries, "reference", path), (*path, "reference")),
            shelf=document.text(entries["in"], (*path, "in")) if "in" in entries else DOSSIERS,
            content=document.texts(entries.get("with"), (*path, "with")),
            created_by=document.text(entries.get("created_by"), (*path, "created_by")),
            shown_after=shown or timedelta(0),
            path=path,
        )

    def _fault(self, node: YamlNode, path: Path) -> CaseFault:
        document = self.document
        entries = document.mapping(node, path, FAULT_KEYS)
        do = document.choice(document.required(entries, "do", path), (*path, "do"), tuple(Mishap), Mishap.CRASH)
        return CaseFault(
            step=document.text(document.required(entries, "step", path), (*path, "step")),
            do=Mishap(do),
            after=self._moment(entries, "after", path, ("submit", "receipt")),
            before=self._moment(entries, "before", path, ("submit", "search")),
            key=document.text(entries.get("key"), (*path, "key")),
            run=max(1, document.whole(entries.get("run"), (*path, "run"), 1)),
            seconds=document.whole(entries.get("seconds"), (*path, "seconds"), 0),
            times=max(1, document.whole(entries.get("times"), (*path, "times"), 1)),
            every=document.flag(entries.get("every"), (*path, "every"), default=False),
            path=path,
        )

    def _answer(self, node: YamlNode, path: Path) -> Answer:
        document = self.document
        entries = document.mapping(node, path, REVIEW_KEYS)
        return Answer(
            step=document.text(document.required(entries, "step", path), (*path, "step")),
            choice=document.text(entries.get("choice"), (*path, "choice")),
            edit=document.texts(entries.get("edit"), (*path, "edit")),
            key=document.text(entries.get("key"), (*path, "key")),
            run=max(1, document.whole(entries.get("run"), (*path, "run"), 1)),
            path=path,
        )

    def _moment(self, entries: Mapping[str, YamlNode], key: str, path: Path, moments: tuple[str, ...]) -> str:
        if key not in entries:
            return ""
        return self.document.choice(entries[key], (*path, key), moments, moments[0])

    def _expect(self, node: YamlNode | None) -> tuple[dict[str, Expected], tuple[str, ...] | None, World]:
        document, path = self.document, ("expect",)
        entries = document.mapping(node, path)
        portal = document.mapping(entries.get("portal"), (*path, "portal"))
        files = document.mapping(entries.get("file"), (*path, "file"))
        tables = {key: value for key, value in files.items() if isinstance(value, ListNode)}
        folders = document.mapping(entries.get("folders"), (*path, "folders"))
        mails, in_order = read_expected(document, entries.get("mails"), (*path, "mails"))
        world = World(
            portal={shelf: self._held(value, (*path, "portal", shelf)) for shelf, value in portal.items()},
            folders={name: self._names(value, (*path, "folders", name)) for name, value in folders.items()},
            cells={
                key: document.texts(value, (*path, "file", key)) for key, value in files.items() if key not in tables
            },
            tables={
                key: tuple(document.texts(row, at) for row, at in document.items(value, (*path, "file", key)))
                for key, value in tables.items()
            },
            mails=mails,
            in_order=in_order,
            mailbox=read_kept(document, entries.get("mailbox"), (*path, "mailbox")),
        )
        left = entries.get("not_taken")
        kept = None if left is None else self._names(left, (*path, "not_taken"))
        items = {key: self._expected(value, (*path, key)) for key, value in entries.items() if key not in WORLD}
        return items, kept, world

    def _held(self, node: YamlNode, path: Path) -> dict[str, Held]:
        """How many of each reference, or the words of the one there is."""
        document, found = self.document, {}
        for reference, value in document.mapping(node, path).items():
            here = (*path, reference)
            if isinstance(value, MapNode):
                found[reference] = Held(says=document.texts(value, here))
            else:
                found[reference] = Held(count=document.whole(value, here, 0))
        return found

    def _names(self, node: YamlNode, path: Path) -> tuple[str, ...]:
        return tuple(self.document.text(item, here) for item, here in self.document.items(node, path))

    def _expected(self, node: YamlNode, path: Path) -> Expected:
        document = self.document
        entries = document.mapping(node, path, EXPECT_KEYS)
        outcome = document.choice(
            document.required(entries, "outcome", path), (*path, "outcome"), tuple(ItemState), ItemState.DONE
        )
        credited = entries.get("credited")
        return Expected(
            outcome=ItemState(outcome),
            code=document.text(entries.get("code"), (*path, "code")),
            credited=None if credited is None else document.flag(credited, (*path, "credited"), default=False),
            says=document.text(entries.get("says"), (*path, "says")),
            path=path,
        )

    def _typed(self, node: YamlNode | None, path: Path, kind: Kind, wanted: type[Any]) -> Any:
        """A scalar of the language, or None."""
        if node is None:
            return None
        text = self.document.text(node, path)
        try:
            value = parse(kind, text)
        except BadScalar as bad:
            self.document.wrong_value(path, bad.got, bad.expected)
            return None
        return value if isinstance(value, wanted) else None
