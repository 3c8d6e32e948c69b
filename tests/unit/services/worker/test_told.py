"""What an attempt is told of its item besides the row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from robo.definition.loading import load_process
from robo.plan.build import build
from robo.services.guests import installed_actions
from robo.services.worker.told import sensitive_values

PROCESS = """robo: 1
process: essai
title: Essai
inputs: {export: {type: file}, since: {type: date, sensitive: true}}
items:
  from: {files.rows: {file: "${{ inputs.export }}"}}
  fields:
    number: N°
    born: {column: Né le, type: date, sensitive: true}
    income: {column: Revenu, type: money, sensitive: true}
  key: ${{ item.number }}
steps:
  - files.update_row: {set: {Vu: oui}}
"""


def test_a_sensitive_value_is_hidden_as_it_is_kept_and_as_an_expression_writes_it() -> None:
    actions = installed_actions()
    plan = build(load_process("essai/process.yaml", PROCESS, actions=actions), None, actions)
    item = {"number": "N1", "born": date(1990, 2, 1), "income": Decimal("1234.50")}
    assert set(sensitive_values(plan, item, {"since": date(2026, 3, 4)})) == {
        *("1990-02-01", "01/02/1990", "1234.50", "1234,50", "2026-03-04", "04/03/2026"),
    }
