"""What a trouble makes of an item: rejected, tried again, held, failed, or a person's."""

from __future__ import annotations

from typing import Final

from robo.engine.attempt import Attempt
from robo.engine.ports import Held, ItemEnd
from robo.engine.signals import Ending, Later
from robo.errors import (
    CredentialsRefused,
    Failure,
    InfrastructureError,
    MissingSecret,
    PortalDown,
    Rejection,
    RoboError,
    UsageError,
)
from robo.model.base import Outcome
from robo.sdk.runner import Refused

HELD: Final = (CredentialsRefused, MissingSecret, PortalDown)
"""Troubles of everybody: the process is held, and no item is spent on them."""


async def judge(attempt: Attempt, trouble: Exception) -> Ending | Later:
    """The decision about one trouble. `InfrastructureError` (store, disk, browser missing) is the worker's: raised."""
    if isinstance(trouble, HELD):
        wait = attempt.plan.on_failure.wait.total_seconds()
        return Later(wait, f"{trouble.code}: {trouble}", held=_held(trouble))
    if isinstance(trouble, InfrastructureError | UsageError):
        raise trouble
    if isinstance(trouble, Rejection):
        return Ending(_rejected(attempt, trouble))
    if isinstance(trouble, Failure) and not trouble.retry:
        return Ending(_failed(attempt, trouble))
    failure = trouble if isinstance(trouble, RoboError) else _unexpected(trouble)
    left = await attempt.book.attempts_left(attempt.fence)
    if left <= 0:
        return Ending(_failed(attempt, failure))
    policy = attempt.plan.on_failure
    spent = max(0, policy.retry - left)
    return Later(policy.wait.total_seconds() * policy.backoff**spent, f"{failure.code}: {failure}", costs=True)


def _held(trouble: RoboError) -> Held:
    """A secret that is refused or missing waits for a new one; whatever does not answer, for somebody to look again."""
    secret = not isinstance(trouble, PortalDown)
    return Held(
        kind="secret" if secret else "portal",
        subject=str(trouble.facts.get("secret") or trouble.facts.get("name") or "") if secret else trouble.code,
        code=trouble.code,
        message=trouble.message,
        facts=trouble.facts,
        place=trouble.place,
        remedy=trouble.remedy,
    )


def _rejected(attempt: Attempt, trouble: Rejection) -> ItemEnd:
    """The data is wrong: a person's, and after the first receipt a hand-over."""
    if attempt.effects:
        return attempt.handover(trouble.code, trouble.message, trouble.facts)
    return attempt.ending(
        Outcome.REJECTED,
        trouble.code,
        trouble.message,
        trouble.facts,
        place=trouble.place,
        remedy=trouble.remedy,
    )


def _failed(attempt: Attempt, trouble: RoboError) -> ItemEnd:
    """Out of attempts, or never to be tried again."""
    return attempt.ending(
        Outcome.FAILED,
        trouble.code,
        trouble.message,
        trouble.facts,
        place=trouble.place,
        remedy=trouble.remedy,
    )


def _unexpected(trouble: Exception) -> Failure:
    """A defect, ours or a runner's: tried again like any failure, and told with its kind."""
    if isinstance(trouble, Refused):
        return Failure(
            "RB552",
            "the application answered: %(words)s",
            remedy="if these words mean that the data is wrong, declare them under `refused`",
            words=trouble.words,
        )
    return Failure(
        "RB559",
        "unexpected %(kind)s: %(cause)s",
        remedy="this is a defect; report it with the item's history",
        kind=type(trouble).__name__,
        cause=str(trouble),
    )
