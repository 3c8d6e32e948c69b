"""Plays cases: each on a project and a portal of its own, through the real engine, browser and store; then looks at
what became of every item, and at the world.

Waiting costs nothing: the database clock of a case jumps to the next due attempt, so that "5, 30, 120 minutes, then
unknown" is played in a second. It never jumps over what the portal itself takes its time for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy, copytree
from typing import Any, Protocol

from robo.errors import RoboError, Words, fill, phrase
from robo.model.base import ItemState
from robo.model.case import Answer, Case, CaseFault, Expected, Mishap
from robo.model.process import Kind
from robo.model.run import Item
from robo.model.text import header
from robo.plan.model import Plan
from robo.services.cases.answering import Answering, Staged
from robo.services.cases.letters import came, written
from robo.services.cases.post import folder_of_mails_problems, mail_problems
from robo.services.cases.tables import shown, table_problems
from robo.services.cases.world import (
    Portal,
    folder_problems,
    given_problems,
    is_as,
    lacking,
    portal_problems,
)


class JumpClock:
    """The database clock of a case: real time plus what was jumped over."""

    def __init__(self, *, least: float = 0.0, ahead: float = 0.0) -> None:
        self.ahead = ahead
        """Seconds jumped over so far."""
        self._least = least

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def jump(self, seconds: float) -> bool:
        """Over `seconds` of waiting; False when they must be waited for (the portal is slow on purpose)."""
        if seconds <= self._least:
            return False
        self.ahead += seconds
        return True


class Stage(Staged, Protocol):
    """A project of its own for one case."""

    folder: Path
    plan: Plan
    stopped: RoboError | None
    """What stopped the latest run."""

    def wait(self, time: timedelta) -> None:
        """Let so much time go by, without waiting for it."""
        ...

    def run(self, inputs: Mapping[str, str], *, today: Any, only: str | None) -> str:
        """Run to rest; the run's id."""
        ...

    def crash(
        self, inputs: Mapping[str, str], answers: Sequence[Answer], *, today: Any, only: str | None, point: str
    ) -> str:
        """Run, and answer what is asked, in a process that dies at `point` (`after effect@created`), then go on with
        what it left: the run's id, "" when it never came there."""
        ...

    def items(self, key: str) -> Sequence[Item]: ...

    def credited(self, item: str) -> bool: ...

    def not_taken(self, run: str) -> Mapping[str, str]:
        """The keys of the source that this run left alone, each with the reason (`already-done`)."""
        ...

    def table(self, file: Path) -> Sequence[Mapping[str, Any]]:
        """The rows of a workbook or CSV that a run wrote, by header."""
        ...

    def rows(self, inputs: Mapping[str, str], name: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """The rows of the file input `name`, read as the process reads its source: key, cells by header."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """What came of one case. No problems: it holds."""

    case: str
    process: str
    region: str
    says: str
    problems: tuple[Words, ...]
    """What did not come as expected, each a message with its facts."""
    seconds: float
    file: str = ""

    @property
    def holds(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class Player:
    """Plays one case on a stage and a portal."""

    case: Case
    stage: Stage
    portal: Portal
    process_folder: Path
    write_rows: Callable[[Path, str, Sequence[Mapping[str, str]], int], None]
    """Makes a workbook: file, sheet, rows by header, number of the row of headers."""
    problems: list[Words] = field(default_factory=list)
    given_to: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Run -> its inputs: each run has a source of its own, as it was given."""

    def play(self) -> CaseReport:
        began = time.monotonic()
        self.problems += given_problems(self.case.given, self.portal)
        last = ""
        for number in range(1, self.case.runs + 1):
            self._wait_for_its_day(number)
            self._receive(number)
            inputs = self._inputs(number)
            last = self._run(number, inputs, [fault for fault in self.case.faults if fault.run == number])
            self.given_to[last] = inputs
        self._look_at_items()
        self.problems += portal_problems(self.case.world.portal, self.portal)
        world = self.case.world
        self.problems += mail_problems(world.mails, self.portal.mails(), in_order=world.in_order)
        self._look_at_the_mailbox()
        self.problems += folder_problems(self.case.world.folders, self.stage.plan.inputs, self.given_to[last])
        self.problems += table_problems(self.case.world.tables, self.given_to[last], self.stage.table)
        self._look_at_the_file(last)
        self._look_at_not_taken(last)
        return CaseReport(
            case=self.case.id,
            process=self.stage.plan.process,
            region=self.case.region,
            says=self.case.says,
            problems=tuple(self.problems),
            seconds=time.monotonic() - began,
            file=self.case.file,
        )

    # ---- before -----------------------------------------------------------------------------------------
    def _wait_for_its_day(self, run: int) -> None:
        """What was done in the run before was done so many days ago."""
        before, day = self.case.day(max(1, run - 1)), self.case.day(run)
        if before is not None and day is not None and day > before:
            self.stage.wait(day - before)

    def _receive(self, run: int) -> None:
        """What comes into the mailbox before a run."""
        day, plan = self.case.day(run), self.stage.plan
        self.portal.stand_on(day)
        to = plan.mail.sender if plan.mail is not None else ""
        for folder, mails in self.case.mailbox.items():
            if not mails:
                self.portal.receive(folder, None, came=datetime.now(UTC), read=True)
            for number, mail in enumerate(mails, 1):
                if mail.run == run:
                    moment = came(mail, day, plan.zone)
                    content = written(mail, number, self.process_folder, to=to, moment=moment)
                    self.portal.receive(folder, content, moment, read=mail.read)

    def _inputs(self, run: int) -> dict[str, str]:
        """The case's inputs: its own workbook for the first `file`; for every `url` the application of its name, else
        the portal; an empty folder for every `folder` it leaves out. Files and folders are copies that nobody has
        written into yet."""
        inputs = dict(self.case.inputs)
        folder = self.stage.folder / "sources" / str(run)
        folder.mkdir(parents=True)
        rows_for = next(self._files(), "") if self.case.items else ""
        for name, wanted in self.stage.plan.inputs.items():
            if name == rows_for and name not in inputs:
                file = folder / f"{name}.xlsx"
                sheet, head = self._source("sheet"), self._source("header")
                self.write_rows(file, sheet or "Feuille1", self.case.items, int(head) if head.isdecimal() else 1)
                inputs[name] = str(file)
            elif wanted.type is Kind.FILE and name in inputs:
                source = self.process_folder / inputs[name]
                inputs[name] = str(copy(source, folder / source.name))
            elif wanted.type is Kind.FOLDER:
                inputs[name] = str(self._folder(inputs.get(name), folder / name))
            elif wanted.type is Kind.URL and name not in inputs:
                inputs[name] = self.portal.address(name)
        return inputs

    def _folder(self, given: str | None, place: Path) -> Path:
        if given is None:
            place.mkdir()
            return place
        return copytree(self.process_folder / given, place)

    def _files(self) -> Iterator[str]:
        return (name for name, wanted in self.stage.plan.inputs.items() if wanted.type is Kind.FILE)

    def _source(self, param: str) -> str:
        """A parameter of the source of the items, when it is written out; else ""."""
        items = self.stage.plan.items
        params = items.source.params if items is not None and items.source is not None else None
        said = params.get(param, "") if isinstance(params, Mapping) else ""
        return said if isinstance(said, str) else ""

    def _run(self, number: int, inputs: Mapping[str, str], faults: Sequence[CaseFault]) -> str:
        today = self.case.day(number)
        answers = [answer for answer in self.case.reviews if answer.run == number]
        people = Answering(self.stage, answers, today)
        crashes = [fault for fault in faults if fault.do is Mishap.CRASH]
        for fault in faults:
            if fault.do is not Mishap.CRASH:
                keys = [fault.key] if fault.key else list(self.case.expect)
                self.portal.strike(fault, keys, search=fault.step in self.stage.plan.finders)
        for fault in crashes:
            point = {"submit": "after effect", "receipt": "after receipt"}.get(fault.after, "before effect")
            point = f"{point}@{fault.step}"
            run = self.stage.crash(inputs, answers, today=today, only=fault.key or None, point=point)
            if run:
                people.after_crash(run)
            else:
                self._problem("the run never came to the crash at %(step)s", step=fault.step)
        last = self.stage.run(inputs, today=today, only=None)
        people.of_run(last)
        self.problems += people.problems()
        return last

    # ---- after ------------------------------------------------------------------------------------------
    def _look_at_items(self) -> None:
        for key, wanted in self.case.expect.items():
            found = self.stage.items(key)
            if not found:
                self._unopened(key)
            ended = [item for item in found if item.state is not ItemState.HELD or wanted.outcome is ItemState.HELD]
            found = ended or found  # a later run holds a key of which a person must tell: what it waits for is the end
            newest = [item for item in found if item.run == found[0].run]
            for item in newest:
                self._look_at(key, item, wanted)

    def _unopened(self, key: str) -> None:
        if (why := self.stage.stopped) is None:
            self._problem("%(key)s: no item of this key was opened", key=key)
        else:
            told = phrase(why.message, **why.facts)
            self._problem("%(key)s: no item was opened, %(code)s %(why)s", key=key, code=why.code, why=told)

    def _look_at(self, key: str, item: Item, wanted: Expected) -> None:
        state = ItemState(item.state)
        told = phrase(item.message, **item.facts)
        if state is not wanted.outcome or (wanted.code and item.code != wanted.code):
            self._problem(
                "%(key)s: %(came)s (%(told)s), expected %(outcome)s",
                key=key,
                came=f"{state} {item.code}".strip(),
                told=told,
                outcome=f"{wanted.outcome} {wanted.code}".strip(),
            )
            return
        if wanted.says and wanted.says not in fill(item.message, item.facts):
            self._problem(
                "%(key)s says « %(told)s », expected « %(words)s » in it", key=key, told=told, words=wanted.says
            )
        if wanted.credited is not None and self.stage.credited(item.id) is not wanted.credited:
            if wanted.credited:
                self._problem("%(key)s is not credited, expected a credit", key=key)
            else:
                self._problem("%(key)s is credited, expected no credit", key=key)

    def _look_at_the_mailbox(self) -> None:
        for folder, mails in self.case.world.mailbox.items():
            known = list(self.portal.folders)
            if folder in known:
                self.problems += folder_of_mails_problems(folder, mails, self.portal.kept(folder))
            else:
                self._lacking("mailbox: there is no folder %(name)s; there are %(known)s", folder, known)

    def _look_at_the_file(self, last: str) -> None:
        name = next(self._files(), "")
        sources: dict[str, Sequence[tuple[str, Mapping[str, Any]]]] = {}
        for key, cells in self.case.world.cells.items():
            taken = self.stage.items(key)
            run = taken[0].run if taken and taken[0].run in self.given_to else last
            if not name or name not in self.given_to[run]:
                self._problem("file: this case gives the process no file to look into")
                return
            if run not in sources:
                sources[run] = self.stage.rows(self.given_to[run], name)
            self._look_at_row(key, cells, sources[run])

    def _look_at_row(self, key: str, cells: Mapping[str, str], source: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        rows = [row for found, row in source if found == key]
        if not rows:
            known = [found for found, _ in source]
            self._lacking("file: no row has the key %(name)s; there are %(known)s", key, known)
        for row in rows:
            there = {header(column): value for column, value in row.items()}
            for column, text in cells.items():
                if header(column) not in there:
                    self._lacking("file: there is no column «%(name)s»; there are %(known)s", column, list(row))
                    continue
                got = shown(there[header(column)])
                if not is_as(text, got):
                    self._problem(
                        "file: %(key)s, column %(column)s: « %(got)s », expected « %(text)s »",
                        key=key,
                        column=column,
                        got=got,
                        text=text,
                    )

    def _lacking(self, message: str, name: str, known: Sequence[str]) -> None:
        self.problems.append(lacking(message, name, known))

    def _look_at_not_taken(self, run: str) -> None:
        if self.case.not_taken is None:
            return
        left = self.stage.not_taken(run)
        for key in self.case.not_taken:
            if key not in left:
                known = list(left)
                self._lacking("not taken: %(name)s was taken, or is not in the source; left were %(known)s", key, known)
        for key, why in left.items():
            if why == "already-done" and key not in self.case.not_taken:
                self._problem("not taken: %(key)s was left because it is done, and the case does not say so", key=key)

    def _problem(self, message: str, **facts: Any) -> None:
        self.problems.append(phrase(message, **facts))


Staging = Callable[[Case], AbstractContextManager[Player]]
"""How the composition root stages a case."""


def play(case: Case, staging: Staging) -> CaseReport:
    """One case, on a stage that is torn down afterwards."""
    with staging(case) as player:
        return player.play()
