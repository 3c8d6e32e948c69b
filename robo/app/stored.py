"""What people ask of a project's store, and decide there; and who they are for its log."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from robo.app.audited import Audited
from robo.services.settings import Settings

if TYPE_CHECKING:
    from robo.model.base import ItemState
    from robo.model.review import Person, Reviewed
    from robo.model.run import Item, Run
    from robo.services.cases import JumpClock
    from robo.store.engine import Store


class Stored(Audited):
    """A project with its store. A case's has a clock that jumps."""

    def __init__(self, project: Path, settings: Settings, clock: JumpClock | None = None) -> None:
        super().__init__(project, settings, rehearsed=clock is not None)
        self._clock = clock

    @cached_property
    def store(self) -> Store:
        """The store, its tables at this version."""
        from robo.store.engine import upgrade

        upgrade(self.found_store)
        return self.found_store

    @cached_property
    def found_store(self) -> Store:
        """The store as it is found: its tables may be of another version."""
        from robo.store.engine import open_store

        return open_store(self.settings.store, timer=self._clock, periods=self.periods, units=self.units)

    def find_run(self, start: str) -> tuple[Run, Mapping[ItemState, int]]:
        """The run whose id begins or ends so, with its items by state."""
        from robo.store import runs

        with self.store.read() as tx:
            run = runs.find(tx, start)
            return run, runs.counts(tx, run.id)

    # ---- people --------------------------------------------------------------------------------------------
    def pseudonym(self, account: str) -> str:
        """What the log calls this account, on this store."""
        from robo.store import people

        return self.store.transact(lambda tx: people.pseudonym(tx, account))

    def people(self) -> Mapping[str, str]:
        """The accounts of the pseudonyms that are still known."""
        from robo.store import people

        with self.store.read() as tx:
            return people.names(tx)

    def decide(self, item: Item, choice: str, *, actor: str, receipt: Mapping[str, str], why: str) -> str:
        """A person's decision: `done` (the effect is there), `not-done`, `look-again`, `retry`, `cancel`."""
        from robo.services.people import decide

        return self.store.transact(lambda tx: decide(tx, item, choice, actor=actor, receipt=receipt, why=why))

    def asked(self, item: Item) -> Reviewed | None:
        """The question a person answers, or answered, about an item; None: nothing was asked."""
        from robo.services.people import asked

        with self.store.read() as tx:
            return asked(tx, item)

    def waiting(self, run: str = "", *, settled: bool = False) -> list[tuple[Item, Reviewed]]:
        """The items that wait for a person, of one run or of all, with what is asked; what ends first before.
        `settled`: those about which a question is over instead."""
        from robo.store import items, reviews

        run_id = self.find_run(run)[0].id if run else ""
        with self.store.read() as tx:
            return [(items.get(tx, item), review) for item, review in reviews.waiting(tx, run=run_id, settled=settled)]

    def answer(self, item: Item, choice: str, given: Mapping[str, str], *, actor: str, by: Person) -> None:
        """A person's answer to the question an item waits for, given once."""
        from robo.services.people import answer

        self.store.transact(lambda tx: answer(tx, item, choice, given, actor=actor, by=by))
