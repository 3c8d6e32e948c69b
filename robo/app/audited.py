"""What robo keeps of its own about a project's audit log: the keys of payloads and of checkpoints."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from robo.app.library import Library
from robo.errors import RoboError

if TYPE_CHECKING:
    from robo.services.secrets import Keep
    from robo.services.settings import Settings
    from robo.services.unit_keys import UnitKeys
    from robo.store.engine import Store
    from robo.store.periods import Periods


class Audited(Library):
    """A project whose log has keys of its own. A case's has none: it is thrown away with what was written."""

    def __init__(self, project: Path, settings: Settings, *, rehearsed: bool = False) -> None:
        super().__init__(project, settings)
        self._rehearsed = rehearsed

    @cached_property
    def keep(self) -> Keep:
        """Where robo's own keys are: the secrets backend."""
        from robo.services.secrets import open_keep

        return open_keep(self.settings)

    @cached_property
    def periods(self) -> Periods:
        """The keys that payloads are encrypted with."""
        from robo.services.keys import SecretPeriods
        from robo.store.periods import Ephemeral

        return Ephemeral() if self._rehearsed else SecretPeriods(self.keep)

    def _have_keys(self, store: Store, region: str) -> None:
        """What is personal in the events of a region can be written, and read where the store was made: RB636 else."""
        from robo.store import periods

        self.units(region)
        with store.read() as tx:
            periods.check(tx, region)

    def _seal(self, store: Store) -> tuple[int | None, tuple[RoboError, ...]]:
        """Seal the log behind a run, however it ended: the checkpoint's size, or why not."""
        from robo.services.auditing.sealing import sealed_at_end

        if self._rehearsed:
            return None, ()
        sealed = sealed_at_end(store, self.keep, self.settings.audit)
        return (None, (sealed,)) if isinstance(sealed, RoboError) else (sealed.checkpoint.size, ())

    def refuse_restored(self, store: Store) -> None:
        """Nothing goes on in a store that was put back to an older state: RB656."""
        from robo.services.witnessing.restoring import refuse_restored

        if not self._rehearsed:
            refuse_restored(store, self.settings)

    def keep_mark(self, store: Store) -> None:
        """The newest checkpoint is kept beside the keys: it tells of a store that is put back. RB913."""
        from robo.services.witnessing.restoring import keep_mark

        if not self._rehearsed:
            keep_mark(store, self.settings)

    @cached_property
    def units(self) -> UnitKeys:
        """The regions' keys of units. Those of a case are beside its store, and go with it."""
        from robo.services.unit_keys import UnitKeys
        from robo.services.vaults import FileVault

        keep = FileVault(self.settings.keys) if self._rehearsed else self.keep
        return UnitKeys(keep, self.settings.keys)
