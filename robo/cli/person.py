"""Who decides: for the audit log never a name; for whoever reads an answer, the account."""

from __future__ import annotations


def actor() -> str:
    """A pseudonym that is the same for the same account on the same machine, and says nothing about the person."""
    import hashlib
    import socket

    return "person-" + hashlib.sha256(f"{account()}@{socket.gethostname()}".encode()).hexdigest()[:12]


def account() -> str:
    """The name of the account on this machine, `?` where it has none (a bare container)."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
