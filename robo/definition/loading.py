"""A process file becomes a `Process`: read, checked whole, every problem reported at once. Pure but for the file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from robo.definition import keys, sections
from robo.definition.awaiting import read_popups
from robo.definition.calling import Opened, Shelf, beside_file
from robo.definition.counting import read_counts
from robo.definition.diagnostics import Diagnostic, Reporter, nearest
from robo.definition.rows import read_items
from robo.definition.setups import read_setup
from robo.definition.source import Source
from robo.definition.steps import Steps, ids_of
from robo.definition.yaml_text import ListNode, MapNode, YamlNode, decode, read_yaml
from robo.errors import DefinitionError, UsageError
from robo.model.process import Kind, Process, SecretNeed, Step
from robo.model.text import Path
from robo.sdk.action import ActionSpec

LANGUAGE: Final = "1"
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[0-9A-Za-z.-]+)?")
MAX_ID: Final = 80
SAID: Final = ("code", "message")
"""What `on_rejected` and `on_skipped` read of an item besides its fields."""
PROCESS_FILE: Final = "process.yaml"
MAX_RECENT: Final = 8
STEPS: Final = ("setup", "start", "steps", *keys.SEQUELS, "finish")
"""The sections that are steps."""
Beside = Mapping[str, str]
"""Texts of the files beside a process that it uses (`templates/relance.md`), by their names."""
Checked = tuple[Process | None, tuple[Diagnostic, ...]]
_RECENT: Final[dict[tuple[str, bytes], tuple[Mapping[str, ActionSpec], Beside | None, Checked]]] = {}
"""What was read last, oldest first. Values are frozen, so they can be shared."""
OpenedBefore = dict[tuple[str, ...], tuple[Opened, Beside | None]]
"""Called processes that one reading has read: a good one by its name, another by who calls whom down to it."""


def load_process(
    path: FilePath | str, text: str | None = None, *, actions: Mapping[str, ActionSpec], beside: Beside | None = None
) -> Process:
    """The process of a file; `text` instead of what the file holds, when it is given, and `beside` instead of what the
    files hold that it uses.

    Raises `DefinitionError` with all diagnostics, or `UsageError` when the file cannot be read."""
    process, diagnostics = check_process(path, text, actions=actions, beside=beside)
    if process is None:
        raise DefinitionError(diagnostics)
    return process


def check_process(
    path: FilePath | str, text: str | None = None, *, actions: Mapping[str, ActionSpec], beside: Beside | None = None
) -> Checked:
    """The process, or None and everything that is wrong with it, in the order of the text.

    The same text with the same actions is read once: a process is checked for every region that runs it."""
    process, problems = _read(path, text, actions, beside)
    return (None if problems else process), problems


def what_is_there(
    path: FilePath | str, text: str | None = None, *, actions: Mapping[str, ActionSpec], beside: Beside | None = None
) -> Process | None:
    """The parts of a definition that can be read, problems or not: rules can be checked on its good steps."""
    return _read(path, text, actions, beside)[0]


def _read(path: FilePath | str, text: str | None, actions: Mapping[str, ActionSpec], beside: Beside | None) -> Checked:
    content = content_of(FilePath(path)) if text is None else text.encode("utf-8", "surrogatepass")
    if beside is not None:
        return _check(str(path), content, actions, beside)[2]
    key = (str(path), content)
    known = _RECENT.get(key)
    if known is None or known[0] is not actions or not _as_it_was(str(path), known[1]):
        known = _check(str(path), content, actions, None)
        _RECENT.pop(key, None)
        _RECENT[key] = known
        while len(_RECENT) > MAX_RECENT:
            _RECENT.pop(next(iter(_RECENT)), None)
    return known[2]


def _as_it_was(file: str, beside: Beside | None) -> bool:
    """Whether the files beside a process still hold what was read; never, where one could not be read."""
    try:
        return beside is not None and all(
            decode(FilePath(beside_file(file, name)).read_bytes(), name, Reporter()) == text
            for name, text in beside.items()
        )
    except OSError:
        return False


def _check(
    file: str,
    content: bytes,
    actions: Mapping[str, ActionSpec],
    beside: Beside | None,
    *,
    callers: tuple[str, ...] = (),
    opened: OpenedBefore | None = None,
) -> tuple[Mapping[str, ActionSpec], Beside | None, Checked]:
    reporter = Reporter()
    decoded = decode(content, file, reporter)
    reading = read_yaml(decoded, file, reporter) if decoded is not None else None
    if reading is None or reading.root is None:
        return actions, {}, (None, reporter.diagnostics())
    loader = _Loader(file, reading.lines, reporter, actions)
    loader.source.given, loader.callers = beside, callers
    loader.opened = {} if opened is None else opened
    process = loader.read(reading.root, hashlib.sha256(content).hexdigest())
    return actions, None if loader.source.lacking else loader.source.beside, (process, reporter.diagnostics())


def content_of(path: FilePath) -> bytes:
    """The bytes of a definition. Raises `UsageError` RB120 when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            "RB120",
            "%(file)s cannot be read: %(why)s",
            place=str(path),
            remedy="check the name and who may read it",
            file=str(path),
            why=error.strerror or str(error),
        ) from error


class _Loader:
    """Reads the sections in the order in which their names are used by each other."""

    def __init__(
        self, file: str, lines: tuple[str, ...], reporter: Reporter, actions: Mapping[str, ActionSpec]
    ) -> None:
        self.source = Source(file, lines, reporter)
        self.steps = Steps(self.source, actions)
        self.callers: tuple[str, ...] = ()
        """The processes that call this one, the first caller first."""
        self.opened: OpenedBefore = {}
        self.reporter = reporter

    def read(self, root: YamlNode, digest: str) -> Process | None:
        source = self.source
        parts = source.mapping(root, (), keys.TOP)
        if not isinstance(root, MapNode):
            return None
        self._language(parts)
        source.every_id = frozenset(step for key in STEPS for step in ids_of(parts.get(key)))
        values = self._head(parts)
        self.steps.calls.shelf = Shelf(self._open, self._others, (*self.callers, values["id"]))
        source.chain = self.steps.calls.shelf.chain
        self.steps.controls.result_at = _result_at(parts)
        values["inputs"] = sections.read_inputs(source, parts.get("inputs"))
        values["hosts"] = sections.read_hosts(source, parts.get("hosts"))
        urls = (name for name, each in values["inputs"].items() if each.type is Kind.URL)
        self.steps.calls.known_hosts = frozenset((*urls, *values["hosts"]))
        values["tables"] = sections.read_tables(source, parts.get("tables"))
        values["popups"] = read_popups(source, parts.get("popups"))
        values["items"] = read_items(source, self.steps, parts.get("items"))
        values["finders"] = self.steps.finders(parts.get("finders"))
        values |= self._steps(parts)
        values["secrets"] = self._secrets(parts.get("secrets"))
        calls = self.steps.calls
        calls.aid_said(values["decision_role"])
        for section, brought in (("hosts", calls.hosts), ("tables", calls.tables), ("finders", calls.finders)):
            values[section] = {**values[section], **brought}
        with suppress(ValidationError):  # parts that are wrong (reported) may not make a process
            return Process(
                **values,
                extensions=self.steps.controls.extensions,
                taken=source.every_id | self.steps.ids,
                digest=digest,
                file=source.file,
                lines=source.lines,
                gives=self.steps.controls.gives,
                parts=frozenset(parts),
                positions={**source.places(self.steps.actions), **calls.positions},
                beside=source.beside,
            )
        return None

    def _language(self, parts: Mapping[str, YamlNode]) -> None:
        node = self.source.required(parts, "robo", ())
        if node is not None and (given := self.source.plain(node, ("robo",))) not in (LANGUAGE, None):
            self.reporter.report(
                "RB216",
                "this robo does not know version %(given)s of the language",
                at=node.at,
                expected="robo: 1",
                given=given,
            )

    def _head(self, parts: Mapping[str, YamlNode]) -> dict[str, Any]:
        source = self.source
        name = source.plain(source.required(parts, "process", ()), ("process",)) or ""
        folder = FilePath(source.file).parent.name if FilePath(source.file).name == PROCESS_FILE else ""
        if name and folder and name != folder:
            source.wrong_value(("process",), name, "the name of its folder", meant=folder)
        elif name and (not _ID.fullmatch(name) or len(name) > MAX_ID):
            source.wrong_value(("process",), name, "small letters, digits and -, as titre-sejour-saisie")
        version = source.plain(parts.get("version"), ("version",)) or "0.1.0"
        if not _VERSION.fullmatch(version):
            source.wrong_value(("version",), version, "a version like 1.2.0")
        title = source.plain(source.required(parts, "title", ()), ("title",))
        if title is not None and not title.strip():
            source.wrong_value(("title",), "''", "a title: what it does, as the service says it")
        return {
            "id": name,
            "title": title or "",
            "version": version,
            "owner": source.plain(parts.get("owner"), ("owner",)) or "",
            "decision_role": self._decision_role(parts.get("decision_role")),
            "record": sections.read_record(source, parts.get("record")),
            "sessions": sections.read_sessions(source, parts.get("sessions")),
            "limits": sections.read_limits(source, parts.get("limits")),
            "on_failure": sections.read_on_failure(source, parts.get("on_failure")),
            "again": sections.read_again(source, parts.get("again")),
        }

    def _decision_role(self, node: YamlNode | None) -> str:
        if node is not None and self.source.text(node, ("decision_role",)) == "sole":
            self.reporter.report(
                "RB215",
                "a robot takes no decision about a person alone (CRPA, article L311-3-1)",
                at=node.at,
                expected="none, or aid when it prepares a person's decision",
            )
            return "none"
        return self.source.choice(node, ("decision_role",), ("none", "aid"), "none")

    def _steps(self, parts: Mapping[str, YamlNode]) -> dict[str, Any]:
        """`setup` and `start` see no item; `finish` is an item of its own and sees `run.items`."""
        source = self.source
        item = source.names.pop("item")
        before = source.names
        source.names = dict(before)
        setup = read_setup(self.steps, parts.get("setup"), self.steps.calls.known_hosts)
        source.names = dict(before)
        start = self.steps.section(parts.get("start"), ("start",), "start")
        before["item"] = item
        source.names = dict(before)
        steps_node = source.required(parts, "steps", ())
        steps = self.steps.section(steps_node, ("steps",), "s")
        counts = read_counts(source, parts.get("counts"))
        self._done_by(counts.done_by)
        after = source.names
        sequels = {key: self._sequel(parts.get(key), key, before) for key in keys.SEQUELS}
        source.names = {**after, "item": {"key": "text"}, "run": {**after["run"], "items": "list"}}
        finish = self.steps.section(parts.get("finish"), ("finish",), "finish")
        return {"setup": setup, "start": start, "steps": steps, "finish": finish, "counts": counts, **sequels}

    def _sequel(self, node: YamlNode | None, key: str, names: Mapping[str, Any]) -> tuple[Step, ...]:
        """`on_rejected` and `on_skipped` see the item as it was before its steps, and why it ended."""
        if node is None:
            return ()
        for name in (name for name in SAID if name in names["item"]):
            self.reporter.report(
                "RB213",
                "the name %(name)s is taken",
                at=self.source.at_key(("items", "fields", name)),
                expected="another name: %(section)s reads the reason as item.%(name)s",
                name=name,
                section=key,
            )
        self.source.names = {**names, "item": {**names["item"], **dict.fromkeys(SAID, "text")}}
        return self.steps.section(node, (key,), key.removeprefix("on_"))

    def _done_by(self, step: str | None) -> None:
        if step is not None and step not in self.steps.ids:
            self.reporter.report(
                "RB303",
                "there is no step %(name)s",
                at=self.source.at(("counts", "done_by")),
                expected="the id of the step whose receipt earns the credit",
                meant=nearest(step, self.steps.ids),
                name=step,
            )

    def _secrets(self, node: YamlNode | None) -> dict[str, SecretNeed]:
        """Those declared, and those that actions name: of kind password when nothing else is said."""
        declared = sections.read_secrets(self.source, node)
        named = sorted(self.source.secrets_named - set(declared))
        own = declared | {name: SecretNeed(name=name) for name in named}
        return self.steps.calls.secrets_with(own, frozenset(declared))

    # ---- processes that this one calls ----------------------------------------------------------------------
    def _others(self) -> list[str]:
        """The processes beside this one, in order."""
        library = FilePath(self.source.file).parent.parent
        kept = [name.split("/")[1] for name in self.source.given or () if name.startswith("../")]
        return sorted(kept) or sorted(file.parent.name for file in library.glob(f"*/{PROCESS_FILE}"))

    def _open(self, name: str) -> Opened | None:
        """A process beside this one, read and checked alone, once in a reading; None when there is none. What it holds
        is kept with what this one uses, so that a run goes on with what it began with."""
        source = self.source
        key = (*source.chain, name)
        known = self.opened.get((name,)) or self.opened.get(key) or self._read_other(name)
        if known is None:
            source.lacking = True
            return None
        opened, used = known
        self.opened[key if opened.problems else (name,)] = known
        source.lacking = source.lacking or used is None
        source.beside |= used or {}
        return opened

    def _read_other(self, name: str) -> tuple[Opened, Beside | None] | None:
        """A process beside this one with the files that it uses, by the names that this one has for them."""
        source = self.source
        beside = f"../{name}/{PROCESS_FILE}"
        file = beside_file(source.file, beside)
        if not _ID.fullmatch(name):
            return None
        given = source.given
        try:
            content = given[beside].encode() if given is not None and beside in given else FilePath(file).read_bytes()
        except OSError:
            return None
        text = decode(content, file, Reporter())
        inner = None if given is None else _given_to(name, given)
        _, used, (process, problems) = _check(
            file, content, self.steps.actions, inner, callers=source.chain, opened=self.opened
        )
        if text is None or used is None:
            return Opened(process, problems), None
        own = {key if key.startswith("../") else f"../{name}/{key}": each for key, each in used.items()}
        return Opened(process, problems), {beside: text, **own}


def _given_to(name: str, given: Beside) -> Beside:
    """What a run began with, by the names that a called process has for it."""
    own = f"../{name}/"
    here = {key.removeprefix(own): text for key, text in given.items() if key.startswith(own)}
    return {**{key: text for key, text in given.items() if key.startswith("../")}, **here}


def _result_at(parts: Mapping[str, YamlNode]) -> Path | None:
    """Where a process of one item may say its result: at its end."""
    steps = parts.get("steps")
    if "items" in parts or "finish" in parts or not isinstance(steps, ListNode):
        return None
    return ("steps", len(steps.items) - 1, "output")
