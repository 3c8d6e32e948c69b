"""A report of hours on a terminal: the sentence, the processes, the months, what is open, what to measure."""

from __future__ import annotations

from typing import Final

from robo.cli.console import data, paint, table
from robo.services.reporting.model import Report
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
    data()
    table([*headings, texts.say("people spent")], [*lines, [texts.say("total"), *last, spent]])


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
    data()
    table(headings, lines)


def _open(report: Report, texts: Texts) -> None:
    lines = [
        [texts.region(report, each.region), texts.month(each.month), texts.open(each.why)]
        for each in report.closings
        if each.why is not None
    ]
    if lines:
        data()
        table([texts.say("region"), texts.say("not closed"), texts.say("why")], lines)


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
