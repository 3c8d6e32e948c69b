"""Workbooks for the tests: written by openpyxl, or part by part where a stranger's writer is imitated."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from robo_files import FilesRunner
from robo_files.actions import ACTIONS, RowsParams
from robo_files.session import FilesSession

from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, CellChange, Context, Result, Row
from robo.sdk.secret import Secret
from robo.sdk.values import Effect

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELS = "http://purl.oclc.org/ooxml/officeDocument/relationships"

Write = Callable[..., Path]
Read = Callable[..., Awaitable[list[Row]]]


async def no_secret(name: str) -> Secret:
    raise AssertionError(f"files need no secret, {name} was asked for")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(
        region="occitanie",
        environment="test",
        date_format="%d/%m/%Y",
        zone="Europe/Paris",
        folder=tmp_path,
        hosts=(),
        secret=no_secret,
        settings={},
        places=(tmp_path / "given",),
    )


@pytest.fixture
async def runner() -> AsyncIterator[FilesRunner]:
    runner = FilesRunner()
    await runner.start({}, headed=False, slots=1)
    yield runner
    await runner.stop()


@pytest.fixture
async def session(runner: FilesRunner, context: Context) -> FilesSession:
    return await runner.open(context)


@pytest.fixture
def rows_call() -> Callable[..., Call]:
    def make(file: Path, **more: Any) -> Call:
        params = RowsParams(file=str(file), **more)
        return Call(step="items", action="files.rows", params=params, effect=Effect.READ, timeout=30)

    return make


@pytest.fixture
def read(session: FilesSession, rows_call: Callable[..., Call]) -> Read:
    """All rows of a file."""

    async def rows(file: Path, **more: Any) -> list[Row]:
        return [row async for row in session.rows(rows_call(file, **more))]

    return rows


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """The folder that the run was given."""
    folder = tmp_path / "given"
    folder.mkdir()
    return folder


@pytest.fixture
def do(session: FilesSession) -> Callable[..., Awaitable[Result]]:
    """One step: `do("files.move", file=…, to=…)`; `source` is what the engine fills in."""

    async def perform(action: str, *, source: Any = None, **params: Any) -> Result:
        spec = ACTIONS[action]
        read = parse_params(spec, params)
        if spec.needs_source:
            read = read.model_copy(update={"source": source})
        call = Call(step="step", action=action, params=read, effect=spec.effect, timeout=30)
        (result,) = await session.perform([call])
        return result

    return perform


@pytest.fixture
def book(tmp_path: Path) -> Write:
    """A workbook written by openpyxl: `book(rows)` or `book(Sheet=rows, Other=rows)`."""

    def write(
        rows: Iterable[Sequence[Any]] = (), name: str = "demandes.xlsx", **sheets: Iterable[Sequence[Any]]
    ) -> Path:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, lines in (sheets or {"Demandes": rows}).items():
            sheet = workbook.create_sheet(title)
            for line in lines:
                sheet.append(list(line))
        workbook.save(tmp_path / name)
        return tmp_path / name

    return write


@pytest.fixture
def raw_book(tmp_path: Path) -> Write:
    """A workbook written part by part: `raw_book('<row>…</row>')`, for what no well-behaved library writes."""

    def write(
        rows: str,
        *,
        name: str = "brut.xlsx",
        main: str = MAIN,
        rels: str = RELS,
        workbook: str = "",
        sheet: str | None = None,
        after: str = "",
        extra: Mapping[str, bytes] | None = None,
    ) -> Path:
        parts = {
            "[Content_Types].xml": _types(),
            "_rels/.rels": _relations(f'<Relationship Id="r1" Type="{rels}/officeDocument" Target="xl/workbook.xml"/>'),
            "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{main}" xmlns:r="{rels}">{workbook}'
            '<sheets><sheet name="Demandes" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relations(
                f'<Relationship Id="r1" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/>'
                f'<Relationship Id="r2" Type="{rels}/styles" Target="styles.xml"/>'
            ),
            "xl/styles.xml": f'<styleSheet xmlns="{main}"><fonts count="1"><font/></fonts>'
            '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
            '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
            '<cellXfs count="2"><xf numFmtId="0" xfId="0"/><xf numFmtId="14" xfId="0" applyNumberFormat="1"/></cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
            "xl/worksheets/sheet1.xml": sheet
            or f'<?xml version="1.0"?><worksheet xmlns="{main}"><sheetData>{rows}</sheetData>{after}</worksheet>',
        }
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, content in parts.items():
                archive.writestr(part, content)
            for part, data in (extra or {}).items():
                archive.writestr(part, data)
        return tmp_path / name

    return write


@pytest.fixture
def change() -> Callable[..., CellChange]:
    """The change of one cell of a row that was read."""

    def make(row: Row, column: str, new: Any, key: Sequence[str] = ()) -> CellChange:
        origin = row.origin()
        return CellChange(
            file=Path(origin["file"]),
            sheet=origin["sheet"],
            row=origin["row"],
            row_digest=origin["digest"],
            column=column,
            old=origin["values"].get(column),
            new=new,
            row_key={name: origin["values"][name] for name in key},
        )

    return make


@pytest.fixture
def parts() -> Callable[[Path], dict[str, bytes]]:
    """The unpacked parts of a workbook by name."""

    def unpack(path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    return unpack


def _types() -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>'
    )


def _relations(inside: str) -> str:
    return (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{inside}</Relationships>"
    )
