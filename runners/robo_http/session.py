"""One slot's session: clients without cookies, and each request sent once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx

from robo.sdk.errors import CredentialsRefused, PortalDown, phrase
from robo.sdk.runner import Answer, Call, Context, Finding, Gate, Result, Row
from robo.sdk.values import MISSING, Effect
from robo_http import answers, trouble
from robo_http.actions import GetParams, GraphqlParams, PostParams, RequestParams
from robo_http.asking import SLOW_DOWN, UNAUTHORIZED, Asking, never_left, retry_after
from robo_http.graphql import changes, next_page

UNCLEAR = frozenset({408, 409, 425})
"""Answers of a client's mistake that do not say whether the request was taken."""


class HttpSession:
    """Keeps connections, and nothing of what an application answered."""

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        self._context = context
        self._asking = Asking(context, settings)

    # -- reads

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        return [await self._perform(call) for call in calls]

    async def _perform(self, call: Call) -> Result:
        params = call.params
        if isinstance(params, GetParams):
            response = await self._asking.get(call, params, params.url)
            values = {
                "status": response.status_code,
                "json": answers.json_if_any(call, response),
                "text": response.text,
            }
            return Result(values=values, note=f"{response.status_code} {params.url}")
        if isinstance(params, GraphqlParams):
            if changes(params.query) and call.effect is not Effect.SUBMIT:
                raise trouble.a_mutation(call)
            return await self._graphql(call, params)
        raise trouble.not_here(call)

    async def _graphql(self, call: Call, params: GraphqlParams) -> Result:
        response = await self._asking.send(call, params, _body_of(params), time.monotonic() + call.timeout)
        return Result(values=self._graphql_values(call, params, response), note=f"{response.status_code} {params.url}")

    def _graphql_values(self, call: Call, params: GraphqlParams, response: httpx.Response) -> dict[str, Any]:
        self._asking.expected(call, params, response)
        answer = answers.json_of(call, response)
        errors = answers.member(answer, "errors")
        if isinstance(errors, tuple) and errors:
            said = "; ".join(str(answers.member(each, "message")) for each in errors)
            raise trouble.graphql_errors(call, said[: answers.WORDS])
        return {"status": response.status_code, "data": answers.member(answer, "data")}

    async def rows(self, call: Call) -> AsyncIterator[Row]:
        """The rows of a list in JSON, page by page."""
        seen = 0
        async for origin, answer, path in self._pages(call):
            for row in answers.rows_of(call, answer, path, seen + 1, origin):
                seen = row.number
                yield row

    def _pages(self, call: Call) -> AsyncIterator[tuple[str, Any, str]]:
        """Where each page came from, what it says, and the member of it that holds the list."""
        if isinstance(call.params, GetParams):
            return self._get_pages(call, call.params)
        if isinstance(call.params, GraphqlParams):
            return self._graphql_pages(call, call.params)
        raise trouble.not_here(call)

    async def _get_pages(self, call: Call, params: GetParams) -> AsyncIterator[tuple[str, Any, str]]:
        address, origin, rows = str(params.url), str(params.url), params.rows
        for _ in range(params.max_pages):
            answer = answers.json_of(call, await self._asking.get(call, params, address))
            yield origin, answer, rows
            further = answers.member(answer, params.next) if params.next else ""
            if not isinstance(further, str) or not further:
                return
            address = str(httpx.URL(address).join(further))
            params = params.model_copy(update={"query": {}})  # the next address has its own
        raise trouble.too_many_pages(call, params.max_pages)

    async def _graphql_pages(self, call: Call, params: GraphqlParams) -> AsyncIterator[tuple[str, Any, str]]:
        if changes(params.query):
            raise trouble.a_mutation(call)
        page = params
        for _ in range(params.max_pages):
            data = (await self._graphql(call, page)).values["data"]
            yield str(params.url), data, params.rows
            further = next_page(call, page, data)
            if further is None:
                return
            page = further
        raise trouble.too_many_pages(call, params.max_pages)

    # -- submits

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        """Everything but the request before the gate: the address is looked at, the secret is in hand."""
        params = call.params
        if not isinstance(params, PostParams | GraphqlParams):
            raise trouble.not_here(call)
        passed = _Passed(gate)
        try:
            async with self._asking.in_turn(params) as tries:
                ready = await self._asking.prepare(call, params, _body_of(params))
                deadline = await passed([f"POST {params.url} {ready.shown}"])
                self._still_in_time(call, deadline)
                response = await self._asking.request(call, ready, deadline)
                tries.take(call, ready, response)
            return await self._answer(call, params, response)
        except (CredentialsRefused, PortalDown) as bad:
            if passed.yes and (isinstance(bad, CredentialsRefused) or never_left(bad)):
                return Answer(absent=bad)
            raise

    def _still_in_time(self, call: Call, deadline: float) -> None:
        if self._context.dry_run:
            raise trouble.rehearsing(call)
        if time.monotonic() >= deadline:
            raise trouble.past_its_time(call)

    async def _answer(self, call: Call, params: PostParams | GraphqlParams, response: httpx.Response) -> Answer:
        status = response.status_code
        if self._asking.is_expected(params, status):
            return Answer(values=self._values(call, params, response), words=str(status), requests=1)
        if status == UNAUTHORIZED and params.secret is not None:
            await self._asking.refuse(call, params)
        if status == SLOW_DOWN:  # it was not taken (RFC 6585, 4)
            return Answer(absent=trouble.too_many(call, httpx.URL(params.url).host, retry_after(response)))
        if 400 <= status < 500 and status not in UNCLEAR:  # noqa: PLR2004 - a client's mistake (RFC 9110, 15.5)
            return Answer(absent=trouble.refused(call, status, answers.words_of(response)), requests=1)
        return Answer(words=f"{status} {answers.words_of(response)}", requests=1)

    def _values(self, call: Call, params: PostParams | GraphqlParams, response: httpx.Response) -> dict[str, Any]:
        if isinstance(params, GraphqlParams):
            values = self._graphql_values(call, params, response)
            return values if len(response.content) <= answers.KEPT else {**values, "data": MISSING}
        return {"status": response.status_code, "json": answers.kept(call, response)}

    async def prove(self, call: Call, age: float) -> Result:
        """The same key again: an application that knows it answers as it did, one that does not does it now."""
        params = call.params
        if not isinstance(params, PostParams) or params.idempotency is None:
            return Result(finding=Finding(None, why="it has no idempotency key", for_good=True))
        life = params.idempotency.life.total_seconds()
        if age + call.timeout >= life:
            hours = round(life / 3600, 1)
            why = phrase("the application remembers its key for %(hours)s h only, and that is over", hours=hours)
            return Result(finding=Finding(None, why=why, for_good=True))
        response = await self._asking.send(call, params, _body_of(params), time.monotonic() + call.timeout)
        if self._asking.is_expected(params, response.status_code):
            return Result(values=self._values(call, params, response), finding=Finding(True))
        return Result(finding=Finding(None, why=f"{response.status_code} {answers.words_of(response)}"))

    # -- shows and forgets

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        """Nothing: the history says what was asked and answered."""
        return {}

    async def reset(self) -> None:
        return None

    async def close(self) -> None:
        await asyncio.shield(self._asking.close())


def _body_of(params: RequestParams) -> dict[str, Any]:
    """What httpx sends."""
    if isinstance(params, GraphqlParams):
        return {"content": answers.as_json({"query": params.query, "variables": params.variables})}
    if isinstance(params, PostParams) and params.form is not None:
        given = {name: answers.plain(value) for name, value in params.form.items()}
        return {"data": {name: value for name, value in given.items() if value is not None}}
    if isinstance(params, PostParams) and params.json_ is not None and params.json_ is not MISSING:
        return {"content": answers.as_json(params.json_)}
    return {}


class _Passed:
    """A gate that knows whether it let the request through."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.yes = False

    async def __call__(self, entered: Sequence[str] = ()) -> float:
        deadline = await self._gate(entered)
        self.yes = True
        return deadline
