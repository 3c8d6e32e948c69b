"""Checks, hand-overs and notes: where they may stand, and what they leave."""

from __future__ import annotations

from typing import Any

import pytest

CHECK = "check: [{not: item.last is missing, code: nom, says: Le nom manque}]"
HAND_OVER = "{hand_over_if: item.last is missing, code: nom}"


def after(effect: str, step: str) -> str:
    return effect + f"  - {step}\n"


def test_a_check_that_rejects_comes_too_late_after_an_effect(bench: Any) -> None:
    assert bench.problems(after(bench.created, CHECK)) == [("RB407", f"- {CHECK}")]
    assert "hand_over" in bench.messages(after(bench.created, CHECK))


@pytest.mark.parametrize("way", ["hand_over", "continue"])
def test_a_check_that_does_not_reject_may_follow_an_effect(bench: Any, way: str) -> None:
    assert bench.plan(after(bench.created, CHECK + f"\n    else: {way}"))


def test_a_hand_over_may_follow_an_effect(bench: Any) -> None:
    assert bench.plan(after(bench.created, HAND_OVER))


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (CHECK, None),
        (CHECK + ", else: continue", None),
        (CHECK + ", else: hand_over", "RB432"),
        (HAND_OVER.strip("{}"), "RB432"),
        ("note: Vu", None),
    ],
    ids=["check", "check that continues", "check that hands over", "hand_over_if", "note"],
)
def test_in_a_once_block_nothing_is_handed_over(bench: Any, step: str, code: str | None) -> None:
    steps = bench.created.replace("    do:\n", f"    do:\n      - {{{step}}}\n")
    if code is None:
        assert bench.plan(steps)
    else:
        assert [found for found, _ in bench.problems(steps)] == [code]


@pytest.mark.parametrize("section", ["setup", "start"])
def test_a_session_hands_nothing_over(bench: Any, section: str) -> None:
    steps = f"{section}:\n  - {HAND_OVER.replace('item.last is missing', 'inputs.quiet is missing')}\n"
    said = bench.messages(steps + bench.created)
    assert ("RB432" in said, f"cannot stand in {section}" in said) == (True, True)


def test_verify_is_made_of_actions(bench: Any) -> None:
    steps = bench.created.replace(
        "verify: dossier", "verify: [{set: {x: a}}, {page.find: {at: https://a.exemple, where: {N: b}, read: {n: N}}}]"
    )
    assert [code for code, _ in bench.problems(steps)] == ["RB433"]


def test_the_verdict_of_a_check_that_may_be_left_out_is_used_with_care(bench: Any) -> None:
    steps = f"""\
        steps:
          - id: seen
            when: item.kind == 'a'
            {CHECK}
            else: continue
          - note: ${{{{ seen.lines | join(', ') }}}}
        """
    assert [code for code, _ in bench.problems(steps)] == ["RB423"]


def test_the_manual_lists_every_rule_of_a_check(bench: Any) -> None:
    from robo.plan.manual import manual

    steps = f"""\
        steps:
          - {CHECK}
          - {HAND_OVER}
          - note: Vu ${{{{ item.last }}}}
        """
    sentences = [sentence for chapter in manual(bench.plan(steps)) for sentence in chapter.sentences]
    said = "\n".join(line for sentence in sentences for line in (sentence.text, *sentence.notes))
    assert "set the row aside for a person and say why" in said
    assert "Le nom manque" in said
    assert "go on, and leave the rest to a person: nom." in said
    assert "Remark: Vu « Nom »." in said


def test_the_plan_of_another_rule_has_another_digest(bench: Any) -> None:
    one, two = (bench.plan(f"steps:\n  - {CHECK.replace('Le nom', word)}\n") for word in ("Le nom", "Un nom"))
    assert one.digest != two.digest
