"""The contract is worth something: a guest with any one of these flaws fails the test that is about it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from robo.sdk.action import ActionSpec, Params
from robo.sdk.errors import DeadlinePassed, Failure
from robo.sdk.runner import Answer, Call, Context, Gate, Result, Row
from robo.sdk.secret import Secret
from robo.sdk.targets import Watched
from robo.sdk.testing import Asked, RunnerContract, Submit, World
from robo.sdk.testing.contract import call_of, context_for
from robo.sdk.values import Effect


class SayParams(Params):
    word: str


SAY = ActionSpec(
    name="echo.say",
    params=SayParams,
    effect=Effect.LOCAL,
    summary="Say a word.",
    primary="word",
    example="echo.say: oui",
)
SEND = ActionSpec(
    name="echo.send",
    params=SayParams,
    effect=Effect.SUBMIT,
    summary="Send a word.",
    primary="word",
    example="echo.send: a",
)


class EchoWorld(World):
    """The other side: a list."""

    sensitive = "secret-word"

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.said: list[str] = []
        self.resetting = False

    async def secret(self, name: str) -> Secret:
        return Secret(name, username="echo", password=self.sensitive)

    def calls(self) -> Sequence[Asked]:
        return [Asked(call_of(SAY, SayParams(word=word)), {"word": word}) for word in ("one", self.sensitive)]

    def failing(self) -> Sequence[Call]:
        return [call_of(SAY, SayParams(word="unspeakable"))]

    def effects(self) -> Sequence[str]:
        return tuple(self.sent)

    async def entered(self) -> bool:
        return "hello" in self.said

    def submit(self) -> Submit:
        return self._submit("hello")

    def refused(self) -> tuple[Submit, str]:
        return self._submit("twice"), "already-known"

    async def resets(self, *, reused: bool) -> bool:
        self.resetting = True
        return True

    def _submit(self, word: str) -> Submit:
        entries = (call_of(SAY, SayParams(word="hello")),)
        return Submit(entries=entries, call=call_of(SEND, SayParams(word=word)), values={"receipt": 1})


class Echo:
    """A guest with at most one flaw."""

    name = "echo"
    actions: ClassVar[Mapping[str, ActionSpec]] = {spec.name: spec for spec in (SAY, SEND)}
    flaw: ClassVar[str] = ""
    world: ClassVar[EchoWorld]

    async def start(self, settings: Mapping[str, Any], *, headed: bool, slots: int) -> None: ...

    async def open(self, context: Context) -> EchoSession:
        return EchoSession(context, self.world, self.flaw)

    async def stop(self) -> None: ...


class EchoSession:
    def __init__(self, context: Context, world: EchoWorld, flaw: str) -> None:
        self.context, self.world, self.flaw = context, world, flaw
        self.closed = self.known = False

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        await self.context.secret("echo")
        host = "echo.example/path of somebody" if self.flaw == "tells more than the host" else "echo.example"
        if (not self.known or self.flaw == "tells of it again") and self.flaw != "keeps a sign-in to itself":
            await self.context.signed_in("echo", host)
        self.known = True
        results = [self._say(call) for call in calls]
        return results[::-1] if self.flaw == "disorder" else results

    def _say(self, call: Call) -> Result:
        assert isinstance(call.params, SayParams)
        if call.params.word == "unspeakable":
            if self.flaw == "bare error":
                raise ValueError(call.params.word)
            remedy = "" if self.flaw == "no remedy" else "say something else"
            raise Failure("RB999", "it cannot be said", remedy=remedy)
        if self.flaw == "effect in a read step":
            self.world.sent.append(call.params.word)
        self.world.said.append(call.params.word)
        return Result(values={"word": call.params.word})

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        assert isinstance(call.params, SayParams)
        if self.context.dry_run and self.flaw != "sends in a dry run":
            raise Failure("RB998", "this is a dry run", remedy="run it for good")
        if self.flaw == "sends before the gate":
            self.world.sent.append(call.params.word)
        until = 0.0
        if self.flaw != "gate before entries":
            await self.perform(entries)
        try:
            until = await gate()
        except Exception:
            if self.flaw == "sends though the gate was closed":
                self.world.sent.append(call.params.word)
            raise
        if self.flaw == "gate twice":
            await gate()
        if self.flaw == "gate before entries":
            await self.perform(entries)
        if until <= time.monotonic() and self.flaw != "sends too late":
            raise DeadlinePassed("RB997", "too late", remedy="look")
        return self._act(call.params.word)

    def _act(self, word: str) -> Answer:
        if word == "twice":
            known = Watched(targets=(), code="already-known")
            return Answer() if self.flaw == "swallows a refusal" else Answer(refused=known)
        if self.flaw != "sends before the gate":
            self.world.sent.append(word)
        if self.world.resetting:
            if self.flaw == "sends again":
                self.world.sent.append(word)
            return Answer()
        return Answer(values={"receipt": len(self.world.sent)})

    def rows(self, call: Call) -> AsyncIterator[Row]:
        raise Failure("RB996", "there are no rows", remedy="take another source")

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        if self.flaw == "evidence raises" and self.closed:
            raise RuntimeError("closed")
        text = " ".join(self.world.said)
        for word in sensitive:
            text = text if self.flaw == "evidence shows" else text.replace(word, "***")
        return {"said.txt": text.encode()}

    async def reset(self) -> None:
        if self.flaw == "reset ends the session":
            self.flaw = "bare error"
            self.world.said.clear()
            self._say = self._lost  # type: ignore[method-assign]  # what a lost session does

    def _lost(self, call: Call) -> Result:
        return Result()

    async def close(self) -> None:
        if self.flaw == "closes once" and self.closed:
            raise RuntimeError("closed already")
        self.closed = True


class EchoContract(RunnerContract):
    """Not collected by its name; the tests below call its rules one by one."""

    runner_type = Echo

    @asynccontextmanager
    async def world(self, folder: Path) -> AsyncIterator[World]:
        yield Echo.world

    def parsed(self, example: str) -> Any:
        name, _, value = example.partition(": ")
        return {name: value}


class TestSoundGuest(EchoContract):
    """A guest without a flaw keeps the whole contract."""

    @pytest.fixture(autouse=True)
    def sound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Echo, "world", EchoWorld(), raising=False)


FLAWS = {
    "disorder": "test_calls_are_done_in_order_and_each_has_its_result",
    "effect in a read step": "test_calls_are_done_in_order_and_each_has_its_result",
    "bare error": "test_what_cannot_be_done_says_why_and_what_to_do",
    "no remedy": "test_what_cannot_be_done_says_why_and_what_to_do",
    "gate twice": "test_the_gate_is_passed_once_after_the_entries_and_before_the_effect",
    "gate before entries": "test_the_gate_is_passed_once_after_the_entries_and_before_the_effect",
    "sends before the gate": "test_the_gate_is_passed_once_after_the_entries_and_before_the_effect",
    "sends though the gate was closed": "test_nothing_is_sent_when_the_gate_raises",
    "sends too late": "test_nothing_is_sent_after_the_deadline",
    "swallows a refusal": "test_a_refusal_is_an_answer_and_no_error",
    "sends again": "test_an_effect_whose_answer_is_lost_by_a_reset_is_not_sent_again",
    "sends in a dry run": "test_a_dry_run_sends_nothing",
    "evidence raises": "test_evidence_never_raises_and_shows_nothing_sensitive",
    "evidence shows": "test_evidence_never_raises_and_shows_nothing_sensitive",
    "reset ends the session": "test_reset_forgets_the_item_and_keeps_the_sign_in",
    "keeps a sign-in to itself": "test_a_secret_that_an_application_took_is_told_once_with_its_host",
    "tells of it again": "test_a_secret_that_an_application_took_is_told_once_with_its_host",
    "tells more than the host": "test_a_secret_that_an_application_took_is_told_once_with_its_host",
    "closes once": "test_starting_and_ending_may_be_said_twice",
}
MORE: Mapping[str, Mapping[str, Any]] = {"sends too late": {"seconds": 0.0}, "sends again": {"reused": True}}


@pytest.mark.parametrize(("flaw", "rule"), FLAWS.items(), ids=FLAWS)
async def test_a_flaw_fails_the_rule_that_is_about_it(
    flaw: str, rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = EchoWorld()
    monkeypatch.setattr(Echo, "world", world, raising=False)
    monkeypatch.setattr(Echo, "flaw", flaw)
    runner = Echo()
    session = EchoSession(context_for(world, tmp_path), world, flaw)
    given = {"here": world, "session": session, "runner": runner, "tmp_path": tmp_path}
    test = getattr(EchoContract(), rule)
    wanted = test.__code__.co_varnames[1 : test.__code__.co_argcount]
    arguments = {name: value for name, value in given.items() if name in wanted}
    with pytest.raises((AssertionError, RuntimeError, ValueError, pytest.fail.Exception)):
        await test(**arguments, **MORE.get(flaw, {}))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"summary": "say"}, "test_every_action_says_what_it_is_for_in_a_sentence"),
        ({"example": "echo.sing: oui"}, "test_every_action_has_an_example_that_can_be_loaded"),
        ({"primary": "words"}, "test_every_action_speaks_of_its_own_parameters_only"),
        ({"needs_source": True}, "test_every_action_speaks_of_its_own_parameters_only"),
        ({"results": {"word": ""}}, "test_every_result_is_explained"),
        ({"source": True}, "test_what_answers_for_others_changes_nothing"),
        ({"name": "other.say"}, "test_every_action_is_named_after_its_runner"),
    ],
    ids=["summary", "example", "primary", "source parameter", "results", "source", "name"],
)
def test_a_flaw_of_a_declaration_fails_the_rule_that_is_about_it(
    change: Mapping[str, Any], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SAY.model_copy(update=change)
    monkeypatch.setattr(Echo, "actions", {spec.name: spec})
    with pytest.raises(AssertionError):
        getattr(EchoContract(), rule)()
