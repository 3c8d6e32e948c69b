"""An authority of a test, and certificates it vouches for."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return str(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


HERE = ("localhost", "127.0.0.1")


def issue(name: str, by: Pair | None = None, *, days: int = 30, names: tuple[str, ...] = HERE) -> Pair:
    """A certificate of `names` (this machine), or (`by` None) an authority; `days`: how long it is valid yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if by is not None:
        made = made.add_extension(x509.SubjectAlternativeName([_named(each) for each in names]), critical=False)
    return Pair(made.sign(key if by is None else by.key, SHA256()), key)


def _named(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass(frozen=True)
class Certified:
    """What a server shows, and the file of the authority that vouches for it."""

    server: ssl.SSLContext
    file: Path


class Authority:
    """Vouches for servers. `file`: its own certificate, for those who should trust it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pair = issue("Autorité d'essai")
        self.file = folder / "autorite.pem"
        self.file.write_text(self._pair.pem, encoding="ascii")

    def certify(self, *names: str) -> Certified:
        """A server of these names or addresses."""
        pair = issue(names[0], self._pair, names=names)
        whole = self._folder / f"{names[0]}.pem"
        whole.write_text(pair.pem + pair.key_pem, encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(whole)
        return Certified(context, self.file)
