"""A parameter that is evaluated for each row of another: a line for each, its blanks kept."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from robo.definition.loading import load_process
from robo.engine.calls import make_call
from robo.engine.scope import Names
from robo.model.base import MISSING
from robo.plan.build import build
from robo.services.guests import installed_actions

TEXT = """\
robo: 1
process: essai
title: Essai
inputs: {portal: {type: url}}
steps:
  - set: {rows: "${{ run.date }}", fund: FDVA}
  - browser.open: ${{ inputs.portal }}
  - browser.fill_rows:
      rows: ${{ rows }}
      columns: {Compte: "${{ row.account }}", Montant: "${{ row.amount }}", Fonds: "${{ fund | lower }}"}
"""


async def _never(_name: str) -> Any:
    raise AssertionError


ROWS = {
    "two": (
        ({"account": "1", "amount": Decimal(2)}, {"account": "2", "amount": MISSING}),
        (
            {"Compte": "1", "Montant": Decimal(2), "Fonds": "fdva"},
            {"Compte": "2", "Montant": MISSING, "Fonds": "fdva"},
        ),
    ),
    "none": ((), ()),
}


@pytest.mark.parametrize(("rows", "lines"), ROWS.values(), ids=ROWS.keys())
async def test_columns_are_evaluated_for_each_row(rows: Any, lines: Any) -> None:
    actions = installed_actions()
    plan = build(load_process(Path("essai/process.yaml"), TEXT, actions=actions), None, actions)
    step = plan.segments[0].lead[-1].steps[0]  # type: ignore[union-attr]  # no group stands there
    call = await make_call(plan, step, Names({"rows": rows, "fund": "FDVA"}, _never))
    assert call.params.lines == lines  # type: ignore[attr-defined]  # those of browser.fill_rows
    assert list(call.params.columns) == ["Compte", "Montant", "Fonds"]  # type: ignore[attr-defined]
