"""A portal, and somebody who uses it the way a browser does: forms found on the page, tokens included."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from robo import sandbox
from robo.sandbox import RunningSandbox

ACCOUNTS = {"robot.occitanie": "canary-robot-1", "agent.martin": "canary-agent-2"}

IDENTITY = {
    "application_reference": "2026-TS-1",
    "last_name": "Murphy",
    "first_names": "Aoife",
    "born": "1988-02-29",
    "nationality": "IRL",
    "sex": "F",
}
STAY = {
    "motive": "Salarié",
    "entered": "2020-09-01",
    "address": "12 rue des Lilas",
    "postcode": "31000",
    "town": "Toulouse",
    "email": "a.murphy@exemple.test",
    "phone": "05 61 00 00 00",
}


class Visitor:
    """A person at the portal. `answer` is the last page; `text` its visible words."""

    def __init__(self, portal: RunningSandbox) -> None:
        self.portal = portal
        self.client = httpx.Client(base_url=portal.url, follow_redirects=True, timeout=10)
        self.answer: httpx.Response

    @property
    def text(self) -> str:
        """The words of the page, tags away and blanks collapsed."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.answer.text)).split())

    @property
    def path(self) -> str:
        return self.answer.url.path

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.answer.text)
        return unescape(found[1]) if found else ""

    @property
    def labels(self) -> list[str]:
        """The labels of the fields on the page."""
        return [unescape(label) for label in re.findall(r"<label for=[^>]*>(.*?)</label>", self.answer.text)]

    def go(self, path: str) -> Visitor:
        self.answer = self.client.get(path)
        return self

    def send(self, action: str, **fields: str) -> Visitor:
        """Post the form of the page that goes to `action`, its hidden fields kept."""
        self.answer = self.client.post(action, data={**_hidden(self.answer.text, action), **fields})
        return self

    def sign_in(self, login: str = "robot.occitanie", password: str = ACCOUNTS["robot.occitanie"]) -> Visitor:
        return self.go("/connexion").send("/connexion", identifiant=login, mot_de_passe=password)

    def identity(self, **changes: str) -> Visitor:
        return self.go("/demandes/nouvelle").send("/demandes/brouillon/identite", **{**IDENTITY, **changes})

    def stay(self, **changes: str) -> Visitor:
        return self.send("/demandes/brouillon/sejour", **{**STAY, **changes})

    def submit(self, **changes: str) -> Visitor:
        return self.send("/demandes/enregistrement", certifie="oui", **changes)

    def review(self, reference: str = "2026-TS-1", **changes: str) -> Visitor:
        """To the third page, everything filled in."""
        return self.identity(application_reference=reference, **changes).stay()

    def file(self, reference: str = "2026-TS-1", **changes: str) -> Visitor:
        return self.review(reference, **changes).submit()


class _Hidden(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action
        self.inside = False
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "form":
            self.inside = facts.get("action") == self.action
        elif tag == "input" and self.inside and facts.get("type") == "hidden":
            self.found[facts["name"] or ""] = facts.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"


def _hidden(page: str, action: str) -> dict[str, str]:
    parser = _Hidden(action)
    parser.feed(page)
    return parser.found


@pytest.fixture(scope="module")
def _module_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One portal for the tests of a module, with references of their own."""
    with sandbox.start(tmp_path_factory.mktemp("portal") / "portal.db", accounts=ACCOUNTS) as portal:
        yield portal


@pytest.fixture
def portal(_module_portal: RunningSandbox) -> Iterator[RunningSandbox]:
    """The module's portal, healthy again after each test."""
    yield _module_portal
    _module_portal.faults.clear()


@pytest.fixture
def enter() -> Iterator[Callable[[RunningSandbox], Visitor]]:
    """Make visitors; their connections are closed at the end."""
    made: list[Visitor] = []

    def visitor(portal: RunningSandbox) -> Visitor:
        made.append(Visitor(portal))
        return made[-1]

    yield visitor
    for each in made:
        each.client.close()


@pytest.fixture
def visitor(portal: RunningSandbox, enter: Callable[[RunningSandbox], Visitor]) -> Visitor:
    """Somebody signed in."""
    return enter(portal).sign_in()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database for a portal of one's own."""
    return tmp_path / "portal.db"


_count = iter(range(1, 10_000))


@pytest.fixture
def reference() -> str:
    """A reference nobody has used."""
    return f"2026-TS-{next(_count):05d}"
