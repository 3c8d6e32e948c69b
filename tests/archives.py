"""A store with things in it that tell of a person, whose payloads have keys and whose log is sealed: to be purged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from robo.engine.ports import JournalState, StepTrace
from robo.model.retention import Retention
from robo.model.run import NewItem
from robo.proof.checkpoint import Checkpoint
from robo.proof.findings import Report
from robo.proof.note import Note, SigningKey
from robo.proof.policy import read_policy
from robo.proof.verify import Log, verify_log
from robo.services.retention import Batch, Places, Purge, Rules
from robo.services.sequencing import sequence_all
from robo.store import audit_reading, history, runs, sequencer
from robo.store.audit_tables import audit_leaf
from robo.store.engine import Store
from robo.store.tables import metadata
from tests.contract.conftest import Lab, Timer

SECRET = "Zoé-1984-titre"
YEAR = timedelta(days=366)


class Chain:
    """Keys of periods that can be destroyed."""

    def __init__(self) -> None:
        self.until: dict[tuple[str, str], str] = {}

    def key(self, period: str) -> bytes | None:
        region, kept, month = period.split("/")
        return None if month <= self.until.get((region, kept), "") else sha256(period.encode()).digest()

    def destroy_until(self, region: str, kept: str, month: str) -> bool:
        before = self.until.get((region, kept), "")
        self.until[region, kept] = max(before, month)
        return month > before


class Archive(Lab):
    """A lab whose payloads have keys, whose log is sealed, and that can be purged and verified."""

    def __init__(self, store: Store, timer: Timer, folder: Path) -> None:
        super().__init__(store, timer)
        self.chain = Chain()
        self.places = Places(evidence=folder / "evidence", reports=folder / "reports")
        self.notes: list[Note] = []
        self.key = SigningKey("robo.test/r", Ed25519PrivateKey.generate())

    def seal(self) -> None:
        with self.store.read() as tx:
            head = sequencer.head(tx)
        text = str(Checkpoint(self.key.name, head.size, head.root))
        self.notes.append(Note(text, ()).with_signature(self.key.sign(text)))

    def verified(self) -> Report:
        """What an auditor finds who is given the sealed log as it is now."""
        with self.store.read() as tx:
            size = Checkpoint.parse(self.notes[-1].text).size
            log = Log(
                entries=list(sequencer.entries(tx, 0, size)),
                checkpoints=[self.notes[-1]],
                payloads=audit_reading.payloads(tx, audit_leaf.c.seq < size),
            )
            return verify_log(self.key.name, log, read_policy(f"log {self.key.verifier()}\nquorum none\n"))

    def purge(self, **values: Any) -> Purge:
        given: dict[str, Any] = {
            "store": self.store,
            "keys": self.chain,
            "rules": Rules(project=Retention()),
            "places": self.places,
            "seal": self.seal,
            "batch": Batch(payloads=3, items=2, files=1),
        }
        return Purge(**{**given, **values})

    def done(self, key: str, beside: str = "", **values: Any) -> str:
        """An item whose effect is done, with a picture: its id. `beside`: an item of the same run that nobody began."""
        row = NewItem(key=key, row={"name": SECRET}, digest=f"d{key}", place=f"{SECRET}.xlsx, row 2")
        claimed = self.item(row, *([beside] if beside else []))
        left = {"look": {"name": SECRET}}
        seen = self.receipt(claimed, self.intent(claimed, outputs=left), receipt={"no": SECRET}, outputs=left)
        assert seen.state is JournalState.DONE
        file = f"{claimed.run}/{claimed.fence.attempt}-page.png"
        (self.places.evidence / file).parent.mkdir(parents=True, exist_ok=True)
        (self.places.evidence / file).write_bytes(SECRET.encode())
        with self.store.write() as tx:
            history.keep(tx, claimed.fence, "page.png", file, SECRET.encode())
            line = StepTrace(step="s", title=SECRET, state="ok", note=SECRET, started=self.timer.at, seconds=0.1)
            history.trace(tx, claimed.fence, [line])
        self.end(claimed, **{"message": "%(who)s", "facts": {"who": SECRET}, "receipt": {"no": SECRET}, **values})
        self.finish(claimed.run)
        return claimed.fence.item

    def finish(self, run: str) -> None:
        with self.store.write() as tx:
            runs.close(tx, run)

    def rows(self) -> dict[str, list[Any]]:
        """Everything the store holds."""
        with self.store.read() as tx:
            return {t.name: [tuple(row) for row in tx.execute(t.select())] for t in metadata.sorted_tables}


def a_year_later(archive: Archive) -> None:
    sequence_all(archive.store)
    archive.seal()
    archive.timer.at += YEAR


def no_trace_of(rows: Mapping[str, list[Any]], secret: str = SECRET) -> bool:
    return not [name for name, found in rows.items() if secret in repr(found)]
