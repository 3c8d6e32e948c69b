"""Where a request may go: hosts of the run, addresses that were looked at, redirects looked at like the first."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from robo.sdk.errors import Failure, PageError, PortalDown
from robo.sdk.runner import HostRule
from tests.runners.http.support import Application, Desk, Gate, get, post, says, serving


def resolves(monkeypatch: pytest.MonkeyPatch, **names: str) -> None:
    """Names lead to these addresses; others do not exist."""

    async def getaddrinfo(_loop: Any, host: str, port: int, **_more: Any) -> list[Any]:
        if host.replace(".", "_") not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in names[host.replace(".", "_")].split()
        ]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", getaddrinfo)


async def refused(desk: Desk, url: str, *origins: str | HostRule) -> Failure:
    async with desk.session(*origins) as session:
        with pytest.raises(Failure) as caught:
            await session.perform([get(url)])
        with pytest.raises(Failure):
            await session.submit((), post(url), Gate())
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "http://autre.exemple/x",
        "https://api.exemple:8443/x",
        "http://api.exemple/x",
        "https://api.exemple.mal.exemple/",
    ],
)
async def test_only_the_hosts_of_the_run_are_asked(desk: Desk, url: str) -> None:
    bad = await refused(desk, url, "https://api.exemple")
    assert (bad.code, bad.retry) == ("RB870", False)
    assert "https://api.exemple" in bad.advice


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1"])
async def test_an_address_inside_a_network_is_asked_only_where_it_is_granted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolves(monkeypatch, api_exemple=address)
    bad = await refused(desk, "https://api.exemple/x", "https://api.exemple")
    assert (bad.code, "private: yes" in bad.advice) == ("RB871", True)
    granted = HostRule("api", "https://api.exemple", private=True)
    async with desk.session(granted) as session:
        with pytest.raises((PortalDown, PermissionError)):  # the test room lets nothing out
            await session.perform([get("https://api.exemple/x", timeout=1)])


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "8.8.8.8 127.0.0.1"],  # noqa: S104 - nothing is bound
)
async def test_some_addresses_are_no_application_s_whatever_is_granted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolves(monkeypatch, api_exemple=address)
    bad = await refused(desk, "https://api.exemple/x", HostRule("api", "https://api.exemple", private=True))
    assert bad.code == "RB871"


async def test_an_address_that_hides_in_another_notation_is_seen(desk: Desk) -> None:
    bad = await refused(desk, "https://[::ffff:10.0.0.1]/x", "https://[::ffff:a00:1]", "https://[::ffff:10.0.0.1]")
    assert bad.code == "RB871"


async def test_localhost_is_this_machine_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, localhost="10.0.0.1")
    assert (await refused(desk, "http://localhost:80/x", "http://localhost")).code == "RB871"


async def test_a_name_that_does_not_exist_is_a_host_that_does_not_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch)
    assert (await refused(desk, "https://api.exemple/x", "https://api.exemple")).code == "RB872"


async def test_the_name_is_resolved_once_and_told_to_the_application(
    application: Application, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves(monkeypatch, localhost="127.0.0.1")
    application.answer("/d", says({}))
    origin = f"http://localhost:{application.port}"
    async with desk.session(origin) as session:
        await session.perform([get(f"{origin}/d")])
    assert application.asked[0].headers["host"] == f"localhost:{application.port}"


async def test_a_redirect_is_followed_within_the_hosts(application: Application, desk: Desk) -> None:
    application.answer("/a", says({}, 302, Location="/b"))
    application.answer("/b", says({"n": 1}))
    async with desk.session(application.origin) as session:
        (result,) = await session.perform([get(f"{application.origin}/a", secret="api", query={"q": "1"})])
    assert result.values["json"] == {"n": 1}
    assert [asked.query for asked in application.asked] == [{"q": "1"}, {}]
    assert all("authorization" in asked.headers for asked in application.asked)


async def test_a_redirect_to_another_host_is_looked_at_like_the_first(application: Application, desk: Desk) -> None:
    application.answer("/a", says({}, 302, Location="http://169.254.169.254/latest/meta-data"))
    async with desk.session(application.origin) as session:
        with pytest.raises(Failure) as caught:
            await session.perform([get(f"{application.origin}/a")])
    assert caught.value.code == "RB870"


async def test_a_secret_does_not_travel_to_another_host_of_the_run(application: Application, desk: Desk) -> None:
    async with serving() as other:
        application.answer("/a", says({}, 302, Location=f"{other.origin}/b"))
        other.answer("/b", says({}))
        async with desk.session(application.origin, other.origin) as session:
            await session.perform([get(f"{application.origin}/a", secret="api")])
        assert "authorization" not in other.asked[0].headers


async def test_redirects_end(application: Application, desk: Desk) -> None:
    application.answer("/a", says({}, 302, Location="/a"))
    async with desk.session(application.origin) as session:
        with pytest.raises(PageError) as caught:
            await session.perform([get(f"{application.origin}/a")])
    assert (caught.value.code, len(application.asked)) == ("RB887", 6)


async def test_what_is_sent_is_not_sent_on(application: Application, desk: Desk) -> None:
    application.answer("/dossiers", says({}, 307, Location="/autre"))
    async with desk.session(application.origin) as session:
        answer = await session.submit((), post(f"{application.origin}/dossiers"), Gate())
    assert (answer.values, [asked.path for asked in application.asked]) == (None, ["/dossiers"])
