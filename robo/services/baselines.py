"""Which baseline applies to a run: the region's own record, else the one shipped with the process."""

from __future__ import annotations

import json
from pathlib import Path

from robo.definition.baseline import read_baseline
from robo.model.ledger import BaselineRecord
from robo.plan.model import Plan
from robo.store import ledger
from robo.store.engine import Store


def applicable(store: Store, plan: Plan, file: Path) -> BaselineRecord | None:
    """The latest record of the process's unit here; the shipped one is added as a record the first time."""
    shipped = read_baseline(file, plan.process, plan.region)
    if shipped is not None:
        store.transact(lambda tx: ledger.add_baseline(tx, shipped, actor="library"))
    with store.read() as tx:
        return ledger.baseline(
            tx, plan.process, plan.region, shipped.unit if shipped else plan.counts.unit, "9999-12-31"
        )


def provenance(baseline: BaselineRecord) -> str:
    """Where the minutes come from, in the words of the record: source and date. Its `method` says how far to trust."""
    detail = json.loads(baseline.detail)
    return ", ".join(detail[key] for key in ("source", "measured") if detail.get(key))
