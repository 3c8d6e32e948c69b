"""The one drawn family of errors. Every error has a code, facts and a remedy.

RoboError
├── UsageError               the command or its arguments are wrong                      exit 2
├── DefinitionError          a definition has problems (carries all its diagnostics)     exit 2
├── InfrastructureError      disk, database, browser, network, project                   exit 4
│   ├── MissingSecret        a secret that a process names is not there
│   └── StoreConflict        a compare-and-set lost: somebody else holds the truth now
│       └── StaleToken       the attempt belongs to another worker: drop all, touch nothing
└── ItemTrouble              what can happen to one item
    ├── Rejection            business: the data is wrong, a person must act; never retried
    │   └── MissingValue     a value that a text or a calculation needs is not there
    └── Failure              technical: the world is wrong; retried by policy
        ├── BadExpression    an expression cannot be calculated with these values; never retried
        ├── TooLarge         more than is taken, read or kept of one thing; never retried
        ├── NotFound         a target is not there; facts name the nearest
        ├── Ambiguous        a target matches several elements
        ├── TimedOut         an action did not end in its time
        ├── UnexpectedDialog a native dialog nobody declared
        ├── SessionLost      the session (page, browser, login) is gone
        ├── PageError        a page answers with an error of its own (HTTP 404, 500)
        ├── PortalDown       the other side does not answer: the process is held, not the item failed
        │   └── SignInUnclear    a password was sent and nothing says whether it was taken: held, not sent again
        ├── DeadlinePassed   the page refused to act after `act_by` (no evidence of anything: verify)
        ├── UndeclaredEffect the page sent an effect no step declared: a person decides, never retried
        └── CredentialsRefused   never retried: the secret is marked refused, its users are held

A message is an English template with named facts (`"column %(column)s is not in %(sheet)s"`); it is translated
when it is shown, never when it is raised, so that what is stored can be read in every language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeVar

Translate = Callable[[str], str]
"""From an English text of ours to the reader's language."""
Words = str | Mapping[str, Any]
"""What stands in a fact of `WORDS`: an English text of ours, or a `phrase`."""
_PHRASE: Final = {"message", "facts"}


E = TypeVar("E", bound="RoboError")


class RoboError(Exception):
    """Something a person must be told: what (`code`, `message`, `facts`), where (`place`), what to do (`remedy`).

    `message` and `remedy` are templates filled from `facts` with `%(name)s`.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, code: str, message: str, *, place: str = "", remedy: str = "", **facts: Any) -> None:
        super().__init__(code, message, place, remedy, facts)
        self.code = code
        self.message = message
        self.place = place
        self.remedy = remedy
        self.facts: Mapping[str, Any] = facts

    def __str__(self) -> str:
        return fill(self.message, self.facts)

    @property
    def words(self) -> Words:
        """What happened, as a fact or a note: said in the language of whoever reads it."""
        return phrase(self.message, **self.facts)

    @property
    def advice(self) -> str:
        """The remedy with its facts filled in, in English."""
        return fill(self.remedy, self.facts)

    def told_as(self, kind: type[E]) -> E:
        """The same words, place and remedy in an error of that kind."""
        return kind(self.code, self.message, place=self.place, remedy=self.remedy, **self.facts)


WORDS: Final = frozenset({"expected", "wanted", "kind", "kinds", "left", "right", "shape", "problem", "why", "cause"})
"""Facts whose values are words of messages (`a whole number`), not of data: translated too. Several as a tuple."""


def in_english(text: str) -> str:
    """The translation that changes nothing."""
    return text


def phrase(message: str, **facts: Any) -> Words:
    """A message as a fact of another one: plain values that can be stored, translated when they are shown."""
    return {"message": message, "facts": facts}


def words_of(trouble: BaseException) -> Words:
    """What to say of whatever went wrong; its kind, where it says nothing itself."""
    return trouble.words if isinstance(trouble, RoboError) else str(trouble) or type(trouble).__name__


def english(words: Words) -> str:
    """Words as one English text, for what is written in one language for ever."""
    return fill("%(why)s", {"why": words})


def one_of(choices: Iterable[str]) -> Words:
    """What is wanted where only these texts are right."""
    return phrase("one of %(choices)s", choices=", ".join(choices))


def fill(template: str, facts: Mapping[str, Any], translate: Translate = in_english) -> str:
    """`template`, translated, with its `%(name)s` replaced; facts that are words or phrases are said too. Without facts
    it is returned as it is, percent signs and all."""
    said = translate(template) if template else ""
    return said % {name: _said(name, value, translate) for name, value in facts.items()} if facts else said


def _said(name: str, value: Any, translate: Translate) -> Any:
    if _is_phrase(value):
        return fill(value["message"], value["facts"], translate)
    if isinstance(value, list | tuple) and value and all(map(_is_phrase, value)):
        return "; ".join(str(_said(name, each, translate)) for each in value)
    if isinstance(value, tuple) and name in WORDS:
        return f" {translate('and' if name == 'kinds' else 'or')} ".join(translate(word) for word in value)
    return translate(value) if name in WORDS and isinstance(value, str) and value else value


def _is_phrase(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == _PHRASE


class UsageError(RoboError):
    """The command or its arguments are wrong."""

    exit_code = 2


class DefinitionError(RoboError):
    """A definition cannot be used. `diagnostics` holds every problem found, in the order of the text."""

    exit_code = 2

    def __init__(self, diagnostics: tuple[Any, ...]) -> None:
        super().__init__("RB100", "%(count)s problem(s) in the definition", count=len(diagnostics))
        self.diagnostics = diagnostics


class InfrastructureError(RoboError):
    """What robo itself stands on is missing or broken."""


class MissingSecret(InfrastructureError):
    """A secret that a process names is not in the backend."""


class StoreConflict(InfrastructureError):
    """A compare-and-set lost; nothing was written."""


class StaleToken(StoreConflict):
    """The attempt has another owner now. Drop everything and touch nothing outside."""


class ItemTrouble(RoboError):
    """What can happen to one item."""

    exit_code = 1


class Rejection(ItemTrouble):
    """The data is wrong and a person must act. `code` is the author's (`already-known`)."""


class MissingValue(Rejection):
    """A value that a text or a calculation needs is not there. `name` is how the expression calls it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "missing-value",
            "%(name)s is missing",
            remedy="fill it in at its source, or give the expression a value for this case: | default('…')",
            name=name,
        )
        self.name = name


class Failure(ItemTrouble):
    """The world is wrong; the policy decides whether to try again."""

    retry: ClassVar[bool] = True


class BadExpression(Failure):
    """An expression cannot be calculated with these values: other types than it needs, or too much of them."""

    retry = False


class TooLarge(Failure):
    """One thing has more than is kept of it; the next try would have as much."""

    retry = False


class NotFound(Failure):
    """A target is not on the page."""


class Ambiguous(Failure):
    """A target matches several elements."""


class TimedOut(Failure):
    """An action did not end in its time."""


class UnexpectedDialog(Failure):
    """A native dialog that no step declared; its text is a fact."""


class SessionLost(Failure):
    """The page, the browser or the login is gone."""


class SignedOut(SessionLost):
    """The application asks to sign in: of the session, only what it knew of the `hosts` (by their pages) is gone."""

    def __init__(self, code: str, message: str, *, hosts: Iterable[str] = (), **more: Any) -> None:
        super().__init__(code, message, **more)
        self.hosts = tuple(hosts)


class PageError(Failure):
    """One page answers with an error of its own. The other side is there: it is the item's trouble, or, on the way to
    a session, everybody's."""


class PortalDown(Failure):
    """The other side does not answer: hold the process, cost no item an attempt."""


class SignInUnclear(PortalDown):
    """A secret was sent, and what came back does not say whether it was taken. It may be wrong, so it is not sent
    again before a person looked. The fact `secret` names it."""


class DeadlinePassed(Failure):
    """The page refused to act after `act_by`. It says nothing about the effect: verify."""


class UndeclaredEffect(Failure):
    """A request that changes something left the page in a step that declared no such effect."""

    retry = False


class CredentialsRefused(Failure):
    """The application refused the secret, which the fact `secret` names. Never tried again: retries lock accounts."""

    exit_code = 4
    retry = False
