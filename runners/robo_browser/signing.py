"""Signing in: once, on a declared host, with a secret that nothing records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from robo.sdk.errors import CredentialsRefused, Failure, MissingSecret, SignInUnclear, TimedOut
from robo.sdk.runner import Call, Result
from robo.sdk.secret import Secret
from robo.sdk.targets import Target
from robo_browser.acting import SERVER_ERROR, Hands, watch_job
from robo_browser.answers import Answers
from robo_browser.parameters import LoginParams
from robo_browser.rules import place_of
from robo_browser.trouble import failed
from robo_browser.values import target_words


async def sign_in(hands: Hands, answers: Answers, call: Call, params: LoginParams, end: float) -> Result:
    """Go there, type the secret, press the button, and know whether it was taken. Raises `CredentialsRefused`, and
    `SignInUnclear` for every other trouble after the button was pressed: whoever tries again may lock the account."""
    hands.check_host(params.at, call.step)
    async with hands.context.turn(params.secret):
        return await _in_turn(hands, answers, call, params, end)


async def _in_turn(hands: Hands, answers: Answers, call: Call, params: LoginParams, end: float) -> Result:
    secret = await hands.context.secret(params.secret)
    await hands.arrive(params.at, call, end)
    form = {"refused": [[hands.target(params.username, call.within)]], "settled": not call.watch.expect}
    first = await hands.do({"job": "watch", **watch_job(hands, call), **form}, end)
    if first.get("ok"):
        return Result(note="signed in already")
    hands.using(secret)
    tab = hands.tab
    _check_parts(call, params, secret)
    typing = Typing(hands, call, secret, end)
    both = {"username": params.username, "password": params.password}
    if params.next is None:
        aim = await typing.type(both, params.button)
    else:
        onward = await typing.type({"username": both.pop("username")}, params.next)
        await hands.click_aimed(onward, {"targets": [hands.target(params.next, call.within)]}, call, end)
        aim = await typing.type(both, params.button)
    address, documents = tab.page.url, tab.documents
    try:
        await hands.click_aimed(aim, {"targets": [hands.target(params.button, call.within)]}, call, end)
        await _taken(hands, call, params, end, left=tab.documents != documents)
    except CredentialsRefused:
        raise
    except Failure as trouble:
        raise _unclear(call, params, trouble) from None
    hands.signed_in(address, secret)
    watched = await answers.after(call, end)
    return Result(values=watched.values, note=f"{place_of(params.at)} ({params.secret})")


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
    if int(seen.get("status") or 0) >= SERVER_ERROR:
        raise _unanswered(call, params, f"HTTP {seen['status']}")
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
