"""The days of a region: which one an instant belongs to in its calendar."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from robo.proof.note import unreadable

_QUARTER: Final = 15 * 60 * 1_000_000
"""Microseconds: no calendar changes its offset within a quarter of an hour."""
COMMIT: Final = 60 * 1_000_000
"""Microseconds that a commit may take: the day of a row may be that of when its commit began."""


class Days:
    """The calendar of a zone, by microseconds since 1970. RB050 when there is no such zone."""

    def __init__(self, zone: str) -> None:
        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
            raise unreadable("RB050", kind="the manifest", why="its time zone is none") from unknown
        self._known: dict[int, str] = {}

    def of(self, ts: int) -> str:
        """The day, as 2026-11-26."""
        quarter = ts // _QUARTER
        day = self._known.get(quarter)
        if day is None:
            day = datetime.fromtimestamp(quarter * _QUARTER // 1_000_000, self._zone).date().isoformat()
            self._known[quarter] = day
        return day
