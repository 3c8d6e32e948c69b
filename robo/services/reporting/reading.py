"""The books of one store, read in one state of the database: cells, never the rows behind them."""

from __future__ import annotations

from robo.proof.checkpoint import Checkpoint
from robo.proof.closings import Closing
from robo.proof.hours import total
from robo.proof.note import Note
from robo.services.auditing.standing import status
from robo.services.reporting.books import Books, Frozen, Here
from robo.services.reporting.model import Correction, Seal
from robo.services.secrets import Keep
from robo.services.settings import AuditSettings
from robo.store import baselines, closings, ledger_reading, rollups, statements
from robo.store.clock import Tx
from robo.store.engine import Store


def books(store: Store, keep: Keep, settings: AuditSettings) -> Books:
    """Everything that a report of this store is counted from; without names, which files have."""
    sealed = seal(store, keep, settings)
    with store.read() as tx:
        records = baselines.records(tx)
        return Books(
            cells=rollups.cells(tx),
            lasts={Here(*here): at for here, at in ledger_reading.lasts(tx).items()},
            records={name: each.said for name, each in records.items()},
            verdicts={
                name: [each.said for each in several] for name, several in baselines.verdicts(tx, records).items()
            },
            volumes=statements.volumes(tx),
            attested=frozenset(statements.attestations(tx)),
            closings=_closed(tx),
            corrections=_late(tx),
            seals=[sealed],
        )


def seal(store: Store, keep: Keep, settings: AuditSettings) -> Seal:
    """How far the log of a store is sealed, and who countersigned it."""
    found = status(store, keep, settings)
    signed = {each.witness: each for each in found.answers if each.size > 0}
    newest = None if found.last is None else Checkpoint.parse(Note.parse(found.last.note).text)
    return Seal(
        origin=found.origin,
        size=found.size,
        sealed=found.sealed,
        root=newest.root.hex() if newest else "",
        witnessed=max((each.size for each in signed.values()), default=0),
        witnesses={name: each.at for name, each in signed.items()},
        trouble=found.trouble.code if found.trouble else "",
    )


def _closed(tx: Tx) -> dict[tuple[str, str], Frozen]:
    found = {}
    for each in closings.closed(tx):
        figures = Closing.parse(each.figures.encode()).figures
        found[each.region, each.month] = Frozen(at=each.at, figures=total(figures.values()))
    return found


def _late(tx: Tx) -> list[Correction]:
    return [
        Correction(
            region=each.region,
            process=each.process,
            of_month=each.of_month,
            in_month=each.in_month,
            reason=each.reason,
            minutes=each.sums.net,
        )
        for each in ledger_reading.late(tx)
    ]
