"""A wrong password reaches its application once, however many slots want in."""

from __future__ import annotations

import asyncio

import pytest

from robo.errors import CredentialsRefused, Failure, NotFound, SignInUnclear
from robo.services.worker.signins import SignIns


class Application:
    """Counts who knocks, and answers them all alike."""

    def __init__(self, answer: Failure | None) -> None:
        self.answer = answer
        self.tries = 0
        self.marked: list[str] = []
        self.sign_ins = SignIns(self.mark)

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
