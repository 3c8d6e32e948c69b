"""Signing in: once, on a declared host, with a secret that nothing records."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from robo.sdk.errors import CredentialsRefused, Failure, MissingSecret, NotFound, SignInUnclear, TimedOut
from robo.sdk.runner import Call, Result
from robo.sdk.secret import Secret
from robo.sdk.targets import Target
from robo_browser.acting import SERVER_ERROR, Hands, watch_job
from robo_browser.answers import Answers
from robo_browser.parameters import LoginParams
from robo_browser.rules import origin, place_of
from robo_browser.trouble import failed
from robo_browser.values import target_words

TURNED_AWAY: Final = frozenset({401, 403})
"""What an application answers to a certificate that it does not take."""

PERSON: Final = 600.0
"""Seconds a person has to sign in, at least: a card is looked for, a telephone rings."""
GLANCE: Final = 2.0
"""Seconds one window is looked at before it is asked which one is in front."""


async def sign_in(hands: Hands, answers: Answers, call: Call, params: LoginParams, end: float) -> Result:
    """Go there, type the secret, press the button, and know whether it was taken. Raises `CredentialsRefused`, and
    `SignInUnclear` for every other trouble after the button was pressed: whoever tries again may lock the account."""
    hands.check_host(params.at, call.step)
    asked = time.monotonic()
    async with hands.context.turn(params.secret):
        waited = time.monotonic() - asked  # for who signs in before, or has the account: none of the page's time
        return await _SignIn(hands, answers, call, params, end + waited).do()


class _SignIn:
    """One sign-in."""

    def __init__(self, hands: Hands, answers: Answers, call: Call, params: LoginParams, end: float) -> None:
        self._hands = hands
        self._answers = answers
        self._call = call
        self._params = params
        self._end = end

    async def do(self) -> Result:
        hands, call, params = self._hands, self._call, self._params
        if hands.context.kinds.get(params.secret) == "attended":
            return await self._attended()
        secret = await hands.context.secret(params.secret)
        await hands.arrive(params.at, call, self._end)
        if await self._in_already():
            return Result(note="signed in already")
        if params.password is not None:
            hands.using(secret, params.at)
        address = hands.tab.page.url
        sent = await self._typed(secret) if params.password is not None else await self._at_hand()
        try:
            await self._send(sent)
        except CredentialsRefused:
            raise
        except Failure as trouble:
            raise _unclear(call, params, trouble) from None
        await self._is_in(address, secret if params.password is not None else None)
        watched = await self._answers.after(call, self._end)
        return Result(values=watched.values, note=f"{place_of(params.at)} ({params.secret})")

    async def _attended(self) -> Result:
        """A person signs in, in this window or one that it opens; the robot only looks for what is expected then."""
        from playwright.async_api import Error

        hands, call, params = self._hands, self._call, self._params
        await hands.arrive(params.at, call, self._end)
        address, end = hands.tab.page.url, time.monotonic() + max(PERSON, call.timeout)
        watch = {"job": "watch", **watch_job(hands, call), "refused": []}  # a wrong code is her affair: she tries again
        if call.watch.expect:
            watch["read"] = {}  # what is read is not what says that she is in: it is asked for once she is
        seen: Mapping[str, Any] = {}
        while not seen.get("ok") and time.monotonic() < end:
            with suppress(TimedOut, NotFound):  # a page on its way to another
                seen = await hands.do(watch, min(end, time.monotonic() + GLANCE))
        if not seen.get("ok"):
            with suppress(Error, TimeoutError):  # no picture shows what she typed
                await hands.tab.navigate("about:blank", GLANCE)
            raise SignInUnclear(
                "RB758",
                "nobody signed in on %(url)s within %(minutes)s minutes",
                place=call.step,
                remedy="somebody signs in by hand, in the window that opens: `robo run --resume RUN`",
                url=place_of(params.at),
                minutes=round(max(PERSON, call.timeout) / 60),
                secret=params.secret,
            )
        await self._is_in(address, None)
        watched = await self._answers.after(call, time.monotonic() + call.timeout)
        return Result(values=watched.values, note=f"{place_of(params.at)} ({params.secret})")

    async def _is_in(self, address: str, typed: Secret | None) -> None:
        hands, params = self._hands, self._params
        hands.signed_in(address, params.at, typed)
        await hands.context.signed_in(params.secret, origin(params.at))

    async def _in_already(self) -> bool:
        """The page shows what is expected, and not where one begins to sign in."""
        first = self._params.username or self._params.button
        if first is None:
            return False
        form = {"refused": [[self._target(first)]], "settled": not self._call.watch.expect}
        seen = await self._hands.do({"job": "watch", **watch_job(self._hands, self._call), **form}, self._end)
        return bool(seen.get("ok"))

    async def _typed(self, secret: Secret) -> Press | None:
        """Name and password (and the code, where it stands beside them) are in; what is to be pressed."""
        hands, call, params = self._hands, self._call, self._params
        _check_parts(call, params, secret)
        fields, button = {"username": named(params.username), "password": named(params.password)}, named(params.button)
        if params.next is not None:
            onward = await Typing(hands, call, secret, self._end).type(
                {"username": fields.pop("username")}, params.next
            )
            await hands.click_aimed(onward, {"targets": [self._target(params.next)]}, call, self._end)
        if params.otp is not None and await self._has(params.otp):
            secret, fields["otp"] = secret.with_part("otp", await self._code()), params.otp
        aim = await Typing(hands, call, secret, self._end).type(fields, button)
        return Press(aim, button, has_code="otp" in fields)

    async def _at_hand(self) -> Press | None:
        """A certificate signs in by itself, or at the press of a button."""
        button = self._params.button
        if button is None:
            return None
        return Press(await self._hands.aim({"targets": [self._target(button)]}, self._call, self._end), button)

    async def _send(self, press: Press | None) -> None:
        """Press, show the code if it is asked for on a page of its own, and know whether all was taken."""
        hands, call, params = self._hands, self._call, self._params
        tab = hands.tab
        documents = tab.documents
        if press is not None:
            await hands.click_aimed(press.aim, {"targets": [self._target(press.button)]}, call, self._end)
        if params.otp is not None and press is not None and not press.has_code:
            if not await self._code_is_asked_for(params.otp):
                return
            tab = hands.tab
            documents = tab.documents
            code = Secret(params.secret, otp=await self._code())
            button = named(params.otp_button or params.button)
            aim = await Typing(hands, call, code, self._end).type({"otp": params.otp}, button)
            await hands.click_aimed(aim, {"targets": [self._target(button)]}, call, self._end)
        await _taken(hands, call, params, self._end, left=tab.documents != documents)
        if params.otp is not None and await self._has(params.otp):
            raise _refused(call, params, "")

    async def _code_is_asked_for(self, field: Target) -> bool:
        """False: signed in without one, on a machine that the application knows."""
        hands, params = self._hands, self._params
        wrong = [[self._target(target) for target in params.wrong]] if params.wrong else []
        watch = watch_job(hands, self._call)
        job = {"job": "watch", **watch, "refused": [*wrong, [self._target(field)]], "status": True}
        seen = await hands.do(job, self._end)
        if "refused" in seen and seen["refused"] == len(wrong):
            return True
        if "refused" in seen:
            raise _refused(self._call, params, str(seen["words"]))
        if seen.get("ok"):
            return False
        raise _unanswered(
            self._call, params, f"HTTP {seen['status']}" if seen.get("status") else "no page for the code"
        )

    async def _code(self) -> str:
        """A one-time code. The time it is waited for is not the page's."""
        began = time.monotonic()
        code = await self._hands.context.code(self._params.secret)
        self._end += time.monotonic() - began
        return code

    async def _has(self, target: Target) -> bool:
        job = {"job": "has", "targets": [self._target(target)], "doing": "enter"}
        return bool((await self._hands.do(job, time.monotonic())).get("has"))

    def _target(self, target: Target) -> dict[str, Any]:
        return self._hands.target(target, self._call.within)


@dataclass(frozen=True, slots=True)
class Press:
    """What is to be pressed to sign in, and where it is; `has_code`: the one-time code is in already."""

    aim: Mapping[str, Any]
    button: Target
    has_code: bool = False


def named(target: Target | None) -> Target:
    """What a sign-in of this kind is told; a plan without it is refused."""
    assert target is not None  # noqa: S101 - RB475
    return target


def _check_parts(call: Call, params: LoginParams, secret: Secret) -> None:
    """Raise `MissingSecret` RB734 unless the secret has both parts."""
    missing = [part for part in ("username", "password") if part not in secret.parts()]
    if missing:
        raise MissingSecret(
            "RB734",
            "the secret %(secret)s has no %(part)s",
            place=call.step,
            remedy="enter it again: `robo secrets set %(secret)s`",
            secret=params.secret,
            part=missing[0],
        )


@dataclass(frozen=True, slots=True)
class Typing:
    """Types a secret into the pages that ask for it."""

    hands: Hands
    call: Call
    secret: Secret
    end: float

    async def type(self, fields: Mapping[str, Target], button: Target) -> Mapping[str, Any]:
        """The fields of one page (by part of the secret) in one trip, and where its button is; the page's own script
        checks the host again, in the moment of typing."""
        hands, call, secret = self.hands, self.call, self.secret
        job = {
            "job": "enter",
            "origins": [host.origin for host in hands.context.hosts],
            "button": [hands.target(button, call.within)],
            "seconds": call.timeout,
            "entries": [
                {
                    "targets": [hands.target(target, call.within)],
                    "text": secret.reveal(part),
                    "texts": [secret.reveal(part)],
                    "empty": False,
                    "on": True,
                }
                for part, target in fields.items()
            ],
        }
        try:
            answer = await hands.do(job, self.end)
        finally:
            job.clear()  # a traceback keeps locals, and this one holds the secret
        names = [*fields.values(), button]
        if "failed" in answer:
            raise failed(answer, target_words(names[answer.get("index", -1)]), call.step)
        if "x" not in answer or not _typed(answer["shown"], fields, secret):
            raise TimedOut(
                "RB735", "the sign-in fields did not keep what was typed", place=call.step, remedy="look at it"
            )
        return answer


def _typed(shown: list[dict[str, Any]], parts: Iterable[str], secret: Secret) -> bool:
    return all(
        field["same"] if field["kind"] == "choice" else field["text"].strip() == secret.reveal(part).strip()
        for field, part in zip(shown, parts, strict=True)
    )


async def _taken(hands: Hands, call: Call, params: LoginParams, end: float, *, left: bool) -> None:
    """Raise unless the sign-in was taken: by what is expected, else by the password field being gone."""
    wrong = [[hands.target(target) for target in params.wrong]] if params.wrong else []
    watch = watch_job(hands, call)
    job = {"job": "watch", **watch, "refused": wrong, "signIn": left, "status": True, "settled": not watch["expect"]}
    seen = await hands.do(job, end)
    if seen.get("ok"):
        return
    if "refused" in seen or seen.get("signIn"):
        raise _refused(call, params, str(seen.get("words", "")))
    status = int(seen.get("status") or 0)
    if status in TURNED_AWAY and params.password is None:
        raise _refused(call, params, f"HTTP {status}")
    if status >= SERVER_ERROR:
        raise _unanswered(call, params, f"HTTP {status}")
    state = await hands.tab.ready(0.0)
    if state.get("signIn"):
        raise _refused(call, params, "") if left else _unanswered(call, params, f"no page in {call.timeout:g} s")
    if not seen.get("settled"):
        raise SignInUnclear(
            "RB736",
            "the sign-in was sent, but what was expected did not appear in %(seconds)s s",
            place=call.step,
            remedy="look at the page after signing in (`robo run … --headed --step`), and correct `expect` or `wrong`",
            seconds=f"{call.timeout:g}",
            secret=params.secret,
        )


def _unanswered(call: Call, params: LoginParams, why: str) -> SignInUnclear:
    """That says nothing about the secret, so it is not marked; nor is it typed again at once."""
    return SignInUnclear(
        "RB745",
        "the sign-in on %(url)s was sent, and no answer came that says whether it was taken: %(why)s",
        place=call.step,
        remedy="sign in by hand: when that works, go on with `robo run --resume RUN`; nothing was tried twice",
        url=place_of(params.at),
        why=why,
        secret=params.secret,
    )


def _unclear(call: Call, params: LoginParams, trouble: Failure) -> SignInUnclear:
    return trouble if isinstance(trouble, SignInUnclear) else _unanswered(call, params, str(trouble))


def _refused(call: Call, params: LoginParams, words: str) -> CredentialsRefused:
    return CredentialsRefused(
        "RB737",
        "the application refused the secret %(secret)s: %(words)s",
        place=call.step,
        remedy="nothing is tried again (accounts get locked): `robo secrets set %(secret)s`",
        secret=params.secret,
        words=words or "it asks to sign in again",
    )
