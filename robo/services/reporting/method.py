"""The sheet Méthode of a report's workbook: by which baselines, which volumes, which closings, and who saw the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from robo.proof.hours import Span
from robo.services.reporting.model import Report
from robo.services.reporting.texts import Texts, witness_name
from robo.services.reporting.workbook import Book, Column, Kind

COUNT, HOURS, TEXT = Kind.COUNT, Kind.HOURS, Kind.TEXT


def method(book: Book, sheet: Any, report: Report, texts: Texts) -> None:
    """Table below table, each under its name; those that are empty say so."""
    writing = _Method(book, sheet, report, texts)
    writing.baselines()
    writing.closings()
    writing.corrections()
    writing.volumes()
    writing.problems()
    writing.risks()
    writing.seals()
    writing.formula()


class _Method:
    """The sheet in the making: `row` is the one behind what is written."""

    def __init__(self, book: Book, sheet: Any, report: Report, texts: Texts) -> None:
        self.book, self.sheet, self.report, self.texts = book, sheet, report, texts
        self.row = 0

    def baselines(self) -> None:
        say = self.texts.say
        columns = [
            *(Column(say("process"), TEXT, 22), Column(say("region"), TEXT, 25), Column(say("unit"), TEXT, 22)),
            *(Column(say("minutes before"), TEXT, 14), Column(say("minutes after"), TEXT, 14)),
            *(Column(say("taking up a rejection"), TEXT, 14), Column(say("taking up a failure"), TEXT, 14)),
            *(Column(say("how it is known"), TEXT, 20), Column(say("observations, before and after"), TEXT, 14)),
            *(Column(say("measured"), TEXT, 25), Column(say("by the role"), TEXT, 18)),
            *(Column(say("approved"), TEXT, 12), Column(say("good until"), TEXT, 12)),
            *(Column(say("today"), TEXT, 18), Column(self.texts.measure("units"), COUNT, 11)),
            Column(say("note"), TEXT, 26),
        ]
        rows = [
            [
                *(each.process, self.texts.region(self.report, each.region), each.unit),
                *(span(each.measures.before, self.texts), span(each.measures.after, self.texts)),
                *(span(each.measures.triage, self.texts), span(each.measures.recovery, self.texts)),
                *(self.texts.method(each.method), f"{each.n_before} / {each.n_after}"),
                *(self.texts.period(each.first, each.last), each.role),
                *(self.texts.day(each.approved), self.texts.day(each.valid_to)),
                *(self.texts.standing(each.standing), each.units, each.note),
            ]
            for each in self.report.methods
        ]
        self.row = self.book.table(self.sheet, 0, columns, rows).last

    def closings(self) -> None:
        say, zone = self.texts.say, self.report.asked.zone
        columns = [
            *(Column(say("region")), Column(say("month")), Column(say("closed on")), Column(say("attested"))),
            *(Column(say("proven, as closed"), HOURS), Column(say("proven, today"), HOURS)),
            Column(say("why not")),
        ]
        rows = (
            [
                *(self.texts.region(self.report, each.region), self.texts.month(each.month)),
                *(self.texts.moment(each.closed, zone), self.texts.yes(whether=each.attested)),
                *(each.frozen and each.frozen.proven, each.figures.proven),
                self.texts.open(each.why) if each.why else "",
            ]
            for each in self.report.closings
        )
        self.below(say("Closing of months"), columns, rows)

    def corrections(self) -> None:
        say = self.texts.say
        columns = [
            *(Column(say("region")), Column(say("process")), Column(say("of the month")), Column(say("in the month"))),
            *(Column(say("corrected by"), HOURS), Column(say("why"))),
        ]
        rows = (
            [
                *(self.texts.region(self.report, each.region), each.process),
                *(self.texts.month(each.of_month), self.texts.month(each.in_month)),
                *(each.minutes, self.texts.reason(each.reason)),
            ]
            for each in self.report.corrections
        )
        self.below(say("Corrections of closed months: both stand"), columns, rows)

    def volumes(self) -> None:
        say = self.texts.say
        columns = [
            *(Column(say("region")), Column(say("process")), Column(say("month"))),
            *(Column(say("credited"), COUNT), Column(say("in the application"), COUNT), Column(say("source"))),
            *(Column(say("borne out")), Column(say("stock"), COUNT), Column(say("delay in days"), COUNT)),
        ]
        rows = (
            [
                *(self.texts.region(self.report, each.region), each.process, self.texts.month(each.month)),
                *(each.credited, each.volume, each.source),
                *(self.texts.yes(whether=each.borne_out), each.stock, each.delay_days),
            ]
            for each in self.report.volumes
        )
        self.below(say("Reconciliation with the applications"), columns, rows)

    def problems(self) -> None:
        say = self.texts.say
        columns = [
            *(Column(say("process")), Column(say("code")), Column(say("why"))),
            *(Column(say("times"), COUNT), Column(say("took"), HOURS)),
        ]
        rows = (
            [each.process, each.code, self.texts.reason(each.reason), each.count, each.minutes]
            for each in self.report.problems
        )
        self.below(say("What people had to take up, by code"), columns, rows)

    def risks(self) -> None:
        say = self.texts.say
        columns = [
            *(Column(say("host")), Column(say("processes"))),
            *(Column(self.texts.measure(name), HOURS) for name in ("proven", "unreconciled", "unmeasured")),
        ]
        rows = (
            [
                *(each.host, ", ".join(each.processes)),
                *(each.figures.proven, each.figures.unreconciled, each.figures.unmeasured),
            ]
            for each in self.report.risks
        )
        self.below(say("What stands still when an application changes"), columns, rows)

    def seals(self) -> None:
        say, zone = self.texts.say, self.report.asked.zone
        columns = [
            *(Column(say("log")), Column(say("entries"), COUNT), Column(say("sealed up to"), COUNT)),
            *(Column(say("countersigned up to"), COUNT), Column(say("by"))),
            Column(say("root")),
        ]
        rows = (
            [
                *(each.origin, each.size, each.sealed, each.witnessed),
                ", ".join(
                    f"{witness_name(name)} ({self.texts.moment(at, zone)})"
                    for name, at in sorted(each.witnesses.items())
                ),
                each.root,
            ]
            for each in self.report.seals
        )
        self.below(say("The audit log and who saw it"), columns, rows)

    def formula(self) -> None:
        """How it is counted, in words."""
        self.row += 2
        self.book.heading(self.sheet, self.row, self.texts.say("How it is counted"), size=12)
        for sentence in self.texts.rules():
            self.row += 1
            self.sheet.write_string(self.row, 0, sentence, self.book.format())

    def below(self, title: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
        """A table under its name."""
        listed = list(rows)
        self.row += 2
        self.book.heading(self.sheet, self.row, title, size=12)
        if not listed:
            self.row += 1
            self.sheet.write_string(self.row, 0, self.texts.say("nothing"), self.book.format(italic=True))
            return
        self.row = self.book.table(self.sheet, self.row + 1, columns, listed).last


def span(each: Span, texts: Texts) -> str:
    """`30 (25–40)`: the median, and the range where there is one."""
    median = texts.number(each.median)
    if each.low == each.high:
        return median
    return f"{median} ({texts.number(each.low)}–{texts.number(each.high)})"
