"""The files runner keeps the contract of every guest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openpyxl
from robo_files import FilesRunner
from robo_files.actions import ROWS, UPDATE_ROW, RowsParams, UpdateRowParams
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
        ]

    def failing(self) -> Sequence[Call]:
        return [call_of(UPDATE_ROW, UpdateRowParams(set={"N°": 7}))]

    def effects(self) -> Sequence[str]:
        return () if self.file.read_bytes() == self.before else ("the workbook was changed",)

    def source(self) -> tuple[Call, Sequence[Mapping[str, Any]]]:
        call = call_of(ROWS, RowsParams(file=str(self.file)))
        return call, [{"N°": 1, "Nom": "Léa"}, {"N°": 2, "Nom": "Ali"}]

    def _update(self, step: str, cells: Mapping[str, Any]) -> Call:
        source = {"file": str(self.file), "sheet": "Demandes", "row": 2, "digest": "d", "values": {}}
        return call_of(UPDATE_ROW, UpdateRowParams(set=cells, source=source), step=step)


class TestFilesRunner(RunnerContract):
    runner_type = FilesRunner

    @asynccontextmanager
    async def world(self, folder: Path) -> AsyncIterator[World]:
        yield FilesWorld(folder)

    def parsed(self, example: str) -> Any:
        return YAML(typ="safe", pure=True).load(example)
