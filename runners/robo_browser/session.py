"""A session: one slot's windows, and the actions done in them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from robo.sdk.errors import english
from robo.sdk.runner import Answer, Call, Context, Gate, Result, Row
from robo.sdk.values import Effect
from robo_browser import calendars, downloads, files, grids, lists, signing, tables
from robo_browser import evidence as pictures
from robo_browser.acting import Hands
from robo_browser.actions import ACTIONS
from robo_browser.answers import Answers, Watching
from robo_browser.downloads import Shelf
from robo_browser.entering import Pen, entries_of
from robo_browser.guard import Guard
from robo_browser.parameters import (
    DatesParams,
    DownloadParams,
    FilesParams,
    FillRowsParams,
    FindRowParams,
    LoginParams,
    OpenParams,
    PdfParams,
    PressParams,
    ReadParams,
    RowsParams,
    ScreenshotParams,
    WaitParams,
)
from robo_browser.quiet import Quiet
from robo_browser.rules import Step
from robo_browser.tab import Tab, lost
from robo_browser.trust import Trust, certificate_of, shown
from robo_browser.windows import Windows, too_late

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

ZOOM = {"width": 1280, "height": 900}
"""The page's size in CSS pixels when nobody looks at it."""
RESET = 10.0
"""Seconds a page may take to be left."""


class BrowserSession:
    """Keeps the `Session` contract on a browser context of its own."""

    def __init__(self, windows: Windows, context: Context) -> None:
        self._windows = windows
        self._context = context
        self._hands = Hands(windows, context)
        self._pen = Pen(self._hands)
        self._answers = Answers(self._hands)
        self._quiet = Quiet(self._hands.unsayable)
        self._shelf = Shelf(windows, context.folder)

    @classmethod
    async def begin(
        cls, browser: Browser, guard: Guard, context: Context, trust: Trust, own: BrowserContext | None = None
    ) -> BrowserSession:
        """A context without service workers or downloads, in the region's language and time, that shows the process's
        certificate to its hosts; or (`own`) the one of a person's profile."""
        from playwright.async_api import Error

        certificate = await certificate_of(context)
        tls = await asyncio.to_thread(trust.connection, certificate)
        try:
            given = own or await browser.new_context(
                service_workers="block",
                accept_downloads=False,
                locale="fr-FR",
                timezone_id=context.zone,
                client_certificates=shown(certificate, context),
                **({"no_viewport": True} if context.headed else {"viewport": ZOOM}),
            )
            windows = Windows(given, guard, context, tls)
            await windows.begin()
        except Error as error:
            raise lost(error.message.splitlines()[0][:200]) from None
        return cls(windows, context)

    # -- read, local and draft steps

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        """Consecutive entries are one trip; everything else is one after the other."""
        results: list[Result] = []
        with self._quiet.errors():
            for group in _groups(calls):
                self._allow(group[0])
                if ACTIONS[group[0].action].entry:
                    results += await self._windows.guarded(self._enter(group))
                else:
                    results.append(await self._windows.guarded(self._one(group[0])))
        if put_away := self._windows.put_away():
            note = f"put away: {', '.join(f'«{name}»' for name in put_away)}"
            results[-1] = _joined(results[-1], Result(note=note))
        return [self._quiet.result(result) for result in results]

    def _allow(self, call: Call) -> None:
        signs_in = ACTIONS[call.action].signs_in
        self._windows.allow(Step(call.effect, call.in_once, signs_in), call.confirm)

    async def _enter(self, calls: Sequence[Call]) -> list[Result]:
        end = time.monotonic() + sum(call.timeout for call in calls)
        results = await self._pen.enter([(call, entries_of(call)) for call in calls], end)
        watched = await self._answers.after(calls[-1], end)
        return [*results[:-1], _joined(results[-1], watched)]

    async def _one(self, call: Call) -> Result:
        end = time.monotonic() + call.timeout
        if (asked := await self._asked(call, end)) is not None:
            return asked
        params = call.params
        if isinstance(params, OpenParams):
            done = await self._hands.open(params.url, call, end)
        elif isinstance(params, ReadParams):
            done = await self._answers.read(call, params.reads, end)
        elif isinstance(params, WaitParams):
            done = await self._answers.expect(call, params.target, end)
        elif isinstance(params, PressParams):
            done = await self._hands.press(params, call, end)
        elif isinstance(params, DatesParams):
            done = await calendars.pick_date(self._hands, call, params, end)
        elif isinstance(params, FilesParams):
            done = await files.upload(self._hands, call, params, end)
        else:
            done = await self._kept(call, end)
        return _joined(done, await self._answers.after(call, end))

    async def _asked(self, call: Call, end: float) -> Result | None:
        """What awaits its own answer: nothing is looked at afterwards."""
        params = call.params
        if isinstance(params, LoginParams):
            return await signing.sign_in(self._hands, self._answers, call, params, end)
        if isinstance(params, FindRowParams):
            return await lists.find_row(self._hands, call, params, end)
        if isinstance(params, FillRowsParams):
            return await grids.fill_rows(self._hands, call, params, end)
        if isinstance(params, RowsParams):
            return await tables.rows(self._hands, call, params, end)
        return None

    async def _kept(self, call: Call, end: float) -> Result:
        """What leaves a file, or only clicks."""
        params = call.params
        if isinstance(params, ScreenshotParams):
            return await self._screenshot(params.name)
        if isinstance(params, DownloadParams):
            return await downloads.download(self._hands, self._shelf, call, params, end)
        if isinstance(params, PdfParams):
            return await downloads.pdf(self._hands, self._shelf, params.name, call)
        return await self._hands.click(call, end)

    async def _screenshot(self, name: str) -> Result:
        kept = await self.evidence(())
        path = self._context.folder / f"{pictures.file_name(name)}.png"
        await asyncio.to_thread(path.write_bytes, kept.get("screenshot.png", b""))
        return Result(values={"file": str(path)})

    # -- submit

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        """Enter, find and hit-test the button, pass the gate, arm the deadline, click once, await the answer."""
        with self._quiet.errors():
            return self._quiet.answer(await self._submit(entries, call, gate))

    async def _submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        aim, entered = await self._prepare(entries, call)
        armed = time.monotonic() + call.timeout  # the page's own deadline is not later than this
        tab = self._windows.front  # the one that was aimed at: a window that opens at the gate is not pressed
        watching = self._answers.begin(tab, call)
        try:
            until = await gate([self._quiet.text(english(result.note)) for result in entered])
            left = until - time.monotonic()
            if left <= 0:
                raise too_late()
            step = Step(Effect.SUBMIT, call.in_once, passed_gate=True, until=until, until_wall=time.time() + left)
            self._windows.allow(step, call.confirm)
            if armed > until or tab.has_foreign_frames:
                await self._windows.guarded(tab.arm(until - time.monotonic()))
            return await self._windows.guarded(self._act(tab, call, aim, watching))
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    async def _prepare(self, entries: Sequence[Call], call: Call) -> tuple[Mapping[str, Any], Sequence[Result]]:
        """Everything entered, and the button found and hit-tested. From here on the page refuses late presses."""
        self._windows.allow(Step(Effect.LOCAL, call.in_once))
        end = time.monotonic() + sum(entry.timeout for entry in entries) + call.timeout
        pairs = [(entry, entries_of(entry)) for entry in entries]
        return await self._windows.guarded(self._pen.aim_after(pairs, call, end))

    async def _act(self, tab: Tab, call: Call, aim: Mapping[str, Any], watching: Watching | None) -> Answer:
        end = time.monotonic() + call.timeout
        began, documents = time.monotonic(), tab.documents
        press = tab.press(call.params.key) if isinstance(call.params, PressParams) else tab.click(aim["x"], aim["y"])
        answer = await self._answers.to_submit(
            tab, call, press, end, began=began, documents=documents, watching=watching
        )
        if answer.refused is not None:
            return answer
        return replace(answer, words=" → ".join(filter(None, (self._hands.acted_on(call), answer.words))))

    # -- the rest of the contract

    async def rows(self, call: Call) -> AsyncIterator[Row]:
        """The rows of a list, as items are made of them."""
        assert isinstance(call.params, RowsParams)  # noqa: S101 - no other action is a source
        self._allow(call)
        found = tables.source(self._hands, call, call.params, time.monotonic() + call.timeout)
        with self._quiet.errors():
            while (row := await self._windows.guarded(anext(found, None))) is not None:
                yield replace(row, values=self._quiet.value(row.values))

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        """A picture of the window in front and its address, and what it shows where that was compared, with all that is
        secret or sensitive covered."""
        hidden = [*sensitive, *self._hands.secrets()]
        return await pictures.take(self._windows, hidden, self._hands.compared)

    async def reset(self) -> None:
        """Close further windows and leave the page; the sign-in stays."""
        from playwright.async_api import Error

        self._windows.forget()
        await asyncio.to_thread(self._shelf.clear)
        try:
            tab = await self._windows.only_first()
            await tab.navigate("about:blank", RESET)
        except (Error, TimeoutError):
            raise lost("its page cannot be left") from None
        await tab.ready(1.0)
        self._windows.forget()

    async def close(self) -> None:
        """End the session; a browser that is gone already is no trouble."""
        for closing in (self._shelf.close, self._windows.close):
            with suppress(Exception):  # what cannot be closed ends with the browser
                await asyncio.wait_for(closing(), 5.0)


def _groups(calls: Sequence[Call]) -> list[list[Call]]:
    """Consecutive entries with the same rights, up to one that awaits something."""
    groups: list[list[Call]] = []
    for call in calls:
        last = groups[-1][-1] if groups else None
        together = (
            last is not None
            and ACTIONS[last.action].entry
            and ACTIONS[call.action].entry
            and (last.effect, last.in_once, last.confirm) == (call.effect, call.in_once, call.confirm)
            and not (last.watch.read or last.watch.expect or last.watch.refused)
        )
        if together:
            groups[-1].append(call)
        else:
            groups.append([call])
    return groups


def _joined(done: Result, watched: Result) -> Result:
    """What a step did, and what it then read."""
    return Result(
        values={**done.values, **watched.values},
        finding=done.finding,
        note="; ".join(english(part) for part in (done.note, watched.note) if part),
        drift=(*done.drift, *watched.drift),
    )
