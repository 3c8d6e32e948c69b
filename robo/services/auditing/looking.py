"""Looking into the audit log. Whoever looks at what is personal in it leaves an entry of his own, before he sees it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from robo.model.audit import EventType
from robo.store import audit, audit_search
from robo.store.audit_search import Wanted
from robo.store.clock import Tx
from robo.store.engine import Store


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry for people: `seq` None while it waits for its place. `key`: the item it is about, `payload`: what is
    personal; both only where that was asked for. `gone`: the payload was purged, or nobody can open it."""

    seq: int | None
    entry: Mapping[str, Any]
    key: str = ""
    payload: Mapping[str, Any] | None = None
    gone: bool = False


def look(store: Store, wanted: Wanted, limit: int) -> list[Shown]:
    """What is wanted, without anything personal, the newest first."""
    with store.read() as tx:
        return [Shown(found.seq, found.entry) for found in audit_search.search(tx, wanted, limit)]


def look_inside(store: Store, wanted: Wanted, limit: int, *, actor: str) -> list[Shown]:
    """The same with the keys of items and the payloads. That somebody looks is committed first: where it cannot be,
    nothing is shown. RB637 when a payload was altered."""
    with store.read() as tx:
        found = audit_search.search(tx, wanted, limit)
    counts = Counter(each.entry["region"] for each in found)
    store.transact(lambda tx: note(tx, counts, by="show", actor=actor))
    with store.read() as tx:
        keys = audit_search.keys_of(tx, [each.entry["obj"] for each in found])
        return [_opened(tx, each, keys) for each in found]


def note(tx: Tx, counts: Mapping[str, int], *, by: str, actor: str) -> None:
    """Write that somebody reads what is personal in so many entries of each region."""
    for region, count in sorted(counts.items()):
        if count:
            data = {"by": by, "count": count}
            audit.emit(tx, type=EventType.PAYLOADS_READ, region=region, actor=actor, obj="", data=data)


def _opened(tx: Tx, found: audit_search.Found, keys: Mapping[str, str]) -> Shown:
    entry, payload = found.entry, None
    if entry["pc"] is not None:
        payload = audit.payload_of(tx, entry["id"])
    said = None if payload is None else json.loads(payload[1])
    gone = entry["pc"] is not None and payload is None
    return Shown(found.seq, entry, keys.get(entry["obj"], ""), said, gone)
