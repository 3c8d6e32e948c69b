"""What people decide about a baseline: approved by another person of the service, signed, superseded, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from robo.errors import UsageError
from robo.model.baseline import BaselineRecord, Verdict
from robo.proof.baselines import TIMED, VerdictKind, valid_to
from robo.services.baselines import refusals
from robo.services.baselines.adding import check_role
from robo.store import baselines
from robo.store.clock import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who decides: a pseudonym, what that person is in the service, and the calendar of the region."""

    actor: str
    role: str
    zone: str


def found(tx: Tx, said: str) -> BaselineRecord:
    """The record whose id begins as a person wrote it: RB038."""
    known = [record for each, record in baselines.records(tx).items() if said and each.startswith(said.lower())]
    if len(known) != 1:
        raise refusals.unknown(said)
    return known[0]


def approve(tx: Tx, record: BaselineRecord, by: Decider, day: str = "") -> Verdict:
    """Approved from `day` on (today when it is ""). RB030 by its author, RB031 more than the whole procedure, RB032 an
    after of 0 that nobody signed, RB034 another one stands for the unit, RB035 a day that is over."""
    return _approved(tx, record, by, _day(tx, by, day))


def sign(tx: Tx, record: BaselineRecord, by: Decider) -> Verdict:
    """The head of the service signs that nothing is left to do afterwards (an after of 0)."""
    _need_other(record, by)
    _need_open(tx, record)
    return _decided(tx, record, VerdictKind.SIGNED, by, _day(tx, by, ""))


def supersede(tx: Tx, old: BaselineRecord, new: BaselineRecord, by: Decider, day: str = "") -> Verdict:
    """`new` is approved in the place of `old` from `day` on, both in one commit. The rules of `approve`, and RB040."""
    if old.id == new.id or not _is_same(old, new):
        raise refusals.of_another(new.id, old.id)
    day = _day(tx, by, day)
    _need_open(tx, old)
    verdict = _approved(tx, new, by, day, instead_of=old.id)
    _decided(tx, old, VerdictKind.SUPERSEDED, by, day, successor=new.id)
    return verdict


def withdraw(tx: Tx, record: BaselineRecord, by: Decider, day: str = "") -> Verdict:
    """Nothing stands on it from `day` on. Whoever added it may do so too."""
    check_role(by.role)
    _need_open(tx, record)
    return _decided(tx, record, VerdictKind.WITHDRAWN, by, _day(tx, by, day))


def _approved(tx: Tx, record: BaselineRecord, by: Decider, day: str, *, instead_of: str = "") -> Verdict:
    _need_other(record, by)
    kinds = _need_open(tx, record)
    if VerdictKind.APPROVED in kinds:
        raise refusals.over(record.id, "approved")
    if record.after == 0 and VerdictKind.SIGNED not in kinds:
        raise refusals.unsigned(record.id)
    others = [other for other in _standing(tx, record, day) if other.id != instead_of]
    for other in others:
        if _is_same(other, record) and other.said["effects"] == record.said["effects"]:
            raise refusals.overlaps(record.id, other.id)
    _need_within_whole(record, others)
    return _decided(tx, record, VerdictKind.APPROVED, by, day)


def _need_other(record: BaselineRecord, by: Decider) -> None:
    check_role(by.role)
    if record.author == by.actor:
        raise refusals.own_work(record.id)


def _need_open(tx: Tx, record: BaselineRecord) -> set[VerdictKind]:
    """What was decided about it, if it is not over: RB040. From here on nobody else decides."""
    baselines.alone(tx, record.region)
    kinds = {verdict.kind for verdict in baselines.verdicts(tx, [record.id])[record.id]}
    for kind in (VerdictKind.WITHDRAWN, VerdictKind.SUPERSEDED):
        if kind in kinds:
            raise refusals.over(record.id, kind.value)
    return kinds


def _need_within_whole(record: BaselineRecord, others: Sequence[BaselineRecord]) -> None:
    """Two processes that do parts of one procedure earn no more than a person needed for all of it. They are known by
    what they call it, and by their effects: a copy of a process under another name has the same."""
    twins = [each for each in others if not _is_same(each, record) and _is_of_one_procedure(each, record)]
    if not twins:
        return
    whole = min(each.said["whole"] or each.before for each in (record, *twins))
    total = record.before + sum(each.before for each in twins)
    if total > whole:
        names = ", ".join(f"{each.process} ({each.id})" for each in twins)
        raise refusals.more_than_the_whole(record.id, names, total, whole)


def _is_of_one_procedure(one: BaselineRecord, other: BaselineRecord) -> bool:
    return bool(one.said["procedure"] == other.said["procedure"] or one.said["effects"] == other.said["effects"])


def _is_same(one: BaselineRecord, other: BaselineRecord) -> bool:
    return (one.region, one.process, one.unit) == (other.region, other.process, other.unit)


def _standing(tx: Tx, record: BaselineRecord, day: str) -> list[BaselineRecord]:
    """The other records of the region that are approved and not over on `day`, for whatever definition."""
    known = baselines.records(tx, region=record.region)
    decided = baselines.verdicts(tx, known)
    return [each for each in known.values() if each.id != record.id and _stands(each, decided, day)]


def _stands(record: BaselineRecord, decided: Mapping[str, Sequence[Verdict]], day: str) -> bool:
    verdicts = decided[record.id]
    over = any(v.kind in {VerdictKind.WITHDRAWN, VerdictKind.SUPERSEDED} and v.day <= day for v in verdicts)
    approved = any(v.kind is VerdictKind.APPROVED for v in verdicts)
    return approved and not over and (record.method != TIMED or valid_to(record.said) >= day)


def _day(tx: Tx, by: Decider, said: str) -> str:
    """From when a verdict counts: RB035 for a day before it was given, or that is none."""
    today = baselines.local_day(tx, by.zone)
    if not said:
        return today
    try:
        day = date.fromisoformat(said).isoformat()
    except ValueError as wrong:
        raise UsageError(
            "RB035",
            "%(day)s is not a day",
            place="--from",
            remedy="write it as %(today)s",
            day=said,
            today=today,
        ) from wrong
    if day < today:
        raise refusals.back_dated("--from", day, today)
    return day


def _decided(
    tx: Tx, record: BaselineRecord, kind: VerdictKind, by: Decider, day: str, *, successor: str = ""
) -> Verdict:
    verdict = Verdict(kind=kind, record=record.id, day=day, role=by.role, successor=successor, actor=by.actor)
    baselines.decide(tx, record, verdict)
    return verdict
