"""What a step leaves behind for the expressions after it, with types as far as they are known before a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robo.definition.scoping import ANYTHING, KINDS
from robo.model.process import Kind, Step
from robo.model.text import Template
from robo.sdk.action import ActionSpec
from robo.sdk.parameters import spread

ANSWERS: Final = {"found": "yes or no", "several": "yes or no"}
"""What every finder says besides what it reads."""
_YES: Final = ("oui", "true", "yes", "x", "1")


def left_by(step: Step, actions: Mapping[str, ActionSpec], finders: Mapping[str, Any]) -> dict[str, Any]:
    """Names and types. A once step leaves what its submit reads and what its `verify` reads."""
    left: dict[str, Any] = {}
    for inner in step.do[-1:]:
        left |= left_by(inner, actions, finders)
    if step.verify is not None:
        asked = finders.get(step.verify.finder or "", {})
        left |= {name: kind for name, kind in asked.items() if name not in ANSWERS}
        for inner in step.verify.steps:
            left |= left_by(inner, actions, finders)
    spec = actions.get(step.action)
    if spec is not None:
        left |= dict.fromkeys(spec.results, ANYTHING)
        named = spread(spec, step.params).get(spec.result_param) if spec.result_param else None
        left |= types_of(named)
        if isinstance(named, Template):
            left["*"] = ANYTHING
    return left | types_of(step.read)


def types_of(reads: Any) -> dict[str, Any]:
    """The types of what `{name: read}` reads."""
    found: dict[str, Any] = {}
    for name, read in reads.items() if isinstance(reads, Mapping) else ():
        kind = read.get("type", "str") if isinstance(read, Mapping) else "str"
        several = isinstance(read, Mapping) and str(read.get("all", "")).casefold() in _YES
        known = KINDS.get(Kind(kind), ANYTHING) if kind in list(Kind) else ANYTHING
        found[str(name)] = "list" if several else known
    return found
