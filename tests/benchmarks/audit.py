"""The audit log: written one by one and in batches on both stores, verified, proved, and what it takes on the disk;
beside a bare loop of `sqlite3` and `hashlib` that does the same with nothing around it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from robo.model.audit import EventType
from robo.model.retention import Retention
from robo.proof.export import read_export, write_export
from robo.proof.merkle import consistency_proof, inclusion_proof
from robo.proof.note import Note
from robo.proof.verify import verify_log
from robo.services.keys import SecretPeriods
from robo.services.retention import Places, Purge, Rules
from robo.services.sequencing import sequence_all
from robo.store import audit, checkpoints, sequencer
from robo.store.audit_reading import around, log_of
from robo.store.engine import Store, upgrade
from robo.store.ids import new_id
from tests.benchmarks.figures import Figure, at_least, at_most, growing
from tests.faults.audit import books
from tests.postgres import BINARIES, running

REGIONS: Final = books.REGIONS
BATCH: Final = 100
"""Events of a commit, written in batches."""
PROOFS: Final = 50
RUN: Final = new_id()
PAYLOAD: Final = {"key": "2026-000123", "row": {"name": "Exemple", "birth": "1990-05-17", "place": "Toulouse"}}
_LEAF: Final = "CREATE TABLE leaf (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, region TEXT, hash BLOB, entry BLOB)"
_PAYLOAD: Final = "CREATE TABLE payload (id TEXT PRIMARY KEY, salt BLOB, body BLOB)"


def writing(counts: Sequence[int], times: int, stores: Collection[str] = ("SQLite", "PostgreSQL")) -> list[Figure]:
    """Events written and ordered: a fiftieth of them each in a commit of its own, all so many to a commit; judged on
    the largest."""
    figures = []
    for kind, address in _addresses(stores):
        single, batched = [], []
        for count in counts:
            raw, ours = _medians(partial(_bare, count // 50, 1), partial(_one_by_one, address, count // 50), times)
            name = f"{count // 50} events, each its own commit, {kind}"
            single.append(at_least(name, raw=1e6 / raw, ours=1e6 / ours, unit="/s", least=250))
            raw, ours = _medians(partial(_bare, count, BATCH), partial(_in_batches, address, count), times)
            name = f"{count} events, {BATCH} to a commit, each, {kind}"
            batched.append(at_most(name, raw=raw, ours=ours, unit="µs", most=130))
        figures += growing(single) + growing(batched)
    return figures


def reading(counts: Sequence[int], times: int) -> list[Figure]:
    """A log of so many events: built, verified, proved, purged; what it takes on the disk. Judged on the largest."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = [_of_one_size(Path(folder) / f"{count}.db", count, times) for count in counts]
    return [figure for rows in zip(*sizes, strict=True) for figure in growing(rows)]


def _of_one_size(file: Path, count: int, times: int) -> list[Figure]:
    keep = books.Keys()
    store = books.opened(f"sqlite:///{file}", keys=SecretPeriods(keep))
    upgrade(store)
    built = _timed(lambda: _fill(store, count))
    books.seal(store)
    store.close()  # the write-ahead log is in the file now
    takes = file.stat().st_size / count
    exported = file.with_suffix(".export")
    with store.read() as tx:
        write_export(exported, sequencer.entries(tx), [Note.parse(note) for note in checkpoints.notes(tx)])
    raw, ours = _medians(partial(_verify_bare, file), partial(_verify_export, exported, count), times)
    _, whole = _medians(lambda: 0.0, partial(_verify, store, count), times)
    included = _proving(store, count, lambda number, node: inclusion_proof(number, count, node))
    consistent = _proving(store, count, lambda number, node: consistency_proof(number + 1, count, node))
    store.close()
    purged = _timed(lambda: _purge(file, keep))
    raw, ours, whole, built, purged = (each / count * 1e6 for each in (raw, ours, whole, built, purged))
    name = f"a log of {count} events"
    return [
        at_most(f"{name}, each written and ordered", ours=built, unit="µs", most=130),
        at_most(f"{name}, an export verified, each", raw=raw, ours=ours, unit="µs", most=12),
        at_most(f"{name}, the store verified with payloads, each", ours=whole, unit="µs", most=30),
        at_most(f"{name}, proof of one entry", ours=included, unit="ms", most=20),
        at_most(f"{name}, proof that it grew", ours=consistent, unit="ms", most=20),
        at_most(f"{name}, on the disk, each", ours=takes, unit="B", most=900),
        at_most(f"{name}, all payloads purged, each", ours=purged, unit="µs", most=100),
    ]


@contextmanager
def _server() -> Iterator[Callable[[], str]]:
    numbers = iter(range(1_000_000))
    with running({}) as server:
        yield lambda: server.database(f"bench{next(numbers)}")


def _addresses(stores: Collection[str]) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each kind of store that is asked for, and what gives the address of a new one."""
    if "SQLite" in stores:
        with tempfile.TemporaryDirectory() as folder:
            yield "SQLite", lambda: f"sqlite:///{tempfile.mkdtemp(dir=folder)}/robo.db"
    if "PostgreSQL" in stores and BINARIES:
        with _server() as address:
            yield "PostgreSQL", address


def _fresh(address: str) -> Store:
    store = books.opened(address)
    upgrade(store)
    return store


def _one_by_one(address: Callable[[], str], count: int) -> float:
    """µs an event: a commit that writes it, and one that orders it."""
    store = _fresh(address())

    def work() -> None:
        for number in range(count):
            store.transact(lambda tx, number=number: _emit(tx, range(number, number + 1)))
            store.transact(sequencer.sequence)

    took = _timed(work)
    store.close()
    return took / count * 1e6


def _in_batches(address: Callable[[], str], count: int) -> float:
    """µs an event, to the last one's place in the log."""
    store = _fresh(address())
    took = _timed(lambda: _fill(store, count))
    store.close()
    return took / count * 1e6


def _fill(store: Store, count: int) -> None:
    for first in range(0, count, BATCH):
        store.transact(lambda tx, first=first: _emit(tx, range(first, first + BATCH)))
        if not first % (10 * BATCH):
            store.transact(sequencer.sequence)
    sequence_all(store)


def _emit(tx: Any, numbers: Sequence[int]) -> None:
    kind, actor, said = EventType.ITEM_OPENED, "robot:bench", {"state": "queued"}
    audit.emit_all(
        tx,
        [audit.entry(tx, kind, REGIONS[n % 5], actor, new_id(), RUN, said, PAYLOAD) for n in numbers],
    )


def _verify_export(folder: Path, count: int) -> float:
    """Seconds that an auditor needs for all of an export, offline: entries, tree, chains, checkpoints."""
    began = time.perf_counter()
    report = verify_log(books.ORIGIN, read_export(folder), books.POLICY)
    took = time.perf_counter() - began
    if not report.whole or report.size != count:
        raise RuntimeError(f"the export does not verify: {report.findings[:1]}")
    return took


def _verify(store: Store, count: int) -> float:
    """Seconds that the store's own verification takes, with the columns beside and every payload decrypted."""
    began = time.perf_counter()
    with store.read() as tx:
        report = verify_log(books.ORIGIN, log_of(tx), books.POLICY)
        report.findings += around(tx, report)
    took = time.perf_counter() - began
    if not report.whole or report.size != count:
        raise RuntimeError(f"the log does not verify: {report.findings[:1]}")
    return took


def _proving(store: Store, count: int, prove: Callable[[int, Any], object]) -> float:
    """Median milliseconds of a proof, made from the tables with nothing known before."""
    took = []
    for number in range(0, count, max(1, count // PROOFS)):
        with store.read() as tx:
            took.append(_timed(lambda tx=tx, number=number: prove(number, sequencer.node_of(tx))))
    return median(took) * 1e3


def _purge(file: Path, keep: books.Keys) -> None:
    """All that there is goes, a year later: payloads, keys, and what the file kept of them."""
    later = datetime.now(UTC) + timedelta(days=400)
    keys = SecretPeriods(keep)
    store = books.opened(f"sqlite:///{file}", timer=lambda: later, keys=keys)
    places = Places(evidence=file.parent / "evidence", reports=file.parent / "reports")
    rules = Rules(project=Retention())
    found = Purge(store=store, keys=keys, rules=rules, places=places, seal=lambda: _seal(store)).do()
    store.close()
    if found.troubles or len(found.periods) < len(REGIONS):
        raise RuntimeError(f"not all was purged: {found}")


def _seal(store: Store) -> None:
    books.seal(store)


def _bare(count: int, batch: int) -> float:
    """µs an event of the raw twin: JSON, a commitment, hashes, a tree, two tables, durable commits."""
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", _LEAF, _PAYLOAD):
            db.execute(statement)
        frontier: list[bytes] = []
        chains = dict.fromkeys(REGIONS, bytes(32))
        took = _timed(
            lambda: [_bare_batch(db, frontier, chains, n, min(batch, count - n)) for n in range(0, count, batch)]
        )
        db.close()
    return took / count * 1e6


def _bare_batch(
    db: sqlite3.Connection, frontier: list[bytes], chains: dict[str, bytes], first: int, count: int
) -> None:
    leaves, payloads = [], []
    for seq in range(first, first + count):
        region, id_, salt = REGIONS[seq % 5], uuid.uuid4().hex, os.urandom(32)
        body = _json(PAYLOAD)
        commitment = hmac.digest(salt, body, "sha256").hex()
        entry = {
            "v": 1,
            "seq": seq,
            "id": id_,
            "region": region,
            "prev": chains[region].hex(),
            "ts": time.time_ns() // 1000,
        }
        raw = _json(entry | {"type": "item.opened", "actor": "robot:bench", "obj": f"item{seq}", "pc": commitment})
        leaf = hashlib.sha256(b"\0" + raw).digest()
        chains[region] = leaf
        _grow(frontier, seq, leaf)
        leaves.append((seq, id_, region, leaf, raw))
        payloads.append((id_, salt, body))
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?, ?)", leaves)
    db.executemany("INSERT INTO payload VALUES (?, ?, ?)", payloads)
    db.execute("COMMIT")


def _verify_bare(file: Path) -> float:
    """Seconds of the raw twin of verifying: every entry parsed and hashed, the chains and the root computed."""
    began = time.perf_counter()
    db = sqlite3.connect(file)
    frontier: list[bytes] = []
    chains: dict[str, str] = {}
    for seq, raw in db.execute("SELECT seq, entry FROM audit_leaf ORDER BY seq"):
        entry, leaf = json.loads(raw), hashlib.sha256(b"\0" + raw).digest()
        if entry["seq"] != seq or entry["prev"] != chains.get(entry["region"], bytes(32).hex()):
            raise RuntimeError(f"entry {seq} does not follow")
        chains[entry["region"]] = leaf.hex()
        _grow(frontier, seq, leaf)
    db.close()
    return time.perf_counter() - began


def _medians(raw: Callable[[], float], ours: Callable[[], float], times: int) -> tuple[float, float]:
    """Of the twin and of robo, which take turns."""
    pairs = [(raw(), ours()) for _ in range(times)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def _grow(frontier: list[bytes], size: int, leaf: bytes) -> None:
    while size & 1:
        leaf = hashlib.sha256(b"\1" + frontier.pop() + leaf).digest()
        size >>= 1
    frontier.append(leaf)


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
