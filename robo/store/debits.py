"""What a person takes up costs minutes: the debit is written in the commit of that person's decision, whoever decides.

It costs what the baseline says that the item's run had. What nobody took up costs nothing: an outage that passed, an
item that waits, a run that was ended before its items were begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, select, update

from robo.model.base import Environment
from robo.model.baseline import BaselineRecord
from robo.model.ledger import LedgerKind, LedgerRow, unit_hash
from robo.model.run import ItemKind
from robo.proof.hours import RECOVERY, TRIAGE, WRONG, is_here
from robo.store import aliases, baselines, ledger, runs
from robo.store.clock import Tx
from robo.store.tables import attempts
from robo.store.tables import runs as runs_table

OPTION: Final = "earns"
"""Among the options of a run: what its items earn by. A run of an older robo has none, and its items cost nothing."""


EFFECTS: Final = "effects"
"""Among the options of a run: the digest of the effects of its definition, as its entry of the log says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earns:
    """What the items of a run earn by, as the worker that has it in hand found it."""

    unit: str
    host: str
    zone: str
    baseline: str = ""
    effects: str = ""
    """Of the definition that is run."""

    def members(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}


def note(tx: Tx, run: str, earns: Earns) -> None:
    """Keep what the items of a run earn by."""
    options = runs.get(tx, run).options
    if options.get(OPTION) != earns.members():
        changed = {**options, OPTION: earns.members()}
        tx.execute(update(runs_table).where(runs_table.c.id == run).values(options=changed))


def recover(tx: Tx, item: Row[Any], *, actor: str) -> None:
    """A person takes up an item that failed, or whose effect is not known."""
    _take_up(tx, item, RECOVERY, actor=actor, code=item.code)


def triage(tx: Tx, item: Row[Any], *, actor: str, code: str) -> None:
    """A person ends an item, and has to do it."""
    _take_up(tx, item, TRIAGE, actor=actor, code=code)


def was_begun(tx: Tx, item: str) -> bool:
    """Whether a robot ever worked on an item."""
    mine = select(attempts.c.id).where(attempts.c.item == item, attempts.c.started.is_not(None))
    return tx.execute(mine.limit(1)).first() is not None


def wrong(tx: Tx, item: Row[Any], *, actor: str, why: str) -> str:
    """A service says that the robot got an item wrong: what it costs by the baseline; the row's id."""
    return _take_up(tx, item, WRONG, actor=actor, code=item.code, why=why)


def _take_up(tx: Tx, item: Row[Any], reason: str, *, actor: str, code: str, why: str = "") -> str:
    run = runs.get(tx, item.run)
    said = run.options.get(OPTION)
    if said is None or item.dry or item.kind != ItemKind.ITEM:
        return ""
    earns = Earns(**said)
    record = baselines.records(tx, [earns.baseline]).get(earns.baseline) if earns.baseline else None
    row = LedgerRow(
        kind=LedgerKind.DEBIT,
        environment=item.environment,
        region=item.region,
        process=item.process,
        version=run.version,
        unit=earns.unit,
        unit_hash=_hash(tx, item, earns),
        minutes_before=0,
        minutes_after=getattr(record.measures, reason).median if record is not None else 0,
        baseline=record.id if record is not None else "",
        provenance=record.method if record is not None else "",
        auditable=_is_proven(tx, item, earns, record),
        run=item.run,
        item=item.id,
        host=earns.host,
        reason=reason,
        code=code,
        zone=earns.zone,
    )
    return ledger.add(tx, row, actor=actor, why=why)


def _hash(tx: Tx, item: Row[Any], earns: Earns) -> str:
    units: aliases.Units | None = tx.get_execution_options().get(aliases.OPTION)
    return "" if units is None else unit_hash(units(item.region), earns.unit, item.key)


def _is_proven(tx: Tx, item: Row[Any], earns: Earns, record: BaselineRecord | None) -> bool:
    """A debit stands where the credits of its baseline do."""
    if record is None or item.environment != Environment.PRODUCTION or is_here(earns.host):
        return False
    return baselines.is_proven(tx, record, earns.effects, earns.zone)
