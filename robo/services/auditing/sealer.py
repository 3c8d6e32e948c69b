"""Who seals while a run works. Whatever goes wrong stops nobody's work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from robo.errors import RoboError
from robo.services.auditing.sealing import Sealed, seal
from robo.services.secrets import Keep
from robo.services.settings import AuditSettings
from robo.store import sequencer
from robo.store.clock import Tx
from robo.store.engine import Store


class Sealer:
    """Seals a log each time `every` has passed or `events` were written, whichever is first: also when nothing
    happened, so that silence is proven. `clock` counts seconds and never goes back."""

    def __init__(
        self, store: Store, keep: Keep, settings: AuditSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._keep, self._settings = store, keep, settings
        self._clock = clock
        self._last = clock()
        self.trouble: RoboError | None = None
        """Why the last try was in vain; the next one comes after `every`."""

    async def look(self) -> Sealed | None:
        """Seal when it is due; what was sealed."""
        late = self._clock() - self._last >= self._settings.every.total_seconds()
        if not late and (self.trouble is not None or not await self._store.look(self._many)):
            return None
        sealed = None
        try:
            sealed = await asyncio.to_thread(seal, self._store, self._keep, self._settings)
        except RoboError as trouble:
            self.trouble = trouble
        else:
            self.trouble = None
        self._last = self._clock()
        return sealed

    def _many(self, tx: Tx) -> bool:
        head = sequencer.head(tx)
        return head.size - head.sealed + sequencer.waiting(tx) >= self._settings.events
