"""A log has its checkpoints countersigned: who lies, is silent or forgot stops nothing, and a refusal is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from robo.errors import InfrastructureError, UsageError
from robo.proof.note import COSIGNATURE, Note
from robo.proof.policy import Light, Policy
from robo.proof.verify import Log as Verified
from robo.proof.verify import verify_log
from robo.services.auditing.rotating import rotate
from robo.services.auditing.sealing import seal as seal_it
from robo.services.settings import AuditSettings, Settings
from robo.services.vaults import FileVault, write_private
from robo.services.witnessing import files, restoring
from robo.services.witnessing.asking import Heading, Log, Word
from robo.services.witnessing.deciding import Witness
from robo.services.witnessing.own import witness_key
from robo.services.witnessing.reconciling import reconcile
from robo.services.witnessing.standing import Standing, standing
from robo.services.witnessing.wire import Heard
from robo.store import checkpoints, holds, sequencer, witnesses
from robo.store.engine import Store, open_store, upgrade
from tests.witnesses import Tree, happen, key, policy, seal

LOG, BFC, PDL = "robo.example/idf", "bfc.example/witness", "pdl.example/witness"
POLICY = policy([LOG], [BFC, PDL], 2, **{BFC: "http://bfc", PDL: "http://pdl"})


@dataclass
class Network:
    """Witnesses by their address, without a network; `instead` answers in the place of one."""

    witnesses: dict[str, Witness] = field(default_factory=dict)
    instead: dict[str, Callable[[bytes], Heard]] = field(default_factory=dict)
    asked: int = 0

    def post(self, url: str, body: bytes) -> Heard:
        self.asked += 1
        address = url.removesuffix("/add-checkpoint")
        if address in self.instead:
            return self.instead[address](body)
        reply = self.witnesses[address].add_checkpoint(body)
        return Heard(reply.status, reply.kind.partition(";")[0], reply.body.encode())

    def get(self, url: str) -> Heard:
        address, origin, _ = url.rsplit("/", 2)
        if address not in self.witnesses:
            raise InfrastructureError("RB650", "nobody")
        with self.witnesses[address].store.read() as tx:
            held = witnesses.witnessed(tx)
        note = next((each for name, each in held.items() if sha256(name.encode()).hexdigest() == origin), "")
        return Heard(200 if note else 404, "text/plain", note.encode())


@pytest.fixture
def network(tmp_path: Path, timer: Any) -> Iterator[Network]:
    """Two witnesses with stores of their own, on SQLite."""
    network = Network()
    opened = []
    for name, url in POLICY.urls.items():
        opened.append(open_store(f"sqlite:///{tmp_path}/{name.partition('.')[0]}.db", timer=timer))
        upgrade(opened[-1])
        network.witnesses[url] = Witness(opened[-1], key(name), lambda: policy([LOG]))
    yield network
    for each in opened:
        each.close()


@pytest.fixture
def log(store: Store) -> Log:
    happen(store, 5)
    seal(store, LOG)
    return Log(store, POLICY)


def light(store: Store, timer: Any, by: Any = POLICY) -> Standing:
    with store.read() as tx:
        return standing(tx, by, int(timer.at.timestamp()))


def said(store: Store, kind: str) -> list[dict[str, Any]]:
    """The events of that type."""
    with store.write() as tx:
        sequencer.sequence(tx)
        entries = [json.loads(entry) for entry in sequencer.entries(tx)]
    return [entry["data"] for entry in entries if entry["type"] == kind]


def test_both_witnesses_countersign_and_the_log_says_up_to_where(
    log: Log, store: Store, network: Network, timer: Any
) -> None:
    assert light(store, timer).verdict.light is Light.ORANGE
    assert log.ask(network) == {BFC: Word.COSIGNED, PDL: Word.COSIGNED}
    found = light(store, timer)
    assert (found.verdict.light, found.size, set(found.verdict.by)) == (Light.GREEN, 5, {BFC, PDL})
    happen(store, 300)
    seal(store, LOG)
    assert light(store, timer).size == 5
    assert set(log.ask(network).values()) == {Word.COSIGNED}
    assert light(store, timer).size == 305
    assert network.asked == 4


def test_green_is_over_after_a_quarter_of_an_hour(log: Log, store: Store, network: Network, timer: Any) -> None:
    log.ask(network)
    timer.pass_(16 * 60)
    seal(store, LOG)
    found = light(store, timer)
    assert (found.verdict.light, found.size, found.verdict.met) == (Light.ORANGE, 5, True)
    log.ask(network)
    assert light(store, timer).verdict.light is Light.GREEN


def test_a_witness_whose_answer_was_lost_is_asked_again_from_the_size_it_tells(
    log: Log, store: Store, network: Network, timer: Any
) -> None:
    with store.read() as tx:
        network.post("http://bfc/add-checkpoint", bytes(log.request(tx, Heading(BFC, POLICY.witnesses[BFC]))))  # type: ignore[arg-type] # there is a checkpoint
    happen(store, 4)
    seal(store, LOG)
    assert log.ask(network, [BFC]) == {BFC: Word.COSIGNED}
    assert network.asked == 3


def _cosigned(body: bytes, by: str, when: int) -> Heard:
    text = Note.parse(body.partition(b"\n\n")[2]).text
    return Heard(200, "text/plain", str(key(by).cosign(text, when)).encode())


NOW = 1_772_438_400
"""When the clock of these tests begins."""
LIES: dict[str, tuple[Word, Callable[[bytes], Heard]]] = {
    "another key": (Word.FALSE, lambda b: _cosigned(b, "x", NOW)),
    "the key of another witness": (Word.FALSE, lambda b: _cosigned(b, PDL, NOW)),
    "another text": (Word.FALSE, lambda b: Heard(200, "text/plain", str(key(BFC).cosign("x\n1\n", NOW)).encode())),
    "no time": (Word.FALSE, lambda b: _cosigned(b, BFC, 0)),
    "a plain signature": (Word.FALSE, lambda b: Heard(200, "text/plain", str(key(BFC).sign("x")).encode())),
    "nothing": (Word.FALSE, lambda b: Heard(200, "text/plain", b"")),
    "rubbish": (Word.FALSE, lambda b: Heard(200, "text/html", b"<html>")),
    "a time in the future": (Word.AHEAD, lambda b: _cosigned(b, BFC, NOW + 301)),
    "a size that is none": (Word.FALSE, lambda b: Heard(409, "text/x.tlog.size", b"many\n")),
    "a size that no log has": (Word.FALSE, lambda b: Heard(409, "text/x.tlog.size", f"{2**53}\n".encode())),
    "a size of another kind": (Word.FALSE, lambda b: Heard(409, "text/plain", b"9\n")),
    "again and again another size": (Word.ASIDE, lambda b: Heard(409, "text/x.tlog.size", b"1\n")),
    "that it does not know us": (Word.STRANGER, lambda b: Heard(404, "text/plain", b"")),
    "that it does not know our key": (Word.STRANGER, lambda b: Heard(403, "text/plain", b"")),
    "that it cannot now": (Word.SILENT, lambda b: Heard(503, "text/plain", b"")),
}


@pytest.mark.parametrize(("word", "answer"), LIES.values(), ids=LIES.keys())
def test_a_witness_that_lies_or_cannot_stops_nothing_and_does_not_count(
    log: Log, store: Store, network: Network, timer: Any, word: Word, answer: Callable[[bytes], Heard]
) -> None:
    network.instead["http://bfc"] = answer
    assert log.ask(network) == {BFC: word, PDL: Word.COSIGNED}
    found = light(store, timer)
    assert (found.verdict.light, set(found.verdict.by)) == (Light.ORANGE, {PDL})
    with store.read() as tx:
        assert not holds.standing(tx)


def test_a_refusal_in_bytes_that_are_no_text_is_kept_and_stops_nothing(
    log: Log, store: Store, network: Network
) -> None:
    network.instead["http://bfc"] = lambda _: Heard(422, "text/plain", b"\0\xff no\n")
    assert log.ask(network) == {BFC: Word.REFUSED, PDL: Word.COSIGNED}
    with store.read() as tx:
        assert [each.answer.strip() for each in witnesses.refusals(tx)] == ["\ufffd\ufffd no"]


def test_an_answer_that_comes_late_is_not_taken_for_one_that_forgot(log: Log, store: Store, network: Network) -> None:
    """Meanwhile another process had more countersigned, twice: once before the witness decided, once after."""
    log.ask(network)
    grown(store)
    witness = network.witnesses["http://bfc"]

    def late(body: bytes) -> Heard:
        del network.instead["http://bfc"]
        assert log.ask(network, [BFC]) == {BFC: Word.COSIGNED}
        reply = witness.add_checkpoint(body)
        grown(store)
        assert log.ask(network, [BFC]) == {BFC: Word.COSIGNED}
        return Heard(reply.status, reply.kind, reply.body.encode())

    network.instead["http://bfc"] = late
    assert log.ask(network, [BFC]) == {BFC: Word.COSIGNED}
    with store.read() as tx:
        assert witnesses.told(tx)[Heading(BFC, POLICY.witnesses[BFC]).identity].size == sequencer.head(tx).size


def test_status_says_what_a_witness_countersigned_and_when_not_what_it_said_since(
    log: Log, store: Store, network: Network, timer: Any
) -> None:
    network.instead["http://pdl"] = lambda _: Heard(409, "text/x.tlog.size", b"3\n")
    log.ask(network)
    countersigned = int(timer.at.timestamp())
    timer.pass_(600)
    network.instead["http://bfc"] = lambda _: Heard(503, "text/plain", b"")
    log.ask(network)
    with store.read() as tx:
        bfc, pdl = checkpoints.answers(tx)
    assert (bfc.size, bfc.at.timestamp(), bfc.told, pdl.size) == (5, countersigned, Word.SILENT, 0)


def grown(store: Store) -> None:
    happen(store, 5)
    seal(store, LOG)


def test_a_witness_that_is_silent_stops_nothing(log: Log, store: Store, network: Network, timer: Any) -> None:
    def silent(_: bytes) -> Heard:
        raise InfrastructureError("RB650", "nobody")

    network.instead["http://bfc"] = silent
    assert log.ask(network) == {BFC: Word.SILENT, PDL: Word.COSIGNED}
    found = light(store, timer)
    assert found.verdict.light is Light.ORANGE
    assert [each and each.told for each in found.told.values()] == [Word.SILENT, Word.COSIGNED]


def test_a_witness_that_lost_its_store_is_asked_no_more_until_it_has_another_key(
    log: Log, store: Store, network: Network, timer: Any, tmp_path: Path
) -> None:
    log.ask(network)
    with open_again(tmp_path / "empty.db", timer) as empty:
        network.witnesses["http://bfc"] = Witness(empty, key(BFC), lambda: policy([LOG]))
        happen(store, 3)
        seal(store, LOG)
        assert log.ask(network)[BFC] is Word.FORGOT
        assert log.ask(network)[BFC] is Word.FORGOT
        network.witnesses["http://bfc"] = Witness(empty, key("bfc.example/witness2"), lambda: policy([LOG]))
        renewed = policy([LOG], ["bfc.example/witness2"], 1, **{"bfc.example/witness2": "http://bfc"})
        assert Log(store, renewed).ask(network) == {"bfc.example/witness2": Word.COSIGNED}
    assert network.asked == 6


class open_again:  # noqa: N801 - a block like `open`
    """A new store for the length of a block."""

    def __init__(self, file: Path, timer: Any) -> None:
        self.store = open_store(f"sqlite:///{file}", timer=timer)
        upgrade(self.store)

    def __enter__(self) -> Store:
        return self.store

    def __exit__(self, *_: object) -> None:
        self.store.close()


def test_another_history_is_refused_kept_and_red_until_an_auditor_says_why_not(
    log: Log, store: Store, network: Network, timer: Any
) -> None:
    """The witness has seen a fork of this log, which its key signed: somebody rewrote it."""
    other = Tree(LOG, 5, salt="x")
    assert network.witnesses["http://bfc"].add_checkpoint(other.request(0, 5)).status == 200
    assert log.ask(network) == {BFC: Word.REFUSED, PDL: Word.COSIGNED}
    found = light(store, timer)
    assert (found.verdict.light, found.size) == (Light.RED, 0)
    assert [each.code for each in found.refusals] == [422]
    assert str(other.note(5).signatures[0]) in found.refusals[0].answer, "the fork, signed by our key, is the evidence"
    assert [data["code"] for data in said(store, "checkpoint.refused")] == [422]
    log.ask(network)
    assert len(said(store, "checkpoint.refused")) == 1
    with store.write() as tx:
        assert witnesses.clear(tx, actor="person-1", why="an exercise") == 1
    assert light(store, timer).verdict.light is Light.RED, "the refusal is over, and everything is held still"
    with store.write() as tx:
        holds.release(tx, process=holds.EVERY, region=holds.EVERY, actor="person-1", kind=holds.RESTORED)
    assert light(store, timer).verdict.light is Light.ORANGE
    assert [data["code"] for data in said(store, "checkpoint.cleared")] == [422]
    with store.read() as tx:
        assert len(witnesses.refusals(tx)) == 1


@pytest.mark.parametrize("kind", ["text/plain", "text/x.tlog.size"])
def test_another_root_at_the_size_that_was_shown_is_red_with_the_code_that_c2sp_has_for_it(
    log: Log, store: Store, network: Network, timer: Any, kind: str
) -> None:
    """Where the roots do not match, the witness must answer 409, says C2SP: with no size, or with the one we know."""
    other = Tree(LOG, 5, salt="x")
    assert network.witnesses["http://bfc"].add_checkpoint(other.request(0, 5)).status == 200

    def answer(body: bytes) -> Heard:
        if body.startswith(b"old 5\n"):
            return Heard(409, kind, b"5\n" if kind != "text/plain" else b"Conflict\n")
        return Heard(409, "text/x.tlog.size", b"5\n")

    network.instead["http://bfc"] = answer
    assert log.ask(network, [BFC]) == {BFC: Word.REFUSED}
    found = light(store, timer)
    assert (found.verdict.light, [each.code for each in found.refusals]) == (Light.RED, [409])
    assert str(other.note(5).signatures[0]) in found.refusals[0].answer
    with store.read() as tx, pytest.raises(InfrastructureError, match="two histories"):
        holds.refuse_restored(tx)


def test_a_fork_at_a_smaller_size_in_a_file_is_another_history_not_a_witness_that_forgot(
    log: Log, store: Store, timer: Any
) -> None:
    assert files.take(log, witnessed_note(store, BFC), "answer").words == {BFC: Word.COSIGNED}
    identity = Heading(BFC, POLICY.witnesses[BFC]).identity
    fork = Tree(LOG, 5, salt="x").note(3)
    assert files.take(log, f"refused 409 {identity}\n3\n\n{fork}", "answer").words == {BFC: Word.REFUSED}
    assert light(store, timer).verdict.light is Light.RED


def test_an_answer_about_the_name_that_ended_says_nothing_of_the_log_that_goes_on(
    store: Store, network: Network, tmp_path: Path
) -> None:
    """A person reconciles while a witness is being asked."""
    keep, named = FileVault(tmp_path / "keys"), AuditSettings(origin=LOG)
    happen(store, 5)
    seal_it(store, keep, named)

    def meanwhile(body: bytes) -> Heard:
        if f"\n{LOG}\n".encode() not in body:
            return Heard(404, "text/plain", b"")
        with store.write() as tx:
            restoring.detect(tx, restoring.Lost(LOG, 9, "pdl", proven=True))
        reconcile(store, keep, actor="person-1", why="looked up")
        return Heard(409, "text/x.tlog.size", b"99\n")

    network.instead["http://bfc"] = meanwhile
    assert Log(store, POLICY).ask(network, [BFC]) == {BFC: Word.STRANGER}
    with store.read() as tx:
        assert not witnesses.refusals(tx)
        holds.refuse_restored(tx)


def test_a_store_that_was_put_back_is_held_once_a_witness_shows_what_it_forgot(
    log: Log, store: Store, network: Network
) -> None:
    """The witness has countersigned 9 entries of this log; there are 5."""
    later = Tree(LOG, 9)
    network.witnesses["http://bfc"].add_checkpoint(later.request(0, 9))
    assert log.ask(network, [BFC]) == {BFC: Word.REFUSED}
    with store.read() as tx, pytest.raises(InfrastructureError) as told:
        holds.refuse_restored(tx)
    assert (told.value.code, told.value.facts["size"], told.value.facts["proven"]) == ("RB656", 9, True)
    assert said(store, "restore.detected") == [{"origin": LOG, "size": 9, "at": 5, "proven": True}]
    log.ask(network, [BFC])
    assert len(said(store, "restore.detected")) == 1


def test_a_larger_size_that_nobody_proves_holds_too(log: Log, store: Store, network: Network) -> None:
    network.instead["http://bfc"] = lambda _: Heard(409, "text/x.tlog.size", b"9\n")
    del network.witnesses["http://bfc"]
    assert log.ask(network, [BFC]) == {BFC: Word.REFUSED}
    with store.read() as tx, pytest.raises(InfrastructureError) as told:
        holds.refuse_restored(tx)
    assert told.value.facts["proven"] is False


def test_a_witness_in_a_store_that_was_put_back_countersigns_nothing(store: Store) -> None:
    happen(store, 1)
    seal(store, LOG)
    witness = Witness(store, key(BFC), lambda: policy(["robo.example/pdl"]))
    assert witness.add_checkpoint(Tree("robo.example/pdl", 3).request(0, 3)).status == 200
    with store.write() as tx:
        restoring.detect(tx, restoring.Lost(LOG, 9, "pdl", proven=True))
    assert witness.add_checkpoint(Tree("robo.example/pdl", 5).request(3, 5)).status == 503


def test_a_checkpoint_that_was_kept_elsewhere_tells_of_a_store_that_was_put_back(log: Log, store: Store) -> None:
    assert files.take(log, witnessed_note(store), "ours").words == {}
    assert files.take(log, str(Tree(LOG, 9).note(9)), "kept").known is False
    with store.read() as tx, pytest.raises(InfrastructureError) as told:
        holds.refuse_restored(tx)
    assert (told.value.facts["by"], told.value.facts["size"], told.value.facts["proven"]) == ("kept", 9, True)


def witnessed_note(store: Store, *by: str, when: int = 1_772_438_400) -> str:
    """Our newest checkpoint with cosignatures."""
    with store.read() as tx:
        kept = checkpoints.newest(tx)
    assert kept is not None
    note = Note.parse(kept.note)
    for name in by:
        note = note.with_signature(key(name).cosign(note.text, when))
    return str(note)


def test_an_answer_in_a_file_is_verified_before_it_is_kept(log: Log, store: Store, timer: Any) -> None:
    assert files.take(log, witnessed_note(store, BFC, "x"), "answer").words == {BFC: Word.COSIGNED}
    assert files.take(log, witnessed_note(store, PDL, when=1_772_438_400 + 301), "answer").words[PDL] is Word.AHEAD
    assert set(light(store, timer).verdict.by) == {BFC}
    forged = Note.parse(witnessed_note(store, PDL))
    wrong = Note(forged.text, (forged.signatures[0], replace(forged.signatures[1], raw=bytes(72))))
    for code, text in {
        "RB633": str(wrong),
        "RB654": str(Tree("robo.example/other", 5).note(5)),
        "RB632": "rubbish",
    }.items():
        with pytest.raises(InfrastructureError) as refused:
            files.take(log, text, "answer")
        assert refused.value.code == code
    with pytest.raises(InfrastructureError) as stranger:
        files.take(log, "refused 409 x+00000000\n9\n\n", "answer")
    assert stranger.value.code == "RB654"
    with store.read() as tx:
        assert not holds.standing(tx)


def test_a_refusal_in_a_file_is_kept_as_evidence(log: Log, store: Store, network: Network, timer: Any) -> None:
    witness = network.witnesses["http://bfc"]
    witness.add_checkpoint(Tree(LOG, 5, salt="x").request(0, 5))
    with store.read() as tx:
        request = log.request(tx, Heading(BFC, POLICY.witnesses[BFC]))
    reply = witness.add_checkpoint(bytes(request or b""))
    learnt = files.take(log, files.answer_file(witness, reply), "answer")
    assert (reply.status, learnt.words) == (409, {BFC: Word.ASIDE})
    with store.read() as tx:
        request = log.request(tx, Heading(BFC, POLICY.witnesses[BFC]))
    refused = files.take(log, files.answer_file(witness, witness.add_checkpoint(bytes(request or b""))), "answer")
    assert refused.words == {BFC: Word.REFUSED}
    found = light(store, timer)
    assert (found.verdict.light, found.refusals[0].code) == (Light.RED, 422)
    with store.read() as tx, pytest.raises(InfrastructureError) as told:
        holds.refuse_restored(tx)
    assert "two histories" in told.value.message, "as many entries, and others: that is no restore"


@pytest.mark.parametrize("code", [409, 422])
def test_a_refusal_that_nobody_signed_is_a_rumour(log: Log, store: Store, timer: Any, code: int) -> None:
    """Anybody can write a file: one that holds no checkpoint of our own key holds nothing and lights nothing."""
    assert files.take(log, witnessed_note(store, BFC), "answer").words == {BFC: Word.COSIGNED}
    before = light(store, timer).verdict.light
    identity = Heading(BFC, POLICY.witnesses[BFC]).identity
    forged = Tree(LOG, 9, salt="x").note(9)
    stranger = Note(forged.text, (replace(forged.signatures[0], raw=bytes(64)),))
    for held in ("", "rubbish", str(stranger), witnessed_note(store)):
        word = files.take(log, f"refused {code} {identity}\n99999\n\n{held}", "answer").words[BFC]
        assert word in {Word.FALSE, Word.ASIDE}
    with store.read() as tx:
        assert not holds.standing(tx)
        assert log.request(tx, Heading(BFC, POLICY.witnesses[BFC])) is not None, "it is asked again"
    assert light(store, timer).verdict.light is before


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(project=tmp_path, store="")


def test_the_checkpoint_beside_the_keys_tells_of_a_store_that_was_put_back(
    log: Log, store: Store, settings: Settings
) -> None:
    file = restoring.mark_of(settings, LOG)
    restoring.keep_mark(store, settings)
    assert file.exists()
    restoring.refuse_restored(store, settings)
    later = str(Tree(LOG, 9).note(9))
    file.write_text(later, encoding="utf-8")
    restoring.keep_mark(store, settings)
    assert file.read_text(encoding="utf-8") == later, "what tells of it stays"
    for _ in range(2):
        with pytest.raises(InfrastructureError) as told:
            restoring.refuse_restored(store, settings)
        assert (told.value.code, told.value.facts["size"], told.value.facts["at"]) == ("RB656", 9, 5)
    assert len(said(store, "restore.detected")) == 1


def test_a_store_that_was_deleted_is_one_that_was_put_back_when_the_settings_name_its_log(
    store: Store, settings: Settings
) -> None:
    named = settings.model_copy(update={"audit": settings.audit.model_copy(update={"origin": LOG})})
    write_private(restoring.mark_of(named, LOG), str(Tree(LOG, 9).note(9)).encode())
    restoring.refuse_restored(store, settings)
    with pytest.raises(InfrastructureError, match="put back"):
        restoring.refuse_restored(store, named)


def test_a_mark_that_is_damaged_or_of_another_log_stops_nobody(log: Log, store: Store, settings: Settings) -> None:
    write_private(restoring.mark_of(settings, LOG), b"?")
    restoring.refuse_restored(store, settings)
    write_private(restoring.mark_of(settings, LOG), str(Tree("robo.example/other", 9).note(9)).encode())
    restoring.refuse_restored(store, settings)


def test_a_store_that_was_put_back_goes_on_under_another_name_once_a_person_says_why(
    store: Store, network: Network, tmp_path: Path, timer: Any
) -> None:
    keep, named = FileVault(tmp_path / "keys"), AuditSettings(origin=LOG)
    happen(store, 5)
    seal_it(store, keep, named)
    with store.write() as tx:
        restoring.detect(tx, restoring.Lost(LOG, 9, "bfc", proven=True))
    with pytest.raises(InfrastructureError) as refused:
        seal_it(store, keep, named)
    assert refused.value.code == "RB656", "a log that went back signs nothing"
    with pytest.raises(UsageError) as same:
        reconcile(store, keep, actor="person-1", why="looked up", origin=LOG)
    assert same.value.code == "RB658"
    done = reconcile(store, keep, actor="person-1", why="looked up")
    assert (done.before, done.origin, done.witness) == (LOG, f"{LOG}/2", None)
    after = said(store, "restore.reconciled")
    assert after == [{"origin": LOG, "size": 9, "at": 5, "now": f"{LOG}/2"}]
    seal_it(store, keep, AuditSettings(origin=f"{LOG}/2"))
    new = Policy((done.log,), POLICY.witnesses, POLICY.groups, POLICY.quorum, POLICY.urls)
    for url in network.witnesses:
        network.witnesses[url] = replace(network.witnesses[url], policy=lambda: new)
    assert set(Log(store, new).ask(network).values()) == {Word.COSIGNED}
    assert light(store, timer, new).verdict.light is Light.GREEN
    with store.read() as tx:
        entries, notes = list(sequencer.entries(tx)), [Note.parse(note) for note in checkpoints.notes(tx)]
    assert verify_log(done.origin, Verified(entries, notes), new).findings == []
    with pytest.raises(UsageError) as nothing:
        reconcile(store, keep, actor="person-1", why="again")
    assert nothing.value.code == "RB657"


def test_a_witness_that_was_put_back_gets_another_key(store: Store, tmp_path: Path) -> None:
    keep, named = FileVault(tmp_path / "keys"), AuditSettings(origin=LOG)
    seal_it(store, keep, named)
    before = witness_key(keep, LOG)
    assert Witness(store, before, lambda: policy([PDL])).add_checkpoint(Tree(PDL, 3).request(0, 3)).status == 200
    with store.write() as tx:
        restoring.detect(tx, restoring.Lost(LOG, 9, "bfc", proven=True))
    done = reconcile(store, keep, actor="person-1", why="looked up")
    assert done.witness is not None
    assert done.witness.public != before.verifier().public
    assert str(witness_key(keep, LOG).verifier(COSIGNATURE)) == str(done.witness)


def test_a_log_whose_key_changed_before_it_was_put_back_verifies_under_its_new_name(
    store: Store, tmp_path: Path
) -> None:
    keep = FileVault(tmp_path / "keys")
    happen(store, 2)
    rotate(store, keep, AuditSettings(origin=LOG), actor="person-1")
    with store.write() as tx:
        restoring.detect(tx, restoring.Lost(LOG, 99, "bfc", proven=True))
    done = reconcile(store, keep, actor="person-1", why="looked up", origin="robo.example/idf-b")
    with store.read() as tx:
        entries, notes = list(sequencer.entries(tx)), [Note.parse(note) for note in checkpoints.notes(tx)]
    assert verify_log(done.origin, Verified(entries, notes), Policy((done.log,))).findings == []
