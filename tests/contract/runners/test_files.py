"""The files runner keeps the contract of every guest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
from robo_files import FilesRunner
from robo_files.actions import (
    APPEND_ROW,
    LIST,
    READ,
    ROWS,
    UPDATE_ROW,
    WRITE_CSV,
    WRITE_XLSX,
    AppendParams,
    ListParams,
    ReadParams,
    RowsParams,
    SheetParams,
    UpdateRowParams,
    WriteCsvParams,
)
from robo_files.actions_moving import COPY, MOVE, RENAME, UNZIP, ZIP, MoveParams, RenameParams, UnzipParams, ZipParams
from robo_files.actions_paper import (
    PDF_MERGE,
    PDF_SPLIT,
    PDF_TEXT,
    TEMPLATE,
    PdfMergeParams,
    PdfSplitParams,
    PdfTextParams,
    TemplateParams,
)
from ruamel.yaml import YAML

from robo.sdk.runner import Call
from robo.sdk.testing import Asked, RunnerContract, World
from robo.sdk.testing.contract import call_of


class FilesWorld(World):
    """A workbook in a folder of its own. The runner submits nothing and signs in nowhere."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "demandes.xlsx"
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        assert sheet is not None
        sheet.title = "Demandes"
        for line in (["N°", "Nom"], [1, "Léa"], [2, "Ali"]):
            sheet.append(line)
        workbook.save(self.file)
        self.before = self.file.read_bytes()

    def calls(self) -> Sequence[Asked]:
        return [
            Asked(self._update("one", {"N°": 7}), {}),
            Asked(self._update("two", {"N°": 8, "Nom": "Zoé"}), {}),
            Asked(call_of(READ, ReadParams(file=str(self.file), cells={"last": "B3"})), {"last": "Ali"}),
            Asked(call_of(LIST, ListParams(folder=str(self.file.parent), stable_for=timedelta(0))), {"count": 1}),
        ]

    def failing(self) -> Sequence[Call]:
        gone, away = str(self.file.with_name("rien.xlsx")), str(self.file.parent.parent)
        return [
            call_of(UPDATE_ROW, UpdateRowParams(set={"N°": 7})),
            call_of(READ, ReadParams(file=gone)),
            call_of(MOVE, MoveParams(file=gone, to="ailleurs")),
            call_of(COPY, MoveParams(file=str(self.file), to=away)),
            call_of(RENAME, RenameParams(file=str(self.file), name="..")),
            call_of(ZIP, ZipParams(files=(gone,), to="envoi.zip")),
            call_of(UNZIP, UnzipParams(file=gone, to="pieces")),
            call_of(APPEND_ROW, AppendParams(file=str(self.file), row={"Prénom": "Léa"})),
            call_of(WRITE_CSV, WriteCsvParams(file=f"{away}/a.csv", rows=[{"N°": 1}])),
            call_of(WRITE_XLSX, SheetParams(file=gone, rows=[])),
            call_of(PDF_TEXT, PdfTextParams(file=str(self.file))),
            call_of(PDF_SPLIT, PdfSplitParams(file=gone, to="pages")),
            call_of(PDF_MERGE, PdfMergeParams(files=(gone,), to="a.pdf")),
            call_of(TEMPLATE, TemplateParams(file=str(self.file), to=gone, values={"nom": "Léa"})),
        ]

    def effects(self) -> Sequence[str]:
        return () if self.file.read_bytes() == self.before else ("the workbook was changed",)

    def source(self) -> tuple[Call, Sequence[Mapping[str, Any]]]:
        call = call_of(ROWS, RowsParams(file=str(self.file)))
        return call, [{"N°": 1, "Nom": "Léa"}, {"N°": 2, "Nom": "Ali"}]

    def _update(self, step: str, cells: Mapping[str, Any]) -> Call:
        source = {"file": str(self.file), "sheet": "Demandes", "row": 2, "digest": "d", "values": {}}
        return call_of(UPDATE_ROW, UpdateRowParams(set=cells, source=source), step=step)


class FolderWorld(FilesWorld):
    """The same folder, whose file is the item."""

    def source(self) -> tuple[Call, Sequence[Mapping[str, Any]]]:
        state = self.file.stat()
        row = {
            "name": self.file.name,
            "path": str(self.file),
            "folder": str(self.file.parent),
            "size": state.st_size,
            "modified": datetime.fromtimestamp(int(state.st_mtime), ZoneInfo("Europe/Paris")).replace(tzinfo=None),
            "digest": sha256(self.before).hexdigest(),
        }
        return call_of(LIST, ListParams(folder=str(self.file.parent), stable_for=timedelta(0))), [row]


class TestFilesRunner(RunnerContract):
    runner_type = FilesRunner

    @asynccontextmanager
    async def world(self, folder: Path) -> AsyncIterator[World]:
        yield FilesWorld(folder)

    def parsed(self, example: str) -> Any:
        return YAML(typ="safe", pure=True).load(example)


class TestFoldersOfTheFilesRunner(TestFilesRunner):
    @asynccontextmanager
    async def world(self, folder: Path) -> AsyncIterator[World]:
        yield FolderWorld(folder)
