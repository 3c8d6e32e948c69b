"""The grants application: deposits through an interface for programs, acknowledgements on its screen, once each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from robo import sandbox
from robo.model.process import Kind
from robo.model.scalars import parse
from robo.sandbox import Fault, RunningSandbox
from robo.sandbox.deposits import FORMS, PIECES, siret, stock
from tests.unit.sandbox.conftest import ACCOUNTS, Visitor

TOKEN = ACCOUNTS["robot.occitanie"]
LIST = """query ($demarche: Int!, $after: String, $state: DossierState) {
  demarche(number: $demarche) { dossiers(first: 10, after: $after, state: $state) {
    pageInfo { hasNextPage endCursor } nodes { number state usager { email } } } } }"""
ONE = """query ($number: Int!) { dossier(number: $number) { state demandeur { siret entreprise { raisonSociale } }
  champs { label stringValue ... on PieceJustificativeChamp { files { filename byteSize } } } } }"""


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A portal of Guyane with 24 deposits."""
    database = tmp_path_factory.mktemp("grants") / "portal.db"
    with sandbox.start(database, skin="guyane", accounts=ACCOUNTS, stock=24) as portal:
        yield portal


def ask(portal: RunningSandbox, query: str, token: str = TOKEN, **variables: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    body = {"query": query, "variables": variables}
    return httpx.post(f"{portal.url}/api/v2/graphql", json=body, headers=headers, timeout=10)


def said(portal: RunningSandbox, query: str, **variables: Any) -> Any:
    return ask(portal, query, **variables).json()


def test_the_list_is_handed_out_in_pages_each_behind_the_cursor_of_the_one_before(stocked: RunningSandbox) -> None:
    pages, after = [], None
    while not pages or pages[-1]["pageInfo"]["hasNextPage"]:
        answer = said(stocked, LIST, demarche=97342, after=after)
        pages.append(answer["data"]["demarche"]["dossiers"])
        after = pages[-1]["pageInfo"]["endCursor"]
    numbers = [node["number"] for page in pages for node in page["nodes"]]
    assert [len(page["nodes"]) for page in pages] == [10, 10, 4]
    assert numbers == sorted(set(numbers))


def test_a_dossier_says_its_pieces_by_the_labels_of_its_form(portal: RunningSandbox) -> None:
    portal.put("depots", "51001", {"Délibération": "", "Devis": "a.pdf; b.pdf (0)"})
    dossier = said(portal, ONE, number=51001)["data"]["dossier"]
    champs = {champ["label"]: champ for champ in dossier["champs"]}
    assert list(champs) == list(FORMS["occitanie"].values())
    assert champs["Délibération de l'organe délibérant"]["files"] == []
    assert [(file["filename"], file["byteSize"]) for file in champs["Devis descriptif détaillé"]["files"]] == [
        ("a.pdf", 48213),
        ("b.pdf", 0),
    ]
    assert champs["Les travaux ont-ils commencé ?"]["stringValue"] == "false"


@pytest.mark.parametrize(
    ("query", "variables", "told"),
    [
        (LIST, {"demarche": 1}, "Demarche not found"),
        (LIST, {"demarche": 31042, "after": "nowhere"}, "Invalid cursor"),
        (ONE, {"number": 1}, "Dossier not found"),
        ("query { instructeurs }", {}, "Cannot query field 'instructeurs'"),
        ("mutation { dossierArchiver }", {}, "mutation operation is not supported"),
    ],
)
def test_what_cannot_be_answered_is_an_error_of_graphql(
    portal: RunningSandbox, query: str, variables: dict[str, Any], told: str
) -> None:
    answer = ask(portal, query, **variables)
    assert answer.status_code == 200
    assert told in answer.json()["errors"][0]["message"]


def test_without_the_token_of_an_account_nothing_is_said(portal: RunningSandbox) -> None:
    assert [ask(portal, LIST, token, demarche=31042).status_code for token in ("none", f"{TOKEN}x")] == [401, 401]


def test_a_fault_strikes_the_interface_for_one_dossier(portal: RunningSandbox) -> None:
    portal.put("depots", "51002", {})
    portal.faults.script("51002", Fault("down", at="api"))
    assert [ask(portal, ONE, number=51002).status_code for _ in range(2)] == [503, 200]
    portal.faults.script("", Fault("error500", at="list"))
    assert [ask(portal, LIST, demarche=31042).status_code for _ in range(2)] == [500, 200]


def test_a_stranger_is_asked_to_sign_in_and_arrives_in_the_application(portal: RunningSandbox, enter: Any) -> None:
    visitor: Visitor = enter(portal).go("/dotations/dossiers")
    assert (visitor.path, visitor.heading) == ("/dotations/connexion", "Connexion")
    visitor.send("/dotations/connexion", identifiant="robot.occitanie", mot_de_passe=TOKEN)
    assert visitor.heading == "Dossiers déposés"
    assert "Instruction des dotations" in visitor.text
    assert visitor.send("/dotations/deconnexion").path == "/dotations/connexion"


def test_an_acknowledgement_is_entered_once_and_found_in_the_register(portal: RunningSandbox, visitor: Visitor) -> None:
    portal.put("depots", "51003", {"Porteur": "Commune de X"})
    visitor.go("/dotations/dossiers/51003").send("/dotations/accuses", ack_state="incomplet", missing="le  devis")
    assert visitor.heading == "Accusé enregistré"
    (record,) = portal.held("accuses", "51003")
    assert record.number in visitor.text
    assert (record.content, record.created_by) == (
        {"État": "incomplet", "Pièces manquantes": "le devis"},
        "robot.occitanie",
    )
    assert record.number in visitor.go("/dotations/accuses?numero=51003").text
    visitor.go("/dotations/dossiers/51003").send("/dotations/accuses", ack_state="complet", missing="")
    assert "Un accusé est déjà enregistré" in visitor.text
    assert len(portal.held("accuses", "51003")) == 1


def test_an_incomplete_dossier_says_what_is_missing(portal: RunningSandbox, visitor: Visitor) -> None:
    portal.put("depots", "51004", {})
    for state, told in (("incomplet", "Renseignez le champ"), ("", "Choisissez une des réponses")):
        visitor.go("/dotations/dossiers/51004").send("/dotations/accuses", ack_state=state, missing="")
        assert told in visitor.text
    assert portal.held("accuses", "51004") == []


def test_a_form_that_is_shown_again_is_lost_like_any_answer(portal: RunningSandbox, visitor: Visitor) -> None:
    portal.put("depots", "51009", {})
    visitor.go("/dotations/dossiers/51009")
    portal.faults.script("51009", Fault("error500", at="submit", moment="after"))
    assert visitor.send("/dotations/accuses", ack_state="", missing="").answer.status_code == 500
    assert portal.held("accuses", "51009") == []


def test_an_acknowledgement_filed_late_is_accepted_at_once_and_shown_later(
    portal: RunningSandbox, visitor: Visitor
) -> None:
    portal.put("depots", "51005", {})
    portal.faults.script("51005", Fault("late", seconds=600))
    with pytest.raises(httpx.RemoteProtocolError):
        visitor.go("/dotations/dossiers/51005").send("/dotations/accuses", ack_state="complet", missing="")
    assert len(portal.held("accuses", "51005")) == 1
    assert "Aucun accusé ne correspond" in visitor.go("/dotations/accuses?numero=51005").text


def test_a_record_that_cannot_be_is_refused(portal: RunningSandbox) -> None:
    with pytest.raises(ValueError, match="not Deliberation"):
        portal.put("depots", "51006", {"Deliberation": ""})


def test_what_is_invented_is_well_formed(tmp_path: Path) -> None:
    assert [parse(Kind.SIRET, siret(n)) for n in range(40)] == [siret(n) for n in range(40)]
    deposits = [content for _, content in stock("occitanie", 24)]
    assert {sum(not content[piece] for piece in PIECES) for content in deposits} == {0, 2}
    assert all(parse(Kind.EMAIL, content["Courriel"]) for content in deposits)
