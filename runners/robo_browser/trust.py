"""Authorities of one's own: a file of certificates that vouch for the hosts of an administration.

Three look at a host's certificate, each in its own way: the browser (on Linux in a database of its user, elsewhere in
the system's store), Playwright's driver (for sessions with a client certificate), and our own connections (`wire`).
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from robo.sdk.errors import InfrastructureError
from robo.sdk.runner import Context
from robo.sdk.secret import Secret

TOOL: Final = "certutil"
END: Final = "-----END CERTIFICATE-----"
DRIVER: Final = "NODE_EXTRA_CA_CERTS"
BUNDLE: Final = "authorities.pem"
SECONDS: Final = 20.0
"""What one call of the tool may take."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The authorities that settings name; none: those that everybody knows."""

    file: Path | None = None
    folder: Path | None = None
    """Of our own, with what the browser and its driver read; removed by `forget`."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Trust:
        """Raises `InfrastructureError` RB724 when the file is none, RB725 when the tool is not there. Blocking."""
        check(settings)
        if not settings.get("authorities"):
            return cls()
        made = cls(Path(str(settings["authorities"])), Path(tempfile.mkdtemp(prefix="robo-browser-")))
        try:
            made._fill()
        except BaseException:
            made.forget()
            raise
        return made

    def _fill(self) -> None:
        assert self.file is not None and self.folder is not None  # noqa: S101, PT018 - only called for one with both
        known = os.environ.get(DRIVER)
        others = Path(known).read_bytes() if known and Path(known).is_file() else b""
        (self.folder / BUNDLE).write_bytes(self.file.read_bytes() + b"\n" + others)
        if sys.platform == "linux":
            _make_database(self.file, self.folder)

    def forget(self) -> None:
        """Blocking."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str | float | bool] | None:
        """What the browser is started in; None: what this process was."""
        return None if self.folder is None or sys.platform != "linux" else {**os.environ, "HOME": str(self.folder)}

    @contextmanager
    def told(self) -> Iterator[None]:
        """Around the start of the driver."""
        if self.folder is None:
            yield
            return
        before = os.environ.get(DRIVER)
        os.environ[DRIVER] = str(self.folder / BUNDLE)
        try:
            yield
        finally:
            del os.environ[DRIVER]
            if before is not None:
                os.environ[DRIVER] = before

    def connection(self, certificate: Secret | None = None) -> ssl.SSLContext | None:
        """How our own connections know a host, and show who they are; None: as everybody does. Blocking.

        Raises `InfrastructureError` RB724 for authorities, RB741 for a certificate that OpenSSL does not take."""
        if self.file is None and certificate is None:
            return None
        context = ssl.create_default_context()
        if self.file is not None:
            try:
                context.load_verify_locations(self.file)
            except (OSError, ssl.SSLError) as odd:
                raise _unreadable(self.file, str(odd.strerror or odd)) from None
        if certificate is not None:
            _show(context, certificate)
        return context


def _show(context: ssl.SSLContext, certificate: Secret) -> None:
    """Have our connections show the certificate. Raises `InfrastructureError` RB741: a short key, a foreign one."""
    with tempfile.TemporaryDirectory() as folder:  # OpenSSL takes files only; this one is readable by us alone
        held = Path(folder) / "certificate.pem"
        held.write_text(certificate.reveal("certificate") + certificate.reveal("key"))
        try:
            context.load_cert_chain(held)
        except ssl.SSLError as odd:
            raise InfrastructureError(
                "RB741",
                "the certificate of the secret %(secret)s cannot be shown: %(why)s",
                place=f"secrets: {certificate.name}",
                remedy="store one that is taken today, with its own key: "
                "`robo secrets set %(secret)s --certificate FILE`",
                secret=certificate.name,
                why=(odd.reason or str(odd)).replace("_", " ").lower(),
            ) from None


def check(settings: Mapping[str, Any]) -> None:
    """What `Trust.of` would raise, before anything is started."""
    if not settings.get("authorities"):
        return
    file = Path(str(settings["authorities"]))
    try:
        ssl.create_default_context(cafile=str(file))
    except (OSError, ssl.SSLError) as odd:
        raise _unreadable(file, str(odd.strerror or odd)) from None
    if sys.platform == "linux" and shutil.which(TOOL) is None:
        raise InfrastructureError(
            "RB725",
            "the browser cannot be told of %(file)s: %(tool)s is not installed",
            place="config/robo.yaml",
            remedy="on Debian: apt-get install libnss3-tools",
            file=str(file),
            tool=TOOL,
        )


def _make_database(file: Path, home: Path) -> None:
    """The browser's database of authorities, in the home it is given."""
    base = home / ".pki" / "nssdb"
    base.mkdir(parents=True, mode=0o700)
    where = f"sql:{base}"
    _run(file, "-N", "-d", where, "--empty-password")
    for number, block in enumerate(file.read_text(encoding="utf-8", errors="replace").split(END)[:-1], 1):
        one = home / "authority.pem"
        one.write_text(f"{block}{END}\n", encoding="utf-8")
        _run(file, "-A", "-d", where, "-n", f"robo-{number}", "-t", "C,,", "-i", str(one))


def _run(file: Path, *words: str) -> None:
    try:
        subprocess.run([TOOL, *words], check=True, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError) as broken:
        told: bytes = getattr(broken, "stderr", None) or b""
        raise _unreadable(file, told.decode("utf-8", "replace").strip()[:200] or str(broken)) from None


def _unreadable(file: Path, why: str) -> InfrastructureError:
    return InfrastructureError(
        "RB724",
        "%(file)s holds no authority that can be read: %(why)s",
        place="config/robo.yaml",
        remedy="`authorities:` is a PEM file with the certificates of the authorities, one after the other",
        file=str(file),
        why=why,
    )


async def certificate_of(context: Context) -> Secret | None:
    """The certificate with which the process shows who it is."""
    named = next((name for name, kind in context.kinds.items() if kind == "certificate"), None)
    return None if named is None else await context.secret(named)


def shown(certificate: Secret | None, context: Context) -> list[Any] | None:
    """The certificate for each host of the process that may ask for it, as Playwright takes it."""
    if certificate is None:
        return None
    pair = {part: certificate.reveal(name).encode() for part, name in (("cert", "certificate"), ("key", "key"))}
    origins = [host.origin for host in context.hosts if host.origin.startswith("https://")]
    return [{"origin": origin, "cert": pair["cert"], "key": pair["key"]} for origin in origins]
