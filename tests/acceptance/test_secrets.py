"""A secret reaches the application it is for, once, and nothing else: not a byte of it stays in what robo leaves."""

from __future__ import annotations

import base64
import html as entities
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.runners.browser import support
from tests.runners.browser.support import Asked, Reply, Site, html

ACCOUNT = "agent-réel"
PASSWORD = "c4nari'é\"<&+%/ x9Zq"
"""Quotes, an accent, and every character that HTML, JSON or an address writes in another way."""
PERSON = "Zéphyrine d'Aubigné"
PROCESS = """robo: 1
process: essai
title: Essai
inputs:
  export: {type: file}
  portal: {type: url}
items:
  from: {files.rows: {file: "${{ inputs.export }}"}}
  fields: {number: N°, last: {column: Nom, sensitive: true}}
  key: ${{ item.number }}
on_failure: {retry: 2, wait: 1s}
setup:
  - browser.login: {at: "${{ inputs.portal }}/entree", secret: portal, username: Compte, password: Mot de passe,
                    button: Entrer, wrong: Identifiants incorrects}
    expect: {heading: Accueil}
    timeout: 60s
steps:
  - browser.open: ${{ inputs.portal }}/demande
  - browser.fill: {Nom: "${{ item.last }}"}
  - browser.click: Suite
    timeout: 2s
"""
FORM = (
    "<form method=post action=/entrer><p><label>Compte <input name=u></label><p><label>Mot de passe "
    "<input name=p type=password></label><p><button>Entrer</button></form>"
)


class Handler(support.Handler):
    pass


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    server = support.Server(("127.0.0.1", 0), Handler)
    Handler.site = Site(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Handler.site
    server.shutdown()
    server.server_close()
    thread.join(5)


class Desk:
    """A project with one process, four rows, and an age file for its secret."""

    def __init__(self, project: Path, site: Site) -> None:
        self.project, self.site = project, site
        site.clear()
        site.pages.update({"/entree": html(FORM)})
        for name, text in {
            "config/regions/r.yaml": "robo: 1\nregion: r\ntitle: R\nzone: Europe/Paris\n",
            "processes/essai/process.yaml": PROCESS,
            "liste.csv": "N°;Nom\n" + "".join(f"{number};{PERSON}\n" for number in range(4)),
        }.items():
            file = project / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.said = ""

    def robo(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "ROBO_LANG": "en", "ROBO_PROJECT": str(self.project)}
        if os.name == "posix" and os.geteuid() == 0:
            environment["ROBO_BROWSER_SANDBOX"] = "off"
        done = subprocess.run(
            [sys.executable, "-m", "robo", *words],
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.said += done.stdout + done.stderr
        assert "Traceback" not in self.said
        assert "RB999" not in self.said
        return done

    def set(self, password: str) -> subprocess.CompletedProcess[str]:
        return self.robo("secrets", "set", "portal", given=f"{ACCOUNT}\n{password}\n")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        inputs = ("-i", f"export={self.project / 'liste.csv'}", "-i", f"portal={self.site.address}")
        return self.robo("run", "essai", *inputs, *words)

    def tries(self) -> int:
        return sum(asked.path == "/entrer" for asked in self.site.asked)


@pytest.fixture
def desk(tmp_path: Path, site: Site) -> Desk:
    return Desk(tmp_path / "project", site)


def welcome(asked: Asked) -> Reply:
    """The right password is taken; another is answered as the test says."""
    right = asked.form == {"u": [ACCOUNT], "p": [PASSWORD]}
    return Reply(html("<h1>Accueil</h1>") if right else html("<p>Identifiants incorrects</p>" + FORM))


def test_a_wrong_password_is_sent_once_whatever_wants_in_and_a_new_one_lets_everything_go_on(desk: Desk) -> None:
    """Two slots, four items, two retries, and a second run."""
    desk.site.pages.update({"/entrer": welcome, "/demande": html("<h1>Demande</h1><label>Nom <input></label>"
                                                                 "<button>Suite</button>")})  # fmt: skip
    desk.set("faux")
    first = desk.run("--slots", "2")
    assert (first.returncode, desk.tries()) == (4, 1)
    assert "RB737" in first.stderr
    assert "robo secrets set portal" in first.stderr
    again = desk.run("--slots", "2", "--json")
    assert (again.returncode, desk.tries()) == (4, 1)
    assert json.loads(again.stdout.splitlines()[-1])["code"] == "RB905"
    assert desk.robo("secrets", "check").returncode == 4
    assert "queued again" in desk.set(PASSWORD).stderr
    assert desk.robo("secrets", "check").returncode == 0
    run = json.loads(desk.robo("runs", "list", "--json").stdout)["runs"][0]["run"]
    done = desk.robo("run", "--resume", run, "--json")
    assert (done.returncode, json.loads(done.stdout.splitlines()[-1])["items"]["done"]) == (0, 4)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Reply(html("<h1>Erreur interne</h1>"), 500), "RB745"),
        pytest.param(Reply(html("<h1>Au revoir</h1>")), "RB736", marks=pytest.mark.long),
    ],
    ids=["an error page", "a page without its form"],
)
def test_a_sign_in_whose_answer_is_unclear_is_not_sent_again(desk: Desk, answer: Reply, code: str) -> None:
    text = (desk.project / "processes/essai/process.yaml").read_text(encoding="utf-8")
    (desk.project / "processes/essai/process.yaml").write_text(text.replace("60s", "8s"), encoding="utf-8")
    desk.site.pages["/entrer"] = answer
    desk.set(PASSWORD)
    done = desk.run("--slots", "2")
    assert (done.returncode, desk.tries()) == (4, 1), done.stderr
    assert code in done.stderr
    assert "robo run --resume" in done.stderr


def forms_of(value: str) -> dict[str, bytes]:
    """How a value may be written in a file."""
    written = {
        "plain": value,
        "address": quote(value),
        "form": quote_plus(value),
        "html": entities.escape(value),
        "html, without quotes": entities.escape(value, quote=False),
        "json": json.dumps(value)[1:-1],
        "json, letters kept": json.dumps(value, ensure_ascii=False)[1:-1],
        "python": repr(value)[1:-1],
        "base64": base64.b64encode(value.encode()).decode(),
        "the other way round": value[::-1],
    }
    return {name: text.encode() for name, text in written.items()} | {"utf-16": value.encode("utf-16-le")}


def test_not_a_byte_of_the_password_stays_anywhere_however_nasty_the_application(desk: Desk) -> None:
    """It says the password on its pages, in a button, in an address, in a dialog, and then fails the step."""
    echo = (
        f"<h1>Accueil {entities.escape(PASSWORD)}</h1><p>{entities.escape(PASSWORD)} {entities.escape(PERSON)}</p>"
        f"<button>{entities.escape(PASSWORD)}</button><button>{entities.escape(PERSON)}</button>"
        f"<label>Nom <input></label><a href='/x?p={quote(PASSWORD)}'>{entities.escape(PASSWORD)} Suites</a>"
        f"<script>history.replaceState(0, '', '/demande?mdp=' + {json.dumps(quote(PASSWORD))})</script>"
    )
    desk.site.pages.update(
        {"/entrer": html(echo.replace(f" {entities.escape(PASSWORD)}</h1>", "</h1>")), "/demande": html(echo)}
    )
    file = desk.project / "processes/essai/process.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("retry: 2", "retry: 1"), encoding="utf-8")
    desk.set(PASSWORD)
    done = desk.run("--slots", "1", "--limit", "1", "--json")
    assert done.returncode == 1, done.stderr
    desk.robo("items", "show", "0")
    desk.robo("items", "show", "0", "--json")
    desk.run("--diff", "--limit", "1")
    assert "near" in desk.said, "the failure quotes the page"
    state = [file for file in (desk.project / ".robo").rglob("*") if file.is_file()]
    assert any(file.suffix == ".png" for file in state), "the failure left its picture"
    for name, needle in forms_of(PASSWORD).items():
        assert needle not in desk.said.encode(), name
        for file in state:
            assert needle not in file.read_bytes(), (name, file)
    assert PASSWORD.encode() not in (desk.project / "liste.csv").read_bytes()
    assert PERSON not in desk.said
    with closing(sqlite3.connect(desk.project / ".robo/robo.db")) as store:
        told = store.execute("SELECT reason FROM attempts UNION SELECT note FROM traces UNION SELECT facts FROM items")
        assert not [text for (text,) in told if PERSON in str(text)], "what is sensitive stands in payloads only"
