"""Each fault does what it says, where it says, once if scripted; and the truth tells what was filed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from robo.sandbox import Fault, RunningSandbox
from robo.sandbox.faults import Board

Enter = Callable[[RunningSandbox], Any]


def fates(portal: RunningSandbox, reference: str) -> list[str]:
    return [request.fate for request in portal.requests() if request.reference == reference]


@pytest.mark.parametrize(("moment", "found"), [("before", (0, ["error500"])), ("after", (1, ["accepted"]))])
def test_error500_strikes_before_or_after_accepting(
    portal: RunningSandbox, visitor: Any, reference: str, moment: Any, found: Any
) -> None:
    portal.faults.script(reference, Fault("error500", moment=moment))
    visitor.file(reference)
    assert (visitor.answer.status_code, visitor.heading) == (500, "Erreur interne")
    assert (portal.dossiers(reference), fates(portal, reference)) == found


@pytest.mark.parametrize("how", ["close", "reset"])
def test_lost_files_and_never_answers(portal: RunningSandbox, visitor: Any, reference: str, how: Any) -> None:
    portal.faults.script(reference, Fault("lost", how=how))
    visitor.review(reference)
    expected = httpx.RemoteProtocolError if how == "close" else httpx.ReadError
    with pytest.raises(expected):
        visitor.submit()
    assert portal.dossiers(reference) == 1


def test_lost_before_loses_the_request_too(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    portal.faults.script(reference, Fault("lost", moment="before"))
    visitor.review(reference)
    with pytest.raises(httpx.RemoteProtocolError):
        visitor.submit()
    assert (portal.dossiers(reference), fates(portal, reference)) == (0, ["lost"])


def test_hang_files_and_leaves_the_browser_waiting(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    portal.faults.script(reference, Fault("lost", how="hang"))
    visitor.review(reference)
    visitor.client.timeout = 0.2
    with pytest.raises(httpx.ReadTimeout):
        visitor.submit()
    assert portal.dossiers(reference) == 1


def test_late_is_accepted_at_once_and_shown_afterwards(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    portal.faults.script(reference, Fault("late", seconds=0.4))
    visitor.review(reference)
    with pytest.raises(httpx.RemoteProtocolError):
        visitor.submit()
    [effect] = [effect for effect in portal.truth() if effect.reference == reference]
    assert effect.visible_at - effect.at == pytest.approx(0.4)
    assert portal.dossiers(reference) == 1
    assert "Aucun dossier ne correspond" in visitor.go(f"/recherche?reference={reference}").text
    time.sleep(max(0.0, effect.visible_at - time.time()))
    assert effect.number in visitor.go(f"/recherche?reference={reference}").text


@pytest.mark.parametrize(("moment", "filed"), [("before", 0), ("after", 1)])
def test_logged_out_shows_the_sign_in_page(
    portal: RunningSandbox, visitor: Any, reference: str, moment: Any, filed: int
) -> None:
    portal.faults.script(reference, Fault("logged_out", moment=moment))
    visitor.file(reference)
    assert visitor.path == "/connexion"
    assert "Votre session a expiré" in visitor.text
    assert portal.dossiers(reference) == filed
    assert visitor.go("/tableau-de-bord").path == "/connexion"


@pytest.mark.parametrize("at", ["identity", "stay", "review", "search", "receipt"])
def test_a_fault_strikes_at_the_step_it_names(portal: RunningSandbox, visitor: Any, reference: str, at: Any) -> None:
    portal.faults.script(reference, Fault("down", at=at))
    steps: dict[str, Callable[[], Any]] = {
        "identity": lambda: visitor.identity(application_reference=reference),
        "stay": visitor.stay,
        "review": lambda: visitor,
        "receipt": visitor.submit,
        "search": lambda: visitor.go(f"/recherche?reference={reference}"),
    }
    seen = {}
    for name, step in steps.items():
        step()
        seen[name] = visitor.answer.status_code
        if seen[name] != 200:
            break
    assert seen.popitem() == ("stay" if at == "review" else at, 503)
    assert [strike.step for strike in portal.faults.struck() if strike.reference == reference] == [at]


def test_scripted_faults_strike_once_each_in_their_order(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    portal.faults.script(reference, Fault("error500"), Fault("down", at="submit"))
    visitor.review(reference)
    page = visitor.answer
    statuses = []
    for _ in range(3):
        visitor.answer = page
        statuses.append(visitor.submit().answer.status_code)
    assert statuses == [500, 503, 200]
    assert (portal.dossiers(reference), portal.faults.left()) == (1, {})


def test_what_comes_second_in_a_script_waits_for_the_first(
    portal: RunningSandbox, visitor: Any, reference: str
) -> None:
    portal.faults.script(reference, Fault("error500"), Fault("down", at="search"))
    assert visitor.go(f"/recherche?reference={reference}").answer.status_code == 200
    assert visitor.review(reference).submit().answer.status_code == 500
    assert visitor.go(f"/recherche?reference={reference}").answer.status_code == 503


def test_a_script_touches_no_other_reference(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    portal.faults.script("another", Fault("error500"))
    assert visitor.file(reference).heading == "Demande enregistrée"
    assert portal.faults.left() == {"another": [Fault("error500")]}


def test_slow_answers_late(portal: RunningSandbox, visitor: Any) -> None:
    portal.faults.set(Fault("slow", seconds=0.2, at="search"))
    began = time.monotonic()
    assert visitor.go("/recherche").answer.status_code == 200
    assert time.monotonic() - began >= 0.2


def test_down_answers_503_everywhere_and_comes_back(portal: RunningSandbox, visitor: Any) -> None:
    portal.faults.set(Fault("down"))
    assert [visitor.go(path).answer.status_code for path in ("/recherche", "/tableau-de-bord")] == [503, 503]
    portal.faults.clear()
    assert visitor.go("/recherche").answer.status_code == 200


def test_refused_connections_end_when_the_fault_is_cleared(portal: RunningSandbox, visitor: Any) -> None:
    where = urlsplit(portal.url)
    portal.faults.set(Fault("down", how="refuse"))
    with pytest.raises(httpx.TransportError):
        visitor.go("/recherche")
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect((where.hostname, where.port))
    portal.faults.clear()
    assert visitor.go("/recherche").heading == "Rechercher un dossier"


def test_a_submit_sent_twice_is_filed_twice_when_duplicates_are_accepted(
    portal: RunningSandbox, visitor: Any, reference: str
) -> None:
    portal.faults.accept_duplicates()
    visitor.review(reference)
    page = visitor.answer
    numbers = set()
    for _ in range(2):
        visitor.answer = page
        numbers.add(visitor.submit().path)
    assert len(numbers) == 2
    assert [e.reference for e in portal.truth()].count(reference) == portal.dossiers(reference) == 2


def test_the_same_submit_sent_twice_is_refused_by_a_careful_portal(
    portal: RunningSandbox, visitor: Any, reference: str
) -> None:
    visitor.review(reference)
    page = visitor.answer
    visitor.submit()
    visitor.answer = page
    assert "Dossier déjà existant" in visitor.submit().text
    assert portal.dossiers(reference) == 1


def test_the_switches_need_their_token_and_their_own_port(portal: RunningSandbox) -> None:
    control = portal.faults._control
    for headers in ({}, {"Authorization": "Bearer guess"}):
        assert httpx.put(f"{control}/_sandbox/faults", json={}, headers=headers).status_code == 403
        assert httpx.delete(f"{control}/_sandbox/sessions", headers=headers).status_code == 403
    assert httpx.get(f"{portal.url}/_sandbox/faults").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"standing": [{"kind": "fire"}]},
        {"standing": [{"kind": "lost", "at": "moon"}]},
        {"standing": [{"kind": "late", "moment": "before"}]},
        {"standing": [{"at": "submit"}]},
        {"standing": [{"kind": "lost", "colour": "red"}]},
        {"standing": "lost"},
        {"standing": [], "surprise": 1},
        {"accept_duplicates": True, "scripts": {"r": [{"kind": "fire"}]}},
    ],
)
def test_a_senseless_change_is_refused_whole(change: dict[str, Any]) -> None:
    board = Board(idle_seconds=9)
    with pytest.raises(ValueError, match=r"."):
        board.change(change)
    assert (board.standing, board.scripts, board.accept_duplicates) == ((), {}, False)


def test_the_handle_says_why_a_change_was_refused(portal: RunningSandbox) -> None:
    with pytest.raises(ValueError, match="unknown: surprise"):
        portal.faults._call("PUT", "faults", {"surprise": 1})


def test_clearing_brings_back_the_usual_idle_time() -> None:
    board = Board(idle_seconds=9)
    board.change({"idle_seconds": 1})
    board.clear()
    assert board.idle_seconds == 9
