"""`files.write_csv`, `files.write_xlsx`, `files.append_row`: whole new files and one more row.

A text stays a text, whatever it begins with: a cell of a workbook is typed, a field of a CSV gets an apostrophe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from robo.sdk.errors import Failure
from robo.sdk.runner import Call, Result
from robo.sdk.values import MISSING
from robo_files.actions import AppendParams, SheetParams, WriteCsvParams, WriteParams
from robo_files.box.cells import tidy
from robo_files.box.csvchange import csv_text, quoted
from robo_files.box.csvfile import BOMS, Dialect
from robo_files.desk import Desk
from robo_files.landing import beside, digest_of, held, land, refusals, refuse_if_open, swap
from robo_files.places import absent, inside, new_file, where
from robo_files.rows import need_rows, to_plain
from robo_files.trouble import not_as_written
from robo_files.workbooks import write_workbook

_TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
Rows = Sequence[Mapping[str, Any]]


def write_csv(desk: Desk, call: Call) -> Result:
    """Errors: RB830 and RB831 of names, RB842 no rows, RB843 a sign the encoding does not have, RB820-RB822."""
    params = call.params
    assert isinstance(params, WriteCsvParams)  # noqa: S101 - the action's own parameters
    columns, rows = table_of(call, params)
    content = csv_bytes(call, params, columns, rows)
    return _whole(desk, call, ".csv", len(rows), lambda new: _bytes(new, content))


def write_xlsx(desk: Desk, call: Call) -> Result:
    """Errors: RB830 and RB831 of names, RB842 no rows, RB844 what a workbook cannot hold, RB820-RB822."""
    params = call.params
    assert isinstance(params, SheetParams)  # noqa: S101 - the action's own parameters
    columns, rows = table_of(call, params)

    def write(new: Path) -> None:
        write_workbook(new, params.sheet, columns, rows, call.step)

    return _whole(desk, call, ".xlsx", len(rows), write)


def append_row(desk: Desk, call: Call) -> Result:
    """Errors: those of reading the file, RB820-RB825 of writing it, RB835 no such column, RB845 the row is there with
    other cells."""
    params = call.params
    assert isinstance(params, AppendParams)  # noqa: S101 - the action's own parameters
    path = inside(desk.context, params.file, call.step)
    if path.suffix.lower() not in _TABLES:
        raise _no_table(call, path)
    request = {
        "do": "append",
        "file": str(path),
        "target": "",
        "row": {column: to_plain(value) for column, value in params.row.items()},
        "key": list(params.key or ()),
        "sheet": params.sheet,
        "header": params.header,
        "how": params.how,
    }
    note = ", ".join(f"{column} = «{value}»" for column, value in params.row.items())
    with refusals(path), held(path):
        if not path.exists():
            return _begun(desk, call, path, note)
        told = _appended(desk, path, request)
    if told["answer"] == "other":
        raise Failure(
            "RB845",
            "%(row)s has this key already, with other cells; nothing was written",
            place=call.step,
            remedy="correct that row by hand, or say with `key:` what tells rows apart",
            row=told["place"],
        )
    return Result(values={"path": str(path), "added": told["answer"] == "written"}, note=f"{told['place']}: {note}")


def _appended(desk: Desk, path: Path, request: Mapping[str, Any]) -> Mapping[str, Any]:
    refuse_if_open(path)
    before = digest_of(path)
    if desk.context.dry_run:
        told: Mapping[str, Any] = desk.ask(request)
        return told
    with beside(path) as new:
        told = desk.ask({**request, "target": str(new)})
        if told["answer"] == "written":
            again = desk.ask({**request, "file": str(new)})
            if again["answer"] != "done":
                raise not_as_written(path)
            swap(path, new, before)
    return told


def _begun(desk: Desk, call: Call, path: Path, note: str) -> Result:
    """The first row makes the file, with its columns as the header."""
    params = call.params
    assert isinstance(params, AppendParams)  # noqa: S101 - the action's own parameters
    if not path.parent.is_dir():
        raise absent(path, call.step)
    columns = [tidy(name) for name in params.row]
    row = {tidy(name): value for name, value in params.row.items()}
    if not desk.context.dry_run:
        with beside(path) as new:
            if path.suffix.lower() in (".xlsx", ".xlsm"):
                write_workbook(new, params.sheet or "Feuille1", columns, [row], call.step)
            else:
                csv = WriteCsvParams(file=str(path), rows=[], encoding=params.encoding, delimiter=params.delimiter)
                _bytes(new, csv_bytes(call, csv, columns, [row]))
            land(new, path, over=False)
    return Result(values={"path": str(path), "added": True}, note=f"{path.name}: {note}")


def table_of(call: Call, params: WriteParams) -> tuple[list[str], Rows]:
    """The names of the columns, and the rows by them. Errors: RB842."""
    rows = need_rows(params.rows, call.step)
    columns = list(params.columns or _names(rows))
    if not columns:
        raise Failure(
            "RB842",
            "there are no rows and no `columns`, so the file would be empty",
            place=call.step,
            remedy="say the names with `columns:`, or skip the step when there is nothing: `when: …`",
        )
    return columns, rows


def _names(rows: Rows) -> dict[str, None]:
    """All that come, in the order in which they first do. Rows are nearly always alike."""
    found: dict[str, None] = {}
    for row in rows:
        if row.keys() != found.keys():
            found.update(dict.fromkeys(row))
    return found


def csv_bytes(call: Call, params: WriteCsvParams, columns: Sequence[str], rows: Rows) -> bytes:
    """The whole file. UTF-8 has its mark, which is how Excel knows it."""
    encoding = params.encoding or "utf-8"
    name = {"utf-16": "utf-16-le"}.get(encoding, encoding)
    bom = next((mark for mark, known in BOMS if known == name), b"")
    dialect = Dialect(name, bom, "\t" if params.delimiter == "tab" else params.delimiter or ";")
    lines = [[csv_text(column, dialect) for column in columns]]
    lines += [[csv_text(to_plain(row.get(column, MISSING)), dialect) for column in columns] for row in rows]
    text = "".join(dialect.delimiter.join(quoted(field, dialect) for field in line) + "\r\n" for line in lines)
    try:
        return bom + text.encode(name)
    except UnicodeEncodeError as foreign:
        raise Failure(
            "RB843",
            "%(encoding)s cannot hold «%(sign)s»",
            place=call.step,
            remedy="leave `encoding:` out: UTF-8 holds everything, and Excel reads it",
            encoding=encoding,
            sign=text[foreign.start],
        ) from foreign


def _whole(desk: Desk, call: Call, suffix: str, count: int, write: Callable[[Path], None]) -> Result:
    """A file written anew: whoever dies leaves the old one or the new one."""
    params = call.params
    assert isinstance(params, WriteParams)  # noqa: S101 - the action's own parameters
    target = new_file(desk.context, params.file, call.step, suffix=suffix)
    result = Result(values={**where(target), "count": count}, note=f"{count} → {target}")
    if desk.context.dry_run:
        return result
    with refusals(target), held(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside(target) as new:
            write(new)
            land(new, target, over=True)
    return result


def _bytes(new: Path, content: bytes) -> None:
    new.write_bytes(content)


def _no_table(call: Call, path: Path) -> Failure:
    return Failure(
        "RB846",
        "no row can be added to %(file)s",
        place=call.step,
        remedy="add rows to a .csv or .xlsx",
        file=path.name,
    )
