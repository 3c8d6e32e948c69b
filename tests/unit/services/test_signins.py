"""A wrong password reaches its application once, however many slots want in."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from robo.errors import CredentialsRefused, Failure, NotFound, SignInUnclear
from robo.sdk.secret import Secret
from robo.services.codes import Seed
from robo.services.worker import signins
from robo.services.worker.signins import SignIns, door, one_time_code
from robo.store import sweeps, workers
from robo.store.engine import open_store, upgrade


class Application:
    """Counts who knocks, and answers them all alike."""

    def __init__(self, answer: Failure | None) -> None:
        self.answer = answer
        self.tries = 0
        self.marked: list[str] = []
        self.sign_ins = SignIns(self.mark, lambda _secret: nullcontext())

    async def mark(self, refused: CredentialsRefused) -> None:
        self.marked.append(str(refused.facts["secret"]))

    async def sign_in(self, secret: str = "portal") -> Failure | None:  # noqa: S107 - a secret's name
        try:
            async with self.sign_ins.turn(secret):
                self.tries += 1
                await asyncio.sleep(0)
                if self.answer is not None:
                    raise self.answer
        except Failure as met:
            return met
        return None


REFUSED = CredentialsRefused("RB737", "refused", secret="portal")
UNCLEAR = SignInUnclear("RB745", "no answer", secret="portal")


@pytest.mark.parametrize("answer", [REFUSED, UNCLEAR], ids=["refused", "unclear"])
async def test_what_one_slot_meets_the_others_are_told_without_trying(answer: Failure) -> None:
    application = Application(answer)
    met = await asyncio.gather(*(application.sign_in() for _ in range(4)))
    assert application.tries == 1
    assert {(type(each), each.code) for each in met if each} == {(type(answer), answer.code)}
    assert len([each for each in met if each]) == 4


async def test_a_refused_secret_is_marked_once_and_before_anybody_else_is_told() -> None:
    application = Application(REFUSED)
    await asyncio.gather(application.sign_in(), application.sign_in())
    assert application.marked == ["portal"]


async def test_another_trouble_says_nothing_about_the_secret() -> None:
    application = Application(NotFound("RB701", "no such field"))
    await asyncio.gather(application.sign_in(), application.sign_in())
    assert application.tries == 2


async def test_another_secret_is_another_door() -> None:
    application = Application(REFUSED)
    await asyncio.gather(application.sign_in("portal"), application.sign_in("mail"))
    assert application.tries == 2


async def test_a_password_that_is_changed_after_it_was_taken_is_tried_once_too() -> None:
    application = Application(None)
    await application.sign_in()
    application.answer = REFUSED
    met = await asyncio.gather(*(application.sign_in() for _ in range(4)))
    assert all(isinstance(each, CredentialsRefused) for each in met)
    assert application.tries == 2


async def test_two_runs_knock_at_the_same_door(tmp_path: Path) -> None:
    """The second one asks for the secret when the first one has marked it, and tries nothing."""
    store = open_store(str(tmp_path / "robo.db"))
    upgrade(store)
    marked, tried, entered = set[str](), list[str](), asyncio.Event()

    async def mark(refused: CredentialsRefused) -> None:
        await asyncio.sleep(0.05)
        marked.add(str(refused.facts["secret"]))

    async def run(worker: str) -> None:
        locked = partial(door, store=store, holder=worker, incarnation=lambda: 1)
        async with SignIns(mark, locked).turn("portal"):
            if "portal" in marked:
                return
            tried.append(worker)
            entered.set()
            await asyncio.sleep(0.05)
            raise CredentialsRefused("RB737", "refused", secret="portal")

    first = asyncio.create_task(run("w1"))
    await entered.wait()
    await run("w2")
    with pytest.raises(CredentialsRefused):
        await first
    assert tried == ["w1"]
    store.close()


async def test_a_worker_that_was_killed_at_the_door_does_not_keep_it_shut(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "robo.db"))
    upgrade(store)
    life = store.transact(lambda tx: workers.join(tx, "dead"))
    store.transact(lambda tx: workers.take(tx, "sign-in:portal", "dead", 120.0, incarnation=life))
    store.transact(lambda tx: sweeps.sweep(tx, dead=["dead"]))
    async with door("portal", store=store, holder="w1", incarnation=lambda: 1):
        assert not store.transact(lambda tx: workers.take(tx, "sign-in:portal", "w2", 120.0))
    assert store.transact(lambda tx: workers.take(tx, "sign-in:portal", "w2", 120.0))
    store.close()


async def test_a_code_is_given_to_one_sign_in_only(tmp_path: Path) -> None:
    """Another wants one while it is valid: it waits for the next, and the codes of another secret do not."""
    store = open_store(str(tmp_path / "robo.db"))
    upgrade(store)
    long = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=3600"
    portal, mail = Secret("portal", otp=long), Secret("mail", otp=long)
    assert len(await one_time_code(portal, store=store)) == 6
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(one_time_code(portal, store=store), 0.5)
    assert len(await one_time_code(mail, store=store)) == 6


async def test_a_code_that_is_over_when_the_store_answers_is_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(str(tmp_path / "robo.db"))
    upgrade(store)
    moments = iter([1_000_000_000.0, 1_000_000_040.0])  # before the lease, after it: a disk that took its time
    monkeypatch.setattr(signins, "time", SimpleNamespace(time=lambda: next(moments, 1_000_000_041.0)))
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    code = await asyncio.wait_for(one_time_code(Secret("portal", otp=seed), store=store), 20)
    assert code == Seed.read(seed, "portal").code(1_000_000_041.0)
    assert code != Seed.read(seed, "portal").code(1_000_000_000.0)
    store.close()
