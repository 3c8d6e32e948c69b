"""Which columns of its source a plan fills."""

from __future__ import annotations

from typing import Any

import pytest

from robo.plan.columns import written_columns

BLOCK = """\
  - title: Reporter
    do:
      - files.update_row: {set: {N° dossier: "1", Vu: "oui"}}
  - files.update_row: {set: {Vu: "non", État: "fait"}}
"""


def test_every_column_that_a_step_fills_is_named_once(bench: Any) -> None:
    assert written_columns(bench.plan("steps:\n" + BLOCK)) == ("N° dossier", "Vu", "État")


@pytest.mark.parametrize(
    "step",
    [
        "  - files.update_row: {file: copie.xlsx, set: {Vu: oui}}\n",
        "  - files.update_row: {set: {Vu: oui}}\n    optional: yes\n",
        "  - page.open: https://a.exemple\n",
    ],
    ids=["another file", "optional", "no column"],
)
def test_a_column_that_need_not_be_there_is_not_named(bench: Any, step: str) -> None:
    assert written_columns(bench.plan("steps:\n" + step)) == ()
