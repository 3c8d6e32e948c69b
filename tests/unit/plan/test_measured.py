"""What a baseline is bound to: the effects of a process and what it leaves out, not how it reads or is called."""

from __future__ import annotations

from typing import Any

import pytest

from robo.model.base import Environment
from robo.plan.measured import effects_digest
from robo.services.worker.beginning import new_run
from robo.services.worker.requests import RunRequest
from robo.store.debits import EFFECTS

FILTER = '  - reject_if: "item.kind is missing"\n    code: no-reason\n'


def steps(bench: Any, *, before: str = "", was: str = "", now: str = "") -> str:
    first, rest = str(bench.created).replace(was, now).split("steps:\n", 1)
    return f"{first}steps:\n{before}{rest}"


@pytest.mark.parametrize(
    ("before", "was", "now"),
    [
        ("", "/n\n", "/n?autre=1\n"),
        ("", "Enregistrer", "Valider"),
        ("", "Nom:", "Nom de famille:"),
        (FILTER, "", ""),
    ],
    ids=["what leads to the submit", "the submit", "an entry", "a filter"],
)
def test_another_effect_or_filter_is_another_measurement(bench: Any, before: str, was: str, now: str) -> None:
    changed = steps(bench, before=before, was=was, now=now)
    assert effects_digest(bench.plan(changed)) != effects_digest(bench.plan())


def test_another_unit_or_choice_of_items_is_another_measurement(bench: Any) -> None:
    same = effects_digest(bench.plan())
    for more in (
        "  only_if: \"item.kind == 'A'\"\ntables:",
        'counts: {unit: dossier, key: "${{ item.number }}"}\ntables:',
    ):
        assert effects_digest(bench.plan(head=bench.head.replace("tables:", more))) != same


def test_titles_and_reading_steps_may_change(bench: Any) -> None:
    same = effects_digest(bench.plan())
    titled = steps(bench, was="  - id: created\n", now="  - id: created\n    title: Créer le dossier\n")
    reading = steps(bench, before="  - id: look\n    page.open: ${{ inputs.portal }}/accueil\n")
    later = bench.head.replace("title: Un essai", "title: Un autre titre")
    assert effects_digest(bench.plan(titled)) == same
    assert effects_digest(bench.plan(reading)) == same
    assert effects_digest(bench.plan(head=later)) == same


def test_a_run_is_created_with_the_effects_that_its_entry_says_and_keeps_them(bench: Any) -> None:
    new = new_run(bench.plan(), RunRequest(process="p", region="r"), Environment.PRODUCTION, {}, {})
    assert new.options[EFFECTS] == new.effects == effects_digest(bench.plan())
