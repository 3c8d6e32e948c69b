"""A purge leaves the log verifiable at every commit, keeps what protects a key, and can be killed anywhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from robo.engine.ports import JournalState, OnceKey
from robo.errors import InfrastructureError, StoreConflict, UsageError
from robo.model.base import ItemState, Outcome
from robo.model.retention import Retention
from robo.model.run import Item, ItemKind, NewItem, Taken, Trouble
from robo.proof.checkpoint import Checkpoint
from robo.proof.findings import Flaw
from robo.proof.policy import Policy
from robo.services.auditing import exporting, verifying
from robo.services.retention import Rules, checked_until, rules_of
from robo.services.witnessing.asking import Heading, Log
from robo.store import aliases, audit_search, decisions, items, journal, people, runs, sequencer
from robo.store.audit_tables import audit_payload, audit_period
from robo.store.engine import Store, open_store, upgrade
from robo.store.tables import evidence, metadata
from robo.store.tables import journal as journal_table
from tests.archives import SECRET, YEAR, Archive, Chain, a_year_later, no_trace_of
from tests.contract.conftest import Timer
from tests.witnesses import key, policy, seal

NAME = "robo.example/r"


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def archive(store: Store, address: str, timer: Timer, tmp_path: Path) -> Iterator[Archive]:
    chain = Chain()
    opened = open_store(address, timer=timer, periods=chain, units=lambda region: sha256(region.encode()).digest())
    made = Archive(opened, timer, tmp_path)
    made.chain = chain
    yield made
    opened.close()


def test_after_a_purge_the_log_verifies_and_every_payload_is_there_or_answered_for(archive: Archive) -> None:
    archive.done("k1")
    before = archive_of(archive)
    a_year_later(archive)
    archive.done("k2")
    a = archive.verified()
    assert (a.whole, a.present, a.purged) == (True, before, 0)
    done = archive.purge().do()
    assert [(each.key, each.payloads) for each in done.periods] == [("r/std/2026-03", before)]
    assert done.troubles == []
    archive.seal()
    report = archive.verified()
    assert (report.whole, report.present, report.purged) == (True, archive_of(archive), before)
    assert report.present > 0
    with archive.store.read() as tx:
        assert tx.execute(select(audit_period.c.destroyed).where(audit_period.c.key == "r/std/2026-03")).scalar()
    assert archive.chain.key("r/std/2026-03") is None
    again = archive.purge().do()
    assert again.nothing


def test_entries_of_a_purged_item_are_exported_with_the_purge_that_answers_for_them(
    archive: Archive, tmp_path: Path
) -> None:
    archive.done("k1")
    a_year_later(archive)
    with archive.store.write() as tx:
        sequencer.sequence(tx)
        item = next(entry["obj"] for entry in map(json.loads, sequencer.entries(tx)) if entry["pc"])
    archive.purge().do()
    known = policy([NAME])
    exported(archive, tmp_path / "x", known, proof=item)
    found = verifying.verify_folder(tmp_path / "x", known, NAME, 0).report
    assert (found.findings, found.purged > 0) == ([], True)


def test_a_region_with_payloads_is_proven_by_a_checkpoint_that_has_its_purge(archive: Archive, tmp_path: Path) -> None:
    """By the one that the quorum saw before, payloads would be gone though no purge said so."""
    known = policy([NAME], ["w"])
    archive.done("k1")
    countersigned(archive, seal(archive.store, NAME), known)
    a_year_later(archive)
    archive.purge().do()
    exported(archive, tmp_path / "x", known, region="r")
    found = verifying.verify_folder(tmp_path / "x", known, NAME, 0).report
    assert [finding.error.message for finding in found.findings] == [
        "no checkpoint is countersigned by as many witnesses as the policy asks for"
    ]
    countersigned(archive, seal(archive.store, NAME), known)
    exported(archive, tmp_path / "y", known, region="r")
    found = verifying.verify_folder(tmp_path / "y", known, NAME, 10**11).report
    assert (found.findings, found.purged > 0) == ([], True)


def exported(archive: Archive, folder: Path, known: Policy, **what: str) -> None:
    wanted = exporting.Wanted(payloads=True, **what)
    exporting.export(archive.store, folder, wanted, lambda: seal(archive.store, NAME), known, actor="person-1")


def countersigned(archive: Archive, sealed: Checkpoint, known: Policy) -> None:
    signature = key("w").cosign(str(sealed), 1)
    with archive.store.write() as tx:
        Log(archive.store, known).add(tx, Heading("w", known.witnesses["w"]), str(sealed), signature)


def archive_of(archive: Archive) -> int:
    """How many payloads the store has."""
    with archive.store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(audit_payload)).scalar_one())


def test_keys_that_cannot_be_destroyed_now_are_told_and_go_with_the_next_purge(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: str) -> bool:
        raise InfrastructureError("RB921", "the keyring of this system does not answer: %(cause)s", cause="locked")

    archive.done("k1")
    a_year_later(archive)
    with monkeypatch.context() as patched:
        patched.setattr(archive.chain, "destroy_until", locked)
        done = archive.purge().do()
    assert [each.code for each in done.troubles] == ["RB921"]
    assert no_trace_of(archive.rows())
    assert archive.chain.key("r/std/2026-03") is not None
    done = archive.purge().do()
    assert (done.troubles, done.destroyed, [each.payloads for each in done.periods]) == ([], 1, [0])
    assert archive.chain.key("r/std/2026-03") is None


def test_a_payload_that_was_taken_away_before_its_purge_is_still_missed_behind_it(archive: Archive) -> None:
    archive.done("k1")
    with archive.store.write() as tx:
        taken = select(func.min(audit_payload.c.event)).scalar_subquery()
        tx.execute(audit_payload.delete().where(audit_payload.c.event == taken))
    a_year_later(archive)
    archive.purge().do()
    assert [found.flaw for found in archive.verified().findings] == [Flaw.MISSING]


def test_a_payload_that_goes_without_a_purge_is_an_error_before_and_behind_one(archive: Archive) -> None:
    archive.done("k1")
    a_year_later(archive)
    archive.done("k2")
    archive.purge().do()
    archive.seal()
    with archive.store.write() as tx:
        tx.execute(audit_payload.delete())
    report = archive.verified()
    assert not report.whole
    assert report.findings[0].flaw is Flaw.MISSING


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_a_purge_killed_at_any_commit_leaves_a_log_that_verifies_and_is_completed_by_the_next(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    kills, left = 0, 1
    while left:
        archive.timer.at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC) + kills * YEAR
        archive.done(f"k{kills}")
        a_year_later(archive)
        left = killed_after(archive, kills, monkeypatch)
        report = archive.verified()
        assert report.whole, (kills, report.findings)
        archive.purge().do()
        archive.seal()
        report = archive.verified()
        assert (report.whole, report.present) == (True, 0), (kills, report.findings)
        assert no_trace_of(archive.rows())
        assert not list(archive.places.evidence.rglob("*.png"))
        kills += every
    assert kills > 10


def killed_after(archive: Archive, commits: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Purge, and be killed after so many commits, seals and destroyed keys; whether it was."""
    left = commits

    def counted(work: Any) -> Any:
        def wrapped(*given: Any, **named: Any) -> Any:
            nonlocal left
            if not left:
                raise Killed
            left -= 1
            return work(*given, **named)

        return wrapped

    with monkeypatch.context() as patched:
        patched.setattr(archive.store, "transact", counted(archive.store.transact))
        patched.setattr(archive.chain, "destroy_until", counted(archive.chain.destroy_until))
        patched.setattr(archive, "seal", counted(archive.seal))
        try:
            archive.purge().do()
        except Killed:
            return 1
    return 0


def test_nothing_is_changed_by_a_look_that_tells_what_the_purge_then_does(archive: Archive) -> None:
    archive.done("k1")
    a_year_later(archive)
    before, file = archive.rows(), next(archive.places.evidence.rglob("*.png"))
    told = archive.purge().look()
    assert archive.rows() == before
    assert file.exists()
    assert archive.chain.until == {}
    assert (told.dry, told.items, told.files, told.size) == (True, {"r": 2}, {"r": 1}, len(SECRET.encode()))
    done = archive.purge().do()
    assert (done.items, done.files, done.size) == (told.items, told.files, told.size)
    assert [each.payloads for each in done.periods] == [each.payloads for each in told.periods]


def test_a_purged_item_still_counts_and_its_key_is_still_done(archive: Archive) -> None:
    item = archive.done("k1")
    with archive.store.read() as tx:
        run = items.get(tx, item).run
        counts = runs.counts(tx, run)
    a_year_later(archive)
    archive.purge().do()
    with archive.store.read() as tx:
        found = items.get(tx, item)
        assert runs.counts(tx, run) == counts
        assert (found.state, found.message, found.place) == (ItemState.DONE, "", "")
        assert found.key.startswith(aliases.SIGN)
        assert found.purged is not None
        assert items.result_of(tx, item) == {"ours": False}
        assert items.row_of(tx, item) == {}
    _, verdicts = archive.open("k1")
    assert [each.taken for each in verdicts] == [Taken.ALREADY_DONE]
    _, verdicts = archive.open("k1", again=timedelta(days=400))
    assert [each.taken for each in verdicts] == [Taken.ALREADY_DONE]


def test_a_purged_item_is_found_by_its_key_and_by_no_other(archive: Archive) -> None:
    archive.done("k1")
    with archive.store.read() as tx:
        before = items.find(tx, "k1")
    a_year_later(archive)
    archive.purge().do()
    with archive.store.read() as tx:
        after = items.find(tx, "k1", before.run[:20])
        assert (after.id, after.key != "k1", items.find(tx, before.id)) == (before.id, True, after)
        told = audit_search.search(tx, audit_search.Wanted(item="k1"), 9)
        assert told
        assert {each.entry["obj"] for each in told} == {before.id}
        assert audit_search.search(tx, audit_search.Wanted(item="k2"), 9) == []
        with pytest.raises(UsageError, match="no item k2"):
            items.find(tx, "k2")


def test_a_key_that_looks_like_what_a_purge_calls_one_is_purged_too(archive: Archive) -> None:
    archive.done(f"~{SECRET}")
    a_year_later(archive)
    archive.purge().do()
    assert no_trace_of(archive.rows())
    _, verdicts = archive.open(f"~{SECRET}")
    assert [each.taken for each in verdicts] == [Taken.ALREADY_DONE]


def test_what_was_done_before_a_failure_is_not_done_again_after_a_purge(archive: Archive) -> None:
    """S1: the portal takes one effect per once key. S2: what is skipped was done."""
    archive.done("k1", outcome=Outcome.FAILED, code="later-step")
    a_year_later(archive)
    archive.purge().do()
    claimed = archive.item("k1")
    seen = archive.read(archive.once(claimed))
    assert (seen.state, seen.ours, seen.receipt) == (JournalState.DONE, True, {})
    assert seen.outputs == {"$left_out": {"look": []}}
    assert seen.once.key == "k1"


def test_an_effect_that_was_refused_before_a_purge_may_be_tried_again_once_under_its_own_key(archive: Archive) -> None:
    claimed = archive.item("k1")
    seen = archive.intent(claimed)
    archive.timer.pass_(60)
    with archive.store.write() as tx:
        row = journal.note_refusal(tx, claimed.fence, seen, "full", SECRET)
    archive.end(claimed, Outcome.REJECTED, code="full", journal=row)
    archive.finish(claimed.run)
    a_year_later(archive)
    archive.purge().do()
    assert no_trace_of(archive.rows())
    claimed = archive.item("k1")
    seen = archive.read(archive.once(claimed))
    assert (seen.state, seen.n) == (JournalState.REFUSED, 1)
    assert seen.once.effect_id == OnceKey("production", "p", "r", "created", "k1").effect_id
    archive.receipt(claimed, archive.intent(claimed, seen))
    assert archive.read(archive.once(claimed)).n == 2
    with archive.store.read() as tx:
        assert [row.once.key for _, row in journal.rows_of(tx, claimed.fence.item)] == ["k1"]
        assert tx.execute(select(func.count()).select_from(journal_table)).scalar_one() == 1


def test_what_is_not_over_or_has_its_key_stays_as_it_is(archive: Archive) -> None:
    doubted = archive.unknown("u1")
    archive.done("k1", outcome=Outcome.FAILED)
    archive.timer.at += YEAR
    claimed = archive.item("k1")
    before = archive.look(doubted.fence.item)
    done = archive.purge().do()
    assert archive.look(doubted.fence.item) == before
    assert (done.items["r"], [item.key for item in keyed(archive)]) == (1, ["k1", "k1", "u1"])
    assert archive.read(archive.once(claimed)).receipt == {"no": SECRET}


def keyed(archive: Archive) -> list[Item]:
    with archive.store.read() as tx:
        return [each for each in items.listed(tx) if each.kind is ItemKind.ITEM]


def test_an_item_whose_row_is_gone_is_not_retried(archive: Archive) -> None:
    item = archive.done("k1", outcome=Outcome.FAILED)
    a_year_later(archive)
    archive.purge().do()
    with pytest.raises(StoreConflict, match="is purged") as refused, archive.store.write() as tx:
        decisions.retry(tx, archive.saw(item), actor="person-1")
    assert refused.value.code == "RB673"


def test_a_picture_that_cannot_be_deleted_is_told_and_goes_with_the_next_purge(archive: Archive) -> None:
    archive.done("k1")
    (other,) = archive.places.evidence.rglob("*.png")
    archive.done("k2", beside="doubted")
    a_year_later(archive)
    (one,) = {*archive.places.evidence.rglob("*.png")} - {other}
    one.unlink()
    one.mkdir()  # nobody can unlink a folder, not even root
    done = archive.purge().do()
    assert [(each.code, each.place) for each in done.troubles] == [("RB672", str(one))]
    assert not other.exists()
    assert not other.parent.exists()
    assert done.files == {"r": 1}
    with archive.store.read() as tx:
        assert [row.file for row in tx.execute(select(evidence.c.file))] == [
            str(one.relative_to(archive.places.evidence))
        ]
    one.rmdir()
    assert archive.purge().do().files == {"r": 1}
    assert list(archive.places.evidence.iterdir()) == []


def test_a_store_that_cannot_be_written_anew_is_told_and_all_is_gone_from_its_rows(
    timer: Timer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full, or somebody who writes on and on: copies end with the purge all the same."""
    monkeypatch.setattr("robo.store.engine.BUSY_TIMEOUT_MS", 20)
    chain = Chain()
    opened = open_store(str(tmp_path / "robo.db"), timer=timer, periods=chain, units=lambda _: bytes(32))
    upgrade(opened)
    archive = Archive(opened, timer, tmp_path)
    archive.chain = chain
    archive.done("k1")
    a_year_later(archive)
    with closing(sqlite3.connect(tmp_path / "robo.db", isolation_level=None)) as other:
        done = archive.purge(busy=lambda: bool(other.execute("BEGIN IMMEDIATE").rowcount > 0)).do()
        assert no_trace_of(archive.rows())
    assert ([each.code for each in done.troubles], done.rebuilt) == (["RB603"], False)
    assert archive.purge().do().rebuilt
    opened.close()


def test_a_purge_while_a_robot_works_is_whole_on_every_store(archive: Archive) -> None:
    archive.done("k1")
    a_year_later(archive)
    done = archive.purge(busy=lambda: True).do()
    assert (done.troubles, done.rebuilt) == ([], True)


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)
def test_on_a_server_no_table_keeps_dead_rows_behind_a_purge(archive: Archive) -> None:
    archive.done("k1")
    a_year_later(archive)
    with archive.store.read() as tx:
        before = tx.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    archive.purge().do()
    with archive.store.read() as tx:
        done = tx.exec_driver_sql("SELECT relname FROM pg_stat_user_tables WHERE last_vacuum > %s", (before,))
        assert set(done.scalars()) == set(metadata.tables)


def test_a_name_that_leads_out_of_the_folder_of_evidence_deletes_nothing(archive: Archive) -> None:
    item = archive.done("k1")
    outside = archive.places.evidence.parent / "robo.yaml"
    outside.write_text("robo: 1")
    with archive.store.write() as tx:
        tx.execute(evidence.update().where(evidence.c.item == item).values(file="../robo.yaml"))
    a_year_later(archive)
    assert [each.code for each in archive.purge().do().troubles] == ["RB672"]
    assert outside.exists()


def test_what_no_row_names_goes_with_its_run_or_its_item(archive: Archive) -> None:
    item = archive.done("k1")
    run = archive.look(item).run
    for name in (f"{run}/half-written.png", f"kept/{item}/receipt.pdf", "kept/alive/receipt.pdf"):
        file = archive.places.evidence / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SECRET)
    a_year_later(archive)
    archive.purge().do()
    left = [str(file.relative_to(archive.places.evidence)) for file in archive.places.evidence.rglob("*.*")]
    assert left == ["kept/alive/receipt.pdf"]


def test_units_are_found_again_for_longer_and_then_by_nobody(archive: Archive) -> None:
    archive.done("k1")
    a_year_later(archive)
    archive.purge().do()
    archive.timer.at += timedelta(days=366 * 9)
    done = archive.purge().do()
    assert (done.units, done.nothing) == ({"items": 1, "journal": 1, "ledger": 0}, False)
    _, verdicts = archive.open("k1")
    assert [each.taken for each in verdicts] == [Taken.QUEUED]


def test_a_pass_of_a_key_is_never_one_that_was_done_already_whatever_was_forgotten(archive: Archive) -> None:
    """S2: the journal of an earlier pass would have the effect of this one skipped, and the item called done."""
    rules = Rules(project=Retention(units=24))
    passes: list[int] = []
    for _ in range(5):
        claimed = archive.item("k1", again=timedelta())
        seen = archive.read(archive.once(claimed))
        assert seen.state is JournalState.NONE, passes
        archive.receipt(claimed, archive.intent(claimed))
        archive.end(claimed)
        archive.finish(claimed.run)
        passes.append(claimed.doing)
        a_year_later(archive)
        archive.purge(rules=rules).do()
    assert passes == [0, 1, 2, 3, 4]


def test_a_rejection_is_another_occasion_too_when_the_first_was_forgotten(archive: Archive) -> None:
    rules = Rules(project=Retention(units=24))
    passes: list[int] = []
    for _ in range(5):
        trouble = Trouble(code="bad-field", message="", facts={})
        row = NewItem(key="k1", digest=f"d{archive.timer.at}", trouble=trouble)
        run, _ = archive.open(row, options={"sequels": ["rejected"]})
        sequel = archive.claim(run)
        assert sequel is not None
        assert archive.read(archive.once(sequel)).state is JournalState.NONE, passes
        archive.receipt(sequel, archive.intent(sequel))
        archive.end(sequel)
        archive.finish(run)
        passes.append(sequel.doing)
        a_year_later(archive)
        archive.purge(rules=rules).do()
    assert passes == [0, 1, 2, 3, 4]


def test_who_decided_is_forgotten_with_the_class_of_decisions_and_not_before(archive: Archive) -> None:
    with archive.store.write() as tx:
        mine = people.pseudonym(tx, "martin@pc-7")
    for years, known in ((2, {mine: "martin@pc-7"}), (2, {})):
        archive.timer.at += timedelta(days=366 * years)
        done = archive.purge().do()
        with archive.store.read() as tx:
            assert people.names(tx) == known
        assert (done.people, done.nothing) == ((0, True) if known else (1, False))


def test_a_region_may_only_keep_less_long(archive: Archive) -> None:
    archive.done("k1")
    archive.timer.at += timedelta(days=200)
    assert archive.purge().do().nothing
    rules = rules_of(Retention(), {"r": ({"std": 6}, "r.yaml")})
    assert not archive.purge(rules=rules).do().nothing
    with pytest.raises(UsageError, match="a region may only shorten") as refused:
        rules_of(Retention(std=6), {"r": ({"std": 12}, "r.yaml")})
    assert (refused.value.code, refused.value.place) == ("RB670", "r.yaml")


@pytest.mark.parametrize("until", ["2026-03", "2026-3", "2025-13", "tomorrow"])
def test_only_a_month_that_is_over_can_be_purged(until: str) -> None:
    at = datetime(2027, 2, 1, tzinfo=UTC)
    assert checked_until("2026-02", at, Rules(project=Retention())) == "2026-02"
    with pytest.raises(UsageError, match="nothing may be purged up to") as refused:
        checked_until(until, at, Rules(project=Retention()))
    assert refused.value.code == "RB671"


def test_no_month_behind_until_goes(archive: Archive) -> None:
    archive.done("k1")
    archive.timer.at += timedelta(days=31)
    archive.done("k2")
    a_year_later(archive)
    done = archive.purge(until="2026-03").do()
    assert [each.month for each in done.periods] == ["2026-03"]
    assert [item.key[:2] == "k2" for item in keyed(archive)] == [True, False]


def test_a_second_rejection_of_a_purged_key_is_another_occasion(archive: Archive) -> None:
    """What follows a rejection (a mail) is sent once for each, whatever was purged in between."""
    follows = {"options": {"sequels": ["rejected"]}}
    for _ in range(2):
        trouble = Trouble(code="bad-field", message="%(who)s", facts={"who": SECRET})
        run, _ = archive.open(NewItem(key="k1", digest=f"d{archive.timer.at}", trouble=trouble), **follows)
        sequel = archive.claim(run)
        assert sequel is not None
        archive.receipt(sequel, archive.intent(sequel))
        archive.end(sequel)
        archive.finish(run)
        a_year_later(archive)
        archive.purge().do()
    with archive.store.read() as tx:
        passes = tx.execute(select(journal_table.c.doing).order_by(journal_table.c.doing)).scalars().all()
    assert passes == [0, 1]
    assert no_trace_of(archive.rows())
