"""What every page of the portal shares: its books, its switches, its look, and how a fault strikes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import PurePosixPath
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from robo.sandbox.applications import RESIDENCE, Application, application_of
from robo.sandbox.books import Books
from robo.sandbox.countries import countries
from robo.sandbox.faults import Board, Fault, Step
from robo.sandbox.sessions import COOKIE, Session, Sessions, same
from robo.sandbox.shelves import Record, Shelf
from robo.sandbox.skins import Skin

Cut = Callable[[Scope, str], None]
Page = Callable[[Request, "Portal", Session], Awaitable[Response]]

_FORM_LIMIT = 64 * 1024
_PAPER_LIMIT = 12 * 1024 * 1024
"""Bytes of a form that brings a file."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A file that a form brought: its name without any folder, and what is in it."""

    name: str
    body: bytes


@dataclass(kw_only=True)
class Portal:
    """One running portal. `accounts` maps login to password; `cut` ends a connection without an answer; `applications`
    stand beside the residence portal."""

    books: Books
    board: Board
    skin: Skin
    accounts: Mapping[str, str] = field(repr=False)
    cut: Cut
    applications: tuple[Application, ...] = ()
    clock: Callable[[], float] = time.monotonic
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        """Sessions follow the switch of the idle time."""
        self.sessions = Sessions(clock=self.clock, idle=lambda: self.board.idle_seconds)

    def face_of(self, application: Application) -> Skin:
        """The skin of an application as it must be shown now (a fault may have changed labels)."""
        own = application.labels.get(self.skin.id, {})
        service = application.service or self.skin.service
        dressed = replace(self.skin, service=service, labels={**self.skin.labels, **own})
        return dressed.relabelled(self.board.labels())

    @property
    def face(self) -> Skin:
        """The face of the residence portal."""
        return self.face_of(RESIDENCE)

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels it shows now."""
        return self.face.labels

    def page(self, request: Request, template: str, *, status: int = 200, **facts: Any) -> HTMLResponse:
        """A page from its template, in the face of the application it belongs to; `here` tells the navigation where we
        are."""
        here = request.url.path
        application = application_of(here, self.applications)
        face = self.face_of(application)
        session: Session | None = getattr(request.state, "session", None)
        text = _TEMPLATES.get_template(template).render(
            app=application, skin=face, t=face.labels, session=session, here=here, countries=countries(), **facts
        )
        return HTMLResponse(text, status_code=status)

    def record(self, shelf: Shelf, number: str) -> Record:
        """The record of this number that a page is about.

        Raises:
            HTTPException: 404, there is none, or it is not shown yet.
        """
        found = self.books.shelves.numbered(shelf.name, number)
        if found is None:
            raise HTTPException(404)
        return found

    async def meet(self, request: Request, at: Step, reference: str = "") -> tuple[Fault, ...]:
        """The faults of this step; those that strike before are over when it returns.

        Raises:
            Struck: a fault answers in the page's place.
        """
        faults = self.board.take(at, reference)
        for fault in faults:
            if fault.moment == "before" and (answer := await self._strike(request, fault)):
                raise Struck(answer, fault)
        return faults

    async def leave(self, request: Request, faults: tuple[Fault, ...], response: Response) -> Response:
        """The answer, or what the faults that strike after make of it."""
        for fault in faults:
            if fault.moment == "after" and (answer := await self._strike(request, fault)):
                return answer
        return response

    def signed_out(self, request: Request) -> Response:
        """To the sign-in page, which says that the session has expired if there was one."""
        had_one = COOKIE in request.cookies
        sign_in = application_of(request.url.path, self.applications).sign_in
        return RedirectResponse(f"{sign_in}?expiree=1" if had_one else sign_in, status_code=303)

    async def _strike(self, request: Request, fault: Fault) -> Response | None:
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "error500":
            return self.page(request, "trouble.html", status=500, **TROUBLES[500])
        elif fault.kind == "down":
            return self.page(request, "trouble.html", status=503, **TROUBLES[503])
        elif fault.kind == "logged_out":
            self.sessions.drop(request.cookies.get(COOKIE, ""))
            return self.signed_out(request)
        elif fault.kind in ("lost", "late"):
            return NoAnswer(self.cut, fault.how)
        return None


class Struck(Exception):  # noqa: N818 - a control flow of this room, not an error
    """A fault answers in the page's place."""

    def __init__(self, response: Response, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.response = response
        self.fault = fault


class NoAnswer(Response):
    """An answer that never leaves: the connection is cut, or left hanging until the browser gives up."""

    def __init__(self, cut: Cut, how: str) -> None:
        super().__init__()
        self._cut = cut
        self._how = how

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut, then wait until the server has noticed."""
        del send
        if self._how != "hang":
            self._cut(scope, self._how)
        while (await receive())["type"] != "http.disconnect":
            pass


def portal_of(request: Request) -> Portal:
    """The portal that answers this request."""
    return cast("Portal", request.app.state.portal)


def signed_in(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """A page for signed-in people only; a form it receives must carry the session's token."""

    @wraps(page)
    async def guarded(request: Request) -> Response:
        portal = portal_of(request)
        session = portal.sessions.find(request.cookies.get(COOKIE, ""))
        if session is None or not session.account:
            return portal.signed_out(request)
        request.state.session = session
        if request.method == "POST":
            check_token(session, await form_of(request))
        return await page(request, portal, session)

    return guarded


async def form_of(request: Request) -> dict[str, str]:
    """The texts of a posted form (read once, then remembered on the request, with its files).

    Raises:
        HTTPException: 413, more than 64 KiB; with files, more than 12 MiB.
    """
    if not hasattr(request.state, "form"):
        limit = _PAPER_LIMIT if request.headers.get("content-type", "").startswith("multipart/") else _FORM_LIMIT
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > limit:
            raise HTTPException(413)
        async with request.form() as form:
            request.state.form = {key: value for key, value in form.items() if isinstance(value, str)}
            request.state.papers = {
                key: Paper(name=PurePosixPath((value.filename or "").replace("\\", "/")).name, body=await value.read())
                for key, value in form.items()
                if isinstance(value, UploadFile)
            }
    return cast("dict[str, str]", request.state.form)


async def paper_of(request: Request, key: str) -> Paper:
    """The file in a field of a posted form; without a name when there is none."""
    await form_of(request)
    papers = cast("dict[str, Paper]", request.state.papers)
    return papers.get(key, Paper(name="", body=b""))


def check_token(session: Session, form: Mapping[str, str]) -> None:
    """Refuse a form that this session's pages did not make.

    Raises:
        HTTPException: 403.
    """
    if not same(session.csrf, form.get("jeton", "")):
        raise HTTPException(403)


TROUBLES: Mapping[int, Mapping[str, str]] = {
    403: {"heading": "Formulaire périmé", "text": "Revenez à la page précédente, rechargez-la et recommencez."},
    404: {"heading": "Page introuvable", "text": "Cette adresse ne correspond à aucune page du portail."},
    405: {"heading": "Demande impossible", "text": "Cette page ne s'utilise pas de cette façon."},
    413: {"heading": "Formulaire trop long", "text": "Ce qui a été envoyé dépasse la taille admise."},
    500: {"heading": "Erreur interne", "text": "Une erreur est survenue. Réessayez dans quelques instants."},
    503: {"heading": "Service indisponible", "text": "Le portail est momentanément indisponible."},
}


def french_date(value: str | float) -> str:
    """An ISO date or a Unix time as `24/11/2026`; another text is returned as it is."""
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC).date()
    except ValueError:
        return str(value)
    return f"{day:%d/%m/%Y}"


def euros(text: str) -> str:
    """`48000.00` as `48 000,00 €`; a text that is no amount is returned as it is."""
    try:
        return f"{Decimal(text):,.2f} €".replace(",", "\u202f").replace(".", ",")
    except InvalidOperation:
        return text


_TEMPLATES = Environment(
    loader=PackageLoader("robo.sandbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
_TEMPLATES.filters |= {"french_date": french_date, "euros": euros}
