"""Pictures of a report: bars, a curve, columns, drawn as SVG on the server. Each says in its title and its description
what it shows, and stands beside a table of the same figures; nothing in it is told by a colour alone.

A picture is drawn for a width in pixels: once for a screen or a sheet, once for a telephone. What is drawn has its
colours as attributes, for printers that read no style sheet, and as classes, for a screen that is dark.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

WIDE: Final = 760
NARROW: Final = 358
FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', 'DejaVu Sans', Arial, sans-serif"
INK, MUTED, GRID, ZERO = "#1d2733", "#55606e", "#dfe3e8", "#55606e"
PROVEN, UNRECONCILED, UNMEASURED, COSTS = "proven", "unreconciled", "unmeasured", "costs"
PARTS: Final = (PROVEN, UNRECONCILED, UNMEASURED, COSTS)
"""What is stacked, from 0 outwards."""
STRONG: Final[Mapping[str, str]] = {
    PROVEN: "#0b5563",
    UNRECONCILED: "#2f7f91",
    UNMEASURED: "#5c6470",
    COSTS: "#9c3520",
}
PALE: Final[Mapping[str, str]] = {UNRECONCILED: "#dcecef", UNMEASURED: "#eceae5", COSTS: "#f6ddd6"}
_DASHES: Final[Mapping[str, str]] = {UNRECONCILED: "7 4", UNMEASURED: "2 4"}
_CHARACTER: Final = 0.6
"""Of its size: how wide a character is, at most, on average."""
_DENSE: Final = 16
"""Strips from which on each has one line."""
_LINE: Final = 22
"""Pixels of such a line."""
_STEPS: Final = (1, 2, 5, 10, 15, 30)
_PER_HOUR: Final = 60


class Words(NamedTuple):
    """What a picture says: its title, which stands for it where it cannot be seen, and what there is to see in it."""

    title: str
    about: str


class Entry(NamedTuple):
    """A line of the legend: the part it explains, and its words."""

    part: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One bar. `parts`: minutes above or below 0; `value`: what is written at its end."""

    title: str
    note: str
    value: str
    parts: Mapping[str, int]

    @property
    def up(self) -> int:
        return sum(each for each in self.parts.values() if each > 0)

    @property
    def down(self) -> int:
        return sum(each for each in self.parts.values() if each < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a curve, a point for each month. `low`, `high`: the range it lies in, where there is one."""

    part: str
    text: str
    points: Sequence[int]
    low: Sequence[int] = ()
    high: Sequence[int] = ()


def scale(strips: Sequence[Strip]) -> tuple[int, int]:
    """The least and the most of some bars: what pictures beside each other share."""
    return min((each.down for each in strips), default=0), max((each.up for each in strips), default=0)


def ticks(low: int, high: int, most: int) -> list[int]:
    """At most about `most` round values of minutes between two: 1, 2 or 5 hours and their tens; minutes below."""
    span = max(high - low, 1)
    steps = [*_STEPS, *(_PER_HOUR * each * 10**power for power in range(8) for each in (1, 2, 5))]
    step = next((each for each in steps if span / each <= most), steps[-1])
    first = -(-low // step) * step
    return list(range(first, high + 1, step))


def bars(
    strips: Sequence[Strip],
    legend: Sequence[Entry],
    words: Words,
    label: Callable[[int], str],
    *,
    head: str,
    within: tuple[int, int],
    name: str,
    width: int = WIDE,
) -> str:
    """One stacked bar for each strip: parts above 0 to the right, below 0 to the left. `within`: see `scale`; `head`:
    what the values at the ends are; `label` writes minutes on the axis."""
    beside = width >= WIDE
    left, right = (344 if len(strips) > _DENSE else 244, 96) if beside else (2, 2)
    sizes = [_size(each, dense=len(strips) > _DENSE, beside=beside) for each in strips]
    top = _legend_height(legend, width) + 34
    drawing = _Drawing(name, width, top + sum(sizes) + 8, words)
    drawing.legend(legend)
    low, high = within if within[0] < within[1] else (0, _PER_HOUR)
    axis = _Axis(low, high, left, width - right)
    drawing.text(width, top - 22, head, anchor="end", size=11, tone="muted")
    marks = ticks(low, high, (width - left - right) // 76)
    for tick in marks:
        drawing.text(axis.at(tick), top - 8, label(tick), anchor="middle", size=11, tone="muted")
    y = top
    for strip, size in zip(strips, sizes, strict=True):
        for tick in marks:  # where titles stand above their bars, no line goes through them
            drawing.rule(axis.at(tick), y if beside else y + size - 30, y + size - (0 if beside else 6), zero=False)
        drawing.strip(strip, axis, y, size, beside=beside)
        y += size
    return drawing.finished()


def curve(
    months: Sequence[str],
    lines: Sequence[Line],
    words: Words,
    label: Callable[[int], str],
    *,
    name: str,
    width: int = WIDE,
) -> str:
    """Minutes that add up month by month: a line for each part, with its mark, its dashes and its range."""
    legend = [Entry(each.part, each.text) for each in lines]
    top, left, height = _legend_height(legend, width) + 16, 70, 250 if width >= WIDE else 210
    drawing = _Drawing(name, width, top + height + 30, words)
    drawing.legend(legend, lines=True)
    every = [value for each in lines for value in (*each.points, *each.low, *each.high)]
    low, high = min(0, *every), max(0, *every)
    if low == high:
        high = _PER_HOUR
    axis = _Axis(low, high, top + height, top)
    for tick in ticks(low, high, 5):
        drawing.level(left, width, axis.at(tick), zero=tick == 0)
        drawing.text(left - 8, axis.at(tick) + 4, label(tick), anchor="end", size=11, tone="muted")
    places = _Axis(0, max(len(months) - 1, 1), left + 10, width - 14)
    xs = [places.at(index) for index in range(len(months))] if len(months) > 1 else [(left + width) / 2]
    drawing.months(months, xs, top + height + 20)
    for line in lines:
        drawing.line(line, xs, axis)
    return drawing.finished()


def columns(
    months: Sequence[str], values: Sequence[int | None], written: Sequence[str], words: Words, *, name: str, width: int
) -> str:
    """One column for each month, of thousandths; what is written stands on it. None: nothing to say of that month."""
    top, left, height = 22, 46, 150
    drawing = _Drawing(name, width, top + height + 30, words)
    axis = _Axis(0, 1000, top + height, top)
    for tick in (0, 500, 1000):
        drawing.level(left, width, axis.at(tick), zero=tick == 0)
        drawing.text(left - 8, axis.at(tick) + 4, f"{tick // 10} %", anchor="end", size=11, tone="muted")
    room = (width - left) / max(len(months), 1)
    xs = [left + room * (index + 0.5) for index in range(len(months))]
    fits = all(len(each) * 11 * _CHARACTER < room for each in written)
    for x, value, text in zip(xs, values, written, strict=True):
        if value is not None:
            y = axis.at(value)
            drawing.box(PROVEN, x - min(room * 0.36, 24), y, min(room * 0.72, 48), max(top + height - y, 1))
        if fits:
            drawing.text(x, axis.at(value or 0) - 5, text, anchor="middle", size=11, tone="ink")
    drawing.months(months, xs, top + height + 20)
    return drawing.finished()


class _Axis(NamedTuple):
    """From values to pixels."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: int) -> float:
        return self.start + (value - self.low) * (self.end - self.start) / (self.high - self.low)


class _Drawing:
    """One picture as it is drawn."""

    def __init__(self, name: str, width: int, height: int, words: Words) -> None:
        named = f"{name}-title {name}-about"
        self.name, self.width = name, width
        self.root = Element("svg", {
            "xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": named, "class": "picture",
            "viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height), "font-family": FONT,
        })  # fmt: skip
        SubElement(self.root, "title", {"id": f"{name}-title"}).text = words.title
        SubElement(self.root, "desc", {"id": f"{name}-about"}).text = words.about
        patterns = SubElement(self.root, "defs")
        for part in PALE:
            self._pattern(patterns, part)

    def finished(self) -> str:
        return tostring(self.root, encoding="unicode")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: int = 13,
        tone: str = "ink",
        bold: bool = False,
    ) -> None:
        colour = {"ink": INK, "muted": MUTED}[tone]
        weight = {"font-weight": "600"} if bold else {}
        place = {"x": _px(x), "y": _px(y), "text-anchor": anchor, "font-size": str(size), "fill": colour}
        SubElement(self.root, "text", {**place, "class": tone, **weight}).text = text

    def rule(self, x: float, y1: float, y2: float, *, zero: bool) -> None:
        self._stroke(x, y1, x, y2, zero=zero)

    def level(self, x1: float, x2: float, y: float, *, zero: bool) -> None:
        self._stroke(x1, y, x2, y, zero=zero)

    def box(self, part: str, x: float, y: float, width: float, height: float) -> None:
        """A rectangle in the look of a part."""
        fill = f"url(#{self.name}-{part})" if part in PALE else STRONG[part]
        place = {"x": _px(x), "y": _px(y), "width": _px(width), "height": _px(height)}
        look = {"fill": fill, "stroke": STRONG[part], "stroke-width": "1", "class": f"box {part}"}
        SubElement(self.root, "rect", {**place, **look})

    def legend(self, entries: Sequence[Entry], *, lines: bool = False) -> None:
        """A swatch (of a curve: a piece of its line) and words for each part, in as many lines as it takes."""
        x, y = 0.0, 12.0
        for entry in entries:
            wide = _legend_width(entry)
            if x and x + wide > self.width:
                x, y = 0.0, y + 20
            if lines:
                self._polyline(entry.part, [(x + 1, y - 4), (x + 25, y - 4)])
                self._mark(entry.part, x + 13, y - 4)
            else:
                self.box(entry.part, x + 1, y - 10, 22, 12)
            self.text(x + 30, y, entry.text, size=12)
            x += wide

    def strip(self, strip: Strip, axis: _Axis, y: float, size: int, *, beside: bool) -> None:
        """The title beside its bar, or above it where there is no room beside."""
        thick = 12 if size == _LINE else 16
        middle = y + size / 2 if beside else y + size - 18
        if not beside:
            lines = _wrapped(strip.title, 13, self.width - 86)
            for number, line in enumerate(lines):
                self.text(0, y + 16 + 16 * number, line, size=13, bold=True)
            self.text(self.width, y + 16, strip.value, anchor="end", size=13, bold=True)
        elif size == _LINE:
            room = axis.start - 16 - len(strip.note) * 11 * _CHARACTER
            self.text(0, middle + 4, _wrapped(strip.title, 12, room, lines=1)[0], size=12)
            self.text(axis.start - 14, middle + 4, strip.note, anchor="end", size=11, tone="muted")
        else:
            lines = _wrapped(strip.title, 13, axis.start - 16)
            above = middle - 7.5 * len(lines) + 4
            for number, line in enumerate(lines):
                self.text(0, above + 15 * number, line, size=13)
            self.text(0, above + 15 * len(lines) - 1, strip.note, size=11, tone="muted")
        if beside:
            self.text(self.width, middle + 4, strip.value, anchor="end", size=13, bold=True)
        self._stack(strip, axis, middle - thick / 2, thick)

    def _stack(self, strip: Strip, axis: _Axis, y: float, thick: float) -> None:
        up = down = 0
        for part in PARTS:
            value = strip.parts.get(part, 0)
            if value:
                start = up if value > 0 else down
                first, last = sorted((axis.at(start), axis.at(start + value)))
                self.box(part, first, y, max(last - first, 1), thick)
                up, down = (up + value, down) if value > 0 else (up, down + value)
        zero = axis.at(0) if axis.low <= 0 <= axis.high else axis.start
        self.rule(zero, y - 4, y + thick + 4, zero=True)

    def months(self, months: Sequence[str], xs: Sequence[float], y: float) -> None:
        """Their names, as many as there is room for; always the last."""
        longest = max((len(each) for each in months), default=0) * 11 * _CHARACTER + 10
        every = max(1, int(-(-longest * len(months) // max(xs[-1] - xs[0] + longest, 1)))) if xs else 1
        for index in range(len(months) - 1, -1, -every):
            half = len(months[index]) * 11 * _CHARACTER / 2
            x = min(xs[index], self.width - half)
            self.text(x, y, months[index], anchor="middle", size=11, tone="muted")

    def line(self, line: Line, xs: Sequence[float], axis: _Axis) -> None:
        """The range as a pale surface, the line with its dashes, a mark at each month."""
        if line.low and len(xs) > 1:
            there = [f"{_px(x)},{_px(axis.at(value))}" for x, value in zip(xs, line.high, strict=True)]
            back = [f"{_px(x)},{_px(axis.at(value))}" for x, value in zip(xs, line.low, strict=True)]
            look = {"fill": STRONG[line.part], "fill-opacity": "0.14", "class": f"range {line.part}"}
            SubElement(self.root, "polygon", {"points": " ".join([*there, *reversed(back)]), **look})
        points = [(x, axis.at(value)) for x, value in zip(xs, line.points, strict=True)]
        self._polyline(line.part, points)
        for x, y in points:
            self._mark(line.part, x, y)

    def _polyline(self, part: str, points: Sequence[tuple[float, float]]) -> None:
        dashes = {"stroke-dasharray": _DASHES[part]} if part in _DASHES else {}
        look = {"fill": "none", "stroke": STRONG[part], "stroke-width": "2.5", "class": f"line {part}"}
        through = " ".join(f"{_px(x)},{_px(y)}" for x, y in points)
        SubElement(self.root, "polyline", {"points": through, **look, **dashes})

    def _mark(self, part: str, x: float, y: float) -> None:
        """A disc, a square, a diamond: told apart without their colours."""
        look = {"fill": STRONG[part], "class": f"mark {part}"}
        if part == PROVEN:
            SubElement(self.root, "circle", {"cx": _px(x), "cy": _px(y), "r": "4", **look})
        elif part == UNRECONCILED:
            SubElement(self.root, "rect", {"x": _px(x - 3.5), "y": _px(y - 3.5), "width": "7", "height": "7", **look})
        else:
            corners = f"{_px(x)},{_px(y - 5)} {_px(x + 5)},{_px(y)} {_px(x)},{_px(y + 5)} {_px(x - 5)},{_px(y)}"
            SubElement(self.root, "polygon", {"points": corners, **look})

    def _stroke(self, x1: float, y1: float, x2: float, y2: float, *, zero: bool) -> None:
        look = {"stroke": ZERO if zero else GRID, "stroke-width": "1", "class": "zero" if zero else "grid"}
        SubElement(self.root, "line", {"x1": _px(x1), "y1": _px(y1), "x2": _px(x2), "y2": _px(y2), **look})

    def _pattern(self, into: Element, part: str) -> None:
        """Slanted lines, dots, a grid, on the pale colour of the part."""
        place = {"x": "0", "y": "0", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse"}
        pattern = SubElement(into, "pattern", {"id": f"{self.name}-{part}", **place})
        SubElement(pattern, "rect", {"width": "6", "height": "6", "fill": PALE[part], "class": f"pale {part}"})
        if part == UNMEASURED:
            for x, y in ((1.5, 1.5), (4.5, 4.5)):
                dot = {"cx": _px(x), "cy": _px(y), "r": "1", "fill": STRONG[part], "class": f"mark {part}"}
                SubElement(pattern, "circle", dot)
            return
        drawn = {UNRECONCILED: "M-1,1 L1,-1 M0,6 L6,0 M5,7 L7,5", COSTS: "M3,0 L3,6"}[part]
        look = {"stroke": STRONG[part], "stroke-width": "1.4", "fill": "none", "class": f"line {part}"}
        SubElement(pattern, "path", {"d": drawn, **look})


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _size(strip: Strip, *, dense: bool, beside: bool) -> int:
    """How high the place of a strip is."""
    if beside:
        return _LINE if dense else 46 if len(_wrapped(strip.title, 13, 228)) > 1 else 33
    return 34 + 16 * len(_wrapped(strip.title, 13, NARROW - 86))


def _wrapped(text: str, size: int, room: float, *, lines: int = 2) -> list[str]:
    """A title in at most so many lines; where that is not enough it ends in an ellipsis: the table has all of it."""
    characters = max(int(room / (size * _CHARACTER * 0.94)), 8)
    return textwrap.wrap(text, characters, max_lines=lines, placeholder=" …") or [""]


def _legend_width(entry: Entry) -> float:
    return 30 + len(entry.text) * 12 * _CHARACTER + 22


def _legend_height(entries: Sequence[Entry], width: int) -> int:
    x, lines = 0.0, 1
    for entry in entries:
        wide = _legend_width(entry)
        if x and x + wide > width:
            x, lines = 0.0, lines + 1
        x += wide
    return 20 * lines if entries else 0
