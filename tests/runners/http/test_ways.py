"""How a request gets there: TLS that is checked, authorities of our own, proxies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from robo_http.net import Ways

from robo.sdk.errors import PortalDown
from robo.sdk.runner import HostRule
from tests.certificates import Authority, Certified
from tests.runners.http.support import TOKEN, Application, Desk, Gate, get, post, says, serving
from tests.runners.http.test_where import resolves


def secure(application: Application, host: str = "127.0.0.1") -> str:
    return f"https://{host}:{application.port}"


async def test_an_application_is_trusted_by_the_authorities_of_the_project(certified: Certified, desk: Desk) -> None:
    desk.settings["authorities"] = str(certified.file)
    async with serving(ssl=certified.server) as application:
        application.answer("/d", says({"n": 1}))
        async with desk.session(secure(application)) as session:
            (result,) = await session.perform([get(f"{secure(application)}/d")])
    assert result.values["json"] == {"n": 1}


async def test_whoever_is_not_trusted_is_told_nothing(certified: Certified, desk: Desk) -> None:
    async with serving(ssl=certified.server) as application, desk.session(secure(application)) as session:
        with pytest.raises(PortalDown) as caught:
            await session.perform([get(f"{secure(application)}/d", secret="api")])
        answer = await session.submit((), post(f"{secure(application)}/dossiers"), Gate())
    assert (caught.value.code, application.asked) == ("RB873", [])
    assert isinstance(answer.absent, PortalDown)


async def test_a_name_is_checked_though_the_connection_goes_to_a_number(
    certified: Certified, authority: Authority, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch, localhost="127.0.0.1")
    desk.settings["authorities"] = str(authority.file)
    async with serving(ssl=certified.server) as application:
        origin = secure(application, "localhost")
        async with desk.session(origin) as session:
            with pytest.raises(PortalDown) as caught:
                await session.perform([get(f"{origin}/d")])
    assert (caught.value.code, application.asked) == ("RB873", [])
    async with serving(ssl=authority.certify("localhost").server) as application:
        application.answer("/d", says({}))
        origin = secure(application, "localhost")
        async with desk.session(origin) as session:
            await session.perform([get(f"{origin}/d")])


async def test_a_secret_does_not_travel_on_the_connection_of_another_name(
    certified: Certified, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address of both is the same; only one of them is who it says."""
    resolves(monkeypatch, localhost="127.0.0.1")
    desk.settings["authorities"] = str(certified.file)
    async with serving(ssl=certified.server) as application:
        application.answer("/d", says({}))
        known, other = secure(application), secure(application, "localhost")
        async with desk.session(known, other) as session:
            await session.perform([get(f"{known}/d")])
            with pytest.raises(PortalDown):
                await session.perform([get(f"{other}/d", secret="api")])
    assert len(application.asked) == 1


# -- proxies


@dataclass
class Proxy:
    """Leads to ports of this machine, whatever a name means elsewhere. `says`: what it answers instead."""

    leads: dict[str, int] = field(default_factory=dict)
    says: str = ""
    asked: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            first = head.decode("latin-1").partition("\r\n")[0]
            self.asked.append(first.rpartition(" ")[0])
            if self.says:
                writer.write(f"HTTP/1.1 {self.says}\r\nContent-Length: 0\r\n\r\n".encode())
            else:
                await self._lead(first, head, reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _lead(self, first: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = first.split(" ")
        name = target.partition("://")[2].partition("/")[0] if "://" in target else target
        there, out = await asyncio.open_connection("127.0.0.1", self.leads[name])
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 go on\r\n\r\n")
        else:
            out.write(head.replace(f"http://{name}".encode(), b"", 1))
        await asyncio.gather(_pour(reader, out), _pour(there, writer))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def proxying(desk: Desk, **options: str) -> AsyncIterator[Proxy]:
    """A proxy that the requests of the desk go through."""
    proxy = Proxy(**options)  # type: ignore[arg-type] # `says` only
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    desk.settings["proxy"] = f"http://127.0.0.1:{proxy.port}"
    try:
        yield proxy
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


async def test_behind_a_proxy_it_is_the_proxy_that_knows_the_name(
    application: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch)  # none is known here
    async with proxying(desk) as proxy, desk.session("http://api.exemple") as session:
        proxy.leads["api.exemple"] = application.port
        answer = await session.submit((), post("http://api.exemple/dossiers"), Gate())
    assert (answer.values["json"], application.filed) == ({"number": "D-1"}, ["ab" * 32])
    assert proxy.asked == ["POST http://api.exemple/dossiers"]


async def test_through_a_proxy_the_application_itself_is_trusted_and_the_proxy_reads_nothing(
    authority: Authority, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch)
    desk.settings["authorities"] = str(authority.file)
    async with serving(ssl=authority.certify("api.exemple").server) as application, proxying(desk) as proxy:
        application.answer("/d", says({}))
        proxy.leads = {"api.exemple:443": application.port, "autre.exemple:443": application.port}
        async with desk.session("https://api.exemple", "https://autre.exemple") as session:
            await session.perform([get("https://api.exemple/d", secret="api")])
            with pytest.raises(PortalDown) as caught:
                await session.perform([get("https://autre.exemple/d", secret="api")])
    assert (application.asked[0].headers["authorization"], len(application.asked)) == (f"Bearer {TOKEN}", 1)
    assert caught.value.code == "RB873"
    assert proxy.asked == ["CONNECT api.exemple:443", "CONNECT autre.exemple:443"]


@pytest.mark.parametrize("origin", ["https://api.exemple", "http://api.exemple"])
async def test_a_proxy_that_lets_nobody_through_is_told_and_nothing_was_sent(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    resolves(monkeypatch)
    async with proxying(desk, says="407 Proxy Authentication Required"), desk.session(origin) as session:
        answer = await session.submit((), post(f"{origin}/dossiers"), Gate())
    assert isinstance(answer.absent, PortalDown)
    assert answer.absent.code == "RB893"


async def test_a_name_that_is_known_here_is_looked_at_behind_a_proxy_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch, api_exemple="169.254.169.254")
    async with proxying(desk) as proxy, desk.session(HostRule("api", "http://api.exemple", private=True)) as session:
        with pytest.raises(Exception, match="no address of an application") as caught:
            await session.perform([get("http://api.exemple/d")])
    assert (getattr(caught.value, "code", ""), proxy.asked) == ("RB871", [])


@pytest.mark.parametrize(
    ("host", "direct"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("api.interne.exemple", True),
        ("interne.exemple", False),
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("seul.exemple", True),
        ("api.seul.exemple", False),
    ],
)
def test_some_hosts_are_reached_without_the_proxy(host: str, direct: bool) -> None:
    ways = Ways.of({"proxy": "http://proxy.exemple:3128", "direct": "*.interne.exemple, 10.0.0.0/8 Seul.exemple"})
    assert ways.is_direct(host) is direct
    assert Ways.of({}).is_direct(host)
