"""A new workbook with one sheet, written in bulk: types kept, the header bold and fixed, dates as days."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from robo.sdk.errors import Failure
from robo.sdk.values import MISSING, CellError

_MAX_TEXT: Final = 32_767
_MAX_ROWS: Final = 1_048_575
_MAX_COLUMNS: Final = 16_384
_DIGITS: Final = 15
"""What a number of a workbook holds; an account number beyond is a text."""
_WHOLE: Final = 10**_DIGITS
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FIRST = date(1900, 3, 1)
"""Before this day Excel counts a 29 February 1900 that never was."""
_NAME = re.compile(r"[\[\]:*?/\\]+")


def write_workbook(
    file: Path, sheet: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], step: str
) -> None:
    """Write `rows` under `columns` into a new workbook at `file`. Errors: RB844 too many, too long."""
    from rustpy_xlsxwriter import FastExcel, Format

    if len(rows) > _MAX_ROWS or len(columns) > _MAX_COLUMNS:
        raise Failure(
            "RB844",
            "this is more than the 1 048 576 rows or 16 384 columns of a sheet",
            place=step,
            remedy="split what is written, or write a CSV",
        )
    days = {name: Format().set_num_format("dd/mm/yyyy") for name in columns if _only_days(rows, name)}
    book = FastExcel(str(file), output_format="xlsx").format(bold_headers=True, datetime_format="dd/mm/yyyy hh:mm")
    lines = _lines(columns, rows, step) if rows else iter([dict.fromkeys(columns)])
    book.freeze(row=1).sheet(sheet_name(sheet), lines, column_formats=days or None).save()


def sheet_name(wanted: str) -> str:
    """A name that a workbook takes: 31 signs, none of `[ ] : * ? / \\`."""
    clean = " ".join(_NAME.sub("-", wanted).strip("' ").split())
    return clean[:31].strip("' ") or "Feuille1"


def _only_days(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    seen = False
    for row in rows:
        value = row.get(name)
        if value is None or value is MISSING:
            continue
        if type(value) is not date:
            return False
        seen = True
    return seen


def _lines(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], step: str) -> Iterator[Mapping[str, Any]]:
    """The rows as they are where they can be: two million cells have no time for a call each."""
    for row in rows:
        if list(row) == columns and all(map(_is_ready, row.values())):
            yield row
        else:
            yield {name: _cell(row.get(name), step) for name in columns}


def _is_ready(value: Any) -> bool:
    """Whether the writer takes a value as it is."""
    kind = value.__class__
    if kind is str:
        return value.isprintable() and len(value) <= _MAX_TEXT
    return kind is float or (kind is int and -_WHOLE < value < _WHOLE)


def _cell(value: Any, step: str) -> Any:
    kind = type(value)
    if kind is str:
        return _text(value, step)
    if kind is int or kind is Decimal:
        return value if _holds(value) else format(value, "f") if kind is Decimal else str(value)
    if kind is float:
        return value
    if value is None or value is MISSING:
        return None
    if kind is date or kind is datetime:
        return value if (value.date() if kind is datetime else value) >= _FIRST else f"{value:%d/%m/%Y}"
    return value if kind is bool else _text(_words(value), step)


def _words(value: Any) -> str:
    if isinstance(value, CellError):
        return value.why
    if isinstance(value, time):
        return f"{value:%H:%M:%S}"
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value)
    return str(value)


def _text(words: str, step: str) -> str:
    if len(words) > _MAX_TEXT:
        raise Failure(
            "RB844",
            "a text is longer than the 32 767 characters of a cell",
            place=step,
            remedy="split what is written, or write a CSV",
        )
    return _ILLEGAL.sub("\ufffd", words)


def _holds(value: int | Decimal) -> bool:
    if isinstance(value, int):
        return -_WHOLE < value < _WHOLE
    return value.is_finite() and len(value.normalize().as_tuple().digits) <= _DIGITS
