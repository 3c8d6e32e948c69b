"""What is done to a whole store: purged, copied, put back, looked at, brought to this version."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from robo.errors import InfrastructureError

if TYPE_CHECKING:
    from robo.app import App
    from robo.errors import RoboError
    from robo.services.backups import About
    from robo.services.keys import SecretPeriods
    from robo.services.retention import Purged, Rules
    from robo.store.engine import Store

Told = Callable[[str, Mapping[str, Any]], None]
PIECE: Final = 1 << 20


def purge(robo: App, *, until: str, dry: bool, told: Told) -> Purged:
    """Purge what is over in all regions of the store, or only look at what would go."""
    from robo.services import backups
    from robo.services.retention import Places, Purge, checked_until
    from robo.store import purging

    rules = _rules(robo)
    with robo.store.read() as tx:
        at = robo.store.now(tx)
    work = Purge(
        store=robo.store,
        keys=_chains(robo),
        rules=rules,
        places=Places(evidence=robo.settings.evidence, reports=robo.settings.reports),
        seal=lambda: _seal(robo),
        busy=lambda: bool(_workers(robo)),
        until=checked_until(until, at, rules) if until else "",
        told=told,
    )
    if dry:
        return work.look()
    robo.refuse_restored(robo.store)
    done = work.do()
    older = purging.ends(purging.last_over(at, rules.project.backups))
    done.copies = backups.end(robo.keep, older=older) + _end_replaced(robo, older, done.troubles)
    return done


def _chains(robo: App) -> SecretPeriods:
    """The keys that can be destroyed for good: those of the secrets backend."""
    from robo.services.keys import SecretPeriods

    return robo.periods if isinstance(robo.periods, SecretPeriods) else SecretPeriods(robo.keep)


def _seal(robo: App) -> None:
    from robo.services.auditing.sealing import seal

    seal(robo.store, robo.keep, robo.settings.audit)
    robo.keep_mark(robo.store)


def _rules(robo: App) -> Rules:
    from robo.services.retention import rules_of

    regions = {}
    for name in robo.region_ids():
        region = robo.region(name)
        regions[name] = (region.retention, region.file)
    return rules_of(robo.settings.retention, regions)


def _workers(robo: App) -> list[str]:
    """The workers of this store that live, or may live on another machine."""
    from robo.services.worker.heartbeat import is_dead
    from robo.store import workers

    with robo.store.read() as tx:
        known = workers.alive(tx)
    locks = robo.settings.state / "locks"
    return [worker for worker, lock, _ in known if not (lock and is_dead(locks / lock))]


def _replaced(robo: App) -> list[Path]:
    """What was the store before another was put in its place, and what a copy that was killed left."""
    if not robo.store.is_sqlite:
        return sorted(robo.settings.state.glob("robo.replaced-*.backup"))
    file = Path(robo.store.name)
    return [
        each
        for kind in ("replaced", "copying", "restoring")
        for each in sorted(file.parent.glob(f"{file.name}.{kind}-*"))
    ]


def _end_replaced(robo: App, older: datetime, troubles: list[RoboError]) -> int:
    from robo.services.leftovers import remove

    old = [each for each in _replaced(robo) if each.stat().st_mtime < older.timestamp()]
    return sum(remove(each, troubles) for each in old)


# ---- copies ------------------------------------------------------------------------------------------------


def backup(robo: App, to: Path) -> tuple[Path, About, int, int]:
    """A copy of the store as it is now, in the file or the folder `to`: the file, what it says of itself, its bytes,
    and how many earlier copies nobody can read any more, since they hold what was purged."""
    from robo.services import backups
    from robo.services.sequencing import sequence_all
    from robo.store import purging

    sequence_all(robo.store)
    with robo.store.read() as tx:
        at, purged = robo.store.now(tx), purging.last_said(tx)
    file = to / backups.called(at) if to.is_dir() else to
    about, size = _copied(robo, file, at)
    ended = backups.end(robo.keep, older=purging.ends("1970-01"), superseded=purged)
    return file, about, size, ended


def _copied(robo: App, to: Path, at: datetime) -> tuple[About, int]:
    """The log only grows: a copy made after its head was read has at least that much of it."""
    from robo.services import backups

    about = _about(robo, at)
    with _content(robo) as content:
        return about, backups.write(robo.keep, about, content, to)


def _about(robo: App, at: datetime) -> About:
    from robo.services.backups import About
    from robo.store import schema, sequencer
    from robo.store.ids import new_id

    with robo.store.read() as tx:
        head = sequencer.head(tx)
    kind = "sqlite" if robo.store.is_sqlite else "postgresql"
    made = at.isoformat()
    return About(
        id=new_id(),
        made=made,
        engine=kind,
        schema=schema.HEAD,
        origin=head.origin,
        size=head.size,
        root=head.root.hex(),
    )


@contextmanager
def _content(robo: App) -> Iterator[Iterator[bytes]]:
    """The bytes of the store as it is at one instant, while others write."""
    if robo.store.is_sqlite:
        from robo.store import upkeep

        file = _beside(Path(robo.store.name), "copying")
        file.touch(mode=0o600)
        try:
            upkeep.copy(robo.store, file)
            yield _pieces(file)
        finally:
            file.unlink(missing_ok=True)
        return
    with subprocess.Popen(**_asked(robo.store, "pg_dump", "--format=custom"), stdout=subprocess.PIPE) as dump:
        yield _dumped(dump)


def _dumped(dump: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """What a tool writes, and at its end whether that was all: half of it must not become a copy."""
    assert dump.stdout is not None  # noqa: S101 - it is a pipe
    yield from _read_whole(dump.stdout)
    if dump.wait():
        raise _failed("pg_dump")


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as read:
        yield from _read_whole(read)


def _read_whole(read: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: read.read(PIECE), b"")


def _beside(store: Path, kind: str) -> Path:
    """A file beside the store, on the same disk."""
    from robo.store.ids import new_id

    return store.with_name(f"{store.name}.{kind}-{new_id()}")


def _asked(store: Store, tool: str, *words: str) -> dict[str, Any]:
    """A tool of PostgreSQL and its surroundings: the password is not among its words, where others could read it."""
    program = shutil.which(tool)
    if program is None:
        raise InfrastructureError(
            "RB680",
            "%(tool)s is not installed here: a store on PostgreSQL is copied and put back with it",
            place=tool,
            remedy="apt install postgresql-client, of the version of the server; or let its administrator copy it: "
            "such a copy is not ended by a purge",
            tool=tool,
        )
    address = store.url.set(drivername="postgresql")
    password = {"PGPASSWORD": str(address.password)} if address.password else {}
    plain = address.set(password=None).render_as_string()
    return {"args": [program, *words, f"--dbname={plain}"], "env": {**os.environ, **password}}


def _failed(tool: str) -> InfrastructureError:
    return InfrastructureError(
        "RB682",
        "%(tool)s did not do it; what it said stands above",
        place=tool,
        remedy="most often its version is older than the server's: install postgresql-client of that version",
        tool=tool,
    )


# ---- putting back ------------------------------------------------------------------------------------------


def restore(robo: App, file: Path) -> tuple[Path, About, int | None]:
    """Put a copy in the place of the store, whole or not at all, also where the store cannot be read any more: where
    the former store is now, what the copy said of itself, and how many entries of the log are newer (None: nobody can
    tell). RB679 while a robot lives, RB683 for a copy of another kind of store."""
    from robo.services import backups
    from robo.store.engine import file_of

    about, here = backups.about(file), file_of(robo.settings.store)
    kind = "postgresql" if here is None else "sqlite"
    if about.engine != kind:
        raise InfrastructureError(
            "RB683",
            "the copy is of a store on %(theirs)s, the store here is on %(ours)s",
            place=str(file),
            remedy="set `store` in config/robo.yaml to a store of that kind, then restore",
            theirs=about.engine,
            ours=kind,
        )
    living, later = _standing(robo, about)
    if living:
        raise InfrastructureError(
            "RB679",
            "%(count)s robot(s) work on the store: %(names)s",
            place=str(here or kind),
            remedy="wait for them to end, or end them: `robo runs list` shows what they do",
            count=len(living),
            names=", ".join(living),
        )
    former = _restore_server(robo, file) if here is None else _restore_file(robo, file, here)
    upgrade(robo)
    if later != 0:
        _hold(robo, about, about.size + (later or 0), former)
    return former, about, later


def _hold(robo: App, about: About, size: int, former: Path) -> None:
    """What was done in applications since the copy was made is forgotten here: nothing runs until a person looked."""
    from robo.services.witnessing.restoring import Lost, detect

    with suppress(
        InfrastructureError
    ):  # held for the checkpoint that is kept beside the keys: it says how much is gone
        robo.refuse_restored(robo.store)
    robo.store.transact(partial(detect, lost=Lost(about.origin, size, str(former), proven=False)))


def _standing(robo: App, about: About) -> tuple[list[str], int | None]:
    """Who works on the store that is to be replaced, and how many entries of its log the copy does not have."""
    from robo.services.sequencing import sequence_all
    from robo.services.worker.heartbeat import is_dead
    from robo.store import sequencer

    try:
        sequence_all(robo.store)
        with robo.store.read() as tx:
            size = sequencer.head(tx).size
        return _workers(robo), max(0, size - about.size)
    except InfrastructureError:
        locks = sorted((robo.settings.state / "locks").glob("*"))
        return [each.stem for each in locks if not is_dead(each)], None


def _restore_file(robo: App, file: Path, here: Path) -> Path:
    """The copy is written beside the store and looked at; then it takes the store's name in one step."""
    from robo.services import backups
    from robo.services.disk import keep_names, on_disk
    from robo.store import upkeep

    new, former = _beside(here, "restoring"), _beside(here, "replaced")
    try:
        with on_disk(new):
            new.touch(mode=0o600)
            with new.open("wb") as out:
                for piece in backups.read(robo.keep, file):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
        upkeep.refuse_damaged(new)
        _let_go(robo, here)
        with on_disk(here):
            if here.exists():
                former.hardlink_to(here)
            new.replace(here)
            keep_names(here.parent)
    finally:
        new.unlink(missing_ok=True)
    return former


def _let_go(robo: App, here: Path) -> None:
    """Nobody has the file open, and what was written is in it and nowhere beside it. RB679. A store that cannot be read
    is moved away with what lies beside it."""
    from robo.store import upkeep

    beside = [here.with_name(here.name + end) for end in ("-wal", "-shm", "-journal")]
    try:
        upkeep.settle(robo.found_store)
        robo.found_store.close()
    except InfrastructureError:
        for each in beside:
            if each.exists():
                each.replace(_beside(here, f"replaced{each.name.removeprefix(here.name)}"))
    if any(each.exists() and each.stat().st_size for each in beside):
        raise InfrastructureError(
            "RB679",
            "somebody has the store open: %(names)s",
            place=str(here),
            remedy="close what shows or copies it, then restore again",
            names=here.name,
        )


def _restore_server(robo: App, file: Path) -> Path:
    """The store is copied first; then the copy is put back in one transaction."""
    from robo.services import backups

    with robo.store.read() as tx:
        at = robo.store.now(tx)
    former = robo.settings.state / f"robo.replaced-{backups.called(at)}"
    _copied(robo, former, at)
    robo.store.close()
    words = ("--clean", "--if-exists", "--single-transaction", "--no-owner", "--exit-on-error")
    asked = _asked(robo.store, "pg_restore", *words)
    with subprocess.Popen(**asked, stdin=subprocess.PIPE) as tool:
        assert tool.stdin is not None  # noqa: S101 - it is a pipe
        try:
            for piece in backups.read(robo.keep, file):
                tool.stdin.write(piece)
            tool.stdin.close()
        except BrokenPipeError as ended:
            raise _failed("pg_restore") from ended
        except BaseException:
            tool.kill()
            raise
        if tool.wait():
            raise _failed("pg_restore")
    return former


# ---- looking at it -----------------------------------------------------------------------------------------


def check(robo: App) -> list[RoboError]:
    """What is wrong with the store."""
    from robo.store import upkeep

    return upkeep.check(robo.found_store)


def upgrade(robo: App) -> bool:
    """Bring the tables to this version; whether anything had to change."""
    from robo.store.engine import upgrade as bring

    return bring(robo.found_store)
