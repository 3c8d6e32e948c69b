"""A purge leaves the log verifiable at every commit, keeps what protects a key, and can be killed anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from robo.engine.ports import JournalState, OnceKey, StepTrace
from robo.errors import StoreConflict, UsageError
from robo.model.base import ItemState, Outcome
from robo.model.retention import Retention
from robo.model.run import Item, ItemKind, NewItem, Taken
from robo.proof.checkpoint import Checkpoint
from robo.proof.findings import Flaw, Report
from robo.proof.note import Note, SigningKey
from robo.proof.policy import read_policy
from robo.proof.verify import Log, verify_log
from robo.services.retention import Batch, Places, Purge, Rules, checked_until, rules_of
from robo.services.sequencing import sequence_all
from robo.store import aliases, audit_reading, decisions, history, items, journal, runs, sequencer
from robo.store.audit_tables import audit_leaf, audit_payload, audit_period
from robo.store.engine import Store, open_store
from robo.store.tables import evidence, metadata
from robo.store.tables import journal as journal_table
from tests.contract.conftest import Lab, Timer

SECRET = "Zoé-1984-titre"
YEAR = timedelta(days=366)


class Chain:
    """Keys of periods that can be destroyed."""

    def __init__(self) -> None:
        self.until: dict[tuple[str, str], str] = {}

    def key(self, period: str) -> bytes | None:
        region, kept, month = period.split("/")
        return None if month <= self.until.get((region, kept), "") else sha256(period.encode()).digest()

    def destroy_until(self, region: str, kept: str, month: str) -> bool:
        before = self.until.get((region, kept), "")
        self.until[region, kept] = max(before, month)
        return month > before


class Killed(BaseException):
    """The process is gone."""


class Archive(Lab):
    """A lab whose payloads have keys, whose log is sealed, and that can be purged and verified."""

    def __init__(self, store: Store, timer: Timer, folder: Path) -> None:
        super().__init__(store, timer)
        self.chain = Chain()
        self.places = Places(evidence=folder / "evidence", reports=folder / "reports")
        self.notes: list[Note] = []
        self.key = SigningKey("robo.test/r", Ed25519PrivateKey.generate())

    def seal(self) -> None:
        with self.store.read() as tx:
            head = sequencer.head(tx)
        text = str(Checkpoint(self.key.name, head.size, head.root))
        self.notes.append(Note(text, ()).with_signature(self.key.sign(text)))

    def verified(self) -> Report:
        """What an auditor finds who is given the sealed log as it is now."""
        with self.store.read() as tx:
            size = Checkpoint.parse(self.notes[-1].text).size
            log = Log(
                entries=list(sequencer.entries(tx, 0, size)),
                checkpoints=[self.notes[-1]],
                payloads=audit_reading.payloads(tx, audit_leaf.c.seq < size),
            )
            return verify_log(self.key.name, log, read_policy(f"log {self.key.verifier()}\nquorum none\n"))

    def purge(self, **values: Any) -> Purge:
        given: dict[str, Any] = {
            "store": self.store,
            "keys": self.chain,
            "rules": Rules(project=Retention()),
            "places": self.places,
            "seal": self.seal,
            "batch": Batch(payloads=3, items=2, files=1),
        }
        return Purge(**{**given, **values})

    def done(self, key: str, beside: str = "", **values: Any) -> str:
        """An item whose effect is done, with a picture: its id. `beside`: an item of the same run that nobody began."""
        row = NewItem(key=key, row={"name": SECRET}, digest=f"d{key}", place=f"{SECRET}.xlsx, row 2")
        claimed = self.item(row, *([beside] if beside else []))
        left = {"look": {"name": SECRET}}
        seen = self.receipt(claimed, self.intent(claimed, outputs=left), receipt={"no": SECRET}, outputs=left)
        assert seen.state is JournalState.DONE
        file = f"{claimed.run}/{claimed.fence.attempt}-page.png"
        (self.places.evidence / file).parent.mkdir(parents=True, exist_ok=True)
        (self.places.evidence / file).write_bytes(SECRET.encode())
        with self.store.write() as tx:
            history.keep(tx, claimed.fence, "page.png", file, SECRET.encode())
            line = StepTrace(step="s", title=SECRET, state="ok", note=SECRET, started=self.timer.at, seconds=0.1)
            history.trace(tx, claimed.fence, [line])
        self.end(claimed, **{"message": "%(who)s", "facts": {"who": SECRET}, "receipt": {"no": SECRET}, **values})
        self.finish(claimed.run)
        return claimed.fence.item

    def finish(self, run: str) -> None:
        with self.store.write() as tx:
            runs.close(tx, run)

    def rows(self) -> dict[str, list[Any]]:
        """Everything the store holds."""
        with self.store.read() as tx:
            return {t.name: [tuple(row) for row in tx.execute(t.select())] for t in metadata.sorted_tables}


@pytest.fixture
def archive(store: Store, address: str, timer: Timer, tmp_path: Path) -> Iterator[Archive]:
    chain = Chain()
    opened = open_store(address, timer=timer, periods=chain, units=lambda region: sha256(region.encode()).digest())
    made = Archive(opened, timer, tmp_path)
    made.chain = chain
    yield made
    opened.close()


def a_year_later(archive: Archive) -> None:
    sequence_all(archive.store)
    archive.seal()
    archive.timer.at += YEAR


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


def archive_of(archive: Archive) -> int:
    """How many payloads the store has."""
    with archive.store.read() as tx:
        return int(tx.execute(select(func.count()).select_from(audit_payload)).scalar_one())


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


def no_trace_of(rows: Mapping[str, list[Any]], secret: str = SECRET) -> bool:
    return not [name for name, found in rows.items() if secret in repr(found)]


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
    assert archive.purge().do().units == {"items": 1, "journal": 1, "ledger": 0}
    _, verdicts = archive.open("k1")
    assert [each.taken for each in verdicts] == [Taken.QUEUED]


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
