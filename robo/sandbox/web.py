"""The portal as an ASGI application: its addresses, its error pages, and the headers every answer carries."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from robo.sandbox import applying, challenge, dossiers, entrance
from robo.sandbox.applications import Application
from robo.sandbox.archive import ARCHIVE
from robo.sandbox.grants import GRANTS
from robo.sandbox.invoices import FINANCES
from robo.sandbox.portal import TROUBLES, Portal, Struck, portal_of

APPLICATIONS: tuple[Application, ...] = (FINANCES, ARCHIVE, GRANTS)
"""Beside the residence portal."""
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def portal_app(portal: Portal) -> Starlette:
    """The public application of one portal."""
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Headers)],
        exception_handlers={Struck: _struck, HTTPException: _trouble},
    )
    app.state.portal = portal
    return app


def _routes() -> list[BaseRoute]:
    return [
        Route("/", entrance.home),
        Route("/connexion", entrance.sign_in_page),
        Route("/connexion", entrance.sign_in, methods=["POST"]),
        Route("/deconnexion", entrance.sign_out, methods=["POST"]),
        Route("/tableau-de-bord", entrance.dashboard),
        Route("/recherche", dossiers.search),
        Route("/dossiers/{number}", dossiers.dossier_page),
        Route("/dossiers/{number}/recepisse.pdf", dossiers.receipt_pdf),
        Route("/demandes/nouvelle", applying.identity_page),
        Route("/demandes/brouillon/identite", applying.keep_identity, methods=["POST"]),
        Route("/demandes/brouillon/sejour", applying.stay_page),
        Route("/demandes/brouillon/sejour", applying.keep_stay, methods=["POST"]),
        Route("/demandes/brouillon/recapitulatif", applying.review_page),
        Route("/demandes/brouillon/suppression", applying.discard, methods=["POST"]),
        Route("/demandes/enregistrement", applying.file_application, methods=["POST"]),
        Route("/demandes/recu/{number}", dossiers.receipt_page),
        Route("/challenge", challenge.challenge_page),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        *(route for each in APPLICATIONS for route in _routes_of(each)),
    ]


def _routes_of(application: Application) -> list[BaseRoute]:
    """Its own pages, and the entrance that all have."""
    return [
        Route(application.home, entrance.home),
        Route(application.sign_in, entrance.sign_in_page),
        Route(application.sign_in, entrance.sign_in, methods=["POST"]),
        Route(f"{application.home}/deconnexion", entrance.sign_out, methods=["POST"]),
        *application.routes,
    ]


async def _struck(request: Request, error: Exception) -> Response:
    del request
    if not isinstance(error, Struck):
        raise error
    return error.response


async def _trouble(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return portal_of(request).page(request, "trouble.html", status=status, **TROUBLES.get(status, TROUBLES[500]))


class Headers:
    """Adds the security headers; pages are never kept by the browser, static files for five minutes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers."""
        static = scope.get("path", "").startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["cache-control"] = "max-age=300" if static else "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)
