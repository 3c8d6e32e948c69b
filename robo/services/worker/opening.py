"""Opening a run: the source is read once, typed, checked whole, then inserted in chunks a crash cannot tear.

Nothing is inserted before every row was looked at: an unknown column, a twin key or too many rows are found while
the run is still empty. A resumed opening reads the source again and goes on at the row it had reached; if the file
has changed in between (`RB533`), the run must be started anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from robo.definition.expressions import render
from robo.engine.calls import addresses
from robo.errors import UsageError
from robo.model.base import MISSING
from robo.model.process import Items
from robo.model.run import NewItem
from robo.plan.columns import noted_columns, written_columns
from robo.plan.model import Plan, listed_row
from robo.plan.steps import runner_of
from robo.sdk.action import ActionSpec, Params
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Row
from robo.services.worker.bundles import Bundles, rows_in
from robo.services.worker.rows import Scope, Sheet
from robo.services.worker.sessions import SlotSessions

CHUNK: Final = 200
"""Rows inserted in one commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the source held: the items to insert, how many rows are in none of them, and a digest of all rows."""

    items: Sequence[NewItem]
    left_out: int
    digest: str

    def chunks(self, position: int) -> Iterator[tuple[int, Sequence[NewItem]]]:
        """The items from `position` on, in chunks, each with the position of its first."""
        for start in range(position, len(self.items), CHUNK):
            yield start, self.items[start : start + CHUNK]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the person who started the run asked for."""

    limit: int | None = None
    only: str | None = None


async def read_source(
    plan: Plan, sessions: SlotSessions, scope: Scope, base: Mapping[str, Any], choice: Choice
) -> Source:
    """All items of the run. A process without `items` has one, with the key `-`.

    Errors: RB530 unknown column, RB531 more rows than `limits.rows`, RB532 nothing in the source."""
    if plan.items is None:
        return Source(items=[NewItem(key="-")], left_out=0, digest="")
    rows = await _rows(plan, plan.items, sessions, base)
    sheet = Sheet(plan.items, scope, noted_columns(plan))
    if rows:
        sheet.check(rows[0], written_columns(plan))
    lines = [line for row in rows if (line := sheet.line(row)) is not None]
    items = Bundles(plan.items, scope).of(lines)
    left_out = len(rows) - sum(rows_in(item) for item in items)
    if choice.only is not None:
        items = [item for item in items if item.key == choice.only] or _no_such_key(choice.only)
    digest = hashlib.sha256("\x00".join(row.digest for row in rows).encode()).hexdigest()
    return Source(items=items[: choice.limit], left_out=left_out, digest=digest)


async def _rows(plan: Plan, items: Items, sessions: SlotSessions, base: Mapping[str, Any]) -> list[Row]:
    step = items.source
    if step is None:
        return _within(plan, list(listed(plan, items, base)))
    spec = plan.actions[step.action]
    call = Call(
        step=step.id,
        action=step.action,
        params=_with_fields(spec, items, parse_params(spec, render(step.params, base))),
        effect=spec.effect,
        timeout=step.timeout.total_seconds() if step.timeout else spec.timeout,
    )
    session = await sessions.get(runner_of(step.action), addresses([call]))
    rows: list[Row] = []
    async for row in session.rows(call):
        rows.append(row)
        _within(plan, rows)
    return rows


def _within(plan: Plan, rows: list[Row]) -> list[Row]:
    if len(rows) > plan.limits.rows:
        raise UsageError(
            "RB531",
            "the source has more than %(rows)s rows, the limit of this process",
            place=rows[-1].place,
            remedy="split the source, or raise `limits: {rows: …}` in the process",
            rows=plan.limits.rows,
        )
    return rows


def listed(plan: Plan, items: Items, base: Mapping[str, Any]) -> Iterator[Row]:
    """The rows that a definition writes out; each has every column of the list. What cannot be calculated in one of
    them is wrong for the whole run."""
    columns = dict.fromkeys(name for row in items.rows for name in row.values)
    for number, row in enumerate(items.rows, 1):
        given = render(row.values, base, keep_missing=True)
        values = {name: given.get(name, MISSING) for name in columns}
        text = "\x1e".join(f"{name}\x1f{value}" for name, value in values.items())
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        yield Row(values, plan.places[listed_row(number)], number, digest)


def _with_fields(spec: ActionSpec, items: Items, params: Params) -> Params:
    """`params` with the columns of the fields, where the action knows its source by them."""
    if spec.fields_param is None:
        return params
    columns = [*getattr(params, spec.fields_param), *(field.column for field in items.fields)]
    return params.model_copy(update={spec.fields_param: tuple(dict.fromkeys(columns))})


def _no_such_key(key: str) -> list[NewItem]:
    raise UsageError(
        "RB534", "no row of the source has the key %(key)s", remedy="check --only against the key column", key=key
    )
