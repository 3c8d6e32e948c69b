"""The finance application: the invoices of a préfecture, and which of them wait for somebody to say that the service
was rendered (« service fait »). It lists, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from robo.sandbox.applications import Application
from robo.sandbox.lists import addresses, asked, page_asked
from robo.sandbox.portal import Portal, signed_in
from robo.sandbox.sessions import Session
from robo.sandbox.shelves import Found, Shelf, page_of

LIST = "/finances/factures"
STATES = ("En attente de service fait", "Service fait constaté", "En litige")
OCCITANIE: Mapping[str, str] = {
    "invoices": "Factures",
    "state": "Statut",
    "show": "Afficher",
    "no_invoice": "Aucune facture ne correspond",
    "invoice": "N° facture",
    "supplier": "Fournisseur",
    "subject": "Objet",
    "amount": "Montant TTC",
    "received": "Reçue le",
    "unit": "Service",
    "certifier": "Gestionnaire",
    "mail": "Courriel",
}
GUYANE: Mapping[str, str] = {
    **OCCITANIE,
    "show": "Lister",
    "no_invoice": "Pas de facture",
    "invoice": "Numéro de facture",
    "amount": "Montant (TTC)",
    "received": "Date de réception",
    "unit": "Direction",
    "certifier": "Agent chargé du service fait",
}
DOMAINS: Mapping[str, str] = {"occitanie": "haut-autan.exemple", "guyane": "trois-fleuves.exemple"}
_PEOPLE = (
    ("Amina Castellane", "Bâtiments"),
    ("Bruno Dembélé", "Bâtiments"),
    ("Chiara Eriksen", "Informatique"),
    ("Diego Ferreira", "Informatique"),
    ("Elena Gonzalez", "Moyens généraux"),
    ("Farid Haddad", "Moyens généraux"),
)
_SUPPLIERS = (
    ("Papeteries du Canal", "Papier et enveloppes"),
    ("Électricité Sabatier", "Mise aux normes du local d'accueil"),
    ("Nettoyage Clarté", "Entretien des bureaux"),
    ("Imprimerie des Halles", "Affiches et dépliants"),
    ("Informatique du Sud", "Écrans et câbles"),
)


def _completed(skin: str, reference: str, content: Mapping[str, str]) -> Mapping[str, str]:
    """An ordinary invoice of today, but for what is said."""
    name, unit = _PEOPLE[0]
    ordinary = {
        "Fournisseur": _SUPPLIERS[0][0],
        "Objet": f"{_SUPPLIERS[0][1]} ({reference})",
        "Montant TTC": "120,00 €",
        "Reçue le": f"{date.today():%d/%m/%Y}",  # noqa: DTZ011 - the agent's calendar day
        "Service": unit,
        "Gestionnaire": name,
        "Courriel": _address(name, skin),
        "Statut": STATES[0],
    }
    return {**ordinary, **content}


def _stock(skin: str, count: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Invoices of the last ten weeks, most of them waiting."""
    today = date.today()  # noqa: DTZ011 - the agent's calendar day
    for n in range(1, count + 1):
        supplier, subject = _SUPPLIERS[n % len(_SUPPLIERS)]
        name, unit = _PEOPLE[n * 5 % len(_PEOPLE)]
        euros = 40 + n * 137 % 2900
        yield (
            f"F-2026-{n:04d}",
            _completed(
                skin,
                f"F-2026-{n:04d}",
                {
                    "Fournisseur": supplier,
                    "Objet": subject,
                    "Montant TTC": f"{euros // 1000} {euros % 1000:03d},{n * 7 % 100:02d} €".removeprefix("0 "),
                    "Reçue le": f"{today - timedelta(days=n * 11 % 70 + 1):%d/%m/%Y}",
                    "Service": unit,
                    "Gestionnaire": name,
                    "Courriel": _address(name, skin),
                    "Statut": STATES[2 if n % 11 == 0 else 1 if n % 7 == 0 else 0],
                },
            ),
        )


def _address(name: str, skin: str) -> str:
    plain = name.lower().replace(" ", ".").replace("é", "e")
    return f"{plain}@{DOMAINS[skin]}"


SHELF = Shelf(name="factures", completed=_completed, stock=_stock)


@signed_in
async def invoice_list(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/finances/factures?statut=…&page=…`: those of a state, oldest first; without `statut`, all."""
    del session
    faults = await portal.meet(request, "list")
    state = asked(request, "statut")
    held = portal.books.shelves.shown(SHELF.name)
    found = page_of([each for each in held if state in {"", each.content["Statut"]}], page_asked(request))
    return await portal.leave(request, faults, _page(request, portal, found, state))


def _page(request: Request, portal: Portal, found: Found, state: str) -> Response:
    address_of = addresses(LIST, {"statut": state})
    return portal.page(request, "invoices.html", found=found, state=state, states=STATES, address_of=address_of)


@signed_in
async def invoice_page(request: Request, portal: Portal, session: Session) -> Response:
    """GET `/finances/factures/{number}`."""
    del session
    return portal.page(request, "invoice.html", invoice=portal.record(SHELF, request.path_params["number"]))


FINANCES = Application(
    id="finances",
    home="/finances",
    front=LIST,
    service="Suivi des dépenses",
    menu=((LIST, "invoices"),),
    labels={"occitanie": OCCITANIE, "guyane": GUYANE},
    routes=(Route(LIST, invoice_list), Route(f"{LIST}/{{number}}", invoice_page)),
    shelves=(SHELF,),
)
