"""What a person reads of an attempt: one masked line a step, and masked facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from robo.engine.ports import Clock, StepTrace
from robo.errors import Words, phrase
from robo.model.base import MISSING
from robo.model.process import Step
from robo.sdk.runner import Answer

MASK: Final = "•••"


class Mask:
    """Hides the sensitive values of one item wherever they stand in a text; longer ones first."""

    def __init__(self, sensitive: Iterable[str]) -> None:
        self._hidden = sorted({text for text in sensitive if text}, key=len, reverse=True)

    def text(self, text: str) -> str:
        for hidden in self._hidden:
            text = text.replace(hidden, MASK)
        return text

    def value(self, value: Any) -> Any:
        """Numbers and truths as they are; everything else as masked text, lists and mappings all the way down."""
        if isinstance(value, bool | int | float) or value is None:
            return MASK if str(value) in self._hidden else value
        if isinstance(value, Mapping):
            return {str(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(inner) for inner in value]
        return self.text(str(value))

    def words(self, words: Words) -> Words:
        """Of a phrase its facts; its message is ours."""
        if isinstance(words, Mapping):
            return phrase(words["message"], **self.facts(words["facts"]))
        return self.text(words)

    def facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.value(value) for name, value in facts.items()}


class History:
    """The lines of one attempt that are not in the book yet."""

    def __init__(self, clock: Clock, mask: Mask) -> None:
        self._clock = clock
        self._mask = mask
        self._lines: list[StepTrace] = []

    def begin(self) -> tuple[datetime, float]:
        """When something began; given back to `add`."""
        return self._clock.now(), self._clock.monotonic()

    def add(self, step: Step, state: str, note: Words = "", began: tuple[datetime, float] | None = None) -> None:
        """`state`: ok, skipped, failed, refused, found, absent, cannot tell."""
        self._line(step.id, step.title or step.action or step.kind.value, state, note, began)

    def remark(self, name: str, state: str, note: Words) -> None:
        """A line about something that is no step."""
        self._line(name, name, state, note, None)

    def _line(self, step: str, title: str, state: str, note: Words, began: tuple[datetime, float] | None) -> None:
        started, at = began or self.begin()
        self._lines.append(
            StepTrace(
                step=step,
                title=self._mask.text(title),
                state=state,
                note=self._mask.words(note),
                started=started,
                seconds=max(0.0, self._clock.monotonic() - at),
            )
        )

    @property
    def lines(self) -> tuple[StepTrace, ...]:
        """The lines so far."""
        return tuple(self._lines)

    def take(self) -> tuple[StepTrace, ...]:
        """The lines so far; they are forgotten here."""
        lines, self._lines = tuple(self._lines), []
        return lines


def noted(answer: Answer) -> Words:
    """What a person reads of a submit: what was pressed or said, and the receipt; else why nothing left."""
    receipt = ", ".join(
        f"{name} = «{value}»"
        for name, value in (answer.values or {}).items()
        if value is not MISSING and not isinstance(value, Mapping | tuple)
    )
    return answer.absent.words if answer.absent else " → ".join(filter(None, (answer.words, receipt)))
