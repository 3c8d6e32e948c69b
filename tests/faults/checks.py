"""The invariants of a trial at rest: the store, the workbook and the audit log against what the portal accepted."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from openpyxl import load_workbook

from robo.app import open_app
from robo.proof.checkpoint import Checkpoint
from robo.proof.note import Note
from robo.proof.policy import Policy
from robo.proof.verify import verify_log
from robo.services.auditing.sealing import seal
from robo.services.auditing.signing import open_ring
from robo.store import sequencer
from robo.store.audit_reading import around, log_of
from tests.faults.audit.books import extends

BEFORE: Final = 12
"""Minutes of a person for one item, in the baseline of the trials' process."""

_CREDITS = "SELECT l.id FROM ledger l JOIN items ON items.id = l.item WHERE l.kind = 'credit' AND items.key = ?"


class Store:
    """The project's database as any program may read it; empty before there is one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / ".robo" / "robo.db"

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        if not self._path.exists():
            return []
        base = sqlite3.connect(self._path, timeout=20)
        base.row_factory = sqlite3.Row
        try:
            return base.execute(query, values).fetchall()
        except sqlite3.OperationalError as missing:
            if "no such table" in str(missing):
                return []
            raise
        finally:
            base.close()

    def items(self, reference: str) -> list[sqlite3.Row]:
        return self.rows("SELECT * FROM items WHERE kind = 'item' AND key = ? ORDER BY id", reference)

    def open_runs(self) -> list[str]:
        """Runs in which something is left to do: not ended, or owing a cell."""
        busy = "SELECT id FROM runs WHERE state NOT IN ('ended', 'cancelled') OR id IN (SELECT run FROM writebacks"
        return [row["id"] for row in self.rows(f"{busy} WHERE state = 'pending') ORDER BY created")]


def violations(
    store: Store, truth: Mapping[str, list[str]], workbook: Path, before: Sequence[Checkpoint]
) -> Iterator[str]:
    """Everything that does not hold. `truth`: the numbers of the dossiers that the portal has, by reference; `before`:
    the checkpoints there were when something had died."""
    yield from _log(store, before)
    for reference, numbers in truth.items():
        yield from _of_one(store, reference, numbers)
    yield from _workbook(store, truth, workbook)
    yield from _attempts(store)
    yield from _audit(store)
    yield from _minutes(store, truth)


def _of_one(store: Store, reference: str, numbers: list[str]) -> Iterator[str]:
    """I1, I2, I3, I5 and S5 for one row of the workbook."""
    found = store.items(reference)
    states = Counter(item["state"] for item in found)
    earned = store.rows(_CREDITS, reference)
    journal = store.rows("SELECT * FROM journal WHERE key = ?", reference)
    shape = [(row["state"], row["n"]) for row in journal]
    facts = f"{reference} {dict(states)}, effects {numbers}, {len(earned)} credit(s), journal {shape}"
    done, unknown = states["done"], states["unknown"]
    if not found:
        yield f"I1 lost: {facts}"
    if len(numbers) > 1:
        yield f"I2 twice: {facts}"
    if done > 1 or (done and len(numbers) != 1) or len(earned) != done:
        yield f"I3 ledger is not the truth: {facts}"
    if done + unknown != 1:
        yield f"I5 neither finished nor unknown: {facts}"
    if any(not _rests(item, journal) for item in found):
        yield f"I5 an item without an end: {facts} {[(item['state'], item['code']) for item in found]}"
    if len(journal) != 1 or (numbers and journal[0]["state"] not in {"open", "done"}):
        yield f"S5 an effect the journal does not know: {facts}"
    for row in journal:
        yield from _journal_row(store, row, numbers, facts)


def _rests(item: sqlite3.Row, journal: list[sqlite3.Row]) -> bool:
    """Done; unknown, in doubt or after two submits that are not there; or left to another run's item of its key."""
    match item["state"]:
        case "done":
            return True
        case "unknown":
            doubted = ("open", "none") if item["code"] == "not-there" else ("open",)
            return any(row["state"] in doubted and row["item"] == item["id"] for row in journal)
        case "skipped":
            return item["code"] in {"already-done", "already-there"}
        case "held":
            return item["behind"] is not None
    return False


def _journal_row(store: Store, row: sqlite3.Row, numbers: list[str], facts: str) -> Iterator[str]:
    """S2 and S5: a closed row tells the truth, and every intent is an event, once."""
    if row["state"] == "done":
        receipt = json.loads(row["receipt"])
        if receipt.get("number") not in numbers:
            yield f"S2 a receipt the portal does not have: {receipt} {facts}"
        if not row["n"] or not row["ours"]:
            yield f"S5 done without an intent of ours: {facts}"
    entries = [entry for entry in _entries(store) if entry["obj"] in {item["id"] for item in store.items(row["key"])}]
    intents = sorted(entry["data"]["n"] for entry in entries if entry["type"] == "once.intent")
    if intents != list(range(1, row["n"] + 1)):
        yield f"S5 intents in the log {intents}: {facts}"
    receipts = sum(entry["type"] == "once.receipt" for entry in entries)
    if receipts != (row["state"] == "done"):
        yield f"S3 {receipts} receipt(s) in the log: {facts}"


def _workbook(store: Store, truth: Mapping[str, list[str]], file: Path) -> Iterator[str]:
    """Every done item has its number in the workbook in the end, and nobody else has one."""
    owed = store.rows("SELECT id FROM writebacks WHERE state != 'done'")
    if owed:
        yield f"{len(owed)} write-back(s) never written"
    book = load_workbook(file, read_only=True)
    try:
        cells = {str(row[0]): row[3] for row in book["Demandes"].iter_rows(min_row=2, values_only=True)}
    finally:
        book.close()
    for reference, numbers in truth.items():
        done = any(item["state"] == "done" for item in store.items(reference))
        said = cells.get(reference)
        if done and said not in numbers:
            yield f"{reference} is done, its cell says {said}, the portal {numbers}"
        if not done and said is not None:
            yield f"{reference} is not done, and its cell says {said}"


def _attempts(store: Store) -> Iterator[str]:
    """At rest nothing is queued or running, but for what is held; tokens grow by one."""
    for item in store.rows("SELECT id, key, state FROM items"):
        tries = store.rows("SELECT token, state FROM attempts WHERE item = ? ORDER BY token", item["id"])
        if [row["token"] for row in tries] != list(range(1, len(tries) + 1)):
            yield f"tokens of {item['key']}: {[row['token'] for row in tries]}"
        if item["state"] != "held" and any(row["state"] in {"queued", "running"} for row in tries):
            yield f"attempts of {item['key']} ({item['state']}): {[row['state'] for row in tries]}"


def _entries(store: Store) -> list[dict[str, Any]]:
    """What was ordered, and what still waits for it."""
    ordered = store.rows("SELECT entry AS body FROM audit_leaf ORDER BY seq")
    waiting = store.rows("SELECT body FROM audit_outbox ORDER BY id")
    return [json.loads(row["body"]) for row in (*ordered, *waiting)]


def sealed(store: Store) -> list[Checkpoint]:
    """The checkpoints there are."""
    notes = store.rows("SELECT note FROM audit_checkpoint ORDER BY size")
    return [Checkpoint.parse(Note.parse(row["note"]).text) for row in notes]


def _log(store: Store, before: Sequence[Checkpoint]) -> Iterator[str]:
    """I4: put in order and sealed by whoever comes next, the log verifies with all its payloads, and goes on from every
    checkpoint that was there when something died."""
    with closing(open_app(store.folder)) as app:
        seal(app.store, app.keep, app.settings.audit)
        with app.store.read() as tx:
            origin = sequencer.head(tx).origin
            report = verify_log(origin, log_of(tx), Policy((open_ring(app.keep, origin, make=False).key.verifier(),)))
            yield from (f"I4 {each.error}" for each in (*report.findings, *around(tx, report)))
            yield from (f"I4 the log does not go on from {each}" for each in before if not extends(tx, each))
            if report.sealed != report.size:
                yield f"I4 {report.size} entries, sealed up to {report.sealed}"


def _minutes(store: Store, truth: Mapping[str, list[str]]) -> Iterator[str]:
    """I3: the minutes of the ledger are those of the entries, and of the months, and what the truth is worth."""
    entries = [entry for entry in _entries(store) if entry["type"].startswith("ledger.")]
    told = [sum(entry["data"][name] for entry in entries) for name in ("before", "after")]
    for table in ("ledger", "ledger_months"):
        (row,) = store.rows(f"SELECT total(minutes_before) AS b, total(minutes_after) AS a FROM {table}")  # noqa: S608 - names of ours
        if [row["b"], row["a"]] != told:
            yield f"I3 {table} says {row['b']:.0f} and {row['a']:.0f} minutes, the entries {told}"
    done = store.rows("SELECT key FROM items WHERE kind = 'item' AND state = 'done'")
    worth = BEFORE * sum(len(truth[row["key"]]) for row in done)
    credited = sum(entry["data"]["before"] for entry in entries if entry["type"] == "ledger.credit")
    if credited != worth:
        yield f"I3 {credited} minutes are credited, the truth is worth {worth}"


def _audit(store: Store) -> Iterator[str]:
    """The log tells every run, item, end and credit once; each payload it commits to is there."""
    if waiting := store.rows("SELECT id FROM audit_outbox"):
        yield f"audit: {len(waiting)} event(s) at rest wait for the sequencer"
    entries = _entries(store)
    payloads = {row["event"] for row in store.rows("SELECT event FROM audit_payload")}
    if committed := {entry["id"] for entry in entries if entry["pc"]} ^ payloads:
        yield f"audit: {len(committed)} payload(s) without an entry, or the other way round"
    told = Counter((entry["type"], entry["obj"]) for entry in entries)
    for kind, query in (
        ("run.created", "SELECT id AS obj FROM runs"),
        ("item.opened", "SELECT id AS obj FROM items WHERE kind = 'item'"),
        ("item.ended", "SELECT id AS obj FROM items WHERE kind = 'item' AND state IN ('done', 'skipped')"),
        ("ledger.credit", "SELECT item AS obj FROM ledger WHERE kind = 'credit'"),
    ):
        wrong = [row["obj"] for row in store.rows(query) if told[kind, row["obj"]] != 1]
        if wrong:
            yield f"audit: {kind} is not told once of {wrong}"
