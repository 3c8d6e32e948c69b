"""The applications of the fictional préfecture beside its residence portal: each has its own pages, words and shelves.

They share the accounts, the faults and the database. An application stands under its `home`, where it has its own
sign-in; a process knows it by that address like any application of another service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.routing import BaseRoute

from robo.sandbox.shelves import Shelf


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application. `front`: where one arrives after signing in; `service`: what its head says.

    `labels`: by skin, then by key, beside those of the skin. `menu`: address and label key. `home` of the residence
    portal is empty: what belongs to no other application is its own.
    """

    id: str
    home: str
    front: str
    service: str = ""
    menu: tuple[tuple[str, str], ...]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    routes: tuple[BaseRoute, ...] = ()
    shelves: tuple[Shelf, ...] = ()

    @property
    def sign_in(self) -> str:
        """The address of its sign-in page."""
        return f"{self.home}/connexion"

    def holds(self, path: str) -> bool:
        """Whether a page belongs to it."""
        return path == self.home or path.startswith(f"{self.home}/")


RESIDENCE = Application(
    id="residence",
    home="",
    front="/tableau-de-bord",
    menu=(("/tableau-de-bord", "dashboard"), ("/recherche", "search_link"), ("/demandes/nouvelle", "new_application")),
)


def application_of(path: str, applications: tuple[Application, ...]) -> Application:
    """The application a page belongs to."""
    return next((each for each in applications if each.home and each.holds(path)), RESIDENCE)


def shelves_of(applications: tuple[Application, ...]) -> Mapping[str, Shelf]:
    """Every shelf by its name."""
    return {shelf.name: shelf for each in applications for shelf in each.shelves}
