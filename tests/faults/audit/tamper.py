"""The tamper campaign: a log of so many entries, witnessed up to three quarters of it, is altered in every way we know;
and who sees it? The store alone (its own `verify`), a checkpoint of its end that was kept elsewhere, the witness.

The table has its honest zeros: an insider with the database and the keys is invisible to the store itself, and what was
written after the last witnessed size is invisible to the witness. Any deviation from the table is a violation.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import select

from robo.errors import RoboError
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import Frontier
from robo.store import sequencer
from robo.store.audit_tables import audit_leaf
from robo.store.engine import Store
from tests.faults.audit import books, insider
from tests.faults.audit.bench import Bench, seeded
from tests.faults.audit.figures import Found
from tests.faults.audit.neighbour import Neighbour, neighbour

Act = Callable[[sqlite3.Connection, random.Random, int], None]
"""Alters the database of a log of so many entries."""
ALL, NONE, ANY = "all", "none", "any"
"""What a defence must see of a kind. `any`: not its job, what it sees it sees by chance."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to tamper, and who sees it."""

    name: str
    act: Act
    alone: str = ALL
    kept: str = NONE
    witness: str = NONE


def campaign(folder: Path, count: int, seed: int, *, entries: int = 2000) -> Found:
    """Each kind `count` times on copies of a log of so many entries (a multiple of 8)."""
    found = Found("tampering")
    bench = Bench(folder, entries * 3 // 4)
    beside = neighbour(folder, f"sqlite:///{bench.base}")
    kept = _later(bench, entries // 8)
    found.table = [f"| {'what was done':44} | trials | store alone | own checkpoint kept elsewhere | witness |"]
    found.table += ["|---|---|---|---|---|"]
    for kind in KINDS:
        seen = {"alone": 0, "kept": 0, "witness": 0}
        for turn in range(count):
            chance = seeded(f"{seed} {kind.name} {turn}")
            try:
                for defence, saw in _trial(bench, beside, kind, chance, kept).items():
                    seen[defence] += saw
            except Exception as broken:  # noqa: BLE001 - a defence that breaks on what it should see has not held
                found.violations.append(f"{kind.name}, turn {turn}: {type(broken).__name__}: {broken}")
        found.trials += count
        found.count(rewrites_by_an_insider=count if kind.alone == NONE else 0)
        found.table.append(f"| {kind.name:44} | {count} | {seen['alone']} | {seen['kept']} | {seen['witness']} |")
        for defence, number in seen.items():
            wanted = getattr(kind, defence)
            if wanted != ANY and number != (count if wanted == ALL else 0):
                found.violations.append(f"{kind.name}: {defence} saw {number} of {count}, it should see {wanted}")
    found.count(refusals_kept_as_evidence=beside.evidence())
    beside.witness.store.close()
    return found


def _later(bench: Bench, appends: int) -> Checkpoint:
    """What comes after the size that the witness saw (the bench's first head); the head of the whole."""
    store = books.opened(f"sqlite:///{bench.base}")
    with store.write() as tx:
        for number in range(appends):
            books.append(tx, f"later-{number}")
    kept = books.seal(store)
    store.close()
    return kept


def _trial(bench: Bench, beside: Neighbour, kind: Kind, chance: random.Random, kept: Checkpoint) -> dict[str, bool]:
    """Which defences see one act."""
    bench.renew()
    with closing(sqlite3.connect(bench.copy)) as db, db:
        db.execute("PRAGMA synchronous=OFF")
        for (guard,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {guard}")
        kind.act(db, chance, kept.size)
    store = books.opened(bench.address)
    try:
        return {
            "alone": _or_refused(partial(_store_sees, store)),
            "kept": _or_refused(partial(_kept_sees, store, kept)),
            "witness": _or_refused(partial(beside.refuses, store)),
        }
    finally:
        store.close()


def _or_refused(looks: Callable[[], bool]) -> bool:
    """An error of ours says that something is wrong, too."""
    try:
        return looks()
    except RoboError:
        return True


def _store_sees(store: Store) -> bool:
    return not books.verify(store).whole


def _kept_sees(store: Store, kept: Checkpoint) -> bool:
    """Whether the log's tree is not the one it was at the size of a checkpoint that lies elsewhere."""
    with store.read() as tx:
        head, frontier = sequencer.head(tx), Frontier()
        query = select(audit_leaf.c.hash).where(audit_leaf.c.seq < kept.size).order_by(audit_leaf.c.seq)
        for leaf in tx.execute(query).scalars():
            frontier.append(bytes(leaf))
    same_head = head.size > kept.size or (head.size, head.root) == (kept.size, kept.root)
    return not same_head or (frontier.size, frontier.root()) != (kept.size, kept.root)


def _flip(table: str, column: str, db: sqlite3.Connection, chance: random.Random, _size: int) -> None:
    """One bit of one value of a table."""
    row, old = chance.choice(db.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall())  # noqa: S608 - names of ours
    new = bytearray(old.encode() if isinstance(old, str) else old)
    new[chance.randrange(len(new))] ^= 1 << chance.randrange(8)
    cast = "CAST(? AS TEXT)" if isinstance(old, str) else "?"
    db.execute(f"UPDATE {table} SET {column} = {cast} WHERE rowid = ?", (bytes(new), row))  # noqa: S608 - the same


def _delete(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    db.execute("DELETE FROM audit_leaf WHERE seq = ?", (chance.randrange(size - 1),))


def _delete_last(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    db.execute("DELETE FROM audit_leaf WHERE seq >= ?", (chance.randrange(1, size),))


def _add(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    columns = "rseq, type, obj, cause, ts, hash, entry"
    db.execute(
        f"INSERT INTO audit_leaf (seq, event, region, {columns}) SELECT ?, 'forged', 'forged', {columns} "  # noqa: S608 - names of ours
        "FROM audit_leaf WHERE seq = ?",
        (size, chance.randrange(size)),
    )


def _beside(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    """An event is found where it is none."""
    column = chance.choice(("event", "region", "type", "obj", "cause"))
    db.execute(f"UPDATE audit_leaf SET {column} = 'forged' WHERE seq = ?", (chance.randrange(size),))  # noqa: S608 - the same


def _unsealed(db: sqlite3.Connection, _chance: random.Random, _size: int) -> None:
    """The newest checkpoint is gone."""
    db.execute("DELETE FROM audit_checkpoint WHERE size = (SELECT max(size) FROM audit_checkpoint)")


_RENAME: Final = """UPDATE audit_checkpoint SET note = replace(note, ?, ?)
WHERE size = (SELECT min(size) FROM audit_checkpoint)"""


def _renamed(db: sqlite3.Connection, chance: random.Random, _size: int) -> None:
    """A checkpoint that is not the newest passes for another log's."""
    name = chance.choice(("robo.example/another", "robo.example/tria", f"{books.ORIGIN}s"))
    db.execute(_RENAME, (f"{books.ORIGIN}\n", f"{name}\n"))


def _swap(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    """Two entries change places, with their hashes."""
    pair = chance.sample(range(size), 2)
    found = [db.execute("SELECT hash, entry FROM audit_leaf WHERE seq = ?", (seq,)).fetchone() for seq in pair]
    for seq, (hash_, entry) in zip(reversed(pair), found, strict=True):
        db.execute("UPDATE audit_leaf SET hash = ?, entry = ? WHERE seq = ?", (hash_, entry, seq))


def _payload(db: sqlite3.Connection, chance: random.Random, _size: int) -> None:
    """Another text, well encrypted under the right key for the right event."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    rows = db.execute("SELECT event, period, body FROM audit_payload ORDER BY event").fetchall()
    event, period, body = chance.choice(rows)
    key, nonce = books.Known().key(period), bytes(12)
    assert key is not None
    forged = body[:1] + nonce + AESGCM(key).encrypt(nonce, b'{"key":"forged"}', event.encode())
    db.execute("UPDATE audit_payload SET body = ? WHERE event = ?", (forged, event))


def _any_row(table: str, db: sqlite3.Connection, chance: random.Random, _size: int) -> None:
    """One row of a table is gone."""
    (row,) = chance.choice(db.execute(f"SELECT rowid FROM {table} ORDER BY rowid").fetchall())  # noqa: S608 - names of ours
    db.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))  # noqa: S608 - the same


def _head(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    """Another size, or another frontier."""
    if chance.random() < 0.5:
        db.execute("UPDATE audit_head SET size = ?", (size - chance.choice((1, 4, -1, -4)),))
    else:
        _flip("audit_head", "frontier", db, chance, size)


def _region(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    """The chain of a region would go on elsewhere."""
    if chance.random() < 0.5:
        db.execute("UPDATE audit_region SET rseq = rseq - 1 WHERE region = ?", (chance.choice(books.REGIONS),))
    else:
        _flip("audit_region", "leaf", db, chance, size)


def _rewritten(change: insider.Rewrite, db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    insider.rewrite(db, change, chance, 1, size * 3 // 4 - 1)


def _rewritten_tail(db: sqlite3.Connection, chance: random.Random, size: int) -> None:
    insider.rewrite(db, insider.value, chance, size * 3 // 4, size)


KINDS: Final[tuple[Kind, ...]] = (
    Kind("a bit of an entry", partial(_flip, "audit_leaf", "entry")),
    Kind("a bit of a stored hash", partial(_flip, "audit_leaf", "hash"), kept=ALL, witness=ANY),
    Kind("a bit of a node", partial(_flip, "audit_node", "hash"), witness=ANY),
    Kind("a bit of an encrypted payload", partial(_flip, "audit_payload", "body")),
    Kind("a bit of a payload's salt", partial(_flip, "audit_payload", "salt")),
    Kind("a bit of a checkpoint", partial(_flip, "audit_checkpoint", "note")),
    Kind("an entry deleted", _delete, kept=ALL, witness=ANY),
    Kind("the last entries deleted", _delete_last, kept=ALL, witness=ALL),
    Kind("an entry added", _add),
    Kind("a column beside an entry changed", _beside),
    Kind("the newest checkpoint deleted", _unsealed),
    Kind("the name in a checkpoint changed", _renamed),
    Kind("two entries swapped", _swap, kept=ALL, witness=ANY),
    Kind("a payload replaced, well encrypted", _payload),
    Kind("a payload deleted", partial(_any_row, "audit_payload")),
    Kind("a period deleted", partial(_any_row, "audit_period")),
    Kind("the head changed", _head, kept=ALL, witness=ALL),
    Kind("the head of a region changed", _region),
    *(
        Kind(f"an insider rewrites {what}", partial(_rewritten, how), alone=NONE, kept=ALL, witness=ALL)
        for what, how in insider.REWRITES.items()
    ),
    Kind("an insider rewrites after the witnessed size", _rewritten_tail, alone=NONE, kept=ALL),
)
