"""Who decides: for the audit log never a name; for whoever reads an answer, the account."""

from __future__ import annotations

from typing import Protocol


class Knows(Protocol):
    """What has the table of pseudonyms: the app, or a part of it."""

    def pseudonym(self, account: str) -> str: ...


def actor(robo: Knows) -> str:
    """What the log of this store calls whoever gives this command: a pseudonym, the same until it is forgotten."""
    return robo.pseudonym(whole())


def whole() -> str:
    """The account and its machine: who it is, for the table of pseudonyms only."""
    import socket

    return f"{account()}@{socket.gethostname()}"


def account() -> str:
    """The name of the account on this machine, `?` where it has none (a bare container)."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
