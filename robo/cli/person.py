"""Who decides, for the audit log: never a name."""

from __future__ import annotations


def actor() -> str:
    """A pseudonym that is the same for the same account on the same machine, and says nothing about the person."""
    import getpass
    import hashlib
    import socket

    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # no account name: a bare container
        account = "?"
    return "person-" + hashlib.sha256(f"{account}@{socket.gethostname()}".encode()).hexdigest()[:12]
