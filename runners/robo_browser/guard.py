"""The guard at the network: every request that may change something is held until its step's rights are looked at.

One for a browser: it sees windows, popups, frames of other sites and workers alike. Scripts, styles, images and fonts
are not held; a document or a script's request costs about a millisecond.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from robo_browser import wire
from robo_browser.papers import Papers
from robo_browser.rules import Sent, Verdict

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

HELD: Final = ("Document", "XHR", "Fetch", "Ping", "Other")
"""Kinds of requests that can carry a method of their own."""


class Ward(Protocol):
    """What the guard asks of a session."""

    context_id: str
    papers: Papers
    tls: ssl.SSLContext | None
    """How the effect's own connection knows its host, and shows who it is; None: as everybody does."""

    def judge(self, sent: Sent) -> Verdict: ...

    def undeclared(self, sent: Sent) -> None:
        """A request was stopped that no step declared."""

    def effect(self, *, again: bool) -> wire.Allowance:
        """The submit's own request leaves (`again`: sent on by a redirect); until when it may."""

    def late(self) -> None:
        """The submit's own request came after its deadline."""

    def certified(self, url: str, certificate: bytes) -> None:
        """The host that took an effect showed this certificate (DER)."""

    async def cookies(self, url: str) -> list[Mapping[str, Any]]: ...


class Guard:
    """Holds, judges and releases the requests of one browser."""

    def __init__(self, cdp: CDPSession, *, direct: bool = True) -> None:
        self._cdp = cdp
        self._direct = direct
        self._frames: dict[str, Ward] = {}
        self._wards: dict[str, Ward] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """From here on nothing leaves unjudged."""
        self._cdp.on("Fetch.requestPaused", self._held)
        patterns = [{"urlPattern": "*", "resourceType": kind} for kind in HELD]
        await self._cdp.send("Fetch.enable", {"patterns": patterns})

    def watch(self, ward: Ward) -> None:
        self._wards[ward.context_id] = ward

    def frame(self, ward: Ward, frame: str) -> None:
        """This frame belongs to that session."""
        self._frames[frame] = ward

    async def owns(self, ward: Ward, frame: str) -> bool | None:
        """Whether this frame belongs to that session. None: nobody knows whose it is (any more)."""
        owner = self._frames.get(frame) or await self._owner(frame)
        return None if owner is None else owner is ward

    def forget(self, ward: Ward) -> None:
        """The session is closed."""
        self._wards.pop(ward.context_id, None)
        for frame in [frame for frame, owner in self._frames.items() if owner is ward]:
            del self._frames[frame]

    def _held(self, event: dict[str, Any]) -> None:
        task = asyncio.create_task(self._judge(event))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _judge(self, event: dict[str, Any]) -> None:
        from playwright.async_api import Error

        try:
            try:
                await self._decide(event)
            except Error:
                raise
            except Exception:
                await self._stop(event, "Aborted")  # a request that could not be judged does not leave
                raise
        except Error:
            return  # the request, its window or the browser is gone: nobody waits for the answer

    async def _decide(self, event: dict[str, Any]) -> None:
        request = event["request"]
        sent = Sent(request["method"].upper(), request["url"], request.get("postData", ""))
        ward = self._frames.get(event["frameId"])
        if ward is None and sent.method not in {"GET", "HEAD", "OPTIONS"}:
            ward = await self._owner(event["frameId"])
            if ward is None:
                await self._stop(event, "BlockedByClient")
                return
        verdict = Verdict.PASS if ward is None else ward.judge(sent)
        if ward is None or verdict is Verdict.PASS:
            await self._cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})
        elif verdict is Verdict.EFFECT:
            await self._effect(ward, event)
        else:
            ward.late() if verdict is Verdict.LATE else ward.undeclared(sent)
            await self._stop(event, "Aborted")

    async def _owner(self, frame: str) -> Ward | None:
        """A frame nobody announced (a popup's first request, a frame of another site): whose is it?"""
        from playwright.async_api import Error

        try:
            info = await self._cdp.send("Target.getTargetInfo", {"targetId": frame})
        except Error:
            return next(iter(self._wards.values())) if len(self._wards) == 1 else None
        return self._wards.get(info["targetInfo"].get("browserContextId", ""))

    async def _stop(self, event: Mapping[str, Any], reason: str) -> None:
        await self._cdp.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": reason})

    async def _effect(self, ward: Ward, event: Mapping[str, Any]) -> None:
        request, held = event["request"], {"requestId": event["requestId"]}
        body = await asyncio.to_thread(ward.papers.body_of, request)
        allowance = ward.effect(again="redirectedRequestId" in event)
        if not self._direct or body is None or not wire.goes_direct(request["url"], request["headers"]):
            await self._cdp.send("Fetch.continueRequest", held)
            return
        cookies = await ward.cookies(request["url"])
        outgoing = wire.Outgoing(
            method=request["method"],
            url=request["url"],
            headers=wire.headers_for(request, event["resourceType"], cookies),
            body=body,
            allowance=allowance,
            tls=ward.tls,
        )
        try:
            incoming = await asyncio.to_thread(wire.send, outgoing)
        except wire.NothingSent:
            await self._unsent(ward, event)
        except wire.TooLate:
            ward.late()
            await self._stop(event, "Aborted")
        except wire.NoAnswer:
            await self._stop(event, "ConnectionClosed")
        else:
            if incoming.certificate:
                ward.certified(request["url"], incoming.certificate)
            await self._hand_back(held, incoming)

    async def _unsent(self, ward: Ward, event: Mapping[str, Any]) -> None:
        """We could not connect as the browser perhaps can; if there is still time, it tries."""
        if ward.judge(Sent(event["request"]["method"].upper(), event["request"]["url"])) is Verdict.EFFECT:
            await self._cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})
        else:
            ward.late()
            await self._stop(event, "Aborted")

    async def _hand_back(self, held: Mapping[str, Any], incoming: wire.Incoming) -> None:
        headers = [{"name": name, "value": value} for name, value in incoming.headers]
        answer = {**held, "responseCode": incoming.status, "responseHeaders": headers}
        if incoming.body:
            answer["body"] = base64.b64encode(incoming.body).decode("ascii")
        await self._cdp.send("Fetch.fulfillRequest", answer)

    async def stop(self) -> None:
        """Let go of what is held; the browser is about to end."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
