"""« Instruction des dotations »: deposited grant applications, and the register of their acknowledgements.

Pages under `/dotations`. Deposits are read by programs, too (`deposits_api.py`); an acknowledgement is entered here,
once for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from robo.sandbox import deposits_api
from robo.sandbox.applications import Application
from robo.sandbox.deposits import DEPOSITS
from robo.sandbox.forms import clean, quoted
from robo.sandbox.lists import addresses, asked, page_asked
from robo.sandbox.portal import Portal, form_of, signed_in
from robo.sandbox.sessions import Session
from robo.sandbox.shelves import Record, Shelf

STATES = ("complet", "incomplet")
ACKNOWLEDGEMENTS = Shelf(name="accuses", prefix="AR")
_MOST = 2000


@signed_in
async def deposits(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/dotations/dossiers?numero=…&page=…`: the deposits, with what became of each."""
    del session
    return await _listed(request, portal, DEPOSITS.name, "grants_deposits.html", address="/dotations/dossiers")


@signed_in
async def acknowledgements(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/dotations/accuses?numero=…&page=…`: the register."""
    del session
    return await _listed(request, portal, ACKNOWLEDGEMENTS.name, "grants_register.html", address="/dotations/accuses")


@signed_in
async def deposit(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/dotations/dossiers/{number}`: one deposit, and the form that acknowledges it."""
    del session
    number = request.path_params["number"]
    faults = await portal.meet(request, "open", number)
    return await portal.leave(request, faults, _form(request, portal, portal.record(DEPOSITS, number), {}, {}))


@signed_in
async def acknowledge(request: Request, portal: Portal, session: Session) -> Response:
    """POST `/dotations/accuses`: enters an acknowledgement; « Un accusé est déjà enregistré » where there is one."""
    form = await form_of(request)
    number = form.get("dossier", "")
    faults = await portal.meet(request, "submit", number)
    found = portal.record(DEPOSITS, number)
    values = {"ack_state": form.get("ack_state", ""), "missing": clean(form.get("missing", ""))[:_MOST]}
    if errors := _errors(portal, values):
        return await portal.leave(request, faults, _form(request, portal, found, values, errors))
    record = portal.books.shelves.put(
        ACKNOWLEDGEMENTS,
        number,
        {"État": values["ack_state"], "Pièces manquantes": values["missing"]},
        account=session.account,
        late_by=sum(fault.seconds for fault in faults if fault.kind == "late"),
        unless_there=not portal.board.accept_duplicates,
    )
    if record is None:
        return await portal.leave(request, faults, _form(request, portal, found, values, {}, refused=True))
    done = RedirectResponse(f"/dotations/accuses/{record.number}", status_code=303)
    return await portal.leave(request, faults, done)


@signed_in
async def acknowledgement(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/dotations/accuses/{number}`: what was entered."""
    del session
    record = portal.record(ACKNOWLEDGEMENTS, request.path_params["number"])
    faults = await portal.meet(request, "receipt", record.reference)
    return await portal.leave(request, faults, portal.page(request, "grants_done.html", record=record))


async def _listed(request: Request, portal: Portal, shelf: str, template: str, *, address: str) -> Response:
    query = asked(request, "numero")
    faults = await portal.meet(request, "search", query)
    found = portal.books.shelves.search(shelf, query, page_asked(request))
    known = {each.reference: each for each in portal.books.shelves.shown(ACKNOWLEDGEMENTS.name)}
    address_of = addresses(address, {"numero": query})
    page = portal.page(request, template, query=query, found=found, known=known, address_of=address_of)
    return await portal.leave(request, faults, page)


def _form(
    request: Request,
    portal: Portal,
    record: Record,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    refused: bool = False,
) -> Response:
    known = portal.books.shelves.shown(ACKNOWLEDGEMENTS.name, record.reference)
    facts: dict[str, Any] = {"record": record, "values": values, "errors": errors, "refused": refused, "known": known}
    return portal.page(request, "grants_deposit.html", states=STATES, **facts)


def _errors(portal: Portal, values: Mapping[str, str]) -> dict[str, str]:
    labels, errors = portal.face_of(GRANTS).labels, {}
    if values["ack_state"] not in STATES:
        errors["ack_state"] = "Choisissez une des réponses proposées."
    elif values["ack_state"] == "incomplet" and not values["missing"]:
        errors["missing"] = f"Renseignez le champ {quoted(labels['missing'])} : le dossier est incomplet."
    return errors


_OCCITANIE = {
    "grants_deposits": "Dossiers déposés",
    "grants_register": "Accusés de réception",
    "grants_number": "N° de dossier",
    "grants_search": "Rechercher",
    "bearer": "Porteur de projet",
    "operation": "Opération",
    "asked": "Subvention demandée",
    "deposited": "Déposé le",
    "follow_up": "Suivi",
    "to_do": "À traiter",
    "acknowledge_heading": "Accuser réception",
    "ack_number": "N° d'accusé",
    "ack_state": "État du dossier",
    "complet": "Complet",
    "incomplet": "Incomplet",
    "missing": "Pièces manquantes",
    "acknowledge": "Enregistrer l'accusé",
    "acknowledged": "Accusé enregistré",
    "acknowledged_by": "Enregistré par",
    "acknowledged_on": "Enregistré le",
    "acknowledged_before": "Un accusé est déjà enregistré pour ce dossier",
    "no_deposit": "Aucun dossier ne correspond",
    "no_acknowledgement": "Aucun accusé ne correspond",
}
_GUYANE = {
    **_OCCITANIE,
    "grants_register": "Registre des accusés",
    "grants_number": "Numéro du dossier",
    "grants_search": "Filtrer",
    "bearer": "Maître d'ouvrage",
    "ack_number": "Référence de l'accusé",
    "ack_state": "Complétude",
    "complet": "Dossier complet",
    "incomplet": "Pièces à fournir",
    "missing": "Pièces demandées",
    "acknowledge": "Valider l'accusé de réception",
    "acknowledged_by": "Saisi par",
}
GRANTS = Application(
    id="grants",
    home="/dotations",
    front="/dotations/dossiers",
    service="Instruction des dotations d'investissement",
    menu=(("/dotations/dossiers", "grants_deposits"), ("/dotations/accuses", "grants_register")),
    labels={"occitanie": _OCCITANIE, "guyane": _GUYANE},
    shelves=(DEPOSITS, ACKNOWLEDGEMENTS),
    routes=(
        Route("/dotations/dossiers", deposits),
        Route("/dotations/dossiers/{number}", deposit),
        Route("/dotations/accuses", acknowledgements),
        Route("/dotations/accuses", acknowledge, methods=["POST"]),
        Route("/dotations/accuses/{number}", acknowledgement),
        Route("/api/v2/graphql", deposits_api.endpoint, methods=["POST"]),
    ),
)
