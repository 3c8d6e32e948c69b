"""Hosts that an authority of one's own vouches for, and that ask who the robot is."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from robo_browser import BrowserRunner
from robo_browser.trust import Trust, check

from robo.sdk.errors import CredentialsRefused, InfrastructureError, PortalDown, SessionLost
from robo.sdk.runner import HostRule
from robo.sdk.secret import Secret
from tests.certificates import Pair, issue
from tests.runners.browser.conftest import SETTINGS
from tests.runners.browser.support import Asked, Gate, Handler, Reply, Server, Site, call, html

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform == "linux" and shutil.which("certutil") is None, reason="libnss3-tools"),
]
AUTHORITY = issue("AC interne")
ROBOT = issue("robot.occitanie", AUTHORITY)
FORM = "<form method=post action=/d><label>Nom <input name=nom></label><button>Envoyer</button></form>"


class Named(Handler):
    """Notes who asked, by the certificate that was shown."""

    def _serve(self) -> None:
        shown: Any = self.connection.getpeercert()  # type: ignore[attr-defined]  # a socket with TLS
        subject = dict(pair for part in (shown or {}).get("subject", ()) for pair in part)
        self.headers["X-Name"] = subject.get("commonName", "")
        super()._serve()

    do_GET = do_POST = _serve  # noqa: N815 - the base class's names


def served(folder: Path, host: Pair) -> Server:
    for name, text in {"host.pem": host.pem + host.key_pem, "authority.pem": AUTHORITY.pem}.items():
        (folder / name).write_text(text)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "authority.pem"))
    tls.load_cert_chain(folder / "host.pem")
    tls.verify_mode = ssl.CERT_OPTIONAL
    server = Server(("127.0.0.1", 0), Named)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    """A site with TLS, and the file of its authority."""
    folder = tmp_path_factory.mktemp("authority")
    server = served(folder, issue("portail", AUTHORITY))
    Named.site = Site(f"https://localhost:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Named.site, folder / "authority.pem"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trusting(secure: tuple[Site, Path]) -> AsyncIterator[BrowserRunner]:
    runner = BrowserRunner()
    await runner.start({**SETTINGS, "authorities": str(secure[1])}, headed=False, slots=1)
    yield runner
    await runner.stop()


async def robot(name: str) -> Secret:
    return Secret(name, certificate=ROBOT.pem, key=ROBOT.key_pem)


@pytest.mark.parametrize("kinds", [{}, {"carte": "certificate"}], ids=["nobody", "a certificate"])
async def test_a_host_of_ones_own_authority_is_filed_to_once_by_who_is_shown(
    trusting: BrowserRunner, secure: tuple[Site, Path], context: Callable[..., Any], kinds: dict[str, str]
) -> None:
    site, _ = secure
    site.clear()
    site.pages |= {"/": html(FORM), "/d": html("<p>N° dossier : 12</p>")}
    rule = HostRule("portail", site.address)
    seen: list[tuple[str, bytes]] = []

    def noted(origin: str, certificate: bytes) -> None:
        seen.append((origin, certificate))

    session = await trusting.open(context(hosts=(rule,), secret=robot, kinds=kinds, certified=noted))
    await session.perform([call("open", site.url("/"))])
    submit = call("submit", "Envoyer", read={"n": "N° dossier"}, in_once=True)
    answer = await session.submit([call("fill", {"Nom": "A"}, in_once=True)], submit, Gate())
    await session.close()
    assert answer.values == {"n": "12"}
    port = int(site.address.rpartition(":")[2])
    assert seen == [(site.address, ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("localhost", port))))]
    name = "robot.occitanie" if kinds else ""
    assert {(asked.method, asked.path, asked.headers["X-Name"]) for asked in site.asked} >= {
        ("GET", "/", name),
        ("POST", "/d", name),
    }
    assert len(site.effects()) == 1


async def test_a_certificate_signs_in_and_one_that_is_not_taken_is_marked(
    trusting: BrowserRunner, secure: tuple[Site, Path], context: Callable[..., Any]
) -> None:
    site, _ = secure
    site.clear()
    taken = [True]

    def home(asked: Asked) -> Reply:
        known = taken[0] and asked.headers["X-Name"] == "robot.occitanie"
        return Reply(html("<h1>Accueil</h1>" if known else "<h1>Accès refusé</h1>"), 200 if known else 403)

    site.pages["/"] = home
    given = context(hosts=(HostRule("portail", site.address),), secret=robot, kinds={"carte": "certificate"})
    session = await trusting.open(given)
    signing = call("login", {"at": site.url("/"), "secret": "carte"}, expect=[{"heading": "Accueil"}])
    await session.perform([signing])
    taken[0] = False
    with pytest.raises(CredentialsRefused, match="HTTP 403"):
        await session.perform([signing])
    await session.close()


async def test_a_browser_started_again_after_one_that_could_not_be_still_believes_the_host(
    secure: tuple[Site, Path], context: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, authority = secure
    site.clear()
    site.pages["/"] = html(FORM)
    runner, given = BrowserRunner(), context(hosts=(HostRule("portail", site.address),))
    await runner.start({**SETTINGS, "authorities": str(authority)}, headed=False, slots=1)
    try:
        chromium = runner.chromium
        assert chromium is not None
        chromium.kept.kill()
        choice = chromium._choice
        monkeypatch.setattr(chromium, "_choice", replace(choice, executable="/nowhere/chromium"))
        while chromium._browser is not None:  # it may take a moment until its death is seen
            with pytest.raises((InfrastructureError, SessionLost)):
                await runner.open(given)
        monkeypatch.setattr(chromium, "_choice", choice)
        session = await runner.open(given)
        await session.perform([call("open", site.url("/"))])
    finally:
        await runner.stop()


async def test_without_it_the_host_is_not_believed(
    runner: BrowserRunner, secure: tuple[Site, Path], context: Callable[..., Any]
) -> None:
    site, _ = secure
    session = await runner.open(context(hosts=(HostRule("portail", site.address),)))
    with pytest.raises(PortalDown, match="ERR_CERT_AUTHORITY_INVALID"):
        await session.perform([call("open", site.url("/"))])
    await session.close()


async def test_a_file_without_an_authority_is_told_before_anything_is_started(tmp_path: Path) -> None:
    for name, text in {"absent.pem": None, "odd.pem": "rien"}.items():
        if text is not None:
            (tmp_path / name).write_text(text)
        with pytest.raises(InfrastructureError) as caught:
            await asyncio.to_thread(check, {"authorities": str(tmp_path / name)})
        assert caught.value.code == "RB724"


async def test_a_certificate_that_openssl_does_not_take_is_told_with_its_secret() -> None:
    odd = Secret("carte", certificate=ROBOT.pem, key=AUTHORITY.key_pem)
    with pytest.raises(InfrastructureError, match=r"carte.*key values mismatch") as caught:
        await asyncio.to_thread(Trust().connection, odd)
    assert (caught.value.code, caught.value.place) == ("RB741", "secrets: carte")


async def test_a_start_that_fails_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, held = tmp_path / "bin", tmp_path / "held"
    for folder in (tool, held):
        folder.mkdir()
    (tool / "certutil").write_text("#!/bin/sh\nexit 1\n")
    (tool / "certutil").chmod(0o700)
    (tmp_path / "ac.pem").write_text(AUTHORITY.pem)
    monkeypatch.setenv("PATH", str(tool))
    monkeypatch.setattr(tempfile, "tempdir", str(held))
    with pytest.raises(InfrastructureError):
        await asyncio.to_thread(Trust.of, {"authorities": str(tmp_path / "ac.pem")})
    assert list(held.iterdir()) == []
