"""What calamine does not tell about the cells of an ods: which are errors, which are computed.

Format: OpenDocument 1.3 part 3, 9.1. Rows and cells that are alike are written once, with how often they come.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from robo_files.box.archive import Archive
from robo_files.box.marks import Marks
from robo_files.box.trouble import Trouble, phrase

CONTENT = "content.xml"
_ROWS = 1_048_576
_WRONG = re.compile(r"#(?:REF|DIV/0|N/A|NAME|VALUE|NUM|NULL)[!?]?|Err:5\d\d")
_CONSTANT = re.compile(r"(?:of:)?=(?:TRUE|FALSE)\(\)")


def scan_content(archive: Archive, index: int) -> Marks:
    """The marks of the sheet that comes at `index` (from 0). Nothing is parsed where no cell is computed or wrong."""
    if not any(b":formula=" in block or b'"error"' in block for block in archive.blocks(CONTENT)):
        return Marks()
    scan = _Scan(index)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = scan.start, scan.end
    parser.CharacterDataHandler = scan.text
    try:
        for block in archive.blocks(CONTENT):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Trouble("broken", why=f"{CONTENT}: {error}") from error
    return scan.marks


class _Scan:
    """Counts rows and columns of one table, and looks at each cell that has a formula or is an error."""

    def __init__(self, index: int) -> None:
        self.marks = Marks()
        self._index = index
        self._table = -1
        self._row = self._rows = self._column = self._columns = 0
        self._cell: dict[str, str] | None = None
        self._words: list[str] = []
        self._found: list[tuple[int, int, str, bool]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "table":
            self._table += 1
            self._row = 0
        elif self._table != self._index:
            return
        elif name == "table-row":
            self._rows, self._column = _times(attributes, "number-rows-repeated"), 0
            self._found.clear()
        elif name in ("table-cell", "covered-table-cell"):
            self._columns = _times(attributes, "number-columns-repeated")
            self._cell = attributes if _is_marked(attributes) else None
            self._words.clear()

    def text(self, words: str) -> None:
        if self._cell is not None:
            self._words.append(words)

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if self._table != self._index:
            return
        if name in ("table-cell", "covered-table-cell"):
            if self._cell is not None:
                self._look(self._cell, "".join(self._words).strip())
            self._column += self._columns
            self._cell = None
        elif name == "table-row":
            self._keep()
            self._row += self._rows

    def _look(self, cell: dict[str, str], words: str) -> None:
        formula = _of(cell, "formula")
        wrong = words if _WRONG.fullmatch(words) else ""
        if not wrong and any(key.endswith(":value-type") and value == "error" for key, value in cell.items()):
            wrong = words or "#ERR!"
        if not wrong and formula and not _of(cell, "value-type"):
            wrong = "formula without a value"
        computed = bool(formula) and not _CONSTANT.fullmatch(formula)
        self._found.append((self._column + 1, self._columns, wrong, computed))

    def _keep(self) -> None:
        if not self._found:
            return
        if self._row + self._rows > _ROWS:
            raise Trouble("broken", why=phrase("%(part)s has more rows than a sheet takes", part=CONTENT))
        for row in range(self._row + 1, self._row + self._rows + 1):
            for first, times, wrong, computed in self._found:
                for column in range(first, first + times):
                    if wrong:
                        self.marks.errors.setdefault(row, {})[column] = wrong
                    if computed:
                        self.marks.computed.setdefault(row, set()).add(column)


def _is_marked(attributes: dict[str, str]) -> bool:
    return any(key.endswith(":formula") or value == "error" for key, value in attributes.items())


def _of(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.endswith(f":{name}")), "")


def _times(attributes: dict[str, str], name: str) -> int:
    text = _of(attributes, name)
    return int(text) if text.isdigit() else 1
