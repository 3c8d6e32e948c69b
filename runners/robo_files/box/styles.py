"""The styles of a workbook, as far as a date needs them: is this cell's format a date's, and if not, one that is.

Format: ECMA-376 part 1, 18.8 (`cellXfs`, `numFmts`). The part is changed only when a date lands in a cell that has no
date format; the clone keeps font, fill, borders and alignment.
"""

from __future__ import annotations

import re

from robo_files.box.archive import Archive

GENERAL, DAY, MOMENT, CLOCK, SPAN = 0, 14, 22, 21, 46
"""Built-in formats: General, date, date and time, h:mm:ss, [h]:mm:ss (18.8.30)."""
_BUILT_IN = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))


class Styles:
    """Reads the part when first asked; `changed` says whether it must be written."""

    def __init__(self, archive: Archive, part: str) -> None:
        self.part = part
        self.changed = False
        self._archive = archive
        self._text: bytes | None = None
        self._formats: list[bytes] = []
        self._span = (0, 0)
        self._codes: dict[int, bytes] = {}
        self._made: dict[tuple[int, int], int] = {}

    def dated(self, style: int, form: int) -> int | None:
        """`style` if it shows dates already, else a clone of it with the built-in `form`. None: unreadable."""
        self._read()
        if style >= len(self._formats):
            return None
        return style if self._is_dated(style) else self._clone(style, form)

    def undated(self, style: int) -> int:
        """`style` unless it shows dates: a number there would be shown, and read again, as one."""
        if not style:
            return style
        self._read()
        return self._clone(style, GENERAL) if style < len(self._formats) and self._is_dated(style) else style

    def _is_dated(self, style: int) -> bool:
        used = self._number(self._formats[style])
        return used in _BUILT_IN or _shows_time(self._codes.get(used, b""))

    def _clone(self, style: int, form: int) -> int:
        if (style, form) not in self._made:
            self._formats.append(_with_format(self._formats[style], form))
            self._made[style, form] = len(self._formats) - 1
            self.changed = True
        return self._made[style, form]

    def content(self) -> bytes:
        whole = self._text or b""
        start, end = self._span
        opening = re.sub(
            rb'count="\d+"', b'count="%d"' % len(self._formats), whole[: whole.index(b">", start) + 1][start:]
        )
        return whole[:start] + opening + b"".join(self._formats) + whole[end:]

    def _read(self) -> None:
        if self._text is not None or not self.part:
            return
        self._text = self._archive.read(self.part)
        found = re.search(rb"<(\w+:)?cellXfs\b[^>]*>(.*?)</(?:\w+:)?cellXfs>", self._text, re.DOTALL)
        if found is None:
            return
        self._span = (found.start(), found.end(2))
        tag = (found[1] or b"") + b"xf"
        self._formats = re.findall(
            rb"<" + tag + rb"\b[^>]*?/>|<" + tag + rb"\b[^>]*>.*?</" + tag + rb">", found[2], re.DOTALL
        )
        for item in re.finditer(rb"<(?:\w+:)?numFmt\b([^>]*)>", self._text):
            key, code = re.search(rb'numFmtId="(\d+)"', item[1]), re.search(rb'formatCode="([^"]*)"', item[1])
            if key and code:
                self._codes[int(key[1])] = code[1]

    @staticmethod
    def _number(form: bytes) -> int:
        found = re.search(rb'numFmtId="(\d+)"', form)
        return int(found[1]) if found else 0


def _shows_time(code: bytes) -> bool:
    bare = re.sub(rb"&quot;.*?&quot;|\\.|\[(?!h|m|s)[^\]]*\]|_.", b"", code)
    return bool(re.search(rb"[dmyhs]", bare, re.IGNORECASE)) and b"General" not in bare


def _with_format(form: bytes, number: int) -> bytes:
    bare = re.sub(rb'\s(numFmtId|applyNumberFormat)="[^"]*"', b"", form)
    return re.sub(rb"(xf)\b", rb'\1 numFmtId="%d" applyNumberFormat="1"' % number, bare, count=1)
