"""The once protocol: one segment brought to its effect, as the journal's table says.

| state         | event                                            | next                       | here           |
|---------------|--------------------------------------------------|----------------------------|----------------|
| none, refused | intent                                           | open n+1                   | `gate`         |
| none, refused | found before intent                              | done, not ours             | `_look_before` |
| open          | answer read: receipt                             | done, ours                 | `_answered`    |
| open          | seen by who acted: nothing left                  | none                       | `_answered`    |
| open          | refused, no answer, error, deadline, taken over  | open, wait, verify         | `_settle`      |
| open, ripe    | found                                            | done, ours by mark         | `_settle`      |
| open, ripe    | absent; absent after refusal                     | none; refused + `rejected` | `_absent`      |
| open, ripe    | cannot tell, the last time                       | open, item `unknown`       | `_cannot_tell` |
| done          | any                                              | skip segment, restore      | `_restore`     |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn

from robo.engine import kept, leftovers, verify
from robo.engine.attempt import Attempt
from robo.engine.calls import declared_words, make_call, seconds_of, words_for
from robo.engine.faultpoints import reach
from robo.engine.gate import SubmitGate
from robo.engine.history import noted
from robo.engine.pieces import blamed
from robo.engine.ports import ItemEnd, JournalRow, JournalState, OnceKey
from robo.engine.rehearsing import rehearse
from robo.engine.signals import Ending, Later
from robo.engine.turns import turn_key
from robo.errors import Failure, Rejection, RoboError, StaleToken, UndeclaredEffect, Words, english, words_of
from robo.model.base import MISSING, Outcome
from robo.model.process import Step
from robo.plan.model import Once, Segment
from robo.plan.steps import runner_of
from robo.sdk.runner import Answer, Call, Refused

INTENTS: Final = 2
"""Intents whose effect was found absent, before a person is asked."""
PATIENCE: Final = (5 * 60.0, 30 * 60.0, 120 * 60.0)
"""Seconds until the next look after verify could not tell; after the last one the item is `unknown`."""
SHORT: Final = 2.0
"""A wait in place, in seconds; a longer one frees the slot."""


class OnceSegment:
    """One segment that ends in an effect."""

    def __init__(self, attempt: Attempt, segment: Segment, once: Once) -> None:
        self._attempt = attempt
        self._book = attempt.book
        self._segment = segment
        self._once = once
        self._started = False
        """Its steps ran in this attempt: what they left is in hand, not on the row."""

    async def close(self) -> None:
        """Until the row is `done`, or the step's `when` says that there is nothing to do. Ends the item by raising."""
        row = await self.row()
        if row.state is JournalState.DONE:
            await self._restore(row)
            return
        going: JournalRow | None = row
        while going is not None and going.state is not JournalState.DONE:
            if going.state is JournalState.OPEN:
                going = await self._settle(going)
            else:
                going = await self._start(going)

    async def settle(self, row: JournalRow) -> None:
        """An intent that an earlier attempt left open in a loop: closed before anything else (rule `first`), whether
        or not its turn still is in the list."""
        self._attempt.recall(row)
        while row.state is JournalState.OPEN:
            row = await self._settle(row)

    @property
    def _first(self) -> bool:
        """Nothing of the item happened before this. In a loop one turn says nothing about the item."""
        return not self._attempt.effects and not self._attempt.turns

    # -- the row

    async def row(self) -> JournalRow:
        """The row of this effect. One written under a former name of the step (`was`) goes on being used."""
        key = await self._key()
        row = await self._book.journal(key)
        if row.n or row.state is not JournalState.NONE:
            return row
        for was in self._once.was:
            former = await self._book.journal(_renamed(key, was))
            if former.n or former.state is not JournalState.NONE:
                return former
        return row

    async def _key(self) -> OnceKey:
        work, plan = self._attempt.work, self._attempt.plan
        key = await self._attempt.names.render(self._once.key)
        if key is MISSING or not str(key).strip():
            raise Rejection("no-key", "the key of the step %(step)s is empty", step=self._once.id)
        whole = turn_key(str(key).strip(), self._attempt.turns)
        return OnceKey(work.environment, plan.process, plan.region, self._once.id, whole, work.doing)

    async def _again(self, row: JournalRow) -> JournalRow:
        """The row as it is now. Somebody else changed it: nothing here may go on (rule `number`)."""
        now = await self._book.journal(row.once)
        if (now.state, now.n) != (row.state, row.n):
            raise StaleToken("RB612", "the journal row of %(step)s was changed by somebody else", step=self._once.id)
        return now

    async def _restore(self, row: JournalRow) -> None:
        """A finished segment is skipped; what it left is there again."""
        attempt, first = self._attempt, self._first
        attempt.closed(self._once, row)
        attempt.history.add(self._once.step, "skipped", "done before")
        if first and _was_there(row):
            raise Ending(self._already_there(row))
        if self._lacking(row.outputs):
            await self._read_again(row)
        self._must_have(kept.lacking(row.outputs, self._segment.behind))

    def _lacking(self, outputs: Mapping[str, Any]) -> list[str]:
        """Outputs this plan reads that the row does not hold (it was written under an older plan)."""
        there = outputs.get(self._once.id)
        names = there if isinstance(there, Mapping) else {}
        return [name for name in self._once.outputs if name.partition(".")[2] not in names]

    async def _read_again(self, row: JournalRow) -> None:
        look = verify.Look(None) if self._once.verify is None else await verify.ask(self._attempt, self._once)
        found = {**row.receipt, **look.values} if look.found else {}
        self._must_have(self._lacking({self._once.id: found}))
        self._attempt.names.restore({self._once.id: found})

    def _must_have(self, lacking: list[str]) -> None:
        if lacking:
            raise Ending(self._attempt.never_read(self._once.step, lacking))

    # -- none, refused

    async def _start(self, row: JournalRow) -> JournalRow | None:
        """The segment's steps up to its submit. None: its `when` does not hold."""
        attempt, once = self._attempt, self._once
        await attempt.boundary()
        if row.state is JournalState.NONE and row.n >= INTENTS and row.closed_by != "person":
            raise Ending(self._ask_a_person(row))
        attempt.begin_segment()
        self._started = True
        await attempt.steps.run(self._segment.lead)
        if once.step.when is not None and not await attempt.names.truth(once.step.when):
            attempt.history.add(once.step, "skipped")
            attempt.keep_segment()
            return None
        there = await self._look_before(row)
        if there is not None:
            return there
        await leftovers.clear(attempt, once)
        within = None if once.submit is once.step else once.step.within
        attempt.notes.clear()
        await attempt.steps.run(once.body, in_once=True, within=within)
        entries = [
            await make_call(attempt.plan, step, attempt.names, in_once=True, within=within) for step in once.entries
        ]
        call = await make_call(attempt.plan, once.submit, attempt.names, in_once=True, within=within)
        call = replace(call, effect_id=row.once.effect_id)
        if attempt.work.dry_run:
            raise Ending(await rehearse(attempt, once, entries, call))
        for step, made in zip((*once.entries, once.submit), (*entries, call), strict=True):
            await attempt.watch(step, made)
        return await self._submit(row, entries, call)

    async def _look_before(self, row: JournalRow) -> JournalRow | None:
        """Asked before an intent: found closes the row, and it is not ours (rules `mark`, `positive`)."""
        declared = self._once.verify
        if declared is None or declared.asks == "after":
            return None
        look = await verify.ask(self._attempt, self._once)
        if look.found is None:
            raise Failure(
                "RB557",
                "cannot tell whether the effect of %(step)s is already there: %(why)s",
                remedy="nothing was sent; look at the page `verify` searches",
                step=self._once.id,
                why=look.why,
            )
        if not look.found:
            return None
        first = self._first
        if self._attempt.work.dry_run:
            return self._seen(row, look)
        row = await self._done(row, by="verify", ours=False, values=look.values)
        if first and _was_there(row):
            raise Ending(self._already_there(row))
        return row

    def _seen(self, row: JournalRow, look: verify.Look) -> JournalRow:
        """A dry run writes nothing: what is there already ends the item, or one turn of a loop."""
        if not self._attempt.turns:
            raise Ending(self._already_there(row))
        values = dict(look.values)
        self._attempt.names.restore({self._once.id: values})
        self._attempt.history.add(self._once.step, "found")
        return replace(row, state=JournalState.DONE, closed_by="verify", receipt=values)

    # -- the effect

    async def _submit(self, row: JournalRow, entries: list[Call], call: Call) -> JournalRow:
        attempt, once = self._attempt, self._once
        runner, names = runner_of(call.action), self._segment.behind | once.looked
        gate = SubmitGate(
            attempt,
            row,
            entries=once.entries,
            budget=call.timeout,
            settle=once.settle.total_seconds(),
            outputs=kept.within_bounds(once.step, {**attempt.segment_outputs(names), **attempt.outside(once)}),
        )
        session = await attempt.session(runner, [*entries, call])
        trouble, answer = None, Answer()
        try:
            async with attempt.guarded(runner, [*entries, call]):
                answer = await session.submit(entries, call, gate)
        except Exception as happened:  # noqa: BLE001 - after the gate no exception says anything about the effect
            trouble = happened
            if not isinstance(trouble, RoboError | Refused) and gate.refusal is None:
                await attempt.lose(runner)
        reach("after effect", once.id)
        opened = await gate.settled()
        if opened is None:
            await self._not_sent(gate, trouble)
        attempt.names.forget()
        if isinstance(trouble, UndeclaredEffect):
            raise Ending(self._unknown(trouble.code, trouble.message, trouble.facts))
        if trouble is not None:
            attempt.history.add(once.submit, "failed", words_of(trouble), gate.began)
            return opened
        said = "failed" if answer.absent else "refused" if answer.refused else "ok"
        attempt.history.add(once.submit, said, noted(answer), gate.began)
        return await self._answered(opened, call, answer)

    def _where(self, trouble: Exception) -> Step:
        return blamed((*self._once.entries, self._once.submit), trouble)

    async def _not_sent(self, gate: SubmitGate, trouble: Exception | None) -> NoReturn:
        """No intent was committed, so nothing left: an ordinary trouble. Always raises."""
        if gate.refusal is not None:
            raise gate.refusal
        if isinstance(trouble, Refused):
            says = await words_for(self._attempt.names, self._once.submit.refused, trouble.watched.code)
            await self._attempt.refuse(Outcome.REJECTED, self._once.submit, trouble.watched.code, says or trouble.words)
        if trouble is not None:
            self._attempt.history.add(self._where(trouble), "failed", words_of(trouble))
            raise trouble
        raise UndeclaredEffect(
            "RB558",
            "%(action)s submitted without passing its gate",
            remedy="this is a defect of the runner; look in the application before anything else",
            action=self._once.submit.action,
        )

    async def _answered(self, row: JournalRow, call: Call, answer: Answer) -> JournalRow:
        """What the other side said. A receipt closes the row; so does that nothing left, and the item is told why.
        Anything else leaves it open, to be verified."""
        if answer.absent is not None:
            await self._book.absent(self._attempt.fence, row, str(answer.absent), witnessed=True)
            self._attempt.open = None
            raise answer.absent
        if answer.refused is not None:
            if not answer.refused.ends_only:
                row = await self._refused(row, answer.refused.code, answer.words)
            return row
        if answer.values:
            return await self._done(row, by="answer", ours=True, values=answer.values, sends=answer.requests)
        if call.watch.read is None and answer.values is not None and self._once.verify is not None:
            look = await verify.ask_in_doubt(self._attempt, self._once)
            if look.found:
                return await self._done(row, by="verify", ours=look.marked, values=look.values, sends=answer.requests)
        return row

    async def _refused(self, row: JournalRow, code: str, words: str) -> JournalRow:
        """A refusal is kept on the open row, until verify decides (rule `refusal`)."""
        try:
            row = await self._book.note_refusal(self._attempt.fence, row, code, words)
        except StaleToken:
            await self._attempt.keep_answer({"refused": code, "words": words})
            raise
        self._attempt.open = row
        return row

    # -- open

    async def _settle(self, row: JournalRow) -> JournalRow:
        """An open intent, whoever wrote it: wait until it is ripe, look, and close it one way or the other."""
        attempt, once = self._attempt, self._once
        attempt.open = row
        if attempt.work.dry_run:
            raise Ending(attempt.ending(Outcome.SKIPPED, "dry-run", "an earlier submit of this key is in doubt"))
        if not self._started:
            attempt.restore(row.outputs)
        if once.verify is None and not verify.has_own_proof(attempt.plan, once):
            raise Ending(
                self._unknown("unverifiable", "whether %(step)s happened cannot be verified", {"step": row.once.label})
            )
        row = await self._ripe(await self._again(row))
        began = attempt.history.begin()
        look = await verify.ask_in_doubt(attempt, once)
        attempt.history.add(once.step, _SEEN[look.found], look.why, began)
        if look.found:
            return await self._done(row, by="verify", ours=look.marked, values=look.values)
        if look.found is None:
            return await self._cannot_tell(row, look)
        return await self._absent(row, look.why)

    async def _ripe(self, row: JournalRow) -> JournalRow:
        """Nobody verifies before `act_by` + settle, nor so long after the database clock jumped (rule `wait`)."""
        whole = seconds_of(self._attempt.plan, self._once.submit) + self._once.settle.total_seconds()
        while (seconds := max(row.ripe_in, self._attempt.clock.untrusted(whole))) > 0:
            if seconds > SHORT:
                raise Later(seconds, "an effect in doubt is verified when its time is over")
            await self._attempt.clock.sleep(seconds)
            row = await self._again(row)
        return row

    async def _absent(self, row: JournalRow, why: Words) -> JournalRow:
        attempt = self._attempt
        if row.after_refusal:
            step = self._once.submit
            says = await words_for(attempt.names, step.refused, row.after_refusal)
            says = says or declared_words(step.refused, row.after_refusal)
            raise Ending(attempt.refusal(Outcome.REJECTED, step, row.after_refusal, says, row=row))
        row = await self._book.absent(attempt.fence, row, english(why))
        attempt.open = None
        return row

    async def _cannot_tell(self, row: JournalRow, look: verify.Look) -> JournalRow:
        facts = {"step": row.once.label, "why": look.why}
        if look.for_good:
            raise Ending(self._unknown("unverifiable", "whether %(step)s happened cannot be verified: %(why)s", facts))
        why = english(look.why)
        row = await self._book.cannot_tell(self._attempt.fence, row, why)
        if row.looks <= len(PATIENCE):
            raise Later(PATIENCE[row.looks - 1], f"cannot tell whether an effect is there: {why}")
        raise Ending(self._unknown("cannot-tell", "whether %(step)s happened could not be told: %(why)s", facts))

    # -- done, and the ends of an item

    async def _done(
        self, row: JournalRow, *, by: str, ours: bool, values: Mapping[str, Any], sends: int = 0
    ) -> JournalRow:
        attempt = self._attempt
        behind = self._segment.behind
        left = attempt.segment_outputs(behind) if self._started else kept.kept_again(row.outputs, behind)
        outputs = {**left, self._once.id: dict(values)}
        if self._once.submit.named:
            outputs[self._once.submit.id] = dict(values)
        try:
            row = await self._book.done(
                attempt.fence, row, by=by, ours=ours, receipt=values, outputs=outputs, sends=sends
            )
        except StaleToken:
            await attempt.keep_answer(values)
            raise
        reach("after receipt", self._once.id)
        attempt.names.forget()
        attempt.closed(self._once, row)
        self._must_have(kept.lacking(left, behind))
        return row

    def _already_there(self, row: JournalRow) -> ItemEnd:
        message = "the effect of %(step)s was already there"
        return self._attempt.ending(Outcome.SKIPPED, "already-there", message, {"step": self._once.id, **row.receipt})

    def _ask_a_person(self, row: JournalRow) -> ItemEnd:
        message = "%(step)s was submitted %(n)s times and is not there; a person must look"
        return self._unknown("not-there", message, {"step": row.once.label, "n": row.n})

    def _unknown(self, code: str, message: str, facts: Mapping[str, Any]) -> ItemEnd:
        return self._attempt.ending(
            Outcome.UNKNOWN,
            code,
            message,
            {"step": self._once.id, "key": self._attempt.work.key, **facts},
            step=self._once.step,
            remedy="look for it in the application, then `robo items resolve %(key)s there`, or `not-there`",
        )


_SEEN: Final = {True: "found", False: "absent", None: "cannot tell"}


def _was_there(row: JournalRow) -> bool:
    """Found before any intent of ours."""
    return row.n == 0 and row.closed_by == "verify"


def _renamed(key: OnceKey, was: str) -> OnceKey:
    return OnceKey(key.environment, key.process, key.region, was, key.key, key.doing)
