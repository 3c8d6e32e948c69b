"""What a sign-in is told goes with the kind of its secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from robo.definition.loading import load_process
from robo.errors import DefinitionError
from robo.plan.build import build
from robo.plan.manual import manual
from robo.plan.model import Plan
from robo.services.guests import installed_actions

TYPED = "username: Compte, password: Mot de passe, button: Entrer"


def planned(kind: str, words: str, expect: str = "", more: str = "") -> Plan:
    """A process with a sign-in of this kind that is told these words."""
    return plan_of(text_of(kind, words, expect, more))


def plan_of(text: str) -> Plan:
    actions = installed_actions()
    return build(load_process(Path("essai/process.yaml"), text, actions=actions), None, actions)


def text_of(kind: str, words: str, expect: str, more: str) -> str:
    return f"""\
robo: 1
process: essai
title: Essai
inputs: {{portal: {{type: url}}}}
secrets: {{portal: {{kind: {kind}}}{more}}}
setup:
  - browser.login: {{at: "${{{{ inputs.portal }}}}", secret: portal{words and ", "}{words}}}
{expect and "    expect: " + expect}
steps:
  - browser.open: ${{{{ inputs.portal }}}}
"""


def codes(kind: str, words: str, expect: str = "", more: str = "") -> list[str]:
    """What is wrong with it."""
    return wrong_in(text_of(kind, words, expect, more))


def wrong_in(text: str) -> list[str]:
    """The codes of what is wrong with a process."""
    try:
        plan_of(text)
    except DefinitionError as wrong:
        return [each.code for each in wrong.diagnostics]
    return []


@pytest.mark.parametrize(
    ("kind", "words", "expect"),
    [
        ("password", TYPED, ""),
        ("password+otp", f"{TYPED}, otp: Code, otp_button: Valider", ""),
        ("certificate", "", ""),
        ("attended", "", "{heading: Accueil}"),
        ("certificate", "button: Entrer avec mon certificat, wrong: Accès refusé", "{heading: Accueil}"),
    ],
)
def test_a_sign_in_that_says_what_its_kind_needs_is_taken(kind: str, words: str, expect: str) -> None:
    assert codes(kind, words, expect) == []


@pytest.mark.parametrize(
    ("kind", "words", "code"),
    [
        ("password", "username: Compte", "RB475"),
        ("password", f"{TYPED}, otp: Code", "RB476"),
        ("password+otp", TYPED, "RB475"),
        ("certificate", "username: Compte", "RB476"),
        ("attended", "button: Entrer", "RB476"),
    ],
)
def test_what_is_lacking_or_odd_is_told(kind: str, words: str, code: str) -> None:
    assert codes(kind, words, "{heading: Accueil}") == [code]


def test_a_person_who_signs_in_is_known_by_what_the_page_shows_then() -> None:
    assert codes("attended", "") == ["RB477"]


def test_a_process_shows_one_certificate() -> None:
    assert codes("certificate", "", more=", autre: {kind: certificate}") == ["RB478"]


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [("attended", "", "sign in."), ("password", TYPED, "sign in with your own account and press « Entrer ».")],
)
def test_the_manual_says_what_a_person_does(kind: str, words: str, said: str) -> None:
    chapters = manual(planned(kind, words, "{heading: Accueil}"))
    assert any(each.text.endswith(said) for chapter in chapters for each in chapter.sentences)


@pytest.mark.parametrize(("second", "wrong"), [("autre", ["RB485"]), ("portal", [])])
def test_an_exclusive_account_is_the_only_one_of_its_process(second: str, wrong: list[str]) -> None:
    text = f"""\
robo: 1
process: essai
title: Essai
inputs: {{portal: {{type: url}}, other: {{type: url}}}}
sessions: {{account: exclusive}}
setup:
  - browser.login: {{at: "${{{{ inputs.portal }}}}", secret: portal, {TYPED}}}
  - browser.login: {{at: "${{{{ inputs.other }}}}", secret: {second}, {TYPED}}}
steps:
  - browser.open: ${{{{ inputs.portal }}}}
"""
    assert wrong_in(text) == wrong
