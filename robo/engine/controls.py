"""Performs the control steps that hold no steps of their own: conditions, checks, names, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

from robo.engine.stage import Stage
from robo.model.base import MISSING, Outcome
from robo.model.process import Step, StepKind

Facts = Mapping[str, Any]


class Judge(Protocol):
    """Who decides about the item when a step says so."""

    async def refuse(self, outcome: Outcome, step: Step, code: str, says: str, facts: Facts | None = None) -> NoReturn:
        """The item ends: `skip_if`, `reject_if`, a failed `check`, a refused draft."""
        ...

    def hand_over(self, step: Step, code: str, says: str, facts: Facts | None = None) -> None:
        """The item goes on, and a person is told when it is done."""
        ...

    def output(self, values: Facts) -> None:
        """A part of the run's result."""
        ...


async def perform_control(stage: Stage, judge: Judge, step: Step) -> None:
    """One step of a kind that is neither an action nor holds steps."""
    match step.kind:
        case StepKind.SET:
            for name, node in step.assign.items():
                stage.names.leave(name, await stage.names.render(node, keep_missing=True))
        case StepKind.OUTPUT:
            given = {name: await stage.names.render(node, keep_missing=True) for name, node in step.assign.items()}
            judge.output({name: value for name, value in given.items() if value is not MISSING})
        case StepKind.NOTE:
            stage.history.add(step, "ok", str(await stage.names.render(step.message)))
        case StepKind.SKIP_IF if await _holds(stage, step):
            await judge.refuse(Outcome.SKIPPED, step, step.code, await _message(stage, step))
        case StepKind.REJECT_IF if await _holds(stage, step):
            await judge.refuse(Outcome.REJECTED, step, step.code, await _message(stage, step))
        case StepKind.HAND_OVER_IF if await _holds(stage, step):
            judge.hand_over(step, step.code, await _message(stage, step))
        case StepKind.CHECK:
            await _check(stage, judge, step)


async def _holds(stage: Stage, step: Step) -> bool:
    return step.condition is not None and await stage.names.truth(step.condition)


async def _message(stage: Stage, step: Step) -> str:
    return str(await stage.names.render(step.message))


async def _check(stage: Stage, judge: Judge, step: Step) -> None:
    """Every rule is tried; what failed is left under the step's id, and told all together."""
    rows: list[dict[str, str]] = []
    for rule in step.rules:
        if await stage.names.truth(rule.condition):
            says, title = str(await stage.names.render(rule.says)), str(await stage.names.render(rule.title))
            rows.append({"code": rule.code, "says": says or rule.code, "title": title})
    codes = [row["code"] for row in rows]
    lines = [f"{row['title']} : {row['says']}" if row["title"] else row["says"] for row in rows]
    verdict = {"failed": bool(rows), "codes": tuple(codes), "lines": tuple(lines), "rows": tuple(rows)}
    stage.names.leave(step.id, verdict, keep=step.named)
    stage.history.add(step, "ok", "; ".join(lines))
    if not codes:
        return
    facts = {"codes": tuple(codes), "lines": tuple(lines)}
    if step.otherwise == "reject":
        await judge.refuse(Outcome.REJECTED, step, codes[0], "; ".join(lines), facts)
    if step.otherwise == "hand_over":
        judge.hand_over(step, codes[0], "; ".join(lines), facts)
