"""Who a pseudonym of the audit log is: known here only, and forgotten on its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update

from robo.store.accounts_tables import people
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.races import lands

_CHANCE: Final = 12
"""Last digits of an id that are chance: 60 bits."""
_SEEN: Final = timedelta(days=1)
"""How old `seen` may get before it is written again."""


def pseudonym(tx: Tx, account: str) -> str:
    """What the log calls `account`: drawn by lot at its first act here, so that nobody can calculate it from a name."""
    mine, at = people.c.account == account, now(tx)
    known = tx.execute(select(people).where(mine)).one_or_none()
    if known is None:
        fresh = f"person-{new_id()[-_CHANCE:]}"
        if lands(tx, people, {"pseudonym": fresh, "account": account, "first": at, "seen": at}):
            return fresh
        known = tx.execute(select(people).where(mine)).one()
    if at - known.seen > _SEEN:
        tx.execute(update(people).where(mine).values(seen=at))
    return str(known.pseudonym)


def names(tx: Tx) -> dict[str, str]:
    """The accounts of the pseudonyms that are known."""
    return {row.pseudonym: row.account for row in tx.execute(select(people.c.pseudonym, people.c.account))}


def forget(tx: Tx, before: datetime) -> int:
    """Forget who the pseudonyms are of those who did nothing since; how many. Whoever comes back gets another one."""
    return tx.execute(delete(people).where(people.c.seen < before)).rowcount
