"""Whom an auditor trusts, and what a checkpoint is worth by that."""

from __future__ import annotations

import pytest

from robo.errors import InfrastructureError, fill
from robo.proof.note import COSIGNATURE, Note, SigningKey
from robo.proof.policy import Light, Policy, judge, read_policy
from tests.unit.proof.conftest import NOON, Written, key

LOG = key("log.example").verifier()
A, B, C = (key(f"{name}.example").verifier(COSIGNATURE) for name in "abc")
SELF_SEEN = key("a.example").verifier()
"""The key of witness A, as a log's."""


def test_the_two_levels_of_the_specification_s_example_are_counted() -> None:
    keys = {name: key(name).verifier(COSIGNATURE) for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")}
    lines = [f"witness {name} {each}" for name, each in keys.items()]
    groups = [
        "group X-witnesses 2 X1 X2 X3",
        "group Y-witnesses any Y1 Y2 Y3",
        "group X-and-Y all X-witnesses Y-witnesses",
    ]
    policy = read_policy("\n".join([f"log {LOG}", *lines, *groups, "quorum X-and-Y"]))
    assert policy.logs == (LOG,)
    assert policy.is_met(dict.fromkeys(["X1", "X3", "Y2"], NOON))
    assert not policy.is_met(dict.fromkeys(["X1", "X2", "X3"], NOON))
    assert not policy.is_met(dict.fromkeys(["X1", "Y1", "Y2", "Y3"], NOON))


def test_blanks_comments_and_addresses_are_left_alone() -> None:
    policy = read_policy(f"\n# comment\n\t # another\n\twitness \t w1  {A}   https://w1.example/  \n\n  quorum\tw1")
    assert (policy.witnesses, policy.quorum) == ({"w1": A}, "w1")


def test_words_of_the_format_may_be_names() -> None:
    policy = read_policy(f"witness all {A}\nwitness any {B}\ngroup group 2 all any\nquorum group\n")
    assert policy.groups == {"group": (2, ("all", "any"))}


def test_no_witness_may_be_asked_for() -> None:
    assert read_policy("quorum none\n").is_met({})
    assert Policy().is_met({})


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("quorum none\n\x01", "line 2", "it holds control characters"),
        ("quorum none\r\n", "line 1", "it holds control characters"),
        ("quibble w1\nquorum none", "line 1", "it is no line of a policy: log, witness, group or quorum"),
        (
            f"witness w1 {A} https://w1.example # why\nquorum w1",
            "line 1",
            "it is no line of a policy: log, witness, group or quorum",
        ),
        ("log\nquorum none", "line 1", "it is no line of a policy: log, witness, group or quorum"),
        (f"witness w1 {A}\ngroup g 1\nquorum w1", "line 2", "it is no line of a policy: log, witness, group or quorum"),
        (f"log {LOG}\nlog {LOG}\nquorum none", "line 2", "the same key stands on an earlier line"),
        (f"witness w1 {A}\nwitness w2 {A}\nquorum w1", "line 2", "the same key stands on an earlier line"),
        (f"witness w1 {A}\nlog {SELF_SEEN}\nquorum w1", "line 2", "the same key stands on an earlier line"),
        (f"log {SELF_SEEN}\nwitness w1 {A}\nquorum w1", "line 2", "the same key stands on an earlier line"),
        (f"log {A}\nquorum none", "line 1", "a log's key signs notes (01), a witness's key cosigns (04)"),
        (f"witness w1 {LOG}\nquorum w1", "line 1", "a log's key signs notes (01), a witness's key cosigns (04)"),
        (f"witness none {A}\nquorum none", "line 1", "the name none is taken"),
        (f"witness w1 {A}\nwitness w1 {B}\nquorum w1", "line 2", "the name w1 is taken"),
        (f"witness w1 {A}\ngroup w1 any w1\nquorum w1", "line 2", "the name w1 is taken"),
        (f"witness w1 {A}\ngroup g 0 w1\nquorum g", "line 2", "a group needs `all`, `any` or a number of its members"),
        (f"witness w1 {A}\ngroup g 2 w1\nquorum g", "line 2", "a group needs `all`, `any` or a number of its members"),
        (f"witness w1 {A}\ngroup g -1 w1\nquorum g", "line 2", "a group needs `all`, `any` or a number of its members"),
        (f"witness w1 {A}\ngroup g any w2\nquorum g", "line 2", "no line before names a witness or a group w2"),
        (f"group g any w1\nwitness w1 {A}\nquorum g", "line 1", "no line before names a witness or a group w1"),
        (f"witness w1 {A}\ngroup g any none w1\nquorum g", "line 2", "no line before names a witness or a group none"),
        (f"witness w1 {A}\nquorum w2", "line 2", "no line before names a witness or a group w2"),
        (f"quorum w1\nwitness w1 {A}", "line 1", "no line before names a witness or a group w1"),
        (f"witness w1 {A}\ngroup g all w1 w1\nquorum g", "line 2", "w1 is a member already"),
        (
            f"witness w1 {A}\nwitness w2 {B}\ngroup g any w1 w2\ngroup h any w1\nquorum g",
            "line 4",
            "w1 is a member already",
        ),
        (f"witness w1 {A}\nquorum w1\nquorum w1", "line 3", "the quorum is said twice"),
        (f"witness w1 {A}\n", "", "it has no line `quorum`"),
    ],
)
def test_a_policy_that_cannot_be_used_says_where_and_why(text: str, place: str, why: str) -> None:
    with pytest.raises(InfrastructureError) as caught:
        read_policy(text)
    assert (caught.value.code, caught.value.place) == ("RB635", place)
    assert str(caught.value) == f"the policy cannot be used: {why}"


def test_a_key_that_cannot_be_read_says_on_which_line() -> None:
    with pytest.raises(InfrastructureError, match="a verifier key cannot be read") as caught:
        read_policy("# logs\nlog garbage\nquorum none")
    assert (caught.value.code, caught.value.place) == ("RB632", "line 2")


def test_a_fresh_quorum_is_green_and_names_who_saw_it(sealed: Written) -> None:
    verdict = judge(sealed.policy(), sealed.checkpoints[-1], now=NOON + 900)
    assert (verdict.light, verdict.by) == (Light.GREEN, {"bfc": NOON, "pdl": NOON})


@pytest.mark.parametrize(
    ("witnesses", "when", "now", "met", "why"),
    [
        (("bfc",), NOON, NOON, False, "too few witnesses countersigned"),
        ((), NOON, NOON, False, "too few witnesses countersigned"),
        (("bfc", "pdl"), NOON, NOON + 901, True, "the witnesses countersigned too long ago"),
        (("bfc", "pdl"), NOON + 301, NOON, False, "too few witnesses countersigned"),
    ],
    ids=["one of three", "none", "long ago", "from the future"],
)
def test_a_quorum_that_is_late_or_short_is_orange(
    written: Written, witnesses: tuple[str, ...], when: int, now: int, met: bool, why: str
) -> None:
    verdict = judge(written.policy(), written.seal(witnesses, when), now)
    assert (verdict.light, verdict.met, said(verdict.why)) == (Light.ORANGE, met, why)


def test_a_witness_that_refused_is_red_whatever_the_others_say(sealed: Written) -> None:
    verdict = judge(sealed.policy(), sealed.checkpoints[-1], NOON, refused="guyane")
    assert (verdict.light, verdict.met) == (Light.RED, True)
    assert said(verdict.why) == "guyane refused to countersign: it has seen another history of this log"


def test_a_cosignature_of_another_text_is_red(sealed: Written) -> None:
    note = sealed.checkpoints[-1].with_signature(sealed.witnesses["guyane"].cosign("another\n", NOON))
    verdict = judge(sealed.policy(), note, NOON)
    assert verdict.light is Light.RED
    assert "guyane.example/witness is wrong" in said(verdict.why)


def test_a_witness_counts_once_however_often_it_signed(written: Written) -> None:
    note, bfc = written.seal(("bfc",)), written.witnesses["bfc"]
    twice = Note(note.text, (*note.signatures, bfc.cosign(note.text, NOON + 1), bfc.cosign(note.text, NOON)))
    verdict = judge(written.policy(), Note.parse(str(twice)), NOON)
    assert (verdict.light, verdict.by, verdict.met) == (Light.ORANGE, {"bfc": NOON}, False)


def test_a_key_of_ones_own_under_the_name_of_a_witness_counts_for_nothing(written: Written) -> None:
    note = written.seal(("bfc",))
    mine = SigningKey("pdl.example/witness", key("mine").private)
    verdict = judge(written.policy(), note.with_signature(mine.cosign(note.text, NOON)), NOON)
    assert (verdict.light, verdict.by, verdict.met) == (Light.ORANGE, {"bfc": NOON}, False)


def test_a_checkpoint_of_a_log_that_is_not_in_the_policy_is_red() -> None:
    note = Written("elsewhere.example").seal()
    verdict = judge(Written().policy(), Note.parse(str(note)), NOON)
    assert (verdict.light, verdict.by) == (Light.RED, {})
    assert said(verdict.why) == "no key that is known for the log elsewhere.example signed this checkpoint"


def said(why: object) -> str:
    return fill("%(why)s", {"why": why})
