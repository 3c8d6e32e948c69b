"""A list of an application is the source of a run: read page after page, each row confirmed in its own place, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from robo.store.items import CHUNK
from tests.runners.browser.support import Asked, Handler, Reply, Server, Site, html

PROCESS = """\
robo: 1
process: confirmer-rendez-vous
title: Confirmer les rendez-vous
inputs:
  portal: {type: url}
items:
  from: {browser.rows: {at: "${{ inputs.portal }}/rendez-vous", next: Suivant, empty: Aucun rendez-vous}}
  fields: {number: N°, day: {column: Date, type: date}, state: État}
  only_if: item.state == 'À confirmer'
  key: ${{ item.number }}
finders:
  confirmed:
    browser.find_row:
      at: ${{ inputs.portal }}/rendez-vous
      where: {N°: "${{ item.number }}", État: Confirmé}
      next: Suivant
      read: {number: N°}
steps:
  - id: sent
    once: ${{ item.key }}
    do:
      - browser.find_row:
          at: ${{ inputs.portal }}/rendez-vous
          where: {N°: "${{ item.number }}"}
          next: Suivant
          show: yes
      - browser.click: [{button: Valider}, {button: Confirmer}]
        within: {row: {N°: "${{ item.number }}"}}
      - browser.submit: {button: Oui, within: {dialog: Confirmer le rendez-vous}}
    expect: {text: "Rendez-vous ${{ item.number }} confirmé"}
    verify: confirmed
"""
NOTING = """\
robo: 1
process: relever-rendez-vous
title: Relever les rendez-vous
inputs:
  portal: {type: url}
items:
  from: {browser.rows: {at: "${{ inputs.portal }}/rendez-vous", next: Suivant}}
  fields: {number: N°}
  key: ${{ item.number }}
steps:
  - note: vu
"""
LONG = CHUNK + 1


class Portal:
    """Appointments by pages; each row has a button that opens a dialog, which asks before it posts."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.states = {f"RV-{n:02}": "À confirmer" if n % 2 else "Annulé" for n in range(1, 12)}
        self.posted: list[str] = []
        self.size = 4
        site.pages |= {"/rendez-vous": self.listed, "/confirmer": self.confirm}

    def listed(self, asked: Asked) -> str:
        number = int((asked.query.get("page") or ["1"])[0])
        said = (asked.query.get("dit") or [""])[0]
        shown = list(self.states.items())[(number - 1) * self.size : number * self.size]
        rows = "".join(
            f"<tr><td>{key}</td><td>{7 + n:02}/05/2026</td><td>{state}</td><td><button onclick=\"ask('{key}')\">"
            "Confirmer</button></td></tr>"
            for n, (key, state) in enumerate(shown)
        )
        back = f"<a href='?page={number - 1}'>Précédent</a> " if number > 1 else ""
        following = f"<a href='?page={number + 1}'>Suivant</a>" if number * self.size < len(self.states) else ""
        return html(
            f"<p>{said}</p><table><thead><tr><th>N°</th><th>Date</th><th>État</th><th></th></tr></thead>{rows}</table>"
            f"<nav>{back}{following}</nav>"
            "<div role=dialog aria-label='Confirmer le rendez-vous' hidden id=d><form method=post action=/confirmer>"
            "<input type=hidden name=n id=n><p>Êtes-vous sûr ?</p><button>Oui</button></form></div>"
            "<script>function ask(k) { n.value = k; d.hidden = false; }</script>"
        )

    def confirm(self, asked: Asked) -> Reply:
        key = asked.form["n"][0]
        self.posted.append(key)
        self.states[key] = "Confirmé"
        return Reply("", 303, (("Location", f"/rendez-vous?dit=Rendez-vous+{key}+confirm%C3%A9"),))


@pytest.fixture
def portal() -> Iterator[Portal]:
    class Own(Handler):
        pass

    server = Server(("127.0.0.1", 0), Own)
    Own.site = Site(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Portal(Own.site)
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "projet"
    subprocess.run([sys.executable, "-m", "robo", "init", str(folder)], check=True, capture_output=True)
    write(folder, "confirmer-rendez-vous", PROCESS)
    return folder


def write(project: Path, name: str, text: str) -> None:
    folder = project / "processes" / name
    folder.mkdir()
    (folder / "process.yaml").write_text(text, encoding="utf-8")


def run(
    project: Path, portal: Portal, process: str = "confirmer-rendez-vous", **more: str
) -> subprocess.CompletedProcess[str]:
    region = next((project / "config" / "regions").glob("*.yaml")).stem
    words = ["run", process, "--region", region, "-i", f"portal={portal.site.address}", "--json"]
    return robo(project, *words, **more)


def robo(project: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    sandbox = {"ROBO_BROWSER_SANDBOX": "off"} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    return subprocess.run(
        [sys.executable, "-m", "robo", *words],
        cwd=project,
        env={**os.environ, "ROBO_LANG": "en", **sandbox, **more},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def latest(project: Path) -> dict[str, Any]:
    """The run that was begun last."""
    return dict(json.loads(robo(project, "runs", "list", "--json").stdout)["runs"][0])


WANTED = [f"RV-{n:02}" for n in range(1, 12, 2)]


def test_each_row_of_each_page_is_confirmed_once(project: Path, portal: Portal) -> None:
    done = run(project, portal)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["items"]["done"] == len(WANTED)
    assert sorted(portal.posted) == WANTED
    told = robo(project, "items", "show", "RV-03").stdout
    assert "another name than the first was used: button «Valider» → button «Confirmer»" in told
    again = run(project, portal)
    assert again.returncode == 0, again.stderr
    assert len(portal.posted) == len(WANTED)


@pytest.mark.long
def test_a_list_that_cannot_be_read_whole_opens_no_run(project: Path, portal: Portal) -> None:
    listed = portal.listed
    portal.site.pages["/rendez-vous"] = lambda asked: (
        Reply("", 500) if asked.query.get("page") == ["3"] else listed(asked)
    )
    done = run(project, portal)
    assert done.returncode != 0
    assert portal.posted == []
    portal.site.pages["/rendez-vous"] = listed
    assert run(project, portal).returncode == 0
    assert sorted(portal.posted) == WANTED


@pytest.mark.long
def test_an_opening_that_was_killed_is_gone_on_with(project: Path, portal: Portal) -> None:
    write(project, "relever-rendez-vous", NOTING)
    portal.states = {f"RV-{n:03}": "À confirmer" for n in range(LONG)}
    portal.size = LONG - 1
    killed = run(project, portal, "relever-rendez-vous", ROBO_TESTING="1", ROBO_CRASH_AT="chunk:2")
    assert killed.returncode != 0
    begun = latest(project)
    assert begun["items"]["queued"] == CHUNK
    resumed = robo(project, "run", "--resume", begun["run"], "--json")
    assert resumed.returncode == 0, resumed.stderr
    ended = latest(project)
    assert (ended["run"], ended["items"]) == (begun["run"], {"done": LONG})
