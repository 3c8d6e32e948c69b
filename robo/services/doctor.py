"""What is missing on this machine: each check says what it found and, when it fails, what to do.

The browser is looked at through its runner (the core never imports one): started, then stopped.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from robo.errors import DefinitionError, RoboError
from robo.model.base import Environment
from robo.services.settings import Backend, Settings, find_project, load_settings, settings_anywhere

if TYPE_CHECKING:
    from robo.model.region import MailAccount
    from robo.sdk.runner import Reaching
    from robo.store.engine import Store

PYTHON: Final = (3, 11)
SQLITE: Final = (3, 35)
"""`RETURNING` came with it."""
ROOM: Final = 500 * 1024 * 1024
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
DRIFT: Final = 5.0
"""Seconds by which the disk's clock may differ from this machine's."""
RELEASED: Final = datetime(2025, 1, 1, tzinfo=UTC)
ZONES: Final = ("Europe/Paris", "America/Cayenne")
FONTS: Final = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
DEBIAN: Final = ("chromium-headless-shell", "chromium")
"""Debian's packages, lightest first; older releases have only the second."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `says` and `remedy` are templates, filled from `facts`, translated when shown."""

    name: str
    ok: bool
    says: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def examine() -> list[Finding]:
    """Every check, in the order in which trouble should be seen to."""
    findings = [_python(), _sqlite(), _clock(), *_fonts()]
    project, settings = _project()
    findings += project
    if settings is not None:
        findings += [_state(settings), *_keys(settings), *_log(settings)]
        findings += [*_authorities(settings), *_mail(settings)]
    return [*findings, _root(settings), check_browser(settings)]


def _python() -> Finding:
    facts = {"version": platform.python_version()}
    return Finding(
        "python",
        sys.version_info >= PYTHON,
        "Python %(version)s",
        "install Python 3.11 or newer",
        facts,
    )


def _sqlite() -> Finding:
    facts = {"version": sqlite3.sqlite_version}
    new = sqlite3.sqlite_version_info >= SQLITE
    return Finding("sqlite", new, "SQLite %(version)s", "install a Python that brings SQLite 3.35 or newer", facts)


def _clock() -> Finding:
    """The year is plausible and the zones of the regions are known."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    now = datetime.now(UTC)
    facts: dict[str, Any] = {"now": f"{now:%Y-%m-%d %H:%M:%S} UTC"}
    if now < RELEASED:
        return Finding("clock", False, "the clock says %(now)s", "set this machine's clock", facts)
    try:
        for zone in ZONES:
            ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        return Finding("clock", False, "the time zones are not known here", "install tzdata", facts)
    return Finding("clock", True, "the clock says %(now)s", "", facts)


def _fonts() -> Iterator[Finding]:
    """Linux servers without a font show empty boxes in every picture."""
    if sys.platform != "linux":
        return
    folders = [Path(folder).expanduser() for folder in FONTS]
    there = any(next(folder.rglob("*.[tof]t[fc]"), None) for folder in folders if folder.is_dir())
    yield Finding(
        "fonts",
        there,
        "fonts for screenshots" if there else "there is no font: pictures of pages would show empty boxes",
        "on Debian: apt-get install fonts-dejavu-core",
    )


def _project() -> tuple[list[Finding], Settings | None]:
    try:
        settings = load_settings(find_project())
    except DefinitionError as problems:
        first = problems.diagnostics[0]
        facts = {"place": str(first.position), "count": len(problems.diagnostics)}
        return [Finding("project", False, "%(count)s problem(s) in %(place)s", "robo process validate", facts)], None
    except RoboError as trouble:
        return [Finding("project", False, trouble.message, trouble.remedy, trouble.facts)], None
    count = sum(1 for _ in settings.processes.glob("*/process.yaml"))
    facts = {"folder": str(settings.project), "count": count}
    return [Finding("project", True, "%(folder)s, %(count)s process(es)", "", facts)], settings


def _state(settings: Settings) -> Finding:
    """The state folder can be written, has room, and its disk agrees about the time."""
    facts: dict[str, Any] = {"folder": str(settings.state)}
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=settings.state) as probe:
            probe.write(b"robo")
            probe.flush()
            drift = abs(os.fstat(probe.fileno()).st_mtime - time.time())
        free = shutil.disk_usage(settings.state).free
    except OSError as broken:
        facts["cause"] = broken.strerror or str(broken)
        return Finding(
            "state", False, "%(folder)s cannot be written: %(cause)s", "give this user the right to write there", facts
        )
    facts.update(free=free // (1024 * 1024), drift=round(drift, 1))
    if free < ROOM:
        return Finding("state", False, "%(folder)s has only %(free)s MB left", "make room on that disk", facts)
    if drift > DRIFT:
        return Finding(
            "state", False, "the disk's clock and this machine's differ by %(drift)s s", "set both clocks by NTP", facts
        )
    return Finding("state", True, "%(folder)s can be written, %(free)s MB free", "", facts)


def _keys(settings: Settings) -> Iterator[Finding]:
    """The secrets can be opened, whatever their backend."""
    from robo.services.secrets import open_secrets

    facts: dict[str, Any] = {"backend": settings.secrets.value}
    try:
        facts["count"] = len(open_secrets(settings).list())
    except RoboError as trouble:
        yield Finding("secrets", False, trouble.message, trouble.remedy, trouble.facts)
        return
    if settings.secrets is Backend.ENV:
        yield Finding("secrets", True, "secrets come from the environment (tests only)", "", facts)
        return
    yield Finding("secrets", True, "%(count)s secret(s) in %(backend)s", "", facts)


def _log(settings: Settings) -> Iterator[Finding]:
    """The audit log of a store that is there could be sealed now, and does not wait for it; nothing that is over waits
    to be purged."""
    from robo.store.engine import open_store, stands

    try:
        if not stands(settings.store):
            return
        store = open_store(settings.store)
        try:
            yield _sealed(store, settings)
            yield from _purged(store, settings)
        finally:
            store.close()
    except RoboError as trouble:
        yield Finding("audit log", False, trouble.message, trouble.remedy, trouble.facts)


def _sealed(store: Store, settings: Settings) -> Finding:
    from robo.services.auditing.standing import status
    from robo.services.secrets import open_keep

    found = status(store, open_keep(settings), settings.audit)
    if found.trouble is not None:
        return Finding("audit log", False, found.trouble.message, found.trouble.remedy, found.trouble.facts)
    facts = {"sealed": found.sealed, "size": found.size, "waiting": found.waiting}
    return Finding(
        "audit log",
        not found.late,
        "%(sealed)s of %(size)s entries sealed, %(waiting)s event(s) wait for their place",
        "they have waited for more than a day: robo audit seal",
        facts,
    )


def _purged(store: Store, settings: Settings) -> Iterator[Finding]:
    """A purge is late when a month is over for more than a month."""
    from robo.store import purging, schema

    with store.read() as tx:
        if schema.revision(tx) != schema.HEAD:  # the next command upgrades it
            return
        over = purging.last_over(store.now(tx), settings.retention.std)
        late = [each.month for each in purging.periods(tx) if each.kept.value == "std" and each.month < over]
    facts = {"count": len(late), "oldest": min(late, default="-")}
    yield Finding(
        "retention",
        not late,
        "%(count)s month(s) of personal data are over and not purged, the oldest is %(oldest)s",
        "robo audit purge --dry-run, then robo audit purge",
        facts,
    )


def _mail(settings: Settings) -> Iterator[Finding]:
    """The mail server of each region that has one can be reached, and is who it says."""
    from robo.definition.region import load_region
    from robo.sdk.runner import Reaching
    from robo.services.guests import new_runner, runner_types

    runner: object = new_runner("mail") if "mail" in runner_types() else None
    for file in sorted(settings.regions.glob("*.yaml")):
        name = f"mail {file.stem}"
        try:
            account = load_region(file).mail
            if account is None or not isinstance(runner, Reaching):
                continue
            asyncio.run(_reach(runner, account, settings))
        except DefinitionError:
            continue  # `robo process validate` tells, with its lines
        except RoboError as trouble:
            yield _without(name, account, trouble)
        else:
            facts = {"server": account.server, "port": account.port, "security": account.security.value}
            yield Finding(name, True, "%(server)s:%(port)s answers (%(security)s); no sign-in was made", "", facts)


def _without(name: str, account: MailAccount | None, trouble: RoboError) -> Finding:
    """Nobody answers. For a region that only tries, on this machine, that is the post office nobody has opened."""
    practises = account is not None and account.environment is Environment.TEST and account.server in LOOPBACK
    if account is None or not practises:
        return Finding(name, False, trouble.message, trouble.remedy, trouble.facts)
    facts = {"server": account.server, "port": account.port}
    return Finding(
        name, True, "no post office at %(server)s:%(port)s now: `robo sandbox` opens one for trials", "", facts
    )


def _authorities(settings: Settings) -> Iterator[Finding]:
    """Until when authorities of one's own are valid. That they can be read is the browser's check."""
    from robo.services.certificates import ends

    named = settings.trusted
    if named is None or not (until := ends(named)):
        return
    facts = {"count": len(until), "until": f"{min(until):%Y-%m-%d}"}
    valid = min(until) > datetime.now(UTC)
    says = "%(count)s authorities of your own, valid until %(until)s"
    yield Finding("authorities", valid, says, "ask whoever runs your authority for its new certificate", facts)


async def _reach(runner: Reaching, account: MailAccount, settings: Settings) -> None:
    await runner.start(settings.for_runners().get("mail", {}), headed=False, slots=1)
    try:
        await runner.reach(account)
    finally:
        await runner.stop()


def _root(settings: Settings | None) -> Finding:
    """A browser's sandbox does not work as root; running without it is a decision, never a default."""
    if getattr(os, "geteuid", lambda: 1)() != 0:
        return Finding("user", True, "an ordinary user")
    off = os.environ.get("ROBO_BROWSER_SANDBOX") == "off" or (settings is not None and not settings.browser.sandbox)
    if off:
        return Finding("user", True, "root, and the browser's sandbox was turned off on purpose")
    return Finding(
        "user",
        False,
        "root: a browser refuses to start as root with its sandbox on",
        "run robo as an ordinary user; in a throw-away machine only, set ROBO_BROWSER_SANDBOX=off",
    )


def check_browser(settings: Settings | None = None) -> Finding:
    """Start the browser through its runner, then stop it."""
    from robo.services.guests import new_runner, runner_types

    if "browser" not in runner_types():
        return Finding("browser", False, "the browser runner is not installed", "reinstall robo")
    said = (settings or settings_anywhere()).for_runners()["browser"]

    async def start_and_stop() -> None:
        runner = new_runner("browser")
        try:
            await runner.start(said, headed=False, slots=1)
        finally:
            await runner.stop()

    try:
        asyncio.run(start_and_stop())
    except RoboError as trouble:
        return Finding("browser", False, trouble.message, trouble.remedy, trouble.facts)
    return Finding("browser", True, "a browser starts and stops")


def install_browser(talk: Callable[[str], None]) -> Finding:
    """A browser that is here is kept; else Debian's package (as root), else Playwright's own. Then look again."""
    found = check_browser()
    if found.ok:
        return found
    for command in _ways():
        talk(" ".join(command))
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno())
        if done.returncode:
            continue
        found = check_browser()
        if found.ok:
            return found
    return found


def _ways() -> Iterator[Sequence[str]]:
    """The commands that may bring a browser, best first."""
    if getattr(os, "geteuid", lambda: 1)() == 0 and shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        yield ("apt-get", "update", "-qq")
        for package in DEBIAN:
            yield ("apt-get", "install", "-y", "-qq", "--no-install-recommends", package, "fonts-dejavu-core")
    yield (sys.executable, "-m", "playwright", "install", "--only-shell", "chromium")
