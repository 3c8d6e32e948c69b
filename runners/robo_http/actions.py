"""The actions of this runner, each declared once: validation, help and the reference come from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.values import Address, Effect

MOST_MB: Final = 200
NOT_THE_AUTHOR_S: Final = frozenset(
    {"authorization", "connection", "content-length", "cookie", "host", "proxy-authorization", "transfer-encoding"}
)
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class RequestParams(Params):
    """What every request has. The host is one of the process, granted by the region."""

    url: Address
    headers: Mapping[str, str] = Field(default_factory=dict)
    secret: str | None = None
    """The secret it is signed in with."""
    auth: Literal["bearer", "basic", "header"] = "bearer"
    """How: the password as a token, the name with the password, or the password in a header of its own."""
    auth_header: str = "X-API-Key"
    """That header's name."""
    expect: tuple[int, ...] = ()
    """The answers that are right (`[200, 404]`); without it, every 2xx."""
    max_mb: int = 20
    """Megabytes of an answer, unpacked; up to 200. A larger one is a failure: it is not read further."""

    @field_validator("max_mb")
    @classmethod
    def _is_bounded(cls, size: int) -> int:
        if not 1 <= size <= MOST_MB:
            raise ValueError(f"max_mb is from 1 to {MOST_MB}")
        return size

    @field_validator("headers")
    @classmethod
    def _are_the_author_s(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Names as RFC 9110 (5.1) has them, and none that the connection or a secret writes."""
        for name in headers:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name} is not the name of a header")
            if name.lower() in NOT_THE_AUTHOR_S:
                raise ValueError(f"the header {name} is not written here: robo writes it, `secret` gives what signs in")
        return headers


class GetParams(RequestParams):
    """`http.get: URL` or `http.get: {url: …}`."""

    query: Mapping[str, Any] = Field(default_factory=dict)
    """What stands behind the `?`; a member that is missing is left out."""
    rows: str = ""
    """As a source: the member that holds the list (`data.items`); the answer itself when nothing is said."""
    next: str = ""
    """As a source: the member that holds the address of the next page (`links.next`)."""
    max_pages: int = 100
    """More pages than this are a failure: a source is read whole or not at all."""


class Idempotency(Params):
    """`{header: Idempotency-Key, life: 24 h}`."""

    header: str = "Idempotency-Key"
    life: timedelta = timedelta(hours=24)
    """How long the application remembers a key, as its documentation says."""


class PostParams(RequestParams):
    """`http.post: {url, json, idempotency}`."""

    query: Mapping[str, Any] = Field(default_factory=dict)
    """What stands behind the `?`."""
    json_: Any = Field(default=None, alias="json")
    """What is sent, as JSON: a mapping or a list."""
    form: Mapping[str, Any] | None = None
    """What is sent, as a form."""
    idempotency: Idempotency | None = None
    """The application takes a request with the same key once, however often it comes: `{}`, or
    `{header: Idempotency-Key, life: 24 h}`. The key is robo's. Without it the step needs `once` and `verify`."""

    @model_validator(mode="after")
    def _one_body(self) -> PostParams:
        if self.json_ is not None and self.form is not None:
            raise ValueError("a request has one body: json or form")
        return self


class GraphqlParams(RequestParams):
    """`http.graphql: {url, query, variables}`. A query reads; a mutation says `effect: submit`, `once` and `verify`."""

    query: str
    variables: Mapping[str, Any] = Field(default_factory=dict)
    """Those of the query (`$number`) by name; one that is missing is sent as null."""
    rows: str = ""
    """As a source: the member of `data` that holds the list (`demarche.dossiers.nodes`)."""
    after: str = ""
    """As a source that has pages: the variable that takes the cursor of the page before. The query asks for
    `pageInfo { hasNextPage endCursor }` beside its list."""
    max_pages: int = 100
    """More pages than this are a failure: a source is read whole or not at all."""


STATUS = {"status": "the number of the answer"}
JSON = {"json": "what it says, when it is JSON; a member that is not there, or null, is missing"}

GET = ActionSpec(
    name="http.get",
    params=GetParams,
    effect=Effect.READ,
    summary="Ask an address. As a source: the rows of a list in JSON, page by page.",
    primary="url",
    source=True,
    results={**STATUS, **JSON, "text": "what it says, as text"},
    timeout=30.0,
    example='http.get: {url: "${{ inputs.portal }}/api/dossiers", query: {state: open}, rows: data, next: next}',
)

POST = ActionSpec(
    name="http.post",
    params=PostParams,
    effect=Effect.SUBMIT,
    summary="Send something to an address, once.",
    proof=Proof.IDEMPOTENCY_KEY,
    proof_needs="idempotency",
    results={**STATUS, **JSON},
    timeout=30.0,
    example='http.post: {url: "${{ inputs.portal }}/api/dossiers", json: {nom: "${{ item.last }}"}, '
    "idempotency: {life: 24 h}}",
)

GRAPHQL = ActionSpec(
    name="http.graphql",
    params=GraphqlParams,
    effect=Effect.READ,
    summary="Ask a GraphQL interface. As a source: the rows of a list, page by page.",
    source=True,
    results={**STATUS, "data": "what it says; a member that is not there, or null, is missing"},
    timeout=30.0,
    example='http.graphql: {url: "${{ inputs.portal }}/graphql", secret: portal, query: "query ($after: String) '
    '{ dossiers(after: $after) { pageInfo { hasNextPage endCursor } nodes { number } } }", rows: dossiers.nodes, '
    "after: after}",
)

ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in (GET, POST, GRAPHQL)}
