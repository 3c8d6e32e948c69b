"""Signing in and out, and the dashboard."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from robo.sandbox.applications import application_of
from robo.sandbox.portal import Portal, check_token, form_of, portal_of, signed_in
from robo.sandbox.sessions import COOKIE, Session, same

MAX_FAILURES = 5


async def home(request: Request) -> Response:
    """The home of each application: to its first page, which sends strangers to the sign-in page."""
    portal = portal_of(request)
    return RedirectResponse(application_of(request.url.path, portal.applications).front, status_code=303)


async def sign_in_page(request: Request) -> Response:
    """GET `/connexion`, of each application."""
    portal = portal_of(request)
    await portal.meet(request, "login")
    expired = request.query_params.get("expiree") == "1"
    return _sign_in_form(request, portal, notice=portal.labels["expired"] if expired else "")


async def sign_in(request: Request) -> Response:
    """POST `/connexion`: to the first page of the application, or the page again with what is wrong (status 200, as
    such portals do)."""
    portal = portal_of(request)
    form = await form_of(request)
    visitor = portal.sessions.find(request.cookies.get(COOKIE, ""))
    if visitor is None:
        return _sign_in_form(request, portal, notice=portal.labels["expired"])
    check_token(visitor, form)
    faults = await portal.meet(request, "login")
    refused = any(fault.kind == "wrong_password" for fault in faults)
    login, password = form.get("identifiant", "").strip(), form.get("mot_de_passe", "")
    if message := _refusal(portal, login, password, refused=refused):
        return _sign_in_form(request, portal, error=message, login=login)
    portal.sessions.drop(visitor.token)
    session = portal.sessions.open(login)
    response = RedirectResponse(application_of(request.url.path, portal.applications).front, status_code=303)
    _give_cookie(response, session)
    return await portal.leave(request, faults, response)


@signed_in
async def sign_out(request: Request, portal: Portal, session: Session) -> Response:
    """POST `/deconnexion`."""
    portal.sessions.drop(session.token)
    response = RedirectResponse(application_of(request.url.path, portal.applications).sign_in, status_code=303)
    response.delete_cookie(COOKIE)
    return response


@signed_in
async def dashboard(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/tableau-de-bord`."""
    faults = await portal.meet(request, "dashboard")
    page = portal.page(
        request,
        "dashboard.html",
        total=portal.books.count(),
        drafts=portal.books.drafts(session.account)[-10:],
        latest=portal.books.latest(session.account),
    )
    return await portal.leave(request, faults, page)


def _refusal(portal: Portal, login: str, password: str, *, refused: bool) -> str:
    """Why this sign-in is refused; empty if it isn't. Failures are counted for accounts that exist."""
    if login not in portal.accounts:
        return portal.labels["wrong"]
    if portal.books.failures(login) >= MAX_FAILURES:
        return portal.labels["locked"]
    succeeded = same(portal.accounts[login], password) and not refused
    failures = portal.books.note_sign_in(login, succeeded=succeeded)
    if succeeded:
        return ""
    return portal.labels["locked" if failures >= MAX_FAILURES else "wrong"]


def _sign_in_form(request: Request, portal: Portal, *, notice: str = "", error: str = "", login: str = "") -> Response:
    visitor = portal.sessions.find(request.cookies.get(COOKIE, "")) or portal.sessions.open()
    page = portal.page(request, "sign_in.html", notice=notice, error=error, login=login, token=visitor.csrf)
    _give_cookie(page, visitor)
    return page


def _give_cookie(response: Response, session: Session) -> None:
    response.set_cookie(COOKIE, session.token, httponly=True, samesite="lax", path="/")


async def not_found(request: Request) -> Response:
    """Any other address."""
    del request
    raise HTTPException(404)
