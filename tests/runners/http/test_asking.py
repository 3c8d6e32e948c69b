"""Asking: what an answer leaves, what it means when it is not right, and how a secret is used."""

from __future__ import annotations

import traceback
from decimal import Decimal
from typing import Any

import pytest
from robo_http.actions import GetParams

from robo.model.base import Effect
from robo.sdk.errors import (
    CredentialsRefused,
    Failure,
    PageError,
    PortalDown,
    Rejection,
    RoboError,
    SessionLost,
    TimedOut,
    UndeclaredEffect,
)
from robo.sdk.values import MISSING
from tests.runners.http.support import TOKEN, Application, Desk, get, graphql, says


async def asked(desk: Desk, application: Application, call: Any) -> Any:
    async with desk.session(application.origin) as session:
        (result,) = await session.perform([call])
    return result


async def test_json_is_values_of_the_language_and_what_is_null_is_missing(application: Application, desk: Desk) -> None:
    application.answer("/d", says({"n": 3, "part": 0.1, "gone": None, "list": [1, None], "who": {"nom": "Léa"}}))
    values = (await asked(desk, application, get(f"{application.origin}/d"))).values
    assert values["status"] == 200
    assert values["json"] == {
        "n": 3,
        "part": Decimal("0.1"),
        "gone": MISSING,
        "list": (1, MISSING),
        "who": {"nom": "Léa"},
    }


async def test_what_is_no_json_is_text(application: Application, desk: Desk) -> None:
    application.answer("/d", (200, {"Content-Type": "text/plain; charset=utf-8"}, "é".encode()))
    values = (await asked(desk, application, get(f"{application.origin}/d"))).values
    assert (values["json"], values["text"]) == (MISSING, "é")


async def test_what_says_it_is_json_and_is_not_is_told(application: Application, desk: Desk) -> None:
    application.answer("/d", (200, {"Content-Type": "application/json"}, b"{"))
    with pytest.raises(PageError) as caught:
        await asked(desk, application, get(f"{application.origin}/d"))
    assert caught.value.code == "RB881"


async def test_a_query_is_written_and_what_is_missing_is_left_out(application: Application, desk: Desk) -> None:
    application.answer("/d", says([]))
    await asked(desk, application, get(f"{application.origin}/d?a=1", query={"b": "é &", "c": MISSING}))
    assert application.asked[0].query == {"a": "1", "b": "é &"}


async def test_an_answer_that_is_expected_is_no_failure(application: Application, desk: Desk) -> None:
    result = await asked(desk, application, get(f"{application.origin}/absent", expect=(200, 404)))
    assert result.values["status"] == 404


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (404, PageError, "RB878"),
        (500, PageError, "RB878"),
        (502, PortalDown, "RB879"),
        (503, PortalDown, "RB879"),
        (429, Failure, "RB880"),
    ],
)
async def test_an_answer_that_is_not_expected_says_whose_trouble_it_is(
    application: Application, desk: Desk, status: int, kind: type[RoboError], code: str
) -> None:
    application.answer("/d", says({"error": "nom absent"}, status))
    with pytest.raises(kind) as caught:
        await asked(desk, application, get(f"{application.origin}/d"))
    assert caught.value.code == code


@pytest.mark.parametrize("status", [429, 503])
async def test_it_comes_back_when_the_application_says_so(application: Application, desk: Desk, status: int) -> None:
    application.answer("/d", says({}, status, **{"Retry-After": "0"}), says({"n": 1}))
    values = (await asked(desk, application, get(f"{application.origin}/d"))).values
    assert (values["json"], len(application.asked)) == ({"n": 1}, 2)


async def test_it_does_not_wait_longer_than_its_time(application: Application, desk: Desk) -> None:
    application.answer("/d", says({}, 503, **{"Retry-After": "3600"}))
    with pytest.raises(PortalDown):
        await asked(desk, application, get(f"{application.origin}/d"))
    assert len(application.asked) == 1


async def test_a_slow_application_is_told(application: Application, desk: Desk) -> None:
    async with desk.session("http://127.0.0.1:1") as session:
        with pytest.raises(PortalDown) as caught:
            await session.perform([get("http://127.0.0.1:1/d")])
    assert caught.value.code == "RB872"
    application.answer("/d", (200, {"Content-Length": "10"}, b""))
    with pytest.raises((TimedOut, SessionLost)):
        await asked(desk, application, get(f"{application.origin}/d", timeout=0.3))


async def test_more_than_the_limit_is_not_read(application: Application, desk: Desk) -> None:
    application.answer("/d", (200, {}, b"x" * (1024 * 1024 + 1)))
    with pytest.raises(Failure) as caught:
        await asked(desk, application, get(f"{application.origin}/d", max_mb=1))
    assert (caught.value.code, caught.value.retry) == ("RB876", False)
    result = await asked(desk, application, get(f"{application.origin}/d", max_mb=2))
    assert len(result.values["text"]) == 1024 * 1024 + 1


@pytest.mark.parametrize("size", [0, 201])
def test_the_limit_has_a_ceiling(size: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 200"):
        GetParams(url="https://a.exemple", max_mb=size)  # type: ignore[arg-type] # an Address


async def test_no_cookie_is_kept(application: Application, desk: Desk) -> None:
    application.answer("/d", says({}, **{"Set-Cookie": "a=b"}))
    async with desk.session(application.origin) as session:
        await session.perform([get(f"{application.origin}/d"), get(f"{application.origin}/d")])
    assert "cookie" not in application.asked[1].headers


# -- secrets


@pytest.mark.parametrize(
    ("how", "header", "value"),
    [
        ({}, "authorization", f"Bearer {TOKEN}"),
        ({"auth": "basic"}, "authorization", "Basic cm9ib3Q6Y2FuYXJpLTkxZjA="),
        ({"auth": "header"}, "x-api-key", TOKEN),
        ({"auth": "header", "auth_header": "X-Jeton"}, "x-jeton", TOKEN),
    ],
)
async def test_a_request_is_signed_in_by_its_secret(
    application: Application, desk: Desk, how: dict[str, str], header: str, value: str
) -> None:
    application.answer("/d", says({}))
    result = await asked(desk, application, get(f"{application.origin}/d", secret="api", **how))
    assert application.asked[0].headers[header] == value
    assert TOKEN not in str(result)


async def test_a_secret_is_tried_by_one_session_at_a_time_until_it_was_taken(
    application: Application, desk: Desk
) -> None:
    application.answer("/d", says({}))
    async with desk.session(application.origin) as session:
        for _ in range(2):
            await session.perform([get(f"{application.origin}/d", secret="api")])
    assert desk.turns == ["api"]


@pytest.mark.parametrize("before", [0, 1], ids=["at once", "after it was taken"])
async def test_a_secret_that_is_refused_is_marked_in_its_turn(
    application: Application, desk: Desk, before: int
) -> None:
    application.answer("/d", *[says({})] * before, says({}, 401))
    async with desk.session(application.origin) as session:
        for _ in range(before):
            await session.perform([get(f"{application.origin}/d", secret="api")])
        with pytest.raises(CredentialsRefused) as caught:
            await session.perform([get(f"{application.origin}/d", secret="api")])
    assert (caught.value.facts["secret"], len(application.asked)) == ("api", before + 1)
    assert desk.turns == ["api"] * (before + 1)


@pytest.mark.parametrize("how", ["bearer", "header"])
@pytest.mark.parametrize("copied", ["\n", " ", "é"], ids=["a line break", "a blank", "an accent"])
async def test_a_secret_that_cannot_stand_in_a_header_is_shown_nowhere(
    application: Application, desk: Desk, how: str, copied: str
) -> None:
    desk.password = TOKEN + copied
    with pytest.raises(CredentialsRefused) as caught:
        await asked(desk, application, get(f"{application.origin}/d", secret="api", auth=how))
    assert (caught.value.code, application.asked) == ("RB892", [])
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


async def test_the_author_s_headers_are_sent_and_take_ascii_only(application: Application, desk: Desk) -> None:
    application.answer("/d", says({}))
    await asked(desk, application, get(f"{application.origin}/d", headers={"accept": "text/plain", "X-A": "a\n b"}))
    sent = application.asked[0].headers
    assert (sent["accept"], sent["x-a"]) == ("text/plain", "a b")
    with pytest.raises(Rejection) as caught:
        await asked(desk, application, get(f"{application.origin}/d", headers={"X-A": "Léa"}))
    assert (caught.value.code, len(application.asked)) == ("bad-header", 1)


@pytest.mark.parametrize("name", ["Host", "authorization", "Content-Length", "a b", "X:Y", ""])
def test_some_headers_are_not_the_author_s(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        GetParams(url="https://a.exemple", headers={name: "x"})  # type: ignore[arg-type] # an Address


# -- GraphQL


async def test_graphql_leaves_its_data(application: Application, desk: Desk) -> None:
    application.answer("/g", says({"data": {"dossier": {"etat": "complet", "fin": None}}}))
    call = graphql(f"{application.origin}/g", "query ($n: ID!) { dossier(n: $n) { etat fin } }", variables={"n": "A-1"})
    result = await asked(desk, application, call)
    assert result.values == {"status": 200, "data": {"dossier": {"etat": "complet", "fin": MISSING}}}
    assert application.asked[0].json["variables"] == {"n": "A-1"}


async def test_graphql_s_errors_are_a_failure(application: Application, desk: Desk) -> None:
    application.answer("/g", says({"errors": [{"message": "champ inconnu"}], "data": None}))
    with pytest.raises(PageError) as caught:
        await asked(desk, application, graphql(f"{application.origin}/g", "{ x }"))
    assert (caught.value.code, "champ inconnu" in str(caught.value)) == ("RB884", True)


@pytest.mark.parametrize(
    "document",
    [
        "mutation { x }",
        "query A { x } mutation B { y }",
        "# query\nmutation($a: S) { x }",
        'subscription S { x(a: "}") }',
        "fragment F on T { a } mutation { x }",
    ],
)
async def test_a_mutation_that_says_it_reads_is_not_sent(application: Application, desk: Desk, document: str) -> None:
    with pytest.raises(UndeclaredEffect):
        await asked(desk, application, graphql(f"{application.origin}/g", document))
    assert application.asked == []


@pytest.mark.parametrize(
    "document",
    ["{ mutation }", 'query { x(a: "mutation { y }") }', "# mutation\n{ x }", '{ x(a: """} mutation {""") }'],
)
async def test_a_query_that_speaks_of_mutations_is_one(application: Application, desk: Desk, document: str) -> None:
    application.answer("/g", says({"data": {}}))
    await asked(desk, application, graphql(f"{application.origin}/g", document))
    assert len(application.asked) == 1


async def test_a_mutation_passes_its_gate(application: Application, desk: Desk) -> None:
    from tests.runners.http.support import Gate

    application.answer("/g", says({"data": {"id": "7"}}))
    async with desk.session(application.origin) as session:
        gate = Gate()
        call = graphql(f"{application.origin}/g", "mutation { file { id } }", effect=Effect.SUBMIT)
        answer = await session.submit((), call, gate)
    assert (gate.calls, answer.values) == (1, {"status": 200, "data": {"id": "7"}})


# -- sources


async def test_a_source_is_read_page_by_page_and_its_members_are_columns(application: Application, desk: Desk) -> None:
    application.answer(
        "/d",
        says({"data": {"items": [{"id": 1, "who": {"nom": "Léa"}}]}, "next": "/d?page=2"}),
        says({"data": {"items": [{"id": 2, "who": {"nom": "Ali"}, "fin": None}]}, "next": None}),
    )
    call = get(f"{application.origin}/d", rows="data.items", next="next", query={"size": 1})
    async with desk.session(application.origin) as session:
        rows = [row async for row in session.rows(call)]
    assert [dict(row.values) for row in rows] == [
        {"id": 1, "who.nom": "Léa"},
        {"id": 2, "who.nom": "Ali", "fin": MISSING},
    ]
    assert [row.number for row in rows] == [1, 2]
    assert [asked.query for asked in application.asked] == [{"size": "1"}, {"page": "2"}]


async def test_more_pages_than_allowed_are_a_failure(application: Application, desk: Desk) -> None:
    application.answer("/d", says({"items": [{"id": 1}], "next": "/d"}))
    async with desk.session(application.origin) as session:
        with pytest.raises(PageError) as caught:
            async for _ in session.rows(get(f"{application.origin}/d", rows="items", next="next", max_pages=3)):
                pass
    assert (caught.value.code, len(application.asked)) == ("RB883", 3)


@pytest.mark.parametrize("answer", [{"items": {}}, {"items": ["a"]}, {}, []], ids=str)
async def test_an_answer_without_a_list_of_mappings_is_told(application: Application, desk: Desk, answer: Any) -> None:
    application.answer("/d", says(answer))
    async with desk.session(application.origin) as session:
        with pytest.raises(PageError) as caught:
            async for _ in session.rows(get(f"{application.origin}/d", rows="items")):
                pass
    assert caught.value.code == "RB882"


def page(*numbers: int, **info: Any) -> Any:
    """A page of a connection, as Relay writes it."""
    return says({"data": {"dossiers": {"pageInfo": info, "nodes": [{"number": number} for number in numbers]}}})


async def sourced(desk: Desk, application: Application, query: str = "query { dossiers }", **more: Any) -> list[Any]:
    call = graphql(f"{application.origin}/g", query, rows="dossiers.nodes", **more)
    async with desk.session(application.origin) as session:
        return [row async for row in session.rows(call)]


async def test_a_graphql_source_hands_each_page_the_cursor_of_the_one_before(
    application: Application, desk: Desk
) -> None:
    application.answer("/g", page(7, 8, hasNextPage=True, endCursor="b8"), page(9, hasNextPage=False, endCursor="b9"))
    rows = await sourced(desk, application, variables={"state": "open"}, after="after", secret="api")
    assert [(row.number, row.values["number"]) for row in rows] == [(1, 7), (2, 8), (3, 9)]
    assert [asked.json["variables"] for asked in application.asked] == [
        {"state": "open"},
        {"state": "open", "after": "b8"},
    ]


async def test_a_graphql_source_without_pages_is_asked_once(application: Application, desk: Desk) -> None:
    application.answer("/g", page(7))
    assert [row.values["number"] for row in await sourced(desk, application)] == [7]
    assert len(application.asked) == 1


@pytest.mark.parametrize(
    "info",
    [{}, {"hasNextPage": True}, {"hasNextPage": True, "endCursor": "same"}],
    ids=["no page info", "no cursor", "a cursor that stands still"],
)
async def test_a_page_that_does_not_lead_on_is_no_end(
    application: Application, desk: Desk, info: dict[str, Any]
) -> None:
    application.answer("/g", page(7, **info))
    with pytest.raises(PageError) as caught:
        await sourced(desk, application, variables={"after": "same"}, after="after")
    assert caught.value.code == "RB891"


async def test_a_source_changes_nothing(application: Application, desk: Desk) -> None:
    with pytest.raises(UndeclaredEffect):
        await sourced(desk, application, "mutation { dossierSupprimer }")
    assert application.asked == []


async def test_a_null_object_in_one_row_leaves_its_members_missing(application: Application, desk: Desk) -> None:
    nodes = [{"number": 1, "who": None}, {"number": 2, "who": {"siret": "x"}}]
    application.answer("/g", says({"data": {"dossiers": {"nodes": nodes}}}))
    rows = await sourced(desk, application)
    assert [row.values["who.siret"] for row in rows] == [MISSING, "x"]
