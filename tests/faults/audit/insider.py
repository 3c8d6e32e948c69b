"""A competent insider: has the database, the keys of its payloads and the log's signing key. Changes what was, then
makes all that could tell agree with it: numbers, chains, hashes, nodes, the ledger, its months; and signs anew."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from typing import Any, Final

from robo.model.audit import EventType
from robo.proof.checkpoint import Checkpoint
from robo.proof.entry import RegionHead, sequenced
from robo.proof.hours import Cell
from robo.proof.merkle import Frontier, leaf_hash
from robo.proof.note import Note
from robo.store.ids import new_id
from tests.faults.audit import books

Bodies = list[dict[str, Any]]
Rewrite = Callable[[Bodies, random.Random, int, int], Bodies]
"""What becomes of the entries; what is changed lies between the two numbers."""
_PLACE: Final = ("seq", "rseq", "prev")


def value(bodies: Bodies, chance: random.Random, low: int, high: int) -> Bodies:
    """More minutes for one credit."""
    chance.choice(_credits(bodies[low:high]))["data"]["before"] += 1000
    return bodies


def deletion(bodies: Bodies, chance: random.Random, low: int, high: int) -> Bodies:
    """A credit that never was."""
    credit = chance.choice(_credits(bodies[low:high]))["data"]["ledger"]
    return [body for body in bodies if body["data"].get("ledger") != credit and body["obj"] != credit]


def insertion(bodies: Bodies, chance: random.Random, low: int, high: int) -> Bodies:
    """A credit more, like another one."""
    at = chance.randrange(low, high)
    like = chance.choice(_credits(bodies[low:high]))
    credit = new_id()
    forged = {
        **like,
        "id": new_id(),
        "obj": credit,
        "data": {**like["data"], "ledger": credit, "unit_hash": books.hashed(credit)},
    }
    return [*bodies[:at], forged, *bodies[at:]]


def order(bodies: Bodies, chance: random.Random, low: int, high: int) -> Bodies:
    """Two events change places."""
    first, second = chance.sample(range(low, high), 2)
    bodies[first], bodies[second] = bodies[second], bodies[first]
    return bodies


def rollback(bodies: Bodies, chance: random.Random, low: int, high: int) -> Bodies:
    """Everything after some moment is gone, as after the restore of an old backup."""
    return bodies[: chance.randrange(low, high)]


REWRITES: Final[dict[str, Rewrite]] = {
    "a value": value,
    "a deletion": deletion,
    "an insertion": insertion,
    "the order": order,
    "a rollback": rollback,
}


def rewrite(db: sqlite3.Connection, change: Rewrite, chance: random.Random, low: int, high: int) -> None:
    """Change the log between these two numbers, and leave nothing in the database that disagrees."""
    guards = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for guard in guards:
        db.execute(f"DROP TRIGGER {guard}")
    bodies = [json.loads(row[0]) for row in db.execute("SELECT entry FROM audit_leaf ORDER BY seq")]
    bodies = change([{key: body[key] for key in body if key not in _PLACE} for body in bodies], chance, low, high)
    for table in ("audit_leaf", "audit_node", "audit_region"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
    log = _Rebuilt()
    for body in bodies:
        log.add(body)
    columns = ", ".join(f":{name}" for name in LEAF)
    db.executemany(f"INSERT INTO audit_leaf ({', '.join(LEAF)}) VALUES ({columns})", log.leaves)  # noqa: S608 - the same
    db.executemany("INSERT INTO audit_node (level, idx, hash) VALUES (?, ?, ?)", log.nodes)
    heads = [(region, head.rseq, head.leaf) for region, head in log.regions.items()]
    db.executemany("INSERT INTO audit_region (region, rseq, leaf) VALUES (?, ?, ?)", heads)
    db.execute("UPDATE audit_head SET size = ?, frontier = ?", (log.frontier.size, bytes(log.frontier)))
    _sign(db, log.roots)
    _ledger(db, bodies)


LEAF: Final = ("seq", "event", "region", "rseq", "type", "obj", "cause", "ts", "hash", "entry")


class _Rebuilt:
    """The tables of the log, as honest code would have filled them with these events."""

    def __init__(self) -> None:
        self.frontier = Frontier()
        self.regions: dict[str, RegionHead] = {}
        self.leaves: list[dict[str, Any]] = []
        self.nodes: list[tuple[int, int, bytes]] = []
        self.roots: list[Checkpoint] = []

    def add(self, body: dict[str, Any]) -> None:
        region, seq = body["region"], self.frontier.size
        head = self.regions.get(region, RegionHead())
        raw, self.regions[region] = sequenced(body, seq, head)
        found = {"seq": seq, "event": body["id"], "rseq": head.rseq, "hash": leaf_hash(raw), "entry": raw}
        self.leaves.append(found | {name: body[name] for name in ("region", "type", "obj", "cause", "ts")})
        self.nodes += self.frontier.append(leaf_hash(raw))
        self.roots.append(Checkpoint(books.ORIGIN, self.frontier.size, self.frontier.root()))


def _sign(db: sqlite3.Connection, roots: list[Checkpoint]) -> None:
    """The checkpoints that the log had, as far as it goes now, signed with its own key; and one of its end."""
    had = db.execute("SELECT id, size, made FROM audit_checkpoint ORDER BY size").fetchall()
    db.execute("DELETE FROM audit_checkpoint")
    kept = [(id_, size, made) for id_, size, made in had if size < len(roots)] + [(new_id(), len(roots), had[-1][2])]
    for id_, size, made in kept:
        checkpoint = roots[size - 1] if size else Checkpoint(books.ORIGIN, 0, Frontier().root())
        note = Note(str(checkpoint), (books.KEY.sign(str(checkpoint)),))
        db.execute(
            "INSERT INTO audit_checkpoint (id, size, made, note) VALUES (?, ?, ?, ?)", (id_, size, made, str(note))
        )
    db.execute("UPDATE audit_head SET sealed = ?", (len(roots),))


def _ledger(db: sqlite3.Connection, bodies: Bodies) -> None:
    """The ledger and its months say what the entries say now; payloads that belong to none are gone."""
    credits_ = {body["data"]["ledger"]: body for body in _credits(bodies)}
    db.row_factory = sqlite3.Row
    rows = {row["id"]: dict(row) for row in db.execute("SELECT * FROM ledger")}
    db.execute("DELETE FROM ledger")
    some = next(iter(rows.values()))
    for credit, body in credits_.items():
        data = body["data"]
        row = rows.get(credit, some | {"id": credit, "region": body["region"], "unit_hash": data["unit_hash"]})
        row |= {"minutes_before": data["before"], "minutes_after": data["after"]}
        names = ", ".join(f":{name}" for name in row)
        db.execute(f"INSERT INTO ledger ({', '.join(row)}) VALUES ({names})", row)  # noqa: S608 - names of ours
    cell = ", ".join(Cell._fields)
    db.execute("DELETE FROM ledger_months")
    db.execute(
        f"INSERT INTO ledger_months ({cell}, units, minutes_before, minutes_after) "  # noqa: S608 - the same
        f"SELECT {cell}, sum(units), sum(minutes_before), sum(minutes_after) FROM ledger GROUP BY {cell}"
    )
    events = {body["id"] for body in bodies}
    gone = [(row["event"],) for row in db.execute("SELECT event FROM audit_payload") if row["event"] not in events]
    db.executemany("DELETE FROM audit_payload WHERE event = ?", gone)


def _credits(bodies: Bodies) -> Bodies:
    return [body for body in bodies if body["type"] == EventType.CREDIT]
