"""A log is verified offline, and the first thing that is wrong is named. Every way of cheating is tried on one log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.proof.canonical import canonical
from robo.proof.checkpoint import LogProof
from robo.proof.entry import RegionHead, sequenced
from robo.proof.findings import Flaw, Report, broken
from robo.proof.merkle import Frontier, inclusion_proof
from robo.proof.payloads import PURGED
from robo.proof.policy import Light, read_policy
from robo.proof.verify import Log, verify_entry, verify_log, verify_region
from tests.unit.proof.conftest import NOON, ORIGIN, Written, key
from tests.unit.proof.test_merkle import Leaves


def first(report: Report) -> tuple[Flaw, int | None, str]:
    """What is wrong, where, and how it is told."""
    assert not report.whole
    finding = report.findings[0]
    return finding.flaw, finding.seq, str(finding.error)


def changed(raw: bytes, **members: Any) -> bytes:
    return canonical(json.loads(raw) | members)


def test_a_whole_log_says_how_far_it_is_sealed_and_seen(sealed: Written) -> None:
    report = verify_log(ORIGIN, sealed.log(payloads=sealed.kept()), sealed.policy(), NOON + 60)
    assert report.whole
    assert (report.size, report.root) == (12, sealed.frontier.root())
    assert (report.sealed, report.witnessed, report.regions) == (12, 12, {"bfc": 4, "idf": 8})
    assert (report.present, report.purged) == (12, 0)
    assert report.verdict is not None
    assert report.verdict.light is Light.GREEN


def test_an_empty_log_is_whole_when_its_silence_is_sealed(written: Written) -> None:
    written.seal()
    report = verify_log(ORIGIN, written.log(), written.policy())
    assert (report.whole, report.size) == (True, 0)


def test_entries_without_any_checkpoint_are_vouched_for_by_nobody(sealed: Written) -> None:
    flaw, seq, told = first(verify_log(ORIGIN, sealed.log(checkpoints=[]), sealed.policy()))
    assert (flaw, seq, told) == (Flaw.SIGNATURE, None, "there is no checkpoint: nobody stands for these entries")


def test_a_newest_checkpoint_that_waits_for_its_witnesses_is_orange_and_the_earlier_one_stands(sealed: Written) -> None:
    sealed.checkpoints.pop()
    sealed.seal(witnesses=["bfc"])
    report = verify_log(ORIGIN, sealed.log(), sealed.policy())
    assert (report.whole, report.sealed, report.witnessed) == (True, 12, 7)
    assert report.verdict is not None
    assert report.verdict.light is Light.ORANGE


TAMPERED: dict[str, tuple[Callable[[Written], Log], Flaw, int | None, str]] = {
    "an entry altered": (
        lambda log: log.log(entries=[*log.entries[:4], changed(log.entries[4], obj="item:5"), *log.entries[5:]]),
        Flaw.LEAF,
        4,
        "the entry was altered: its hash is not the one in the tree",
    ),
    "an entry and its leaf altered": (
        lambda log: log.log(
            entries=[*log.entries[:4], changed(log.entries[4], obj="item:5"), *log.entries[5:]], leaves=None
        ),
        Flaw.CHAIN,
        5,
        "the entry of idf before this one was another when this one was written",
    ),
    "the last entry of a region altered, with its leaf": (
        lambda log: log.log(entries=[*log.entries[:11], changed(log.entries[11], obj="item:5")], leaves=None),
        Flaw.ROOT,
        7,
        "this entry, or one behind it up to 11, is not what was sealed",
    ),
    "an entry not canonical": (
        lambda log: log.log(entries=[*log.entries[:4], log.entries[4].replace(b",", b", "), *log.entries[5:]]),
        Flaw.ENTRY,
        4,
        "these bytes are not canonical JSON",
    ),
    "an entry too large": (
        lambda log: log.log(entries=[*log.entries[:4], log.entries[4].ljust(4097), *log.entries[5:]]),
        Flaw.ENTRY,
        4,
        "an audit event of 4097 bytes is larger than an entry may be",
    ),
    "a row deleted": (
        lambda log: log.log(entries=log.entries[:4] + log.entries[5:], leaves=log.leaves()[:4] + log.leaves()[5:]),
        Flaw.ORDER,
        4,
        "entry 5 stands in its place",
    ),
    "a row doubled": (
        lambda log: log.log(entries=log.entries[:5] + log.entries[4:]),
        Flaw.ORDER,
        5,
        "entry 4 stands in its place",
    ),
    "two rows swapped": (
        lambda log: log.log(entries=[*log.entries[:4], log.entries[5], log.entries[4], *log.entries[6:]]),
        Flaw.ORDER,
        4,
        "entry 5 stands in its place",
    ),
    "a row deleted and those behind renumbered": (
        lambda log: log.log(
            entries=[*log.entries[:4], *(changed(raw, seq=at) for at, raw in enumerate(log.entries[5:], 4))],
            leaves=None,
        ),
        Flaw.CHAIN,
        4,
        "the region idf has a gap: number 2 is missing, this is 3",
    ),
    "a truncated export": (
        lambda log: log.log(entries=log.entries[:9], leaves=log.leaves()[:9]),
        Flaw.TRUNCATED,
        9,
        "12 entries were sealed, and there are 9 before the first that is missing",
    ),
    "an entry behind the newest checkpoint": (
        lambda log: log.log(checkpoints=log.checkpoints[:1]),
        Flaw.UNSEALED,
        7,
        "no checkpoint seals this entry and those behind it",
    ),
    "a leaf altered": (
        lambda log: log.log(leaves=[*log.leaves()[:3], bytes(32), *log.leaves()[4:]]),
        Flaw.LEAF,
        3,
        "the entry was altered: its hash is not the one in the tree",
    ),
    "no cosignature at all": (
        lambda log: log.log(checkpoints=[unseen(each) for each in log.checkpoints]),
        Flaw.QUORUM,
        None,
        "no checkpoint is countersigned by as many witnesses as the policy asks for",
    ),
    "a payload altered": (
        lambda log: log.log(
            payloads=[(e, bytes(32), b"{}") if e == "event-3" else (e, s, b) for e, s, b in log.kept()]
        ),
        Flaw.PAYLOAD,
        3,
        "the payload was altered: it is not the one that the entry commits to",
    ),
    "a leaf behind the last entry": (
        lambda log: log.log(leaves=[*log.leaves(), bytes(32)]),
        Flaw.LEAF,
        12,
        "the tree has a leaf here that is of no entry: the entry is gone",
    ),
    "a payload that is of no entry": (
        lambda log: log.log(payloads=[*log.kept()[:3], ("event-x", b"", b"{}"), *log.kept()[3:]]),
        Flaw.PAYLOAD,
        2,
        "behind its payload comes that of event-x, which is of no entry there",
    ),
    "two payloads that changed places": (
        lambda log: log.log(payloads=[*log.kept()[:3], log.kept()[4], log.kept()[3], *log.kept()[5:]]),
        Flaw.PAYLOAD,
        4,
        "behind its payload comes that of event-3, which is of no entry there",
    ),
    "payloads that nobody can open": (
        lambda log: log.log(
            payloads=[(event, salt, None if event == "event-4" else body) for event, salt, body in log.kept()]
        ),
        Flaw.MISSING,
        4,
        "1 payload(s) cannot be opened: their key is gone, and no purge says so",
    ),
    "what is kept beside the entries says otherwise": (
        lambda log: log.log(beside=refuses(5)),
        Flaw.STORE,
        5,
        "the column says otherwise",
    ),
    "payloads gone without a purge": (
        lambda log: log.log(payloads=log.kept("event-3", "event-8")),
        Flaw.MISSING,
        3,
        "2 payload(s) are gone though no purge says so",
    ),
}


def refuses(seq: int) -> Callable[[Any], None]:
    def look(entry: Any) -> None:
        if entry.seq == seq:
            raise broken("RB634", "the column says otherwise", seq)

    return look


def unseen(note: Any) -> Any:
    return type(note)(note.text, note.signatures[:1])


@pytest.mark.parametrize("cheat", TAMPERED)
def test_what_was_done_to_a_log_is_named(cheat: str, sealed: Written) -> None:
    tamper, flaw, seq, told = TAMPERED[cheat]
    report = verify_log(ORIGIN, tamper(sealed), sealed.policy())
    assert first(report) == (flaw, seq, told)
    assert report.findings[0].error.remedy
    assert report.findings[0].error.place == ("" if seq is None else f"entry {seq}")


def test_a_wrong_key_is_told_by_the_name_of_the_log(sealed: Written) -> None:
    policy = sealed.policy_text().replace(str(sealed.key.verifier()), str(key("another").verifier()), 1)
    report = verify_log(ORIGIN, sealed.log(), read_policy(policy))
    assert first(report) == (
        Flaw.SIGNATURE,
        None,
        "no key that is known for the log robo.example/idf signed this checkpoint",
    )
    assert (report.sealed, report.verdict.light if report.verdict else None) == (0, Light.RED)


def test_a_checkpoint_altered_after_it_was_signed_is_told(sealed: Written) -> None:
    note = sealed.checkpoints[-1]
    forged = type(note)(note.text.replace("\n12\n", "\n11\n"), note.signatures)
    flaw, _, told = first(verify_log(ORIGIN, sealed.log(checkpoints=[forged]), sealed.policy()))
    assert (flaw, told.partition(":")[0]) == (Flaw.SIGNATURE, "the signature of robo.example/idf is wrong")


def test_of_many_checkpoints_the_one_with_a_wrong_signature_is_said(sealed: Written) -> None:
    bad = sealed.checkpoints[1].with_signature(sealed.witnesses["bfc"].cosign("another\n", NOON))
    report = verify_log(ORIGIN, sealed.log(checkpoints=[sealed.checkpoints[0], bad]), sealed.policy())
    assert (report.findings[0].flaw, report.findings[0].error.place) == (Flaw.SIGNATURE, "checkpoint 2")


def test_checkpoints_may_come_in_any_order_but_the_newest_is_last(sealed: Written) -> None:
    earlier, newest = sealed.checkpoints
    assert verify_log(ORIGIN, sealed.log(checkpoints=[newest, earlier, newest]), sealed.policy()).whole


def test_a_cosignature_from_the_future_counts_for_nothing(written: Written) -> None:
    written.add()
    written.seal(when=NOON + 301)
    assert verify_log(ORIGIN, written.log(), written.policy(), NOON + 1).whole
    report = verify_log(ORIGIN, written.log(), written.policy(), NOON)
    assert (first(report)[0], report.witnessed) == (Flaw.QUORUM, 0)


def test_an_insider_with_the_key_is_caught_by_a_checkpoint_that_left_the_house(sealed: Written) -> None:
    """He rewrites entry 2 with every hash behind it and signs again. Only what was sealed before tells."""
    forged = Written()
    for number in range(12):
        forged.add("idf" if number % 3 else "bfc", {"dossier": "mine" if number == 2 else f"2026-{number}"})
    forged.seal()
    assert verify_log(ORIGIN, forged.log(), forged.policy()).whole
    both = [sealed.checkpoints[0], *forged.checkpoints]
    assert first(verify_log(ORIGIN, forged.log(checkpoints=both), forged.policy()))[:2] == (Flaw.ROOT, 0)


def test_another_log_that_the_policy_knows_is_not_taken_for_the_one_that_was_asked_for(sealed: Written) -> None:
    other = Written("robo.example/pdl")
    other.add()
    other.seal()
    policy = read_policy(f"log {other.key.verifier()}\n{sealed.policy_text()}")
    assert verify_log("robo.example/pdl", other.log(), policy).whole
    report = verify_log(ORIGIN, other.log(), policy)
    assert first(report)[0] is Flaw.SIGNATURE
    assert report.verdict is not None
    assert report.verdict.light is Light.RED


def test_two_checkpoints_of_one_size_and_two_roots_are_a_fork(sealed: Written) -> None:
    other = Written()
    for _ in range(12):
        other.add()
    other.seal()
    report = verify_log(ORIGIN, sealed.log(checkpoints=[*sealed.checkpoints, *other.checkpoints]), sealed.policy())
    assert first(report)[0] is Flaw.ROOT


def test_a_payload_is_present_and_right_or_purged_with_its_event(sealed: Written) -> None:
    """Key 0 is destroyed: its six payloads go, the log still verifies, the others are still there."""
    kept = sealed.kept(*(f"event-{number}" for number in range(0, 12, 2)))
    sealed.add(type=PURGED, data={"key": "key-0", "count": 6})
    sealed.seal()
    report = verify_log(ORIGIN, sealed.log(payloads=kept), sealed.policy())
    assert (report.whole, report.present, report.purged) == (True, 6, 6)


def test_a_purge_answers_for_its_own_key_and_for_what_came_before_it_only(written: Written) -> None:
    written.add(payload={"n": 1}, key="key-0")
    written.add(type=PURGED, data={"key": "key-0", "count": 1})
    written.add(payload={"n": 2}, key="key-0")
    written.add(payload={"n": 3}, key=None)
    written.add(type=PURGED, data={"key": None})
    written.seal()
    report = verify_log(ORIGIN, written.log(payloads=[]), written.policy())
    assert first(report) == (Flaw.MISSING, 2, "2 payload(s) are gone though no purge says so")
    assert report.purged == 1


def test_a_payload_that_went_before_the_purge_of_its_month_is_not_excused_by_it(sealed: Written) -> None:
    """Somebody took one away, and waited: the purge found five of the six, and said so."""
    kept = sealed.kept(*(f"event-{number}" for number in range(0, 12, 2)))
    sealed.add(type=PURGED, data={"key": "key-0", "count": 5})
    sealed.seal()
    report = verify_log(ORIGIN, sealed.log(payloads=kept), sealed.policy())
    assert first(report) == (Flaw.MISSING, 0, "1 payload(s) are gone though no purge says so")


def test_a_purge_that_left_payloads_where_they_were_is_remarked(sealed: Written) -> None:
    sealed.add(type=PURGED, data={"key": "key-0", "count": 6})
    sealed.seal()
    report = verify_log(ORIGIN, sealed.log(payloads=sealed.kept("event-0")), sealed.policy())
    assert (report.whole, report.present, report.purged) == (True, 11, 1)
    (remark,) = report.remarks
    told = "5 payload(s) are still there though a purge says that they are gone"
    assert (remark.flaw, remark.seq, str(remark.error)) == (Flaw.PAYLOAD, 2, told)


def test_a_purge_whose_event_waits_for_its_place_answers_for_payloads_too(sealed: Written) -> None:
    kept = sealed.kept(*(f"event-{number}" for number in range(0, 12, 2)))
    report = verify_log(ORIGIN, sealed.log(payloads=kept, purging=[("key-0", 6)], grows=True), sealed.policy())
    assert (report.whole, report.present, report.purged) == (True, 6, 6)
    fewer = verify_log(ORIGIN, sealed.log(payloads=kept, purging=[("key-0", 4)], grows=True), sealed.policy())
    assert first(fewer) == (Flaw.MISSING, 0, "2 payload(s) are gone though no purge says so")


@pytest.mark.parametrize("said", [{}, {"count": None}, {"count": "6"}, {"count": True}])
def test_a_purge_that_says_no_number_answers_for_no_payload(said: dict[str, Any], sealed: Written) -> None:
    kept = sealed.kept(*(f"event-{number}" for number in range(0, 12, 2)))
    sealed.add(type=PURGED, data={"key": "key-0"} | said)
    sealed.seal()
    report = verify_log(ORIGIN, sealed.log(payloads=kept), sealed.policy())
    assert first(report) == (Flaw.MISSING, 0, "6 payload(s) are gone though no purge says so")


def test_an_id_that_is_there_twice_is_told_with_the_entry_that_had_it_first(sealed: Written) -> None:
    """Numbered, chained, sealed and seen: only the id says that one event was written twice."""
    sealed.add(id="event-4")
    sealed.seal()
    told = (Flaw.TWICE, 12, "it has the id of entry 4: event-4")
    assert first(verify_log(ORIGIN, sealed.log(), sealed.policy())) == told


def test_a_node_over_the_entries_that_was_altered_or_is_gone_is_told() -> None:
    log = Written()
    for _ in range(600):
        log.add()
    log.seal()
    kept = {place[:2]: place[2] for leaf in [Frontier()] for raw in log.leaves() for place in leaf.append(raw)}
    assert verify_log(ORIGIN, log.log(nodes=lambda *place: kept.get(place)), log.policy()).whole
    kept[1, 1] = bytes(32)
    report = verify_log(ORIGIN, log.log(nodes=lambda *place: kept.get(place)), log.policy())
    told = "node 1 of level 1, over the entries up to this, was altered or is gone"
    assert first(report) == (Flaw.NODE, 511, told)


def test_a_log_that_is_being_written_may_go_on_behind_its_newest_checkpoint_and_before_its_first(
    sealed: Written,
) -> None:
    sealed.add(ts=(NOON + 99) * 1_000_000)
    report = verify_log(ORIGIN, sealed.log(grows=True), sealed.policy())
    assert (report.whole, report.size, report.sealed, report.by) == (True, 13, 12, {"bfc": NOON, "pdl": NOON})
    assert (report.sealed_ts, report.witnessed_ts) == ((NOON + 11) * 1_000_000, (NOON + 11) * 1_000_000)
    unsealed = verify_log(ORIGIN, sealed.log(grows=True, checkpoints=[]), sealed.policy())
    assert (unsealed.whole, unsealed.size, unsealed.sealed, unsealed.sealed_ts) == (True, 13, 0, None)


def test_heartbeats_of_one_size_are_one_head_however_many_they_are(sealed: Written) -> None:
    """A log that says nothing for a day seals its silence 1 440 times."""
    beats = [sealed.seal(when=NOON + second) for second in range(40)]
    report = verify_log(ORIGIN, sealed.log(checkpoints=iter(beats)), sealed.policy())
    assert (report.whole, report.witnessed, report.by) == (True, 12, {"bfc": NOON + 39, "pdl": NOON + 39})


def test_a_clock_that_went_back_is_remarked_once_and_the_log_is_whole(written: Written) -> None:
    for minute in (0, 10, 3, 4, 20):
        written.add(ts=(NOON + 60 * minute) * 1_000_000)
    written.add("bfc", ts=NOON * 1_000_000)
    written.seal()
    report = verify_log(ORIGIN, written.log(), written.policy())
    assert report.whole
    assert [(each.flaw, each.seq, str(each.error)) for each in report.remarks] == [
        (Flaw.CLOCK, 2, "the clock of the region went back by 420 s")
    ]


@given(st.data())
def test_no_bit_of_any_entry_can_be_flipped_unseen(data: st.DataObject) -> None:
    log = Written()
    for number in range(6):
        log.add(("idf", "bfc")[number % 2], {"n": number})
    log.seal()
    at = data.draw(st.integers(0, 5))
    raw = bytearray(log.entries[at])
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    entries = [*log.entries[:at], bytes(raw), *log.entries[at + 1 :]]
    assert first(verify_log(ORIGIN, log.log(entries=entries), log.policy()))[1] == at
    assert not verify_log(ORIGIN, log.log(entries=entries, leaves=None), log.policy()).whole


def region_of(log: Written, region: str) -> tuple[list[bytes], LogProof]:
    entries = [raw for raw in log.entries if json.loads(raw)["region"] == region]
    index = json.loads(entries[-1])["seq"]
    path = inclusion_proof(index, len(log.entries), Leaves(log.leaves()).node)
    return entries, LogProof(index, tuple(path), log.checkpoints[-1])


def test_an_auditor_of_one_region_needs_its_entries_and_one_proof(sealed: Written) -> None:
    entries, proof = region_of(sealed, "bfc")
    report = verify_region(ORIGIN, "bfc", entries, proof, sealed.policy())
    assert (report.regions, report.witnessed, dict(report.by)) == ({"bfc": 4}, 12, {"bfc": NOON, "pdl": NOON})


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (slice(1, None), "the region bfc has a gap: number 0 is missing, this is 1"),
        (slice(0, None, 2), "the region bfc has a gap: number 1 is missing, this is 2"),
        (slice(0, -1), "the proof does not lead from the entry to the root: entry 9 of the log is another one"),
    ],
    ids=["first", "between", "last"],
)
def test_an_entry_kept_from_the_auditor_of_a_region_is_missed(part: slice, told: str, sealed: Written) -> None:
    entries, proof = region_of(sealed, "bfc")
    with pytest.raises(InfrastructureError) as caught:
        verify_region(ORIGIN, "bfc", entries[part], proof, sealed.policy())
    assert str(caught.value) == told


def test_an_entry_of_another_region_is_not_taken_for_one_of_this(sealed: Written) -> None:
    _, proof = region_of(sealed, "bfc")
    with pytest.raises(InfrastructureError, match="the entry belongs to the region idf"):
        verify_region(ORIGIN, "bfc", sealed.entries[:2], proof, sealed.policy())


def test_a_proof_that_no_quorum_has_seen_is_not_enough_for_the_auditor_of_a_region(sealed: Written) -> None:
    """Whoever holds the log's key can write another history of the region, with a proof of its own."""
    sealed.seal(witnesses=["bfc"])
    entries, proof = region_of(sealed, "bfc")
    with pytest.raises(InfrastructureError, match="no checkpoint is countersigned by as many witnesses as the policy"):
        verify_region(ORIGIN, "bfc", entries, proof, sealed.policy())


def test_entries_that_do_not_stand_where_they_say_are_missed_by_the_auditor_of_a_region() -> None:
    """The log gives its numbers backwards, then one beyond its end: chained, sealed and seen."""
    for numbers, at, other in (((5, 1), 6, 1), ((0, 7), 1, 7)):
        log, head = Written(), RegionHead()
        log.add()
        body = json.loads(log.entries.pop())
        log.frontier = Frontier()
        for number in numbers:
            raw, head = sequenced(body, number, head)
            log.append(raw)
        log.seal()
        proof = LogProof(1, tuple(inclusion_proof(1, 2, Leaves(log.leaves()).node)), log.checkpoints[-1])
        with pytest.raises(InfrastructureError) as caught:
            verify_region(ORIGIN, "idf", log.entries, proof, log.policy())
        assert (caught.value.place, str(caught.value)) == (f"entry {at}", f"entry {other} stands in its place")


def test_an_entry_that_the_auditor_of_a_region_cannot_read_is_told_by_its_number(sealed: Written) -> None:
    entries, proof = region_of(sealed, "bfc")
    with pytest.raises(InfrastructureError, match="these bytes are not canonical JSON") as caught:
        verify_region(ORIGIN, "bfc", [entries[0], entries[1] + b" "], proof, sealed.policy())
    assert caught.value.place == "bfc: entry 1"


def test_the_auditor_of_a_region_believes_no_cosignature_from_the_future(sealed: Written) -> None:
    entries, proof = region_of(sealed, "bfc")
    assert verify_region(ORIGIN, "bfc", entries, proof, sealed.policy(), NOON - 300).witnessed == 12
    with pytest.raises(InfrastructureError, match="no checkpoint is countersigned"):
        verify_region(ORIGIN, "bfc", entries, proof, sealed.policy(), NOON - 301)


def test_the_auditor_of_a_region_sees_its_payloads_present_purged_or_altered(sealed: Written) -> None:
    entries, proof = region_of(sealed, "bfc")
    own = [each for each in sealed.kept() if each[0] in {"event-0", "event-3", "event-6", "event-9"}]
    assert verify_region(ORIGIN, "bfc", entries, proof, sealed.policy(), payloads=own).present == 4
    with pytest.raises(InfrastructureError, match=r"1 payload\(s\) are gone though no purge says so"):
        verify_region(ORIGIN, "bfc", entries, proof, sealed.policy(), payloads=own[1:])


def test_one_entry_is_verified_by_its_proof_alone(sealed: Written) -> None:
    path = inclusion_proof(4, 12, Leaves(sealed.leaves()).node)
    proof = LogProof(4, tuple(path), sealed.checkpoints[-1])
    entry, by = verify_entry(ORIGIN, sealed.entries[4], proof, sealed.policy())
    assert (entry.id, dict(by)) == ("event-4", {"bfc": NOON, "pdl": NOON})
    with pytest.raises(InfrastructureError, match="the proof does not lead from the entry to the root"):
        verify_entry(ORIGIN, changed(sealed.entries[4], obj="item:5"), proof, sealed.policy())
