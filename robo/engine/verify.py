"""Is the effect there? Asked before the first intent, right after the act, and after every doubt (rule `positive`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from robo.engine.attempt import Attempt
from robo.engine.calls import make_call
from robo.engine.scope import answer
from robo.engine.signals import Ending, Later
from robo.errors import CredentialsRefused, Failure, InfrastructureError, SessionLost, StaleToken, Words, words_of
from robo.model.process import Verify
from robo.plan.model import Once, Plan
from robo.plan.steps import proves_itself, runner_of
from robo.sdk.runner import Finding, Proving, Result

SEVERAL: Final = "several rows match"
NO_PROOF: Final = "its runner does not say what became of it"


@dataclass(frozen=True, slots=True)
class Look:
    """What verify saw. `found` None: it cannot tell, and `why` says so. `marked`: the portal shows that it was us."""

    found: bool | None
    values: Mapping[str, Any] = field(default_factory=dict)
    marked: bool = False
    why: Words = ""
    for_good: bool = False
    """It will never be able to tell."""


async def ask(attempt: Attempt, once: Once) -> Look:
    """One reading, now. Troubles of the way there are raised."""
    if once.verify is None and has_own_proof(attempt.plan, once):
        return await _prove(attempt, once)
    verify = _declared(once)
    if verify.finder is not None:
        result = await attempt.find(verify.finder)
        attempt.names.heard(verify.finder, result)
    else:
        result = await _steps(attempt, verify)
    found, why = await _decide(attempt, verify, result)
    values = dict(result.values)
    marked = False
    if found and verify.ours_if is not None:
        marked = await attempt.names.truth(verify.ours_if, extra=values)
    return Look(found, values if found else {}, marked, why)


async def ask_in_doubt(attempt: Attempt, once: Once) -> Look:
    """One reading of an open intent: any trouble on the way is *cannot tell*, except what holds the whole process.

    A lost session is opened again once: the browser that died with the submit says nothing about the portal."""
    for again in (True, False):
        try:
            return await ask(attempt, once)
        except (StaleToken, Later, Ending, CredentialsRefused, InfrastructureError):
            raise  # of the store, the disk, a runner or a secret: nothing was seen, and nothing is decided
        except SessionLost as lost:
            if again:
                continue
            return Look(None, why=lost.words)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is no evidence
            return Look(None, why=words_of(trouble))
    raise AssertionError  # pragma: no cover - the loop returns or raises


def has_own_proof(plan: Plan, once: Once) -> bool:
    """Whether the action that submits can tell by itself what became of it."""
    return proves_itself(once.submit, plan.actions)


async def _prove(attempt: Attempt, once: Once) -> Look:
    """The action's own proof of the intent that is open. Its mark is the effect's id, which only we know: what is found
    by it is ours."""
    row = attempt.open
    if row is None:
        raise Failure("RB553", "the step %(step)s has no `verify`", remedy="declare one", step=once.id)
    within = once.step.within if once.step is not once.submit else None
    call = await make_call(attempt.plan, once.submit, attempt.names, in_once=True, within=within)
    call = replace(call, effect_id=row.once.effect_id)
    runner = runner_of(call.action)
    session: object = await attempt.session(runner, [call])
    if not isinstance(session, Proving):
        return Look(None, why=NO_PROOF, for_good=True)
    async with attempt.guarded(runner, [call]):
        result = await session.prove(call, row.age)
    finding = result.finding or Finding(None, why=NO_PROOF)
    if finding.found is None or finding.several:
        return Look(None, why=finding.why or SEVERAL, for_good=finding.for_good)
    return Look(finding.found, dict(result.values) if finding.found else {}, marked=finding.found, why=finding.why)


def _declared(once: Once) -> Verify:
    if once.verify is None:
        raise Failure("RB553", "the step %(step)s has no `verify`", remedy="declare one", step=once.id)
    return once.verify


async def _steps(attempt: Attempt, verify: Verify) -> Result:
    """The declared actions in order; the last one's values and finding, with the values of those before it."""
    finding: Finding | None = None
    values: dict[str, Any] = {}
    for step in verify.steps:
        call = await make_call(attempt.plan, step, attempt.names)
        result = (await attempt.perform([call]))[0]
        finding = result.finding
        values |= result.values
        attempt.names.leave(step.id, answer(result), keep=False)
        attempt.names.last(answer(result))
    return Result(values=values, finding=finding)


async def _decide(attempt: Attempt, verify: Verify, result: Result) -> tuple[bool | None, Words]:
    """Found, absent or cannot tell. The author's conditions stand above the finding; both or neither cannot tell."""
    finding = result.finding
    if finding is not None and (finding.several or finding.found is None):
        return None, SEVERAL if finding.several else finding.why
    if verify.found_if is None and verify.absent_if is None:
        return (None, "the action gives no finding") if finding is None else (finding.found, finding.why)
    found = verify.found_if is not None and await attempt.names.truth(verify.found_if, extra=answer(result))
    absent = verify.absent_if is not None and await attempt.names.truth(verify.absent_if, extra=answer(result))
    if found == absent:
        return None, "`found_if` and `absent_if` both hold" if found else "neither `found_if` nor `absent_if` holds"
    return found, ""
