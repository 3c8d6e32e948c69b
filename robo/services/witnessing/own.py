"""Who we are to others: the key that we countersign with, and what they write into their policies.

It is another key than the log's: a log that is its own witness is seen by nobody, and the two are retired for different
reasons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from robo.proof.note import SigningKey
from robo.services.keys import damaged
from robo.services.secrets import OWN, Keep

_NAME: Final = f"{OWN}witness"
_HEX: Final = re.compile("[0-9a-f]{64}")


def witness_key(keep: Keep, origin: str) -> SigningKey:
    """The key of this witness; made at first use, once among all processes, and called after the log `origin`.

    `InfrastructureError` RB642 when it is damaged, and whatever the backend says."""
    return _key(keep.read(_NAME) or keep.change(_NAME, lambda held: held or _fresh(origin)) or {})


def retire(keep: Keep) -> SigningKey | None:
    """Another key in the place of the one there is, which is destroyed: nobody may sign with it any more who does not
    know what it signed. None when there is none."""
    renewed = keep.change(_NAME, lambda held: held and {**_fresh(""), "name": held.get("name", "")})
    return None if renewed is None else _key(renewed)


def _fresh(origin: str) -> Mapping[str, str]:
    return {"name": f"{origin}/witness", "key": Ed25519PrivateKey.generate().private_bytes_raw().hex()}


def _key(held: Mapping[str, str]) -> SigningKey:
    if not held.get("name") or not _HEX.fullmatch(held.get("key", "")):
        raise damaged(_NAME)
    return SigningKey(held["name"], Ed25519PrivateKey.from_private_bytes(bytes.fromhex(held["key"])))
