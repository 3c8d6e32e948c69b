"""Searching: what a finder needs to say that something is not there."""

from __future__ import annotations

import re
from typing import Any

import pytest

from robo.sandbox import RunningSandbox


def references(page: Any) -> list[str]:
    return re.findall(r"<tr><td>([^<]+)</td>", page.answer.text)


def test_sixty_seeded_dossiers_come_ten_a_page(visitor: Any) -> None:
    seen, pages = [], 0
    visitor.go("/recherche?reference=2025-TS-")
    while True:
        pages += 1
        seen += references(visitor)
        assert f"60 dossiers, page {pages} sur 6" in visitor.text
        following = re.search(r'<a rel="next" href="([^"]+)">Page suivante</a>', visitor.answer.text)
        if following is None:
            break
        visitor.go(following[1].replace("&amp;", "&"))
    assert pages == 6
    assert seen == [f"2025-TS-{n:04d}" for n in range(1, 61)]


def test_the_search_is_echoed(visitor: Any) -> None:
    page = visitor.go("/recherche?reference=2025-TS-0007")
    assert "Résultats pour « 2025-TS-0007 »" in page.text
    assert 'value="2025-TS-0007"' in page.answer.text
    assert references(page) == ["2025-TS-0007"]


def test_nothing_found_is_said(visitor: Any) -> None:
    assert "Aucun dossier ne correspond" in visitor.go("/recherche?reference=1999").text


def test_before_a_search_nothing_is_claimed(visitor: Any) -> None:
    page = visitor.go("/recherche")
    assert "Aucun dossier" not in page.text
    assert "Résultats" not in page.text


@pytest.mark.parametrize("query", ["%", "_", "2025%", "'; drop table dossier", "<b>"])
def test_signs_mean_themselves(visitor: Any, query: str) -> None:
    visitor.answer = visitor.client.get("/recherche", params={"reference": query})
    assert "Aucun dossier ne correspond" in visitor.text
    assert "<b>" not in visitor.answer.text


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "99", "9" * 30])
def test_a_page_that_is_not_there_shows_one_that_is(visitor: Any, page: str) -> None:
    visitor.answer = visitor.client.get("/recherche", params={"reference": "2025", "page": page})
    assert len(references(visitor)) == 10


def test_an_agents_dossier_shows_with_its_author(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    number = portal.file_by_hand(reference, last_name="Roy", nationality="GBR")
    page = visitor.go(f"/recherche?reference={reference}")
    assert f"{reference} Roy Prénom Royaume-Uni {number} agent.martin Enregistré" in page.text
    assert visitor.go(f"/dossiers/{number}").heading == f"Dossier {number}"
