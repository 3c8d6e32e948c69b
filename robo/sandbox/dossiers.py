"""Searching dossiers, looking at one, and its receipt."""

from __future__ import annotations

import asyncio
from functools import partial
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from robo.sandbox.forms import clean
from robo.sandbox.portal import Portal, signed_in
from robo.sandbox.records import Dossier
from robo.sandbox.sessions import Session


@signed_in
async def search(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/recherche?reference=…&page=…`; without `reference` only the form is shown."""
    del session
    query = clean(request.query_params.get("reference", ""))[:60]
    faults = await portal.meet(request, "search", query)
    asked = "reference" in request.query_params
    wanted = request.query_params.get("page", "1")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else 1
    results = portal.books.search(query, min(number, 10**6)) if asked else None
    page = portal.page(request, "search.html", query=query, results=results, address_of=partial(_address_of, query))
    return await portal.leave(request, faults, page)


@signed_in
async def dossier_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/dossiers/{number}`."""
    del session
    found = _found(request, portal)
    return portal.page(request, "dossier.html", dossier=found, just_filed=False)


@signed_in
async def receipt_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/demandes/recu/{number}`: what the agent sees once the application is filed."""
    del session
    found = _found(request, portal)
    faults = await portal.meet(request, "receipt", found.reference)
    page = portal.page(request, "dossier.html", dossier=found, just_filed=True)
    return await portal.leave(request, faults, page)


@signed_in
async def receipt_pdf(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/dossiers/{number}/recepisse.pdf`, as a download."""
    del session
    found = _found(request, portal)
    from robo.sandbox.receipt import receipt

    body = await asyncio.to_thread(receipt, found, portal.face)
    name = f"recepisse-{found.number}.pdf"
    return Response(
        body, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _found(request: Request, portal: Portal) -> Dossier:
    found = portal.books.dossier(request.path_params["number"])
    if found is None:
        raise HTTPException(404)
    return found


def _address_of(query: str, page: int) -> str:
    return "/recherche?" + urlencode({"reference": query, "page": page})
