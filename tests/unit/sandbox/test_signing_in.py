"""Signing in, being locked out, and sessions that end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from robo import sandbox
from robo.sandbox import Fault, RunningSandbox
from robo.sandbox.sessions import Sessions
from robo.sandbox.web import APPLICATIONS

ACCOUNTS = {"robot.occitanie": "canary-robot-1", "agent.martin": "canary-agent-2"}
Enter = Callable[[RunningSandbox], Any]


def test_the_right_password_leads_to_the_dashboard(visitor: Any) -> None:
    assert (visitor.path, visitor.heading) == ("/tableau-de-bord", "Tableau de bord")


def test_the_home_of_each_application_leads_to_its_first_page(visitor: Any) -> None:
    for each in APPLICATIONS:
        assert (visitor.go(each.home).path, visitor.answer.status_code) == (each.front, 200)


def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(portal: RunningSandbox, enter: Enter) -> None:
    for login in ("agent.martin", "nobody"):
        page = enter(portal).sign_in(login, "wrong")
        assert page.path == "/connexion"
        assert "Identifiants incorrects" in page.text
    enter(portal).sign_in("agent.martin", ACCOUNTS["agent.martin"])


def test_five_failures_lock_the_account_even_after_a_restart(database: Path, enter: Enter) -> None:
    with sandbox.start(database, accounts=ACCOUNTS) as portal:
        answers = [enter(portal).sign_in("agent.martin", "wrong").text for _ in range(5)]
        assert ["Compte verrouillé" in text for text in answers] == [False] * 4 + [True]
    with sandbox.start(database, accounts=ACCOUNTS) as portal:
        assert "Compte verrouillé" in enter(portal).sign_in("agent.martin", ACCOUNTS["agent.martin"]).text
        assert enter(portal).sign_in().heading == "Tableau de bord"


def test_signing_in_forgives_earlier_failures(database: Path, enter: Enter) -> None:
    with sandbox.start(database, accounts=ACCOUNTS) as portal:
        for _ in range(3):
            for _ in range(4):
                enter(portal).sign_in("agent.martin", "wrong")
            assert enter(portal).sign_in("agent.martin", ACCOUNTS["agent.martin"]).heading == "Tableau de bord"


@pytest.mark.parametrize("path", ["/tableau-de-bord", "/recherche", "/demandes/nouvelle", "/dossiers/SEJ-2025-000001"])
def test_a_stranger_is_sent_to_the_sign_in_page_without_reproach(
    portal: RunningSandbox, enter: Enter, path: str
) -> None:
    page = enter(portal).go(path)
    assert page.path == "/connexion"
    assert "Votre session a expiré" not in page.text


def test_an_ended_session_says_so(portal: RunningSandbox, visitor: Any) -> None:
    portal.faults.expire_sessions()
    assert "Votre session a expiré" in visitor.go("/recherche").text


def test_the_idle_time_is_a_switch(portal: RunningSandbox, visitor: Any) -> None:
    portal.faults.set(idle_seconds=0)
    assert "Votre session a expiré" in visitor.go("/tableau-de-bord").text


def test_a_session_lives_as_long_as_it_is_used() -> None:
    times = iter([0, 0, 9, 9, 18, 18, 27, 27, 38])
    sessions = Sessions(clock=lambda: next(times), idle=lambda: 10)
    token = sessions.open("robot").token
    assert [bool(sessions.find(token)) for _ in range(4)] == [True, True, True, False]


def test_signing_out_ends_the_session(visitor: Any) -> None:
    visitor.send("/deconnexion")
    assert visitor.go("/tableau-de-bord").path == "/connexion"


def test_a_cookie_known_before_signing_in_is_worth_nothing_after(portal: RunningSandbox, enter: Enter) -> None:
    page = enter(portal).go("/connexion")
    fixed = dict(page.client.cookies)
    page.sign_in()
    thief = enter(portal)
    thief.client.cookies.update(fixed)
    assert thief.go("/tableau-de-bord").path == "/connexion"


def test_a_form_without_its_token_is_refused(visitor: Any) -> None:
    visitor.go("/demandes/nouvelle").send("/demandes/brouillon/identite", jeton="forged")
    assert (visitor.answer.status_code, visitor.heading) == (403, "Formulaire périmé")


def test_wrong_password_refuses_everybody(portal: RunningSandbox, enter: Enter) -> None:
    portal.faults.set(Fault("wrong_password"))
    assert "Identifiants incorrects" in enter(portal).sign_in().text
    portal.faults.clear()
    assert enter(portal).sign_in().heading == "Tableau de bord"


def test_passwords_are_not_in_the_database(portal: RunningSandbox, visitor: Any) -> None:
    visitor.go("/tableau-de-bord")
    stored = b"".join(path.read_bytes() for path in portal.database.parent.iterdir())
    assert not any(password.encode() in stored for password in ACCOUNTS.values())
    assert not any(password in repr(portal) for password in ACCOUNTS.values())


def test_every_answer_forbids_scripts_from_elsewhere(portal: RunningSandbox) -> None:
    for path in ("/connexion", "/static/portail.css", "/nowhere"):
        policy = httpx.get(portal.url + path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
