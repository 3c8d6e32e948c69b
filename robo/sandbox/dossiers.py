"""Searching dossiers, looking at one, and its receipt."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from robo.sandbox.lists import addresses, asked, page_asked
from robo.sandbox.portal import Portal, signed_in
from robo.sandbox.records import Dossier
from robo.sandbox.sessions import Session


@signed_in
async def search(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/recherche?reference=…&page=…`; without `reference` only the form is shown."""
    del session
    query = asked(request, "reference")
    faults = await portal.meet(request, "search", query)
    results = portal.books.search(query, page_asked(request)) if "reference" in request.query_params else None
    address_of = addresses("/recherche", {"reference": query})
    page = portal.page(request, "search.html", query=query, results=results, address_of=address_of)
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
