"""What the store writes into the outbox is what an auditor can verify, as soon as it has its place in the log."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from robo.proof.entry import RegionHead, sequenced
from robo.proof.policy import Policy
from robo.proof.verify import Flaw, Log, verify_log
from robo.store import audit
from robo.store.accounts_tables import audit_payload
from robo.store.engine import Store


def test_every_event_of_an_item_is_an_entry_and_its_payload_is_the_one_it_commits_to(lab: Any, store: Store) -> None:
    claimed = lab.item("2026-TS-7731")
    lab.receipt(claimed, lab.intent(claimed), receipt={"no": "AGDREF-99"})
    lab.end(claimed)
    with store.read() as tx:
        bodies = [json.loads(body) for body in audit.pending(tx)]
        payloads = {row.event: (bytes(row.salt), row.body.encode()) for row in tx.execute(select(audit_payload))}
    heads: dict[str, RegionHead] = {}
    entries = []
    for seq, body in enumerate(bodies):
        raw, heads[body["region"]] = sequenced(body, seq, heads.get(body["region"], RegionHead()))
        entries.append(raw)
    report = verify_log("robo.example/idf", Log(entries, checkpoints=[], payloads=payloads.get), Policy())
    assert [found.flaw for found in report.findings] == [Flaw.SIGNATURE]
    assert report.size == len(bodies) > 3
    assert report.present == len(payloads) > 0
