"""The regions' keys of units: by them a dossier that was done, or counted, is known again, and cannot be read back.

They are with robo's other keys in the secrets backend, so that machines that share a store share them; and unlike those
of periods they outlive every purge.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from robo.services.disk import on_disk
from robo.services.keys import damaged
from robo.services.secrets import OWN, Keep

SIZE: Final = 32
_PART: Final = "key"


class UnitKeys:
    """`robo.store.aliases.Units` over the secrets backend. A key that was asked for stays in memory.

    `former`: the folder in which the keys were files once; such a file is moved into the backend."""

    def __init__(self, keep: Keep, former: Path) -> None:
        self._keep = keep
        self._former = former
        self._known: dict[str, bytes] = {}

    def __call__(self, region: str) -> bytes:
        """The 32 bytes of a region, made when they are asked for first, once among all processes. RB642 when they are
        damaged, and whatever the backend says."""
        if region not in self._known:
            name = f"{OWN}units-{region}"
            former = self._former / f"ledger-{region}.key"
            held = self._keep.read(name) or self._made(name, former) or {}
            try:
                key = bytes.fromhex(held.get(_PART, ""))
            except ValueError:
                key = b""
            if len(key) != SIZE:
                raise damaged(name)
            with on_disk(former):  # wherever the backend has the key: whoever moved it may have been killed before this
                former.unlink(missing_ok=True)
            self._known[region] = key
        return self._known[region]

    def _made(self, name: str, former: Path) -> Mapping[str, str] | None:
        with on_disk(former):
            before = former.read_bytes() if former.exists() else b""
        return self._keep.change(name, lambda held: held or {_PART: (before or secrets.token_bytes(SIZE)).hex()})
