"""The tests. Each name is a rule of `robo.sdk.runner`; a runner that fails one is not safe to give effects to."""

# ruff: noqa: S101 - these are tests, and asserts are what tests say
from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from robo.model.base import Effect
from robo.model.text import Expr, Template
from robo.sdk.action import ActionSpec, Params
from robo.sdk.errors import DeadlinePassed, ItemTrouble, RoboError
from robo.sdk.flaws import Flaws
from robo.sdk.parameters import read_params
from robo.sdk.runner import Answer, Call, Context, Runner, Session
from robo.sdk.secret import Secret
from robo.sdk.testing.gate import CountingGate, GateClosed
from robo.sdk.testing.processes import descendants, gone, known
from robo.sdk.testing.world import Asked, Submit, World

HOST = re.compile(r"(?:https?://)?[\w.\[\]:-]+")
"""What a sign-in may be told with: no path, nothing of anybody."""


class RunnerContract(ABC):
    """Derive, set `runner_type`, override `world` and `parsed`."""

    runner_type: ClassVar[type[Runner]]
    settings: ClassVar[Mapping[str, Any]] = {}

    @abstractmethod
    def world(self, folder: Path) -> AbstractAsyncContextManager[World]:
        """The other side, fresh for each test."""

    @abstractmethod
    def parsed(self, example: str) -> Any:
        """`ActionSpec.example` as a tree (it is YAML, and the SDK brings no YAML reader)."""

    # -- what the tests stand on

    @pytest.fixture
    async def here(self, tmp_path: Path) -> AsyncIterator[World]:
        async with self.world(tmp_path) as world:
            yield world

    @pytest.fixture
    async def runner(self) -> AsyncIterator[Runner]:
        runner = self.runner_type()
        await runner.start(self.settings, headed=False, slots=1)
        yield runner
        await runner.stop()

    @pytest.fixture
    async def session(self, runner: Runner, here: World, tmp_path: Path) -> AsyncIterator[Session]:
        async with self.opened(runner, here, tmp_path) as session:
            yield session

    @asynccontextmanager
    async def opened(self, runner: Runner, world: World, folder: Path, **more: Any) -> AsyncIterator[Session]:
        session = await runner.open(context_for(world, folder, **more))
        try:
            yield session
        finally:
            await session.close()

    # -- declared

    def test_the_runner_has_the_shape_of_one(self) -> None:
        assert isinstance(self.runner_type(), Runner)
        assert self.runner_type.actions

    def test_every_action_is_named_after_its_runner(self) -> None:
        for name, spec in self.runner_type.actions.items():
            assert name == spec.name
            assert name.startswith(f"{self.runner_type.name}.")
            assert name.islower()

    def test_every_action_says_what_it_is_for_in_a_sentence(self) -> None:
        for spec in self.runner_type.actions.values():
            assert spec.summary[:1].isupper(), spec.name
            assert spec.summary.endswith("."), spec.name

    def test_every_action_has_an_example_that_can_be_loaded(self) -> None:
        for spec in self.runner_type.actions.values():
            tree = self.parsed(spec.example)
            assert list(tree) == [spec.name], f"{spec.name}: the example is one step, its key the action"
            flaws = Flaws()
            read_params(spec, _opened_up(tree[spec.name]), flaws)
            assert [str(flaw) for flaw in flaws.found] == [], spec.name

    def test_every_result_is_explained(self) -> None:
        for spec in self.runner_type.actions.values():
            assert all(name.isidentifier() and what for name, what in spec.results.items()), spec.name

    def test_every_action_speaks_of_its_own_parameters_only(self) -> None:
        for spec in self.runner_type.actions.values():
            for named in filter(
                None, (spec.primary, spec.result_param, spec.columns_param, spec.text_param, spec.proof_needs)
            ):
                assert named in spec.params.model_fields, spec.name
            if spec.needs_source:
                assert "source" in spec.params.model_fields, spec.name

    def test_what_answers_for_others_changes_nothing(self) -> None:
        for spec in self.runner_type.actions.values():
            if spec.source or spec.finder:
                assert spec.effect is Effect.READ, spec.name
            assert spec.timeout > 0, spec.name

    # -- lives and ends

    async def test_starting_and_ending_may_be_said_twice(self, here: World, tmp_path: Path) -> None:
        runner = self.runner_type()
        await runner.stop()
        await runner.start(self.settings, headed=False, slots=1)
        session = await runner.open(context_for(here, tmp_path))
        await session.close()
        await session.close()
        await runner.stop()
        await runner.stop()

    async def test_a_session_may_be_closed_after_its_runner(self, here: World, tmp_path: Path) -> None:
        runner = self.runner_type()
        await runner.start(self.settings, headed=False, slots=1)
        session = await runner.open(context_for(here, tmp_path))
        await runner.stop()
        await session.close()

    async def test_a_runner_may_start_again_after_it_was_stopped(self, here: World, tmp_path: Path) -> None:
        runner = self.runner_type()
        for _ in range(2):
            await runner.start(self.settings, headed=False, slots=1)
            async with self.opened(runner, here, tmp_path) as session:
                await session.perform([asked.call for asked in here.calls()])
            await runner.stop()

    @pytest.mark.skipif(not known(), reason="this system does not tell which processes were started")
    async def test_nothing_that_was_started_outlives_stop(self, here: World, tmp_path: Path) -> None:
        before = descendants()
        runner = self.runner_type()
        await runner.start(self.settings, headed=False, slots=2)
        session = await runner.open(context_for(here, tmp_path))
        await session.perform([asked.call for asked in here.calls()])
        rows = self._reading(session, here)
        if rows is not None:
            await anext(rows)
        during = descendants() - before
        await runner.stop()
        assert await gone(during) == set()

    # -- reads and enters

    async def test_calls_are_done_in_order_and_each_has_its_result(self, here: World, session: Session) -> None:
        asked = self._harmless(here)
        results = await session.perform([each.call for each in asked])
        assert len(results) == len(asked) >= 2  # noqa: PLR2004 - an order needs two
        for each, result in zip(asked, results, strict=True):
            assert {name: result.values.get(name) for name in each.values} == dict(each.values), each.call.step
        assert list(here.effects()) == []

    async def test_what_cannot_be_done_says_why_and_what_to_do(
        self, here: World, runner: Runner, tmp_path: Path
    ) -> None:
        self._harmless(here)
        assert here.failing()
        for call in here.failing():
            async with self.opened(runner, here, tmp_path) as session:
                with pytest.raises(ItemTrouble) as caught:
                    await session.perform([call])
                assert caught.value.code, call.step
                assert str(caught.value), call.step
                assert caught.value.advice, call.step

    async def test_a_source_gives_its_rows_and_each_can_be_found_again(self, here: World, session: Session) -> None:
        source = here.source()
        if source is None:
            assert not any(spec.source for spec in self.runner_type.actions.values())
            with pytest.raises(RoboError):
                await anext(aiter(session.rows(self._any_call(here))))
            return
        call, expected = source
        rows = [row async for row in session.rows(call)]
        assert [dict(row.values) for row in rows] == [dict(values) for values in expected]
        assert len({row.place for row in rows}) == len(rows)
        assert [row.number for row in rows] == sorted(row.number for row in rows)
        again = [row async for row in session.rows(call)]
        assert [row.digest for row in again] == [row.digest for row in rows]
        assert all(row.digest for row in rows)

    async def test_a_reading_may_stop_anywhere(self, here: World, session: Session) -> None:
        rows = self._reading(session, here)
        if rows is None:
            pytest.skip("no action of this runner is a source")
        await anext(rows)
        await rows.aclose()  # type: ignore[attr-defined]  # what a generator can that an iterator need not
        await session.perform([asked.call for asked in here.calls()])

    def _harmless(self, world: World) -> Sequence[Asked]:
        """The calls of the world; only a runner whose every action submits may have none."""
        asked = world.calls()
        if not asked:
            assert all(spec.effect is Effect.SUBMIT for spec in self.runner_type.actions.values())
            pytest.skip("every action of this runner submits")
        return asked

    def _any_call(self, world: World) -> Call:
        asked = world.calls()
        return asked[0].call if asked else self._submit_of(world).call

    def _reading(self, session: Session, world: World) -> AsyncIterator[Any] | None:
        source = world.source()
        return None if source is None else session.rows(source[0])

    # -- submits

    async def test_the_gate_is_passed_once_after_the_entries_and_before_the_effect(
        self, here: World, session: Session
    ) -> None:
        submit = self._submit_of(here)
        gate = CountingGate(here)
        answer = await submitted(session, submit, gate)
        assert (gate.calls, gate.entered, tuple(gate.effects_before)) == (1, True, ())
        assert len(here.effects()) == 1
        assert answer.refused is None
        assert answer.values is not None
        assert {name: answer.values.get(name) for name in submit.values} == dict(submit.values)

    async def test_nothing_is_sent_when_the_gate_raises(self, here: World, session: Session) -> None:
        gate = CountingGate(here, closed=True)
        with pytest.raises(GateClosed):
            await submitted(session, self._submit_of(here), gate)
        await self._quiet(here, session)
        assert (gate.calls, list(here.effects())) == (1, [])

    @pytest.mark.parametrize("seconds", [0.0, -5.0], ids=["now", "before"])
    async def test_nothing_is_sent_after_the_deadline(self, here: World, session: Session, seconds: float) -> None:
        gate = CountingGate(here, seconds)
        with pytest.raises(DeadlinePassed):
            await submitted(session, self._submit_of(here), gate)
        await self._quiet(here, session)
        assert (gate.calls, list(here.effects())) == (1, [])

    async def test_a_refusal_is_an_answer_and_no_error(self, here: World, session: Session) -> None:
        refused = here.refused()
        if refused is None:
            pytest.skip("nothing of this runner is refused")
        submit, code = refused
        answer = await submitted(session, submit, CountingGate(here))
        assert answer.values is None
        assert answer.refused is not None
        assert answer.refused.code == code

    @pytest.mark.parametrize("reused", [True, False], ids=["of a reused connection", "of any connection"])
    async def test_an_effect_whose_answer_is_lost_by_a_reset_is_not_sent_again(
        self, here: World, session: Session, reused: bool
    ) -> None:
        if not await here.resets(reused=reused):
            pytest.skip("this runner speaks to nobody over a connection")
        gate = CountingGate(here)
        answer = Answer()
        with suppress(RoboError):  # it may say that the other side is gone; it may not try again
            answer = await submitted(session, self._submit_of(here), gate)
        await self._quiet(here, session)
        assert (gate.calls, len(here.effects())) == (1, 1)
        assert answer.refused is None
        assert reused or answer.values is None  # a runner that reuses no connection gets its answer

    async def test_a_dry_run_sends_nothing(self, here: World, runner: Runner, tmp_path: Path) -> None:
        async with self.opened(runner, here, tmp_path, dry_run=True) as session:
            results = await session.perform([asked.call for asked in here.calls()])
            assert [result.changes for result in results] == [()] * len(results)
            submit = here.submit()
            if submit is not None:
                with pytest.raises(RoboError):
                    await submitted(session, submit, CountingGate(here))
                await self._quiet(here, session)
        assert list(here.effects()) == []

    async def test_a_runner_that_submits_nothing_refuses_to(self, here: World, session: Session) -> None:
        if here.submit() is not None:
            pytest.skip("this runner submits")
        gate = CountingGate(here)
        with pytest.raises(RoboError):
            await session.submit((), here.calls()[0].call, gate)
        assert (gate.calls, list(here.effects())) == (0, [])

    def _submit_of(self, world: World) -> Submit:
        submit = world.submit()
        if submit is None:
            assert not any(spec.effect is Effect.SUBMIT for spec in self.runner_type.actions.values())
            pytest.skip("no action of this runner submits")
        return submit

    async def _quiet(self, world: World, session: Session) -> None:
        """Give a stray effect the time it would need: whatever still goes out does so before the session has closed."""
        await asyncio.sleep(0.3)
        await session.close()

    # -- shows and forgets

    async def test_evidence_never_raises_and_shows_nothing_sensitive(self, here: World, session: Session) -> None:
        fresh = await session.evidence([])
        await session.perform([asked.call for asked in here.calls()])
        shown = await session.evidence([here.sensitive] if here.sensitive else [])
        await session.close()
        closed = await session.evidence([here.sensitive] if here.sensitive else [])
        for kept in (fresh, shown, closed):
            assert all(isinstance(content, bytes) for content in kept.values())
        if here.sensitive:
            hidden = here.sensitive.encode()
            assert [name for name, content in shown.items() if hidden in content] == []

    async def test_reset_forgets_the_item_and_keeps_the_sign_in(self, here: World, session: Session) -> None:
        sign_in = here.sign_in()
        before, after = sign_in or ([], here.calls())
        for call in before:
            await session.perform([call])
        await session.reset()
        await session.reset()
        results = await session.perform([asked.call for asked in after])
        for each, result in zip(after, results, strict=True):
            assert {name: result.values.get(name) for name in each.values} == dict(each.values), each.call.step

    async def test_a_secret_that_an_application_took_is_told_once_with_its_host(
        self, here: World, runner: Runner, tmp_path: Path
    ) -> None:
        asked: set[str] = set()
        told: list[tuple[str, str]] = []

        async def secret(name: str) -> Secret:
            asked.add(name)
            return await here.secret(name)

        async def signed_in(name: str, host: str) -> None:
            told.append((name, host))

        before, after = here.sign_in() or ([], here.calls())
        async with self.opened(runner, here, tmp_path, secret=secret, signed_in=signed_in) as session:
            for call in [*before, *(each.call for each in after), *(each.call for each in after)]:
                await session.perform([call])
        assert sorted(name for name, _ in told) == sorted(asked)
        assert [host for _, host in told if not HOST.fullmatch(host)] == [], "the log would not take that"


async def submitted(session: Session, submit: Submit, gate: CountingGate) -> Answer:
    """Do what leads to a submit, then submit."""
    for call in submit.before:
        await session.perform([call])
    return await session.submit(submit.entries, submit.call, gate)


def context_for(world: World, folder: Path, **more: Any) -> Context:
    return Context(
        region="demo",
        environment="test",
        date_format="%d/%m/%Y",
        zone="Europe/Paris",
        folder=folder,
        hosts=world.hosts,
        secret=more.pop("secret", world.secret),
        settings=world.settings,
        **more,
    )


def call_of(spec: ActionSpec, params: Params, *, step: str = "", **more: Any) -> Call:
    """A call as the engine makes it, with the action's own effect and time-out."""
    return Call(
        step=step or spec.name,
        action=spec.name,
        params=params,
        effect=more.pop("effect", spec.effect),
        timeout=more.pop("timeout", spec.timeout),
        **more,
    )


def _opened_up(tree: Any) -> Any:
    """Texts with expressions as the loader sees them: values of a type that is not known yet."""
    if isinstance(tree, str):
        parts = [part for part in re.split(r"(\$\{\{.*?\}\})", tree) if part]
        opened = tuple(Expr(part[3:-2].strip()) if part.startswith("${{") else part for part in parts)
        return Template(tree, opened) if "${{" in tree else tree
    if isinstance(tree, Mapping):
        return {key: _opened_up(value) for key, value in tree.items()}
    if isinstance(tree, Sequence):
        return [_opened_up(value) for value in tree]
    return tree
