"""A book in memory, with the same rules as the store's: for tests of the engine and of whoever uses it.

Its clock is whatever is given: tests move it, and `ripe_in` and `not_before` follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from robo.engine.ports import MARK, Fence, Held, ItemEnd, JournalRow, JournalState, OnceKey, StepTrace, Wish, Wished
from robo.errors import StaleToken, StoreConflict
from robo.model.base import ItemState, Outcome
from robo.model.review import Due, Question, Reviewed, ReviewState

FREE = (JournalState.NONE, JournalState.REFUSED)


@dataclass(slots=True)
class MemoryItem:
    """One item: where it is, its token, and how it ended."""

    id: str
    state: ItemState = ItemState.QUEUED
    token: int = 1
    not_before: float = 0.0
    left: int = 2
    """Failed tries it may still have."""
    wish: Wish | None = None
    reason: str = ""
    end: ItemEnd | None = None
    ends: int = 0


@dataclass(slots=True)
class _Stored:
    row: JournalRow
    ripe_at: float = 0.0
    act_by: float = 0.0


@dataclass
class MemoryBook:
    """Implements `Book`. `now` is the database clock, in seconds."""

    now: Callable[[], float]
    items: dict[str, MemoryItem] = field(default_factory=dict)
    traces: list[StepTrace] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    """What was committed, in order: `intent created 1`, `done created`, `end done`, …"""
    _rows: dict[OnceKey, _Stored] = field(default_factory=dict)
    _reviews: dict[OnceKey, Reviewed] = field(default_factory=dict)

    # -- what a worker and a sweep do

    def add(self, item: str, *, left: int = 2) -> MemoryItem:
        self.items[item] = MemoryItem(item, left=left)
        return self.items[item]

    def claim(self, item: str) -> Fence | None:
        """Rule `claim`: queued -> running, once."""
        found = self.items[item]
        if found.state is not ItemState.QUEUED or found.not_before > self.now():
            return None
        found.state = ItemState.RUNNING
        return Fence(f"{item}#{found.token}", item, found.token)

    def requeue(self, item: str, seconds: float = 0.0) -> None:
        """A new token, queued: what the sweep, a postponement or a decision of a person does."""
        found = self.items[item]
        found.token += 1
        found.state, found.not_before = ItemState.QUEUED, self.now() + seconds

    # -- Book

    async def journal(self, once: OnceKey) -> JournalRow:
        stored = self._rows.get(once)
        if stored is None:
            return JournalRow(once=once)
        if stored.row.state is not JournalState.OPEN:
            return stored.row
        return replace(
            stored.row, ripe_in=max(0.0, stored.ripe_at - self.now()), age=max(0.0, self.now() - stored.act_by)
        )

    async def rows(self, fence: Fence) -> Sequence[JournalRow]:
        return [
            await self.journal(once)
            for once, stored in self._rows.items()
            if stored.row.item == fence.item and MARK in once.key
        ]

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
        self._compare(fence, seen, *FREE)
        if (wish := await self.wish(fence)) is not None:
            raise Wished(wish)
        self.traces.extend(lines)
        row = JournalRow(
            once=seen.once,
            state=JournalState.OPEN,
            n=seen.n + 1,
            item=fence.item,
            token=fence.token,
            digest=digest,
            outputs=dict(outputs),
            sends=seen.sends,
        )
        act_by = self.now() + budget
        return await self._put(f"intent {seen.once.step} {row.n}", row, (act_by + settle, act_by))

    async def note_refusal(self, fence: Fence, seen: JournalRow, code: str, words: str) -> JournalRow:
        self._compare(fence, seen, JournalState.OPEN)
        return await self._put(f"refusal {seen.once.step}", replace(seen, after_refusal=code))

    async def cannot_tell(self, fence: Fence, seen: JournalRow, why: str) -> JournalRow:
        self._compare(fence, seen, JournalState.OPEN)
        return await self._put(f"cannot tell {seen.once.step}", replace(seen, looks=seen.looks + 1))

    async def absent(self, fence: Fence, seen: JournalRow, why: str, *, witnessed: bool = False) -> JournalRow:
        self._compare(fence, seen, JournalState.OPEN)
        if not (witnessed and (seen.item, seen.token) == (fence.item, fence.token)):
            self._require_ripe(seen.once)
        row = replace(seen, state=JournalState.NONE, token=fence.token, after_refusal="", looks=0)
        return await self._put(f"absent {seen.once.step}", row)

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
        self._compare(fence, seen, *FREE, JournalState.OPEN)
        row = replace(
            seen,
            state=JournalState.DONE,
            item=seen.item or fence.item,
            token=fence.token,
            closed_by=by,
            ours=ours and seen.state is JournalState.OPEN,
            receipt=dict(receipt),
            outputs=dict(outputs),
            sends=seen.sends + sends,
        )
        return await self._put(f"done {seen.once.step}", row)

    async def end(self, fence: Fence, end: ItemEnd) -> None:
        item = self._mine(fence)
        if end.journal is not None:
            self._compare(fence, end.journal, JournalState.OPEN)
            self._require_ripe(end.journal.once)
            refused = replace(end.journal, state=JournalState.REFUSED, token=fence.token, closed_by="verify")
            await self._put(f"refused {refused.once.step}", refused)
        if end.outcome is not Outcome.UNKNOWN and self._open_intent(fence.item):
            raise StoreConflict("RB616", "an intent of the item is open")
        item.state, item.end, item.ends = ItemState(end.outcome), end, item.ends + 1
        self.traces.extend(end.history)
        self.commits.append(f"end {end.outcome}")

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
        item = self._mine(fence)
        self.traces.extend(history)
        item.left -= int(costs)
        item.reason = reason
        self.requeue(fence.item, seconds)
        if held:
            item.state = ItemState.HELD
        self.commits.append("held" if held else f"postpone {seconds:g}{' costs' if costs else ''}")

    async def review(self, key: OnceKey) -> Reviewed:
        return self._reviews.get(key, Reviewed(step=key.step))

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
        item = self._mine(fence)
        if (await self.review(key)).n != seen.n:
            raise StaleToken("RB613", "the journal row is not as it was read")
        self.traces.extend(history)
        asked = datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(seconds=self.now())
        self._reviews[key] = Reviewed(
            id=key.step,
            state=ReviewState.OPEN,
            n=seen.n + 1,
            step=key.step,
            item=fence.item,
            row_digest=row_digest,
            question=question,
            outputs=dict(outputs),
            asked=asked,
            until=due(asked),
        )
        item.state = ItemState.WAITING
        self.commits.append(f"ask {key.step} {seen.n + 1}")

    async def answer(self, key: OnceKey, choice: str, *, overdue: bool = False, **values: Any) -> None:
        """What a person does, or, `overdue`, the end of the time; the item is queued again."""
        state = ReviewState.OVERDUE if overdue else ReviewState.ANSWERED
        self._reviews[key] = replace(self._reviews[key], state=state, choice=choice, values=values)
        self.requeue(self._reviews[key].item)

    async def attempts_left(self, fence: Fence) -> int:
        return max(0, self.items[fence.item].left)

    async def wish(self, fence: Fence) -> Wish | None:
        return self.items[fence.item].wish

    async def trace(self, fence: Fence, lines: Sequence[StepTrace]) -> None:
        self._mine(fence)
        self.traces.extend(lines)

    async def evidence(self, fence: Fence, name: str, content: bytes) -> None:
        self.kept[name] = content

    # -- the rules

    def _mine(self, fence: Fence) -> MemoryItem:
        """Rule `fence`."""
        item = self.items[fence.item]
        if item.state is not ItemState.RUNNING or item.token != fence.token:
            raise StaleToken("RB612", "the attempt belongs to somebody else")
        return item

    def _compare(self, fence: Fence, seen: JournalRow, *states: JournalState) -> None:
        """Rules `fence` and `number`."""
        self._mine(fence)
        stored = self._rows.get(seen.once, _Stored(JournalRow(once=seen.once))).row
        if seen.state not in states or (stored.state, stored.n, stored.looks) != (seen.state, seen.n, seen.looks):
            raise StaleToken("RB613", "the journal row is not as it was read")

    def _require_ripe(self, once: OnceKey) -> None:
        """Rule `wait`."""
        if self._rows[once].ripe_at > self.now():
            raise StoreConflict("RB614", "the effect may still be on its way")

    def _open_intent(self, item: str) -> bool:
        return any(stored.row.state is JournalState.OPEN and stored.row.item == item for stored in self._rows.values())

    async def _put(self, what: str, row: JournalRow, times: tuple[float, float] | None = None) -> JournalRow:
        """`times`: when an intent is ripe, and its `act_by`; otherwise they stay as they were."""
        before = self._rows.get(row.once, _Stored(row))
        self._rows[row.once] = _Stored(row, *(times or (before.ripe_at, before.act_by)))
        self.commits.append(what)
        return await self.journal(row.once)
