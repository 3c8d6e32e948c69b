"""What the practice mailbox holds: folders of mails, on a calendar that may be another than this machine's."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

INBOX: Final = "INBOX"
SEEN: Final = "\\Seen"


@dataclass(slots=True)
class Kept:
    """One mail in a folder. `uid`: its number, which no other mail of the folder ever has."""

    uid: int
    content: bytes
    came: datetime
    """On the mailbox's own calendar, aware."""
    flags: set[str] = field(default_factory=set)

    @property
    def read(self) -> bool:
        """Whether somebody has read it."""
        return any(flag.lower() == SEEN.lower() for flag in self.flags)


class Mailbox:
    """One person's folders, `INBOX` and those it is given. Safe for several threads."""

    def __init__(self, *folders: str) -> None:
        self._folders: dict[str, list[Kept]] = {name: [] for name in (INBOX, *folders)}
        self._lock = threading.Lock()
        self._last = 100  # numbers are no positions
        self._behind = timedelta(0)

    def stand_on(self, day: date | None) -> None:
        """From now on it is this day there; None: the real one. What came before came as many days ago as it did."""
        self._behind = timedelta(0) if day is None else datetime.now(UTC).date() - day

    def told_date(self, mail: Kept) -> datetime:
        """When a mail came, on the calendar of this machine, for clients that know no other."""
        return mail.came + self._behind

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of all folders."""
        return tuple(self._folders)

    def make(self, folder: str) -> None:
        """A folder; one that is there stays."""
        with self._lock:
            self._folders.setdefault(folder, [])

    def put(self, folder: str, content: bytes, *, came: datetime | None = None, flags: Sequence[str] = ()) -> int:
        """A mail into a folder, made where it is not there; its number. `came`: on the mailbox's own calendar."""
        with self._lock:
            self._last += 1
            kept = Kept(self._last, content, came or datetime.now(UTC) - self._behind, set(flags))
            self._folders.setdefault(folder, []).append(kept)
            return kept.uid

    def mails(self, folder: str) -> tuple[Kept, ...]:
        """What lies in a folder, in the order it came. Raises `KeyError`."""
        with self._lock:
            return tuple(self._folders[folder])
