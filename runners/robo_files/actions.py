"""The actions of this runner, each declared once: validation, help and the reference come from here.

Those that read and write tables are below; `actions_moving` and `actions_paper` have the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, field_validator

from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.patterns import check_pattern
from robo.sdk.values import Effect, Kind
from robo_files.actions_moving import MOVING, WHERE
from robo_files.actions_paper import PAPER

LISTED = ("name", "path", "folder", "size", "modified", "digest")
"""The columns of a folder."""
Encoding = Literal["utf-8", "utf-16", "windows-1252", "iso-8859-15", "cp850", "mac-roman"]
Delimiter = Literal[";", ",", "tab", "|"]


class TableParams(Params):
    """A file of rows, and how it is read where that cannot be told from it."""

    file: str
    sheet: str | None = None
    """The only visible sheet, when there is one; of no meaning for CSV."""
    header: int | None = None
    """The number of the row with the column names; found when it is not said."""
    encoding: Encoding | None = None
    """Of a CSV; found when it is not said, refused when it cannot be told."""
    delimiter: Delimiter | None = None
    """Of a CSV; found when it is not said, refused when it cannot be told."""

    @property
    def how(self) -> dict[str, str]:
        """What the author said about how a CSV is written."""
        said = {"encoding": self.encoding, "delimiter": self.delimiter}
        return {name: value for name, value in said.items() if value is not None}


class RowsParams(TableParams):
    """`files.rows: {file, sheet, header}`."""


class Cell(Params):
    """`{cell: D12, type: money}`."""

    cell: str
    type: Kind = Kind.STR


class Column(Params):
    """`{column: Montant, type: money}`."""

    column: str
    type: Kind = Kind.STR


class ReadParams(TableParams):
    """`files.read: {file, where: {Column: value}}` for rows, `{file, cells: {total: D12}}` for single cells."""

    where: Mapping[str, Any] | None = None
    """Only rows whose cells are these values."""
    read: Mapping[str, str | Column] | None = None
    """What is taken of each row, by a name of yours: a column (a text), or `{column: Montant, type: money}`. Not said:
    every column, by its own name and as it is stored."""
    most: int = Field(default=1000, ge=1)
    """More rows than this are a failure, not a long list."""
    cells: Mapping[str, str | Cell] | None = None
    """Single cells by a name of yours: `D12`, or `{cell: D12, type: money}`."""


class ListParams(Params):
    """`files.list: {folder, match}`."""

    folder: str
    match: str | None = None
    """A pattern (RE2) that is searched in the name; its named groups become columns: `(?P<number>\\d+)\\.pdf$`."""
    below: bool = False
    """Folders inside it, too."""
    stable_for: timedelta = timedelta(seconds=5)
    """A file that changed within this time is looked at again after it; one that still grows is left for next time."""

    @field_validator("match")
    @classmethod
    def _is_pattern(cls, match: str | None) -> str | None:
        """RE2 takes it, and its groups are called otherwise than the columns that are there."""
        if match is None:
            return None
        if why := check_pattern(match):
            raise ValueError(f"this is not a regular expression: {why}")
        for name in LISTED:
            if f"(?P<{name}>" in match:
                raise ValueError(f"a group cannot be called {name}: that column is there already")
        return match


class UpdateRowParams(Params):
    """`files.update_row: {set: {Column: value}}`."""

    set: Mapping[str, Any]
    file: str | None = None
    """Another file than the one the item came from (a copy of it)."""
    source: Any = Field(default=None, exclude=True)
    """Filled by the engine: `item.source`, or a tuple of them for a group."""


class WriteParams(Params):
    """A file that is written as a whole."""

    file: str
    rows: Any
    """A list of rows by column, as `files.read` leaves them."""
    columns: tuple[str, ...] | None = None
    """The columns in their order; all that come in the rows when it is not said."""


class WriteCsvParams(WriteParams):
    """`files.write_csv: {file, rows}`."""

    encoding: Encoding | None = None
    """UTF-8 with the mark that Excel knows it by, when it is not said."""
    delimiter: Delimiter | None = None
    """`;` when it is not said. With it, numbers and dates are written the French way."""


class SheetParams(WriteParams):
    """`files.write_xlsx: {file, rows}`."""

    sheet: str = "Feuille1"


class AppendParams(TableParams):
    """`files.append_row: {file, row: {Column: value}}`."""

    row: Mapping[str, Any]
    key: tuple[str, ...] | None = None
    """The columns that tell whether the row is there already; all of `row` when it is not said."""


ROWS = ActionSpec(
    name="files.rows",
    params=RowsParams,
    effect=Effect.READ,
    summary="The rows of a workbook (xlsx, xlsm, xls, ods) or CSV file, by the names of its columns.",
    primary="file",
    source=True,
    writable=True,
    timeout=120.0,
    example='files.rows: {file: "${{ inputs.export }}", sheet: Demandes}',
)

LIST = ActionSpec(
    name="files.list",
    params=ListParams,
    effect=Effect.READ,
    summary="The files of a folder, with name, path, folder, size, modified, digest: as items, or as a list in a step.",
    primary="folder",
    source=True,
    timeout=120.0,
    results={"files": "the files, each with its columns", "count": "how many there are"},
    example="files.list: {folder: \"${{ inputs.filed }}\", match: '(?P<number>\\d{4}-\\d+)\\.pdf$'}",
)

READ = ActionSpec(
    name="files.read",
    params=ReadParams,
    effect=Effect.READ,
    summary="Rows or single cells of a workbook (xlsx, xlsm, xls, ods) or CSV file, read in a step.",
    primary="file",
    result_param="cells",
    timeout=120.0,
    results={"rows": "the rows by column, or by the names of `read`; without `cells`", "count": "how many they are"},
    example='files.read: {file: "${{ inputs.export }}", where: {Code: "${{ item.country }}"}}',
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


APPEND_ROW = ActionSpec(
    name="files.append_row",
    params=AppendParams,
    effect=Effect.LOCAL,
    summary="Add a row at the end of a table (xlsx, csv), unless it is there already. The first row makes the file.",
    proof=Proof.IDEMPOTENT,
    timeout=60.0,
    results={"path": "the file", "added": "whether it was not there before"},
    example='files.append_row: {file: "${{ inputs.filed }}/suivi.xlsx", row: {N°: "${{ item.number }}"}, key: N°}',
)

WRITE_CSV = ActionSpec(
    name="files.write_csv",
    params=WriteCsvParams,
    effect=Effect.LOCAL,
    summary="Write rows into a CSV file, in place of the one that is there. Texts never become formulas.",
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results={**WHERE, "count": "how many rows it has"},
    example='files.write_csv: {file: "${{ inputs.filed }}/bilan.csv", rows: [{N°: "${{ item.number }}"}]}',
)

WRITE_XLSX = ActionSpec(
    name="files.write_xlsx",
    params=SheetParams,
    effect=Effect.LOCAL,
    summary="Write rows into a workbook of one sheet, in place of one that is there. Texts never become formulas.",
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results={**WHERE, "count": "how many rows it has"},
    example='files.write_xlsx: {file: "${{ inputs.filed }}/bilan", rows: [{N°: "${{ item.number }}"}]}',
)


_OWN = (ROWS, LIST, READ, UPDATE_ROW, APPEND_ROW, WRITE_CSV, WRITE_XLSX)
ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in (*_OWN, *MOVING, *PAPER)}
