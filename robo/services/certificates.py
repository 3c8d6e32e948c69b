"""Certificates with which a robot shows who it is: read from the file an authority gave, kept as PEM texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from robo.errors import MissingSecret, UsageError

PEM: Final = b"-----BEGIN "
KEY: Final = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)


def read_certificate(file: Path, passphrase: str, name: str) -> Mapping[str, str]:
    """`certificate` (the robot's own first, then those that vouch for it) and `key`, from a .p12 or .pfx file, or from
    a PEM file that holds both. Raises `UsageError` RB907, RB909."""
    try:
        content = file.read_bytes()
    except OSError as broken:
        raise UsageError(
            "RB909",
            "%(file)s cannot be read: %(cause)s",
            place=str(file),
            remedy="look at the path, and whether this account may read the file",
            file=str(file),
            cause=broken.strerror or str(broken),
        ) from broken
    try:
        return _of_pem(content, passphrase) if PEM in content else _of_p12(content, passphrase)
    except (ValueError, TypeError) as odd:
        raise UsageError(
            "RB907",
            "the certificate of %(name)s cannot be read: a wrong passphrase, no key in the file, or another kind of "
            "file",
            place=f"secrets/{name}",
            remedy="give the .p12 or .pfx file as the authority gave it, or a PEM file with the certificate and its "
            "key, and its passphrase",
            name=name,
        ) from odd


def _of_p12(content: bytes, passphrase: str) -> dict[str, str]:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

    held = load_pkcs12(content, passphrase.encode() or None)
    if held.key is None or held.cert is None:
        raise ValueError
    chain = [held.cert.certificate, *(each.certificate for each in held.additional_certs)]
    if held.key.public_key() != chain[0].public_key():
        raise ValueError
    return {"certificate": "".join(each.public_bytes(Encoding.PEM).decode() for each in chain), "key": _pem(held.key)}


def _of_pem(content: bytes, passphrase: str) -> dict[str, str]:
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    chain = load_pem_x509_certificates(content)
    block = KEY.search(content)
    if block is None:
        raise ValueError
    key = load_pem_private_key(block[0], passphrase.encode() or None)
    if key.public_key() != chain[0].public_key():
        raise ValueError
    return {"certificate": "".join(each.public_bytes(Encoding.PEM).decode() for each in chain), "key": _pem(key)}


def _pem(key: object) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    told: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]  # every private key has it
    return told.decode("ascii")


def ends(file: Path) -> list[datetime]:
    """When each certificate of a PEM file ends; none when it cannot be read."""
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return [each.not_valid_after_utc for each in load_pem_x509_certificates(file.read_bytes())]
    except (OSError, ValueError):
        return []


def check_valid(name: str, certificate: str) -> None:
    """Raises `MissingSecret` RB908 when its time is over, or has not come."""
    from cryptography.x509 import load_pem_x509_certificate

    own = load_pem_x509_certificate(certificate.encode())
    if not own.not_valid_before_utc <= datetime.now(UTC) <= own.not_valid_after_utc:
        raise MissingSecret(
            "RB908",
            "the certificate of %(name)s is valid from %(since)s to %(until)s",
            place=f"secrets/{name}",
            remedy="ask the authority for a new one, then: robo secrets set %(name)s --certificate FILE",
            name=name,
            since=own.not_valid_before_utc.date().isoformat(),
            until=own.not_valid_after_utc.date().isoformat(),
        )
