"""What an abandoned start of a once block left in the application is put in order before the next one."""

from __future__ import annotations

from robo.engine.attempt import Attempt
from robo.errors import Failure
from robo.plan.model import Once
from robo.sdk.runner import Finding


async def clear(attempt: Attempt, once: Once) -> None:
    """Look for a draft, and if there is one remove or reopen it, as the author says. Nothing is submitted yet."""
    leftover = once.step.leftover
    if leftover is None:
        return
    result = await attempt.find(leftover.finder)
    finding = result.finding or Finding(None, why="the action gives no finding")
    if finding.found is None:
        raise Failure(
            "RB562",
            "cannot tell whether an earlier start of %(step)s left a draft: %(why)s",
            remedy="nothing was sent; look at the page the finder %(finder)s searches",
            step=once.id,
            finder=leftover.finder,
            why=finding.why,
        )
    attempt.names.heard(leftover.finder, result)
    if finding.found and (leftover.when is None or await attempt.names.truth(leftover.when)):
        await attempt.steps.run(once.leftover, in_once=True)
        attempt.names.forget()
