"""What the page says back: values, what was expected, a refusal, or nothing in time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Final

from robo.sdk.errors import Failure, NotFound, TimedOut, fill
from robo.sdk.runner import Answer, Call, Refused, Result
from robo.sdk.targets import Read, Target, Watched
from robo.sdk.values import MISSING
from robo_browser.acting import Hands, drift, moved, watch_job
from robo_browser.frames import apart, where
from robo_browser.reading import Unfit, value_of
from robo_browser.snapshots import unlike
from robo_browser.tab import DocumentGone, Tab
from robo_browser.trouble import failed, listed
from robo_browser.values import target_words
from robo_browser.windows import too_late

Seen = Mapping[str, Any]
SLICE: Final = 0.3
"""Seconds one of several frames is looked at before the others are asked again."""
TELLING: Final = 0.1
"""Seconds before the end of a submit's time that a page says why it saw no answer: after it nobody listens."""
Watching = asyncio.Future[dict[str, Any]]


class Answers:
    """Awaits answers in the window in front of a session."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._pressing: set[asyncio.Future[None]] = set()

    async def after(self, call: Call, end: float) -> Result:
        """What a harmless step awaits: `expect`, `read`, and refusals, which end the item here (`Refused`)."""
        watch = call.watch
        if not (watch.read or watch.expect or watch.refused):
            return Result()
        seen = await self._await(call, watch_job(self._hands, call), watch.read or {}, end)
        if "values" in seen:
            return Result(values=seen["values"], drift=_drifts(watch.read or {}, seen))
        return Result()

    async def read(self, call: Call, reads: Mapping[str, Read], end: float) -> Result:
        """Values of the page as it is, waiting for those that must be there."""
        seen = await self._await(call, {"read": self._reads(call, reads)}, reads, end)
        return Result(values=seen["values"], drift=_drifts(reads, seen), note=_shown(seen["values"]))

    async def expect(self, call: Call, targets: Sequence[Target], end: float) -> Result:
        """Wait until one of ranked alternatives is seen."""
        wanted = [self._hands.target(target, call.within) for target in targets]
        watch = call.watch.model_copy(update={"expect": (Watched(targets=tuple(targets)), *call.watch.expect)})
        seen = await self._await(call, {"expect": [wanted]}, {}, end, expected=watch.expect)
        return Result(note=target_words(targets[0]), drift=_drifts({}, seen))

    def _reads(self, call: Call, reads: Mapping[str, Read]) -> dict[str, Any]:
        return {
            name: {
                "targets": [self._hands.target(target, call.within) for target in read.targets],
                "all": read.all,
                "required": read.required,
            }
            for name, read in reads.items()
        }

    async def _await(
        self,
        call: Call,
        job: Mapping[str, Any],
        reads: Mapping[str, Read],
        end: float,
        expected: Sequence[Watched] = (),
    ) -> Seen:
        """The page's word, with typed values. Raises for what did not come."""
        unfit: dict[str, list[str]] = {}
        trouble: Unfit | None = None
        only_refusals = not reads and not job.get("expect")
        while True:
            seen = await self._hands.do({"job": "watch", **job, "not": unfit, "settled": only_refusals}, end)
            if seen.get("ok") and reads:
                try:
                    return {**seen, "values": _values(reads, seen["values"])}
                except Unfit as bad:
                    trouble = bad
                    _note(unfit, seen)
                    continue
            if seen.get("ok") or seen.get("settled"):
                return seen
            if "refused" in seen:
                raise _refusal(call, seen)
            if trouble is not None:
                raise trouble
            raise await self._hands.missed(self._absent(call, seen, reads, expected or call.watch.expect))

    def _absent(self, call: Call, seen: Seen, reads: Mapping[str, Read], expected: Sequence[Watched]) -> Failure:
        """The error for what did not come in time."""
        sought = _sought(seen, reads, expected)
        if seen.get("unlike") and sought is not None:
            return self._unlike(call, seen, sought)
        if seen.get("several"):
            name = seen["missing"][0]
            return failed(seen["several"], target_words(reads[name].targets[0]), call.step)
        if seen.get("missing"):
            what = target_words(reads[seen["missing"][0]].targets[0])
            if seen.get("blank"):
                return NotFound(
                    "RB738",
                    "%(target)s is there, but says nothing",
                    place=call.step,
                    remedy="say `required: no` if it may be empty",
                    target=what,
                )
            return NotFound(
                "RB701",
                "%(target)s is not on the page; nearest: %(near)s",
                place=call.step,
                remedy="name it as the page writes it; `css=` and `within:` find what has no name",
                target=what,
                near=listed(seen.get("near")),
            )
        what = "the end of the page" if sought is None else target_words(sought)
        return TimedOut(
            "RB710",
            "%(target)s was expected and did not appear in %(seconds)s s; nearest: %(near)s",
            place=call.step,
            remedy="look at the page; a longer `timeout` helps only if the application is slow",
            target=what,
            seconds=call.timeout,
            near=listed(seen.get("near")),
        )

    def _unlike(self, call: Call, seen: Seen, sought: Target) -> Failure:
        """The page does not show what a snapshot says; what it does show is evidence from now on."""
        self._hands.compared = self._hands.target(sought, call.within)
        return unlike(sought, seen["unlike"], call.step, call.timeout)

    # -- after a submit

    def begin(self, tab: Tab, call: Call) -> Watching | None:
        """Begin to watch the page before it is pressed: the first look costs no trip after the press then. Not where
        there is nothing to see, nor where the press may land in a frame, which our script in the page does not hear."""
        if not (call.watch.read or call.watch.expect) or tab.has_foreign_frames:
            return None
        job = {**self._job(call), "pressIn": call.timeout * 1000}
        return asyncio.ensure_future(tab.do(job, max(0.0, call.timeout - TELLING), later=call.timeout))

    async def to_submit(
        self,
        tab: Tab,
        call: Call,
        press: Coroutine[Any, Any, None],
        end: float,
        *,
        began: float,
        documents: int,
        watching: Watching | None,
    ) -> Answer:
        """Act, and race for the answer. Whatever is not a receipt or a declared refusal is no answer."""
        watch = call.watch
        if not (watch.read or watch.expect):
            await press
            await tab.calm(began, documents, end - time.monotonic(), patient=True)
            return await self._race(tab, call, end, documents)
        pressing = asyncio.ensure_future(press)
        self._pressing.add(pressing)  # the answer may be there before the browser has said that it clicked
        pressing.add_done_callback(self._pressed)
        return await self._race(tab, call, end, documents, watching)

    def _pressed(self, task: asyncio.Future[None]) -> None:
        self._pressing.discard(task)
        if not task.cancelled():
            task.exception()  # a window that went under the click is told by the race

    def _job(self, call: Call) -> dict[str, Any]:
        return {"job": "watch", **watch_job(self._hands, call), "after": True, "status": True}

    async def _race(self, tab: Tab, call: Call, end: float, documents: int, watching: Watching | None = None) -> Answer:
        watch = call.watch
        unfit: dict[str, list[str]] = {}
        job = self._job(call)
        while (left := end - time.monotonic()) > 0:
            changed = tab.documents != documents
            more = {"not": unfit, "signIn": changed, "settled": not (watch.read or watch.expect)}
            try:
                looking = asyncio.wait_for(watching, left) if watching else self._look(tab, {**job, **more}, left)
                seen = await looking
            except (DocumentGone, TimeoutError):
                continue
            finally:
                watching = None
            if seen.get("late"):
                raise too_late()
            if seen.get("missed"):
                raise moved(call)
            if seen.get("over"):
                continue
            if seen.get("ok") and watch.read:
                try:
                    return Answer(values=_values(watch.read, seen["values"]), requests=self._hands.windows.sent)
                except Unfit:
                    _note(unfit, seen)
                    continue
            return self._answer(call, seen, acted=tab.documents != documents)
        return Answer(requests=self._hands.windows.sent)

    async def _look(self, tab: Tab, job: Mapping[str, Any], left: float) -> Seen:
        """What the page says now or soon; with frames of other sites, a short while in each that may say it."""
        if not apart(tab):
            return await tab.do(job, left)
        world = await where(tab, job, time.monotonic() + SLICE, None)
        seen = await world.do(job, min(left, SLICE))
        return {"over": True} if seen.get("timeout") and left > SLICE else seen

    def _answer(self, call: Call, seen: Seen, *, acted: bool) -> Answer:
        requests = self._hands.windows.sent
        if "refused" in seen:
            return Answer(refused=call.watch.refused[seen["refused"]], words=str(seen["words"]), requests=requests)
        if seen.get("ok") or (seen.get("settled") and (acted or requests)):
            return Answer(values={}, requests=requests)
        several = seen.get("several")  # of two places with its name, none is the receipt
        words = _ambiguous(call, seen["missing"][0], several) if several else ""
        if seen.get("unlike") and (sought := _sought(seen, call.watch.read or {}, call.watch.expect)) is not None:
            words = _said(self._unlike(call, seen, sought))
        return Answer(words=words, requests=requests)


def _ambiguous(call: Call, name: str, several: Seen) -> str:
    """What a person reads of a receipt that stands in more than one place."""
    read = (call.watch.read or {})[name]
    return _said(failed(several, target_words(read.targets[0]), call.step))


def _said(trouble: Failure) -> str:
    return fill(trouble.message, trouble.facts)


def _sought(seen: Seen, reads: Mapping[str, Read], expected: Sequence[Watched]) -> Target | None:
    """What the page was last looked at for and did not have."""
    at = int(seen.get("unseen", -1))
    if 0 <= at < len(expected):
        return expected[at].targets[0]
    missing = seen.get("missing") or ()
    return reads[missing[0]].targets[0] if missing and missing[0] in reads else None


def _note(unfit: dict[str, list[str]], seen: Seen) -> None:
    """What was read does not do; only something else is worth a look."""
    for name, texts in seen["values"].items():
        unfit.setdefault(name, []).append(json.dumps(texts, ensure_ascii=False, separators=(",", ":")))


def _values(reads: Mapping[str, Read], texts: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {name: value_of(name, read, texts[name]) if name in texts else MISSING for name, read in reads.items()}


def _drifts(reads: Mapping[str, Read], seen: Seen) -> tuple[str, ...]:
    ranks = seen.get("ranks", {})
    return tuple(text for name, read in reads.items() for text in drift(read.targets, ranks.get(name, 0)))


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = «{value}»" for name, value in values.items())


def _refusal(call: Call, seen: Seen) -> Exception:
    watched = call.watch.refused[seen["refused"]]
    if not watched.ends_only:
        return Refused(watched, str(seen["words"]))
    return Failure(
        "RB717",
        "the page says «%(words)s»",
        place=call.step,
        remedy="declare what it means under `refused`, if it is an answer",
        words=seen["words"],
    )
