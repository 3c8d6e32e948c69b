"""What the store writes is what an auditor can verify, as soon as it has its place in the log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from robo.errors import InfrastructureError
from robo.proof.findings import Flaw
from robo.proof.merkle import tree_root
from robo.proof.policy import Policy
from robo.proof.verify import Log, verify_log
from robo.store import audit, audit_reading, sequencer
from robo.store.audit_tables import audit_payload
from robo.store.engine import Store


def test_every_event_of_an_item_is_an_entry_and_its_payload_is_the_one_it_commits_to(lab: Any, store: Store) -> None:
    claimed = lab.item("2026-TS-7731")
    lab.receipt(claimed, lab.intent(claimed), receipt={"no": "AGDREF-99"})
    lab.end(claimed)
    with store.write() as tx:
        ordered = sequencer.sequence(tx)
    with store.read() as tx:
        log = Log(list(sequencer.entries(tx)), checkpoints=[], payloads=audit_reading.payloads(tx))
        report = verify_log("robo.example/idf", log, Policy())
        head, root = sequencer.head(tx), tree_root(ordered, sequencer.node_of(tx))
        payloads = tx.execute(select(audit_payload)).all()
        assert audit.pending(tx) == []
    assert [found.flaw for found in report.findings] == [Flaw.SIGNATURE]
    assert (report.size, report.root) == (ordered, root) == (head.size, head.root)
    assert report.size > 3
    assert report.present == len(payloads) > 0
    assert not any(b"AGDREF-99" in bytes(row.body) or b"7731" in bytes(row.body) for row in payloads)


def test_a_payload_of_which_any_bit_was_altered_is_told_or_is_another_one(lab: Any, store: Store) -> None:
    lab.item("2026-TS-7731")
    with store.read() as tx:
        row = tx.execute(select(audit_payload).limit(1)).one()
        before = audit.opened(tx, row.period, row.event, bytes(row.body))
        told = 0
        for bit in range(8 * len(row.body)):
            altered = bytearray(row.body)
            altered[bit // 8] ^= 1 << bit % 8
            try:
                assert audit.opened(tx, row.period, row.event, bytes(altered)) != before
            except InfrastructureError as error:
                told += error.code == "RB637"
        assert told >= 8 * len(row.body) - 1
