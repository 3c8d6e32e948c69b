"""A case: one rule of a process, played on a portal of its own, with what must come of it in robo and in the world."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from robo.model.base import ItemState, Value
from robo.model.text import Path, Position


class Mishap(StrEnum):
    """What a fault does."""

    CRASH = "crash"  # the worker is killed
    TIMEOUT = "timeout"  # the answer comes after the step's time is over
    LOST = "lost"  # done, and the answer never arrives
    LATE = "late"  # done `seconds` later, and the answer never arrives
    LOGGED_OUT = "logged_out"  # the session is gone
    ERROR500 = "error500"  # an error page
    DOWN = "down"  # the application does not answer


class CaseFault(Value):
    """One thing that goes wrong: at which step or finder, before or after it, for which item.

    The faults of one item strike in their order, so what comes second waits until the first has happened."""

    step: str
    """Id of a step with `once`, name of a finder, `setup`, or `items`: the list that the items come from."""
    do: Mishap
    after: str = ""
    """`submit` or `receipt`: once it has happened."""
    before: str = ""
    """`submit`: just before it, or `search`: when the finder (`step`) searches."""
    key: str = ""
    """Of the item; empty: whichever comes first."""
    run: int = 1
    """In which of the case's `runs`."""
    seconds: int = 0
    times: int = 1
    every: bool = False
    """It stands from the beginning of that run on, for every item and every time."""
    path: Path = ()


DOSSIERS: Final = "dossiers"
"""What the first application of the practice portal holds."""


class Answer(Value):
    """What a person answers when the case's items wait at a review: each entry once for each item, in their order."""

    step: str
    choice: str = ""
    """Empty: nobody answers, and the time passes."""
    edit: Mapping[str, str] = Field(default_factory=dict)
    key: str = ""
    """Of the item; empty: every one."""
    run: int = 1
    path: Path = ()


class Given(Value):
    """Something the practice portal holds before the robot comes. `shown_after`: a search does not find it earlier."""

    reference: str
    shelf: str = DOSSIERS
    """Where it is (`in`): dossiers, or what another application of the portal holds."""
    content: Mapping[str, str] = Field(default_factory=dict)
    """What it says (`with`); the rest is invented."""
    created_by: str = ""
    shown_after: timedelta = timedelta(0)
    path: Path = ()


class GivenMail(Value):
    """A mail that lies in the robots' mailbox of a case. What it does not say is invented."""

    folder: str
    sender: str = ""
    """`from`: who it says it is from, as lea@exemple.fr or Léa Roux <lea@exemple.fr>."""
    to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    """When it was written and came, on the region's clocks. None: in the morning of the day of its run."""
    body: str = ""
    body_file: str = ""
    """A file of the process's folder with the text (`body: {file: …}`); one that ends in .html is sent as that."""
    file: str = ""
    """Instead of all that: a file of the process's folder that is the whole mail, as mail programs keep it (.eml)."""
    attached: tuple[str, ...] = ()
    """Files of the process's folder (`attach`)."""
    id: str = ""
    read: bool = False
    """Whether somebody has read it."""
    run: int = 1
    """Before which of the case's `runs` it comes."""
    path: Path = ()


class Expected(Value):
    """How one item must have ended. What is not said is not looked at."""

    outcome: ItemState
    code: str = ""
    credited: bool | None = None
    """Its effect is confirmed and ours: in production it would earn. (A case itself never earns.)"""
    says: str = ""
    """Words its message must hold."""
    path: Path = ()


class ExpectedMail(Value):
    """A mail that must have been written, or lie in a folder. What is not said is not looked at."""

    to: tuple[str, ...] = ()
    """Everybody it went to, copies too, in any order."""
    sender: str = ""
    """`from`: the address it says it is from."""
    subject: str = ""
    says: str = ""
    """Words that its text must hold."""
    attached: tuple[str, ...] | None = None
    """The names of all files it came with, in any order. None: not looked at."""
    read: bool | None = None
    """In a folder: whether it is marked as read."""
    path: Path = ()


class Held(Value):
    """What the portal must hold of one reference: so many; with `says`, one whose words are these (`filled`: not empty,
    `empty`: empty)."""

    count: int = 1
    says: Mapping[str, str] = Field(default_factory=dict)


class World(Value):
    """What must be true outside robo."""

    portal: Mapping[str, Mapping[str, Held]] = Field(default_factory=dict)
    """What the portal holds (`dossiers`, or what another of its applications holds), by reference."""
    cells: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Item key -> column -> text of the cell; `filled`: not empty, `empty`: empty. Of the source that the last run
    which took the key was given."""
    tables: Mapping[str, tuple[Mapping[str, str], ...]] = Field(default_factory=dict)
    """Place -> all rows of a table that the last run wrote, in their order, by column; columns that are not named are
    not looked at. A place is an input (`export`), or goes on below one that is a folder (`filed/bilan.xlsx`)."""
    folders: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Input of type folder -> every file that lies in it after the last run, at any depth (`2026/a.pdf`)."""
    mails: tuple[ExpectedMail, ...] | None = None
    """Every mail that was written. None: not looked at."""
    in_order: bool = False
    """Whether they were written in this order."""
    mailbox: Mapping[str, tuple[ExpectedMail, ...]] = Field(default_factory=dict)
    """Folder of the robots' mailbox -> every mail that lies in it at the end, in any order."""


class Case(Value):
    """One `cases/<id>.yaml`."""

    id: str
    says: str
    region: str
    days: tuple[date, ...] = ()
    """The nominal day of each run (`today`); the last one is that of all further runs. Empty: the real day."""
    inputs: Mapping[str, str] = Field(default_factory=dict)
    """A relative file counts from the folder of the process."""
    items: tuple[Mapping[str, str], ...] = ()
    """Rows by column header, instead of a workbook: the runner writes one and gives it to the first `file` input."""
    runs: int = 1
    """How often the same source is run. Each run begins with the source as given: no receipt is in it yet."""
    given: tuple[Given, ...] = ()
    mailbox: Mapping[str, tuple[GivenMail, ...]] = Field(default_factory=dict)
    """Folder of the robots' mailbox -> what comes into it."""
    faults: tuple[CaseFault, ...] = ()
    reviews: tuple[Answer, ...] = ()
    expect: Mapping[str, Expected] = Field(default_factory=dict)
    """By item key. Twice the same key in one source: all its items must have ended so."""
    not_taken: tuple[str, ...] | None = None
    """Keys the last run left alone: every one that was done already; of the others what one likes to name. None: not
    looked at."""
    world: World = World()
    file: str = ""
    positions: Mapping[Path, Position] = Field(default_factory=dict, repr=False)
    lines: tuple[str, ...] = Field(default=(), repr=False)

    def day(self, run: int) -> date | None:
        """The nominal day of a run (1 is the first)."""
        return self.days[min(run, len(self.days)) - 1] if self.days else None
