"""The finance list: what waits for a service to be certified, page after page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from robo import sandbox
from robo.sandbox import Fault, RunningSandbox
from robo.sandbox.invoices import GUYANE, OCCITANIE
from tests.unit.sandbox.conftest import ACCOUNTS

LIST = "/finances/factures"
WAITING = f"{LIST}?statut=En+attente+de+service+fait"


def numbers(page: Any) -> list[str]:
    return re.findall(r'<td class="code"><a[^>]*>([^<]+)</a>', page.answer.text)


def headings(page: Any) -> list[str]:
    return re.findall(r'<th scope="col">([^<]+)</th>', page.answer.text)


def test_its_entrance_leads_to_its_list(portal: RunningSandbox, enter: Callable[[RunningSandbox], Any]) -> None:
    stranger = enter(portal).go(LIST)
    assert stranger.path == "/finances/connexion"
    stranger.send("/finances/connexion", identifiant="robot.occitanie", mot_de_passe=ACCOUNTS["robot.occitanie"])
    assert (stranger.path, stranger.heading) == (LIST, "Factures")


def test_an_invoice_is_ordinary_but_for_what_is_said(portal: RunningSandbox, visitor: Any) -> None:
    portal.put("factures", "F-1", {"Montant TTC": "12,50 €", "Statut": "En litige"})
    visitor.go(f"{LIST}?statut=En+litige")
    assert numbers(visitor) == ["F-1"]
    assert "12,50 €" in visitor.text
    assert "Papeteries du Canal" in visitor.go(f"{LIST}/F-1").text
    assert visitor.go(f"{LIST}/F-0").answer.status_code == 404


def test_what_waits_is_listed_page_after_page(portal: RunningSandbox, visitor: Any) -> None:
    for n in range(13):
        portal.put("factures", f"P-{n:02d}", {})
    portal.put("factures", "P-13", {"Statut": "Service fait constaté"})
    seen = numbers(visitor.go(WAITING))
    following = re.search(r'<a rel="next" href="([^"]+)">Page suivante</a>', visitor.answer.text)
    assert following is not None
    seen += numbers(visitor.go(following[1].replace("&amp;", "&")))
    assert [number for number in seen if number.startswith("P-")] == [f"P-{n:02d}" for n in range(13)]
    assert "Page suivante" not in visitor.text


def test_an_empty_list_says_so(visitor: Any) -> None:
    assert "Aucune facture ne correspond" in visitor.go(f"{LIST}?statut=Autre").text


def test_a_page_of_any_number_is_asked_for(visitor: Any) -> None:
    assert visitor.go(f"{LIST}?page={'9' * 5000}").answer.status_code == 200


def test_the_list_may_fail_for_nobody_in_particular(portal: RunningSandbox, visitor: Any) -> None:
    portal.faults.script("", Fault("error500", at="list"))
    assert visitor.go(WAITING).answer.status_code == 500
    assert visitor.go(WAITING).answer.status_code == 200


@pytest.fixture(scope="module")
def guyane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder: Path = tmp_path_factory.mktemp("guyane")
    with sandbox.start(folder / "portal.db", skin="guyane", accounts=ACCOUNTS, stock=24) as portal:
        yield portal


def test_a_region_has_words_of_its_own_and_a_stock_to_practise_with(
    guyane: RunningSandbox, enter: Callable[[RunningSandbox], Any]
) -> None:
    visitor = enter(guyane).sign_in().go(LIST)
    assert headings(visitor) == [
        GUYANE[key] for key in ("invoice", "supplier", "amount", "received", "unit", "certifier", "mail", "state")
    ]
    assert "24 factures, page 1 sur 3" in visitor.text
    assert "@trois-fleuves.exemple" in visitor.text
    assert set(OCCITANIE) == set(GUYANE)
