"""A running portal in the hands of a test, a demonstration or the command line.

`start` runs it in a thread of this process, `spawn` in a process of its own; both give the same handle. The truth is
read from the database, so it can be read while the portal is down, and after it was killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from robo.errors import InfrastructureError
from robo.sandbox.books import Books
from robo.sandbox.faults import Fault, Strike
from robo.sandbox.records import Dossier, Draft, Effect, Received
from robo.sandbox.shelves import Record, Shelf

if TYPE_CHECKING:
    from robo.sandbox.server import Doors

LOGINS = ("robot.occitanie", "robot.guyane", "agent.martin", "agent.durand")
ACCOUNTS_VARIABLE = "ROBO_SANDBOX_ACCOUNTS"
_START_SECONDS = 30.0


def new_accounts() -> dict[str, str]:
    """The usual logins with fresh passwords."""
    return {login: secrets.token_urlsafe(12) for login in LOGINS}


class Faults:
    """The fault switches of a running portal, through its control door."""

    def __init__(self, control: str, token: str) -> None:
        self._control = control
        self._token = token

    def set(self, *standing: Fault, accept_duplicates: bool | None = None, idle_seconds: float | None = None) -> None:
        """Replace the standing faults by these; an option left out stays as it is."""
        options = {"accept_duplicates": accept_duplicates, "idle_seconds": idle_seconds}
        given = {name: value for name, value in options.items() if value is not None}
        self._call("PUT", "faults", {"standing": [fault.as_json() for fault in standing], **given})

    def script(self, reference: str, *faults: Fault) -> None:
        """Faults for one reference, each striking once, in this order; replaces what was scripted for it."""
        self._call("PUT", "faults", {"scripts": {reference: [fault.as_json() for fault in faults]}})

    def accept_duplicates(self, yes: bool = True) -> None:
        """Whether the portal files a reference it already has, so that a double submit shows in the truth."""
        self._call("PUT", "faults", {"accept_duplicates": yes})

    def clear(self) -> None:
        """Back to a healthy portal."""
        self._call("DELETE", "faults")

    def left(self) -> dict[str, list[Fault]]:
        """The scripted faults that have not struck yet, by reference."""
        scripts = self._call("GET", "faults")["scripts"]
        return {reference: [Fault.parse(raw) for raw in left] for reference, left in scripts.items()}

    def struck(self) -> list[Strike]:
        """Every fault that has struck since the start, oldest first."""
        return [Strike(**raw) for raw in self._call("GET", "faults")["struck"]]

    def expire_sessions(self) -> None:
        """Sign everybody out."""
        self._call("DELETE", "sessions")

    def _call(self, method: str, noun: str, body: Mapping[str, Any] | None = None) -> Any:
        where = urlsplit(self._control)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=10)
        try:
            connection.request(
                method, f"/_sandbox/{noun}", json.dumps(body or {}), {"Authorization": f"Bearer {self._token}"}
            )
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:  # noqa: PLR2004 - HTTP OK
            raise ValueError(answer["error"])
        return answer


@dataclass(kw_only=True)
class RunningSandbox:
    """A portal that answers at `url`. A context manager: leaving it stops the portal.

    `accounts` maps login to password. `process` is set when it runs in a process of its own.
    """

    url: str
    database: Path
    skin: str
    accounts: Mapping[str, str] = field(repr=False)
    faults: Faults = field(repr=False)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _end: Callable[[], None] = field(repr=False)

    def __enter__(self) -> Self:
        """The portal, running."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """Stop the portal and wait until its ports are free; stopping twice is harmless."""
        self._end()

    def address(self, name: str) -> str:
        """Where the application of this name stands (`finances`); the residence portal when there is none."""
        from robo.sandbox.web import APPLICATIONS

        return self.url + next((each.home for each in APPLICATIONS if each.id == name), "")

    def truth(self) -> list[Effect]:
        """Every effect the portal has accepted, oldest first; `channel` tells HTTP from `file_by_hand`."""
        with self._books() as books:
            return books.truth()

    def requests(self) -> list[Received]:
        """Every final submit the portal has received, with its fate, oldest first."""
        with self._books() as books:
            return books.requests()

    def dossiers(self, reference: str) -> int:
        """How many dossiers this reference has, those filed late and not shown yet included."""
        with self._books() as books:
            return books.count(reference)

    def dossier(self, number: str) -> Dossier | None:
        """The dossier of this number as the portal shows it."""
        with self._books() as books:
            return books.dossier(number)

    def drafts(self, account: str | None = None) -> list[Draft]:
        """Applications begun and not filed, of one account or of all."""
        with self._books() as books:
            return books.drafts(account)

    def file_by_hand(
        self,
        reference: str,
        *,
        last_name: str = "Nom",
        first_names: str = "Prénom",
        nationality: str = "GBR",
        account: str = "agent.martin",
        shown_after: float = 0.0,
        **details: str,
    ) -> str:
        """An agent files this dossier herself, known or not; its number. `details` are further fields by key.

        The search shows it only `shown_after` seconds later; as a duplicate it is refused at once."""
        content = {
            "application_reference": reference, "last_name": last_name, "first_names": first_names,
            "nationality": nationality, **details,
        }  # fmt: skip
        with self._books() as books:
            effect = books.file(content, account=account, channel="hand", accept_duplicates=True, late_by=shown_after)
        assert effect is not None  # noqa: S101 - duplicates are accepted
        return effect.number

    @property
    def shelves(self) -> Mapping[str, Shelf]:
        """What its further applications hold, by name."""
        from robo.sandbox.applications import shelves_of
        from robo.sandbox.web import APPLICATIONS

        return shelves_of(APPLICATIONS)

    def held(self, shelf: str, reference: str) -> list[Record]:
        """The records of this reference on a shelf, those filed late and not shown yet included."""
        with self._books() as books:
            return books.shelves.held(shelf, reference)

    def put(
        self,
        shelf: str,
        reference: str,
        content: Mapping[str, str],
        *,
        account: str = "agent.martin",
        shown_after: float = 0.0,
    ) -> Record:
        """A record that is there before anybody comes; what `content` does not say is invented.

        Raises:
            ValueError: `content` says what records of this shelf do not.
        """
        kept = self.shelves[shelf]
        whole = kept.completed(self.skin, reference, content)
        with self._books() as books:
            record = books.shelves.put(kept, reference, whole, account=account, late_by=shown_after)
        assert record is not None  # noqa: S101 - known references are taken
        return record

    def _books(self) -> Books:
        return Books(self.database, seeds=0)


def start(
    database: Path,
    *,
    skin: str = "occitanie",
    port: int = 0,
    accounts: Mapping[str, str] | None = None,
    idle_seconds: float = 900.0,
    seeds: int = 60,
    stock: int = 0,
) -> RunningSandbox:
    """Run a portal in a thread of this process; returns once it takes connections.

    `seeds`: fictional dossiers of a new database; `stock`: fictional records on each shelf of further applications.

    Raises:
        InfrastructureError: RB981, RB982.
        UsageError: RB980.
    """
    from robo.sandbox.server import Settings

    known = dict(accounts or new_accounts())
    token = secrets.token_urlsafe(24)
    settings = Settings(
        database=database, skin=skin, port=port, accounts=known, token=token, idle_seconds=idle_seconds, seeds=seeds,
        stock=stock,
    )  # fmt: skip
    thread = ServerThread(settings)
    doors = thread.open()
    return RunningSandbox(
        url=doors.url, database=database, skin=skin, accounts=known, faults=Faults(doors.control, token),
        _end=thread.close,
    )  # fmt: skip


class ServerThread:
    """A portal in a thread with its own event loop."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self._ready = threading.Event()
        self._doors: Doors | None = None
        self._trouble: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="robo-sandbox", daemon=True)

    def open(self) -> Doors:
        """Start; returns once connections are taken, raises what kept it from starting."""
        self._thread.start()
        self._ready.wait()
        if self._doors is None:
            raise self._trouble or RuntimeError("the sandbox ended before it began")
        return self._doors

    def close(self) -> None:
        """Stop, and wait for the end of the thread."""
        if self._loop and self._stop and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits in `open`
            self._trouble = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from robo.sandbox.server import serve

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await serve(self._settings, self._announce, self._stop)

    def _announce(self, doors: Doors) -> None:
        self._doors = doors
        self._ready.set()


def spawn(
    database: Path,
    *,
    skin: str = "occitanie",
    port: int = 0,
    accounts: Mapping[str, str] | None = None,
    idle_seconds: float = 900.0,
    seeds: int = 60,
) -> RunningSandbox:
    """Run a portal in a process of its own, which ends when this one does; returns once it takes connections.

    Raises:
        InfrastructureError: RB983, the process ended before it was ready (what it said is a fact).
    """
    known = dict(accounts or new_accounts())
    options = {"database": database, "skin": skin, "port": port, "idle-seconds": idle_seconds, "seeds": seeds}
    command = [sys.executable, "-m", "robo.sandbox", "--tied"]
    command += [f"--{name}={value}" for name, value in options.items()]
    environment = {**os.environ, ACCOUNTS_VARIABLE: json.dumps(known)}
    with tempfile.TemporaryFile() as complaints:
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=complaints, env=environment)
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            process.wait(_START_SECONDS)
        complaints.seek(0)
        said = complaints.read()
    if not line:
        _end(process)
        raise InfrastructureError(
            "RB983",
            "the sandbox did not start: %(said)s",
            remedy="Read what it said, then start it again.",
            said=said.decode(errors="replace").strip(),
        )
    ready = json.loads(line)
    return RunningSandbox(
        url=ready["url"], database=database, skin=skin, accounts=known,
        faults=Faults(ready["control"], ready["token"]), process=process, _end=lambda: _end(process),
    )  # fmt: skip


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    process.wait(_START_SECONDS)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
