"""The one connection of an effect: what goes over it, what goes the browser's way instead, and what is never sent."""

from __future__ import annotations

import asyncio
import gzip
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from robo_browser import wire

from robo.sdk.values import Effect
from tests.runners.browser.support import Asked, Gate, Open, Reply, Site, call, html

HEADERS = {"Origin": "http://portail.test", "Content-Type": "text/plain"}


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads one request a connection, and says `answer`."""
    heard: list[bytes] = []

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += line
            length = int(next(line for line in head.splitlines() if line.startswith(b"Content-Length")).split(b":")[1])
            heard.append(head + self.rfile.read(length))
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Talk) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/envoi?a=1", heard
        finally:
            server.shutdown()
            thread.join()


def outgoing(url: str, *, left: float = 5.0) -> wire.Outgoing:
    moment = wire.Allowance(time.monotonic() + left, time.time() + left, 2.0)
    return wire.Outgoing("POST", url, {"X": "é"}, b"corps", moment)


async def send(url: str, **more: Any) -> wire.Incoming:
    return await asyncio.to_thread(wire.send, outgoing(url, **more))


async def test_a_request_is_written_once_and_its_answer_read() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nfait") as (url, heard):
        answer = await send(url)
    assert (answer.status, answer.body) == (200, b"fait")
    assert answer.headers == [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    assert len(heard) == 1
    assert heard[0].startswith(b"POST /envoi?a=1 HTTP/1.1\r\n")
    assert heard[0].endswith(b"\r\n\r\ncorps")


async def test_an_answer_that_is_only_announced_is_waited_for() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    with answering(early + b"HTTP/1.1 303 See Other\r\nLocation: /fait\r\nContent-Length: 0\r\n\r\n") as (url, _):
        answer = await send(url)
    assert (answer.status, answer.headers) == (303, [("Location", "/fait")])


async def test_a_packed_answer_is_unpacked() -> None:
    packed = gzip.compress("reçu".encode())
    with answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed) as (url, _):
        assert (await send(url)).body.decode() == "reçu"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha", b"xyz\r\n\r\n"])
async def test_a_request_without_a_whole_answer_is_sent_and_never_again(answer: bytes) -> None:
    with answering(answer) as (url, heard):
        with pytest.raises(wire.NoAnswer):
            await send(url)
        assert len(heard) == 1


async def test_a_portal_that_cannot_be_reached_has_been_sent_nothing(unused_tcp_port: int) -> None:
    with pytest.raises(wire.NothingSent):
        await send(f"http://127.0.0.1:{unused_tcp_port}/")


async def test_after_the_deadline_nothing_is_written() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (url, heard), pytest.raises(wire.TooLate):
        await send(url, left=-0.001)
    assert heard == []


@pytest.mark.parametrize(
    ("url", "headers", "proxies", "direct"),
    [
        ("http://portail.test/x", HEADERS, {}, True),
        ("http://portail.test/x", {}, {}, True),
        ("http://portail.test/x", {"Referer": "http://portail.test/page"}, {}, True),
        ("http://autre.test/x", HEADERS, {}, False),
        ("http://portail.test/x", {**HEADERS, "Authorization": "Negotiate x"}, {}, False),
        ("http://portail.test/x", HEADERS, {"http": "http://mandataire:3128"}, False),
        ("http://portail.test/x", HEADERS, {"https": "http://mandataire:3128"}, True),
    ],
)
def test_what_the_browser_would_send_otherwise_goes_its_way(
    monkeypatch: pytest.MonkeyPatch, url: str, headers: dict[str, str], proxies: dict[str, str], direct: bool
) -> None:
    monkeypatch.setattr("urllib.request.getproxies", lambda: proxies)
    assert wire.goes_direct(url, headers) is direct


@pytest.mark.asyncio(loop_scope="session")
async def test_an_effect_with_a_file_still_goes_and_goes_once(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html(
            "<form method=post action=/envoi enctype=multipart/form-data><input type=file name=f>"
            "<button>Envoyer</button></form><script>const d=new DataTransfer();"
            "d.items.add(new File(['contenu'],'piece.txt'));document.forms[0].f.files=d.files</script>"
        ),
        "/envoi": html("<p id=n>D-12</p>"),
    }
    await session.perform([call("open", site.url())])
    step = call("submit", "Envoyer", effect=Effect.SUBMIT, in_once=True, read={"n": "css=#n"})
    answer = await session.submit([], step, Gate())
    assert (answer.values, answer.requests) == ({"n": "D-12"}, 1)
    assert "contenu" in site.effects()[0].body


@pytest.mark.asyncio(loop_scope="session")
async def test_an_effect_that_is_sent_on_by_a_redirect_is_one_effect(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html("<form method=post action=/envoi><button name=b value=1>Envoyer</button></form>"),
        "/envoi": Reply(status=307, headers=(("Location", "/ici"),)),
        "/ici": html("<p id=n>D-12</p>"),
    }
    await session.perform([call("open", site.url())])
    step = call("submit", "Envoyer", effect=Effect.SUBMIT, in_once=True, read={"n": "css=#n"})
    answer = await session.submit([], step, Gate())
    assert (answer.values, answer.requests) == ({"n": "D-12"}, 1)
    assert [asked.path for asked in site.effects()] == ["/envoi", "/ici"]


@pytest.mark.asyncio(loop_scope="session")
async def test_what_the_browser_adds_to_a_request_is_added(open_session: Open, site: Site) -> None:
    session = await open_session()
    heard: list[Asked] = []

    def keep(asked: Asked) -> str:
        heard.append(asked)
        return html("<p id=n>D-12</p>")

    site.pages |= {"/": html("<form method=post action=/envoi><button>Envoyer</button></form>"), "/envoi": keep}
    for direct in (True, False):
        await session.perform([call("open", site.url())])
        kept, wire.goes_direct = wire.goes_direct, (wire.goes_direct if direct else lambda *_: False)
        try:
            step = call("submit", "Envoyer", effect=Effect.SUBMIT, in_once=True, read={"n": "css=#n"})
            await session.submit([], step, Gate())
        finally:
            wire.goes_direct = kept
    ours, browsers = ({name.lower(): value for name, value in asked.headers.items()} for asked in heard)
    apart = {"connection", "accept-encoding", "content-length", "cache-control", "accept-language"}
    missing = {name: value for name, value in browsers.items() if name not in apart and ours.get(name) != value}
    assert missing in ({"sec-fetch-user": "?1"}, {})
