"""What a person must be told of a run when its worker leaves it, besides its items: what waits, where, until when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from robo.errors import InfrastructureError, RoboError, UsageError
from robo.model.base import ItemState
from robo.model.run import ItemKind, RunState
from robo.store import attempts, items, runs, sequels
from robo.store.clock import Tx

MINUTE: Final = 60


def notes(tx: Tx, run: str) -> Iterator[RoboError]:
    """RB538 per run that has items of this one in its hands, RB575 when a person is asked about them there or here;
    RB547 when items of it are due later; RB548 when a person must look."""
    for other, count in items.owners(tx, run, asking=False):
        yield InfrastructureError(
            "RB538",
            "%(count)s item(s) wait for the run %(run)s, which has begun them",
            place=other,
            remedy="if it rests: `robo run --resume %(run)s` goes on with it, `robo runs cancel %(run)s` drops it",
            count=count,
            run=other,
        )
    counts = runs.counts(tx, run)
    due = attempts.due_in(tx, run)
    if counts[ItemState.QUEUED] and due and runs.get(tx, run).state is RunState.RUNNING:
        yield InfrastructureError(
            "RB547",
            "%(count)s item(s) are not over: the next is due in %(minutes)s min",
            place=run,
            remedy="then: robo run --resume %(run)s",
            count=counts[ItemState.QUEUED],
            minutes=-int(-due // MINUTE),
            run=run,
        )
    yield from (_asked(other, count) for other, count in items.owners(tx, run, asking=True))
    if counts[ItemState.WAITING]:
        yield _asked(run, counts[ItemState.WAITING])
    for item, key, state in sequels.undone(tx, run):
        yield InfrastructureError(
            "RB544",
            "what follows the end of %(key)s (`on_rejected`, `on_skipped`) came to no good end: %(kind)s",
            place=key,
            remedy="look at it: `robo items show %(item)s`, then `robo items retry %(item)s`",
            key=key,
            kind=state,
            item=item,
        )
    if counts[ItemState.UNKNOWN]:
        yield InfrastructureError(
            "RB548",
            "%(count)s item(s) are unknown: robo cannot tell whether their effect is there",
            place=run,
            remedy="look for each in the application, then: robo items resolve KEY there, or not-there",
            count=counts[ItemState.UNKNOWN],
        )


def _asked(run: str, count: int) -> RoboError:
    return InfrastructureError(
        "RB575",
        "%(count)s item(s) wait for a person's answer",
        place=run,
        remedy="robo items list --waiting, then robo items answer KEY --choice …",
        count=count,
    )


def went_not_on(run: str, trouble: RoboError) -> RoboError:
    """RB576: a run of which questions were answered could not go on."""
    return InfrastructureError(
        "RB576",
        "questions of the run %(run)s were answered, and it could not go on: %(why)s",
        place=run,
        remedy="`robo explain %(why)s` tells why; then `robo run --resume %(run)s`, or `robo runs cancel %(run)s`",
        run=run,
        why=trouble.code,
    )


def never_opened(tx: Tx, run: str) -> RoboError | None:
    """Why a run that is resumed has nothing to do: its opening failed, and it was cancelled (RB546)."""
    known, opening = runs.get(tx, run), items.special(tx, run, ItemKind.OPEN)
    if known.state is not RunState.CANCELLED or opening is None or opening.state is not ItemState.FAILED:
        return None
    return UsageError(
        "RB546",
        "the run %(run)s was cancelled, because its rows could not be read: %(why)s",
        place=run,
        remedy="start it anew: `robo run %(process)s`; `robo explain %(why)s` tells more",
        run=run,
        process=known.process,
        why=opening.code,
    )
