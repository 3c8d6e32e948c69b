"""What is told of a ledger that is not what its log bears out: which row, where, what it says, and what is right."""

from __future__ import annotations

from typing import Any, Final

from robo.errors import InfrastructureError

SAYS, SHOULD, ROW = "says", "should", "row"
"""The facts of a difference."""
_KEEP: Final = (
    "keep this export as evidence and show its region the place; the region looks at its own store with "
    "`robo ledger verify`"
)


def difference(
    code: str, message: str, *, seq: int | None = None, place: str = "", row: str = "", **facts: Any
) -> InfrastructureError:
    """The error for the first thing that differs, at the entry `seq` or at a `place` of a file. `row`: the id of the
    row, the record or the statement; `says`: what was said, `should`: what is right."""
    at = place if seq is None else f"entry {seq}"
    return InfrastructureError(code, message, place=at, remedy=_KEEP, row=row, **facts)


def shapeless(seq: int, kind: str) -> InfrastructureError:
    """The error for an entry that does not say what its type says: no robo wrote it."""
    return difference("RB052", "the entry is not what robo writes as %(type)s", seq=seq, type=kind)
