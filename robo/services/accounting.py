"""Minutes: which baseline applies, what an outcome earns or costs, and what a run has gained.

The formula is that of the design page "Hours saved": gross = done x before; net = done x (before - after) less what
people spent on rejections. Human minutes only, whole numbers; nothing is multiplied by a robot's running time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from robo.engine.ports import ItemEnd
from robo.model import ledger
from robo.model.base import HANDED_OVER, Environment, Outcome
from robo.model.baseline import BaselineRecord
from robo.model.ledger import LedgerKind, LedgerRow, Minutes
from robo.proof.hours import TRIAGE, is_here

FINGERPRINT: Final = 16
"""Hexadecimal digits of a certificate's digest that a row has: 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earner:
    """What an item may earn: fixed when it is claimed, applied when its outcome is committed."""

    process: str
    version: str
    region: str
    environment: str
    unit: str
    unit_key: str
    run: str
    item: str
    host: str = ""
    zone: str = "UTC"
    """The region's, whose calendar says in which month it earns."""


def unit_hash(key: bytes, earner: Earner) -> str:
    """HMAC-SHA256 of the unit's key: the same unit is recognised for ever, and cannot be read back."""
    return ledger.unit_hash(key, earner.unit, earner.unit_key)


def receipt_hash(key: bytes, receipt: Mapping[str, Any]) -> str:
    """HMAC-SHA256 of what was read back from the application, "" when nothing was: without the region's key nobody
    finds the number in it by trying all there are."""
    if not receipt:
        return ""
    text = "\x00".join(f"{name}={receipt[name]}" for name in sorted(receipt))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def rows_for(
    earner: Earner,
    end: ItemEnd,
    baseline: BaselineRecord | None,
    key: bytes,
    units: Sequence[Earner] | None = None,
    *,
    proven: bool = False,
) -> tuple[LedgerRow, ...]:
    """What one outcome writes: a credit for a `done` that was ours, a debit for what a person takes up (a rejection,
    a hand-over, an item that a person ended while a robot had it), both, or nothing. `units`: who earns, where the item
    counts as several units or as none; it costs its triage once all the same. `proven`: the baseline stands now.

    Without a baseline a credit row of 0 minutes still claims the unit: it can never be earned a second time; and a
    debit of 0 minutes still says that a person took something up."""
    rows: list[LedgerRow] = []
    if end.outcome is Outcome.DONE and end.ours:
        before, after = (baseline.before, baseline.after) if baseline else (0, 0)
        rows += [
            _row(LedgerKind.CREDIT, unit, end, baseline, key, proven=proven, before=before, after=after)
            for unit in ((earner,) if units is None else units)
        ]
    if end.outcome in {Outcome.REJECTED, Outcome.CANCELLED} or end.code == HANDED_OVER:
        cost = baseline.triage if baseline else 0
        row = _row(LedgerKind.DEBIT, earner, end, baseline, key, proven=proven, before=0, after=cost, reason=TRIAGE)
        rows.append(row)
    return tuple(rows)


def certified(rows: Iterable[LedgerRow], shown: Mapping[str, bytes]) -> tuple[LedgerRow, ...]:
    """The rows with the beginning of the digest of the certificate (DER) that their host showed, where it is known."""
    return tuple(
        replace(row, host=f"{row.host}#{hashlib.sha256(shown[row.host]).hexdigest()[:FINGERPRINT]}")
        if row.host in shown
        else row
        for row in rows
    )


def _row(
    kind: LedgerKind,
    earner: Earner,
    end: ItemEnd,
    baseline: BaselineRecord | None,
    key: bytes,
    *,
    proven: bool,
    before: int,
    after: int,
    reason: str = "",
) -> LedgerRow:
    return LedgerRow(
        kind=kind,
        environment=earner.environment,
        region=earner.region,
        process=earner.process,
        version=earner.version,
        unit=earner.unit,
        unit_hash=unit_hash(key, earner),
        minutes_before=before,
        minutes_after=after,
        baseline=baseline.id if baseline else "",
        provenance=baseline.method if baseline else "",
        auditable=proven and baseline is not None and _counts(earner),
        run=earner.run,
        item=earner.item,
        receipt_hash=receipt_hash(key, end.receipt),
        host=earner.host,
        reason=reason,
        code=end.code if reason else "",
        zone=earner.zone,
    )


def _counts(earner: Earner) -> bool:
    """Production is a host that the region granted as such, the row says which, and it is not this machine: `--env`
    alone is not enough."""
    return earner.environment == Environment.PRODUCTION and not is_here(earner.host)


def sums(rows: Iterable[LedgerRow]) -> Minutes:
    """Gross, net and auditable minutes of some rows. A debit lowers the net and, where its baseline is proven,
    the auditable figure too."""
    gross = net = auditable = units = 0
    for row in rows:
        gross += row.minutes_before
        net += row.net
        auditable += row.net if row.auditable else 0
        units += row.kind is LedgerKind.CREDIT
    return Minutes(gross=gross, net=net, auditable=auditable, units=units)
