"""Signed notes (c2sp.org/signed-note) with Ed25519, and timestamped cosignatures (c2sp.org/tlog-cosignature, v1).

A note is a text, an empty line, and lines `— NAME BASE64(key id || signature)`. Signatures of unknown keys are left
alone; a wrong one of a known key spoils the whole note.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from robo.errors import InfrastructureError, Words

T = TypeVar("T")
ED25519: Final = 1
COSIGNATURE: Final = 4
MOST_SIGNATURES: Final = 64
LONGEST_NOTE: Final = 1 << 20
_DASH: Final = "\u2014 "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


def unreadable(code: str, *, kind: str, why: Words, place: str = "") -> InfrastructureError:
    """The error for material that is not in its format."""
    return InfrastructureError(
        code,
        "%(kind)s cannot be read: %(why)s",
        place=place,
        remedy="ask for the file again from where it comes; if it comes the same, report it as altered",
        kind=kind,
        why=why,
    )


def read_at(place: str, read: Callable[[bytes], T], raw: bytes) -> T:
    """What `read` makes of `raw`. Its error says where: `place`, when it does not know better."""
    try:
        return read(raw)
    except InfrastructureError as wrong:
        wrong.place = wrong.place or place
        raise


def from_base64(text: str, length: int | None = None) -> bytes | None:
    """The bytes of base 64 (RFC 4648, section 4) in its one form, or None when it is not, or not of that length."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    one_form = base64.b64encode(raw).decode() == text
    return raw if one_form and length in {None, len(raw)} else None


def to_base64(raw: bytes) -> str:
    """Base 64 (RFC 4648, section 4)."""
    return base64.b64encode(raw).decode()


def is_key_name(name: str) -> bool:
    """Whether a key may be called that: not empty, no space, no plus, no control character."""
    return bool(name) and "+" not in name and not any(each.isspace() for each in name) and not _CONTROL.search(name)


@dataclass(frozen=True, slots=True)
class Signature:
    """A line of signatures: who (`name`, the first bytes of the key's hash) and what (`raw`)."""

    name: str
    key_id: bytes
    raw: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.raw)}\n"

    @classmethod
    def parse(cls, line: str) -> Signature:
        """The signature of a line without its end. `InfrastructureError` RB632."""
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        raw = from_base64(encoded)
        if not line.startswith(_DASH) or not is_key_name(name) or raw is None or len(raw) < 5:  # noqa: PLR2004 - id and something
            raise unreadable("RB632", kind="a signed note", why="a line of its signatures is none")
        return cls(name, raw[:4], raw[4:])


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and what it signs: notes (`ED25519`) or cosignatures (`COSIGNATURE`)."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """`SHA-256(name || 0x0A || kind || public key)[:4]`."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str, place: str = "") -> VerifierKey:
        """The key of a *vkey*: `NAME+ID+BASE64`. `InfrastructureError` RB632 when it is none or its id is another's."""
        name, _, rest = text.partition("+")
        written, _, encoded = rest.partition("+")
        raw = from_base64(encoded, 33)
        if raw is None or raw[0] not in {ED25519, COSIGNATURE} or not is_key_name(name):
            raise unreadable("RB632", kind="a verifier key", why="it is not NAME+ID+KEY of Ed25519", place=place)
        key = cls(name, raw[0], raw[1:])
        if key.key_id.hex() != written:
            raise unreadable("RB632", kind="a verifier key", why="its id is not that of its name and key", place=place)
        return key

    def verify(self, text: str, signature: Signature) -> int | None:
        """The signature is right: its time in seconds since 1970 for a cosignature, else 0. None when it is wrong."""
        raw, when, said = signature.raw, 0, text.encode()
        if self.kind == COSIGNATURE:
            when, raw = int.from_bytes(raw[:8], "big"), raw[8:]
            said = _cosigned(text, when)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(raw, said)
        except (InvalidSignature, ValueError):
            return None
        return when if when < 1 << 63 else None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its name. It never leaves the process that signs."""

    name: str
    private: Ed25519PrivateKey

    def verifier(self, kind: int = ED25519) -> VerifierKey:
        """What others need to verify what this key signs."""
        return VerifierKey(self.name, kind, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """The log's own signature of a note's text."""
        return Signature(self.name, self.verifier().key_id, self.private.sign(text.encode()))

    def cosign(self, text: str, when: int) -> Signature:
        """A witness's cosignature of a checkpoint's text, at `when` (seconds since 1970)."""
        raw = when.to_bytes(8, "big") + self.private.sign(_cosigned(text, when))
        return Signature(self.name, self.verifier(COSIGNATURE).key_id, raw)


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a line's end, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    @classmethod
    def parse(cls, note: str | bytes) -> Note:
        """The note of a file. `InfrastructureError` RB632."""
        try:
            raw = note if isinstance(note, bytes) else note.encode()
            whole = raw.decode()
        except UnicodeError as broken:
            raise unreadable("RB632", kind="a signed note", why="it is not UTF-8") from broken
        text, parted, lines = whole.rpartition("\n\n")
        if not parted or not lines.endswith("\n"):
            raise unreadable("RB632", kind="a signed note", why="no signature stands behind an empty line")
        if _CONTROL.search(whole) or len(raw) > LONGEST_NOTE or lines.count("\n") > MOST_SIGNATURES:
            raise unreadable("RB632", kind="a signed note", why="it is too long or holds control characters")
        return cls(f"{text}\n", tuple(map(Signature.parse, lines[:-1].split("\n"))))

    def with_signature(self, signature: Signature) -> Note:
        """The note with one signature more; an earlier one of the same key is replaced."""
        others = (each for each in self.signatures if (each.name, each.key_id) != (signature.name, signature.key_id))
        return replace(self, signatures=(*others, signature))

    def signed_by(self, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
        """The keys whose signatures are right, with their times. RB633 when one of a known key is wrong."""
        known = {(key.name, key.key_id): key for key in keys}
        right: dict[VerifierKey, int] = {}
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key is None:
                continue
            when = key.verify(self.text, signature)
            if when is None:
                raise InfrastructureError(
                    "RB633",
                    "the signature of %(name)s is wrong: the text was altered, or another key signed",
                    remedy="keep the file as evidence; compare the key with the one that its owner publishes",
                    name=key.name,
                )
            right[key] = when
        return right


def _cosigned(text: str, when: int) -> bytes:
    return f"cosignature/v1\ntime {when}\n{text}".encode()
