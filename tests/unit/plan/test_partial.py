"""Rules speak of the good parts of a definition where others are broken, and never of what a slip entails."""

from __future__ import annotations

from typing import Any

import pytest

from robo.definition.loading import check_process, what_is_there
from robo.plan.partial import problems_of_good_parts

SECRETS = "secrets:\n  portal: {kind: certificate}\n"
LOGIN = """\
start:
  - page.login: {at: "${{ inputs.portal }}", secret: portal, username: Nom}
"""
STEPS = """\
steps:
  - set: {a: "${{ nowhere }}"}
  - files.update_row: {set: {Réf: x}}
"""


def told(bench: Any, text: str) -> list[str]:
    """The codes that only the rules of a plan tell."""
    _, known = check_process("essai.yaml", text, actions=bench.actions)
    there = what_is_there("essai.yaml", text, actions=bench.actions)
    assert known
    assert there is not None
    return [found.code for found in problems_of_good_parts(there, None, bench.actions, known)]


def listed(bench: Any) -> str:
    """The head with items that come of no file."""
    text: str = bench.head
    return text.replace('{files.rows: "${{ inputs.export }}"}', '[{N° demande: "1", Nom: a, Motif: b}]')


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("", "", ["RB476", "RB474"]),
        ("kind: certificate", "kind: certificat", ["RB474"]),
        ("secrets:", "secretes:", []),
        ("key: ${{ item.number }}", "key: ${{ item.numbre }}", ["RB476"]),
        ("username: Nom", "usename: Nom", ["RB474"]),
        ("{set: {Réf: x}}", "{sett: {Réf: x}}", ["RB476"]),
    ],
)
def test_a_rule_speaks_where_the_step_and_the_section_it_looks_at_are_whole(
    bench: Any, old: str, new: str, codes: list[str]
) -> None:
    text = listed(bench) + SECRETS + LOGIN + STEPS
    assert told(bench, text.replace(old, new)) == codes
