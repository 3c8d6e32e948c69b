"""A case: one rule, and what must come of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from robo.definition.case import load_case, load_cases
from robo.errors import DefinitionError
from robo.model.base import ItemState
from robo.model.case import Held, Mishap

WHOLE = """\
robo: 1
says: Un dossier est retrouvé
region: occitanie
today: "2026-11-16"
inputs: {account: robot}
items:
  - {N° demande: "1", Nom: Ashdown}
runs: 2
given: [{reference: "1", created_by: agent, shown_after: 1 h}]
faults:
  - {step: created, after: submit, do: lost, key: "1"}
  - {step: dossier, before: search, do: down, run: 2, every: yes}
expect:
  "1": {outcome: done, credited: yes}
  not_taken: ["1"]
  portal: {dossiers: {"1": 1}}
  file: {"1": {N° dossier: filled}}
"""


def write(folder: Path, text: str, name: str = "01-essai") -> Path:
    file = folder / "cases" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_case_is_read_whole(tmp_path: Path) -> None:
    case = load_case(write(tmp_path, WHOLE))
    assert (case.id, case.days, case.runs) == ("01-essai", (date(2026, 11, 16),), 2)
    assert case.items == ({"N° demande": "1", "Nom": "Ashdown"},)
    assert case.given[0].shown_after == timedelta(hours=1)
    assert [(fault.do, fault.after, fault.before, fault.run, fault.every) for fault in case.faults] == [
        (Mishap.LOST, "submit", "", 1, False),
        (Mishap.DOWN, "", "search", 2, True),
    ]
    assert (case.expect["1"].outcome, case.expect["1"].credited) == (ItemState.DONE, True)
    assert (case.not_taken, case.world.portal) == (("1",), {"dossiers": {"1": Held()}})
    assert case.world.cells == {"1": {"N° dossier": "filled"}}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("says:", "say:", "RB203"),
        ("do: lost", "do: explode", "RB201"),
        ("outcome: done", "outcome: perfect", "RB201"),
        ("credited: yes", "credited: maybe", "RB201"),
        ('today: "2026-11-16"', "today: demain", "RB201"),
        ("shown_after: 1 h", "shown_after: soon", "RB201"),
        ("runs: 2", "runs: often", "RB201"),
        ("runs: 2", "reviews: [{choice: a}]", "RB202"),
        ("outcome: done, ", "", "RB202"),
    ],
)
def test_what_a_case_says_wrongly_is_reported(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in WHOLE
    with pytest.raises(DefinitionError) as caught:
        load_case(write(tmp_path, WHOLE.replace(old, new, 1)))
    assert code in [found.code for found in caught.value.diagnostics]


MORE = """\
robo: 1
says: Une décision est classée
region: occitanie
today: ["2026-11-16", "2026-11-23"]
given: [{in: documents, reference: D-1, with: {Objet: Mutation}}]
expect:
  portal: {documents: {D-1: {Objet: Mutation}, D-2: 0}}
  folders: {archive: [2026/a.pdf], depot: []}
  mails: [{to: lea@exemple.fr, attached: [a.pdf]}]
"""


def test_a_case_speaks_of_every_application_of_folders_and_of_what_mails_bring(tmp_path: Path) -> None:
    case = load_case(write(tmp_path, MORE))
    assert (case.given[0].shelf, case.given[0].content) == ("documents", {"Objet": "Mutation"})
    assert case.world.portal == {"documents": {"D-1": Held(says={"Objet": "Mutation"}), "D-2": Held(count=0)}}
    assert case.world.folders == {"archive": ("2026/a.pdf",), "depot": ()}
    assert case.world.mails is not None
    assert case.world.mails[0].attached == ("a.pdf",)


def test_each_run_of_a_case_may_have_a_day_of_its_own(tmp_path: Path) -> None:
    case = load_case(write(tmp_path, MORE))
    assert (case.runs, [case.day(run) for run in (1, 2, 3)]) == (2, [date(2026, 11, d) for d in (16, 23, 23)])
    with pytest.raises(DefinitionError) as caught:
        load_case(write(tmp_path, MORE.replace('"2026-11-23"', '"2026-11-15"')))
    assert "a day from 16/11/2026 on" in str(caught.value.diagnostics[0])


def test_the_problems_of_all_cases_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, WHOLE.replace("robo: 1", "robo: 2"), "a")
    write(tmp_path, WHOLE.replace("runs: 2", "run: 2"), "b")
    with pytest.raises(DefinitionError) as caught:
        load_cases(tmp_path)
    assert [Path(found.position.file).stem for found in caught.value.diagnostics] == ["a", "b"]


def test_cases_come_by_name(tmp_path: Path) -> None:
    write(tmp_path, WHOLE, "b")
    write(tmp_path, WHOLE, "a")
    assert [case.id for case in load_cases(tmp_path)] == ["a", "b"]
