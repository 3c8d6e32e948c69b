"""A witness countersigns what goes on from what it countersigned, keeps that before anybody reads it, and no more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from robo.cli.audit_words import sentence
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import EMPTY
from robo.proof.note import COSIGNATURE, Note, Signature
from robo.proof.witness import Request, cosignature
from robo.services.witnessing import server
from robo.services.witnessing.deciding import Witness
from robo.services.witnessing.server import application
from robo.store import audit, sequencer, witnesses
from robo.store.engine import Store
from tests.witnesses import Tree, key, policy

LOG, WITNESS = "robo.example/idf", "bfc.example/witness"
SEEN = 20
"""What the witness of the table has countersigned."""


@pytest.fixture
def witness(store: Store) -> Witness:
    return Witness(store, key(WITNESS), lambda: policy([LOG, "robo.example/bfc"]), own="robo.example/bfc")


@pytest.fixture
def tree(witness: Witness) -> Tree:
    """A log of 40 entries, of which the witness has countersigned 20."""
    tree = Tree(LOG, 40)
    assert witness.add_checkpoint(tree.request(0, SEEN)).status == 200
    return tree


def events(store: Store) -> list[dict[str, Any]]:
    """What the witness's own log says since it began."""
    with store.write() as tx:
        sequencer.sequence(tx)
        return [json.loads(entry) for entry in sequencer.entries(tx)]


def test_a_checkpoint_that_goes_on_is_countersigned_with_the_time_and_said_in_the_witness_s_own_log(
    store: Store, witness: Witness, tree: Tree, timer: Any
) -> None:
    timer.pass_(60)
    reply = witness.add_checkpoint(tree.request(SEEN, 33))
    note = tree.note(33)
    found = cosignature(reply.body.encode(), note, key(WITNESS).verifier(COSIGNATURE))
    assert (reply.status, found and found[1]) == (200, int(timer.at.timestamp()))
    last = events(store)[-1]
    root = Checkpoint.parse(note.text).root.hex()
    assert (last["type"], last["data"]) == ("witness.cosigned", {"origin": LOG, "size": 33, "root": root})


def test_the_same_checkpoint_is_countersigned_again_and_fills_no_log(
    store: Store, witness: Witness, tree: Tree
) -> None:
    before = len(events(store))
    assert [witness.add_checkpoint(tree.request(SEEN, SEEN)).status for _ in range(3)] == [200, 200, 200]
    assert len(events(store)) == before


def lines(request: bytes, change: Callable[[list[str]], object]) -> bytes:
    """A request with its lines changed."""
    found = request.decode().split("\n")
    change(found)
    return "\n".join(found).encode()


def note_of(tree: Tree, text: str, *signatures: Signature) -> bytes:
    return bytes(Request(SEEN, tree.proof(SEEN, 33), Note(text, signatures or (key(LOG).sign(text),))))


def put(at: int, text: str) -> Callable[[list[str]], object]:
    return lambda found: found.__setitem__(at, text)


OK = "old 20"
TABLE: dict[str, tuple[int, Callable[[Tree], bytes]]] = {
    "nothing": (400, lambda t: b""),
    "not a request": (400, lambda t: b"hello\n\nthere\n"),
    "not UTF-8": (400, lambda t: b"old 20\n\n\xff\xfe\n1\n"),
    "no size": (400, lambda t: lines(t.request(SEEN, 33), lambda f: f.pop(0))),
    "a size without its word": (400, lambda t: lines(t.request(SEEN, 33), put(0, "20"))),
    "a size with a zero before": (400, lambda t: lines(t.request(SEEN, 33), put(0, "old 020"))),
    "a negative size": (400, lambda t: lines(t.request(SEEN, 33), put(0, "old -1"))),
    "a size of letters": (400, lambda t: lines(t.request(SEEN, 33), put(0, "old ٢٠"))),
    "a size beyond 64 bits": (400, lambda t: lines(t.request(SEEN, 33), put(0, f"old {2**64}"))),
    "two blanks": (400, lambda t: lines(t.request(SEEN, 33), put(0, "old  20"))),
    "a size above the checkpoint's": (400, lambda t: lines(t.request(SEEN, 33), put(0, "old 34"))),
    "line ends of Windows": (400, lambda t: t.request(SEEN, 33).replace(b"\n", b"\r\n")),
    "a return in the first line": (400, lambda t: lines(t.request(SEEN, 33), put(0, OK + "\r"))),
    "no empty line": (400, lambda t: t.request(SEEN, 33).replace(b"\n\n", b"\n", 1)),
    "an empty line first": (400, lambda t: b"\n" + t.request(SEEN, 33)),
    "64 hashes": (400, lambda t: bytes(Request(SEEN, (EMPTY,) * 64, t.note(33)))),
    "a hash that is too short": (400, lambda t: lines(t.request(SEEN, 33), put(1, "AAAA"))),
    "a hash that is no base 64": (400, lambda t: lines(t.request(SEEN, 33), put(1, "?" * 44))),
    "a hash in base 64 for addresses": (400, lambda t: lines(t.request(SEEN, 33), put(1, "_" * 43 + "="))),
    "a hash with a blank behind": (400, lambda t: lines(t.request(SEEN, 33), lambda f: put(1, f[1] + " ")(f))),
    "a hash with other bits in its end": (400, lambda t: lines(t.request(SEEN, 33), put(1, "A" * 42 + "B="))),
    "a checkpoint without a signature": (400, lambda t: f"{OK}\n\n{t.note(33).text}\n".encode()),
    "a signature that is none": (400, lambda t: f"{OK}\n\n{t.note(33).text}\n— {LOG} ????\n".encode()),
    "a last line without its end": (400, lambda t: t.request(SEEN, 33)[:-1]),
    "a root that is too short": (400, lambda t: note_of(t, f"{LOG}\n33\nAAAA\n")),
    "a checkpoint's size that no reader keeps": (400, lambda t: note_of(t, t.note(33).text.replace("33", str(2**53)))),
    "no root": (400, lambda t: note_of(t, f"{LOG}\n33\n")),
    "a checkpoint's size with a zero before": (400, lambda t: note_of(t, t.note(33).text.replace("33", "033"))),
    "an empty origin": (400, lambda t: note_of(t, t.note(33).text.replace(LOG, ""))),
    "an empty line in the checkpoint": (400, lambda t: note_of(t, t.note(33).text + "\nmore\n")),
    "more than a request may be": (413, lambda t: t.request(SEEN, 33) + b"x" * 65_536),
    "a log that nobody knows": (404, lambda t: Tree("robo.example/other", 33).request(0, 33)),
    "our own log": (404, lambda t: Tree("robo.example/bfc", 33).request(0, 33)),
    "signed by a stranger": (403, lambda t: note_of(t, t.note(33).text, key("x").sign(t.note(33).text))),
    "signed by a stranger of that name": (
        403,
        lambda t: note_of(t, t.note(33).text, Signature(LOG, b"\0\0\0\0", bytes(64))),
    ),
    "a signature of something else": (403, lambda t: note_of(t, t.note(33).text, *t.note(34).signatures)),
    "a signature that is cut": (
        403,
        lambda t: note_of(t, t.note(33).text, Signature(LOG, key(LOG).verifier().key_id, bytes(63))),
    ),
    "a cosignature in the place of a signature": (
        403,
        lambda t: note_of(t, t.note(33).text, key(LOG).cosign(t.note(33).text, 1_700_000_000)),
    ),
    "one right signature and one wrong": (
        403,
        lambda t: note_of(t, t.note(33).text, *t.note(33).signatures, *t.note(34).signatures),
    ),
    "another size than the one it has": (409, lambda t: t.request(19, 33)),
    "a first question": (409, lambda t: t.request(0, 33)),
    "an older checkpoint": (409, lambda t: t.request(10, 10)),
    "no proof": (422, lambda t: bytes(Request(SEEN, (), t.note(33)))),
    "a proof of another size": (422, lambda t: bytes(Request(SEEN, t.proof(SEEN, 34), t.note(33)))),
    "a proof with a hash too many": (422, lambda t: bytes(Request(SEEN, (*t.proof(SEEN, 33), EMPTY), t.note(33)))),
    "a proof that lacks a hash": (422, lambda t: bytes(Request(SEEN, t.proof(SEEN, 33)[1:], t.note(33)))),
    "the same size, another root": (422, lambda t: Tree(LOG, 40, salt="x").request(SEEN, SEEN)),
    "another history": (422, lambda t: Tree(LOG, 40, salt="x").request(SEEN, 33)),
    "a history that turns off before": (422, lambda t: Tree(LOG, 40, salt="x", fork=19).request(SEEN, 33)),
    "a proof where none belongs": (422, lambda t: bytes(Request(SEEN, (EMPTY,), t.note(SEEN)))),
}


@pytest.mark.parametrize(("status", "request_of"), TABLE.values(), ids=TABLE.keys())
def test_what_is_no_request_of_a_known_log_that_goes_on_is_refused_and_moves_nothing(
    store: Store, witness: Witness, tree: Tree, status: int, request_of: Callable[[Tree], bytes]
) -> None:
    reply = witness.add_checkpoint(request_of(tree))
    assert reply.status == status
    assert (reply.kind, reply.body) == ("text/x.tlog.size", "20\n") or status != 409
    with store.write() as tx:
        assert witnesses.seen(tx, LOG).size == SEEN
    assert witness.add_checkpoint(tree.request(SEEN, 33)).status == 200


@pytest.mark.parametrize(
    ("status", "old", "size"), [(422, 0, 0), (422, 0, 5), (200, 0, 5)], ids=["empty, other root", "a proof", "right"]
)
def test_the_first_checkpoint_of_a_log_needs_no_proof_and_takes_none(
    witness: Witness, status: int, old: int, size: int
) -> None:
    tree = Tree(LOG, 5)
    text = tree.note(5).text if size else str(Checkpoint(LOG, 0, bytes(32)))
    proof = (EMPTY,) if status == 422 and size else ()
    request = Request(old, proof, Note(text, (key(LOG).sign(text),)))
    assert witness.add_checkpoint(bytes(request)).status == status


def test_a_log_may_begin_empty(witness: Witness) -> None:
    assert witness.add_checkpoint(Tree(LOG).request(0, 0)).status == 200
    assert witness.add_checkpoint(Tree(LOG, 3).request(0, 3)).status == 200


def test_a_log_with_two_keys_is_known_by_either(store: Store) -> None:
    later = key(f"{LOG}2")
    both = policy([LOG])
    new = later.verifier()
    text = Tree(LOG, 7).note(7).text
    renamed = type(new)(LOG, new.kind, new.public)
    signed = Signature(LOG, renamed.key_id, later.sign(text).raw)
    witness = Witness(store, key(WITNESS), lambda: type(both)((*both.logs, renamed)))
    assert witness.add_checkpoint(bytes(Request(0, (), Note(text, (signed,))))).status == 200


def test_who_a_log_is_is_said_by_the_policy_never_by_the_request(store: Store) -> None:
    """CVE-2022-39199: a client took the name that the server gave itself for the log's identity."""
    witness = Witness(store, key(WITNESS), lambda: policy([LOG]))
    text = Tree(LOG, 9).note(9).text
    for signer in (key("robo.example/attacker"), key("x")):
        named = Signature(LOG, key(LOG).verifier().key_id, signer.sign(text).raw)
        assert witness.add_checkpoint(bytes(Request(0, (), Note(text, (named, signer.sign(text)))))).status == 403
    assert events(store) == []


def test_a_forged_state_is_refused_whatever_part_of_its_proof_is_true(witness: Witness, tree: Tree) -> None:
    """CVE-2022-36111: a part of the proof was not checked, and a forged state passed."""
    for fork in range(SEEN):
        forged = Tree(LOG, 40, salt="forged", fork=fork)
        mixed = forged.proof(SEEN, 40)
        for proof in (mixed, tree.proof(SEEN, 40), (*tree.proof(SEEN, 40)[:1], *mixed[1:])):
            assert witness.add_checkpoint(bytes(Request(SEEN, proof, forged.note(40)))).status == 422


def test_what_a_log_signed_is_kept_as_evidence_once_and_what_nobody_signed_is_not(
    store: Store, witness: Witness, tree: Tree
) -> None:
    fork, before = Tree(LOG, 40, salt="x").request(SEEN, 33), len(events(store))
    for _ in range(3):
        witness.add_checkpoint(fork + str(key("x").sign("whatever somebody wrote beneath")).encode())
        witness.add_checkpoint(tree.request(10, 10))
        witness.add_checkpoint(b"rubbish")
        witness.add_checkpoint(Tree("robo.example/other", 9).request(0, 9))
    with store.read() as tx:
        kept = witnesses.refusals(tx, side=witnesses.ANSWERED)
    assert sorted(each.code for each in kept) == [409, 422]
    assert {each.request for each in kept} == {fork.decode(), tree.request(10, 10).decode()}
    said = events(store)[before:]
    assert [each["type"] for each in said] == ["witness.refused"] * 2
    assert {each["data"]["code"] for each in said} == {409, 422}


def test_evidence_of_one_kind_has_an_end(store: Store, witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "MOST", 3)
    tree = Tree(LOG, 40)
    witness.add_checkpoint(tree.request(0, SEEN))
    assert {witness.add_checkpoint(tree.request(size, size)).status for size in range(1, 9)} == {409}
    with store.read() as tx:
        assert len(witnesses.refusals(tx)) == 3


def test_whoever_writes_a_wrong_proof_to_a_checkpoint_of_another_accuses_nobody(
    store: Store, witness: Witness, tree: Tree
) -> None:
    """Checkpoints are public: the proof beside them is not their log's."""
    for proof in ((), (EMPTY,), tree.proof(SEEN, 34)):
        reply = witness.add_checkpoint(bytes(Request(SEEN, proof, tree.note(33))))
        assert (reply.status, "history" in reply.body) == (422, False)
        assert witness.add_checkpoint(bytes(Request(SEEN, (EMPTY,), tree.note(SEEN)))).status == 422
    assert [each["data"]["proven"] for each in events(store) if each["type"] == "witness.refused"] == [False]
    with store.read() as tx:
        (kept,) = witnesses.refusals(tx, side=witnesses.ANSWERED)
    assert "nothing is proven" in sentence(events(store)[-1])
    assert kept.request.startswith("old 20\n"), "of what is countersigned here already, nothing is kept"


@pytest.mark.parametrize(("status", "old"), [(422, SEEN), (409, 7)], ids=["from that size", "from another"])
def test_another_root_at_the_size_that_was_countersigned_is_proof_and_kept_without_end_with_both_notes(
    store: Store, witness: Witness, tree: Tree, monkeypatch: pytest.MonkeyPatch, status: int, old: int
) -> None:
    monkeypatch.setattr(witnesses, "MOST", 1)
    witness.add_checkpoint(tree.request(5, 5))
    witness.add_checkpoint(bytes(Request(SEEN, (), tree.note(33))))
    forks = [Tree(LOG, SEEN, salt=salt) for salt in "xyz"]
    for fork in (*forks, *forks):
        reply = witness.add_checkpoint(bytes(Request(old, (), fork.note(SEEN))))
        assert (reply.status, "another history" in reply.body) == (status, status == 422)
    said = [each["data"] for each in events(store) if each["type"] == "witness.refused"]
    assert [each["proven"] for each in said] == [False, False, True, True, True]
    assert "it has two histories" in sentence(events(store)[-1])
    with store.read() as tx:
        kept = [each for each in witnesses.refusals(tx, side=witnesses.ANSWERED) if f"\n{SEEN}\n" in each.request]
    assert {each.request for each in kept} == {bytes(Request(old, (), fork.note(SEEN))).decode() for fork in forks}
    for each in kept:
        held = Note.parse(each.answer.partition("\n\n")[2])
        assert held.signed_by([key(LOG).verifier()])
        assert held.text == tree.note(SEEN).text


def test_two_requests_at_once_never_make_a_log_go_back(store: Store, witness: Witness, tree: Tree) -> None:
    """The race of the specification: N and N+K are asked at the same time, from the same size."""
    last = SEEN
    for round_ in range(8):
        tree.grow(last + 20)
        bodies = [tree.request(last, last + 5), tree.request(last, last + 10)]
        with ThreadPoolExecutor(2) as threads:
            replies = list(threads.map(witness.add_checkpoint, bodies if round_ % 2 else bodies[::-1]))
        won = [reply for reply in replies if reply.status == 200]
        with store.write() as tx:
            size = witnesses.seen(tx, LOG).size
        lost = next(reply for reply in replies if reply.status != 200)
        assert len(won) == 1
        assert (lost.status, lost.body) == (409, f"{size}\n")
        assert size > last
        last = size


def test_what_is_not_in_the_store_is_not_signed(store: Store, witness: Witness, tree: Tree) -> None:
    """Nothing leaves when the commit fails: here its last statement, the event of the witness's own log."""

    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(audit, "emit", broken)
        with pytest.raises(OSError, match="disk"):
            witness.add_checkpoint(tree.request(SEEN, 33))
    assert witness.add_checkpoint(tree.request(SEEN, 34)).status == 200


def test_a_request_that_does_not_end_is_not_waited_for(witness: Witness) -> None:
    """The server's own patience; a body that comes byte by byte has no more."""
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/add-checkpoint", "headers": [], "query_string": b""}
    asyncio.run(application(witness, patience=0.05)(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nHost: w\r\n\r\n"], ids=["first", "second"])
def test_a_connection_that_does_not_say_what_it_asks_is_cut(
    witness: Witness, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the server takes, silent, would keep everybody out."""
    monkeypatch.setattr(server, "PATIENCE", 0.05)

    async def heard() -> bytes:
        config = uvicorn.Config(application(witness), http=server.Patient, lifespan="off", log_config=None)
        config.load()
        door = await asyncio.get_running_loop().create_server(
            lambda: server.Patient(config, ServerState(), {}), "127.0.0.1", 0
        )
        async with door:
            reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname())
            answer = b""
            if before:
                writer.write(before)
                answer = await reader.readuntil(b"ok\n")
            writer.write(b"POST /add-check")
            with suppress(ConnectionResetError):
                answer += await asyncio.wait_for(reader.read(), 10)
            writer.close()
        return answer

    assert asyncio.run(heard()).startswith(b"HTTP/1.1 200" if before else b"")
