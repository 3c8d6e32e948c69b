"""Baselines in the store: added once, decided about, never changed; who decides what, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from robo.engine.ports import ItemEnd
from robo.errors import UsageError
from robo.model.base import Outcome
from robo.model.baseline import LIBRARY, BaselineRecord, Verdict
from robo.model.ledger import LedgerKind, LedgerRow
from robo.proof.baselines import Standing, VerdictKind, calculated, standing
from robo.services.accounting import Earner, rows_for
from robo.services.baselines import Applied, bound, chosen, deciding
from robo.services.baselines.deciding import Decider
from robo.store import baselines, ledger, runs
from robo.store.accounts_tables import baselines as rows
from robo.store.audit import waiting
from robo.store.clock import Tx
from robo.store.debits import EFFECTS as EFFECTS_OPTION
from robo.store.engine import Store
from tests.contract.conftest import Timer

EFFECTS, OTHER = "e" * 64, "f" * 64
TODAY, TOMORROW, YESTERDAY = "2026-03-02", "2026-03-03", "2026-03-01"
AUTHOR, CHIEF = "person-author", "person-chief"


def timed(*, n: int = 10, before: int = 30, after: int = 5, author: str = AUTHOR, **more: Any) -> BaselineRecord:
    """A study of two days in February."""
    days = ["2026-02-10", "2026-02-11"]
    seen = [
        [what, days[number % 2], 60 * minutes]
        for what, minutes in (("before", before), ("after", after))
        for number in range(n)
    ]
    said = {
        "v": 1,
        "process": "p",
        "region": "r",
        "unit": "dossier",
        "method": "timed",
        "role": "agente",
        "procedure": "p",
        "steps": [1, 2],
        "whole": 0,
        "effects": EFFECTS,
        "source": "",
        "note": "",
        **calculated(seen),
        **more,
    }
    return BaselineRecord.of(said, author)


def by(actor: str = CHIEF, role: str = "cheffe-de-bureau") -> Decider:
    return Decider(actor=actor, role=role, zone="Europe/Paris")


def keep(store: Store, *records: BaselineRecord) -> None:
    for record in records:
        with store.write() as tx:
            assert baselines.add(tx, record)


def approve(store: Store, record: BaselineRecord, day: str = "", **who: str) -> None:
    with store.write() as tx:
        deciding.approve(tx, record, by(**who), day)


def stands(store: Store, record: BaselineRecord, day: str = TODAY, effects: str = EFFECTS) -> Standing:
    with store.read() as tx:
        return standing(record.said, baselines.decided(tx, record.id), effects, day)


def refused(store: Store, act: Callable[[Tx], object]) -> str:
    """The code of the refusal; nothing was written."""
    with store.read() as tx:
        before = len(waiting(tx))
    with pytest.raises(UsageError) as caught, store.write() as tx:
        act(tx)
    with store.read() as tx:
        assert len(waiting(tx)) == before
    assert caught.value.remedy
    return caught.value.code


def refused_of(act: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        act()
    return caught.value.code


def test_a_record_is_added_once_and_the_log_binds_all_it_says(store: Store, timer: Timer) -> None:
    record, later = timed(), timed(n=11)
    keep(store, record)
    timer.pass_(60)
    keep(store, later)
    with store.write() as tx:
        assert not baselines.add(tx, record)
        entries = [each for each in waiting(tx) if each["type"] == "baseline.added"]
        assert list(baselines.records(tx, region="r")) == [record.id, later.id]
        assert baselines.records(tx, [later.id, "none"], process="p") == {later.id: later}
        assert baselines.records(tx, region="elsewhere") == {}
        detail = tx.execute(select(rows.c.detail).where(rows.c.id == record.id)).scalar_one()
    assert [each["obj"] for each in entries] == [record.id, later.id]
    assert entries[0]["data"]["digest"] == record.digest
    assert (record.id, detail) == (record.digest[:26], record.detail)
    assert (entries[0]["actor"], entries[0]["data"]["before"], entries[0]["data"]["n"]) == (AUTHOR, 30, 10)


def test_every_verdict_is_a_row_and_an_event_with_a_role_and_a_pseudonym(store: Store) -> None:
    record = timed(after=0)
    keep(store, record)
    with store.write() as tx:
        deciding.sign(tx, record, by(role="chef-de-service"))
        deciding.approve(tx, record, by(), TOMORROW)
        deciding.withdraw(tx, record, by(AUTHOR), TOMORROW)
    with store.read() as tx:
        (found,) = baselines.verdicts(tx, [record.id]).values()
        entries = [each for each in waiting(tx) if each["obj"] == record.id][1:]
    assert [(each.kind.value, each.day, each.actor) for each in found] == [
        ("signed", TODAY, CHIEF),
        ("approved", TOMORROW, CHIEF),
        ("withdrawn", TOMORROW, AUTHOR),
    ]
    assert [each["type"] for each in entries] == ["baseline.signed", "baseline.approved", "baseline.withdrawn"]
    assert entries[1]["data"] == {"process": "p", "day": TOMORROW, "role": "cheffe-de-bureau"}


def test_a_credit_stands_on_what_was_decided_until_its_own_commit(store: Store, timer: Timer) -> None:
    record = timed()
    keep(store, record)
    right, wrong = (Applied(record=record, effects=effects) for effects in (EFFECTS, OTHER))
    with store.write() as tx:
        assert not right.is_proven(tx, "Europe/Paris")
        deciding.approve(tx, record, by())
        assert right.is_proven(tx, "Europe/Paris")
        assert not wrong.is_proven(tx, "Europe/Paris")
    timer.pass_(7 * 31 * 24 * 3600)
    with store.write() as tx:
        assert not right.is_proven(tx, "Europe/Paris")  # after was measured more than six months ago


def test_a_row_keeps_its_baseline_and_whether_it_was_proven_when_it_was_written(store: Store) -> None:
    record = timed()
    keep(store, record)
    applied = Applied(record=record, effects=EFFECTS)
    done = ItemEnd(outcome=Outcome.DONE, ours=True)

    def credit(tx: Tx, key: str) -> None:
        facts = {
            "process": "p",
            "version": "1",
            "region": "r",
            "environment": "production",
            "unit": "p/dossier",
            "host": "https://appli.example.fr",
        }
        earner = Earner(**facts, unit_key=key, run="", item="")
        proven = applied.is_proven(tx, earner.zone)
        for row in rows_for(earner, done, applied.record, bytes(32), proven=proven):
            ledger.add(tx, row, actor="robot")

    with store.write() as tx:
        credit(tx, "A1")
        deciding.approve(tx, record, by())
        credit(tx, "A2")
        deciding.withdraw(tx, record, by())
        credit(tx, "A3")
        written = ledger.rows(tx)
    assert [each["auditable"] for each in written] == [0, 1, 0]
    assert {(each["baseline"], each["minutes_before"], each["minutes_after"]) for each in written} == {
        (record.id, 30, 5)
    }


def test_an_approval_that_begins_tomorrow_proves_nothing_today(store: Store) -> None:
    record = timed()
    keep(store, record)
    approve(store, record, TOMORROW)
    assert stands(store, record) is Standing.UNAPPROVED
    assert stands(store, record, TOMORROW) is Standing.VALID


def test_the_author_does_not_approve_nor_sign(store: Store) -> None:
    record = timed(after=0)
    keep(store, record)
    assert refused(store, lambda tx: deciding.approve(tx, record, by(AUTHOR))) == "RB030"
    assert refused(store, lambda tx: deciding.sign(tx, record, by(AUTHOR))) == "RB030"


def test_an_approval_is_never_back_dated_and_its_role_is_no_name(store: Store) -> None:
    record = timed()
    keep(store, record)
    assert refused(store, lambda tx: deciding.approve(tx, record, by(), YESTERDAY)) == "RB035"
    assert refused(store, lambda tx: deciding.approve(tx, record, by(), "31/02/2026")) == "RB035"
    assert refused(store, lambda tx: deciding.approve(tx, record, by(role="Jeanne Martin"))) == "RB036"


def test_an_after_of_0_is_signed_before_it_is_approved(store: Store) -> None:
    record = timed(after=0)
    keep(store, record)
    assert refused(store, lambda tx: deciding.approve(tx, record, by())) == "RB032"
    with store.write() as tx:
        deciding.sign(tx, record, by(role="chef-de-service"))
        deciding.approve(tx, record, by())
    assert stands(store, record) is Standing.VALID


def test_two_records_of_one_unit_never_stand_at_once_and_the_later_one_supersedes(store: Store) -> None:
    old, new, another = timed(), timed(before=28), timed(process="q")
    keep(store, old, new, another)
    approve(store, old)
    assert refused(store, lambda tx: deciding.approve(tx, new, by())) == "RB034"
    assert refused(store, lambda tx: deciding.supersede(tx, old, another, by())) == "RB040"
    with store.write() as tx:
        deciding.supersede(tx, old, new, by(), TOMORROW)
        (verdict,) = [each for each in baselines.verdicts(tx, [old.id])[old.id] if each.successor]
    assert (verdict.kind, verdict.successor) == (VerdictKind.SUPERSEDED, new.id)
    assert (stands(store, old), stands(store, new)) == (Standing.VALID, Standing.UNAPPROVED)
    assert (stands(store, old, TOMORROW), stands(store, new, TOMORROW)) == (Standing.SUPERSEDED, Standing.VALID)
    assert refused(store, lambda tx: deciding.approve(tx, old, by())) == "RB040"
    assert refused(store, lambda tx: deciding.approve(tx, new, by())) == "RB040"


def test_a_record_that_ends_tomorrow_still_stands_today(store: Store) -> None:
    old, new = timed(), timed(before=28)
    keep(store, old, new)
    approve(store, old)
    with store.write() as tx:
        deciding.withdraw(tx, old, by(), TOMORROW)
    assert refused(store, lambda tx: deciding.approve(tx, new, by())) == "RB034"
    approve(store, new, TOMORROW)
    assert (stands(store, old), stands(store, new, TOMORROW)) == (Standing.VALID, Standing.VALID)


def test_two_people_who_approve_at_once_approve_one(store: Store) -> None:
    old, new = timed(), timed(before=28)
    keep(store, old, new)
    told: list[str] = []

    def second() -> None:
        told.append(refused_of(lambda: approve(store, new, actor="person-other")))

    with store.write() as tx:
        deciding.approve(tx, old, by())
        other = threading.Thread(target=second)
        other.start()
        other.join(timeout=0.3)  # it waits for us, or it would be through by now
    other.join()
    assert told == ["RB034"]


def test_a_row_stands_in_the_log_before_what_is_decided_while_it_is_written(store: Store) -> None:
    """Else whoever verifies finds it behind a verdict that it did not know, for ever."""
    record = timed()
    keep(store, record)
    approve(store, record)

    def second() -> None:
        with store.write() as tx:
            deciding.withdraw(tx, record, by())

    with store.write() as tx:
        assert Applied(record=record, effects=EFFECTS).is_proven(tx, "Europe/Paris")
        other = threading.Thread(target=second)
        other.start()
        other.join(timeout=0.3)  # it waits for us, or it would be through by now
        ledger.add(tx, credited("a1"), actor="robot")
    other.join()
    with store.read() as tx:
        assert [each["type"] for each in waiting(tx)][-2:] == ["ledger.credit", "baseline.withdrawn"]


def credited(key: str) -> LedgerRow:
    same: dict[str, Any] = {"environment": "production", "region": "r", "process": "p", "version": "1"}
    minutes: dict[str, Any] = {"minutes_before": 30, "minutes_after": 5}
    return LedgerRow(kind=LedgerKind.CREDIT, **same, **minutes, unit="p/dossier", unit_hash=key)


def test_what_a_run_of_an_older_robo_still_does_is_not_proven(store: Store, lab: Any) -> None:
    """Its entry of the log does not say its effects, so that nobody could verify it."""
    record = timed()
    keep(store, record)
    approve(store, record)
    applied = Applied(record=record, effects=EFFECTS)
    old, new = (lab.create(options=options) for options in ({}, {EFFECTS_OPTION: EFFECTS}))
    with store.write() as tx:
        found = [bound(applied, runs.get(tx, run)) for run in (old, new)]
        assert [each is not None and each.is_proven(tx, "Europe/Paris") for each in found] == [False, True]


def test_a_new_definition_has_a_record_of_its_own_beside_the_old_one(store: Store) -> None:
    old, new = timed(), timed(before=28, effects=OTHER)
    keep(store, old, new)
    approve(store, old)
    approve(store, new)
    assert (stands(store, old), stands(store, new, effects=OTHER)) == (Standing.VALID, Standing.VALID)


@pytest.mark.parametrize(
    "twin",
    [{"procedure": "p", "effects": OTHER}, {"procedure": "q"}],
    ids=["a part of the same procedure", "a copy under another name"],
)
def test_twin_processes_earn_no_more_than_the_whole(store: Store, twin: dict[str, Any]) -> None:
    first, second = timed(), timed(process="q", **twin)
    keep(store, first, second)
    approve(store, first)
    assert refused(store, lambda tx: deciding.approve(tx, second, by())) == "RB031"
    half, other_half = (timed(before=15, process=name, whole=30, **twin) for name in ("p2", "q2"))
    keep(store, half, other_half)
    with store.write() as tx:
        deciding.withdraw(tx, first, by())
        deciding.approve(tx, half, by())
        deciding.approve(tx, other_half, by())
    elsewhere = timed(process="q", region="elsewhere", **twin)
    keep(store, elsewhere)
    approve(store, elsewhere)


def test_the_one_that_stands_counts_else_the_newest_own_one_else_the_shipped_one(store: Store, timer: Timer) -> None:
    shipped = timed(method="hypothesis", author=LIBRARY)
    older, newer = timed(before=29), timed(before=28)
    other_unit = timed(unit="page")
    for record in (older, newer, other_unit, shipped):
        keep(store, record)
        timer.pass_(60)

    def counts(day: str = TODAY, effects: str = EFFECTS, unit: str = "dossier") -> BaselineRecord | None:
        with store.read() as tx:
            known = baselines.records(tx, region="r")
            decided = baselines.verdicts(tx, known)
        return chosen(known.values(), decided, effects, day, unit, shipped=shipped)

    assert counts() == newer
    approve(store, older)
    assert counts() == older
    assert counts(effects=OTHER) == newer
    assert counts("2026-12-01") == newer  # nothing stands any more: the newest is shown, and proves nothing
    with store.write() as tx:
        deciding.withdraw(tx, newer, by())
        deciding.withdraw(tx, older, by())
    assert counts() == shipped
    assert (counts(unit="page"), counts(unit="lot")) == (other_unit, None)  # minutes of a dossier are none of a lot


def test_a_record_is_found_by_the_beginning_of_its_id_if_no_other_has_it(store: Store) -> None:
    one, two = timed(), timed(n=11)
    keep(store, one, two)
    with store.read() as tx:
        assert deciding.found(tx, one.id[:8].upper()) == one
        for said in ("", "zzz"):
            with pytest.raises(UsageError, match="no one baseline"):
                deciding.found(tx, said)


def test_nothing_of_a_verdict_is_anybodys_name(store: Store) -> None:
    verdict = Verdict(kind=VerdictKind.APPROVED, record="x", day=TODAY, role="agente", actor=CHIEF)
    assert verdict.said == {"kind": "approved", "record": "x", "day": TODAY, "role": "agente"}
