"""One-time codes after RFC 6238 (TOTP), worked out from the seed that an application shows once, as text or QR code."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from robo.errors import UsageError

ALGORITHMS: Final = ("SHA1", "SHA256", "SHA512")
LENGTHS: Final = (6, 7, 8)
SHORTEST: Final = 10
"""Bytes of the shortest seed in use; a shorter one is a code taken for the seed."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What codes are worked out from. `step`: seconds a code is valid."""

    key: bytes
    step: int = 30
    digits: int = 6
    algorithm: str = "SHA1"

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """A seed in base32 (blanks and case do not count), or an `otpauth://totp/…` address, as a QR code holds it.

        Raises `UsageError` RB906, which quotes nothing of it."""
        try:
            return cls._of_address(text) if text.strip().lower().startswith("otpauth:") else cls(_key(text))
        except (ValueError, KeyError):
            raise UsageError(
                "RB906",
                "the seed of the codes of %(name)s cannot be read",
                place=f"secrets/{name}",
                remedy="give the text that the application shows beside its QR code (letters and digits 2 to 7), or "
                "the otpauth:// address in it; not one of its codes",
                name=name,
            ) from None

    @classmethod
    def _of_address(cls, text: str) -> Self:
        parts = urlsplit(text.strip())
        said = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
        step, digits = int(said.get("period", "30")), int(said.get("digits", "6"))
        algorithm = said.get("algorithm", "SHA1").upper()
        if parts.netloc.lower() != "totp" or step < 1 or digits not in LENGTHS or algorithm not in ALGORITHMS:
            raise ValueError
        return cls(_key(said["secret"]), step, digits, algorithm)

    def code(self, moment: float) -> str:
        """The code that is valid at `moment` (seconds since 1970)."""
        from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
        from cryptography.hazmat.primitives.twofactor.totp import TOTP

        known: Mapping[str, SHA1 | SHA256 | SHA512] = {
            "SHA1": SHA1(),  # noqa: S303 - what applications use (RFC 6238); HMAC does not need more of it
            "SHA256": SHA256(),
            "SHA512": SHA512(),
        }
        totp = TOTP(self.key, self.digits, known[self.algorithm], self.step, enforce_key_length=False)
        return totp.generate(int(moment)).decode("ascii")


def _key(text: str) -> bytes:
    bare = "".join(text.split()).replace("-", "").rstrip("=").upper()
    key = base64.b32decode(bare + "=" * (-len(bare) % 8))  # binascii.Error is a ValueError
    if len(key) < SHORTEST:
        raise ValueError
    return key
