"""CSV as agents have it: encoding and delimiter found, fields with their exact span so that a change touches one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robo_files.box.reading import Table, table
from robo_files.box.trouble import Limits, Trouble

_DELIMITERS = ";,\t|"
_LOOK = 20
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: its value, and where its text stands, quotes included."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """How this file is written, so that it is written back the same way."""

    encoding: str
    bom: bytes
    delimiter: str

    @property
    def french(self) -> bool:
        """A semicolon says that the comma is the decimal sign."""
        return self.delimiter == ";"


def open_csv(path: Path, limits: Limits) -> tuple[Dialect, str]:
    """The dialect and the whole text. UTF-8 first (cp1252 takes nearly anything), then what Excel writes in France."""
    size = path.stat().st_size
    if size > limits.size:
        raise Trouble("too-big", size=size, limit=limits.size)
    data = path.read_bytes()
    if not data.strip():
        raise Trouble("empty-file")
    bom, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", ""))
    if b"\0" in data[:4096] and not encoding.startswith("utf-16"):
        raise Trouble("not-csv")
    body = data.removeprefix(bom)
    for name in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = body.decode(name)
        except UnicodeDecodeError:
            continue
        return Dialect(name, bom, _delimiter(text)), text
    raise Trouble("not-csv")


def _delimiter(text: str) -> str:
    """The one that cuts the first records into the same number (> 1) of fields, most often; a `sep=;` line decides."""
    named = re.match(r"sep=(.)\r?\n", text)
    if named:
        return named[1]
    best, score = ";", 0
    for candidate in _DELIMITERS:
        widths: Counter[int] = Counter()
        for record in records(text, candidate):
            widths[len(record)] += 1
            if widths.total() == _LOOK:
                break
        width, times = max(widths.items(), key=lambda pair: (pair[0] > 1, pair[1] * pair[0]), default=(1, 0))
        if width > 1 and times * width > score:
            best, score = candidate, times * width
    return best


def records(text: str, delimiter: str) -> Iterator[list[Field]]:
    """Every record, in order. A quote opens only at the start of a field (RFC 4180); a stray one is text."""
    mark = re.escape(delimiter)
    field = re.compile(rf'"((?:[^"]|"")*)"[^{mark}\r\n]*|([^{mark}\r\n]*)')
    at, record = 0, list[Field]()
    while at < len(text):
        found = field.match(text, at)
        if found is None:  # cannot be: the second branch matches nothing at all
            raise Trouble("not-csv")
        value = found[1].replace('""', '"') if found[1] is not None else found[2]
        record.append(Field(value, at, found.end()))
        at = found.end()
        if text.startswith(delimiter, at):
            at += 1
            if at == len(text):
                record.append(Field("", at, at))
            continue
        at += 2 if text.startswith("\r\n", at) else 1
        yield record
        record = []
    if record:
        yield record


def read_csv(path: Path, header: int | None, limits: Limits) -> Table:
    """The file as a table. A row's number counts records from 1, as a spreadsheet shows them."""
    dialect, text = open_csv(path, limits)
    skip = 1 if re.match(r"sep=.\r?\n", text) else 0
    lines = (
        (number, [field.value for field in record])
        for number, record in enumerate(records(text, dialect.delimiter), 1)
        if number > skip
    )
    return table(path.name, lines, header)
