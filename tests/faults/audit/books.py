"""What the processes of a trial do, and what must hold of it: credits, each with an event that has a payload."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final
from zlib import crc32

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text

from robo.errors import RoboError
from robo.model.audit import EventType
from robo.model.ledger import LedgerKind, LedgerRow
from robo.proof.checkpoint import Checkpoint
from robo.proof.findings import Report
from robo.proof.merkle import EMPTY, consistency_proof, verify_consistency
from robo.proof.note import Note, SigningKey
from robo.proof.policy import Policy
from robo.proof.verify import verify_log
from robo.services.auditing import sealing, signing
from robo.services.secrets import OWN
from robo.services.settings import AuditSettings
from robo.store import audit, ledger, periods, sequencer
from robo.store.accounts_tables import ledger as ledger_rows
from robo.store.audit_reading import around, log_of, payloads
from robo.store.audit_tables import ledger_months
from robo.store.clock import Tx
from robo.store.engine import Store, open_store, upgrade

ORIGIN: Final = "robo.example/trial"
KEY: Final = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(sha256(b"the log's key").digest()))
POLICY: Final = Policy((KEY.verifier(),))
REGIONS: Final = ("occitanie", "bretagne", "guyane", "ile-de-france", "mayotte")
BEFORE, AFTER = 12, 2


class Keys:
    """The secrets backend of a trial, in memory: every process has the key of the log from its start."""

    def __init__(self) -> None:
        self._held = {f"{OWN}log-{ORIGIN}": {signing.KEY: KEY.private.private_bytes_raw().hex()}}

    def read(self, name: str) -> Mapping[str, str] | None:
        return self._held.get(name)

    def change(
        self, name: str, change: Callable[[Mapping[str, str] | None], Mapping[str, str] | None]
    ) -> Mapping[str, str] | None:
        held = change(self.read(name))
        if held is not None:
            self._held[name] = dict(held)
        return held

    def names(self) -> list[str]:
        return sorted(self._held)


KEYS: Final = Keys()
SETTINGS: Final = AuditSettings(origin=ORIGIN)


class Known:
    """Keys that follow from the names of their periods: every process of a trial has them, and no file."""

    def key(self, period: str) -> bytes | None:
        return sha256(b"the key of " + period.encode()).digest()


def opened(url: str, *, timer: Callable[[], datetime] | None = None, keys: periods.Periods | None = None) -> Store:
    """The store of a trial."""
    return open_store(url, periods=keys or Known(), timer=timer)


def made(url: str, events: int, batch: int = 100) -> Checkpoint:
    """A new store with so many events (an even number), ordered and sealed; its checkpoint."""
    store = opened(url)
    try:
        upgrade(store)
        for first in range(0, events // 2, batch):
            with store.write() as tx:
                for number in range(first, min(first + batch, events // 2)):
                    append(tx, f"base-{number}")
        return seal(store)
    finally:
        store.close()


def append(tx: Tx, key: str) -> bool:
    """Credit the unit `key`, and tell it with its name in a payload. False: it was credited before, not again."""
    region = region_of(key)
    row = LedgerRow(
        kind=LedgerKind.CREDIT,
        environment="production",
        region=region,
        process="trial",
        version="1.0.0",
        unit="item",
        unit_hash=hashed(key),
        minutes_before=BEFORE,
        minutes_after=AFTER,
        provenance="timed",
        auditable=True,
    )
    credit = ledger.add(tx, row, actor="robot:trial")
    if credit:
        told = {"state": "queued"}
        audit.emit(
            tx,
            type=EventType.ITEM_OPENED,
            region=region,
            actor="robot:trial",
            obj=credit,
            data=told,
            payload={"key": key},
        )
    return bool(credit)


def region_of(key: str) -> str:
    """Where a unit belongs: the same everywhere."""
    return REGIONS[crc32(key.encode()) % len(REGIONS)]


def hashed(key: str) -> str:
    """What stands for the hash of a unit's key: one that can be read again."""
    return key.encode().hex()


def named(unit_hash: str) -> str:
    """The key of a unit, by what stands for its hash."""
    return bytes.fromhex(unit_hash).decode()


def is_credited(tx: Tx, key: str) -> bool | None:
    """True when `append` of this key was committed; None when it was not (what `Store.transact` asks)."""
    found = tx.execute(select(ledger_rows.c.id).where(ledger_rows.c.unit_hash == hashed(key))).first()
    return True if found else None


def seal(store: Store) -> Checkpoint:
    """Order what waits and sign the head, as robo does."""
    sealed = sealing.seal(store, KEYS, SETTINGS)
    return Checkpoint.parse(Note.parse(sealed.checkpoint.note).text)


def verify(store: Store) -> Report:
    """What `robo audit verify` finds in the store as it is."""
    with store.read() as tx:
        report = verify_log(ORIGIN, log_of(tx), POLICY)
        report.findings += around(tx, report)
    return report


def judged(url: str, acknowledged: Collection[str], before: Checkpoint) -> tuple[list[str], Checkpoint]:
    """`at_rest` of the store at `url`, opened anew; a store that refuses does not hold."""
    try:
        store = opened(url)
    except RoboError as broken:
        return [f"the store does not open: {broken}"], before
    try:
        return at_rest(store, acknowledged, before)
    except RoboError as broken:
        return [f"the store does not go on: {broken}"], before
    finally:
        store.close()


def at_rest(store: Store, acknowledged: Collection[str], before: Checkpoint) -> tuple[list[str], Checkpoint]:
    """Order and seal what is left; then everything that does not hold, and the checkpoint that the next must extend."""
    sealed = seal(store)
    return [*violations(store, acknowledged, before)], sealed


def violations(store: Store, acknowledged: Collection[str], before: Checkpoint) -> Iterator[str]:
    """I1 to I4 of a store at rest. `acknowledged`: the keys whose commit was answered; `before`: an earlier head."""
    report = verify(store)
    yield from (f"I4 the log does not verify: {each.error}" for each in report.findings)
    with store.read() as tx:
        yield from _extends(tx, before)
        yield from _credits(tx, acknowledged)
        yield from _months(tx)
        if store.is_sqlite and (said := tx.execute(text("PRAGMA quick_check")).scalar_one()) != "ok":
            yield f"the database is damaged: {said}"


def extends(tx: Tx, before: Checkpoint) -> bool:
    """Whether the head of the log extends `before`, proved with the hashes that are stored: what a witness is sent."""
    head = sequencer.head(tx)
    if head.size < before.size:
        return False
    proof = consistency_proof(before.size, head.size, sequencer.node_of(tx)) if before.size else []
    return verify_consistency(before.size, head.size, proof, before.root if before.size else EMPTY, head.root)


def _extends(tx: Tx, before: Checkpoint) -> Iterator[str]:
    if not extends(tx, before):
        yield f"I4 the log does not extend its checkpoint of {before.size} entries"


def _credits(tx: Tx, acknowledged: Collection[str]) -> Iterator[str]:
    """Every acknowledged key is credited and told, once; nothing is told that is not credited, and the other way."""
    rows = {row.id: named(row.unit_hash) for row in tx.execute(select(ledger_rows.c.id, ledger_rows.c.unit_hash))}
    told: Counter[tuple[str, str]] = Counter()
    payload = {event: body for event, _, body in payloads(tx)}
    for raw in sequencer.entries(tx):
        entry = json.loads(raw)
        credit = entry["data"]["ledger"] if entry["type"] == EventType.CREDIT else entry["obj"]
        told[entry["type"], credit] += 1
        if entry["pc"] is not None:
            body = payload.get(entry["id"])
            if body is None or json.loads(body) != {"key": rows.get(credit)}:
                yield f"the payload of {entry['id']} is {body!r}"
    lost = set(acknowledged) - set(rows.values())
    if lost:
        yield f"I1 {len(lost)} acknowledged credit(s) lost: {sorted(lost)[:3]}"
    if len(set(rows.values())) != len(rows):
        yield "I2 a unit was credited twice"
    expected = Counter((kind.value, row) for row in rows for kind in (EventType.CREDIT, EventType.ITEM_OPENED))
    if told != expected:
        yield f"I3 told, not done: {[*(told - expected)][:2]}; done, not told: {[*(expected - told)][:2]}"


def _months(tx: Tx) -> Iterator[str]:
    """The months are the sums of the ledger."""
    sums = [
        func.coalesce(func.sum(column), 0) for column in (ledger_rows.c.minutes_before, ledger_rows.c.minutes_after)
    ]
    units = func.coalesce(func.sum(ledger_rows.c.units), 0)
    rows = tx.execute(select(units, *sums).select_from(ledger_rows)).one()
    columns = (ledger_months.c.units, ledger_months.c.minutes_before, ledger_months.c.minutes_after)
    folded = tx.execute(select(*(func.coalesce(func.sum(column), 0) for column in columns))).one()
    if tuple(map(int, rows)) != tuple(map(int, folded)):
        yield f"I3 the months say {tuple(folded)}, the ledger {tuple(rows)}"
