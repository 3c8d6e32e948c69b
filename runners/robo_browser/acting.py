"""What a person does on a page with hands: go there, enter, click, press a key. Nothing is read but to check it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from robo.sdk.errors import Failure, NotFound, PageError, PortalDown, SessionLost, SignedOut, TimedOut
from robo.sdk.runner import Call, Context, Result
from robo.sdk.secret import Secret
from robo.sdk.targets import Target
from robo_browser.frames import World, where, worlds
from robo_browser.parameters import ButtonParams, ClickParams, PressParams
from robo_browser.rules import origin, place_of
from robo_browser.tab import LOST, SLOW, DocumentGone, Tab
from robo_browser.trouble import failed
from robo_browser.values import target_job, target_words
from robo_browser.windows import Windows

SERVER_ERROR: Final = 500
CLIENT_ERROR: Final = 400
GATEWAY_ERRORS: Final = frozenset({502, 503, 504})
"""What a proxy answers when the application behind it does not, or the application while it is being maintained."""
AIMS: Final = 4
"""How often a click is aimed again when the page moves under it."""


class Hands:
    """The hands of one session."""

    def __init__(self, windows: Windows, context: Context) -> None:
        self.windows = windows
        self.context = context
        self._secrets: dict[str, Secret] = {}
        """What was typed, by the page that it was typed for."""
        self._sign_ins: dict[str, str] = {}
        """Pages where one signs in (without their queries), each with the address that was gone to for it."""
        self.world: World | None = None
        """Where the last job was done."""
        self.compared: Mapping[str, Any] | None = None
        """The target whose snapshot the page last did not show, as the page's script takes it."""

    @property
    def tab(self) -> Tab:
        return self.windows.front

    def target(self, target: Target, within: Target | None = None) -> dict[str, Any]:
        """A target as the page's script takes it."""
        return target_job(target, self.context.date_format, within)

    async def do(self, job: Mapping[str, Any], end: float, tab: Tab | None = None) -> dict[str, Any]:
        """One job in the window in front, again in the next document if the first one leaves meanwhile."""
        while True:
            try:
                self.world = await where(tab or self.tab, job, end, self.world)
                return await self.world.do({**job, "disarm": True}, end - time.monotonic())
            except DocumentGone:
                if time.monotonic() >= end:
                    raise TimedOut("RB703", "the page did not come in time", remedy=SLOW) from None

    async def remember_elsewhere(self, watch: Mapping[str, Any], seconds: float) -> None:
        """What all other frames say before an act is no answer to it either."""
        tab = self.tab
        for world in worlds(tab):
            if world != self.world:
                await world.do({"job": "remember", "watch": watch, "seconds": seconds}, 0.0)

    async def give(self, files: Sequence[str]) -> None:
        """Give files to the field that was found last, wherever it is."""
        world = self.world or World(self.tab)
        self.windows.papers.give(files)
        await (world.inner or world.tab).put_files(files, world.context)

    # -- going there

    async def open(self, url: str, call: Call, end: float) -> Result:
        """Go to `url`. Raises `PortalDown` when nobody answers there, `SignedOut` when it asks to sign in."""
        self.check_host(url, call.step)
        state = await self.arrive(url, call, end)
        if state.get("signIn") and self._turned_away(url, str(state["url"])):
            raise self._signed_out(str(state["url"]), url)
        return Result(note=place_of(url))

    async def arrive(self, url: str, call: Call, end: float) -> Mapping[str, Any]:
        """Go to `url` and wait until its document is read: {status, signIn, url}."""
        try:
            error = await self.tab.navigate(url, max(0.1, end - time.monotonic()))
        except TimeoutError:
            raise self._down(url, "no answer in time") from None
        if error:
            raise self._down(url, error.removeprefix("net::"))
        state = await self.tab.ready(end - time.monotonic())
        if state.get("timeout"):
            raise self._down(url, "the page did not come to its end in time")
        self.check_status(state, call.step)
        return state

    def check_host(self, url: str, step: str) -> None:
        """Only declared hosts are gone to."""
        if origin(url) not in {origin(host.origin) for host in self.context.hosts}:
            raise Failure(
                "RB714",
                "%(host)s is not a host of this process",
                place=step,
                remedy="give it as an input of type url, or declare it under `hosts`",
                host=origin(url),
            )

    def check_status(self, state: Mapping[str, Any], step: str) -> None:
        """A page that says by its status that it is none. Raises `PortalDown` when nothing stands behind the address;
        `PageError` when this page alone is broken, as far as one can see: one dossier must not hold all the others."""
        status = int(state.get("status") or 0)
        if status in GATEWAY_ERRORS:
            raise self._down(str(state["url"]), f"HTTP {status}")
        if status >= CLIENT_ERROR and status not in {401, 403, 409, 422}:
            raise PageError(
                "RB716",
                "%(url)s answers with HTTP %(status)s",
                place=step,
                remedy="look at this page in a browser of yours"
                if status >= SERVER_ERROR
                else "look whether the address has changed",
                url=place_of(str(state["url"])),
                status=status,
            )

    def _down(self, url: str, why: str) -> PortalDown:
        return PortalDown(
            "RB715",
            "%(url)s does not answer: %(why)s",
            place=place_of(url),
            remedy="look whether it answers in a browser of yours; no item was spent, `robo run --resume RUN` goes on",
            url=place_of(url),
            why=why,
        )

    # -- signing in

    def signed_in(self, page: str, at: str, secret: Secret | None) -> None:
        """Remember the page where one signs in to `at`, to know it again, and what was typed there."""
        self._sign_ins[_bare(page)] = at
        self._secrets.pop(_bare(at), None)
        if secret is not None:
            self.using(secret, at)

    def using(self, secret: Secret, at: str) -> None:
        """Pictures must not show it from now on."""
        self._secrets[_bare(at)] = secret

    def secrets(self) -> list[str]:
        """The parts to be covered in pictures."""
        return [secret.reveal(part) for secret in self._secrets.values() for part in secret.parts()]

    def unsayable(self) -> list[str]:
        """The parts that no text may quote. The user name may be: pages say who has created what."""
        return [
            secret.reveal(part) for secret in self._secrets.values() for part in secret.parts() if part != "username"
        ]

    def _signed_out(self, page: str, *asked: str) -> SignedOut:
        hosts = dict.fromkeys([*asked, self._sign_ins.get(_bare(page), page)])
        return SignedOut(
            "RB704",
            "the browser session is lost: %(why)s",
            remedy=LOST,
            why="the application asks to sign in",
            hosts=hosts,
        )

    def _turned_away(self, asked: str, came: str) -> bool:
        """Whether a page that asks for a password is another one than was asked for: the one where one signs in."""
        elsewhere = urlsplit(came).path != urlsplit(asked).path
        return _bare(came) in self._sign_ins or (elsewhere and (bool(self._sign_ins) or self._not_yet_in(came)))

    def _not_yet_in(self, page: str) -> bool:
        """Whether it is a page of a host that the process knows how to sign in to, and has not yet."""
        here = origin(page)
        return here not in map(origin, self._sign_ins.values()) and any(
            host.signs_in and origin(host.origin) == here for host in self.context.hosts
        )

    async def missed(self, trouble: Failure) -> Failure:
        """A target that is not there because the page asks to sign in is another trouble."""
        known = self._sign_ins or any(host.signs_in for host in self.context.hosts)
        if not known or not isinstance(trouble, NotFound | TimedOut):
            return trouble
        state = await self.tab.ready(0.0)
        page = str(state.get("url", ""))
        asks = state.get("signIn") and (_bare(page) in self._sign_ins or self._not_yet_in(page))
        return self._signed_out(page) if asks else trouble

    # -- clicking and pressing

    def button(self, call: Call) -> list[dict[str, Any]]:
        """The targets of a call that clicks."""
        return [self.target(target, call.within) for target in target_of(call)]

    def words(self, call: Call) -> str:
        return target_words(target_of(call)[0])

    def acted_on(self, call: Call) -> str:
        """What a person reads of a press or a click: the key, the button."""
        return call.params.key if isinstance(call.params, PressParams) else self.words(call)

    async def click(self, call: Call, end: float) -> Result:
        """Click with the trusted mouse, and wait for what the click started."""
        answer = await self.click_at({"targets": self.button(call)}, call, end)
        return Result(note=str(answer.get("name", "")), drift=drift(target_of(call), answer.get("rank", 0)))

    async def click_at(self, job: Mapping[str, Any], call: Call, end: float) -> Mapping[str, Any]:
        """Aim at what `job` describes, click it, and wait for what the click started."""
        answer = await self.aim(job, call, end)
        await self.click_aimed(answer, job, call, end)
        return answer

    async def aim(self, job: Mapping[str, Any], call: Call, end: float) -> dict[str, Any]:
        """Where to click. From then on the page withholds a click that lands elsewhere."""
        answer = await self.do({"job": "aim", "seconds": max(0.1, end - time.monotonic()), **job}, end, self.tab)
        if "failed" in answer:
            known = isinstance(call.params, ClickParams | ButtonParams)
            words = str(job.get("words") or (self.words(call) if known else call.action))
            raise await self.missed(failed(answer, words, call.step))
        return answer

    async def click_aimed(self, aim: Mapping[str, Any], job: Mapping[str, Any], call: Call, end: float) -> None:
        """Click there and wait for what it started. A page that moves under the click (a picture arrives, a message
        opens) has withheld it; nothing happened, so it is aimed at again. Raises `Failure` RB709 in the end."""
        tab = self.tab
        for _ in range(AIMS):
            began, documents = time.monotonic(), tab.documents
            try:
                await tab.click(aim["x"], aim["y"])
                missed = await self.settle(tab, call, began, documents, end)
            except SessionLost:
                if not self.windows.survive(tab):
                    raise  # the window did not close itself under the click: there is no other one
                return
            if not missed:
                return
            aim = await self.aim(job, call, end)
        raise moved(call)

    async def settle(self, tab: Tab, call: Call, began: float, documents: int, end: float) -> bool:
        """What an act started has arrived: a document, answers to scripts, a window. True: the click was withheld."""
        missed = await tab.calm(began, documents, end - time.monotonic())
        await self.windows.arrivals()
        if tab.alive and tab.documents != documents:
            state = await tab.ready(end - time.monotonic())
            if "url" in state:
                self.check_status(state, call.step)
            return False
        return missed

    async def press(self, params: PressParams, call: Call, end: float) -> Result:
        """One key, in a field if one is named, and wait for what it started."""
        await self.focus(params, call, end)
        tab = self.tab
        began, documents = time.monotonic(), tab.documents
        await tab.press(params.key)
        await self.settle(tab, call, began, documents, end)
        return Result(note=params.key)

    async def focus(self, params: PressParams, call: Call, end: float) -> None:
        if params.on is None:
            return
        answer = await self.do({"job": "focus", "targets": [self.target(params.on, call.within)]}, end)
        if "failed" in answer:
            raise await self.missed(failed(answer, target_words(params.on), call.step))


def moved(call: Call) -> Failure:
    """The page withheld the click: it landed on something else."""
    return Failure(
        "RB709",
        "%(target)s moved away under the click; the page refused it",
        place=call.step,
        remedy="nothing to do by hand: whether it happened is verified before anything is tried again",
        target=call.action,
    )


def target_of(call: Call) -> tuple[Target, ...]:
    """What a call clicks on."""
    params = call.params
    if isinstance(params, ClickParams):
        return params.target
    assert isinstance(params, ButtonParams)  # noqa: S101 - no other action clicks
    return (params.target,)


def drift(targets: Sequence[Target], rank: int | str) -> tuple[str, ...]:
    """What a person is told when another than the first alternative was there, or (`rank` is its name) one whose name
    says more than any of them."""
    found = f"«{rank}»" if isinstance(rank, str) else target_words(targets[rank])
    return (f"{target_words(targets[0])} → {found}",) if rank else ()


def _bare(page: str) -> str:
    """A page without its query: two sign-ins of one application differ in it."""
    return f"{origin(page)}{urlsplit(page).path}"


def watch_job(hands: Hands, call: Call) -> dict[str, Any]:
    """What a call awaits, as the page's script takes it."""
    watch = call.watch

    def jobs(targets: Sequence[Target]) -> list[dict[str, Any]]:
        return [hands.target(target) for target in targets]

    reads = {
        name: {"targets": jobs(read.targets), "all": read.all, "required": read.required}
        for name, read in (watch.read or {}).items()
    }
    return {
        "read": reads,
        "refused": [jobs(refused.targets) for refused in watch.refused],
        "expect": [jobs(expected.targets) for expected in watch.expect],
    }
