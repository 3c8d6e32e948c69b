"""Steps a region leaves out: optional ones of the author, and none that protects."""

from __future__ import annotations

from robo.definition.diagnostics import nearest
from robo.errors import phrase
from robo.model.overlay import Overlay
from robo.model.process import Process, Step, StepKind
from robo.plan.extending import SECTIONS
from robo.plan.problems import Problems
from robo.plan.steps import change_inside, inside, walk

PROTECTING = frozenset({StepKind.SKIP_IF, StepKind.REJECT_IF, StepKind.HAND_OVER_IF, StepKind.CHECK, StepKind.REVIEW})
GUARDS = ("once", "verify", "refused", "expect")


def skipped(process: Process, overlay: Overlay, problems: Problems) -> Process:
    """The process without the steps that this region skips."""
    known = {step.id: step for step in walk(process.every_section)}
    gone = {name for index, name in enumerate(overlay.skip) if _may_go(process, overlay, index, known, problems)}
    if not gone:
        return process
    return process.model_copy(update={name: _without(getattr(process, name), gone) for name in SECTIONS})


def _without(steps: tuple[Step, ...], gone: set[str]) -> tuple[Step, ...]:
    kept = (step for step in steps if step.id not in gone)
    return tuple(
        step.model_copy(update=change_inside(step, lambda steps: _without(steps, gone))) if inside(step) else step
        for step in kept
    )


def _may_go(process: Process, overlay: Overlay, index: int, known: dict[str, Step], problems: Problems) -> bool:
    name, path = overlay.skip[index], (*overlay.path, "skip", index)
    step = known.get(name)
    optional = sorted(each.id for each in known.values() if each.named and each.optional)
    if step is None:
        problems.report(
            "RB458",
            "%(process)s has no step %(step)s",
            path,
            in_region=True,
            meant=nearest(name, optional),
            expected="one of: %(known)s",
            remedy="correct it, or remove it",
            process=process.id,
            step=name,
            known=", ".join(optional) or "-",
        )
        return False
    guard = _guard(step)
    if step.optional and not guard:
        return True
    problems.report(
        "RB459",
        "%(step)s cannot be skipped: %(why)s",
        path,
        in_region=True,
        expected="one of: %(known)s" if optional else "",
        remedy="remove it, or ask the author of the process",
        step=name,
        why=phrase("%(guard)s protects, and no region leaves it out", guard=guard)
        if guard
        else phrase("its author did not make it `optional`"),
        known=", ".join(optional),
    )
    return False


def _guard(step: Step) -> str:
    """What in a step, or inside it, protects: no region leaves that out."""
    for each in walk((step,)):
        if each.kind in PROTECTING:
            return each.kind.value
        found = next((key for key in GUARDS if getattr(each, key)), "")
        if found:
            return found
    return ""
