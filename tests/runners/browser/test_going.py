"""Going to pages, drafts that are refused, and everything that can be gone: page, browser, portal."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import Failure, PageError, PortalDown, SessionLost
from robo.sdk.runner import HostRule, Refused
from tests.runners.browser.support import Open, Reply, Server, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_page_that_nobody_declared_is_not_gone_to(session: BrowserSession) -> None:
    with pytest.raises(Failure) as refused:
        await session.perform([call("open", "https://ailleurs.test/x")])
    assert refused.value.code == "RB714"


async def test_a_portal_that_refuses_connections_is_down(open_session: Open) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    session = await open_session(hosts=(HostRule("mort", address),))
    with pytest.raises(PortalDown) as down:
        await session.perform([call("open", f"{address}/x?jeton=secret")])
    assert "CONNECTION_REFUSED" in str(down.value)
    assert "jeton" not in str(down.value)


async def test_a_name_that_nobody_knows_is_a_portal_that_is_down(open_session: Open) -> None:
    session = await open_session(hosts=(HostRule("perdu", "https://portail.invalid"),))
    with pytest.raises(PortalDown, match=r"NAME_NOT_RESOLVED|PROXY|TUNNEL") as down:
        await session.perform([call("open", "https://portail.invalid/")])
    assert down.value.code == "RB715"


async def test_a_certificate_that_nobody_vouches_for_is_not_looked_away_from(
    open_session: Open, impostor: str, asked_of_it: list[str]
) -> None:
    session = await open_session(hosts=(HostRule("faux", impostor),))
    with pytest.raises(PortalDown, match="CERT_AUTHORITY_INVALID"):
        await session.perform([call("open", f"{impostor}/connexion")])
    assert asked_of_it == []


@pytest.fixture
def asked_of_it() -> list[str]:
    """The paths that the impostor was asked for."""
    return []


@pytest.fixture
def impostor(tmp_path: Path, asked_of_it: list[str]) -> Iterator[str]:
    """A site with a certificate of its own making."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked_of_it.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            return

    server = Server(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def own_certificate(folder: Path) -> Path:
    """A key and a certificate signed with it, in one file. Where keyrings need no cryptography it is not installed."""
    x509 = pytest.importorskip("cryptography.x509")
    hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    return file


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_portal_whose_gateway_answers_for_it_is_down(session: BrowserSession, site: Site, status: int) -> None:
    site.pages["/"] = Reply("<h1>Erreur</h1>", status)
    with pytest.raises(PortalDown):
        await session.perform([call("open", site.url())])


async def test_a_portal_that_does_not_answer_in_time_is_down(open_session: Open, site: Site) -> None:
    session = await open_session()
    never = threading.Event()
    site.pages["/"] = Reply("x", after=never)
    try:
        with pytest.raises(PortalDown):
            await session.perform([call("open", site.url(), timeout=0.4)])
    finally:
        never.set()


@pytest.mark.parametrize("status", [404, 500, 501])
async def test_a_page_that_is_broken_is_no_portal_that_is_down(
    session: BrowserSession, site: Site, status: int
) -> None:
    site.pages["/rien"] = Reply("<h1>Erreur</h1>", status)
    with pytest.raises(PageError, match=f"HTTP {status}") as broken:
        await session.perform([call("open", site.url("/rien"))])
    assert broken.value.code == "RB716"


@pytest.mark.parametrize(("status", "trouble"), [(500, PageError), (503, PortalDown)])
async def test_a_draft_that_meets_a_server_error_tells_one_page_from_the_whole_portal(
    session: BrowserSession, site: Site, status: int, trouble: type[Failure]
) -> None:
    site.pages |= {"/": html("<form method=post action=/b><button>Suivant</button></form>"), "/b": Reply("x", status)}
    with pytest.raises(trouble):
        await session.perform([call("open", site.url()), call("next", "Suivant")])


async def test_a_draft_that_is_refused_says_which_words(session: BrowserSession, site: Site) -> None:
    site.pages |= {
        "/": html("<form method=post action=/b><button>Suivant</button></form>"),
        "/b": html("<p>Le code postal est faux.</p><form method=post action=/b><button>Suivant</button></form>"),
    }
    step = call("next", "Suivant", refused=[({"text": "code postal est faux"}, "code-postal")])
    with pytest.raises(Refused) as refused:
        await session.perform([call("open", site.url()), step])
    assert (refused.value.watched.code, refused.value.words) == ("code-postal", "Le code postal est faux.")


async def test_a_draft_that_is_not_refused_goes_on(session: BrowserSession, site: Site) -> None:
    site.pages |= {
        "/": html("<form method=post action=/b><button>Suivant</button></form>"),
        "/b": html("<h1>Page 2</h1>"),
    }
    step = call("next", "Suivant", refused=[({"text": "faux"}, "faux")])
    await session.perform([call("open", site.url()), step, call("expect", {"heading": "Page 2"}, timeout=0.5)])


async def test_the_next_page_is_waited_for_before_its_fields_of_the_same_name(
    session: BrowserSession, site: Site
) -> None:
    """Both pages have a field «Nom»: what belongs to the second is not entered into the first."""
    release = threading.Event()
    threading.Timer(0.3, release.set).start()
    site.pages |= {
        "/": html("<form action=/b><label>Nom <input name=un></label><button>Suivant</button></form>"),
        "/b": Reply(html("<form><label>Nom <input name=deux></label></form>"), after=release),
    }
    await session.perform([call("open", site.url()), call("next", "Suivant"), call("fill", {"Nom": "Ada"})])
    assert await session._windows.front.page.evaluate("document.forms[0].deux.value") == "Ada"


SCRIPT = "text/javascript"


async def test_a_button_is_not_clicked_before_the_script_that_answers_it_is_there(
    session: BrowserSession, site: Site
) -> None:
    """A deferred script runs after the last line of the page is read; until then its buttons are deaf."""
    release = threading.Event()
    threading.Timer(0.3, release.set).start()
    script = "document.querySelector('button').onclick = () => { document.body.innerHTML = '<h1>Parti</h1>' }"
    site.pages |= {
        "/": html("<button>Commencer</button>", head="<script src=/lent.js defer></script>"),
        "/lent.js": Reply(script, after=release, headers=(("Content-Type", SCRIPT),)),
    }
    await session.perform([call("open", site.url()), call("click", "Commencer", expect=[{"heading": "Parti"}])])


async def test_a_script_that_never_comes_holds_the_page_up_for_seconds_only(
    session: BrowserSession, site: Site
) -> None:
    """A statistics host that a firewall swallows: a person would have gone on, too."""
    never = threading.Event()
    site.pages |= {
        "/": html("<label>Nom <input></label>", head="<script src=/jamais.js defer></script>"),
        "/jamais.js": Reply("", after=never, headers=(("Content-Type", SCRIPT),)),
    }
    try:
        await session.perform([call("open", site.url(), timeout=12.0), call("fill", {"Nom": "Ada"})])
        shown = await session._windows.front.page.evaluate("document.querySelector('input').value")
    finally:
        never.set()
    assert shown == "Ada"


async def test_a_step_of_a_script_s_page_waits_for_its_request(session: BrowserSession, site: Site) -> None:
    release = threading.Event()
    threading.Timer(0.3, release.set).start()
    body = (
        "<div id=d><label>Nom <input name=un></label></div><button onclick=\"fetch('/p2').then(r=>r.text())"
        '.then(t=>{d.innerHTML=t})">Suivant</button>'
    )
    site.pages |= {"/": html(body), "/p2": Reply("<label>Nom <input name=deux></label>", after=release)}
    await session.perform([call("open", site.url()), call("next", "Suivant"), call("fill", {"Nom": "Ada"})])
    assert await session._windows.front.page.evaluate("document.querySelector('input').outerHTML.includes('deux')")
    assert await session._windows.front.page.evaluate("document.querySelector('input').value") == "Ada"


async def test_a_link_that_leads_nowhere_new_does_not_hold_the_step(session: BrowserSession, site: Site) -> None:
    """An empty answer and a download keep the page: the click is over when the browser has given up leaving."""
    site.pages |= {"/": html("<a href=/vide>Vide</a><h1>Accueil</h1>"), "/vide": Reply("", 204)}
    await session.perform(
        [call("open", site.url()), call("click", "Vide", timeout=2.0, expect=[{"heading": "Accueil"}])]
    )


@pytest.mark.parametrize("link", ["<a href=/f download>Fichier</a>", "<a href=/f download=f.pdf>Fichier</a>"])
async def test_a_link_to_a_file_does_not_hold_the_step(session: BrowserSession, site: Site, link: str) -> None:
    site.pages |= {"/": html(f"{link}<h1>Accueil</h1>"), "/f": "x"}
    step = call("click", "Fichier", timeout=20.0, expect=[{"heading": "Accueil"}])
    began = time.monotonic()
    await session.perform([call("open", site.url()), step])
    assert time.monotonic() - began < 10


async def test_a_link_to_another_program_does_not_hold_the_step(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<a href='mailto:a@exemple.fr'>Écrire</a><h1>Accueil</h1>")
    step = call("click", "Écrire", timeout=2.0, expect=[{"heading": "Accueil"}])
    began = time.monotonic()
    await session.perform([call("open", site.url()), step])
    assert time.monotonic() - began < 1.5


async def test_a_key_that_does_not_exist_is_told(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("x")
    with pytest.raises(Failure) as unknown:
        await session.perform([call("open", site.url()), call("press", "Entrée")])
    assert unknown.value.code == "RB739"


async def test_a_page_that_crashes_is_a_lost_session(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages["/"] = html("<h1>Accueil</h1>")
    await session.perform([call("open", site.url())])
    from playwright.async_api import Error

    with pytest.raises(Error):
        await session._windows.front.page.goto("chrome://crash")
    with pytest.raises(SessionLost):
        await session.perform([call("expect", {"heading": "Accueil"}, timeout=0.5)])


async def test_a_window_that_is_closed_is_a_lost_session(open_session: Open, site: Site) -> None:
    session = await open_session()
    await session._windows.front.page.close()
    with pytest.raises(SessionLost):
        await session.perform([call("open", site.url())])


async def test_a_key_is_pressed_where_it_is_said(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<p id=n>-</p><label>Nom <input onkeydown='n.textContent=event.key+event.isTrusted'></label>"
    )
    step = call("press", {"key": "F2", "on": "Nom"}, read={"n": {"css": "#n", "match": "(F2.*)"}})
    assert (await session.perform([call("open", site.url()), step]))[1].values == {"n": "F2true"}
