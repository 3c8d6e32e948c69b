"""What a session says about a page, without the secrets it typed: an application may show a password."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, quote_plus

from robo.sdk.errors import RoboError
from robo.sdk.runner import Answer, Refused, Result

MASK: Final = "•••"
SHORTEST: Final = 4
"""Characters: what is shorter stands in every page, and hiding it would hide nothing but the page."""


class Quiet:
    """Hides the secrets of a session wherever they stand, in the spellings of pages and addresses; longer ones first.

    `secrets` gives what must not be said now. A value without a secret in it is given back as it is."""

    def __init__(self, secrets: Callable[[], Sequence[str]]) -> None:
        self._secrets = secrets

    def text(self, text: str) -> str:
        for spelling in sorted(self._spellings(), key=len, reverse=True):
            text = text.replace(spelling, MASK)
        return text

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.value(inner) for inner in value)
        return value

    def result(self, result: Result) -> Result:
        finding = result.finding and replace(result.finding, why=self.value(result.finding.why))
        return replace(result, values=self.value(result.values), note=self.value(result.note), finding=finding)

    def answer(self, answer: Answer) -> Answer:
        return replace(answer, values=self.value(answer.values), words=self.text(answer.words))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Errors that leave this block quote the page without secrets, and bring no other error that does."""
        try:
            yield
        except RoboError as trouble:
            trouble.facts = self.value(trouble.facts)
            trouble.args = (trouble.code, trouble.message, trouble.place, trouble.remedy, trouble.facts)
            raise trouble from None
        except Refused as refused:
            raise Refused(refused.watched, self.text(refused.words)) from None

    def _spellings(self) -> set[str]:
        told = {secret for secret in self._secrets() if len(secret) >= SHORTEST}
        collapsed = {" ".join(secret.split()) for secret in told}
        return told | collapsed | {form(secret) for secret in told for form in (quote, quote_plus, _whole)}


def _whole(secret: str) -> str:
    return quote(secret, safe="")
