"""One-time codes as RFC 6238 gives them, from a seed as applications show it."""

from __future__ import annotations

import base64

import pytest

from robo.errors import UsageError
from robo.services.codes import Seed

KEYS = {"SHA1": b"1234567890" * 2, "SHA256": b"1234567890" * 3 + b"12", "SHA512": b"1234567890" * 6 + b"1234"}
"""The seeds of RFC 6238, appendix B."""


def address(algorithm: str, digits: int = 8) -> str:
    seed = base64.b32encode(KEYS[algorithm]).decode()
    return f"otpauth://totp/Portail:robot?secret={seed}&algorithm={algorithm}&digits={digits}&period=30"


@pytest.mark.parametrize(
    ("algorithm", "codes"),
    [
        ("SHA1", ("94287082", "07081804", "14050471", "65353130")),
        ("SHA256", ("46119246", "68084774", "67062674", "77737706")),
        ("SHA512", ("90693936", "25091201", "99943326", "47863826")),
    ],
)
def test_codes_are_those_of_the_standard(algorithm: str, codes: tuple[str, ...]) -> None:
    seed = Seed.read(address(algorithm), "portal")
    assert tuple(seed.code(moment) for moment in (59, 1111111109, 1111111111, 20000000000)) == codes


def test_a_seed_is_read_as_applications_write_it() -> None:
    bare = base64.b32encode(KEYS["SHA1"]).decode()
    spaced = " ".join(bare.lower()[at : at + 4] for at in range(0, len(bare), 4)) + "\n"
    assert {Seed.read(text, "portal") for text in (bare, spaced, address("SHA1", 6))} == {Seed(KEYS["SHA1"])}


@pytest.mark.parametrize(
    "text",
    [
        "123456",
        "",
        "MZXW6===",
        "é" * 20,
        address("SHA1").replace("totp", "hotp"),
        address("SHA1").replace("=SHA1", "=MD5"),
    ],
    ids=["a code", "nothing", "too short", "no base32", "counted codes", "another algorithm"],
)
def test_what_is_no_seed_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Seed.read(text, "portal")
    assert caught.value.code == "RB906"
    assert not text or text not in str(caught.value)
