"""What people state of months: the volume of the application, that a quarter's figures are right. Added, never changed;
of two of the same thing the later one counts."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import RowMapping, Select, insert, select

from robo.errors import UsageError
from robo.model.audit import EventType
from robo.model.statements import Attested, Reconciled
from robo.proof.hours import Key
from robo.store import audit
from robo.store.accounts_tables import statements
from robo.store.clock import Tx, now
from robo.store.closings import closed_to, frozen, lock
from robo.store.ids import new_id

RECONCILED: Final = "reconciled"
ATTESTED: Final = "attested"
_COUNTS: Final = ("volume", "received", "stock", "delay_days")


def reconcile(tx: Tx, said: Reconciled, *, actor: str) -> str:
    """Keep the volume of a month and log it; the id of the statement. RB016 when the month is closed: its figures are
    frozen as they were."""
    lock(tx, said.region)  # of two who say it at once, the later one in the log is the later one here
    until = closed_to(tx, said.region)
    if said.month <= until:
        raise UsageError(
            "RB016",
            "%(why)s: no volume is stated of it any more",
            place=said.month,
            remedy="what was closed without its volume stays « not reconciled »; state those of the open months before "
            "day 10: robo ledger reconcile --month …",
            why=frozen(said.region, said.month, until),
        )
    facts = {name: getattr(said, name) for name in _COUNTS if getattr(said, name) is not None} | {"source": said.source}
    new = _add(tx, RECONCILED, said.region, said.process, said.month, facts, actor)
    data = {"process": said.process, "month": said.month, **facts}
    audit.emit(tx, type=EventType.RECONCILED, region=said.region, actor=actor, obj=new, data=data)
    return new


def attest(tx: Tx, said: Attested, *, actor: str) -> str:
    """Keep what the head of a service attests and log it; the id of the statement."""
    facts = {"role": said.role, "months": list(said.months), "digest": said.digest}
    new = _add(tx, ATTESTED, said.region, "", said.quarter, facts, actor)
    data = {"quarter": said.quarter, "role": said.role, "months": len(said.months), "digest": said.digest}
    audit.emit(tx, type=EventType.ATTESTED, region=said.region, actor=actor, obj=new, data=data)
    return new


def volumes(tx: Tx, region: str = "", month: str = "") -> dict[Key, Reconciled]:
    """What was stated last of each process, region and month."""
    found = {}
    for row in tx.execute(_of(RECONCILED, region, month)).mappings():
        key = Key(row["region"], row["process"], row["period"])
        found[key] = Reconciled(**key._asdict(), **_said(row))
    return found


def attestations(tx: Tx, region: str = "") -> dict[tuple[str, str], Attested]:
    """What was attested last, by region and quarter."""
    found = {}
    for row in tx.execute(_of(ATTESTED, region)).mappings():
        said = {**_said(row), "months": tuple(row["said"]["months"])}
        found[row["region"], row["period"]] = Attested(region=row["region"], quarter=row["period"], **said)
    return found


def _add(  # noqa: PLR0917 - the columns, in their order
    tx: Tx, kind: str, region: str, process: str, period: str, said: dict[str, Any], actor: str
) -> str:
    values = {"id": new_id(), "kind": kind, "region": region, "process": process, "period": period, "said": said}
    tx.execute(insert(statements), {**values, "actor": actor, "at": now(tx)})
    return str(values["id"])


def _of(kind: str, region: str, period: str = "") -> Select[Any]:
    """Those of a kind, the later behind the earlier."""
    query = select(statements).where(statements.c.kind == kind).order_by(statements.c.at, statements.c.id)
    if region:
        query = query.where(statements.c.region == region)
    return query.where(statements.c.period == period) if period else query


def _said(row: RowMapping) -> dict[str, Any]:
    return dict(row["said"])
