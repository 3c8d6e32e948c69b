"""A report of hours on a terminal: the sentence, the processes, the months, what is open, what to measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from robo.cli.console import data, paint, table, width
from robo.services.reporting.model import Open, Report
from robo.services.reporting.texts import Texts

_SHOWN: Final = 5
"""What is to be measured: the first ones; the other formats have all."""


def show(report: Report, texts: Texts) -> None:
    """All of it on standard output, minutes exact."""
    lead, rest = texts.head_parts(report)
    data(paint(lead, "strong") + rest)
    for sentence in texts.asides(report):
        data(sentence)
    _processes(report, texts)
    _months(report, texts)
    _open(report, texts)
    _to_measure(report, texts)


def _processes(report: Report, texts: Texts) -> None:
    sides = ("proven", "low", "high", "unreconciled", "unmeasured")
    headings = [texts.say("process"), texts.say("regions"), texts.measure("units"), *map(texts.measure, sides)]
    lines = [
        [
            texts.process(bar.process, bar.title),
            texts.number(bar.regions),
            texts.number(bar.figures.units),
            *(texts.exact(getattr(bar.figures, side)) for side in sides),
            texts.exact(bar.costs),
        ]
        for bar in report.bars
    ]
    whole = report.total
    last = ["", texts.number(whole.units), *(texts.exact(getattr(whole, side)) for side in sides)]
    spent = texts.exact(sum(bar.costs for bar in report.bars))
    _numbers([*headings, texts.say("people spent")], [*lines, [texts.say("total"), *last, spent]])


def _months(report: Report, texts: Texts) -> None:
    sides = ("proven", "unreconciled", "unmeasured")
    headings = [texts.say("month"), texts.measure("units"), texts.say("without a person"), *map(texts.measure, sides)]
    lines = [
        [
            texts.month(each.month),
            texts.number(each.figures.units),
            texts.share(each.untouched),
            *(texts.exact(getattr(each.figures, side)) for side in sides),
        ]
        for each in report.months
    ]
    _numbers(headings, lines)


def _numbers(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """A table whose columns but the first are numbers: they end below each other."""
    rooms = [max(width(line[place]) for line in (headings, *lines)) for place in range(len(headings))]
    aligned = [
        [line[0], *(" " * (room - width(text)) + text for text, room in zip(line[1:], rooms[1:], strict=True))]
        for line in (headings, *lines)
    ]
    data()
    table(aligned[0], aligned[1:])


def _open(report: Report, texts: Texts) -> None:
    """Months that are not closed: those of a region that wait for the same together."""
    alike: dict[tuple[str, Open], list[str]] = {}
    for each in report.closings:
        if each.why is not None:
            alike.setdefault((each.region, each.why), []).append(each.month)
    lines = [
        [texts.region(report, region), str(len(months)), texts.months(months[0], months[-1]), texts.open(why)]
        for (region, why), months in alike.items()
    ]
    if lines:
        data()
        table([texts.say("region"), texts.say("not closed"), texts.say("month"), texts.say("why")], lines)


def _to_measure(report: Report, texts: Texts) -> None:
    lines = [
        [
            texts.region(report, each.region),
            each.process,
            texts.exact(each.minutes),
            texts.number(each.units),
            texts.standing(each.standing),
        ]
        for each in report.to_measure[:_SHOWN]
    ]
    if lines:
        headings = [texts.say("region"), texts.say("to measure"), texts.say("at stake"), texts.measure("units")]
        data()
        table([*headings, texts.say("what is known")], lines)
