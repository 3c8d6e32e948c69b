"""One slot's session: rows are streamed out of a box, write-backs are only noted; `flush` writes them later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from robo.sdk.errors import Failure, InfrastructureError, UsageError
from robo.sdk.paths import as_on_disk
from robo.sdk.runner import Answer, Call, CellChange, Context, Gate, Result, Row
from robo_files.actions import ListParams, RowsParams, UpdateRowParams
from robo_files.box.cells import tidy
from robo_files.box.trouble import Limits
from robo_files.boxed import Box, head_of
from robo_files.desk import Desk
from robo_files.doings import doing
from robo_files.places import as_trouble, inside
from robo_files.rowreading import request_of
from robo_files.rows import Addresses, rows_of


class FilesSession:
    """Holds no file open between two calls, so `reset` and `close` have only unfinished readings to end."""

    def __init__(self, context: Context, limits: Limits, boxes: set[Box]) -> None:
        self._context = context
        self._desk = Desk(context, limits, boxes)

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        return [await self._perform(call) for call in calls]

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        """No action of this runner submits: what it writes is local and idempotent."""
        raise _not_done_here(call)

    async def rows(self, call: Call) -> AsyncIterator[Row]:
        """The rows, streamed a chunk at a time. Errors RB801-RB819 tell what is wrong with the file."""
        if isinstance(call.params, ListParams):
            async for row in self._files(call, call.params):
                yield row
            return
        if not isinstance(call.params, RowsParams):
            raise _not_done_here(call)
        params = call.params
        request = request_of(self._desk, params)
        box = self._desk.start(request)
        try:
            head = await asyncio.to_thread(box.next)
            where = {"file": request["file"], "sheet": head["sheet"]}
            where |= {"how": params.how} if params.how else {}
            where |= {} if head["writable"] else {"read_only": True}
            addresses = Addresses(head["sheet"], dict(zip(head["headers"], head["letters"], strict=True)))
            while "end" not in (chunk := await asyncio.to_thread(box.next)):
                for row in rows_of(chunk, head["headers"], where, addresses):
                    yield row
        finally:
            self._desk.end(box)

    async def headers(self, call: Call) -> Sequence[str]:
        """The names of the columns of a source, without its rows: what a check before a run needs."""
        if isinstance(call.params, ListParams):
            from robo_files.listing import columns_of

            return columns_of(call.params)
        if not isinstance(call.params, RowsParams):
            raise _not_done_here(call)
        head = await asyncio.to_thread(head_of, request_of(self._desk, call.params), self._desk.limits)
        return tuple(head["headers"])

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        """Nothing: the workbook itself is the evidence, and it is the agents' own."""
        return {}

    async def reset(self) -> None:
        self._desk.stop()

    async def close(self) -> None:
        self._desk.stop()

    async def _perform(self, call: Call) -> Result:
        if isinstance(call.params, UpdateRowParams):
            return self._update_row(call)
        does = doing(call.action)
        if does is None:
            raise _not_done_here(call)
        try:
            return await asyncio.to_thread(does, self._desk, call)
        except (UsageError, InfrastructureError) as wrong:
            raise as_trouble(wrong, call.step) from wrong

    async def _files(self, call: Call, params: ListParams) -> AsyncIterator[Row]:
        """As a source a folder is no item's trouble yet: what is wrong with it is wrong with what was given."""
        from robo_files.listing import listed

        try:
            folder = inside(self._context, params.folder, call.step)
            files = listed(folder, params, self._context.zone, call.step)
            while (row := await asyncio.to_thread(next, files, None)) is not None:
                yield row
        except Failure as wrong:
            raise wrong.told_as(UsageError) from wrong

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
            how=origin.get("how") or {},
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
        remedy="files.rows stands under `items: {from: …}`; among the steps, rows are read with files.read",
        action=call.action,
    )
