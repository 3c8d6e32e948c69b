"""Requests as they are made: signed in by a secret, to looked-at addresses, with a limit of size and time."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from robo.sdk.errors import ItemTrouble, PortalDown
from robo.sdk.runner import Call, Context
from robo.sdk.trust import trusted
from robo_http import answers, trouble
from robo_http.actions import GetParams, PostParams, RequestParams
from robo_http.net import Target, Ways, look_at, origin_of

MEGABYTE: Final = 1024 * 1024
REDIRECTS: Final = 5
MOVED: Final = frozenset({301, 302, 303, 307, 308})
DOWN: Final = frozenset({502, 503, 504})
SLOW_DOWN: Final = 429
UNAUTHORIZED: Final = 401
PROXY_WANTS_A_NAME: Final = 407
SHOWN: Final = 200


@dataclass(slots=True)
class Ready:
    """A request before it is sent. `shown`: the beginning of what it says, for a person. `limit_mb`: of its answer."""

    target: Target
    client: httpx.AsyncClient
    request: httpx.Request
    shown: str
    limit_mb: int


@dataclass(frozen=True, slots=True)
class Tries:
    """Whether a secret was taken by an application before; its first answer says so."""

    taken: set[tuple[str, str]]
    origin: str
    secret: str

    @property
    def is_known(self) -> bool:
        return not self.secret or (self.origin, self.secret) in self.taken

    def take(self, call: Call, ready: Ready, response: httpx.Response) -> None:
        """Raises `CredentialsRefused` when the first answer refuses it."""
        if self.is_known:
            return
        if response.status_code == UNAUTHORIZED:
            raise trouble.credentials_refused(call, ready.target.host, self.secret)
        self.taken.add((self.origin, self.secret))


class Asking:
    """The client of one session."""

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        self._context = context
        self._settings = settings
        self._ways = Ways.of(settings)
        self._clients: dict[str, httpx.AsyncClient] = {}
        """One for each name: two may lead to one address, and a connection was vouched for by one certificate."""
        self._taken: set[tuple[str, str]] = set()
        """Origins and secrets that an application has taken once."""

    # -- what is right

    @staticmethod
    def is_expected(params: RequestParams, status: int) -> bool:
        return status in params.expect if params.expect else 200 <= status < 300  # noqa: PLR2004 - RFC 9110, 15.3

    def expected(self, call: Call, params: RequestParams, response: httpx.Response) -> None:
        """Raises what an answer that is not expected means."""
        status, host = response.status_code, httpx.URL(params.url).host
        if self.is_expected(params, status):
            return
        if status == SLOW_DOWN:
            raise trouble.too_many(call, host, retry_after(response))
        if status in DOWN:
            raise trouble.down(call, host, status)
        if status in MOVED:
            raise trouble.redirected(call, status, response.headers.get("location", ""))
        wanted = ", ".join(map(str, params.expect)) or "2xx"
        raise trouble.unexpected(call, status, answers.words_of(response), wanted)

    # -- asking

    async def get(self, call: Call, params: RequestParams, address: str) -> httpx.Response:
        """The expected answer of an address; it is followed where it leads, each place looked at like the first."""
        deadline = time.monotonic() + call.timeout
        first = origin_of(httpx.URL(params.url))
        for _ in range(REDIRECTS + 1):
            signed = params if origin_of(httpx.URL(address)) == first else params.model_copy(update={"secret": None})
            response = await self._patiently(call, signed, address, deadline)
            place = response.headers.get("location", "")
            if response.status_code not in MOVED or not place or self.is_expected(params, response.status_code):
                self.expected(call, params, response)
                return response
            address = str(httpx.URL(address).join(place))
            params = params.model_copy(update={"query": {}})
        raise trouble.too_many_redirects(call, REDIRECTS)

    async def _patiently(self, call: Call, params: RequestParams, address: str, deadline: float) -> httpx.Response:
        """As often as the application asks to come back later, while there is time."""
        while True:
            response = await self.send(call, params, {}, deadline, method="GET", address=address)
            wait = retry_after(response) if response.status_code in {SLOW_DOWN, 503} else None
            if wait is None or self.is_expected(params, response.status_code):
                return response
            if time.monotonic() + wait >= deadline:
                return response
            await asyncio.sleep(wait)

    async def send(
        self,
        call: Call,
        params: RequestParams,
        body: dict[str, Any],
        deadline: float,
        *,
        method: str = "POST",
        address: str = "",
    ) -> httpx.Response:
        """One request with its secret; a secret that was never taken here is tried by one session at a time."""
        async with self.in_turn(params, address) as tries:
            ready = await self.prepare(call, params, body, method=method, address=address)
            response = await self.request(call, ready, deadline)
            tries.take(call, ready, response)
        if response.status_code == UNAUTHORIZED and params.secret is not None:
            await self.refuse(call, params)
        return response

    @asynccontextmanager
    async def in_turn(self, params: RequestParams, address: str = "") -> AsyncIterator[Tries]:
        """Around a request: a secret that was never taken here is tried by one session at a time."""
        tries = Tries(self._taken, origin_of(httpx.URL(address or params.url)), params.secret or "")
        if tries.is_known:
            yield tries
            return
        async with self._context.turn(tries.secret):
            yield tries
            if (tries.origin, tries.secret) in self._taken:
                await self._context.signed_in(tries.secret, tries.origin)

    async def refuse(self, call: Call, params: RequestParams) -> None:
        """A secret that was taken before is refused now: it is marked, and nobody tries it again. Always raises."""
        secret = params.secret or ""
        async with self._context.turn(secret):
            raise trouble.credentials_refused(call, httpx.URL(params.url).host, secret)

    async def prepare(
        self, call: Call, params: RequestParams, body: dict[str, Any], *, method: str = "POST", address: str = ""
    ) -> Ready:
        """The whole request, not sent: what cannot be written fails here. Raises `Rejection` bad-header."""
        url = httpx.URL(address or params.url)
        query = answers.plain(params.query) if isinstance(params, GetParams | PostParams) else {}
        if asked := {name: value for name, value in query.items() if value is not None}:
            url = url.copy_merge_params(asked)
        target = await look_at(call, url, self._context.hosts, self._ways)
        headers = httpx.Headers({"Host": target.netloc, "Accept": "application/json, */*;q=0.5"})
        if "content" in body:
            headers["Content-Type"] = "application/json"
        headers.update(_given(call, params))
        if isinstance(params, PostParams) and params.idempotency is not None:
            headers[params.idempotency.header] = call.effect_id
        headers.update(await self._signed(call, params))
        client, extensions = self._client_for(target), {"sni_hostname": target.host}
        request = client.build_request(method, target.url, headers=headers, extensions=extensions, **body)
        shown = str(next(iter(body.values()), ""))
        shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
        return Ready(target, client, request, shown, params.max_mb)

    async def _signed(self, call: Call, params: RequestParams) -> dict[str, str]:
        """Raises `CredentialsRefused` RB892: what a client library says of a header that cannot be written shows it."""
        if params.secret is None:
            return {}
        secret = await self._context.secret(params.secret)
        password = secret.reveal("password")
        if params.auth != "basic" and not _is_writable(password):
            raise trouble.unwritable_secret(call, params.secret)
        if params.auth == "bearer":
            return {"Authorization": f"Bearer {password}"}
        if params.auth == "header":
            return {params.auth_header: password}
        pair = f"{secret.reveal('username')}:{password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}

    async def request(self, call: Call, ready: Ready, deadline: float) -> httpx.Response:
        """It is sent. Raises what became of it."""
        host, left = ready.target.host, deadline - time.monotonic()
        if left <= 0:
            raise trouble.too_slow(call, host)
        ready.request.extensions["timeout"] = httpx.Timeout(left).as_dict()
        try:
            async with asyncio.timeout(left):
                response = await self._read(call, ready)
        except ItemTrouble:
            raise
        except (TimeoutError, httpx.TimeoutException) as late:
            if isinstance(late, httpx.ConnectTimeout | httpx.PoolTimeout):
                raise trouble.unreachable(call, host, "no answer in time") from late
            raise trouble.too_slow(call, host) from late
        except httpx.ProxyError as bad:
            raise trouble.proxy_refused(call, host, str(bad)) from bad
        except httpx.ConnectError as bad:
            raise self._not_connected(call, host, bad) from bad
        except httpx.HTTPError as bad:
            raise trouble.broken_off(call, host, str(bad) or type(bad).__name__) from bad
        if ready.target.proxied and response.status_code == PROXY_WANTS_A_NAME:
            raise trouble.proxy_refused(call, host, f"{response.status_code} {response.reason_phrase}")
        return response

    async def _read(self, call: Call, ready: Ready) -> httpx.Response:
        response = await ready.client.send(ready.request, stream=True)
        try:
            parts, size = [], 0
            async for part in response.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > ready.limit_mb * MEGABYTE:
                    raise trouble.too_large(call, ready.target.host, ready.limit_mb)
        finally:
            await response.aclose()
        kept = [(name, value) for name, value in response.headers.items() if name.lower() != "content-encoding"]
        return httpx.Response(response.status_code, headers=kept, content=b"".join(parts), request=ready.request)

    def _not_connected(self, call: Call, host: str, bad: httpx.ConnectError) -> PortalDown:
        cause: BaseException | None = bad
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return trouble.not_trusted(call, host, cause.verify_message)
            cause = cause.__cause__ or cause.__context__
        return trouble.unreachable(call, host, str(bad) or trouble.NO_WAY)

    def _client_for(self, target: Target) -> httpx.AsyncClient:
        client = self._clients.get(target.origin)
        if client is None:
            trust, through = self._trusted(), self._ways.proxy if target.proxied else ""
            proxy = (
                httpx.Proxy(through, ssl_context=trust if through.startswith("https:") else None) if through else None
            )
            client = httpx.AsyncClient(verify=trust, proxy=proxy, trust_env=False, follow_redirects=False)
            self._clients[target.origin] = client
        client.cookies.clear()
        return client

    def _trusted(self) -> ssl.SSLContext:
        """Whom TLS stands on; nobody where nothing needs it, for to read them takes a fifth of a second."""
        if any(one.startswith("https:") for one in (self._ways.proxy, *(rule.origin for rule in self._context.hosts))):
            return trusted(self._settings)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    async def close(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()


def _given(call: Call, params: RequestParams) -> dict[str, str]:
    """The author's headers, each on one line."""
    given = {name: " ".join(value.split()) for name, value in params.headers.items()}
    for name, value in given.items():
        if not _is_writable(value):
            raise trouble.bad_header(call, name)
    return given


def _is_writable(text: str) -> bool:
    """As the value of a header (RFC 9110, 5.5, without what is obsolete there)."""
    return text.isascii() and text.isprintable() and text == text.strip()


def never_left(bad: ItemTrouble) -> bool:
    """Whether no connection was made at all."""
    return bad.code in {"RB872", "RB873", "RB893"}


def retry_after(response: httpx.Response) -> float | None:
    """Seconds until it may be asked again, as `Retry-After` says (RFC 9110, 10.2.3); None when it does not."""
    said = response.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()) if said else None
    except (ValueError, TypeError):
        return None
