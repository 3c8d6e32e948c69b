"""Values of a region beside what its process declares."""

from __future__ import annotations

from robo.errors import Words
from robo.model.process import Input
from robo.model.scalars import BadScalar, chosen, parse


def not_of_its_type(wanted: Input, value: str) -> Words | None:
    """What would be right for this input, or None when `value` is."""
    try:
        chosen(wanted.type, parse(wanted.type, value), wanted.choices)
    except BadScalar as bad:
        return bad.expected
    return None
