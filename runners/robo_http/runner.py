"""The runner itself. It starts nothing: a session connects at its first request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from robo.sdk.action import ActionSpec
from robo.sdk.runner import Context
from robo_http.actions import ACTIONS

if TYPE_CHECKING:
    from robo_http.session import HttpSession


class HttpRunner:
    """`http.*`: the programming interfaces of the hosts of a process."""

    name = "http"
    actions: Mapping[str, ActionSpec] = ACTIONS

    def __init__(self) -> None:
        self._sessions: WeakSet[HttpSession] = WeakSet()
        self._settings: Mapping[str, Any] = {}

    async def start(self, settings: Mapping[str, Any], *, headed: bool, slots: int) -> None:
        self._settings = settings

    async def open(self, context: Context) -> HttpSession:
        from robo_http.session import HttpSession

        session = HttpSession(context, self._settings)
        self._sessions.add(session)
        return session

    async def stop(self) -> None:
        """Close what its sessions hold open, whoever forgot to."""
        for session in tuple(self._sessions):
            await session.close()
        self._sessions.clear()
