"""The application, in three pages over a draft that the portal keeps.

`/demandes/nouvelle` shows page 1; `POST /demandes/brouillon/identite` and `…/sejour` keep drafts; only
`POST /demandes/enregistrement` files. A page with errors comes back at once (status 200, as such portals do); a good
one redirects (303).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from robo.sandbox.faults import Fault
from robo.sandbox.forms import IDENTITY, MOTIVES, STAY, check_identity, check_stay, cleaned
from robo.sandbox.portal import Portal, Struck, form_of, signed_in
from robo.sandbox.records import Draft
from robo.sandbox.sessions import Session

_MUST_CERTIFY = "Cochez la case de certification avant d'enregistrer la demande."
_MANY_DIGITS = 12
_INCOMPLETE = "Une page précédente comporte des erreurs ou n'est pas remplie."


@signed_in
async def identity_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/demandes/nouvelle`: page 1, empty or with what a draft holds."""
    draft = _draft(portal, session, request.query_params.get("brouillon", "")) if request.query_params else None
    faults = await portal.meet(request, "open", draft.reference if draft else "")
    page = _identity(request, portal, draft.content if draft else {}, {}, draft)
    return await portal.leave(request, faults, page)


@signed_in
async def keep_identity(request: Request, portal: Portal, session: Session) -> Response:
    """POST `/demandes/brouillon/identite`: keep page 1, go to page 2."""
    form = await form_of(request)
    values, errors = check_identity(form, portal.labels, _today())
    faults = await portal.meet(request, "identity", values["application_reference"])
    draft = _draft(portal, session, form["brouillon"]) if form.get("brouillon") else None
    if errors:
        return await portal.leave(request, faults, _identity(request, portal, values, errors, draft))
    if draft is None:
        number = portal.books.open_draft(session.account, values)
    else:
        number = draft.id
        portal.books.change_draft(draft, values)
    return await portal.leave(request, faults, _to(f"/demandes/brouillon/sejour?brouillon={number}"))


@signed_in
async def stay_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/demandes/brouillon/sejour?brouillon=…`: page 2."""
    draft = _draft(portal, session, request.query_params.get("brouillon", ""))
    return _stay(request, portal, draft.content, {}, draft)


@signed_in
async def keep_stay(request: Request, portal: Portal, session: Session) -> Response:
    """POST `/demandes/brouillon/sejour`: keep page 2, go to page 3 (or back to page 1, errors or not)."""
    form = await form_of(request)
    draft = _draft(portal, session, form.get("brouillon", ""))
    faults = await portal.meet(request, "stay", draft.reference)
    if form.get("aller") == "precedent":
        portal.books.change_draft(draft, cleaned(form, STAY))
        return await portal.leave(request, faults, _to(f"/demandes/nouvelle?brouillon={draft.id}"))
    values, errors = check_stay(form, portal.labels, _today(), draft.content.get("born", ""))
    if errors:
        return await portal.leave(request, faults, _stay(request, portal, values, errors, draft))
    portal.books.change_draft(draft, values)
    return await portal.leave(request, faults, _to(f"/demandes/brouillon/recapitulatif?brouillon={draft.id}"))


@signed_in
async def review_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/demandes/brouillon/recapitulatif?brouillon=…`: page 3."""
    draft = _draft(portal, session, request.query_params.get("brouillon", ""))
    faults = await portal.meet(request, "review", draft.reference)
    return await portal.leave(request, faults, _review(request, portal, draft))


@signed_in
async def file_application(request: Request, portal: Portal, session: Session) -> Response:
    """POST `/demandes/enregistrement`: the one request that files. The answer leaves after the disk has it."""
    form = await form_of(request)
    draft = _draft(portal, session, form.get("brouillon", ""))
    if form.get("aller") == "precedent":
        return _to(f"/demandes/brouillon/sejour?brouillon={draft.id}")
    try:
        faults = await portal.meet(request, "submit", draft.reference)
    except Struck as struck:
        portal.books.note_request(draft.reference, session.account, struck.fault.kind)
        raise
    return await portal.leave(
        request, faults, _accept(request, portal, draft, certified=form.get("certifie") == "oui", faults=faults)
    )


@signed_in
async def discard(request: Request, portal: Portal, session: Session) -> Response:
    """POST `/demandes/brouillon/suppression`: forget a draft."""
    form = await form_of(request)
    portal.books.discard_draft(session.account, _draft(portal, session, form.get("brouillon", "")).id)
    return _to("/tableau-de-bord")


def _accept(request: Request, portal: Portal, draft: Draft, *, certified: bool, faults: tuple[Fault, ...]) -> Response:
    error = _INCOMPLETE if _incomplete(portal, draft) else "" if certified else _MUST_CERTIFY
    if error:
        portal.books.note_request(draft.reference, draft.account, "invalid")
        return _review(request, portal, draft, error, uncertified=error == _MUST_CERTIFY)
    effect = portal.books.file(
        draft.content,
        account=draft.account,
        accept_duplicates=portal.board.accept_duplicates,
        late_by=sum(fault.seconds for fault in faults if fault.kind == "late"),
        draft=draft.id,
    )
    if effect is None:
        return _review(request, portal, draft, portal.labels["duplicate"], duplicate=True)
    return _to(f"/demandes/recu/{effect.number}")


def _incomplete(portal: Portal, draft: Draft) -> bool:
    _, on_identity = check_identity(draft.content, portal.labels, _today())
    _, on_stay = check_stay(draft.content, portal.labels, _today(), draft.content.get("born", ""))
    return bool(on_identity or on_stay)


def _identity(
    request: Request, portal: Portal, values: Mapping[str, str], errors: Mapping[str, str], draft: Draft | None
) -> Response:
    whole = {key: values.get(key, "") for key in IDENTITY}
    return portal.page(request, "identity.html", values=whole, errors=errors, draft=draft)


def _stay(
    request: Request, portal: Portal, values: Mapping[str, str], errors: Mapping[str, str], draft: Draft
) -> Response:
    whole = {key: values.get(key, "") for key in STAY}
    return portal.page(
        request, "stay.html", values=whole, errors=errors, draft=draft, motives=[(motive, motive) for motive in MOTIVES]
    )


def _review(
    request: Request,
    portal: Portal,
    draft: Draft,
    error: str = "",
    *,
    duplicate: bool = False,
    uncertified: bool = False,
) -> Response:
    whole = {key: draft.content.get(key, "") for key in IDENTITY + STAY}
    facts: dict[str, Any] = {
        "values": whole,
        "error": error,
        "duplicate": duplicate,
        "uncertified": uncertified,
        "draft": draft,
    }
    return portal.page(request, "review.html", **facts)


def _draft(portal: Portal, session: Session, number: str) -> Draft:
    asked = int(number) if number.isascii() and number.isdigit() and len(number) < _MANY_DIGITS else 0
    found = portal.books.draft(session.account, asked)
    if found is None:
        raise HTTPException(404)
    return found


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=303)


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the agent's calendar day, as on her screen
