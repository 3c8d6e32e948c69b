"""The audit log as its readers find it: searched, verified as it stands, exported; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from robo.errors import InfrastructureError, UsageError
from robo.model.audit import EventType
from robo.proof.findings import Flaw, Report
from robo.proof.hours import Cell
from robo.proof.note import SigningKey
from robo.proof.policy import Policy
from robo.proof.verify import verify_log
from robo.services.auditing import exporting, looking, verifying
from robo.services.sequencing import sequence_all
from robo.store import audit, audit_reading, audit_search, checkpoints, sequencer
from robo.store.audit_search import Wanted
from robo.store.audit_tables import audit_head, audit_leaf, audit_node, audit_payload, audit_region, ledger_months
from robo.store.clock import Tx
from robo.store.engine import Store
from tests.contract.conftest import Lab, Timer, guarded, unguarded
from tests.unit.proof.conftest import key

KEY = key("robo.test/lab")
POLICY = Policy((KEY.verifier(),))


@pytest.fixture
def filled(lab: Lab, store: Store) -> Lab:
    """Two items of two keys, done and rejected, ordered; more entries than a tile holds."""
    claimed = lab.item("2026-TS-7731", "2026-TS-7732")
    lab.receipt(claimed, lab.intent(claimed), receipt={"no": "AGDREF-99"})
    lab.end(claimed)
    with store.write() as tx:
        for number in range(300):
            audit.emit(tx, type=EventType.SECRET_CLEARED, region="s", actor="robot", obj=f"name-{number % 3}")
    sequence_all(store)
    return lab


def seal(store: Store, signer: SigningKey = KEY) -> None:
    from robo.proof.checkpoint import Checkpoint
    from robo.proof.note import Note

    def sign(tx: Tx) -> None:
        head = sequencer.head(tx, lock=True)
        checkpoints.call(tx, signer.name, signer.name)
        text = str(Checkpoint(signer.name, head.size, head.root))
        checkpoints.add(tx, head.size, str(Note(text, (signer.sign(text),))))

    sequence_all(store)
    store.transact(sign)


def verified(store: Store) -> Report:
    with store.read() as tx:
        report = verify_log(KEY.name, audit_reading.log_of(tx), POLICY)
        report.findings += audit_reading.around(tx, report)
        return report


def test_a_log_as_it_stands_is_whole_sealed_or_not(filled: Lab, store: Store) -> None:
    report = verified(store)
    assert (report.findings, report.sealed, report.present > 0) == ([], 0, True)
    seal(store)
    filled.item("k9")
    sequence_all(store)
    report = verified(store)
    assert (report.findings, report.sealed < report.size) == ([], True)


_MONTH = [name for name in Cell._fields if name != "auditable"]
TAMPERED: dict[str, tuple[Callable[[Tx], Any], str, str]] = {
    "an entry altered": (
        lambda tx: tx.execute(update(audit_leaf).where(audit_leaf.c.seq == 3).values(entry=_other(tx, 3))),
        "entry 3",
        "the entry was altered: its hash is not the one in the tree",
    ),
    "a row deleted": (
        lambda tx: tx.execute(delete(audit_leaf).where(audit_leaf.c.seq == 3)),
        "entry 3",
        "entry 4 stands in its place",
    ),
    "the last row deleted": (
        lambda tx: tx.execute(delete(audit_leaf).where(audit_leaf.c.seq == sequencer.head(tx).size - 1)),
        "entry 307",
        "308 entries were sealed, and there are 307 before the first that is missing",
    ),
    "a node altered": (
        lambda tx: tx.execute(update(audit_node).values(hash=bytes(32))),
        "entry 255",
        "node 0 of level 1, over the entries up to this, was altered or is gone",
    ),
    "a node added": (
        lambda tx: tx.execute(insert(audit_node).values(level=1, idx=7, hash=bytes(32))),
        "",
        "the tree has 2 nodes over its entries instead of 1",
    ),
    "a column that finds entries altered": (
        lambda tx: tx.execute(update(audit_leaf).where(audit_leaf.c.seq == 4).values(obj="another", cause="x")),
        "entry 4",
        "the columns beside the entry were altered: obj, cause is not what the entry says",
    ),
    "the size of the head changed": (
        lambda tx: tx.execute(update(audit_head).values(size=256, frontier=bytes(32))),
        "",
        "the head of the log was altered: it says 256 entries, there are 308",
    ),
    "the hashes of the head changed": (
        lambda tx: tx.execute(update(audit_head).values(frontier=bytes(32 * (308).bit_count()))),
        "",
        "the head of the log was altered: its hashes are not those of the entries",
    ),
    "the head cut": (
        lambda tx: tx.execute(update(audit_head).values(frontier=b"12")),
        "",
        "these are not the hashes of a log of 308 entries",
    ),
    "what is said to be sealed changed": (
        lambda tx: tx.execute(update(audit_head).values(sealed=400)),
        "",
        "the log was sealed up to 400 entries, and the newest checkpoint seals 308",
    ),
    "where a region stands changed": (
        lambda tx: tx.execute(update(audit_region).where(audit_region.c.region == "s").values(rseq=299)),
        "",
        "where the region s stands was altered",
    ),
    "a payload altered": (
        lambda tx: tx.execute(
            update(audit_payload).where(audit_payload.c.event == _first(tx)).values(body=b"\1x" * 20)
        ),
        "entry 2",
        "the payload was altered: it is not the one that the entry commits to",
    ),
    "a payload deleted": (
        lambda tx: tx.execute(delete(audit_payload).where(audit_payload.c.event == _first(tx))),
        "entry 2",
        "1 payload(s) are gone though no purge says so",
    ),
    "a month added": (
        lambda tx: tx.execute(insert(ledger_months).values(**dict.fromkeys(_MONTH, "x"), auditable=1, units=9)),
        "ledger/x/x/x/x/x/x/x/x",
        "the minutes of x in x, x (x) are not the sum of their rows: 9 units, 0 and 0 minutes instead of 0, 0 and 0",
    ),
    "a payload added": (
        lambda tx: tx.execute(insert(audit_payload).values(event="x", period="r/std/2026-03", salt=b"s", body=b"\0{}")),
        "",
        "1 payload(s) are of no event",
    ),
}


def _other(tx: Tx, seq: int) -> bytes:
    (raw,) = sequencer.entries(tx, seq, 1)
    return raw.replace(b'"robot', b'"ROBOT').replace(b'"person-1"', b'"person-2"')


def _first(tx: Tx) -> str:
    return next(iter(audit_reading.payloads(tx)))[0]


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_done_to_the_store_is_named(what: str, filled: Lab, store: Store) -> None:
    """By whoever owns the database: triggers do not hold him."""
    seal(store)
    tamper, place, told = TAMPERED[what]
    with store.write() as tx:
        unguarded(tx)
        tamper(tx)
        guarded(tx)
    first = verified(store).findings[0]
    assert (first.error.place, str(first.error)) == (place, told)
    assert first.error.remedy


def test_a_payload_nobody_can_open_is_an_error_until_a_purge_says_so_even_one_that_waits(
    filled: Lab, store: Store
) -> None:
    with store.read() as tx:
        period = audit_reading.of_type(tx, "item.opened").__next__()["key"]
        there = tx.execute(select(func.count()).where(audit_payload.c.period == period)).scalar_one()
    with store.write() as tx:
        unguarded(tx)
        tx.execute(delete(audit_payload))
        guarded(tx)
    assert verified(store).findings[0].flaw is Flaw.MISSING
    with store.write() as tx:
        audit.emit(
            tx, type=EventType.PURGED, region="r", actor="robot", obj=period, data={"key": period, "count": there}
        )
    report = verified(store)
    assert (report.findings, report.present, report.purged > 0) == ([], 0, True)
    sequence_all(store)
    assert verified(store).whole


def test_entries_are_found_by_what_they_are_about_the_newest_first(filled: Lab, store: Store, timer: Timer) -> None:
    timer.pass_(3600)
    before = timer.at
    run, _ = filled.open("other", process="q")
    filled.open("third", process="q")

    def kinds(**wanted: Any) -> list[tuple[bool, str]]:
        with store.read() as tx:
            found = audit_search.search(tx, Wanted(**wanted), 4)
        return [(each.seq is None, str(each.entry["type"])) for each in found]

    waits = [(True, "run.opened"), (True, "item.opened"), (True, "run.created"), (True, "definition.changed")]
    assert kinds(run=run[:20]) == kinds(run=run) == waits
    sequence_all(store)
    assert kinds(run=run) == [(False, kind) for _, kind in waits]
    assert kinds(item="2026-TS-7732") == [(False, "item.opened")]
    assert kinds(process="q", until=before) == []
    assert [kind for _, kind in kinds(process="q", since=before, kind="item")] == ["item.opened", "item.opened"]
    assert [kind for _, kind in kinds(kind="once.")] == ["once.receipt", "once.intent"]
    assert kinds(kind="onc") == []
    assert kinds(region="s")[0] == (False, "secret.cleared")
    assert kinds(region="nowhere") == []
    assert kinds(number=0) == [(False, "definition.changed")]


def test_whoever_looks_at_what_is_personal_leaves_an_entry_first(filled: Lab, store: Store) -> None:
    wanted = Wanted(item="2026-TS-7731")
    assert all(each.payload is None and not each.key for each in looking.look(store, wanted, 10))
    shown = looking.look_inside(store, wanted, 10, actor="person-1")
    assert {each.key for each in shown} == {"2026-TS-7731"}
    assert any(each.payload and each.payload.get("receipt") == {"no": "AGDREF-99"} for each in shown)
    (note,) = looking.look(store, Wanted(kind="audit.payloads-read"), 10)
    assert (note.seq, note.entry["actor"], note.entry["data"]) == (
        None,
        "person-1",
        {"by": "show", "count": len(shown)},
    )


def test_nothing_personal_is_shown_when_the_look_cannot_be_logged(filled: Lab, store: Store) -> None:
    with store.write() as tx:
        unguarded(tx)
        if store.is_sqlite:
            tx.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON audit_outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
    try:
        if store.is_sqlite:
            with pytest.raises(InfrastructureError):
                looking.look_inside(store, Wanted(item="2026-TS-7731"), 10, actor="person-1")
    finally:
        with store.write() as tx:
            unguarded(tx)
            guarded(tx)


@pytest.mark.parametrize("payloads", [False, True], ids=["without payloads", "with payloads"])
def test_an_export_of_all_is_verified_with_nothing_but_its_folder_and_a_policy(
    payloads: bool, filled: Lab, store: Store, tmp_path: Path
) -> None:
    done = export(store, tmp_path / "x", exporting.Wanted(payloads=payloads))
    found = verifying.verify_folder(tmp_path / "x", POLICY, "", 0)
    assert (found.kind, found.report.findings, found.report.size) == ("log", [], done.entries)
    assert (found.report.present > 0) is payloads
    with store.read() as tx:
        notes = list(audit_reading.of_type(tx, "audit.payloads-read"))
    assert [note["data"]["by"] for note in notes] == (["export"] if payloads else [])


def test_an_export_of_a_region_or_of_an_item_is_verified_alone(filled: Lab, store: Store, tmp_path: Path) -> None:
    done = export(store, tmp_path / "r", exporting.Wanted(region="r", payloads=True))
    found = verifying.verify_folder(tmp_path / "r", POLICY, "", 0)
    assert (found.kind, found.report.findings, found.report.regions) == ("region", [], {"r": done.entries})
    assert found.report.present > 0
    done = export(store, tmp_path / "i", exporting.Wanted(proof="2026-TS-7731", payloads=True))
    found = verifying.verify_folder(tmp_path / "i", POLICY, KEY.name, 0)
    assert (found.kind, found.report.findings, len(found.single)) == ("entries", [], done.entries)
    event = str(found.single[0]["id"])
    assert export(store, tmp_path / "e", exporting.Wanted(proof=event)).entries == 1


def test_an_export_is_there_whole_or_not_at_all(filled: Lab, store: Store, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/checkpoint").write_text("another")
    with pytest.raises(UsageError, match="is not empty"):
        export(store, tmp_path / "full", exporting.Wanted())
    with pytest.raises(UsageError, match="the log has no entry of nobody"):
        export(store, tmp_path / "none", exporting.Wanted(proof="nobody"))
    with store.write() as tx:
        unguarded(tx)
        tx.execute(update(audit_payload).values(event=audit_payload.c.event + "x"))
        tx.execute(update(audit_leaf).where(audit_leaf.c.seq == 2).values(entry=b"x" * 70_000))
        guarded(tx)
    with pytest.raises(OverflowError):
        export(store, tmp_path / "none", exporting.Wanted())
    assert [each.name for each in tmp_path.iterdir()] == ["full"]


def test_a_log_that_cannot_be_sealed_now_is_exported_up_to_where_it_was(
    filled: Lab, store: Store, tmp_path: Path
) -> None:
    def locked() -> None:
        raise InfrastructureError("RB643", "the key is gone", remedy="bring it back")

    with pytest.raises(InfrastructureError, match="the log was never sealed, and cannot be now: the key is gone"):
        exporting.export(store, tmp_path / "x", exporting.Wanted(), locked, POLICY, actor="person-1")
    seal(store)
    filled.item("later")
    done = exporting.export(store, tmp_path / "x", exporting.Wanted(), locked, POLICY, actor="person-1")
    assert done.unsealed is not None
    assert verifying.verify_folder(tmp_path / "x", POLICY, "", 0).report.size == done.entries


def export(store: Store, folder: Path, wanted: exporting.Wanted) -> exporting.Exported:
    return exporting.export(store, folder, wanted, lambda: seal(store), POLICY, actor="person-1")
