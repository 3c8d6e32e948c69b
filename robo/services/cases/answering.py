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

    def of_run(self, run: str) -> list[Words]:
        """Answer, and go on with the run, until nothing the case answers is asked any more; what was never asked."""
        used: set[int] = set()
        while True:
            asked = [(item, review, self._next(item, review)) for item, review in self.stage.waiting(run)]
            answered = [(item, review, which) for item, review, which in asked if which is not None]
            if not answered:
                break
            for item, review, which in answered:
                used.add(which)
                self.given[item.id, review.step] += 1
                self._answer(item, review, self.answers[which])
            self.stage.resume(run, today=self.today)
        unused = (answer for number, answer in enumerate(self.answers) if number not in used)
        return [phrase("review: nobody was asked at %(step)s", step=answer.step) for answer in unused]

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
