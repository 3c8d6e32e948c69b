"""`files.update_row` notes what the item's row is owed; nothing is written before the item has ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from robo_files import FilesRunner
from robo_files.actions import UPDATE_ROW, UpdateRowParams
from robo_files.session import FilesSession

from robo.sdk.action import Proof
from robo.sdk.errors import Failure, UsageError
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, Row
from robo.sdk.values import Effect

Read = Callable[..., Awaitable[list[Row]]]


def update(source: Any, **more: Any) -> Call:
    params = UpdateRowParams(set={"N° dossier": "D1", "État": "déposé"}, source=source, **more)
    return Call(step="back", action=UPDATE_ROW.name, params=params, effect=Effect.LOCAL, timeout=10)


@pytest.fixture
def file(book: Callable[..., Path]) -> Path:
    return book([["N°", "N° dossier", "État "], [1, "vieux", None]])


async def test_the_cells_are_owed_with_what_they_held(session: FilesSession, read: Read, file: Path) -> None:
    (row,) = await read(file)
    before = file.read_bytes()
    (result,) = await session.perform([update(row.origin())])
    assert [(c.column, c.old, c.new, c.row, c.sheet) for c in result.changes] == [
        ("N° dossier", "vieux", "D1", 2, "Demandes"),
        ("État", None, "déposé", 2, "Demandes"),
    ]
    assert result.values == {"cells": 2}
    assert result.note == "N° dossier = «D1», État = «déposé»"
    assert file.read_bytes() == before


@pytest.mark.parametrize(("key", "kept"), [(["N°"], {"N°": 1}), (["N°", "État"], {}), ([], {})])
async def test_a_change_keeps_the_key_of_its_row_when_all_of_it_is_filled(
    session: FilesSession, read: Read, file: Path, key: list[str], kept: dict[str, Any]
) -> None:
    (row,) = await read(file)
    (result,) = await session.perform([update({**row.origin(), "key": key})])
    assert [change.row_key for change in result.changes] == [kept, kept]


async def test_what_is_owed_can_be_flushed_as_it_is(
    runner: FilesRunner, session: FilesSession, read: Read, file: Path
) -> None:
    (row,) = await read(file)
    (result,) = await session.perform([update(row.origin())])
    assert runner.flush(file, result.changes) == ["done", "done"]
    (after,) = await read(file)
    assert dict(after.values) == {"N°": 1, "N° dossier": "D1", "État": "déposé"}


async def test_on_a_group_every_row_is_owed(session: FilesSession, read: Read, book: Callable[..., Path]) -> None:
    rows = await read(book([["N°", "N° dossier", "État"], [1, None, None], [2, None, None]]))
    (result,) = await session.perform([update(tuple(row.origin() for row in rows))])
    assert [(change.row, change.column) for change in result.changes] == [
        (2, "N° dossier"),
        (2, "État"),
        (3, "N° dossier"),
        (3, "État"),
    ]


async def test_another_file_may_be_named(session: FilesSession, read: Read, file: Path) -> None:
    (row,) = await read(file)
    (result,) = await session.perform([update(row.origin(), file="/partage/original.xlsx")])
    assert {str(change.file) for change in result.changes} == {"/partage/original.xlsx"}


async def test_a_dry_run_owes_nothing_and_shows_what_it_would(
    runner: FilesRunner, context: Context, read: Read, file: Path
) -> None:
    (row,) = await read(file)
    session = await runner.open(dataclasses.replace(context, dry_run=True))
    (result,) = await session.perform([update(row.origin())])
    assert (result.changes, result.note) == ((), "N° dossier = «D1», État = «déposé»")


@pytest.mark.parametrize("source", [None, {}, {"url": "https://x"}], ids=["none", "empty", "a page"])
async def test_an_item_that_came_from_no_row_cannot_be_written_back(session: FilesSession, source: Any) -> None:
    with pytest.raises(Failure) as caught:
        await session.perform([update(source)])
    assert caught.value.code == "RB826"


async def test_an_action_in_the_wrong_place_says_where_it_belongs(
    session: FilesSession, rows_call: Callable[..., Call], file: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        await session.perform([rows_call(file)])
    assert caught.value.code == "RB827"


def test_it_is_local_and_may_be_done_twice() -> None:
    assert (UPDATE_ROW.effect, UPDATE_ROW.proof, UPDATE_ROW.needs_source) == (Effect.LOCAL, Proof.IDEMPOTENT, True)


def test_columns_stand_under_set() -> None:
    params = parse_params(UPDATE_ROW, {"set": {"N°": 7}})
    assert params == UpdateRowParams(set={"N°": 7})
