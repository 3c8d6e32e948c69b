"""The actions of this runner, each declared once: validation, help and the reference come from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.values import Effect


class RowsParams(Params):
    """`files.rows: {file, sheet, header}`."""

    file: str
    sheet: str | None = None
    """The only visible sheet, when there is one; of no meaning for CSV."""
    header: int | None = None
    """The number of the row with the column names; found when it is not said."""


class UpdateRowParams(Params):
    """`files.update_row: {set: {Column: value}}`."""

    set: Mapping[str, Any]
    file: str | None = None
    """Another file than the one the item came from (a copy of it)."""
    source: Any = Field(default=None, exclude=True)
    """Filled by the engine: `item.source`, or a tuple of them for a group."""


ROWS = ActionSpec(
    name="files.rows",
    params=RowsParams,
    effect=Effect.READ,
    summary="The rows of a workbook (xlsx, xlsm) or CSV file, by the names of its columns.",
    primary="file",
    source=True,
    timeout=120.0,
    example='files.rows: {file: "${{ inputs.export }}", sheet: Demandes}',
)

UPDATE_ROW = ActionSpec(
    name="files.update_row",
    params=UpdateRowParams,
    effect=Effect.LOCAL,
    summary="Write cells of the item's own row. They are written when the item has ended, all of a file at once.",
    primary="set",
    needs_source=True,
    columns_param="set",
    proof=Proof.IDEMPOTENT,
    results={"cells": "how many cells are owed to the file"},
    example='files.update_row: {set: {N° dossier: "${{ created.agdref }}"}}',
)

ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in (ROWS, UPDATE_ROW)}
