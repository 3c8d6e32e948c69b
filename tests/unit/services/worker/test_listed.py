"""Rows that a definition writes out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from robo.definition.loading import load_process
from robo.errors import UsageError
from robo.model.base import MISSING
from robo.plan.build import build
from robo.plan.manual import manual
from robo.plan.model import Plan
from robo.services.worker.opening import Choice, read_source
from tests.benchmarks.guest import ACTIONS

PROCESS = """robo: 1
process: bench
title: A list
items:
  from:
    - {Service: RH, Jour: "${{ run.date }}"}
    - {Service: Paie}
    - {Service: "", Jour: 01/02/2026}
  fields: {service: Service, day: {column: Jour, type: date, required: no}}
  key: ${{ item.service }}
steps:
  - bench.look: ${{ item.service }}
"""
TODAY = date(2026, 6, 9)


def plan_of(text: str = PROCESS) -> Plan:
    return build(load_process(Path("bench/process.yaml"), text, actions=ACTIONS), None, ACTIONS)


async def source_of(plan: Plan) -> Any:
    base = {"run": {"date": TODAY}}
    return await read_source(plan, None, lambda item: {**base, "item": item}, base, Choice())  # type: ignore[arg-type]  # a list needs no session


async def test_each_row_is_an_item_with_its_line_as_its_place() -> None:
    first, second, empty = (await source_of(plan_of())).items
    assert (first.key, first.row["day"], first.place, first.row["row"]) == ("RH", TODAY, "bench/process.yaml:6", 1)
    assert (second.key, second.row["day"], second.trouble) == ("Paie", MISSING, None)
    assert empty.trouble is not None
    assert empty.trouble.code == "bad-field"


async def test_a_row_that_is_written_otherwise_is_another_row() -> None:
    before, after = [(await source_of(plan_of(text))).items for text in (PROCESS, PROCESS.replace("Paie", "Solde"))]
    assert [one.digest == other.digest for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert plan_of().digest != plan_of(PROCESS.replace("Paie", "Solde")).digest


async def test_a_list_keeps_to_the_limit_of_rows() -> None:
    with pytest.raises(UsageError) as caught:
        await source_of(plan_of(PROCESS + "limits: {rows: 2}\n"))
    assert caught.value.code == "RB531"


def test_the_manual_reads_the_list_out() -> None:
    take, *_ = manual(plan_of())[0].sentences
    assert take.text == "Take the next of these: « RH », the day of the run; « Paie »; , « 01/02/2026 »."
