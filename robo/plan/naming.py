"""What a person calls the names that steps leave, where their own word says nothing to her."""

from __future__ import annotations

from collections.abc import Mapping

from robo.definition.telling import Say
from robo.model.process import StepKind
from robo.plan.model import Plan, every, performed


def names_of_checks(plan: Plan, say: Say) -> Mapping[str, str]:
    """Of each `check`: whether something was found, and what."""
    found: dict[str, str] = {}
    for segment in every(plan.every_part):
        for step in performed(segment.lead):
            if step.kind is StepKind.CHECK:
                found[f"{step.id}.failed"] = say("something was found", {})
                found |= {f"{step.id}.{name}": say("what was found", {}) for name in ("rows", "lines", "codes")}
    return found
