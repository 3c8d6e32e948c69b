"""The archive (GED): a document is filed once under its reference, is found again, and is given back as it came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from robo.sandbox import Fault, RunningSandbox

PDF = b"%PDF-1.4\nune decision\n"
GOOD = {"reference": "", "title": "Temps partiel", "kind": "Arrêté", "dated": "2026-11-12"}
DEPOSIT = "/ged/depot"
File = Callable[..., Any]


@pytest.fixture
def file(visitor: Any) -> File:
    """Fill in the form and send it, with a file."""

    def filed(reference: str, name: str = "a.pdf", body: bytes = PDF, **changes: str) -> Any:
        visitor.go(DEPOSIT)
        token = visitor.answer.text.partition('name="jeton" value="')[2].partition('"')[0]
        form = {"jeton": token, **GOOD, "reference": reference, **changes}
        papers = {"paper": (name, body, "application/pdf")} if name else {"paper": ("", b"")}
        visitor.answer = visitor.client.post(DEPOSIT, data=form, files=papers)
        return visitor

    return filed


def test_a_document_is_filed_with_its_file(portal: RunningSandbox, file: File, reference: str) -> None:
    visitor = file(reference, name="C:\\dossier\\décision.pdf")
    assert visitor.heading == "Document classé"
    (record,) = portal.held("documents", reference)
    assert record.number in visitor.text
    assert record.created_by == "robot.occitanie"
    assert {name: record.content[name] for name in ("Objet", "Type", "Date", "Fichier")} == {
        "Objet": "Temps partiel", "Type": "Arrêté", "Date": "12/11/2026", "Fichier": "décision.pdf",
    }  # fmt: skip
    assert visitor.go(f"/ged/documents/{record.number}/fichier").answer.content == PDF


def test_it_is_found_by_its_reference_and_only_then(file: File, reference: str) -> None:
    visitor = file(reference)
    assert reference in visitor.go(f"/ged/documents?reference={reference}").text
    assert "Aucun document ne porte cette référence" in visitor.go("/ged/documents?reference=1999").text
    assert "Aucun document" not in visitor.go("/ged/documents").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "Renseignez le champ « Objet »."),
        ({"kind": "Roman"}, "Choisissez un type de document."),
        ({"dated": ""}, "Renseignez le champ « Date du document »."),
        ({"name": ""}, "Joignez le document."),
        ({"body": b"PK"}, "Le fichier doit être un PDF."),
    ],
)
def test_a_form_in_error_says_so_beside_its_field(
    portal: RunningSandbox, file: File, reference: str, changes: dict[str, Any], words: str
) -> None:
    assert words in file(reference, **changes).text
    assert portal.held("documents", reference) == []


def test_a_known_reference_is_refused_unless_the_switch_says_otherwise(
    portal: RunningSandbox, file: File, reference: str
) -> None:
    portal.put("documents", reference, {})
    assert "Un document porte déjà cette référence" in file(reference).text
    portal.faults.accept_duplicates()
    assert file(reference).heading == "Document classé"
    assert len(portal.held("documents", reference)) == 2


def test_what_an_agent_filed_is_known_before_the_search_shows_it(
    portal: RunningSandbox, visitor: Any, file: File, reference: str
) -> None:
    portal.put("documents", reference, {}, shown_after=60.0)
    assert "Aucun document" in visitor.go(f"/ged/documents?reference={reference}").text
    assert "Un document porte déjà cette référence" in file(reference).text


def test_it_fails_on_purpose_like_the_residence_portal(portal: RunningSandbox, file: File, reference: str) -> None:
    portal.faults.script(reference, Fault("error500"), Fault("error500", moment="after"))
    assert file(reference).answer.status_code == 500
    assert portal.held("documents", reference) == []
    assert portal.requests()[-1].fate == "error500"
    assert file(reference).answer.status_code == 500
    assert len(portal.held("documents", reference)) == 1
