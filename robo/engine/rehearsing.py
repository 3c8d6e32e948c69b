"""A dry run goes up to a submit: everything is entered, the button is found, and nothing passes."""

from __future__ import annotations

from collections.abc import Sequence

from robo.engine.attempt import Attempt
from robo.engine.calls import is_harmless
from robo.engine.pieces import blamed
from robo.engine.ports import ItemEnd
from robo.errors import words_of
from robo.model.base import Outcome
from robo.plan.model import Once
from robo.plan.steps import runner_of
from robo.sdk.runner import Call


async def rehearse(attempt: Attempt, once: Once, entries: Sequence[Call], call: Call) -> ItemEnd:
    """A dry run ends here. What would be submitted is entered and the button is found, for a person to see; at its
    gate, where the submit begins, nothing is sent."""
    shown: list[str] = []

    async def gate(entered: Sequence[str] = ()) -> float:
        shown.extend(entered)
        raise _Rehearsed

    began = attempt.history.begin()
    try:
        if all(is_harmless(entry) for entry in entries):
            results = await attempt.perform(entries) if entries else ()
            for step, result in zip(once.entries, results, strict=True):
                attempt.history.add(step, "ok", result.note, began)
            runner = runner_of(call.action)
            session = await attempt.session(runner, [call])
            async with attempt.guarded(runner, [call]):
                await session.submit([], call, gate)
    except _Rehearsed:
        attempt.history.add(once.submit, "skipped", " ".join(shown), began)
    except Exception as trouble:
        attempt.history.add(blamed((*once.entries, once.submit), trouble), "failed", words_of(trouble), began)
        raise
    facts = {"entered": [*attempt.notes, *shown], "step": once.id}
    return attempt.ending(Outcome.SKIPPED, "dry-run", "dry run: nothing was submitted", facts)


class _Rehearsed(Exception):  # noqa: N818 - what the gate of a dry run says
    """Everything before the submit went well."""
