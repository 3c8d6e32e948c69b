"""Something sent once: what is known after each kind of answer, and how its key proves it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from robo_http.actions import Idempotency, PostParams

from robo.sdk.errors import CredentialsRefused, DeadlinePassed, Failure, PortalDown, Rejection, SessionLost, UsageError
from robo.sdk.values import MISSING
from tests.runners.http.support import Application, Desk, Gate, get, post, says


def url(application: Application) -> str:
    return f"{application.origin}/dossiers"


async def test_an_answer_that_is_expected_is_the_receipt(application: Application, desk: Desk) -> None:
    async with desk.session(application.origin) as session:
        gate = Gate()
        body = {"nom": "Léa", "n": Decimal("1.5"), "gone": MISSING, "list": ("a",)}
        answer = await session.submit((), post(url(application), json=body), gate)
    assert answer.values == {"status": 201, "json": {"number": "D-1"}}
    (asked,) = application.asked
    assert asked.json == {"nom": "Léa", "n": 1.5, "gone": None, "list": ["a"]}
    assert asked.headers["idempotency-key"] == "ab" * 32
    assert (gate.calls, gate.told[0].startswith(f"POST {url(application)} ")) == (1, True)


async def test_every_digit_of_a_number_is_sent(application: Application, desk: Desk) -> None:
    exact = Decimal("12345678901234567.89")
    async with desk.session(application.origin) as session:
        await session.submit((), post(url(application), json={"total": [exact, Decimal("1E-7"), Decimal(200)]}), Gate())
        await session.submit((), post(url(application), json=None, form={"total": exact}), Gate())
        await session.submit((), post(url(application), json=None, query={"total": exact}), Gate())
    written, form, query = application.asked
    assert written.body == b'{"total":[12345678901234567.89,0.0000001,200]}'
    assert written.headers["content-type"] == "application/json"
    assert form.body == b"total=12345678901234567.89"
    assert (query.query["total"], query.body) == ("12345678901234567.89", b"")


async def test_a_form_is_sent_as_one(application: Application, desk: Desk) -> None:
    async with desk.session(application.origin) as session:
        await session.submit((), post(url(application), json=None, form={"nom": "Léa", "gone": MISSING}), Gate())
    assert application.asked[0].body == b"nom=L%C3%A9a"


def test_a_request_has_one_body() -> None:
    with pytest.raises(ValueError, match="one body"):
        PostParams(url="https://a.exemple", json={}, form={})  # type: ignore[arg-type] # an Address


async def test_the_same_key_again_is_the_proof(application: Application, desk: Desk) -> None:
    application.resetting = "any"
    async with desk.session(application.origin) as session:
        with pytest.raises(SessionLost):
            await session.submit((), post(url(application)), Gate())
        application.resetting = ""
        found = await session.prove(post(url(application)), 60.0)
    assert (found.finding.found, found.values["json"]) == (True, {"number": "D-1"})
    assert application.filed == ["ab" * 32]


async def test_a_proof_ends_with_the_life_of_the_key(application: Application, desk: Desk) -> None:
    call = post(url(application), idempotency=Idempotency(life=timedelta(hours=1)))
    async with desk.session(application.origin) as session:
        found = await session.prove(call, 3600.0)
    assert (found.finding.found, found.finding.for_good, application.asked) == (None, True, [])


@pytest.mark.parametrize("status", [409, 422, 500, 503])
async def test_a_proof_that_is_answered_otherwise_cannot_tell(
    application: Application, desk: Desk, status: int
) -> None:
    application.answer("/dossiers", says({}, status))
    async with desk.session(application.origin) as session:
        found = await session.prove(post(url(application)), 60.0)
    assert (found.finding.found, found.finding.for_good) == (None, False)


async def test_without_a_key_there_is_no_proof(application: Application, desk: Desk) -> None:
    async with desk.session(application.origin) as session:
        await session.submit((), post(url(application), idempotency=None), Gate())
        found = await session.prove(post(url(application), idempotency=None), 60.0)
    assert "idempotency-key" not in application.asked[0].headers
    assert (found.finding.found, len(application.asked)) == (None, 1)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(400, Rejection, "request-refused"), (404, Rejection, "request-refused"), (429, Failure, "RB880")],
)
async def test_a_refusal_is_absent_and_says_why(
    application: Application, desk: Desk, status: int, kind: type[Exception], code: str
) -> None:
    application.answer("/dossiers", says({"error": "nom absent"}, status))
    async with desk.session(application.origin) as session:
        answer = await session.submit((), post(url(application)), Gate())
    assert isinstance(answer.absent, kind)
    assert answer.absent.code == code


@pytest.mark.parametrize("status", [302, 408, 409, 500, 502, 503])
async def test_an_answer_that_decides_nothing_leaves_the_doubt(
    application: Application, desk: Desk, status: int
) -> None:
    application.answer("/dossiers", says({}, status))
    async with desk.session(application.origin) as session:
        answer = await session.submit((), post(url(application)), Gate())
    assert (answer.values, answer.absent, answer.refused) == (None, None, None)
    assert answer.words.startswith(str(status))


@pytest.mark.parametrize("before", [False, True], ids=["at once", "after it was taken"])
async def test_a_secret_that_is_refused_behind_the_gate_is_absent_and_marked(
    application: Application, desk: Desk, before: bool
) -> None:
    application.answer("/d", says({}))
    application.answer("/dossiers", says({}, 401))
    async with desk.session(application.origin) as session:
        if before:
            await session.perform([get(f"{application.origin}/d", secret="api")])
        answer = await session.submit((), post(url(application), secret="api"), Gate())
    assert isinstance(answer.absent, CredentialsRefused)
    assert desk.turns == ["api"] * (1 + before)


async def test_an_application_that_has_gone_never_had_it(application: Application, desk: Desk) -> None:
    async with desk.session("http://127.0.0.1:1") as session:
        answer = await session.submit((), post("http://127.0.0.1:1/dossiers"), Gate())
    assert isinstance(answer.absent, PortalDown)


async def test_nothing_is_sent_while_the_gate_is_closed(application: Application, desk: Desk) -> None:
    async def closed(_entered: Any = ()) -> float:
        raise UsageError("RB999", "closed")

    async with desk.session(application.origin) as session:
        with pytest.raises(UsageError):
            await session.submit((), post(url(application)), closed)
    assert application.asked == []


async def test_nothing_is_sent_when_it_is_too_late(application: Application, desk: Desk) -> None:
    async with desk.session(application.origin) as session:
        with pytest.raises(DeadlinePassed):
            await session.submit((), post(url(application)), Gate(seconds=-1))
    assert application.asked == []


async def test_a_dry_run_sends_nothing_and_shows_what_it_would(application: Application, desk: Desk) -> None:
    gate = Gate()
    async with desk.session(application.origin, dry_run=True) as session:
        with pytest.raises(UsageError):
            await session.submit((), post(url(application)), gate)
    assert (application.asked, gate.told) == ([], [f'POST {url(application)} {{"nom":"Léa"}}'])
