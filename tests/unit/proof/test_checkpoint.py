"""Checkpoints, and proofs that travel without their log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.proof.checkpoint import Checkpoint, LogProof, signed_checkpoint
from robo.proof.merkle import inclusion_proof, leaf_hash, node_hash
from robo.proof.note import Note
from tests.unit.proof.conftest import ORIGIN, Written, key
from tests.unit.proof.test_note import REAL_NOTE

ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def proof_of(log: Written, index: int, extra: bytes = b"") -> LogProof:
    leaves = log.leaves()

    def node(level: int, at: int) -> bytes:
        if not level:
            return leaves[at]
        return node_hash(node(level - 1, 2 * at), node(level - 1, 2 * at + 1))

    path = inclusion_proof(index, len(leaves), node)
    return LogProof(index, tuple(path), log.checkpoints[-1], extra)


def test_a_checkpoint_is_an_origin_a_size_and_a_root() -> None:
    checkpoint = Checkpoint.parse(Note.parse(REAL_NOTE).text)
    assert (checkpoint.origin, checkpoint.size) == ("arche2025h1.staging.ct.transparency.dev", 1_432_088_532)
    assert str(checkpoint) == Note.parse(REAL_NOTE).text


def test_lines_behind_the_root_are_left_alone() -> None:
    assert Checkpoint.parse(f"log\n0\n{ROOT}\nmore\n") == Checkpoint.parse(f"log\n0\n{ROOT}\n")


@pytest.mark.parametrize(
    "text",
    [
        f"log\n01\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n١\n{ROOT}\n",
        f"log\n1\n{ROOT[:-4]}\n",
        "log\n1\n",
        f"\n1\n{ROOT}\n",
        f"log\n1\n{ROOT}\n\nmore\n",
        f"log\n{10**20}\n{ROOT}\n",
    ],
    ids=["zero", "minus", "digits", "root", "short", "origin", "empty line", "large"],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(
        InfrastructureError, match="a checkpoint cannot be read: it is not an origin, a size and a root"
    ):
        Checkpoint.parse(text)


def test_a_checkpoint_signed_by_a_key_of_another_log_is_nobody_s(sealed: Written) -> None:
    """The identity of a log is pinned by the auditor: neither another known log nor the log itself can choose it."""
    other = key("robo.example/pdl")
    text = str(Checkpoint(ORIGIN, sealed.frontier.size, sealed.frontier.root()))
    forged = Note(text, (other.sign(text),))
    with pytest.raises(InfrastructureError, match=r"no key that is known for the log robo\.example/idf signed"):
        signed_checkpoint(forged, [sealed.key.verifier(), other.verifier()])


def test_a_proof_travels_as_text_and_verifies_without_the_log(sealed: Written) -> None:
    for index, raw in enumerate(sealed.entries):
        proof = LogProof.parse(str(proof_of(sealed, index, extra=b"what for")))
        assert proof == proof_of(sealed, index, extra=b"what for")
        assert proof.verify(leaf_hash(raw), [sealed.key.verifier()]).size == 12


def test_a_proof_is_laid_out_as_the_specification_says(sealed: Written) -> None:
    lines = str(proof_of(sealed, 5, extra=b"x")).split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra eA==", "index 5"]
    assert lines[3:8] == [*lines[3:7], ""]
    assert lines[8:10] == [ORIGIN, "12"]


def test_a_log_of_one_entry_has_a_proof_without_a_path(written: Written) -> None:
    written.add()
    written.seal()
    proof = LogProof.parse(str(proof_of(written, 0)))
    assert proof.path == ()
    assert proof.verify(written.leaves()[0], [written.key.verifier()]).size == 1


@given(st.data())
def test_no_character_of_a_proof_can_be_changed(data: st.DataObject) -> None:
    log = Written()
    for _ in range(5):
        log.add()
    log.seal(witnesses=())
    whole = str(proof_of(log, 3))
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.characters(codec="utf-8", exclude_characters=whole[at]))
    with pytest.raises(InfrastructureError):
        LogProof.parse(whole[:at] + other + whole[at + 1 :]).verify(log.leaves()[3], [log.key.verifier()])


def test_a_proof_of_another_entry_is_refused(sealed: Written) -> None:
    with pytest.raises(InfrastructureError, match="entry 5 of the log is another one"):
        proof_of(sealed, 5).verify(sealed.leaves()[6], [sealed.key.verifier()])


@pytest.mark.parametrize(
    "head",
    [
        "wrong-header\nindex 0\n",
        "c2sp.org/tlog-proof@v1\nextra !!\nindex 0\n",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex one\n",
        "c2sp.org/tlog-proof@v1\nindex -5\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n!!\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{ROOT}\n" * 64,
    ],
    ids=["header", "extra", "no index", "word", "minus", "zeros", "base 64", "length", "path"],
)
def test_what_is_no_proof_is_refused(head: str, sealed: Written) -> None:
    with pytest.raises(InfrastructureError, match="a proof cannot be read: it is not a header, an index and a path"):
        LogProof.parse(f"{head}\n{sealed.checkpoints[-1]}")
