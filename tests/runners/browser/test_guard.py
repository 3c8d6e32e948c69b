"""Effects are enforced at the network: what no step declared is stopped, wherever on the page it comes from."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from robo.sdk.errors import UndeclaredEffect
from robo.sdk.runner import HostRule
from robo.sdk.values import Effect
from tests.runners.browser.support import Gate, Open, Reply, Site, call, html, soon

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAYS = {
    "form": "<form method=post action=/effet><button>Aller</button></form>",
    "form by script": "<form method=post action=/effet id=f></form><button onclick='f.submit()'>Aller</button>",
    "form in another window": "<form method=post action=/effet target=_blank><button>Aller</button></form>",
    "fetch": "<button onclick=\"fetch('/effet',{method:'POST'})\">Aller</button>",
    "put": "<button onclick=\"fetch('/effet',{method:'PUT'})\">Aller</button>",
    "delete": "<button onclick=\"fetch('/effet',{method:'DELETE'})\">Aller</button>",
    "patch": "<button onclick=\"fetch('/effet',{method:'PATCH'})\">Aller</button>",
    "kept alive": "<button onclick=\"fetch('/effet',{method:'POST',keepalive:true})\">Aller</button>",
    "old request": "<button onclick=\"x=new XMLHttpRequest();x.open('POST','/effet');x.send()\">Aller</button>",
    "beacon": "<button onclick=\"navigator.sendBeacon('/effet','x')\">Aller</button>",
    "link ping": "<a href='#x' ping=/effet>Aller</a>",
    "popup": "<button onclick=\"window.open('/fenetre')\">Aller</button>",
    "frame": "<iframe src=/fenetre></iframe><button>Aller</button>",
    "worker": (
        '<button onclick="new Worker(window.URL.createObjectURL(new Blob(['
        "`fetch('${location.origin}/effet',{method:'POST'})`])))\">Aller</button>"
    ),
    "later": "<button onclick=\"setTimeout(()=>fetch('/effet',{method:'POST'}),150)\">Aller</button>",
}
POPUP = html("<script>fetch('/effet',{method:'POST'})</script>")


@pytest.mark.parametrize("body", WAYS.values(), ids=WAYS.keys())
async def test_an_effect_of_a_step_that_declares_none_is_stopped(open_session: Open, site: Site, body: str) -> None:
    session = await open_session()
    site.pages |= {"/": html(body), "/fenetre": POPUP, "/effet": "fait"}
    with pytest.raises(UndeclaredEffect) as stopped:
        await session.perform([call("open", site.url()), call("click", "Aller"), call("expect", "jamais", timeout=2.0)])
    assert stopped.value.code == "RB730"
    assert stopped.value.facts["url"] == site.url("/effet")
    assert site.effects() == []


async def test_a_get_is_no_effect(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {"/": html("<form action=/suite><button>Aller</button></form>"), "/suite": html("<h1>Suite</h1>")}
    await session.perform([call("open", site.url()), call("click", "Aller", expect=[{"heading": "Suite"}])])


async def test_a_draft_step_may_send(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {"/": html(WAYS["form"]), "/effet": html("<h1>Suite</h1>")}
    await session.perform([call("open", site.url()), call("next", "Aller", expect=[{"heading": "Suite"}])])
    assert [asked.path for asked in site.effects()] == ["/effet"]


@pytest.mark.parametrize(
    ("rules", "in_once", "passes"),
    [
        ({"reads": ("POST /effet",)}, False, True),
        ({"drafts": ("POST /eff*",)}, True, True),
        ({"drafts": ("POST /eff*",)}, False, False),
        ({"reads": ("POST /autre",)}, False, False),
        ({"reads": ("PUT /effet",)}, False, False),
    ],
)
async def test_a_host_declares_what_is_harmless_there(
    open_session: Open, site: Site, rules: Any, in_once: bool, passes: bool
) -> None:
    session = await open_session(**rules)
    site.pages |= {"/": html(WAYS["form"]), "/effet": html("<h1>Suite</h1>")}
    steps = [call("open", site.url()), call("click", "Aller", in_once=in_once, expect=[{"heading": "Suite"}])]
    if passes:
        await session.perform(steps)
    else:
        with pytest.raises(UndeclaredEffect):
            await session.perform(steps)
    assert len(site.effects()) == int(passes)


async def test_a_dry_run_sends_drafts_and_nothing_else(open_session: Open, site: Site) -> None:
    session = await open_session(dry_run=True)
    site.pages |= {"/": html(WAYS["form"]), "/effet": html(WAYS["form"])}
    await session.perform([call("open", site.url()), call("next", "Aller")])
    assert len(site.effects()) == 1
    with pytest.raises(UndeclaredEffect):
        await session.submit([], call("submit", "Aller", effect=Effect.SUBMIT, in_once=True), Gate())
    assert len(site.effects()) == 1


async def test_before_its_gate_a_submit_is_a_step_that_sends_nothing(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html("<label>Nom <input onchange=\"fetch('/effet',{method:'POST'})\"></label><button>Aller</button>"),
        "/effet": "x",
    }
    await session.perform([call("open", site.url())])
    gate = Gate()

    async def late() -> None:
        await asyncio.sleep(0.2)

    gate.doing = late
    step = call("submit", "Aller", effect=Effect.SUBMIT, in_once=True)
    with pytest.raises(UndeclaredEffect):
        await session.submit([call("fill", {"Nom": "Ada"})], step, gate)
    assert site.effects() == []


async def test_two_effects_of_one_submit_are_counted(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html(
            "<p id=n></p><button onclick=\"fetch('/a',{method:'POST'}).then(()=>fetch('/b',{method:'POST'}))"
            ".then(()=>{n.textContent='fait'})\">Aller</button>"
        ),
        "/a": "x",
        "/b": "x",
    }
    await session.perform([call("open", site.url())])
    step = call("submit", "Aller", effect=Effect.SUBMIT, in_once=True, read={"n": "css=#n"})
    answer = await session.submit([], step, Gate())
    assert (answer.values, answer.requests) == ({"n": "fait"}, 2)


async def test_another_session_s_rights_are_not_this_one_s(open_session: Open, site: Site) -> None:
    """Two slots of one worker: a draft of one is no right of the other."""
    first, second = await open_session(), await open_session()
    site.pages |= {"/": html(WAYS["later"]), "/effet": "x"}
    await first.perform([call("open", site.url()), call("next", "Aller")])
    assert await soon(lambda: len(site.effects()) == 1)
    with pytest.raises(UndeclaredEffect):
        await second.perform([call("open", site.url()), call("click", "Aller"), call("expect", "jamais", timeout=2.0)])
    assert len(site.effects()) == 1


async def test_what_a_page_does_after_its_item_ended_is_stopped_and_troubles_nobody(
    open_session: Open, site: Site
) -> None:
    session = await open_session()
    site.pages |= {
        "/": html("<script>onpagehide=()=>navigator.sendBeacon('/effet','x')</script>"),
        "/effet": "x",
        "/autre": html("<h1>Autre</h1>"),
    }
    await session.perform([call("open", site.url())])
    await session.reset()
    await session.perform([call("open", site.url("/autre"))])
    assert site.effects() == []


async def test_service_workers_do_not_start(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html(
            "<p id=n>-</p><script>setTimeout(()=>{if(n.textContent=='-')n.textContent='aucun'},300);"
            "navigator.serviceWorker.register('/sw.js').then(()=>navigator.serviceWorker.ready)"
            ".then(()=>{n.textContent='actif'})</script>"
        ),
        "/sw.js": Reply("self.x=1", headers=(("Content-Type", "text/javascript"),)),
    }
    read = call("read", {"n": {"css": "#n", "match": "(aucun|actif)"}})
    results = await session.perform([call("open", site.url()), read])
    assert results[1].values == {"n": "aucun"}


@asynccontextmanager
async def socket_server() -> AsyncIterator[tuple[str, list[str]]]:
    """The smallest WebSocket server: notes what is said to it."""
    said: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = next(
                line.split(":")[1].strip()
                for line in head.split("\r\n")
                if line.lower().startswith("sec-websocket-key")
            )
            accept = base64.b64encode(hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest())  # noqa: S324 - RFC 6455 says so
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            while True:
                first, length = await reader.readexactly(2)
                mask = await reader.readexactly(4)
                body = await reader.readexactly(length & 0x7F)
                if first & 0x0F == 1:
                    said.append(bytes(b ^ mask[n % 4] for n, b in enumerate(body)).decode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/direct", said
    finally:
        server.close()


@pytest.mark.parametrize("allowed", [False, True], ids=["not declared", "declared"])
async def test_a_message_over_a_web_socket_is_an_effect(open_session: Open, site: Site, allowed: bool) -> None:
    async with socket_server() as (address, said):
        hosts = (
            HostRule("site", site.address),
            HostRule("ws", address.removesuffix("/direct").replace("ws:", "http:"), ("WS /direct",) if allowed else ()),
        )
        session = await open_session(hosts=hosts)
        site.pages["/"] = html(
            "<p id=n>-</p><script>function say() { const s = new WebSocket('ADDRESS');"
            "s.onopen = () => { s.send('effet'); n.textContent = 'dit' } }</script><button onclick='say()'>"
            "Aller</button>".replace("ADDRESS", address)
        )
        steps = [call("open", site.url()), call("click", "Aller"), call("expect", {"text": "dit"})]
        if allowed:
            await session.perform(steps)
        else:
            with pytest.raises(UndeclaredEffect):
                await session.perform([*steps, call("expect", "jamais", timeout=2.0)])
        await asyncio.sleep(0.1)
        assert said == (["effet"] if allowed else [])
        await session.close()
