"""One slot's session: rows are streamed out of a box, write-backs are only noted; `flush` writes them later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from robo.sdk.errors import Failure, UsageError
from robo.sdk.paths import as_on_disk
from robo.sdk.runner import Answer, Call, CellChange, Context, Gate, Result, Row
from robo_files.actions import RowsParams, UpdateRowParams
from robo_files.box.cells import tidy
from robo_files.box.trouble import Limits
from robo_files.boxed import Box, head_of
from robo_files.rows import Addresses, rows_of


class FilesSession:
    """Holds no file open between two calls, so `reset` and `close` have only unfinished readings to end."""

    def __init__(self, context: Context, limits: Limits, boxes: set[Box]) -> None:
        self._context = context
        self._limits = limits
        self._boxes = boxes
        self._mine: set[Box] = set()

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        return [self._update_row(call) for call in calls]

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        """No action of this runner submits: what it writes is local and idempotent."""
        raise _not_done_here(call)

    async def rows(self, call: Call) -> AsyncIterator[Row]:
        """The rows, streamed a chunk at a time. Errors RB801-RB819 tell what is wrong with the file."""
        if not isinstance(call.params, RowsParams):
            raise _not_done_here(call)
        request = self._request(call.params)
        box = Box(request, self._limits)
        self._boxes.add(box)
        self._mine.add(box)
        try:
            head = await asyncio.to_thread(box.next)
            where = {"file": request["file"], "sheet": head["sheet"]}
            addresses = Addresses(head["sheet"], dict(zip(head["headers"], head["letters"], strict=True)))
            while "end" not in (chunk := await asyncio.to_thread(box.next)):
                for row in rows_of(chunk, head["headers"], where, addresses):
                    yield row
        finally:
            self._end(box)

    async def headers(self, call: Call) -> Sequence[str]:
        """The names of the columns of a source, without its rows: what a check before a run needs."""
        if not isinstance(call.params, RowsParams):
            raise _not_done_here(call)
        head = await asyncio.to_thread(head_of, self._request(call.params), self._limits)
        return tuple(head["headers"])

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        """Nothing: the workbook itself is the evidence, and it is the agents' own."""
        return {}

    async def reset(self) -> None:
        for box in tuple(self._mine):
            self._end(box)

    async def close(self) -> None:
        await self.reset()

    def _end(self, box: Box) -> None:
        box.close()
        self._mine.discard(box)
        self._boxes.discard(box)

    def _request(self, params: RowsParams) -> dict[str, Any]:
        file = as_on_disk(Path(params.file).expanduser().absolute())
        return {"do": "rows", "file": str(file), "sheet": params.sheet, "header": params.header}

    def _update_row(self, call: Call) -> Result:
        params = call.params
        if not isinstance(params, UpdateRowParams):
            raise _not_done_here(call)
        origins = params.source if isinstance(params.source, list | tuple) else [params.source]
        changes = [change for origin in origins for change in _changes(call, params, origin)]
        note = ", ".join(f"{column} = «{_shown(value)}»" for column, value in params.set.items())
        kept = () if self._context.dry_run else tuple(changes)
        return Result(values={"cells": len(kept)}, changes=kept, note=note)


def _changes(call: Call, params: UpdateRowParams, origin: Any) -> list[CellChange]:
    if not isinstance(origin, Mapping) or not origin.get("file"):
        raise Failure(
            "RB826",
            "this item did not come from a row of a file, so there is no row to write into",
            place=call.step,
            remedy="use files.update_row only where `items: {from: {files.rows: …}}` gives the items",
        )
    values = origin.get("values") or {}
    key = {name: values.get(name) for name in origin.get("key") or ()}
    return [
        CellChange(
            file=as_on_disk(Path(params.file or origin["file"])),
            sheet=str(origin.get("sheet", "")),
            row=int(origin["row"]),
            row_digest=str(origin["digest"]),
            column=column,
            old=values.get(tidy(column)),
            new=new,
            row_key={} if None in key.values() else key,
        )
        for column, new in params.set.items()
    ]


def _shown(value: Any) -> str:
    shown = ""
    with suppress(Exception):  # a note never stops an item
        shown = str(value)
    return shown if len(shown) <= 80 else shown[:79] + "…"  # noqa: PLR2004 - one line of a history


def _not_done_here(call: Call) -> UsageError:
    return UsageError(
        "RB827",
        "%(action)s cannot be used in this place",
        place=call.step,
        remedy="files.rows stands under `items: {from: …}`, files.update_row among the steps",
        action=call.action,
    )
