"""What samples are drawn from: the credits of a month, and what was found when some of them were looked for again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, select

from robo.model.audit import EventType
from robo.model.ledger import LedgerKind
from robo.proof.hours import PRODUCTION, REPEATED
from robo.store import audit
from robo.store.accounts_tables import closings, ledger, statements
from robo.store.clock import Tx, now
from robo.store.ids import new_id

RECHECKED: Final = "rechecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What came of looking again for some of the items of a process in a month. `found + absent + unseen = drawn`."""

    region: str
    process: str
    month: str
    seed: str
    """In hexadecimal: the digest of the month's closing."""
    credits: int
    """Those of the month, of which they were drawn."""
    drawn: int
    found: int
    absent: int
    """Not found: their credits were taken back."""
    unseen: int
    """Nobody could look: purged, the application does not answer, the definition cannot tell."""


def credits_of(tx: Tx, region: str, month: str, process: str = "") -> list[str]:
    """The ids of the credits in production of a month that earned; those taken back later are among them."""
    query = select(ledger.c.id).where(*_earned(region, month))
    return list(tx.execute(query.where(ledger.c.process == process) if process else query).scalars())


def worked(tx: Tx, region: str, month: str) -> list[str]:
    """The processes that earned in a month."""
    query = select(ledger.c.process).where(*_earned(region, month)).distinct().order_by(ledger.c.process)
    return list(tx.execute(query).scalars())


def rows(tx: Tx, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """These rows of the book, by their ids."""
    return {row["id"]: dict(row) for row in tx.execute(select(ledger).where(ledger.c.id.in_(ids))).mappings()}


def taken_back(tx: Tx, ids: Sequence[str]) -> set[str]:
    """Those of them that a correction names."""
    return set(tx.execute(select(ledger.c.corrects).where(ledger.c.corrects.in_(ids))).scalars())


def closed_before(tx: Tx, region: str, last: str) -> list[tuple[str, str]]:
    """(process, month) of what was credited in months up to `last` that are closed, and not looked for again yet."""
    worked = (
        select(ledger.c.process, ledger.c.month)
        .where(*_earned(region), ledger.c.month <= last)
        .join(closings, (closings.c.region == ledger.c.region) & (closings.c.month == ledger.c.month))
        .distinct()
    )
    done = select(statements.c.process, statements.c.period).where(
        statements.c.kind == RECHECKED, statements.c.region == region
    )
    known = {tuple(row) for row in tx.execute(done)}
    return sorted((process, month) for process, month in tx.execute(worked) if (process, month) not in known)


def note(tx: Tx, said: Rechecked, *, actor: str) -> str:
    """Keep what came of it and log it; the id of the statement."""
    facts = {name: getattr(said, name) for name in ("seed", "credits", "drawn", "found", "absent", "unseen")}
    new = new_id()
    row = {"id": new, "kind": RECHECKED, "region": said.region, "process": said.process, "period": said.month}
    tx.execute(insert(statements), {**row, "said": facts, "actor": actor, "at": now(tx)})
    data = {"process": said.process, "month": said.month, **facts}
    audit.emit(tx, type=EventType.RECHECKED, region=said.region, actor=actor, obj=new, data=data)
    return new


def _earned(region: str, month: str = "") -> Iterable[ColumnElement[bool]]:
    yield ledger.c.region == region
    if month:
        yield ledger.c.month == month
    yield ledger.c.kind == LedgerKind.CREDIT.value
    yield ledger.c.environment == PRODUCTION
    yield ledger.c.reason != REPEATED
