"""What a key is called once it was purged: a keyed hash of it, so that who has the key finds what was done under it,
and who has only the database cannot read it.

The key of the hash is the region's key of units, which is never in the database. Whoever looks for a key looks for
both: rows of a purged item keep protecting its key (page "once protocol", S1), and tell nobody whose it was.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Final

from robo.store.clock import Tx

OPTION: Final = "robo_units"
"""Where a transaction finds the region's keys of units, among its execution options."""
SIGN: Final = "~"
"""What an alias begins with."""
DIGITS: Final = 32
"""Hexadecimal digits of an alias: 128 bits."""

LIKE: Final = SIGN + "_" * DIGITS
"""What is written so is an alias, in SQL: a key of somebody's may begin with `SIGN` too."""

_ALIAS: Final = re.compile(f"{SIGN}[0-9a-f]{{{DIGITS}}}")

Units = Callable[[str], bytes]
"""The region's key of units, 32 bytes, by the region's name."""


def is_alias(key: str) -> bool:
    """Whether this is what a key is called once it was purged."""
    return _ALIAS.fullmatch(key) is not None


def alias(tx: Tx, environment: str, process: str, region: str, key: str) -> str:
    """What `key` is called once it was purged. `key` itself where the store was opened without keys: nothing can have
    been purged with them."""
    units: Units | None = tx.get_execution_options().get(OPTION)
    return key if units is None else hashed(units(region), environment, process, key)


def new_alias(tx: Tx, environment: str, process: str, region: str, key: str) -> str:
    """The same, for whoever purges: there the region's key must be at hand."""
    units: Units = tx.get_execution_options()[OPTION]
    return hashed(units(region), environment, process, key)


def aliases(tx: Tx, environment: str, process: str, region: str, keys: Iterable[str]) -> dict[str, str]:
    """The key by whatever it may be stored as: each of `keys` by itself and by its alias."""
    units: Units | None = tx.get_execution_options().get(OPTION)
    if units is None:
        return {key: key for key in keys}
    own = units(region)
    return {stored: key for key in keys for stored in (key, hashed(own, environment, process, key))}


def hashed(own: bytes, environment: str, process: str, key: str) -> str:
    """HMAC-SHA256 under the region's key of units, cut to `DIGITS`."""
    text = f"robo key\x00{environment}\x00{process}\x00{key}"
    return SIGN + hmac.new(own, text.encode(), hashlib.sha256).hexdigest()[:DIGITS]
