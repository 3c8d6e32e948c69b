"""Changes into a CSV file: the fields that change are written again, every other byte stays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from robo_files.box.cells import text, tidy
from robo_files.box.csvfile import Dialect, Field, open_csv, records
from robo_files.box.locating import Lines, Told, locate, no_column
from robo_files.box.reading import table
from robo_files.box.trouble import Limits, Words, phrase

_FORMULA = re.compile(r"[=+\-@\t\r]")
_HARMLESS = re.compile(r"[+-]?[\d\s.,]+")
_LOOK = 200


def update_csv(path: Path, target: Path | None, changes: Sequence[Mapping[str, Any]], limits: Limits) -> list[Told]:
    """As `update_workbook`, for CSV."""
    dialect, whole = open_csv(path, limits, _how(changes))
    lines = dict(enumerate(records(whole, dialect.delimiter), 1))
    written = [{**change, "new": csv_text(change["new"], dialect)} for change in changes]
    header = _header(lines, written)
    if header is None:
        return [Told(no_column(change["column"])) for change in changes]
    values = ((number, [field.value for field in record]) for number, record in lines.items())
    source = table(path.name, values, header)
    kept = {number: [value or None for value in cells] for number, cells in source.rows}
    found = locate(Lines(source.headers, kept, lambda _: ()), written)
    puts: dict[int, dict[int, str]] = {}
    for i, answer in enumerate(found.answers):
        if answer == "write":
            number, index = found.places[i]
            found.answers[i] = _refusal(written[i]["new"], dialect) or "written"
            if found.answers[i] == "written":
                puts.setdefault(number, {})[source.columns[index]] = quoted(written[i]["new"], dialect)
    if puts and target:
        edits = [edit for number, columns in puts.items() for edit in _edits(lines[number], columns, dialect)]
        target.write_bytes(dialect.bom + _edited(whole, edits).encode(dialect.encoding))
    return found.told(source.columns)


def check_csv(path: Path, changes: Sequence[Mapping[str, Any]], told: Sequence[Told], limits: Limits) -> list[bool]:
    """As `check_workbook`, for CSV."""
    dialect, whole = open_csv(path, limits, _how(changes))
    lines = dict(enumerate(records(whole, dialect.delimiter), 1))
    held = []
    for change, cell in zip(changes, told, strict=True):
        record = lines.get(cell.row, [])
        value = record[cell.column].value if cell.column < len(record) else ""
        held.append(text(value) == text(csv_text(change["new"], dialect)))
    return held


def csv_text(value: Any, dialect: Dialect) -> str:
    """A value as an agent would type it into this file. A text a spreadsheet would take for a formula gets an
    apostrophe in front; numbers and telephone numbers do not need it."""
    if value is True or value is False:
        words = ("oui", "non") if dialect.french else ("TRUE", "FALSE")
        return words[0] if value else words[1]
    if isinstance(value, dict) and ("d" in value or "t" in value):
        moment = datetime.fromisoformat(value.get("t") or f"{value['d']}T00:00:00")
        if not dialect.french:
            return text(value)
        return f"{moment:%d/%m/%Y}" if moment == _midnight(moment) else f"{moment:%d/%m/%Y %H:%M:%S}"
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) and not _HARMLESS.fullmatch(value) else value
    plain = text(value)
    return plain.replace(".", ",") if dialect.french else plain


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(date(moment.year, moment.month, moment.day), datetime.min.time())


def _header(lines: Mapping[int, list[Field]], changes: Sequence[Mapping[str, Any]]) -> int | None:
    wanted = {tidy(change["column"]) for change in changes}
    best, score = None, 0
    for number in range(1, min(_LOOK, len(lines)) + 1):
        count = len(wanted.intersection(tidy(field.value) for field in lines[number]))
        if count > score:
            best, score = number, count
    return best


def _refusal(new: str, dialect: Dialect) -> Words:
    try:
        new.encode(dialect.encoding)
    except UnicodeEncodeError:
        return phrase(
            "the file is %(encoding)s, which cannot hold this text; save it as CSV UTF-8", encoding=dialect.encoding
        )
    return ""


def quoted(new: str, dialect: Dialect) -> str:
    """A value as a field: in quotes where it needs them."""
    marks = dialect.delimiter + '"\r\n'
    return '"' + new.replace('"', '""') + '"' if any(mark in new for mark in marks) else new


Edit = tuple[int, int, str]
"""Where the old text begins and ends, and the new one."""


def _edits(record: list[Field], columns: Mapping[int, str], dialect: Dialect) -> list[Edit]:
    """The edits of one record. A record shorter than the header grows at its end."""
    there = [(record[i].start, record[i].end, new) for i, new in columns.items() if i < len(record)]
    last = max(columns)
    if last < len(record):
        return there
    tail = "".join(dialect.delimiter + columns.get(i, "") for i in range(len(record), last + 1))
    return [*there, (record[-1].end, record[-1].end, tail)]


def _edited(whole: str, edits: Sequence[Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [whole[at:start], new]
        at = end
    return "".join(pieces) + whole[at:]


def _how(changes: Sequence[Mapping[str, Any]]) -> Mapping[str, str] | None:
    """How the author says the file is written; all changes of a file say the same."""
    return next((change["how"] for change in changes if change.get("how")), None)
