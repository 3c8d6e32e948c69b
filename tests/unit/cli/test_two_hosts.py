"""A process of two applications, as its author meets it: shown, told, compared, and tried in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from robo.app import open_app
from robo.cli.staging import staged
from robo.definition.case import load_case
from tests.unit.cli.conftest import Robo

PROCESS = """robo: 1
process: deux-portails
title: Deux portails
inputs:
  export: {type: file}
  portal: {type: url, title: Portail des demandes}
  archive: {type: url, title: Archives}
items:
  from: {files.rows: {file: "${{ inputs.export }}", sheet: Demandes}}
  fields: {number: N° demande, kind: Genre}
  key: ${{ item.number }}
finders:
  dossier:
    browser.find_row:
      at: ${{ inputs.archive }}/recherche
      search: {Référence: "${{ item.number }}"}
      button: Rechercher
      where: {Référence: "${{ item.number }}"}
      empty: Aucun dossier ne correspond
setup:
  portal:
    - browser.login:
        at: ${{ inputs.portal }}/connexion
        secret: portal
        username: Identifiant
        password: Mot de passe
        button: Se connecter
      expect: {heading: Tableau de bord}
  archive:
    - id: entree
      browser.login:
        at: ${{ inputs.archive }}/connexion
        secret: archive
        username: Identifiant
        password: Mot de passe
        button: Se connecter
      expect: {heading: Tableau de bord}
steps:
  - browser.open: ${{ inputs.portal }}/demandes/nouvelle
  - reject_if: find.dossier.found
    when: item.kind == 'archive'
    code: deja-la
    message: Déjà aux archives
  - browser.open: ${{ inputs.portal }}/recherche
"""
CASE = """robo: 1
says: Chaque application est ouverte quand il le faut, et rouverte seule
region: occitanie
today: "2026-11-16"
items:
  - {N° demande: 2026-AA-0001, Genre: portail}
  - {N° demande: 2026-AA-0002, Genre: archive}
  - {N° demande: 2026-AA-0003, Genre: archive}
faults:
  - {step: dossier, do: logged_out, key: 2026-AA-0003}
expect:
  2026-AA-0001: {outcome: done}
  2026-AA-0002: {outcome: done}
  2026-AA-0003: {outcome: done}
"""


@pytest.fixture
def home(project: Path) -> Path:
    folder = project / "processes/deux-portails"
    (folder / "cases").mkdir(parents=True)
    (folder / "process.yaml").write_text(PROCESS, encoding="utf-8")
    (folder / "cases/01-essai.yaml").write_text(CASE, encoding="utf-8")
    (project / "config/regions/occitanie.yaml").write_text(
        "robo: 1\nregion: occitanie\ntitle: Occitanie\nprocesses: {deux-portails: {}}\n", encoding="utf-8"
    )
    return folder


def test_each_host_is_shown_and_told_under_its_name(home: Path, robo: Robo) -> None:
    shown = robo("process", "show", "deux-portails", "--explain").out
    assert "setup.archive: entree = browser.login" in shown
    assert [line.rpartition("# ")[2] for line in shown.splitlines() if line.startswith("setup.archive")] == [
        "processes/deux-portails/process.yaml:30:7"
    ]
    told = robo("process", "manual", "deux-portails", ROBO_LANG="fr").out
    assert "## La première fois que vous avez besoin de « Archives », et chaque fois qu'on vous y demande" in told
    assert told.index("Portail des demandes »") < told.index("Archives »") < told.index("Pour chaque ligne")
    other = home.parent / "deux-autres"
    other.mkdir()
    changed = PROCESS.replace("deux-portails", "deux-autres").replace("Identifiant", "Compte")
    (other / "process.yaml").write_text(changed, encoding="utf-8")
    assert "setup.portal: setup-portal-1" in robo("process", "diff", "deux-portails", "deux-autres").out


def test_each_host_is_signed_in_to_where_an_item_needs_it_and_again_where_it_asks(home: Path) -> None:
    case = load_case(home / "cases/01-essai.yaml")
    with staged(open_app(), "deux-portails", case) as player:
        assert player.play().problems == ()
        app = player.stage.app  # type: ignore[attr-defined] # of what `staged` stages
        stories = {key: app.item_story(app.items(key=key)[0]) for key in (f"2026-AA-000{n}" for n in (1, 2, 3))}
    signed_in = {
        key: [line["step"] for each in story["attempts"] for line in each["traces"] if line["step"] in SIGN_INS]
        for key, story in stories.items()
    }
    assert signed_in == {"2026-AA-0001": ["setup-portal-1"], "2026-AA-0002": ["entree"], "2026-AA-0003": ["entree"]}


SIGN_INS = ("setup-portal-1", "entree")
