"""The application in three pages: what is refused, what is kept, what is filed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pypdfium2
import pytest

from robo.sandbox import RunningSandbox
from robo.sandbox.forms import check_identity, check_stay
from robo.sandbox.skins import OCCITANIE

Enter = Callable[[RunningSandbox], Any]
TODAY = date(2026, 5, 4)
GOOD_IDENTITY = {
    "application_reference": "2026-TS-1", "last_name": "Ng", "first_names": "Li", "born": "1990-01-01",
    "nationality": "GBR",
}  # fmt: skip
GOOD_STAY = {
    "motive": "Visiteur", "entered": "2020-01-01", "address": "1 rue", "postcode": "97300", "town": "Cayenne",
    "email": "a.b@c.fr",
}  # fmt: skip


def test_a_complete_application_is_filed_once_and_leaves_no_draft(
    portal: RunningSandbox, visitor: Any, reference: str
) -> None:
    visitor.file(reference)
    assert visitor.heading == "Demande enregistrée"
    [effect] = [e for e in portal.truth() if e.reference == reference]
    assert visitor.path == f"/demandes/recu/{effect.number}"
    assert re.fullmatch(r"SEJ-\d{4}-\d{6}", effect.number)
    assert f"N° dossier {effect.number}" in visitor.text
    assert "Créé par robot.occitanie" in visitor.text
    assert (effect.account, effect.channel, portal.dossiers(reference)) == ("robot.occitanie", "portal", 1)
    assert not [draft for draft in portal.drafts() if draft.reference == reference]


def test_the_review_shows_what_was_entered(visitor: Any) -> None:
    page = visitor.review(last_name="O'Brien-Żak").text
    for words in (
        "Nom O'Brien-Żak",
        "Date de naissance 29/02/1988",
        "Nationalité Irlande",
        "Sexe Féminin",
        "Commune Toulouse",
    ):
        assert words in page


def test_each_page_posts_then_redirects(visitor: Any) -> None:
    statuses = [visitor.identity().answer.history[0].status_code, visitor.stay().answer.history[0].status_code]
    assert statuses == [303, 303]


def test_drafts_are_kept_by_the_portal_until_filed(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    visitor.identity(application_reference=reference)
    [draft] = [draft for draft in portal.drafts("robot.occitanie") if draft.reference == reference]
    assert portal.dossiers(reference) == 0
    assert f'value="{reference}"' in visitor.go(f"/demandes/nouvelle?brouillon={draft.id}").answer.text
    visitor.go("/tableau-de-bord")
    assert reference in visitor.text
    visitor.send("/demandes/brouillon/suppression", brouillon=str(draft.id))
    assert reference not in visitor.text
    assert draft not in portal.drafts()


def test_previous_keeps_what_was_entered(visitor: Any, reference: str) -> None:
    visitor.identity(application_reference=reference).stay(aller="precedent", town="Albi")
    assert visitor.path == "/demandes/nouvelle"
    visitor.send("/demandes/brouillon/identite", **{**GOOD_IDENTITY, "application_reference": reference})
    assert 'value="Albi"' in visitor.answer.text


def test_somebody_elses_draft_is_not_found(portal: RunningSandbox, visitor: Any, enter: Enter) -> None:
    address = str(visitor.identity().answer.url)
    agent = enter(portal).sign_in("agent.martin", portal.accounts["agent.martin"])
    assert agent.go(address).answer.status_code == 404


def test_a_known_reference_is_refused_at_the_submit(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    portal.file_by_hand(reference)
    visitor.file(reference)
    assert "Dossier déjà existant" in visitor.text
    assert portal.dossiers(reference) == 1
    assert [r.fate for r in portal.requests() if r.reference == reference] == ["accepted", "duplicate"]


def test_a_dossier_the_search_does_not_show_yet_is_a_duplicate_all_the_same(
    portal: RunningSandbox, visitor: Any, reference: str
) -> None:
    portal.file_by_hand(reference, shown_after=3600.0)
    assert "Aucun dossier ne correspond" in visitor.go(f"/recherche?reference={reference}").text
    visitor.file(reference)
    assert "Dossier déjà existant" in visitor.text
    assert portal.dossiers(reference) == 1


def test_nothing_is_filed_without_the_certificate(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    visitor.review(reference).send("/demandes/enregistrement")
    assert "Cochez la case de certification" in visitor.text
    assert portal.dossiers(reference) == 0
    assert visitor.submit().heading == "Demande enregistrée"


def test_a_skipped_page_cannot_be_filed(portal: RunningSandbox, visitor: Any, reference: str) -> None:
    visitor.identity(application_reference=reference)
    draft = str(visitor.answer.url.params["brouillon"])
    visitor.go(f"/demandes/brouillon/recapitulatif?brouillon={draft}").submit()
    assert "n'est pas remplie" in visitor.text
    assert portal.dossiers(reference) == 0


def test_errors_stand_in_a_summary_and_beside_their_field(visitor: Any) -> None:
    page = visitor.identity(last_name="", born="2999-01-01").answer.text
    assert 'role="alert"' in page
    assert '<a href="#last_name">Nom</a>' in page
    assert 'id="born-erreur">Cette date est dans le futur.' in page
    assert 'aria-describedby="born-erreur"' in page
    assert 'value="Aoife"' in page


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("application_reference", "", "Renseignez"),
        ("application_reference", "a b", "3 à 40"),
        ("last_name", "   ", "Renseignez"),
        ("first_names", "R2D2", "chiffre"),
        ("last_name", "x" * 121, "limité"),
        ("born", "2026-05-05", "futur"),
        ("born", "1899-12-31", "trop ancienne"),
        ("born", "2025-02-29", "n'existe pas"),
        ("born", "04/05/1990", "n'existe pas"),
        ("nationality", "XXX", "liste"),
        ("sex", "Z", "réponses"),
    ],
)
def test_identity_refuses(field: str, text: str, says: str) -> None:
    _, errors = check_identity({**GOOD_IDENTITY, field: text}, OCCITANIE, TODAY)
    assert list(errors) == [field]
    assert says in errors[field]


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("motive", "Tourisme", "liste"),
        ("entered", "2026-05-05", "futur"),
        ("entered", "1989-12-31", "précède"),
        ("address", "", "Renseignez"),
        ("postcode", "3100", "cinq chiffres"),
        ("postcode", "00100", "cinq chiffres"),
        ("postcode", "31 000", "cinq chiffres"),
        ("town", "", "Renseignez"),
        ("email", "a.b", "valable"),
        ("email", "a@b", "valable"),
        ("phone", "12", "valable"),
    ],
)
def test_stay_refuses(field: str, text: str, says: str) -> None:
    _, errors = check_stay({**GOOD_STAY, field: text}, OCCITANIE, TODAY, "1990-01-01")
    assert list(errors) == [field]
    assert says in errors[field]


@pytest.mark.parametrize("phone", ["", "0561000000", "05 61 00 00 00", "+594 5 94 00 00 00", "+33 5 61 00 00 00"])
def test_usual_telephone_numbers_pass(phone: str) -> None:
    assert check_stay({**GOOD_STAY, "phone": phone}, OCCITANIE, TODAY, "1990-01-01")[1] == {}


def test_blanks_and_accents_are_made_regular() -> None:
    values, errors = check_identity({**GOOD_IDENTITY, "last_name": "  Lefe\u0300vre   Roy "}, OCCITANIE, TODAY)
    assert (values["last_name"], errors) == ("Lefèvre Roy", {})


def test_the_receipt_is_a_pdf_that_says_what_was_filed(visitor: Any, reference: str) -> None:
    visitor.file(reference, last_name="Łukasiewicz", first_names="Zoé")
    found = re.search(r'href="([^"]+\.pdf)"', visitor.answer.text)
    assert found
    answer = visitor.go(found[1]).answer
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    document = pypdfium2.PdfDocument(answer.content)
    words = document[0].get_textpage().get_text_bounded()
    document.close()
    for text in (reference, "Łukasiewicz", "Zoé", "Irlande", "29/02/1988", "robot.occitanie", "fictif"):
        assert text in words


def test_a_form_too_long_is_refused(visitor: Any) -> None:
    assert visitor.identity(last_name="x" * 70_000).answer.status_code == 413
