"""Stages a case: a copy of the project, a portal in this process, a store whose clock jumps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from datetime import date, datetime, timedelta
from math import inf
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any, Final

from robo.app import App
from robo.app.library import Practice
from robo.engine.faultpoints import KILL
from robo.errors import RoboError
from robo.model.case import DOSSIERS, Answer, Case, CaseFault, Given, Mishap
from robo.model.region import Keeper
from robo.plan.cases import looking_into_mails
from robo.sandbox.faults import Fault
from robo.sandbox.handle import RunningSandbox, start
from robo.sandbox.imap import PostBox
from robo.sandbox.mailbox import SEEN, Mailbox
from robo.sandbox.post import Mail, PostOffice, read_mail
from robo.services.cases import JumpClock, Player
from robo.services.cases.answering import Answering

if TYPE_CHECKING:
    from robo.model.review import Reviewed
    from robo.model.run import Item
    from robo.plan.model import Plan

SKINS: Final = ("occitanie", "guyane")
NAMELESS: Final = {"setup": "login", "items": "list"}
"""What comes before the items of a run: what goes wrong there does so for none of them in particular."""
STUCK: Final = 120
"""Seconds a crashed process may take before the case is called stuck."""


@contextmanager
def staged(project: App, process: str, case: Case) -> Iterator[Player]:
    """A player for `case`; everything it used is gone afterwards."""
    slow = any(fault.do in {Mishap.LATE, Mishap.TIMEOUT} for fault in case.faults)
    clock = JumpClock(least=60.0 if slow else 0.0)
    skin = case.region if case.region in SKINS else SKINS[0]
    with tempfile.TemporaryDirectory(prefix="robo-case-") as name:
        folder = Path(name)
        copytree(project.project / "config", folder / "config")
        for each in (process, *project.process(process).calls):
            copytree(project.settings.processes / each, folder / "processes" / each)
        box = Mailbox()
        with (
            start(folder / "portal.db", skin=skin) as portal,
            PostOffice() as post,
            PostBox(box, portal.accounts) as mails,
        ):
            login = f"robot.{skin}"
            account, practice = (login, portal.accounts[login]), Practice(post.port, mails.port)
            stage = _Stage(folder, process, case.region, account, clock, practice, case.day(case.runs))
            _keep_copies(stage.plan, post, box)
            try:
                world = _Portal(portal, post, mails, looking_into_mails(stage.plan.items, stage.plan.finders))
                yield Player(case, stage, world, folder / "processes" / process, write_rows)
            finally:
                stage.app.close()


def _keep_copies(plan: Plan, post: PostOffice, box: Mailbox) -> None:
    """The practice mailbox has the folder of copies that the region's has; where the region says that its server keeps
    a copy of every mail, the post office does."""
    mailbox = plan.mail.mailbox if plan.mail is not None else None
    if mailbox is None or mailbox.sent is None:
        return
    sent = mailbox.sent
    box.make(sent)
    if mailbox.kept_by is Keeper.SERVER:
        post.told = lambda mail: box.put(sent, mail.content, flags=(SEEN,))


class _Portal:
    """The sandbox, as a case speaks of it."""

    def __init__(self, sandbox: RunningSandbox, post: PostOffice, box: PostBox, looking: Collection[str]) -> None:
        self._sandbox = sandbox
        self._post = post
        self._box = box
        self._looking = looking
        """What looks into the mailbox: finders, and `items`."""
        self._scripts: dict[str, list[Fault]] = {}
        self._given: dict[str, str] = {}
        sandbox.faults.accept_duplicates()

    def address(self, name: str) -> str:
        """Two inputs are two hosts: the second one that leads to the same application calls it otherwise."""
        address = self._sandbox.address(name)
        if address in {given for other, given in self._given.items() if other != name}:
            address = address.replace("127.0.0.1", "localhost", 1)
        return self._given.setdefault(name, address)

    def strike(self, fault: CaseFault, references: Sequence[str], *, search: bool) -> None:
        if fault.step in self._looking:
            self._box.down_for = inf if fault.every else fault.times
            return
        at: Any = NAMELESS.get(fault.step) or ("search" if search or fault.before == "search" else "submit")
        struck = _fault(fault, at)
        if fault.every:
            self._sandbox.faults.set(struck, accept_duplicates=True)
            return
        for reference in [""] if fault.step in NAMELESS else references:
            self._scripts.setdefault(reference, []).extend([struck] * fault.times)
            self._sandbox.faults.script(reference, *self._scripts[reference])

    @property
    def shelves(self) -> Collection[str]:
        return (DOSSIERS, *self._sandbox.shelves)

    def hold(self, given: Given) -> None:
        """One that the search does not show yet is what a portal refuses as a duplicate."""
        later = given.shown_after.total_seconds()
        if later:
            self._sandbox.faults.accept_duplicates(False)
        by = {"account": given.created_by} if given.created_by else {}
        if given.shelf == DOSSIERS:
            self._sandbox.file_by_hand(given.reference, shown_after=later, **by, **given.content)
        else:
            self._sandbox.put(given.shelf, given.reference, given.content, shown_after=later, **by)

    def held(self, shelf: str, reference: str) -> Sequence[Mapping[str, str]]:
        if shelf == DOSSIERS:
            return [{} for _ in range(self._sandbox.dossiers(reference))]
        records = self._sandbox.held(shelf, reference)
        return [{**record.content, "Créé par": record.created_by} for record in records]

    def mails(self) -> Sequence[Mail]:
        return self._post.mails

    def stand_on(self, day: date | None) -> None:
        self._box.mailbox.stand_on(day)

    def receive(self, folder: str, content: bytes | None, came: datetime, *, read: bool) -> None:
        if content is None:
            self._box.mailbox.make(folder)
        else:
            self._box.mailbox.put(folder, content, came=came, flags=(SEEN,) if read else ())

    @property
    def folders(self) -> Collection[str]:
        return self._box.mailbox.folders

    def kept(self, folder: str) -> Sequence[tuple[Mail, bool]]:
        return [(read_mail(each.content), each.read) for each in self._box.mailbox.mails(folder)]


def _fault(fault: CaseFault, at: Any) -> Fault:
    before: Any = "before" if fault.before else "after"
    match fault.do:
        case Mishap.LOST:
            return Fault("lost", at=at, moment=before)
        case Mishap.LATE:
            return Fault("late", seconds=float(fault.seconds or 2))
        case Mishap.TIMEOUT:
            return Fault("slow", at=at, moment=before, seconds=float(fault.seconds or 15))
        case Mishap.ERROR500:
            return Fault("error500", at=at, moment=before)
        case Mishap.LOGGED_OUT:
            return Fault("logged_out", at=at)
        case _:
            return Fault("down", at=at)


class _Memory:
    """The portal's password, in memory."""

    def __init__(self, login: str, password: str) -> None:
        self._parts = {"username": login, "password": password}

    def read(self, name: str) -> Mapping[str, str] | None:
        return self._parts

    def write(self, name: str, parts: Mapping[str, str]) -> None:
        raise AssertionError(name)

    def names(self) -> list[str]:
        return []


@dataclass(slots=True)
class _Stage:
    folder: Path
    process: str
    region: str
    account: tuple[str, str]
    clock: JumpClock
    practice: Practice
    today: date | None = None
    left: dict[str, str] = field(default_factory=dict)
    """What the latest run did not take: key -> reason."""
    stopped: RoboError | None = None
    app: App = None  # type: ignore[assignment] # set in __post_init__
    plan: Plan = None  # type: ignore[assignment] # the same

    def __post_init__(self) -> None:
        from robo.services.secrets import SecretBook
        from robo.services.settings import Backend, load_settings

        environ = {name: value for name, value in os.environ.items() if name != "ROBO_STORE"}
        secrets = SecretBook(_Memory(*self.account), Backend.ENV)
        self.app = App(self.folder, load_settings(self.folder, environ=environ), secrets=secrets, clock=self.clock)
        self.app.practice = self.practice
        self.plan = self.app.plan(self.process, self.region)

    def wait(self, time: timedelta) -> None:
        self.clock.ahead += time.total_seconds()

    def run(self, inputs: Mapping[str, str], *, today: Any, only: str | None) -> str:
        from robo.services.worker.requests import RunRequest

        request = RunRequest(
            process=self.process, region=self.region, inputs=inputs, today=today, only=only, slots=1, actor="case"
        )
        report = self.app.run(request, self._told)
        self.stopped = report.trouble
        return report.run

    def _told(self, what: str, facts: Mapping[str, Any]) -> None:
        if what == "begun":
            self.left.clear()
        elif what == "not taken":
            self.left[facts["key"]] = facts["code"]

    def waiting(self, run: str) -> Sequence[tuple[Item, Reviewed]]:
        return self.app.waiting(run)

    def answer(self, item: Item, choice: str, edit: Mapping[str, str], role: str) -> None:
        from robo.model.review import Person

        self.app.answer(item, choice, edit, actor="case", by=Person(name="case", role=role))

    def pass_(self, until: datetime) -> None:
        self.clock.ahead += max(0.0, (until - self.clock()).total_seconds()) + 1

    def resume(self, run: str, *, today: Any) -> None:
        self.app.resume(run, slots=1, today=today, actor="case")

    def settled(self, run: str) -> Sequence[tuple[Item, Reviewed]]:
        return self.app.waiting(run, settled=True)

    def crash(
        self, inputs: Mapping[str, str], answers: Sequence[Answer], *, today: Any, only: str | None, point: str
    ) -> str:
        day = today.isoformat() if today else ""
        where = {"folder": str(self.folder), "process": self.process, "region": self.region}
        stage = {**where, "account": self.account, "practice": astuple(self.practice)}
        said = [answer.model_dump(include={"step", "choice", "edit", "key"}) for answer in answers]
        how = {"ahead": self.clock.ahead, "inputs": inputs, "today": day, "only": only, "answers": said}
        told = json.dumps({**stage, **how})
        environment = {**os.environ, "ROBO_TESTING": "1", "ROBO_CRASH_AT": f"{point}:1"}
        command = [sys.executable, "-m", "robo.cli.staging"]
        done = subprocess.run(
            command, env=environment, input=told.encode(), capture_output=True, timeout=STUCK, check=False
        )
        if done.returncode not in {-KILL, KILL}:  # Windows tells it without a sign
            return ""
        run = self.app.latest_runs(1)[0][0]
        self.app.resume(run.id, slots=1, today=today, actor="case")
        return run.id

    def items(self, key: str) -> Sequence[Item]:
        return self.app.items(key=key)

    def credited(self, item: str) -> bool:
        return any(row["item"] == item and row["kind"] == "credit" for row in self.app.ledger_rows())

    def not_taken(self, run: str) -> Mapping[str, str]:
        return self.left

    def table(self, file: Path) -> Sequence[Mapping[str, Any]]:
        from robo.cli.source_rows import SourceRows

        return SourceRows(self.plan, self.app.settings, today=self.today).table(file)

    def rows(self, inputs: Mapping[str, str], name: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
        from robo.cli.source_rows import SourceRows

        return SourceRows(self.plan, self.app.settings, today=self.today).of(inputs, name)


def write_rows(file: Path, sheet: str, rows: Sequence[Mapping[str, str]], header: int) -> None:
    """A workbook of one sheet, every cell text, columns in the order of their first mention, their names in row
    `header`."""
    from openpyxl import Workbook

    headers = list(dict.fromkeys(header for row in rows for header in row))
    book = Workbook()
    page = book.active
    assert page is not None  # noqa: S101 - a new workbook has a sheet
    page.title = sheet
    for number, name in enumerate(headers, 1):
        page.cell(header, number, name)
    for row in rows:
        page.append([row.get(header) for header in headers])
    book.save(file)


def _die() -> None:
    """Run what standard input says, in this process, which is killed on the way (`ROBO_CRASH_AT`)."""
    told = json.load(sys.stdin)
    clock = JumpClock(ahead=told["ahead"])
    where = (Path(told["folder"]), told["process"], told["region"])
    stage = _Stage(*where, tuple(told["account"]), clock, Practice(*told["practice"]))
    today = date.fromisoformat(told["today"]) if told["today"] else None
    run = stage.run(told["inputs"], today=today, only=told["only"])
    Answering(stage, [Answer(**answer) for answer in told["answers"]], today).of_run(run)


if __name__ == "__main__":
    _die()
