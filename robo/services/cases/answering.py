"""The people of a case: they answer what its items wait for, or let the time pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from robo.errors import Words, phrase
from robo.model.case import Answer
from robo.model.review import Reviewed
from robo.model.run import Item


class Staged(Protocol):
    """The project of a case, as those who answer see it."""

    def waiting(self, run: str) -> Sequence[tuple[Item, Reviewed]]:
        """The items of the run that wait for a person, with what is asked."""
        ...

    def settled(self, run: str) -> Sequence[tuple[Item, Reviewed]]:
        """The items of the run about which a question is over, answered or not."""
        ...

    def answer(self, item: Item, choice: str, edit: Mapping[str, str], role: str) -> None: ...

    def pass_(self, until: datetime) -> None:
        """The time goes by, to this moment."""
        ...

    def resume(self, run: str, *, today: Any) -> None:
        """Go on with the run, to rest."""
        ...


@dataclass(slots=True)
class Answering:
    """The people of a case: they answer what the items of a run wait for, as the case says."""

    stage: Staged
    answers: Sequence[Answer]
    today: Any
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many answers each item has had at each review."""
    used: set[int] = field(default_factory=set)

    def of_run(self, run: str) -> None:
        """Answer, and go on with the run, until nothing the case answers is asked any more."""
        while True:
            asked = [(item, review, self._next(item, review)) for item, review in self.stage.waiting(run)]
            answered = [(item, review, which) for item, review, which in asked if which is not None]
            if not answered:
                break
            for item, review, which in answered:
                self._note(item, review, which)
                self._answer(item, review, self.answers[which])
            self.stage.resume(run, today=self.today)

    def after_crash(self, run: str) -> None:
        """Go on with a run of which somebody answered before it was killed."""
        for item, review in self.stage.settled(run):
            if (which := self._next(item, review)) is not None:
                self._note(item, review, which)
        self.of_run(run)

    def problems(self) -> list[Words]:
        """The answers that nobody asked for."""
        unused = (answer for number, answer in enumerate(self.answers) if number not in self.used)
        return [phrase("review: nobody was asked at %(step)s", step=answer.step) for answer in unused]

    def _note(self, item: Item, review: Reviewed, which: int) -> None:
        self.used.add(which)
        self.given[item.id, review.step] += 1

    def _next(self, item: Item, review: Reviewed) -> int | None:
        """Which entry of the case is this item's next at this review."""
        mine = [
            number
            for number, answer in enumerate(self.answers)
            if answer.step == review.step and answer.key in ("", item.key)
        ]
        before = self.given[item.id, review.step]
        return mine[before] if before < len(mine) else None

    def _answer(self, item: Item, review: Reviewed, answer: Answer) -> None:
        if answer.choice:
            self.stage.answer(item, answer.choice, answer.edit, review.question.role)
        elif review.until is not None:
            self.stage.pass_(review.until)
