"""Entries as many are written: what waits for its place, and what got it, put together without a detour by values.

What waits has all members of an entry but `seq`, `rseq` and `prev`, which are given to it here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from robo.proof.canonical import DEEPEST, canonical, in_utf8, plain_json
from robo.proof.entry import LARGEST, VERSION, RegionHead, sequenced
from robo.proof.merkle import leaf_hash

_PLAIN: Final = re.compile(
    r'(\{"actor":"[^"]*","cause":"[^"]*","data":(\{.*\}),"id":"[^"]+","key":(?:null|"[^"]+"),"obj":"[^"]*",'
    r'"pc":(?:null|"[0-9a-f]{64}"),)("region":"[^"]+",)("ts":(?:0|-?[1-9][0-9]*),"type":"[^"]+","v":1\})'
).fullmatch
"""The canonical text of a body that has no escapes: what is before `prev`, its `data`, the region, and the rest."""


def unplaced(body: Mapping[str, Any]) -> bytes:
    """What `canonical(body)` gives, of a body that has the members of what waits, each of its kind. RB630."""
    pc, key = body["pc"], body["key"]
    return in_utf8(
        f'{{"actor":{plain_json(body["actor"])},"cause":{plain_json(body["cause"])},'
        f'"data":{canonical(body["data"], 1).decode()},"id":{plain_json(body["id"])},'
        f'"key":{"null" if key is None else plain_json(key)},"obj":{plain_json(body["obj"])},'
        f'"pc":{"null" if pc is None else plain_json(pc)},"region":{plain_json(body["region"])},'
        f'"ts":{body["ts"]},"type":{plain_json(body["type"])},"v":{VERSION}}}'
    )


def placed(text: str, body: Mapping[str, Any], seq: int, head: RegionHead) -> tuple[bytes, RegionHead]:
    """What `sequenced(body, seq, head)` gives, of a `body` that `read_json` read from `text`. Errors as there."""
    parts = _PLAIN(text) if text.isascii() and "\\" not in text else None
    if parts is None or text.count("{") + text.count("[") > DEEPEST or plain_json(body["data"]) != parts[2]:
        return sequenced(body, seq, head)
    raw = f'{parts[1]}"prev":"{head.leaf.hex()}",{parts[3]}"rseq":{head.rseq},"seq":{seq},{parts[4]}'.encode()
    if len(raw) > LARGEST:
        return sequenced(body, seq, head)
    return raw, RegionHead(head.rseq + 1, leaf_hash(raw))
