"""A robot's certificate: taken from the file an authority gave, kept with its key, known to end."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from robo.errors import MissingSecret, UsageError
from robo.services.certificates import read_certificate
from robo.services.secrets import SecretBook
from robo.services.settings import Backend
from robo.services.vaults import AgeVault
from tests.certificates import Pair, issue

AUTHORITY = issue("AC interne")
ROBOT = issue("robot.occitanie", AUTHORITY)
PASSPHRASE = "c4nary-Passphrase"


def written(folder: Path, kind: str, robot: Pair = ROBOT) -> Path:
    file = folder / f"robot.{kind}"
    locked = BestAvailableEncryption(PASSPHRASE.encode())
    if kind == "p12":
        content = serialize_key_and_certificates(
            b"robot", robot.key, robot.certificate, [AUTHORITY.certificate], locked
        )
    else:
        key = robot.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
        content = (robot.pem + AUTHORITY.pem).encode() + key
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("kind", ["p12", "pem"])
def test_certificate_and_key_come_out_of_the_file(tmp_path: Path, kind: str) -> None:
    parts = read_certificate(written(tmp_path, kind), PASSPHRASE, "carte")
    assert parts == {"certificate": ROBOT.pem + AUTHORITY.pem, "key": ROBOT.key_pem}


@pytest.mark.parametrize("kind", ["p12", "pem"])
def test_a_wrong_passphrase_is_told_and_not_quoted(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_certificate(written(tmp_path, kind), f"not-{PASSPHRASE}", "carte")
    assert caught.value.code == "RB907"
    assert PASSPHRASE not in str(caught.value)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    other = Pair(ROBOT.certificate, issue("autre", AUTHORITY).key)
    with pytest.raises(UsageError, match="cannot be read"):
        read_certificate(written(tmp_path, "pem", other), PASSPHRASE, "carte")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_certificate(tmp_path / "absent.p12", "", "carte")


def test_a_certificate_whose_time_is_over_is_no_secret_any_more(tmp_path: Path) -> None:
    book = SecretBook(AgeVault(tmp_path / "secrets.age", tmp_path / "keys/secrets.key"), Backend.AGE)
    for name, days in (("carte", 30), ("finie", -1)):
        robot = issue("robot", AUTHORITY, days=days)
        book.set(name, "certificate", certificate=robot.pem, key=robot.key_pem)
    assert book.get("carte", "certificate").parts() == ("certificate", "key")
    with pytest.raises(MissingSecret) as caught:
        book.get("finie", "certificate")
    assert (caught.value.code, book.has("finie", "certificate")) == ("RB908", False)
