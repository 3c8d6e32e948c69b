"""The pictures of a report's workbook: native charts over its own cells, each with a text for whoever does not see it.

The sides differ by their patterns too, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from robo.services.reporting.model import Report
from robo.services.reporting.sheets import COSTS, GAINS
from robo.services.reporting.texts import Texts
from robo.services.reporting.workbook import INK, RULE, Book, Placed

SHOWN: Final = 20
"""Processes in a picture: more cannot be read; the sheet has all of them."""
WIDTH: Final = 940
"""Points of a picture over the whole sheet; all of them fit below the first sentence on a page."""
_STEPS: Final = (1, 2, 5)
_MARKS: Final = 7
"""Marks on an axis, at most."""
_DAY: Final = 24
LOOKS: Final[Mapping[str, dict[str, Any]]] = {
    "proven": {"fill": {"color": "#1F5AA6"}},
    "unreconciled": {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#1F5AA6", "bg_color": "#FFFFFF"}},
    "unmeasured": {"fill": {"color": "#C3C9D3"}},
    "costs": {"pattern": {"pattern": "wide_downward_diagonal", "fg_color": "#B34000", "bg_color": "#FFFFFF"}},
}


def bars(book: Book, report: Report, texts: Texts, placed: Placed) -> tuple[Any, str]:
    """One stacked bar for each process, what people spent below zero; and its text."""
    say, count = texts.say, min(len(report.bars), SHOWN)
    chart = book.book.add_chart({"type": "bar", "subtype": "stacked"})
    names = [say("gain, proven"), say("gain, not reconciled"), say("gain, not measured"), say("all that people spent")]
    for name, look, column in zip(names, LOOKS.values(), (*GAINS, COSTS), strict=True):
        chart.add_series(
            {
                "name": name,
                "categories": _first(placed, 0, count),
                "values": _first(placed, column, count),
                "border": {"color": INK, "width": 0.5},
                "gap": 45,
                **look,
            }
        )
    shown = report.bars[:count]
    highest = max([bar.gains.net for bar in shown] + [bar.costs for bar in shown], default=0)
    chart.set_y_axis({"reverse": True, "label_position": "low", "num_font": {"size": 9}, "line": {"color": RULE}})
    chart.set_x_axis(_hours(highest))
    chart.set_title(_title(say("What each process gave back, and what people spent on it")))
    chart.set_legend({"position": "top"})
    chart.set_size({"width": WIDTH, "height": 120 + min(26 * max(count, 3), 320)})
    told = "; ".join(
        say(
            "%(process)s: %(proven)s proven, %(unmeasured)s not measured, %(spent)s spent",
            process=texts.process(bar.process, bar.title),
            proven=texts.hours(bar.figures.proven),
            unmeasured=texts.hours(bar.figures.unmeasured),
            spent=texts.hours(bar.costs),
        )
        for bar in shown
    )
    return chart, say("Stacked bars, one for each process. %(told)s.", told=told)


def cumulated(book: Book, report: Report, texts: Texts, placed: Placed) -> tuple[Any, str]:
    """What is proven, and what is not measured, added up from month to month."""
    say, last = texts.say, report.months[-1].cumulated
    chart = book.book.add_chart({"type": "line"})
    lines = (
        (say("proven"), 8, {"color": "#1F5AA6", "width": 2.5}, "circle"),
        (say("not measured"), 9, {"color": "#5C6470", "width": 2, "dash_type": "dash"}, "square"),
    )
    for name, column, line, marker in lines:
        chart.add_series(
            {
                "name": name,
                "categories": placed.cells(0),
                "values": placed.cells(column),
                "line": line,
                "marker": {"type": marker, "size": 5, "fill": {"color": line["color"]}},
            }
        )
    highest = max((max(each.cumulated.proven, each.cumulated.unmeasured) for each in report.months), default=0)
    chart.set_y_axis(_hours(highest))
    chart.set_x_axis(_months(report))
    chart.set_title(_title(say("Hours given back, cumulated")))
    chart.set_legend({"position": "top"})
    chart.set_size({"width": WIDTH // 2, "height": 300})
    return chart, say(
        "Two lines over %(months)s months: at the end %(proven)s are proven, and %(unmeasured)s not measured.",
        months=len(report.months),
        proven=texts.hours(last.proven),
        unmeasured=texts.hours(last.unmeasured),
    )


def untouched(book: Book, report: Report, texts: Texts, placed: Placed) -> tuple[Any, str]:
    """The share that no person had to touch, by month."""
    say = texts.say
    chart = book.book.add_chart({"type": "column"})
    chart.add_series(
        {
            "name": say("without a person"),
            "categories": placed.cells(0),
            "values": placed.cells(3),
            "fill": {"color": "#1F5AA6"},
            "gap": 60,
        }
    )
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%", **_grid()})
    chart.set_x_axis(_months(report))
    chart.set_title(_title(say("Share that no person had to touch")))
    chart.set_legend({"none": True})
    chart.set_size({"width": WIDTH // 2, "height": 300})
    told = _ends([(each.month, each.untouched) for each in report.months if each.untouched is not None], texts)
    return chart, say("Columns, one for each month. %(told)s", told=told)


def _ends(known: Sequence[tuple[str, int]], texts: Texts) -> str:
    if not known:
        return texts.say("Nothing was done.")
    (first, then), (last, now) = known[0], known[-1]
    return texts.say(
        "%(first)s: %(then)s; %(last)s: %(now)s.",
        first=texts.month(first),
        then=texts.share(then),
        last=texts.month(last),
        now=texts.share(now),
    )


def _first(placed: Placed, column: int, count: int) -> str:
    """The first cells of a column."""
    cells = placed.cells(column)
    return f"{cells.rpartition('$')[0]}${placed.first + max(count, 1) - 1}"


def _hours(highest: int) -> dict[str, Any]:
    """An axis of hours: its steps are 1, 2 or 5 times a power of ten."""
    hours = max(highest / 60, 1)
    steps = (scale * step for scale in (10**n for n in range(12)) for step in _STEPS)
    scale = next(step for step in steps if hours / step <= _MARKS)
    return {"num_format": '[h]" h"', "major_unit": scale / _DAY, **_grid()}


def _grid() -> dict[str, Any]:
    return {"major_gridlines": {"visible": True, "line": {"color": "#D5DAE3", "width": 0.5}}, "num_font": {"size": 9}}


def _months(report: Report) -> dict[str, Any]:
    every = max(1, len(report.months) // 12)
    return {"num_format": "mm/yy", "text_axis": True, "interval_unit": every, "num_font": {"size": 9, "rotation": -45}}


def _title(text: str) -> dict[str, Any]:
    return {"name": text, "name_font": {"size": 12, "color": INK}, "overlay": False}
