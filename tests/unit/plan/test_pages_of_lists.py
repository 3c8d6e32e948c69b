"""What the actions on lists and grids ask of a definition: a page to begin on, `row` where it means something."""

from __future__ import annotations

from pathlib import Path

import pytest

from robo.definition.loading import load_process
from robo.errors import DefinitionError
from robo.plan.build import build
from robo.plan.manual import manual
from robo.plan.model import Plan
from robo.services.guests import installed_actions

HEAD = "robo: 1\nprocess: essai\ntitle: Essai\ninputs: {portal: {type: url}}\n"
ITEMS = """\
items:
  from: {browser.rows: {%snext: Suivant, empty: Aucun dossier, max_pages: 200}}
  fields: {number: N°, day: {column: Date, type: date}}
  key: ${{ item.number }}
steps:
  - browser.open: ${{ inputs.portal }}
"""
ROW = "steps:\n  - files.update_row: {set: {Vu: oui}}\n"
AT = 'at: "${{ inputs.portal }}/liste", '
STEPS = """\
steps:
  - id: lines
    browser.rows: {at: "${{ inputs.portal }}/liste", read: {account: Compte, amount: {label: Montant, type: money}}}
  - browser.open: ${{ inputs.portal }}/saisie
  - browser.fill_rows:
      rows: ${{ lines.rows }}
      columns: {Compte: "${{ row.account | strip }}", Montant: "${{ row.amount }}", Libellé: Frais}
      add: {button: Ajouter, within: {section: Lignes}}
  - browser.pick_date: {Date: "${{ run.date | add_days(30) }}"}
  - id: kept
    browser.download: {target: {link: Récépissé}, name: recepisse.pdf, max_mb: 20}
  - browser.upload: {Justificatif: "${{ kept.file }}"}
  - browser.download: {link: Autre}
  - browser.pdf: page
  - skip_if: kept.size == 0
"""


def planned(text: str) -> Plan:
    actions = installed_actions()
    return build(load_process(Path("essai/process.yaml"), HEAD + text, actions=actions), None, actions)


def codes(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as told:
        planned(text)
    return [each.code for each in told.value.diagnostics]


def test_a_list_is_a_source_when_it_says_where_it_is() -> None:
    assert planned(ITEMS % AT).runners == ("browser",)


def test_a_list_without_a_page_to_begin_on_is_no_source() -> None:
    assert codes(ITEMS % "") == ["RB416"]


@pytest.mark.parametrize(
    ("written", "count"),
    [
        (ITEMS % AT + "  - files.update_row: {set: {Vu: oui}}\n", 1),
        (ITEMS % AT + "on_rejected:\n  - files.update_row: {set: {Vu: non}}\n", 1),
        ("items: {from: [{N: a}], fields: {number: N}, key: '${{ item.number }}'}\n" + ROW, 1),
        (ROW, 1),
        ("items: {from: {files.rows: {file: a.csv}}, fields: {number: N}, key: '${{ item.number }}'}\n" + ROW, 0),
    ],
    ids=["a list of the application", "what is done about a rejection", "a list of the process", "no items", "a file"],
)
def test_only_the_row_of_a_file_can_be_written_into(written: str, count: int) -> None:
    assert (codes(written) if count else [planned(written)][1:]) == ["RB474"] * count


def test_the_columns_of_a_grid_read_the_row_in_hand() -> None:
    assert planned(STEPS)


def test_nothing_else_reads_a_row() -> None:
    other = STEPS.replace("- browser.pdf: page", '- browser.fill: {Compte: "${{ row.account }}"}')
    assert codes(other) == ["RB303"]


def test_the_manual_tells_lists_grids_calendars_and_files() -> None:
    said = [
        line for chapter in manual(planned(STEPS)) for each in chapter.sentences for line in (each.text, *each.notes)
    ]
    assert "In the list of the page « portal »/liste, read of each row: « Compte », « Montant »." in said
    assert "in the column « Libellé » enter « Frais »" in said
    assert "In the calendar of « Date » choose the day of the run plus 30 days." in said
    assert "Press « Récépissé » and keep the file as « recepisse.pdf »." in said
    assert "Give « Justificatif » the file « file » noted before." in said
    taking = manual(planned(ITEMS % AT))[0].sentences[0]
    assert taking.text == "In the list of the page « portal »/liste, take the next row."
