"""Who is signed in. Held in memory: a restarted portal has no sessions, and everybody signs in again."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "portail_session"


@dataclass(kw_only=True)
class Session:
    """One browser's session. `account` is empty before signing in; `seen` is the clock at its last request."""

    token: str
    csrf: str
    seen: float
    account: str = ""


class Sessions:
    """Sessions by cookie value, forgotten after `idle()` seconds without a request."""

    def __init__(self, *, clock: Callable[[], float], idle: Callable[[], float]) -> None:
        self._clock = clock
        self._idle = idle
        self._live: dict[str, Session] = {}

    def find(self, token: str) -> Session | None:
        """The live session of this cookie, its idle time begun anew; None when there is none or it has expired."""
        session = self._live.get(token)
        if session is None:
            return None
        if self._clock() - session.seen > self._idle():
            self.drop(token)
            return None
        session.seen = self._clock()
        return session

    def open(self, account: str = "") -> Session:
        """A new session (a new cookie value, so that one fixed before signing in is worth nothing)."""
        self._forget_idle()
        session = Session(
            token=secrets.token_urlsafe(32), csrf=secrets.token_urlsafe(32), seen=self._clock(), account=account
        )
        self._live[session.token] = session
        return session

    def drop(self, token: str) -> None:
        """End a session."""
        self._live.pop(token, None)

    def drop_all(self) -> None:
        """End every session, as a restart of the portal would."""
        self._live.clear()

    def _forget_idle(self) -> None:
        oldest = self._clock() - self._idle()
        self._live = {token: session for token, session in self._live.items() if session.seen >= oldest}


def same(ours: str, theirs: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(ours.encode(), theirs.encode())
