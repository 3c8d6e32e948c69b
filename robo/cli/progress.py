"""What a person sees while a run works: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from robo.cli.console import show, talk
from robo.cli.language import _, say
from robo.cli.words import outcome_word

ROOM: Final = 24
"""Characters of the bar."""
CLEAR: Final = "\r\x1b[2K"


class Progress:
    """Called with what the worker tells (`begun`, `opened`, `item`, `unsealed`…); redraws one line."""

    def __init__(self, *, on: bool | None = None) -> None:
        self._on = sys.stderr.isatty() if on is None else on
        self._began = time.monotonic()
        self._total = 0
        self.run = ""
        """The run that was begun, once there is one."""
        self._ended: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._on:
            show(CLEAR)

    def __call__(self, what: str, facts: Mapping[str, Any]) -> None:
        """One fact from the worker. May be called from any slot, never from two threads at once."""
        if what == "begun":
            self.run = str(facts["run"])
        elif what == "attended":
            show(CLEAR if self._on else "")
            talk(_("a window opens: sign in there; the robot waits, sees when you are in, and goes on by itself"))
        elif what == "closed":
            show(CLEAR if self._on else "")
            talk(say("%(month)s is closed in %(region)s", facts))
        elif what in {"unsealed", "not closed"}:
            from robo.cli.trouble import tell

            show(CLEAR if self._on else "")
            tell(facts["trouble"])
        elif what == "opened":
            self._total = int(facts.get("items", 0))
        elif what == "item" and facts["state"]:
            self._ended[facts["state"]] += 1
        self._draw()

    def _draw(self) -> None:
        if self._on:
            show(CLEAR + self.line())

    def line(self) -> str:
        """The bar with items by state, rate and time left; before the source is read, only that."""
        ended = self._ended.total()
        if not ended and not self._total:
            return _("reading the source…")
        shown = " ".join(f"{count} {outcome_word(state)}" for state, count in sorted(self._ended.items()))
        rate = ended / max(time.monotonic() - self._began, 0.001)
        if not self._total:
            return f"{shown}  {rate:.1f}/s"
        full = min(ROOM, ROOM * ended // self._total)
        left = (self._total - ended) / rate if rate else 0.0
        bar = "█" * full + "·" * (ROOM - full)
        return f"{bar} {ended}/{self._total}  {shown}  {rate:.1f}/s  {_('left')} {int(left) // 60}:{int(left) % 60:02}"
