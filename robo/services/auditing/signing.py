"""The key that seals a log: Ed25519, made at first use, in the secrets backend and nowhere else.

Each log has its own, under its name. While it is changed the following one stands beside it; what is destroyed is
overwritten there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from robo.errors import InfrastructureError
from robo.proof.note import SigningKey
from robo.services.keys import damaged
from robo.services.secrets import OWN, Keep

KEY: Final = "key"
FOLLOWING: Final = "following"
_HEX: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Ring:
    """The key of a log, and the one it is being changed for."""

    key: SigningKey
    following: SigningKey | None = None


def open_ring(keep: Keep, origin: str, *, make: bool) -> Ring:
    """The key of the log called `origin`; with `make` it is made where there is none, once among all processes.

    `InfrastructureError` RB643 when it is gone, RB642 when it is damaged, and whatever the backend says."""
    name = _name(origin)
    held = keep.read(name)
    if held is None and make:
        held = keep.change(name, lambda held: held or {KEY: _fresh()})
    if held is None:
        raise InfrastructureError(
            "RB643",
            "the key that seals the log %(origin)s is not among the secrets of this machine",
            place=f"secrets/{name}",
            remedy="restore the secrets from your backup, or give this machine those of the machine that sealed it",
            origin=origin,
        )
    return _ring(origin, held)


def with_following(keep: Keep, origin: str) -> Ring:
    """The ring with a key to change to: the one that a change cut short has left, or a new one. RB642 when damaged."""
    held = keep.change(_name(origin), lambda held: held and {FOLLOWING: _fresh(), **held})
    return _ring(origin, held or {})


def promote(keep: Keep, ring: Ring) -> Ring:
    """The following key takes the place of the key, which is destroyed; nothing where that was done."""
    origin, following = ring.key.name, ring.following

    def change(held: Mapping[str, str] | None) -> Mapping[str, str] | None:
        wanted = following is not None and following.private.private_bytes_raw().hex()
        return {KEY: held[FOLLOWING]} if held and held.get(FOLLOWING) == wanted else held

    return _ring(origin, keep.change(_name(origin), change) or {})


def _name(origin: str) -> str:
    return f"{OWN}log-{origin}"


def _fresh() -> str:
    return Ed25519PrivateKey.generate().private_bytes_raw().hex()


def _ring(origin: str, held: Mapping[str, str]) -> Ring:
    texts = [held.get(KEY, ""), *([held[FOLLOWING]] if FOLLOWING in held else [])]
    if not all(map(_HEX.fullmatch, texts)):
        raise damaged(_name(origin))
    return Ring(*(SigningKey(origin, Ed25519PrivateKey.from_private_bytes(bytes.fromhex(each))) for each in texts))
