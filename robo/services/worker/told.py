"""What an attempt is told of its item besides the row: which values nobody may see, and what it is a sequel of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from robo.definition.operators import as_text
from robo.errors import BadExpression, fill
from robo.model.base import DIFFERS, MISSING
from robo.plan.model import Plan
from robo.services.worker.rows import sensitive_names


def said_of(about: Mapping[str, Any]) -> Mapping[str, str]:
    """What a sequel reads of the end it follows: `item.code` and `item.message`."""
    return {"code": about["code"], "message": fill(about["message"], about["facts"])} if about else {}


def sensitive_values(plan: Plan, item: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """The values that pictures and history must not show: fields and inputs declared `sensitive`."""
    items = plan.items
    rows = [item] if items is None or items.group is None else [item, *item.get(items.group.as_, ())]
    names = sensitive_names(items) if items is not None else ()
    named = [row.get(name, MISSING) for row in rows for name in sorted(names)]
    named += [inputs.get(name, MISSING) for name, wanted in plan.inputs.items() if wanted.sensitive]
    known = (value for value in named if value not in (MISSING, DIFFERS) and not isinstance(value, bool))
    return tuple(dict.fromkeys(text for value in known for text in _texts(value, plan.date_format) if text))


def _texts(value: Any, date_format: str) -> Iterator[str]:
    """A value as it is kept, and as an expression writes it into a text."""
    yield str(value)
    with suppress(BadExpression):  # a list has no text of its own
        yield as_text(value, "", date_format)
