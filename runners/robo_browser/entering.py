"""Entry: all fields of consecutive steps in one trip, read back, and by keyboard and mouse where a page wants it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from robo.sdk.errors import Failure
from robo.sdk.grammar import TARGET_KEYS, parse_target
from robo.sdk.runner import Call, Result
from robo.sdk.targets import Target
from robo_browser.acting import Hands, drift, watch_job
from robo_browser.parameters import CheckParams, FieldsParams, PressParams
from robo_browser.trouble import failed
from robo_browser.values import Entry, same, target_words

Pairs = Sequence[tuple[Call, Sequence[Entry]]]
Flat = Sequence[tuple[Call, Entry]]


def entries_of(call: Call) -> list[Entry]:
    """The fields of `fill`, `select` and `check`, in the author's order."""
    params = call.params
    if isinstance(params, FieldsParams):
        choose = call.action == "browser.select"
        return [Entry(label, (parse_target(label),), value, choose) for label, value in params.fields.items()]
    assert isinstance(params, CheckParams)  # noqa: S101 - these are all entry actions
    if not isinstance(params.fields, Mapping):
        return [Entry(target_words(target), (target,), True) for target in params.fields]
    if target := _target(params.fields):
        return [Entry(target_words(target), (target,), True)]
    return [Entry(label, (parse_target(label),), value) for label, value in params.fields.items()]


def _target(fields: Mapping[str, object]) -> Target | None:
    """`check: {field: Nom}` is a target, `check: {Nom: oui}` is not."""
    return parse_target(fields) if fields and all(key in TARGET_KEYS for key in fields) else None


class Pen:
    """Enters fields with the hands of one session."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._format = hands.context.date_format

    async def enter(self, pairs: Pairs, end: float) -> list[Result]:
        """Enter all fields and read them back. Raises `Failure` when one does not keep its value."""
        return _results(pairs, await self._trip(pairs, {}, end))

    async def aim_after(self, pairs: Pairs, call: Call, end: float) -> tuple[Mapping[str, Any], Sequence[Result]]:
        """Enter all fields; then where `call` is to be clicked, in the same trip when all went well. Also what each
        call entered.

        The page refuses presses from then on after the call's time, and a click that would land elsewhere."""
        hands = self._hands
        awaited = watch_job(hands, call)
        watch = {"watch": awaited, "seconds": call.timeout}
        if isinstance(call.params, PressParams):
            entered = await self.enter(pairs, end) if pairs else []
            await hands.focus(call.params, call, end)
            return await hands.do({"job": "remember", **watch}, end), entered
        button = hands.button(call)
        answer = await self._trip(pairs, {"button": button, **watch}, end) if pairs else {}
        entered = _results(pairs, answer) if pairs else []
        if "x" not in answer and "failed" not in answer:
            own = min(end, time.monotonic() + call.timeout)
            answer = await hands.do({"job": "aim", "targets": button, **watch}, own)
        if "failed" in answer:
            raise await hands.missed(failed(answer, hands.words(call), call.step))
        await hands.remember_elsewhere(awaited, call.timeout)
        return answer, entered

    async def _trip(self, pairs: Pairs, more: Mapping[str, Any], end: float) -> dict[str, Any]:
        """{shown, ranks} of all fields, and what `more` asked for. One trip, unless the page wants a mouse."""
        flat = [(call, entry) for call, entries in pairs for entry in entries]
        jobs = [entry.job(self._format, call.within) for call, entry in flat]
        patience = {"patience": max((call.timeout for call, _ in flat), default=0.0) * 1000}  # a field, not all of them
        shown: list[dict[str, Any]] = []
        ranks: list[int | str] = []
        while True:
            answer = await self._hands.do({"job": "enter", "entries": jobs[len(shown) :], **patience, **more}, end)
            if "shown" not in answer:
                call, entry = flat[len(shown) + answer.get("index", 0)]
                raise await self._hands.missed(failed(answer, entry.label, call.step))
            shown += answer["shown"]
            ranks += answer["ranks"]
            if not answer.get("pick"):
                break
            shown[-1] = await self._pick(*flat[len(shown) - 1], jobs[len(shown) - 1], end)
        wrong = self._wrong(flat, jobs, shown)
        if wrong:
            return {"shown": await self._by_keyboard(flat, jobs, wrong, end), "ranks": ranks}
        return {**answer, "shown": shown, "ranks": ranks}

    def _wrong(self, flat: Flat, jobs: Sequence[Any], shown: Sequence[Any]) -> list[int]:
        return [n for n, (_, entry) in enumerate(flat) if not same(entry.value, jobs[n], shown[n], self._format)]

    async def _pick(self, call: Call, entry: Entry, job: Mapping[str, Any], end: float) -> dict[str, Any]:
        """Choose from a list that the page draws itself: open it, narrow it by typing where it can be, click. It has
        the time of its own step, not what is left for all the entries of the trip."""
        end = min(end, time.monotonic() + call.timeout)
        for text in job["texts"]:
            one = {**job, "text": text, "texts": [text]}
            if len(job["texts"]) > 1 and (await self._shown(one, end, stay=True))["same"]:
                continue
            await self._pick_one(call, entry, one, end)
        return await self._shown(job, end)

    async def _shown(self, job: Mapping[str, Any], end: float, *, stay: bool = False) -> dict[str, Any]:
        """What the field shows; `stay`: without leaving it, which closes its list."""
        back = await self._hands.do({"job": "readBack", "entries": [job], "stay": stay}, end)
        return dict(back["shown"][0])

    async def _pick_one(self, call: Call, entry: Entry, job: Mapping[str, Any], end: float) -> None:
        hands = self._hands
        field = {"targets": job["targets"], "doing": "enter", "words": entry.label}
        await hands.click_at(field, call, end)
        answer = await hands.do({"job": "focusOne", **job}, end)
        if answer.get("typed"):
            await hands.tab.type(str(job["text"]))
        option = {"option": job["text"], "words": entry.label}
        aim = await hands.do({"job": "aim", "seconds": call.timeout, **option}, end)
        if "failed" in aim:
            raise await hands.missed(failed(aim, entry.label, call.step))
        await hands.click_aimed(aim, option, call, end)

    async def _by_keyboard(
        self, flat: Flat, jobs: Sequence[Mapping[str, Any]], wrong: Sequence[int], end: float
    ) -> list[dict[str, Any]]:
        """Fields that did not take the text at once get it key by key; boxes get a click."""
        hands = self._hands
        for n in wrong:
            answer = await hands.do({"job": "focusOne", **jobs[n]}, end)
            if "failed" in answer:
                raise failed(answer, flat[n][1].label, flat[n][0].step)
            if answer.get("text") is not None and not answer["boxed"]:
                await hands.tab.type(str(answer["text"]))
            elif answer.get("boxed") and not answer["settled"]:
                box = {"targets": jobs[n]["targets"], "doing": "enter", "words": flat[n][1].label}
                await hands.click_at(box, flat[n][0], end)
        back = await hands.do({"job": "readBack", "entries": list(jobs)}, end)
        for n in self._wrong(flat, jobs, back["shown"]):
            call, entry = flat[n]
            raise Failure(
                "RB706",
                "%(target)s shows «%(shown)s» after «%(entered)s» was entered",
                place=call.step,
                remedy="look what the page accepts there: its length, its format, its list",
                target=entry.label,
                shown=back["shown"][n]["text"],
                entered=jobs[n]["text"],
            )
        return list(back["shown"])


def _results(pairs: Pairs, answer: Mapping[str, Any]) -> list[Result]:
    """One result a call, saying what each field now shows."""
    results: list[Result] = []
    at = 0
    for _, entries in pairs:
        notes: list[str] = []
        drifts: list[str] = []
        for entry in entries:
            shown = answer["shown"][at]["text"]
            notes.append(f"{entry.label} = «{shown}»")
            drifts += drift(entry.targets, answer["ranks"][at])
            at += 1
        results.append(Result(note=", ".join(notes), drift=tuple(drifts)))
    return results
