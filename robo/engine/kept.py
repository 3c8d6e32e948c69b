"""What a finished segment leaves for a later attempt: bounded, and no more than what is read behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robo.errors import TooLarge
from robo.model.process import Step
from robo.plan.keeping import Names, left_out, never_kept, picked, size_of

CHANGES: Final = "$changes"
"""Where the write-backs of a segment stand among its outputs."""
OUTSIDE: Final = "$outside"
"""Where names stand that a look in a loop needs and that were left before the loop."""
LEFT_OVER: Final = "$handed_over"
"""Where what a segment leaves to a person stands among its outputs."""
OUTPUT: Final = "$output"
"""Where what a segment adds to the run's result stands among its outputs."""
LEFT_OUT: Final = "$left_out"
"""Where stands what was kept of the values of which not all was (`robo.plan.keeping.left_out`)."""
OF_THE_ENGINE: Final = frozenset({CHANGES, LEFT_OVER, OUTSIDE, OUTPUT, LEFT_OUT})
MOST_KEPT: Final = 1_000_000
"""Characters of what one segment keeps."""


def kept_of(left: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Of what the steps of a segment left, what is read under these names, and a note of what was left out."""
    out = left_out(left, names)
    return {**picked(left, names), **({LEFT_OUT: out} if out else {})}


def kept_again(outputs: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The same of what an earlier attempt kept; what the engine keeps of a segment stays, but for a look at it."""
    before = outputs.get(LEFT_OUT, {})
    there = names.difference(never_kept(before, names))
    kept = kept_of({name: value for name, value in outputs.items() if name not in OF_THE_ENGINE}, there)
    out = {**{root: [] for root in before}, **kept.pop(LEFT_OUT, {})}
    owed = {name: outputs[name] for name in (CHANGES, LEFT_OVER, OUTPUT) if name in outputs}
    return {**kept, **owed, **({LEFT_OUT: out} if out else {})}


def lacking(outputs: Mapping[str, Any], names: Names) -> list[str]:
    """What is read under these names, and was left out when the outputs were kept: an older plan did not read it."""
    return never_kept(outputs.get(LEFT_OUT, {}), names)


def within_bounds(step: Step, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is to be kept, before anything happens. Raises `TooLarge` RB780."""
    if size_of(outputs) <= MOST_KEPT:
        return outputs
    largest = max(outputs, key=lambda name: size_of(outputs[name]))
    raise TooLarge(
        "RB780",
        "what %(step)s keeps for later steps is too large: %(name)s has %(kb)s kB, and all of it may have %(most)s kB",
        remedy="read only what later steps use: one member (`${{ %(name)s.json.number }}`), or a `set` of what is "
        "needed; or read it again after %(step)s",
        step=step.id,
        name=largest,
        kb=size_of(outputs[largest]) // 1000,
        most=MOST_KEPT // 1000,
    )
