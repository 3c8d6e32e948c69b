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
    """The name of the account on this machine, as the system has it: an environment can say that one is somebody else.
    Its number where it has no name (a bare container); `?` where Windows has no session."""
    import os
    import sys

    if sys.platform == "win32":
        try:
            return os.getlogin()
        except OSError:
            return "?"
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
