"""For each type of event, something that really happens; and what the log then says of it, and of whom."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from robo.engine.ports import OnceKey
from robo.model.audit import EventType
from robo.model.base import ItemState, Outcome
from robo.model.baseline import BaselineRecord, Verdict
from robo.model.ledger import LedgerKind, LedgerRow
from robo.model.review import Person, Question
from robo.model.statements import Reconciled
from robo.proof.baselines import VerdictKind
from robo.proof.checkpoint import Checkpoint
from robo.proof.witness import Seen
from robo.sdk.runner import CellChange
from robo.services import bookkeeping
from robo.services.auditing.looking import look_inside
from robo.services.auditing.rotating import rotate
from robo.services.bookkeeping import Where
from robo.services.closings import Wanted as ToClose
from robo.services.closings import close
from robo.services.credentials import replaced
from robo.services.people import answer
from robo.services.settings import AuditSettings
from robo.services.vaults import FileVault
from robo.services.witnessing.reconciling import reconcile
from robo.services.witnessing.restoring import Lost, detect
from robo.store import (
    audit,
    baselines,
    clearing,
    credentials,
    decisions,
    holds,
    items,
    journal,
    ledger,
    people,
    purging,
    reviews,
    runs,
    samples,
    sequencer,
    statements,
    sweeps,
    witnesses,
    writebacks,
)
from robo.store.audit_search import Wanted
from robo.store.engine import Store, open_store
from robo.store.samples import Rechecked

KEY = "2026-TS-7731"
WORDS = "Le dossier 2026-TS-7731 de Jean Martin existe"
OURS = re.compile(r"(?:[0-9a-hjkmnp-tv-z]{26})?")
LOG, OTHER = "robo.example/r", "robo.example/s"
NAMED = {"p", "portal", LOG, OTHER}
"""A process, a secret and the logs of these scenarios: what an event may be about besides an id."""
EDITED = {"sources": {"process": "robo: 1\n# edited", "region": "r"}}
AS_IT_WAS = {"sources": {"process": "robo: 1", "region": "r"}}


def run(lab: Any) -> None:
    lab.end(lab.item(KEY))
    with lab.store.write() as tx:
        (found,) = runs.latest(tx)
        runs.close(tx, found.id)


def edited(lab: Any) -> None:
    lab.create(options=AS_IT_WAS)
    lab.create(options=EDITED, digest="d2")


def overlaid(lab: Any) -> None:
    lab.create(options=AS_IT_WAS)
    lab.create(options={"sources": {**AS_IT_WAS["sources"], "region": "other"}}, digest="d2")


def too_large(lab: Any) -> None:
    which, _ = lab.open(KEY)
    with lab.store.write() as tx:
        runs.wait(tx, which, "400 items")
        runs.allow(tx, which, actor="person-1")
        runs.resume(tx, which, actor="person-1")


def cancelled(lab: Any) -> None:
    which, _ = lab.open(KEY)
    with lab.store.write() as tx:
        decisions.cancel_run(tx, which, actor="person-1")


def freed(lab: Any) -> None:
    first = lab.item(KEY)
    lab.open(KEY)
    lab.end(first, Outcome.FAILED)


def sent(lab: Any) -> None:
    claimed = lab.item(KEY)
    lab.receipt(claimed, lab.intent(claimed), receipt={"no": KEY})


def absent(lab: Any) -> None:
    claimed = lab.item(KEY)
    row = lab.intent(claimed)
    with lab.store.write() as tx:
        row = journal.cannot_tell(tx, claimed.fence, row, WORDS)
    lab.timer.pass_(40)
    with lab.store.write() as tx:
        journal.absent(tx, claimed.fence, row, WORDS)


def refused(lab: Any) -> None:
    claimed = lab.item(KEY)
    row = lab.intent(claimed)
    with lab.store.write() as tx:
        row = journal.note_refusal(tx, claimed.fence, row, "already-known", WORDS)
    lab.timer.pass_(40)
    lab.end(claimed, Outcome.REJECTED, code="already-known", message=WORDS, journal=row)


def lost(lab: Any) -> None:
    lab.item(KEY)
    with lab.store.write() as tx:
        sweeps.sweep(tx, dead=["w"])


def asked(lab: Any) -> Any:
    claimed = lab.item(KEY)
    key = OnceKey(claimed.environment, claimed.process, claimed.region, "reading", claimed.key, claimed.doing)
    question = Question(title=WORDS, choices={"ok": "Avis conforme"})
    with lab.store.write() as tx:
        before = reviews.read(tx, key)
        reviews.ask(
            tx, claimed.fence, key, before, question, outputs={}, row_digest="d", due=lambda at: at + timedelta(days=1)
        )
    return claimed


def answered(lab: Any) -> None:
    claimed = asked(lab)
    with lab.store.write() as tx:
        mine = people.pseudonym(tx, "martin@pc-7")
        answer(tx, items.get(tx, claimed.fence.item), "ok", {}, actor=mine, by=Person(name="martin", role="chef"))


def overdue(lab: Any) -> None:
    asked(lab)
    lab.timer.pass_(100_000)
    with lab.store.write() as tx:
        reviews.overdue(tx)


def earned(lab: Any) -> None:
    claimed = lab.item(KEY)
    row = {
        "environment": "production",
        "region": "r",
        "process": "p",
        "version": "1.0.0",
        "unit": "p/dossier",
        "run": claimed.run,
        "item": claimed.fence.item,
    }
    with lab.store.write() as tx:
        for kind, before, after in ((LedgerKind.CREDIT, 30, 5), (LedgerKind.DEBIT, 0, 10)):
            ledger.add(
                tx,
                LedgerRow(
                    kind=kind,
                    unit_hash="a1",
                    minutes_before=before,
                    minutes_after=after,
                    reason="triage" if kind is LedgerKind.DEBIT else "",
                    **row,
                ),
                actor="robot",
            )
        wrong = LedgerRow(
            kind=LedgerKind.CORRECTION,
            unit_hash="a1",
            minutes_before=-30,
            minutes_after=-5,
            reason="correction",
            **row,
        )
        ledger.add(tx, wrong, actor="person-1")
        times = {"minutes_before": 0, "minutes_after": 9, "reason": "supervision"}
        watched = LedgerRow(kind=LedgerKind.TIME, unit_hash="a2", **times, **row)
        ledger.add(tx, watched, actor="person-1")
        former = LedgerRow(kind=LedgerKind.OPENING, unit_hash="a3", minutes_before=60, minutes_after=0, **row)
        ledger.add(tx, former, actor="person-1")


def closed(lab: Any) -> None:
    """A month with everything that people state of it."""
    where = Where(region="r", zone="Europe/Paris")
    earned(lab)
    with TemporaryDirectory() as keys:
        with lab.store.write() as tx:
            bookkeeping.log_time(tx, where, {"supervision": 0}, actor="person-1")
            said = Reconciled(region="r", process="p", month="2026-03", volume=7, source="chorus", stock=2)
            statements.reconcile(tx, said, actor="person-1")
        lab.timer.pass_(60 * 86_400)
        wanted = ToClose(region="r", month="2026-03", zone="Europe/Paris", actor="person-1")
        close(lab.store, FileVault(Path(keys)), AuditSettings(), wanted)
        with lab.store.write() as tx:
            bookkeeping.attest(tx, "r", "2026-Q1", "cheffe-de-bureau", actor="person-1")
            found = {"credits": 1, "drawn": 1, "found": 1, "absent": 0, "unseen": 0}
            looked = Rechecked(region="r", process="p", month="2026-03", seed="a" * 64, **found)
            samples.note(tx, looked, actor="robot")


def measured(lab: Any) -> None:
    figures = {"before": {"median": 30}, "after": {"median": 5}}
    said = {"process": "p", "region": "r", "unit": "dossier", "method": "declared", **figures}
    record = BaselineRecord.of(said, "library")
    with lab.store.write() as tx:
        baselines.add(tx, record)
        for kind in VerdictKind:
            verdict = Verdict(kind=kind, record=record.id, day="2026-11-26", role="cheffe-de-bureau", actor="person-1")
            baselines.decide(tx, record, verdict)


def secrets(lab: Any) -> None:
    with lab.store.write() as tx:
        credentials.signed_in(tx, "portal", region="r", host="https://portail.example.fr", run="", actor="robot:w")
        credentials.refuse(tx, "portal", region="r", reason=WORDS)
        replaced(tx, "portal", "password", ["r"], actor="person-1")


def held(lab: Any) -> None:
    with lab.store.write() as tx:
        holds.put(tx, process="p", region="r", kind="portal", subject="https://portail.example.fr", reason=WORDS)
        holds.release(tx, process="p", region="r", actor="person-1")


def conflict(lab: Any) -> None:
    claimed = lab.item(KEY)
    lab.end(claimed, changes=(CellChange(Path("/Martin.xlsx"), "S", 7, "rd", "N°", None, KEY, {"N°": KEY}),))
    with lab.store.write() as tx:
        (owed,) = writebacks.pending(tx)
        writebacks.settle(tx, {owed.id: WORDS})


def handed_over(lab: Any) -> None:
    with TemporaryDirectory() as keys:
        rotate(lab.store, FileVault(Path(keys)), AuditSettings(origin=LOG), actor="person-1")


def purged(lab: Any) -> None:
    run(lab)
    at = lab.timer.at
    with lab.store.write() as tx:
        runs.end(tx, runs.latest(tx)[0].id, summary={})
    with lab.store.write() as tx:
        sequencer.sequence(tx)
    keyed = open_store(str(lab.store.url), timer=lab.timer, units=lambda _region: bytes(32))
    with closing(keyed), keyed.write() as tx:
        (period,) = purging.periods(tx)
        purging.announce(tx, period, "std 12")
        clearing.clear(tx, "r", at + timedelta(days=99), after="", limit=10, policy="std 12")


def witnessed(lab: Any) -> None:
    root, none = bytes(32), Seen()
    ours, other = Checkpoint(LOG, 5, root), Checkpoint(OTHER, 7, root)
    with lab.store.write() as tx:
        witnesses.seen(tx, OTHER)
        witnesses.countersign(tx, other, "note", none)
        witnesses.refuse(tx, other, 409, request="request", answer="answer", proven=False)
        witnesses.refused(tx, "bfc.example/witness", ours, 409, request="request", answer="answer")
        witnesses.clear(tx, actor="person-1", why=WORDS)


def put_back(lab: Any) -> None:
    with TemporaryDirectory() as keys:
        with lab.store.write() as tx:
            detect(tx, Lost(LOG, 9, "bfc.example/witness", proven=True))
        reconcile(lab.store, FileVault(Path(keys)), actor="person-1", why=WORDS, origin=OTHER)


def looked_at(lab: Any) -> None:
    run(lab)
    look_inside(lab.store, Wanted(), 5, actor="person-1")


SCENARIOS: dict[EventType, Callable[[Any], object]] = {
    EventType.DEFINITION_CHANGED: edited,
    EventType.OVERLAY_CHANGED: overlaid,
    EventType.RUN_CREATED: run,
    EventType.RUN_OPENED: run,
    EventType.RUN_WAITING: too_large,
    EventType.RUN_ALLOWED: too_large,
    EventType.RUN_RESUMED: too_large,
    EventType.RUN_CANCELLED: cancelled,
    EventType.RUN_ENDED: run,
    EventType.ITEM_OPENED: run,
    EventType.ITEM_RELEASED: freed,
    EventType.ITEM_ENDED: run,
    EventType.INTENT: sent,
    EventType.RECEIPT: sent,
    EventType.ABSENT: absent,
    EventType.DOUBT: absent,
    EventType.REFUSED: refused,
    EventType.REFUSAL_READ: refused,
    EventType.ATTEMPT_LOST: lost,
    EventType.DECISION: answered,
    EventType.REVIEW_ASKED: asked,
    EventType.REVIEW_OVERDUE: overdue,
    EventType.CREDIT: earned,
    EventType.DEBIT: earned,
    EventType.CORRECTION: earned,
    EventType.TIME: earned,
    EventType.OPENING: earned,
    EventType.RECONCILED: closed,
    EventType.ATTESTED: closed,
    EventType.MONTH_CLOSED: closed,
    EventType.RECHECKED: closed,
    EventType.BASELINE_ADDED: measured,
    EventType.BASELINE_APPROVED: measured,
    EventType.BASELINE_SIGNED: measured,
    EventType.BASELINE_SUPERSEDED: measured,
    EventType.BASELINE_WITHDRAWN: measured,
    EventType.SIGNED_IN: secrets,
    EventType.SECRET_CHANGED: secrets,
    EventType.SECRET_REFUSED: secrets,
    EventType.SECRET_CLEARED: secrets,
    EventType.PROCESS_HELD: held,
    EventType.PROCESS_RELEASED: held,
    EventType.WRITEBACK_CONFLICT: conflict,
    EventType.KEY_CHANGED: handed_over,
    EventType.WITNESS_COSIGNED: witnessed,
    EventType.WITNESS_REFUSED: witnessed,
    EventType.CHECKPOINT_REFUSED: witnessed,
    EventType.CHECKPOINT_CLEARED: witnessed,
    EventType.RESTORE_DETECTED: put_back,
    EventType.RESTORE_RECONCILED: put_back,
    EventType.PAYLOADS_READ: looked_at,
    EventType.PURGED: purged,
    EventType.CLEARED: purged,
}


def entries(store: Store) -> list[dict[str, Any]]:
    with store.read() as tx:
        return [json.loads(body) for body in (*sequencer.entries(tx), *audit.pending(tx))]


def of_type(store: Store, kind: EventType) -> list[dict[str, Any]]:
    return [entry for entry in entries(store) if entry["type"] == kind.value]


@pytest.mark.parametrize("kind", list(EventType), ids=lambda kind: kind.value)
def test_what_happens_is_told_by_what_does_it_and_says_nothing_of_a_person(
    lab: Any, store: Store, kind: EventType
) -> None:
    SCENARIOS[kind](lab)
    assert of_type(store, kind)
    for entry in entries(store):
        assert OURS.fullmatch(entry["obj"]) or entry["obj"] in NAMED or entry["obj"] == entry["data"].get("key")
        assert OURS.fullmatch(entry["cause"])
        said = json.dumps(entry, ensure_ascii=False)
        assert not [each for each in (KEY, "Martin", "martin", "pc-7", "xlsx") if each in said]


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS.values()), key=lambda each: each.__name__))
def test_every_transition_tells_once(lab: Any, store: Store, scenario: Callable[[Any], object]) -> None:
    """No event comes twice for one change: (type, object, and what it says) are different in every entry."""
    scenario(lab)
    said = [(entry["type"], entry["obj"], json.dumps(entry["data"]), entry["ts"]) for entry in entries(store)]
    assert len(said) == len(set(said))


def test_the_same_plan_again_tells_nothing_and_what_changed_is_told_apart(lab: Any, store: Store) -> None:
    first = lab.create(options=AS_IT_WAS)
    lab.create(options=AS_IT_WAS)
    lab.create(options=EDITED, digest="d2")
    lab.create(options={"sources": {"process": "robo: 1", "region": "other"}}, digest="d3")
    lab.create(options={"sources": {"process": "robo: 1", "region": "other"}}, digest="d4")
    lab.create(options=AS_IT_WAS, process="q")
    told = [
        (entry["type"], entry["obj"], entry["data"]["before"], entry["data"]["digest"])
        for entry in entries(store)
        if entry["type"].endswith(".changed")
    ]
    assert told == [
        ("definition.changed", "p", "", "d1"),
        ("definition.changed", "p", "d1", "d2"),
        ("definition.changed", "p", "d2", "d3"),
        ("overlay.changed", "p", "d2", "d3"),
        ("definition.changed", "p", "d3", "d4"),  # the same texts: robo itself reads them otherwise now
        ("definition.changed", "q", "", "d1"),
    ]
    assert of_type(store, EventType.DEFINITION_CHANGED)[0]["cause"] == first


# ---- people -------------------------------------------------------------------------------------------------
def test_a_pseudonym_is_the_same_until_it_is_forgotten_and_nobody_can_calculate_it(lab: Any, store: Store) -> None:
    with store.write() as tx:
        mine, hers = people.pseudonym(tx, "dupont@pc-7"), people.pseudonym(tx, "martin@pc-7")
        assert people.pseudonym(tx, "dupont@pc-7") == mine != hers
        assert people.names(tx) == {mine: "dupont@pc-7", hers: "martin@pc-7"}
    lab.timer.pass_(100_000)
    with store.write() as tx:
        people.pseudonym(tx, "martin@pc-7")
        assert people.forget(tx, lab.timer.at - timedelta(days=1)) == 1
        assert people.names(tx) == {hers: "martin@pc-7"}
        assert people.pseudonym(tx, "dupont@pc-7") != mine


def test_what_a_person_says_of_an_effect_is_in_the_payload_of_the_decision(lab: Any, store: Store) -> None:
    claimed = lab.unknown(KEY)
    with store.write() as tx:
        decisions.there(tx, lab.saw(claimed.fence.item), actor="person-1", receipt={"no": KEY, "why": WORDS})
    (said,) = of_type(store, EventType.DECISION)
    assert said["pc"]


# ---- what pages say -----------------------------------------------------------------------------------------
ODD = {"no": "A-1 \ud83d", "total": 1.5, "ratio": float("nan"), "all": "x" * 100_000}


def test_a_receipt_that_no_log_can_hold_as_it_is_fails_nothing(lab: Any, store: Store) -> None:
    claimed = lab.item(KEY)
    lab.receipt(claimed, lab.intent(claimed), receipt=ODD)
    lab.end(claimed, receipt={})
    assert lab.state(claimed.fence.item) is ItemState.DONE
    assert of_type(store, EventType.RECEIPT)[0]["pc"]


def test_half_a_character_in_words_of_a_page_fails_nothing(lab: Any, store: Store) -> None:
    claimed = lab.item(KEY)
    row = lab.intent(claimed)
    with store.write() as tx:
        row = journal.note_refusal(tx, claimed.fence, row, "already-known", "Déjà \ud83d connu")
    lab.timer.pass_(40)
    lab.end(claimed, Outcome.REJECTED, code="already-known", facts={"words": "\ud83d"}, journal=row)
    assert lab.state(claimed.fence.item) is ItemState.REJECTED


def test_an_answer_that_is_too_long_is_refused_before_anything_is_written(lab: Any, store: Store) -> None:
    from robo.errors import InfrastructureError

    claimed = lab.unknown(KEY)
    with pytest.raises(InfrastructureError) as refusal, store.write() as tx:
        decisions.there(tx, lab.saw(claimed.fence.item), actor="person-1", receipt={"why": "é" * 70_000})
    assert (refusal.value.code, refusal.value.place) == ("RB687", "audit/person.decided/receipt")
    assert lab.state(claimed.fence.item) is ItemState.UNKNOWN
    assert not of_type(store, EventType.DECISION)
