"""The keys that payloads are encrypted with: one a region, class and month, each made of the one before it.

`K(m + 1) = SHA-256("robo next period" || K(m))`. The secrets backend holds the key of the oldest month that was not
purged, and nothing holds the others: moved on by a month, nobody can go back to it, in no backup of the database.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from robo.errors import InfrastructureError
from robo.services.secrets import OWN, Keep

FIRST: Final = "2020-01"
"""The month that a chain begins with, before any log: a clock that goes back finds its month all the same."""
SIZE: Final = 32
_NEXT: Final = b"robo next period"
_PERIOD: Final = re.compile(r"([^/]+)/([a-z]+)/(\d{4}-(?:0[1-9]|1[0-2]))")
_MONTH: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


class SecretPeriods:
    """`robo.store.periods.Periods` over the secrets backend. A key that was asked for stays in memory; a seed does not.

    Threads may share it. Whatever the backend raises passes through, and RB642 when a seed is damaged."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._known: dict[str, bytes] = {}

    def key(self, period: str) -> bytes | None:
        """The 32 bytes of `REGION/CLASS/YYYY-MM`; None when the month was purged (or is before `FIRST`), or when this
        is no period. The first that is asked of a region and a class makes their seed, once among all processes."""
        known = self._known.get(period)
        if known is None and (found := _PERIOD.fullmatch(period)):
            name = _name(found[1], found[2])
            held = self._keep.read(name) or self._keep.change(name, lambda held: held or _parts(FIRST, _fresh()))
            known = _derived(name, held or {}, found[3])
            if known is not None:
                self._known[period] = known
        return known

    def destroy_until(self, region: str, kept: str, month: str) -> bool:
        """Destroy the keys of a region and a class up to `month` (`YYYY-MM`), it too: the seed is moved on behind it,
        the earlier one is overwritten. True when there was something to destroy. Durable when this returns."""
        name = _name(region, kept)
        moved = []

        def move(held: Mapping[str, str] | None) -> Mapping[str, str] | None:
            following = _month(_number(month) + 1)
            if held is None or (later := _derived(name, held, following)) is None or held["from"] == following:
                return held
            moved.append(following)
            return _parts(following, later)

        self._keep.change(name, move)
        for period in [each for each in self._known if _is_gone(each, region, kept, month)]:
            del self._known[period]
        return bool(moved)


def _fresh() -> bytes:
    return secrets.token_bytes(SIZE)


def _name(region: str, kept: str) -> str:
    return f"{OWN}period-{region}-{kept}"


def _parts(month: str, seed: bytes) -> Mapping[str, str]:
    return {"from": month, "seed": seed.hex()}


def _derived(name: str, held: Mapping[str, str], month: str) -> bytes | None:
    """The key of a month, from the seed that is held; None when the month is before it. RB642."""
    first, seed = held.get("from", ""), held.get("seed", "")
    if not _MONTH.fullmatch(first) or not re.fullmatch(f"[0-9a-f]{{{2 * SIZE}}}", seed):
        raise damaged(name)
    steps = _number(month) - _number(first)
    key = bytes.fromhex(seed)
    for _ in range(steps):
        key = sha256(_NEXT + key).digest()
    return key if steps >= 0 else None


def damaged(name: str) -> InfrastructureError:
    """What is kept under the name of one of robo's own keys is none."""
    return InfrastructureError(
        "RB642",
        "what is kept as %(name)s is no key of robo's",
        place=f"secrets/{name}",
        remedy="restore the secrets from your backup: the file and its key, or the keyring",
        name=name,
    )


def _is_gone(period: str, region: str, kept: str, month: str) -> bool:
    return period.startswith(f"{region}/{kept}/") and period[-len(month) :] <= month


def _number(month: str) -> int:
    """The months since the year 0; their order and their distance."""
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def _month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"
