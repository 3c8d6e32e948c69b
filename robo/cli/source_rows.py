"""The rows of a case's file, read after its runs: by the runner that reads sources, with the keys a run would give."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from robo.definition.expressions import render
from robo.engine.scope import base_names
from robo.model.base import MISSING
from robo.model.process import Items, Kind
from robo.model.scalars import parse
from robo.plan.model import Plan
from robo.sdk.action import Params
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, Row
from robo.sdk.secret import Secret
from robo.services.guests import installed_actions, new_runner
from robo.services.settings import Settings
from robo.services.worker.bundles import Bundles
from robo.services.worker.clock import WorkerClock
from robo.services.worker.requests import typed_inputs
from robo.services.worker.rows import Scope, Sheet

READS: Final = "files.rows"
Keyed = tuple[str, Mapping[str, Any]]


class SourceRows:
    """Reads the file inputs of one plan."""

    def __init__(self, plan: Plan, settings: Settings, *, today: date | None) -> None:
        self._plan = plan
        self._settings = settings
        self._today = today

    def of(self, inputs: Mapping[str, str], name: str) -> list[Keyed]:
        """The rows of the input `name`: key, cells by header. The source of the items gives each row the key of its
        item; of another file a row has the text of each of its cells as a key."""
        clock = WorkerClock()
        given = typed_inputs(self._plan, inputs, Path.cwd())
        facts = {"id": "", "date": self._today or clock.now().date(), "dry_run": False}
        base = base_names(self._plan, clock, inputs=given, run_facts=facts, environment="test")
        return asyncio.run(self._read(base, str(given[name])))

    async def _read(self, base: Mapping[str, Any], file: str) -> list[Keyed]:
        items = self._plan.items
        spec = installed_actions()[READS]
        params = parse_params(spec, {"file": file})
        keyed: Callable[[list[Row]], Mapping[str, str]] = _no_keys
        if items is not None and items.source is not None and items.source.action == READS:
            source = parse_params(spec, render(items.source.params, base))
            if getattr(source, "file", "") == file:
                params = source
                every = items.model_copy(update={"only_if": None})
                keyed = partial(_keys, every, lambda item: {**base, "item": item})
        rows = await self._rows(params, Path(file).parent)
        keys = keyed(rows)
        return [(key, row.values) for row in rows for key in ((keys[row.place],) if row.place in keys else _texts(row))]

    def table(self, file: Path) -> list[Mapping[str, Any]]:
        """The rows of any workbook or CSV, by header."""
        params = parse_params(installed_actions()[READS], {"file": str(file)})
        return [row.values for row in asyncio.run(self._rows(params, file.parent))]

    async def _rows(self, params: Params, folder: Path) -> list[Row]:
        spec = installed_actions()[READS]
        call = Call(step="case", action=READS, params=params, effect=spec.effect, timeout=spec.timeout)
        runner = new_runner("files")
        await runner.start(self._settings.for_runners().get("files", {}), headed=False, slots=1)
        try:
            session = await runner.open(self._context(folder))
            return [row async for row in session.rows(call)]
        finally:
            await runner.stop()

    def _context(self, folder: Path) -> Context:
        async def none(name: str) -> Secret:
            raise AssertionError(name)

        return Context(
            region=self._plan.region,
            environment="test",
            date_format=self._plan.date_format,
            zone=self._plan.zone,
            folder=folder,
            hosts=(),
            secret=none,
            settings={},
        )


def _no_keys(_rows: Sequence[Row]) -> Mapping[str, str]:
    return {}


def _keys(items: Items, scope: Scope, rows: Sequence[Row]) -> Mapping[str, str]:
    """The key of the item that each row belongs to, by the row's place."""
    sheet = Sheet(items, scope)
    lines = [line for row in rows if (line := sheet.line(row)) is not None]
    found: dict[str, str] = {}
    for item in Bundles(items, scope).of(lines):
        source = item.row["source"]
        found |= {str(one["place"]): item.key for one in (source if isinstance(source, list) else [source])}
    return found


def _texts(row: Row) -> Iterator[str]:
    """Every cell's text, each once."""
    values = (value for value in row.values.values() if value is not MISSING)
    yield from dict.fromkeys(str(parse(Kind.STR, value)) for value in values)
