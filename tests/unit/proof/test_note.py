"""Signed notes and cosignatures: the examples of C2SP, a real log with its real witness, and what must be refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.proof.note import COSIGNATURE, ED25519, Note, Signature, VerifierKey
from tests.unit.proof.conftest import NOON, key

SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
"""The example of c2sp.org/signed-note."""
REAL_KEYS = [
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
]
REAL_NOTE = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev \
ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de \
2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
"""A checkpoint of a staging log of Certificate Transparency, countersigned by a public witness (cosignature/v1); others
of its signatures left out."""
SPEC_COSIGNED = (
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
)
TEXT = "robo.example/idf\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def test_the_example_of_the_specification_verifies_and_is_written_back_byte_by_byte() -> None:
    known = VerifierKey.parse(SPEC_KEY)
    note = Note.parse(SPEC_NOTE.encode())
    assert note.signed_by([known]) == {known: 0}
    assert (str(note), str(known)) == (SPEC_NOTE, SPEC_KEY)


def test_a_real_checkpoint_is_signed_by_its_log_and_by_its_witness_at_its_time() -> None:
    log, witness = map(VerifierKey.parse, REAL_KEYS)
    note = Note.parse(REAL_NOTE)
    assert note.signed_by([log, witness]) == {log: 0, witness: 1_779_573_024}
    assert (log.kind, witness.kind, str(note)) == (ED25519, COSIGNATURE, REAL_NOTE)


def test_the_cosignature_of_the_specification_holds_the_time_it_shows() -> None:
    line = Signature.parse(f"— witness.example.com/w1 {SPEC_COSIGNED}")
    assert int.from_bytes(line.raw[:8], "big") == 1_679_315_147
    assert len(line.raw) == 8 + 64


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.integers(0, 2**63 - 1))
def test_what_a_key_signs_it_alone_verifies(text: str, when: int) -> None:
    log, witness, other = key("log.example"), key("w.example"), key("other.example")
    said = f"{text}\n"
    note = Note.parse(str(Note(said, (log.sign(said), witness.cosign(said, when)))))
    keys = [log.verifier(), witness.verifier(COSIGNATURE)]
    assert note.signed_by(keys) == {keys[0]: 0, keys[1]: when}
    assert note.signed_by([other.verifier()]) == {}
    assert note.signed_by([log.verifier(COSIGNATURE), witness.verifier()]) == {}


@given(st.integers(0, 8 * 76 - 1))
def test_every_bit_of_a_cosignature_counts(bit: int) -> None:
    witness = key("w.example")
    whole = witness.cosign(TEXT, NOON)
    raw = int.from_bytes(whole.key_id + whole.raw, "big") ^ (1 << bit)
    changed = raw.to_bytes(76, "big")
    note = Note(TEXT, (Signature(whole.name, changed[:4], changed[4:]),))
    if changed[:4] != whole.key_id:
        assert note.signed_by([witness.verifier(COSIGNATURE)]) == {}
    else:
        with pytest.raises(InfrastructureError, match=r"the signature of w\.example is wrong"):
            note.signed_by([witness.verifier(COSIGNATURE)])


def test_a_time_beyond_63_bits_is_no_time() -> None:
    witness = key("w.example")
    verifier = witness.verifier(COSIGNATURE)
    assert verifier.verify(TEXT, witness.cosign(TEXT, 2**63 - 1)) == 2**63 - 1
    assert verifier.verify(TEXT, witness.cosign(TEXT, 2**63)) is None


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    log = key("log.example")
    note = Note("another text\n", (log.sign(TEXT),))
    with pytest.raises(InfrastructureError, match=r"log\.example is wrong: the text was altered") as caught:
        note.signed_by([log.verifier()])
    assert caught.value.code == "RB633"


def test_a_second_signature_of_a_key_replaces_its_first() -> None:
    log, witness = key("log.example"), key("w.example")
    note = Note(TEXT, (log.sign(TEXT), witness.cosign(TEXT, 1))).with_signature(witness.cosign(TEXT, 2))
    assert note.signed_by([witness.verifier(COSIGNATURE)]) == {witness.verifier(COSIGNATURE): 2}
    assert len(note.signatures) == 2


def test_a_text_may_hold_empty_lines_the_last_one_parts_the_signatures() -> None:
    log = key("log.example")
    text = "one\n\n— two AAAAAAA=\n\n"
    note = Note.parse(str(Note(text, (log.sign(text),))))
    assert (note.text, len(note.signatures)) == (text, 1)
    assert note.signed_by([log.verifier()])


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (b"text\n\xff\n\n\xe2\x80\x94 n AAAAAAA=\n", "it is not UTF-8"),
        ("text\n\ud800\n\n— n AAAAAAA=\n", "it is not UTF-8"),
        ("text\n", "no signature stands behind an empty line"),
        ("text\n\n", "no signature stands behind an empty line"),
        ("text\n\n— n AAAAAAA=", "no signature stands behind an empty line"),
        ("te\rxt\n\n— n AAAAAAA=\n", "it is too long or holds control characters"),
        ("text\n\n" + "— n AAAAAAA=\n" * 65, "it is too long or holds control characters"),
        ("text\n\n- n AAAAAAA=\n", "a line of its signatures is none"),
        ("text\n\n— n\n", "a line of its signatures is none"),
        ("text\n\n— n AAAA\n", "a line of its signatures is none"),
        ("text\n\n— n+m AAAAAAA=\n", "a line of its signatures is none"),
        ("text\n\n— n\u00a0m AAAAAAA=\n", "a line of its signatures is none"),
        ("text\n\n— n QUJDQUJD=\n", "a line of its signatures is none"),
        ("text\n\n— n AAAAAAB=\n", "a line of its signatures is none"),
    ],
)
def test_what_is_no_note_is_refused(note: str | bytes, why: str) -> None:
    with pytest.raises(InfrastructureError) as caught:
        Note.parse(note)
    assert str(caught.value) == f"a signed note cannot be read: {why}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SPEC_KEY.replace("530d903a", "530d903b"), "its id is not that of its name and key"),
        (SPEC_KEY.replace("530d903a", "530D903A"), "its id is not that of its name and key"),
        (SPEC_KEY.replace("foo", "bar"), "its id is not that of its name and key"),
        (SPEC_KEY + "=", "it is not NAME+ID+KEY of Ed25519"),
        (SPEC_KEY.replace("+Ae", "+Ag"), "it is not NAME+ID+KEY of Ed25519"),
        ("example.com/foo", "it is not NAME+ID+KEY of Ed25519"),
        ("a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "it is not NAME+ID+KEY of Ed25519"),
    ],
)
def test_what_is_no_key_of_ours_is_refused(text: str, why: str) -> None:
    with pytest.raises(InfrastructureError) as caught:
        VerifierKey.parse(text)
    assert str(caught.value) == f"a verifier key cannot be read: {why}"
