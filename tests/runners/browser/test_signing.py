"""Signing in: on a declared host only, once, and never shown."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import CredentialsRefused, Failure, MissingSecret, PortalDown, RoboError, SessionLost, SignedOut
from robo.sdk.runner import HostRule
from robo.sdk.secret import Secret
from tests.runners.browser.support import Asked, Open, Reply, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "c4nary-Passw0rd"
OTHER = "an0ther-Passw0rd"
FORM = (
    "<form method=post action=/entrer><label>Identifiant <input name=u></label>"
    "<label>Mot de passe <input name=p type=password></label><button>Se connecter</button></form>"
)
WORDS = {
    "secret": "portal",
    "username": "Identifiant",
    "password": "Mot de passe",
    "button": "Se connecter",
    "wrong": "Identifiants incorrects",
}
HOME = [{"heading": "Tableau de bord"}]
TWO_PAGES = (
    '<form onsubmit="event.preventDefault();document.body.innerHTML=b"><label>Identifiant <input name=u></label>'
    "<button>Continuer</button></form><script>const b = `<form method=post action=/entrer>"
    "<label>Mot de passe <input name=p type=password></label><button>Se connecter</button></form>`</script>"
)


def portal(site: Site, taken: bool = True, refusal: str = "<p>Identifiants incorrects</p>") -> None:
    def enter(asked: Asked) -> Reply:
        right = taken and asked.form.get("p") in ([PASSWORD], [OTHER])
        if not right:
            return Reply(html(refusal + FORM))
        return Reply(status=303, headers=(("Location", "/accueil"), ("Set-Cookie", "in=1")))

    def inside(page: str) -> Any:
        def answer(asked: Asked) -> Reply:
            if "in=1" in asked.headers.get("Cookie", ""):
                return Reply(page)
            return Reply(status=303, headers=(("Location", "/connexion"),))

        return answer

    site.pages |= {
        "/connexion": lambda asked: (
            Reply(status=303, headers=(("Location", "/accueil"),))
            if "in=1" in asked.headers.get("Cookie", "")
            else Reply(html(FORM))
        ),
        "/entrer": enter,
        "/accueil": inside(html("<h1>Tableau de bord</h1>")),
        "/liste": inside(html("<h1>Liste</h1><label>Nom <input></label>")),
    }


def login(site: Site, **more: Any) -> Any:
    return call("login", {"at": site.url("/connexion"), **WORDS, **more.pop("words", {})}, **{"expect": HOME, **more})


async def test_signing_in_sends_the_secret_once_and_waits_for_what_is_expected(open_session: Open, site: Site) -> None:
    session = await open_session()
    portal(site)
    await session.perform([login(site)])
    assert [asked.form for asked in site.effects()] == [{"u": ["robot.occitanie"], "p": [PASSWORD]}]


async def test_without_an_expectation_the_password_field_must_be_gone(open_session: Open, site: Site) -> None:
    session = await open_session()
    portal(site)
    await session.perform([login(site, expect=[])])
    assert len(site.effects()) == 1


async def test_who_is_signed_in_already_is_not_signed_in_again(open_session: Open, site: Site) -> None:
    session = await open_session()
    portal(site)
    await session.perform([login(site)])
    await session.perform([login(site)])
    assert len(site.effects()) == 1


@pytest.mark.parametrize(
    "refusal", ["<p>Identifiants incorrects</p>", "<p>Recommencez</p>"], ids=["words", "form again"]
)
async def test_a_wrong_password_is_tried_once_and_told(open_session: Open, site: Site, refusal: str) -> None:
    session = await open_session()
    portal(site, taken=False, refusal=refusal)
    with pytest.raises(CredentialsRefused) as refused:
        await session.perform([login(site)])
    assert len(site.effects()) == 1
    assert refused.value.facts["secret"] == "portal"
    assert not refused.value.retry
    assert PASSWORD not in f"{refused.value!r} {refused.value} {refused.value.facts}"


async def test_a_portal_that_is_down_while_signing_in_refuses_nobody(open_session: Open, site: Site) -> None:
    session = await open_session()
    portal(site)
    site.pages["/entrer"] = Reply("<h1>Erreur</h1>", 503)
    with pytest.raises(PortalDown):
        await session.perform([login(site)])


async def test_a_host_that_is_not_declared_never_sees_the_secret(open_session: Open, site: Site) -> None:
    session = await open_session(hosts=(HostRule("autre", "https://portail.test"),))
    portal(site)
    with pytest.raises(Failure) as refused:
        await session.perform([login(site)])
    assert refused.value.code == "RB714"
    assert site.asked == []


async def test_a_sign_in_page_that_leads_to_another_host_gets_no_secret(open_session: Open, site: Site) -> None:
    """The declared address redirects to one that is not: the page's own script refuses in the moment of typing."""
    session = await open_session()
    portal(site)
    elsewhere = site.address.replace("127.0.0.1", "localhost")
    site.pages["/connexion"] = Reply(status=303, headers=(("Location", f"{elsewhere}/autre"),))
    site.pages["/autre"] = html(FORM)
    with pytest.raises(Failure) as refused:
        await session.perform([login(site)])
    assert refused.value.code == "RB713"
    assert site.effects() == []
    assert await session._windows.front.page.evaluate("[...document.querySelectorAll('input')].map(i=>i.value)") == [
        "",
        "",
    ]


async def test_a_secret_without_a_password_is_told(open_session: Open, site: Site) -> None:
    async def half(name: str) -> Secret:
        return Secret(name, username="x")

    session = await open_session(secret=half)
    portal(site)
    with pytest.raises(MissingSecret):
        await session.perform([login(site)])


async def test_no_error_log_or_picture_shows_the_secret(
    open_session: Open, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session = await open_session()
    troubles: list[RoboError] = []
    pages = {
        "keeps nothing": FORM.replace("type=password", "type=password oninput=\"this.value=''\""),
        "no button": FORM.replace("Se connecter", "Entrer"),
        "shows it": FORM.replace("type=password", "type=text"),
    }
    for page in pages.values():
        portal(site, taken=False)
        site.pages["/connexion"] = html(page)
        with pytest.raises(RoboError) as trouble:
            await session.perform([login(site, timeout=0.8)])
        troubles.append(trouble.value)
    said = " ".join(f"{trouble!r} {trouble} {trouble.facts} {trouble.__cause__!r}" for trouble in troubles)
    assert PASSWORD not in said + caplog.text
    kept = await session.evidence([])
    assert set(kept) == {"screenshot.png", "page.txt"}


async def test_who_is_signed_out_has_lost_the_session(open_session: Open, site: Site) -> None:
    session = await open_session()
    portal(site)
    await session.perform([login(site)])
    await session._windows.front.page.context.clear_cookies()
    with pytest.raises(SessionLost):
        await session.perform([call("open", site.url("/liste"))])


async def test_who_is_signed_out_in_the_middle_has_lost_the_session_and_not_a_field(
    open_session: Open, site: Site
) -> None:
    session = await open_session()
    portal(site)
    await session.perform([login(site), call("open", site.url("/liste"))])
    await session._windows.front.page.context.clear_cookies()
    await session._windows.front.page.reload()
    with pytest.raises(SessionLost):
        await session.perform([call("fill", {"Nom": "Ada"}, timeout=0.3)])


async def test_the_sign_in_outlives_the_item(open_session: Open, site: Site) -> None:
    session: BrowserSession = await open_session()
    portal(site)
    await session.perform([login(site)])
    await session.reset()
    await session.perform([call("open", site.url("/liste")), call("expect", {"heading": "Liste"})])


async def test_a_name_and_a_password_asked_one_after_the_other(open_session: Open, site: Site) -> None:
    portal(site)
    site.pages["/connexion"] = html(TWO_PAGES)
    session = await open_session()
    done = (await session.perform([login(site, words={"next": "Continuer"})]))[0]
    assert PASSWORD not in done.note
    assert [asked.form["p"] for asked in site.effects()] == [[PASSWORD]]


CODE = "<label>Code <input name=c></label>"
KINDS = {"kinds": {"portal": "password+otp"}}


def guarded(site: Site, *, beside: bool, known: bool = False) -> None:
    """A portal that asks for a code beside the password, or on the page after it; it knows this machine already."""
    second = html(f"<form method=post action=/code>{CODE}<button>Valider</button></form>")

    def inside(asked: Asked) -> Reply:
        right = known or asked.form.get("c") == ["492039"]
        return Reply(html("<h1>Tableau de bord</h1>" if right else "<p>Code erroné</p>"))

    site.pages |= {"/code": inside, "/entrer": inside if beside or known else (lambda _asked: Reply(second))}
    site.pages["/connexion"] = html(FORM.replace("<button>", f"{CODE}<button>") if beside else FORM)


def coded(site: Site, **more: Any) -> Any:
    return login(site, words={"otp": "Code", "otp_button": "Valider", "wrong": "Code erroné"}, **more)


async def given(code: str) -> str:
    return code


@pytest.mark.parametrize("beside", [True, False], ids=["beside the password", "on a page of its own"])
async def test_a_one_time_code_is_typed_where_it_is_asked_for(open_session: Open, site: Site, beside: bool) -> None:
    guarded(site, beside=beside)
    session = await open_session(**KINDS, code=lambda _name: given("492039"))
    await session.perform([coded(site)])
    sent = {name: value for asked in site.effects() for name, value in asked.form.items()}
    assert sent == {"u": ["robot.occitanie"], "p": [PASSWORD], "c": ["492039"]}
    assert len(site.effects()) == (1 if beside else 2)


async def test_an_application_that_knows_the_machine_asks_for_no_code(open_session: Open, site: Site) -> None:
    guarded(site, beside=False, known=True)
    asked: list[str] = []
    session = await open_session(**KINDS, code=lambda name: given(asked.append(name) or "492039"))
    await session.perform([coded(site)])
    assert asked == []


@pytest.mark.parametrize("words", ["<p>Code erroné</p>", CODE], ids=["said in words", "asked for again"])
async def test_a_code_that_is_refused_is_not_tried_again(open_session: Open, site: Site, words: str) -> None:
    guarded(site, beside=False)
    site.pages["/code"] = html(words)
    session = await open_session(**KINDS, code=lambda _name: given("000000"))
    with pytest.raises(CredentialsRefused):
        await session.perform([coded(site, expect=[])])
    assert [asked.path for asked in site.effects()] == ["/entrer", "/code"]


async def test_two_hosts_are_signed_in_to_apart_and_the_one_that_asks_again_is_named(
    open_session: Open, site: Site
) -> None:
    async def secret(name: str) -> Secret:
        return Secret(name, username="robot.occitanie", password={"archive": OTHER}.get(name, PASSWORD))

    there = site.address.replace("127.0.0.1", "localhost")
    hosts = (HostRule("site", site.address, signs_in=True), HostRule("there", there, signs_in=True))
    session = await open_session(hosts=hosts, secret=secret)
    portal(site)
    site.pages["/liens"] = html(f"<h1>Liens</h1><a href='{there}/liste'>Archives</a>")
    await session.perform([login(site), call("open", site.url("/liens")), call("click", "Archives")])
    with pytest.raises(SignedOut) as linked:  # nobody signed in there yet
        await session.perform([call("fill", {"Nom": "Ada"}, timeout=0.3)])
    assert linked.value.hosts == (f"{there}/connexion",)

    await session.perform([call("login", {"at": f"{there}/connexion", **WORDS, "secret": "archive"}, expect=HOME)])
    assert session._hands.unsayable() == [PASSWORD, OTHER]
    await session.perform([call("open", f"{there}/liste"), call("open", site.url("/liste"))])
    await session._windows.front.page.context.clear_cookies(domain="localhost")
    with pytest.raises(SignedOut) as out:
        await session.perform([call("open", f"{there}/liste")])
    assert out.value.hosts == (f"{there}/liste", f"{there}/connexion")
    await session.perform([call("open", site.url("/liste")), call("fill", {"Nom": "Ada"})])  # still signed in here
