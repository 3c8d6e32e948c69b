"""Values of a region beside what its process declares."""

from __future__ import annotations

from robo.model.process import Input
from robo.model.scalars import BadScalar, chosen, parse
from robo.model.text import Path
from robo.plan.problems import Problems


def is_of_its_type(wanted: Input, value: str, path: Path, problems: Problems) -> bool:
    """Whether a region's value, which stands at `path`, is one of this input; reported when it is not."""
    try:
        chosen(wanted.type, parse(wanted.type, value), wanted.choices)
    except BadScalar as bad:
        problems.report(
            "RB452",
            "the input %(name)s of %(process)s cannot be « %(value)s »",
            path,
            in_region=True,
            expected="%(wanted)s",
            remedy="correct the value",
            name=wanted.name,
            process=problems.process.id,
            value=value,
            wanted=bad.expected,
        )
        return False
    return True
