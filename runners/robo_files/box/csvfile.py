"""CSV as agents have it: encoding and delimiter found, fields with their exact span so that a change touches one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from robo_files.box.reading import Opened
from robo_files.box.trouble import Limits, Trouble

_DELIMITERS = ";,\t|"
_LOOK = 20
_HALF_UTF8 = re.compile(rb"[\xc2\xc3][\x80-\xbf]")
"""A letter of UTF-8 in what is not UTF-8 as a whole: two encodings in one file."""
_ODD = re.compile(r"[A-Za-z][‚ƒ„†‡ˆ]|[‚ƒ†‡ˆ][A-Za-z]|[a-zà-ÿ][ŠŽ]")
"""What é, è, ê, ç of DOS and Macintosh files are in Windows-1252: signs that do not stand in words."""
BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


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


def open_csv(path: Path, limits: Limits, how: Mapping[str, str] | None = None) -> tuple[Dialect, str]:
    """The dialect and the whole text. `how`: `encoding` and `delimiter` where the author says them; what is not said is
    found, and refused where it cannot be told (`no-encoding`, `two-encodings`, `odd-letters`, `which-delimiter`)."""
    size = path.stat().st_size
    if size > limits.size:
        raise Trouble("too-big", size=size, limit=limits.size)
    data = path.read_bytes()
    if not data.strip():
        raise Trouble("empty-file")
    said = how or {}
    encoding, bom = _encoding(data, said.get("encoding", ""))
    try:
        text = data.removeprefix(bom).decode(encoding)
    except UnicodeDecodeError as wrong:
        raise Trouble("not-csv") if not said.get("encoding") else Trouble("not-encoded", said=encoding) from wrong
    delimiter = said.get("delimiter", "")
    return Dialect(encoding, bom, {"tab": "\t"}.get(delimiter, delimiter) or _delimiter(text)), text


def _encoding(data: bytes, said: str) -> tuple[str, bytes]:
    """The encoding and the mark the file begins with. UTF-8 first (Windows-1252 takes nearly anything), then what Excel
    writes in France, unless its letters look like those of another encoding read wrongly."""
    bom, marked = next(((mark, name) for mark, name in BOMS if data.startswith(mark)), (b"", ""))
    if marked or said:
        return marked or ("utf-16-le" if said == "utf-16" else said), bom
    if b"\0" in data[:4096]:
        raise Trouble("not-csv")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", b""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as wrong:
        raise Trouble("no-encoding") from wrong
    if _HALF_UTF8.search(data):
        raise Trouble("two-encodings")
    if odd := _ODD.search(text):
        raise Trouble("odd-letters", letters=odd.group())
    return "cp1252", b""


def _delimiter(text: str) -> str:
    """A `sep=;` line decides; else the only sign that cuts every one of the first records into the same number (> 1) of
    fields; else, as below a title, the one that does so most often. One column needs none."""
    named = re.match(r"sep=(.)\r?\n", text)
    if named:
        return named[1]
    even, scores = list[str](), dict[str, int]()
    for candidate in _DELIMITERS:
        first = list(islice(records(text, candidate), _LOOK))
        widths = Counter(len(record) for record in first if len(record) > 1 or record[0].value)
        width, times = max(widths.items(), key=lambda pair: (pair[0] > 1, pair[1] * pair[0]), default=(1, 0))
        if width > 1 and not any(_is_torn(text, field) for record in first for field in record):
            scores[candidate] = width * times
            even += [candidate] if len(widths) == 1 else []
    if len(even) == 1:
        return even[0]
    best = even or [each for each, score in scores.items() if score == max(scores.values())]
    if len(best) > 1:
        raise Trouble("which-delimiter", found=best)
    return best[0] if best else ";"


def _is_torn(text: str, field: Field) -> bool:
    """Something follows the closing quote: the field was cut in the wrong place."""
    whole = text[field.start : field.end]
    return whole.startswith('"') and not (len(whole) > 1 and whole.endswith('"'))


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


def read_csv(path: Path, limits: Limits, how: Mapping[str, str] | None = None) -> Opened:
    """The file as a sheet. A row's number counts records from 1, as a spreadsheet shows them."""
    dialect, text = open_csv(path, limits, how)
    skip = 1 if re.match(r"sep=.\r?\n", text) else 0
    lines = (
        (number, [field.value for field in record])
        for number, record in enumerate(records(text, dialect.delimiter), 1)
        if number > skip
    )
    return Opened(path.name, lines)
