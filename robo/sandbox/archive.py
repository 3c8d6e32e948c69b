"""The electronic archive (GED): a document is filed once under its reference, with what it is, and found again.

Pages under `/ged`. `POST /ged/depot` files; everything else looks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from robo.sandbox.applications import Application
from robo.sandbox.forms import clean, quoted
from robo.sandbox.lists import addresses, asked, page_asked
from robo.sandbox.portal import Paper, Portal, Struck, form_of, french_date, paper_of, signed_in
from robo.sandbox.sessions import Session
from robo.sandbox.shelves import Shelf

SEARCH = "/ged/documents"
DEPOSIT = "/ged/depot"
KINDS = ("Arrêté", "Décision individuelle", "Contrat", "Courrier")
OCCITANIE: Mapping[str, str] = {
    "documents": "Rechercher un document",
    "documents_link": "Recherche",
    "deposit": "Déposer un document",
    "find": "Rechercher",
    "no_document": "Aucun document ne porte cette référence",
    "document": "N° GED",
    "title": "Objet",
    "kind": "Type de document",
    "dated": "Date du document",
    "paper": "Fichier (PDF)",
    "file": "Fichier",
    "kept_by": "Déposé par",
    "kept_on": "Déposé le",
    "keep": "Déposer le document",
    "kept": "Document classé",
    "known": "Un document porte déjà cette référence",
    "download": "Télécharger le document",
}
GUYANE: Mapping[str, str] = {
    **OCCITANIE,
    "find": "Lancer la recherche",
    "no_document": "Pas de document sous cette référence",
    "document": "Cote",
    "title": "Intitulé",
    "dated": "Date de signature",
    "kept_by": "Versé par",
    "keep": "Verser au dossier",
}
_TITLES = ("Temps partiel", "Mutation", "Prolongation d'activité", "Congé de formation", "Télétravail")


def _completed(skin: str, reference: str, content: Mapping[str, str]) -> Mapping[str, str]:
    """An ordinary decision, but for what is said."""
    del skin
    ordinary = {
        "Objet": f"{_TITLES[0]} ({reference})",
        "Type": KINDS[1],
        "Date": "02/11/2026",
        "Fichier": f"{reference}.pdf",
        "Empreinte": "",
    }
    return {**ordinary, **content}


def _stock(skin: str, count: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    first = date(2025, 1, 6)
    for n in range(1, count + 1):
        reference = f"2025-DEC-{n:04d}"
        said = {"Objet": _TITLES[n % len(_TITLES)], "Date": f"{first + timedelta(days=n * 5):%d/%m/%Y}"}
        yield reference, _completed(skin, reference, said)


SHELF = Shelf(name="documents", prefix="GED", completed=_completed, stock=_stock)


@signed_in
async def search(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/ged/documents?reference=…&page=…`; without `reference` only the form is shown."""
    del session
    query = asked(request, "reference")
    faults = await portal.meet(request, "search", query)
    looked = "reference" in request.query_params
    found = portal.books.shelves.search(SHELF.name, query, page_asked(request)) if looked else None
    address_of = addresses(SEARCH, {"reference": query})
    page = portal.page(request, "documents.html", query=query, found=found, address_of=address_of)
    return await portal.leave(request, faults, page)


@signed_in
async def deposit_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/ged/depot`: the empty form."""
    del session
    faults = await portal.meet(request, "open")
    return await portal.leave(request, faults, _form(request, portal, {}, {}))


@signed_in
async def deposit(request: Request, portal: Portal, session: Session) -> Response:
    """POST `/ged/depot`: files a document, or shows the form again with what is wrong (status 200)."""
    form = {key: clean(text) for key, text in (await form_of(request)).items()}
    paper = await paper_of(request, "paper")
    reference = form.get("reference", "")
    try:
        faults = await portal.meet(request, "submit", reference)
    except Struck as struck:
        portal.books.note_request(reference, session.account, struck.fault.kind)
        raise
    answer = _kept(request, portal, session, form, paper, late_by=sum(f.seconds for f in faults if f.kind == "late"))
    return await portal.leave(request, faults, answer)


def _kept(
    request: Request, portal: Portal, session: Session, form: Mapping[str, str], paper: Paper, *, late_by: float
) -> Response:
    errors = _errors(form, paper, portal.face_of(ARCHIVE).labels)
    if errors:
        return _form(request, portal, form, errors)
    content = {
        "Objet": form["title"],
        "Type": form["kind"],
        "Date": french_date(form["dated"]),
        "Fichier": paper.name,
        "Empreinte": hashlib.sha256(paper.body).hexdigest(),
    }
    record = portal.books.shelves.put(
        SHELF, form["reference"], content, account=session.account, late_by=late_by,
        unless_there=not portal.board.accept_duplicates, paper=paper.body,
    )  # fmt: skip
    if record is None:
        return _form(request, portal, form, {}, refused=portal.face_of(ARCHIVE).labels["known"])
    return RedirectResponse(f"{SEARCH}/{record.number}?depot=1", status_code=303)


def _errors(form: Mapping[str, str], paper: Paper, labels: Mapping[str, str]) -> dict[str, str]:
    errors = {
        key: f"Renseignez le champ {quoted(labels[key])}."
        for key in ("reference", "title", "dated")
        if not form.get(key)
    }
    if form.get("kind") not in KINDS:
        errors["kind"] = "Choisissez un type de document."
    if not paper.name:
        errors["paper"] = "Joignez le document."
    elif not paper.body.startswith(b"%PDF-"):
        errors["paper"] = "Le fichier doit être un PDF."
    return errors


def _form(
    request: Request, portal: Portal, values: Mapping[str, str], errors: Mapping[str, str], refused: str = ""
) -> Response:
    facts: dict[str, Any] = {"values": values, "errors": errors, "refused": refused}
    return portal.page(request, "deposit.html", kinds=[(kind, kind) for kind in KINDS], **facts)


@signed_in
async def document_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/ged/documents/{number}`; with `depot`, what one sees once a document is filed."""
    del session
    found = portal.record(SHELF, request.path_params["number"])
    just_kept = "depot" in request.query_params
    faults = await portal.meet(request, "receipt", found.reference) if just_kept else ()
    there = bool(portal.books.shelves.paper(SHELF.name, found.number))
    page = portal.page(request, "document.html", document=found, just_kept=just_kept, there=there)
    return await portal.leave(request, faults, page)


@signed_in
async def paper(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/ged/documents/{number}/fichier`, as a download."""
    del session
    found = portal.record(SHELF, request.path_params["number"])
    headers = {"Content-Disposition": f'attachment; filename="{found.number}.pdf"'}
    return Response(portal.books.shelves.paper(SHELF.name, found.number), media_type="application/pdf", headers=headers)


ARCHIVE = Application(
    id="ged",
    home="/ged",
    front=SEARCH,
    service="Gestion électronique des documents",
    menu=((SEARCH, "documents_link"), (DEPOSIT, "deposit")),
    labels={"occitanie": OCCITANIE, "guyane": GUYANE},
    routes=(
        Route(SEARCH, search),
        Route(DEPOSIT, deposit_page),
        Route(DEPOSIT, deposit, methods=["POST"]),
        Route(f"{SEARCH}/{{number}}", document_page),
        Route(f"{SEARCH}/{{number}}/fichier", paper),
    ),
    shelves=(SHELF,),
)
