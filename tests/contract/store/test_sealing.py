"""Checkpoints: what a log's key signs is whole, contradicts nothing it signed before, and survives what goes wrong."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from robo.errors import InfrastructureError, RoboError, UsageError
from robo.model.audit import EventType
from robo.proof.findings import Report
from robo.proof.merkle import EMPTY
from robo.proof.note import Note, VerifierKey
from robo.proof.policy import Policy
from robo.proof.verify import verify_log
from robo.services.auditing.rotating import Rotated, rotate
from robo.services.auditing.sealer import Sealer
from robo.services.auditing.sealing import Sealed, seal, signed
from robo.services.auditing.signing import open_ring
from robo.services.auditing.standing import status
from robo.services.auditing.verifying import verify_store
from robo.services.sequencing import sequence_all
from robo.services.settings import AuditSettings, Settings
from robo.services.vaults import FileVault
from robo.store import audit, checkpoints, sequencer
from robo.store.audit_reading import log_of
from robo.store.audit_tables import audit_checkpoint, audit_head, audit_outbox
from robo.store.engine import Store
from robo.store.ids import new_id


@dataclass
class Registry:
    """A store, the keys of one machine, and what an auditor makes of both."""

    store: Store
    keep: FileVault
    settings: AuditSettings = field(default_factory=AuditSettings)

    def happens(self, times: int = 1) -> None:
        with self.store.write() as tx:
            for _ in range(times):
                audit.emit(tx, type=EventType.RUN_OPENED, region="r", actor="person-1", obj=new_id())

    def seal(self) -> Sealed:
        return seal(self.store, self.keep, self.settings)

    def rotate(self) -> Rotated:
        return rotate(self.store, self.keep, self.settings, actor="person-1")

    def key(self) -> VerifierKey:
        with self.store.read() as tx:
            return open_ring(self.keep, sequencer.head(tx).origin, make=False).key.verifier()

    def kept(self) -> list[tuple[int, str]]:
        with self.store.read() as tx:
            rows = tx.execute(select(audit_checkpoint).order_by(audit_checkpoint.c.size, audit_checkpoint.c.made))
            return [(row.size, row.note) for row in rows]

    def verified(self, *keys: VerifierKey) -> Report:
        with self.store.read() as tx:
            return verify_log(sequencer.head(tx).origin, log_of(tx), Policy(keys or (self.key(),)))

    def refused(self) -> str:
        """The code of a seal that must not succeed, nor leave anything."""
        before = self.kept()
        with pytest.raises(RoboError) as told:
            self.seal()
        assert self.kept() == before
        assert told.value.remedy
        return told.value.code


@pytest.fixture
def log(store: Store, tmp_path: Path) -> Registry:
    return Registry(store, FileVault(tmp_path / "keys"))


def test_what_waits_is_ordered_and_sealed(log: Registry) -> None:
    log.happens(3)
    sealed = log.seal()
    log.happens(300)
    log.seal()
    assert sealed.checkpoint.size == 3
    assert [size for size, _ in log.kept()] == [3, 303]
    report = log.verified()
    assert (report.whole, report.sealed, report.size) == (True, 303, 303)


def test_a_log_is_called_what_the_settings_say_or_what_it_was_given_once(log: Registry) -> None:
    given = log.seal().origin
    assert given.startswith("robo/")
    log.happens()
    assert log.seal().origin == given
    log.settings = AuditSettings(origin=given)
    assert log.seal().origin == given


def test_the_name_may_be_chosen_until_the_first_seal_and_never_after(log: Registry) -> None:
    log.settings = AuditSettings(origin="robo.idf/audit")
    assert log.seal().origin == "robo.idf/audit"
    log.settings = AuditSettings(origin="robo.pdl/audit")
    with pytest.raises(UsageError) as told:
        log.seal()
    assert (told.value.code, "origin: robo.idf/audit" in told.value.advice) == ("RB645", True)


def test_silence_is_sealed_and_a_long_one_is_two_rows(log: Registry, timer: Any) -> None:
    log.happens()
    first = log.seal().checkpoint
    for _ in range(3):
        timer.pass_(60)
        last = log.seal().checkpoint
    assert (last.size, last.note) == (first.size, first.note)
    assert last.made - first.made == timedelta(minutes=3)
    assert len(log.kept()) == 2
    assert log.verified().whole


def test_an_empty_log_is_sealed_too(log: Registry) -> None:
    assert (log.seal().checkpoint.size, log.verified().root) == (0, EMPTY)
    found = verify_store(log.store, log.keep, Settings(project=Path(), store=""))
    assert found.report.whole


def test_a_clock_that_jumps_back_orders_nothing_and_is_remarked(log: Registry, timer: Any) -> None:
    log.happens()
    before = log.seal()
    timer.pass_(-3600)
    log.happens()
    sealed = log.seal()
    assert (before.back, sealed.back) == (timedelta(), timedelta(hours=1))
    with log.store.read() as tx:
        newest = checkpoints.newest(tx)
    assert newest == sealed.checkpoint
    assert newest.size == 2
    assert log.verified().whole


def test_many_that_seal_at_once_lose_nothing_and_contradict_nobody(log: Registry) -> None:
    log.happens()
    wrong: list[RoboError] = []

    def work() -> None:
        try:
            for _ in range(5):
                log.happens(2)
                log.seal()
        except RoboError as trouble:
            wrong.append(trouble)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert log.seal().checkpoint.size == 31
    roots: dict[int, set[str]] = {}
    for size, note in log.kept():
        roots.setdefault(size, set()).add(note)
    assert {len(each) for each in roots.values()} == {1}
    assert log.verified().whole


@pytest.mark.parametrize("held", [None, {"key": "00"}, {}], ids=["missing", "cut", "empty"])
def test_a_key_that_is_gone_or_damaged_seals_nothing(held: dict[str, str] | None, log: Registry) -> None:
    log.happens()
    name = f"robo-log-{log.seal().origin}"
    log.happens()
    log.keep.change(name, lambda _: held)
    assert log.refused() == ("RB643" if held is None else "RB642")
    assert log.keep.read(name) == held


def test_another_machine_with_other_secrets_seals_nothing(log: Registry, tmp_path: Path) -> None:
    log.happens()
    origin = log.seal().origin
    ours, log.keep = log.keep, FileVault(tmp_path / "other")
    assert log.refused() == "RB643"
    open_ring(log.keep, origin, make=True)
    assert log.refused() == "RB644"
    log.keep = ours
    log.happens()
    assert log.seal().checkpoint.size == 2


def grow(log: Registry, **values: Any) -> None:
    with log.store.write() as tx:
        tx.execute(update(audit_head).values(**values))


def test_a_log_that_contradicts_its_newest_checkpoint_is_never_signed(log: Registry) -> None:
    log.happens(5)
    log.seal()
    with log.store.read() as tx:
        head = tx.execute(select(audit_head)).mappings().one()
    hashes = bytes(head["frontier"])
    grow(log, size=4, frontier=hashes[:32])
    assert log.refused() == "RB646"
    grow(log, size=5, frontier=hashes[:32] + bytes(32))
    assert log.refused() == "RB646"
    grow(log, size=6, frontier=hashes[:32] + bytes(32))
    assert log.refused() in {"RB632", "RB646"}
    grow(log, size=5, frontier=hashes)
    log.happens()
    assert log.seal().checkpoint.size == 6


def test_a_damaged_head_or_checkpoint_refuses_to_seal(log: Registry) -> None:
    log.happens(3)
    log.seal()
    grow(log, frontier=b"\0" * 31)
    assert log.refused() == "RB633"
    with log.store.write() as tx:
        tx.execute(update(audit_checkpoint).values(note=audit_checkpoint.c.note + "x"))
    assert log.refused() in {"RB632", "RB633"}


def test_a_checkpoint_that_was_altered_in_the_store_refuses_to_seal(log: Registry) -> None:
    log.happens(3)
    note = log.seal().checkpoint.note
    with log.store.write() as tx:
        tx.execute(update(audit_checkpoint).values(note=note.replace("\n3\n", "\n2\n")))
    assert log.refused() == "RB633"


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """The database file may not grow by a page."""

    def limit(raw: Any, _record: object) -> None:
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages}")

    store.close()
    with closing(sqlite3.connect(str(store.url.database))) as file:
        file.execute("VACUUM")  # pages that earlier tests left empty would do instead of new ones
    event.listen(store._engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(store._engine, "connect", limit)
        store.close()


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_a_disk_that_fills_while_sealing_leaves_nothing_half_and_the_next_seal_goes_on(log: Registry) -> None:
    """A full disk under a server is the server's: its transaction ends like any other that fails."""
    log.happens()
    log.seal()
    log.happens(400)
    with full_disk(log.store):
        assert log.refused() == "RB602"
        with log.store.read() as tx:
            head = sequencer.head(tx)
            assert tx.execute(select(func.count()).select_from(audit_outbox)).scalar_one() == 400
            assert (head.size, head.sealed) == (1, 1)
    assert log.seal().checkpoint.size == 401
    assert log.verified().whole


# ---- the change of the key -----------------------------------------------------------------------------------------
def test_a_change_of_the_key_is_logged_signed_by_both_and_the_old_one_is_destroyed(log: Registry) -> None:
    log.happens()
    log.seal()
    before = log.keep.read(f"robo-log-{log.seal().origin}")
    changed = log.rotate()
    log.happens()
    log.seal()
    assert (str(changed.old), str(changed.new)) != (str(log.key()), "")
    assert changed.new == log.key()
    assert before is not None
    assert before["key"] not in str(log.keep.read(f"robo-log-{changed.origin}"))
    assert set(Note.parse(changed.checkpoint.note).signed_by([changed.old, changed.new])) == {changed.old, changed.new}
    report = log.verified(changed.old, changed.new)
    assert (report.whole, report.remarks, report.sealed) == (True, [], changed.checkpoint.size + 1)


def test_a_key_may_be_changed_again_and_before_anything_was_sealed(log: Registry) -> None:
    first, second = log.rotate(), log.rotate()
    assert first.new == second.old
    assert log.verified(first.old, first.new, second.new).whole


def test_an_old_copy_of_the_secrets_seals_nothing_behind_the_change(log: Registry, tmp_path: Path) -> None:
    origin = log.seal().origin
    old = log.keep.read(f"robo-log-{origin}")
    log.rotate()
    log.keep = FileVault(tmp_path / "copy")
    log.keep.change(f"robo-log-{origin}", lambda _: old)
    assert log.refused() == "RB644"
    with pytest.raises(InfrastructureError) as told:
        log.rotate()
    assert told.value.code == "RB644"


def test_a_log_that_goes_on_under_another_name_keeps_the_changes_of_its_key_as_history(log: Registry) -> None:
    log.happens()
    log.rotate()
    key = open_ring(log.keep, "robo.idf/2", make=True).key
    with log.store.write() as tx:
        checkpoints.rename(tx, "robo.idf/2")
        signed(tx, None, key)
    log.happens()
    assert log.seal().origin == "robo.idf/2"
    assert log.verified(key.verifier()).whole


class PowerLossError(Exception):
    """It went out."""


@contextmanager
def cut_at(keep: FileVault, call: int) -> Iterator[None]:
    """The power goes before the change number `call` of the keys."""
    change, calls = keep.change, iter(range(1, 100))

    def perhaps(name: str, work: Any) -> Any:
        if next(calls) == call:
            raise PowerLossError
        return change(name, work)

    keep.change = perhaps  # type: ignore[method-assign] # the machine is what fails, not a part of ours
    with pytest.raises(PowerLossError):
        yield
    del keep.change  # type: ignore[method-assign] # back to the class's


def test_a_change_that_is_cut_short_is_ended_by_whoever_comes_next(log: Registry) -> None:
    log.happens()
    origin = log.seal().origin
    old = log.key()
    with cut_at(log.keep, 2):
        log.rotate()
    held = log.keep.read(f"robo-log-{origin}") or {}
    assert set(held) == {"key", "following"}
    log.happens()
    log.seal()
    assert log.keep.read(f"robo-log-{origin}") == {"key": held["following"]}
    assert log.verified(old, log.key()).whole


def test_a_change_that_got_no_further_than_its_key_changes_nothing_yet(log: Registry) -> None:
    log.happens()
    origin = log.seal().origin
    old = log.key()
    log.keep.change(f"robo-log-{origin}", lambda held: {**(held or {}), "following": "07" * 32})
    log.happens()
    log.seal()
    assert log.verified(old).whole
    changed = log.rotate()
    assert log.keep.read(f"robo-log-{origin}") == {"key": "07" * 32}
    assert log.verified(old, changed.new).whole


def rotated_by_another(log: Registry) -> Rotated:
    """By another process of the same machine."""
    return Registry(log.store, FileVault(log.keep._folder)).rotate()


@pytest.mark.parametrize("early", [False, True], ids=["behind-the-key", "before-the-key"])
def test_whoever_sealed_with_a_key_that_is_changed_meanwhile_goes_on_with_the_new_one(
    early: bool, log: Registry
) -> None:
    """Two processes of one machine: one holds the old key in its hand, or knows only how the log stood, when the other
    has handed the log over."""
    log.happens()
    log.seal()
    read, once = log.keep.read, [True]

    def late(name: str) -> Any:
        held = None if early else read(name)
        if once and name.startswith("robo-log-"):
            once.clear()
            rotated_by_another(log)
        return held or read(name)

    log.keep.read = late  # type: ignore[method-assign] # the other process comes exactly here
    sealed = log.seal()
    del log.keep.read  # type: ignore[method-assign] # back to the class's
    with log.store.read() as tx:
        handed = checkpoints.handed_to(tx, sealed.origin)
    assert handed == str(log.key())
    assert Note.parse(sealed.checkpoint.note).signed_by([log.key()])


@pytest.mark.parametrize("early", [False, True], ids=["behind-the-new-key", "before-the-new-key"])
def test_of_two_changes_at_once_the_later_comes_after_the_other(early: bool, log: Registry) -> None:
    log.happens()
    log.seal()
    before = log.key()
    change = log.keep.change
    others: list[Rotated] = []

    def meanwhile(name: str, work: Any) -> Any:
        held = None if early else change(name, work)
        if not others:
            others.append(rotated_by_another(log))
        return held or change(name, work)

    log.keep.change = meanwhile  # type: ignore[method-assign] # the other process comes exactly here
    later = log.rotate()
    del log.keep.change  # type: ignore[method-assign] # back to the class's
    (first,) = others
    assert (first.old, first.new, later.new) == (before, later.old, log.key())
    assert log.verified(before, first.new, later.new).whole


# ---- how it stands ---------------------------------------------------------------------------------------------------
def test_whoever_looks_sees_how_far_the_log_is_sealed_and_changes_nothing(log: Registry) -> None:
    fresh = status(log.store, log.keep, log.settings)
    assert (fresh.origin, fresh.key, fresh.size, fresh.sealed, fresh.trouble) == ("", None, 0, 0, None)
    log.happens(2)
    origin = log.seal().origin
    log.happens()
    sequence_all(log.store)
    log.happens(4)
    found = status(log.store, log.keep, log.settings)
    assert (found.origin, found.key, found.trouble) == (origin, log.key(), None)
    assert (found.sealed, found.size, found.waiting) == (2, 3, 4)
    assert len(log.kept()) == 1


def test_entries_that_wait_for_days_are_told(log: Registry, timer: Any) -> None:
    log.happens()
    log.seal()
    timer.pass_(7 * 86_400)
    assert not status(log.store, log.keep, log.settings).late
    log.happens()
    sequence_all(log.store)
    assert not status(log.store, log.keep, log.settings).late
    timer.pass_(86_401)
    assert status(log.store, log.keep, log.settings).late


def test_whoever_looks_is_told_why_the_log_would_not_be_sealed(log: Registry, tmp_path: Path) -> None:
    log.happens(3)
    origin = log.seal().origin
    for keep, settings, code in (
        (FileVault(tmp_path / "none"), log.settings, "RB643"),
        (log.keep, AuditSettings(origin="robo.pdl/audit"), "RB645"),
    ):
        trouble = status(log.store, keep, settings).trouble
        assert trouble is not None
        assert trouble.code == code
    with log.store.write() as tx:
        tx.execute(update(audit_head).values(frontier=b"\0" * 31))
    found = status(log.store, log.keep, log.settings)
    assert (found.origin, found.size, found.trouble and found.trouble.code) == (origin, 3, "RB633")


def test_after_a_change_that_was_cut_short_the_new_key_is_shown(log: Registry) -> None:
    log.seal()
    with cut_at(log.keep, 2):
        log.rotate()
    shown = status(log.store, log.keep, log.settings)
    assert shown.trouble is None
    log.seal()
    assert shown.key == log.key()


# ---- while a process works -----------------------------------------------------------------------------------------
class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


async def test_a_process_seals_after_a_time_also_when_nothing_happened(log: Registry) -> None:
    clock = Clock()
    sealer = Sealer(log.store, log.keep, log.settings, clock=clock)
    for second, due in ((1, False), (59, False), (60, True), (61, False), (119, False), (120, True)):
        clock.at = second
        assert (await sealer.look() is not None) is due, second
    log.store.close()


async def test_a_process_seals_as_soon_as_many_events_wait(log: Registry) -> None:
    sealer = Sealer(log.store, log.keep, AuditSettings(events=5), clock=Clock())
    log.happens(4)
    assert await sealer.look() is None
    log.happens()
    sealed = await sealer.look()
    assert sealed is not None
    assert sealed.checkpoint.size == 5
    assert await sealer.look() is None
    log.store.close()


async def test_a_key_that_cannot_be_had_stops_nothing_and_is_tried_again_later(log: Registry) -> None:
    clock = Clock()
    sealer = Sealer(log.store, log.keep, AuditSettings(events=1), clock=clock)
    log.happens()
    origin = log.seal().origin
    held = log.keep.read(f"robo-log-{origin}")
    log.keep.change(f"robo-log-{origin}", lambda _: None)
    log.happens()
    assert await sealer.look() is None
    assert sealer.trouble is not None
    assert sealer.trouble.code == "RB643"
    log.keep.change(f"robo-log-{origin}", lambda _: held)
    assert await sealer.look() is None
    clock.at = 60
    assert await sealer.look() is not None
    assert sealer.trouble is None
    log.store.close()
