"""The engine's `Book` on the store: every method one short transaction, off the event loop.

A commit of unknown fate (the connection broke under it) is read again: own (attempt, token, n) in the row means it
happened, and the caller goes on as if it had been told; otherwise it is done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

from robo.engine.ports import Fence, Held, ItemEnd, JournalRow, JournalState, OnceKey, StepTrace, Wish
from robo.model.base import ItemState, Outcome
from robo.model.review import Due, Question, Reviewed
from robo.store import attempts, items, journal, outcomes, reviews
from robo.store import history as histories
from robo.store.clock import Tx, now
from robo.store.engine import Store

T = TypeVar("T")
N = TypeVar("N")

Keep = Callable[[Fence, str, bytes], str]
"""Saves evidence bytes durably and returns the file's name in the evidence folder. Called in a thread."""


OVER: Final = frozenset({Outcome.DONE, Outcome.SKIPPED, Outcome.REJECTED})
"""Outcomes after which nobody goes on from a finished segment."""


class Files(Protocol):
    """Where files are that finished segments left. Called in a thread."""

    def keep(self, item: str, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same outputs, in which every file is one that a later attempt finds."""
        ...

    def any(self) -> bool:
        """Whether there are any."""
        ...

    def forget(self, items: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Onward(Generic[N]):
    """What follows an outcome in its own commit: a slot takes its next work there, instead of waiting for a second."""

    take: Callable[[Tx], N]
    took: Callable[[Tx, Fence], N]
    """What `take` took after the outcome of this attempt: asked when nobody could tell whether the commit happened."""


class StoreBook(Generic[N]):
    """Implements `robo.engine.ports.Book`. One per slot; `woken` is told attempts that an outcome queued, `clocked`
    is called before a reading of the journal, and what it returns is told the database time of it, in seconds."""

    def __init__(
        self,
        store: Store,
        *,
        onward: Onward[N] | None = None,
        credit: outcomes.Credit | None = None,
        keep: Keep | None = None,
        files: Files | None = None,
        woken: Callable[[Sequence[str]], None] | None = None,
        clocked: Callable[[], Callable[[float], None]] | None = None,
    ) -> None:
        self._store = store
        self._onward = onward
        self._taken: N | None = None
        self._credit = credit
        self._keep = keep
        self._files = files
        self._woken = woken
        self._clocked = clocked

    async def journal(self, once: OnceKey) -> JournalRow:
        """An open row says how long to wait; the clock that this was computed with is compared."""

        def look(tx: Tx) -> tuple[JournalRow, datetime | None]:
            row = journal.read(tx, once)
            return row, now(tx) if row.state is JournalState.OPEN else None

        said = self._clocked() if self._clocked is not None else None
        row, at = await self._store.look(look)
        if said is not None and at is not None:
            said(at.timestamp())
        return row

    async def rows(self, fence: Fence) -> Sequence[JournalRow]:
        return await self._store.look(lambda tx: journal.in_loops(tx, fence.item))

    async def intent(
        self,
        fence: Fence,
        seen: JournalRow,
        *,
        budget: float,
        settle: float,
        digest: str,
        outputs: Mapping[str, Any],
        lines: Sequence[StepTrace] = (),
    ) -> JournalRow:
        outputs = await self._filed(fence, outputs)

        def happened(tx: Tx) -> JournalRow | None:
            row = journal.read(tx, seen.once)
            mine = (row.item, row.token, row.n) == (fence.item, fence.token, seen.n + 1)
            return row if mine and row.state is JournalState.OPEN else None

        def work(tx: Tx) -> JournalRow:
            row = journal.intent(tx, fence, seen, budget=budget, settle=settle, digest=digest, outputs=outputs)
            histories.add(tx, fence, lines)
            return row

        return await self._store.run(work, happened=happened)

    async def note_refusal(self, fence: Fence, seen: JournalRow, code: str, words: str) -> JournalRow:
        return await self._store.run(
            lambda tx: journal.note_refusal(tx, fence, seen, code, words),
            happened=_row_is(seen, lambda row: row.n == seen.n and row.after_refusal == code),
        )

    async def cannot_tell(self, fence: Fence, seen: JournalRow, why: str) -> JournalRow:
        return await self._store.run(
            lambda tx: journal.cannot_tell(tx, fence, seen, why),
            happened=_row_is(seen, lambda row: row.n == seen.n and row.looks == seen.looks + 1),
        )

    async def absent(self, fence: Fence, seen: JournalRow, why: str, *, witnessed: bool = False) -> JournalRow:
        def work(tx: Tx) -> JournalRow:
            return journal.absent(tx, fence, seen, why, witnessed=witnessed)

        def told(row: JournalRow) -> bool:
            return row.state is JournalState.NONE and (row.n, row.token) == (seen.n, fence.token)

        return await self._store.run(work, happened=_row_is(seen, told))

    async def done(
        self,
        fence: Fence,
        seen: JournalRow,
        *,
        by: str,
        ours: bool,
        receipt: Mapping[str, Any],
        outputs: Mapping[str, Any],
        sends: int = 0,
    ) -> JournalRow:
        outputs = await self._filed(fence, outputs)

        def work(tx: Tx) -> JournalRow:
            return journal.done(tx, fence, seen, by=by, ours=ours, receipt=receipt, outputs=outputs, sends=sends)

        def told(row: JournalRow) -> bool:
            return row.state is JournalState.DONE and (row.n, row.token) == (seen.n, fence.token)

        return await self._store.run(work, happened=_row_is(seen, told))

    async def end(self, fence: Fence, end: ItemEnd) -> None:
        def work(tx: Tx) -> tuple[tuple[str, ...], N | None]:
            woken = outcomes.end(tx, fence, end, self._credit)
            return woken, self._onward.take(tx) if self._onward else None

        def happened(tx: Tx) -> tuple[tuple[str, ...], N | None] | None:
            item = items.get(tx, fence.item)
            if item.token != fence.token or item.state != ItemState(end.outcome):
                return None
            return (), self._onward.took(tx, fence) if self._onward else None

        woken, self._taken = await self._store.run(work, happened=happened)
        if woken and self._woken is not None:
            self._woken(woken)
        if self._files is not None and end.outcome in OVER and self._files.any():
            files, mine = self._files, await self._store.look(lambda tx: items.same_key(tx, fence.item))
            await self._store.call(lambda: files.forget(mine))

    def taken(self) -> N | None:
        """What `onward` took with the last outcome, once; None when the item did not end (postponed, stale)."""
        taken, self._taken = self._taken, None
        return taken

    async def postpone(
        self,
        fence: Fence,
        seconds: float,
        reason: str,
        *,
        costs: bool,
        held: Held | None = None,
        history: Sequence[StepTrace] = (),
    ) -> None:
        def work(tx: Tx) -> str:
            attempt = attempts.postpone(tx, fence, seconds, reason, costs=costs, held=held)
            histories.add(tx, fence, history)
            return attempt

        await self._store.run(work, happened=lambda tx: attempts.successor(tx, fence))

    async def review(self, key: OnceKey) -> Reviewed:
        return await self._store.look(lambda tx: reviews.read(tx, key))

    async def ask(
        self,
        fence: Fence,
        key: OnceKey,
        seen: Reviewed,
        question: Question,
        *,
        outputs: Mapping[str, Any],
        row_digest: str,
        due: Due,
        history: Sequence[StepTrace] = (),
    ) -> None:
        outputs = await self._filed(fence, outputs)

        def work(tx: Tx) -> bool:
            reviews.ask(tx, fence, key, seen, question, outputs=outputs, row_digest=row_digest, due=due)
            histories.add(tx, fence, history)
            return True

        def happened(tx: Tx) -> bool | None:
            row = reviews.read(tx, key)
            return True if (row.item, row.n) == (fence.item, seen.n + 1) else None

        await self._store.run(work, happened=happened)

    async def attempts_left(self, fence: Fence) -> int:
        return await self._store.look(lambda tx: attempts.left(tx, fence))

    async def wish(self, fence: Fence) -> Wish | None:
        return await self._store.look(lambda tx: attempts.wish(tx, fence))

    async def trace(self, fence: Fence, lines: Sequence[StepTrace]) -> None:
        if lines:
            await self._store.run(lambda tx: histories.trace(tx, fence, lines))

    async def evidence(self, fence: Fence, name: str, content: bytes) -> None:
        """Bytes first, then the row: a row never names a file that is not there."""
        if self._keep is None:
            return
        keep = self._keep

        def work(tx: Tx) -> str:
            return histories.keep(tx, fence, name, file, content)

        file = await self._store.call(lambda: keep(fence, name, content))
        await self._store.run(work)

    async def _filed(self, fence: Fence, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Files first, then the row that names them."""
        files = self._files
        return (
            outputs if files is None or not outputs else await self._store.call(lambda: files.keep(fence.item, outputs))
        )


def _row_is(seen: JournalRow, told: Callable[[JournalRow], bool]) -> Callable[[Tx], JournalRow | None]:
    """Reads the row again after a commit of unknown fate: the row when `told` says that it was ours."""

    def happened(tx: Tx) -> JournalRow | None:
        row = journal.read(tx, seen.once)
        return row if told(row) else None

    return happened
