"""A log that changes its key says so, and both keys sign that: no key seals anything before or behind its own time."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from robo.errors import InfrastructureError
from robo.proof.checkpoint import LogProof
from robo.proof.entry import read_entry
from robo.proof.findings import Flaw, Report
from robo.proof.handover import CHANGED
from robo.proof.merkle import inclusion_proof
from robo.proof.note import Note, SigningKey
from robo.proof.policy import Policy, read_policy
from robo.proof.verify import verify_log, verify_region
from tests.unit.proof.conftest import ORIGIN, Written, key
from tests.unit.proof.test_merkle import Leaves

THIRD = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"3" * 32))
SECOND = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"2" * 32))
FIRST = key(ORIGIN)
WRONG = "is not signed by the key that the log has there"


def signed(log: Written, *keys: SigningKey) -> Note:
    """A checkpoint of what there is, by these keys, seen by all."""
    log.key = keys[0]
    note = log.seal()
    for each in keys[1:]:
        note = note.with_signature(each.sign(note.text))
    log.checkpoints[-1] = note
    return note


def hand_over(log: Written, old: SigningKey = FIRST, new: SigningKey = SECOND) -> None:
    log.add(type=CHANGED, obj=ORIGIN, data={"old": str(old.verifier()), "new": str(new.verifier())})


def policy(*keys: SigningKey) -> Policy:
    others = Written().policy_text().partition("\n")[2]
    return read_policy("".join(f"log {each.verifier()}\n" for each in keys) + others)


def verified(log: Written, *keys: SigningKey, **given: Any) -> Report:
    return verify_log(ORIGIN, log.log(**given), policy(*(keys or (FIRST, SECOND))))


@pytest.fixture
def changed() -> Written:
    """Three entries, the hand-over and its checkpoint, one entry more that the new key sealed."""
    log = Written()
    for _ in range(3):
        log.add()
    signed(log, FIRST)
    hand_over(log)
    signed(log, FIRST, SECOND)
    log.add()
    signed(log, SECOND)
    return log


def told(report: Report) -> tuple[Flaw, int | None, str]:
    finding = report.findings[0]
    return finding.flaw, finding.seq, str(finding.error)


def test_a_log_that_changed_its_key_verifies_over_the_change(changed: Written) -> None:
    report = verified(changed)
    assert (report.whole, report.sealed, report.remarks) == (True, 5, [])


def test_a_log_may_change_its_key_again(changed: Written) -> None:
    hand_over(changed, SECOND, THIRD)
    signed(changed, SECOND, THIRD)
    changed.add()
    signed(changed, THIRD)
    assert verified(changed, FIRST, SECOND, THIRD).whole


def test_an_old_key_seals_nothing_behind_the_hand_over(changed: Written) -> None:
    """It was stolen later: whoever has it writes on, and even leaves the hand-over where it is."""
    changed.add()
    signed(changed, FIRST)
    assert told(verified(changed)) == (Flaw.KEY, 5, f"the checkpoint of 6 entries {WRONG}")
    changed.checkpoints = changed.checkpoints[:2] + changed.checkpoints[-1:]
    assert told(verified(changed))[0] is Flaw.KEY


def test_the_holder_of_the_new_key_rewrites_nothing_older() -> None:
    """The old one is destroyed: neither an earlier checkpoint nor the one of the hand-over can be made again."""
    log = Written()
    log.add(obj="item:forged")
    signed(log, SECOND)
    assert told(verified(log)) == (Flaw.KEY, 0, f"the checkpoint of 1 entries {WRONG}")
    log.checkpoints.clear()
    hand_over(log)
    signed(log, SECOND)
    assert told(verified(log)) == (Flaw.KEY, 1, f"the checkpoint of 2 entries {WRONG}")


def test_the_earlier_key_alone_does_not_hand_over(changed: Written) -> None:
    changed.checkpoints[1] = Note(changed.checkpoints[1].text, changed.checkpoints[1].signatures[:-1])
    assert told(verified(changed)) == (Flaw.KEY, 3, f"the checkpoint of 4 entries {WRONG}")


def test_an_empty_checkpoint_behind_the_hand_over_stands_in_any_order(changed: Written) -> None:
    changed.checkpoints.insert(0, changed.checkpoints[1])
    assert verified(changed).whole


@pytest.mark.parametrize("only", [FIRST, SECOND], ids=["the first", "the second"])
def test_a_policy_with_one_of_two_keys_judges_no_further_than_the_hand_over(only: SigningKey, changed: Written) -> None:
    report = verified(changed, only)
    assert {each.error.code for each in report.findings} == {"RB648"}
    flaw, seq, message = report.findings[-1].flaw, report.findings[-1].seq, str(report.findings[-1].error)
    assert (flaw, seq, message) == (
        Flaw.KEY,
        3,
        "the log changes its key here, and the policy has only one of the two",
    )


@pytest.mark.parametrize("keys", [(SECOND, FIRST), (FIRST, THIRD)], ids=["order", "another"])
def test_a_hand_over_that_the_policy_does_not_know_is_told(keys: tuple[SigningKey, ...], changed: Written) -> None:
    del changed.entries[4:], changed.checkpoints[:1], changed.checkpoints[1:]
    report = verified(changed, *keys)
    assert told(report) == (
        Flaw.KEY,
        3,
        "the log is handed over by a key or to a key that is not the next one of the policy",
    )
    assert "a line `log` for each key" in report.findings[0].error.remedy


def test_a_hand_over_without_keys_is_none(changed: Written) -> None:
    log = Written()
    log.add(type=CHANGED, obj=ORIGIN, data={})
    signed(log, FIRST)
    assert told(verified(log))[:2] == (Flaw.KEY, 0)


def test_a_change_of_a_former_log_that_goes_on_under_this_name_is_history() -> None:
    log = Written()
    log.add(type=CHANGED, obj="robo.example/before", data={"old": "robo.example/before+x", "new": "y"})
    signed(log, FIRST)
    assert verified(log, FIRST).whole


def of_region(log: Written, region: str, *keys: SigningKey) -> Report:
    """The region's entries and the proof of the last, under the newest checkpoint."""
    entries = [raw for raw in log.entries if read_entry(raw)["region"] == region]
    index, note = read_entry(entries[-1])["seq"], log.checkpoints[-1]
    path = inclusion_proof(index, len(log.entries), Leaves(log.leaves()).node)
    return verify_region(
        ORIGIN, region, entries, LogProof(index, tuple(path), note), policy(*(keys or (FIRST, SECOND)))
    )


def test_a_region_sealed_by_a_key_that_the_log_handed_over_is_refused_where_the_region_tells(changed: Written) -> None:
    """The old key was stolen: the region that has the hand-over refuses it, in the others the auditor must look."""
    changed.add("bfc")
    signed(changed, SECOND)
    assert [of_region(changed, region).remarks for region in ("idf", "bfc")] == [[], []]
    signed(changed, FIRST)
    with pytest.raises(InfrastructureError, match=WRONG):
        of_region(changed, "idf")
    assert [each.flaw for each in of_region(changed, "bfc").remarks] == [Flaw.KEY]
    with pytest.raises(InfrastructureError, match="not the next one of the policy") as caught:
        of_region(changed, "idf", FIRST, THIRD)
    assert caught.value.place == "entry 3"


def test_an_export_that_ends_before_a_change_the_policy_knows_is_remarked() -> None:
    """An older copy, or one that a stolen old key made and that leaves the change out: the auditor must look."""
    log = Written()
    log.add()
    signed(log, FIRST)
    report = verified(log)
    assert report.whole
    assert [each.flaw for each in report.remarks] == [Flaw.KEY]
    assert "without what came then" in str(report.remarks[0].error)
