"""The sheets of a report's workbook, one function each. What can be calculated from other cells is a formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from robo.services.reporting.model import Bar, Report
from robo.services.reporting.texts import Texts
from robo.services.reporting.workbook import LAST_ROW, Book, Column, Kind, Placed

HOURS, COUNT, TEXT = Kind.HOURS, Kind.COUNT, Kind.TEXT
GAINS, COSTS = (5, 6, 7), 14
"""Columns of the sheet of processes that a picture is drawn of."""
COST_NAMES: Final = ("triage", "recovery", "wrong", "corrected", "supervision", "maintenance")


def processes(book: Book, sheet: Any, report: Report, texts: Texts) -> Placed:
    """A row for each process, from what its credits gave to what is left on each side."""
    say, measure = texts.say, texts.measure
    columns = [
        Column(say("process"), TEXT, 30),
        Column(say("regions"), COUNT, 9, added=False),
        Column(measure("units"), COUNT, 9),
        Column(measure("touched"), COUNT, 9),
        Column(measure("gross"), HOURS, 9),
        Column(say("gain, proven"), HOURS, 9),
        Column(say("gain, not reconciled"), HOURS, 11),
        Column(say("gain, not measured"), HOURS, 9),
        *(Column(measure(name), HOURS, 11) for name in COST_NAMES),
        Column(say("all that people spent"), HOURS, 11, "=-SUM(I{row}:N{row})"),
        Column(say("proven, net"), HOURS, 9),
        *(Column(measure(name), HOURS, 11) for name in ("low", "high", "unreconciled")),
        Column(measure("unmeasured"), HOURS, 9),
        Column(measure("investment"), HOURS, 13),
    ]
    rows = [_process(bar, texts) for bar in report.bars]
    return book.table(sheet, 0, columns, rows, total=say("total"))


def _process(bar: Bar, texts: Texts) -> list[Any]:
    each, gains = bar.figures, bar.gains
    costs = [getattr(each, name) for name in COST_NAMES]
    return [
        texts.process(bar.process, bar.title),
        *(bar.regions, each.units, each.touched, each.gross),
        *(gains.proven, gains.unreconciled, gains.unmeasured),
        *costs,
        -sum(costs),
        *(each.proven, each.low, each.high, each.unreconciled, each.unmeasured, each.investment),
    ]


def regions(book: Book, sheet: Any, report: Report, texts: Texts) -> Placed:
    """The matrix: which process runs where, in which version, since when not."""
    say, measure = texts.say, texts.measure
    columns = [
        Column(say("region"), TEXT, 20),
        Column(say("process"), TEXT, 34),
        Column(say("version"), TEXT, 10),
        Column(say("last done"), Kind.DAY, 12),
        Column(say("stopped"), TEXT, 10),
        Column(measure("units"), COUNT, 12),
        Column(measure("touched"), COUNT, 14),
        *(Column(measure(name), HOURS, 14) for name in ("proven", "unreconciled", "unmeasured")),
    ]
    titles = {bar.process: bar.title for bar in report.bars}
    rows = [
        [
            texts.region(report, each.region),
            texts.process(each.process, titles.get(each.process, "")),
            each.version,
            each.last and each.last.astimezone(ZoneInfo(report.asked.zone)).date(),
            texts.say("stopped") if each.stopped else "",
            *(each.figures.units, each.figures.touched),
            *(each.figures.proven, each.figures.unreconciled, each.figures.unmeasured),
        ]
        for each in report.squares
    ]
    return book.table(sheet, 0, columns, rows, total=say("total"))


def monthly(book: Book, sheet: Any, report: Report, texts: Texts) -> Placed:
    """A row for each month; what is cumulated, and the share nobody touched, are formulas."""
    say, measure = texts.say, texts.measure
    columns = [
        Column(say("month"), Kind.MONTH, 12),
        Column(measure("units"), COUNT, 12),
        Column(measure("touched"), COUNT, 14),
        Column(say("without a person"), Kind.SHARE, 14, '=IF(B{row}+C{row}>0,B{row}/(B{row}+C{row}),"")'),
        *(Column(measure(name), HOURS, 14) for name in ("gross", "proven", "unreconciled", "unmeasured")),
        Column(say("proven, cumulated"), HOURS, 14, "=SUM(F$2:F{row})", added=False),
        Column(say("not measured, cumulated"), HOURS, 16, "=SUM(H$2:H{row})", added=False),
    ]
    rows = [
        [
            date(int(each.month[:4]), int(each.month[5:]), 1),
            *(each.figures.units, each.figures.touched, each.untouched),
            *(each.figures.gross, each.figures.proven, each.figures.unreconciled, each.figures.unmeasured),
            *(each.cumulated.proven, each.cumulated.unmeasured),
        ]
        for each in report.months
    ]
    return book.table(sheet, 0, columns, rows, total=say("total"))


def to_measure(book: Book, sheet: Any, report: Report, texts: Texts) -> Placed:
    """What a time study would change most, first, and the command that begins one."""
    say = texts.say
    columns = [
        Column(say("region"), TEXT, 20),
        Column(say("process"), TEXT, 34),
        Column(say("unit"), TEXT, 26),
        Column(say("hours at stake"), HOURS, 14),
        Column(texts.measure("units"), COUNT, 12),
        Column(say("what is known"), TEXT, 30),
        Column(say("how to measure"), TEXT, 46),
    ]
    titles = {bar.process: bar.title for bar in report.bars}
    rows = [
        [
            texts.region(report, each.region),
            texts.process(each.process, titles.get(each.process, "")),
            each.unit,
            *(each.minutes, each.units),
            texts.standing(each.standing),
            f"robo baseline time {each.process} --region {each.region}",
        ]
        for each in report.to_measure
    ]
    return book.table(sheet, 0, columns, rows, total=say("total"))


def items(
    book: Book,
    sheet: Any,
    report: Report,
    texts: Texts,
    *,
    rows: Iterable[Mapping[str, Any]] | None,
    limit: int = LAST_ROW,
) -> int:
    """Rows of the ledger as they come, without anybody's name or number; how many. What does not fit is told, and that
    there are none here."""
    say = texts.say
    columns = [
        Column(say("written"), Kind.DAY, 12),
        *(Column(say("month"), TEXT, 10), Column(say("region"), TEXT, 14), Column(say("process"), TEXT, 30)),
        *(Column(say("version"), TEXT, 10), Column(say("kind"), TEXT, 14), Column(say("why"), TEXT, 24)),
        *(
            Column(say("code"), TEXT, 18),
            Column(say("item, under a pseudonym"), TEXT, 20),
            Column(say("units"), COUNT, 8),
        ),
        *(Column(say("before"), HOURS, 10), Column(say("after"), HOURS, 10), Column(say("auditable"), TEXT, 10)),
        *(Column(say("baseline"), TEXT, 30), Column(say("host"), TEXT, 34)),
    ]
    book.widths(sheet, columns)
    book.headings(sheet, 0, columns)
    row, zone = 1, ZoneInfo(report.asked.zone)
    if rows is None:
        sheet.write_string(row, 0, say("the rows are in the export of each region: rows.jsonl"), book.format(bold=True))
    for each in rows or ():
        if row == limit - 1:
            sheet.write_string(row, 0, say("more rows than a sheet has: ask for fewer months"), book.format(bold=True))
            break
        for number, (column, value) in enumerate(zip(columns, _item(each, texts, zone), strict=True)):
            book.write(sheet, row, number, column, value)
        row += 1
    sheet.autofilter(0, 0, max(row - 1, 1), len(columns) - 1)
    return row - 1


def _item(row: Mapping[str, Any], texts: Texts, zone: ZoneInfo) -> Iterator[Any]:
    yield row["written"].astimezone(zone).date()
    yield from (row[name] for name in ("month", "region", "process", "version"))
    yield texts.kind(row["kind"])
    yield texts.reason(row["reason"])
    yield row["code"]
    yield row["unit_hash"][:12]
    yield from (row[name] for name in ("units", "minutes_before", "minutes_after"))
    yield texts.yes(whether=bool(row["auditable"]))
    yield row["baseline"]
    yield row["host"]
