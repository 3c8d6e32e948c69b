"""A report as a workbook: Synthèse, Processus, Régions, Mensuel, Méthode, À mesurer, Dossiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from robo.proof.hours import YEAR
from robo.services.reporting import charts, sheets
from robo.services.reporting.method import method
from robo.services.reporting.model import Report
from robo.services.reporting.texts import Texts, capital
from robo.services.reporting.workbook import Book, Column, Kind, Placed

_WIDE: Final = 6
"""Columns of the first sheet."""
_ROW: Final = 20
"""Dots that a row of it is high."""
_LINE: Final = 15
"""Points of a line of text."""
_FITS: Final = 125
"""Letters that fit into a line of the first sheet."""


def write_xlsx(report: Report, texts: Texts, file: Path, rows: Iterable[Mapping[str, Any]] | None) -> int:
    """Write the workbook. `rows`: of the ledger, as `robo.store.ledger_reading` has them; read once, never held
    together; None: they are in the exports that were added up. How many of them are in it. Raises `OSError` when the
    file cannot be written."""
    with Book(file, texts.say("Hours given back by robots")) as book:
        return _write(book, report, texts, rows)


def _write(book: Book, report: Report, texts: Texts, rows: Iterable[Mapping[str, Any]] | None) -> int:
    say = texts.say
    names = {
        "summary": say("Summary"),
        "processes": say("Processes"),
        "regions": say("Regions"),
        "monthly": say("Monthly"),
        "method": say("Method"),
        "to_measure": say("To measure"),
        "items": say("Items"),
    }
    pages = {name: book.sheet(title, headings=None if name == "summary" else 1) for name, title in names.items()}
    placed = {
        "processes": sheets.processes(book, pages["processes"], report, texts),
        "regions": sheets.regions(book, pages["regions"], report, texts),
        "monthly": sheets.monthly(book, pages["monthly"], report, texts),
    }
    method(book, pages["method"], report, texts)
    sheets.to_measure(book, pages["to_measure"], report, texts)
    _Summary(book, pages["summary"], report, texts, placed).write()
    pages["summary"].activate()
    return sheets.items(book, pages["items"], report, texts, rows=rows)


class _Summary:
    """The first sheet: the sentence, the figures, the regions, the pictures."""

    def __init__(self, book: Book, sheet: Any, report: Report, texts: Texts, placed: Mapping[str, Placed]) -> None:
        self.book, self.sheet, self.report, self.texts, self.placed = book, sheet, report, texts, placed
        self.row = 0

    def write(self) -> None:
        """A page for the sentence and the first picture, one for the figures and the others, one for the regions."""
        columns = [Column("", Kind.TEXT, 38), *(Column("", Kind.TEXT, 18) for _ in range(_WIDE - 1))]
        self.book.widths(self.sheet, columns)
        self.words()
        self.picture()
        breaks = [self.row]
        self.figures()
        self.pictures()
        breaks.append(self.row)
        self.regions()
        self.sheet.set_h_pagebreaks(breaks)

    def words(self) -> None:
        texts, report = self.texts, self.report
        self.book.heading(self.sheet, 0, texts.say("Hours given back by robots"), size=18)
        self.sheet.set_row(0, 28)
        self.said(texts.scope(report))
        lead, rest = texts.head_parts(report)
        self.said(rest, lead=lead)
        for sentence in texts.asides(report):
            self.said(sentence)
        self.row += 2

    def said(self, text: str, *, lead: str = "") -> None:
        """One sentence across the sheet, as high as it needs."""
        self.row += 1
        lines = 1 + len(lead + text) // (_FITS - 25 * bool(lead))
        height = _LINE * lines + (8 if lead else 0)
        self.book.line(self.sheet, self.row, text, _WIDE, height=height, lead=lead)

    # ---- figures -------------------------------------------------------------------------------------------
    def figures(self) -> None:
        """What the sheet of processes adds up to, by reference to it."""
        say, whole, placed = self.texts.say, self.report.total, self.placed["processes"]
        headings = [Column(say("figure")), Column(say("hours"), Kind.HOURS), Column(say("how"))]
        headings += [Column("")] * (_WIDE - len(headings))
        self.book.headings(self.sheet, self.row, headings)
        first = self.row + 2
        of = placed.whole
        months = max(len(self.report.months), 1)
        lines: list[tuple[str, Kind, str, int | float, str]] = [
            (say("proven"), Kind.HOURS, f"={of(15)}", whole.proven, say("timed, approved, reconciled; net")),
            (say("range, low"), Kind.HOURS, f"={of(16)}", whole.low, say("the lowest of all baselines")),
            (say("range, high"), Kind.HOURS, f"={of(17)}", whole.high, say("the highest of all baselines")),
            (say("not reconciled"), Kind.HOURS, f"={of(18)}", whole.unreconciled, say("apart: no volume bears it out")),
            (say("not measured"), Kind.HOURS, f"={of(19)}", whole.unmeasured, say("apart: nobody timed it")),
            (say("gross"), Kind.HOURS, f"={of(4)}", whole.gross, say("what the units took before, by hand")),
            (say("all that people spent"), Kind.HOURS, f"={of(14)}", -_spent(self.report), say("taken off above")),
            (say("building and replication"), Kind.HOURS, f"={of(20)}", whole.investment, say("a line of its own")),
            (
                say("proven, less building and replication"),
                Kind.HOURS,
                f"=B{first}-B{first + 7}",
                whole.proven - whole.investment,
                say("over these months; never spread"),
            ),
            (say("units done"), Kind.COUNT, f"={of(2)}", whole.units, say("each once, whoever asks again")),
            (say("taken up by a person"), Kind.COUNT, f"={of(3)}", whole.touched, say("rejections and failures")),
        ]
        for called, kind, formula, value, how in lines:
            self.figure(called, Column("", kind, formula=formula), value, how)
        posts = Column("", Kind.POSTS, formula=f"=B{first}*24*12/({YEAR // 60}*{months})")
        self.figure(say("full-time posts, indicative"), posts, self.report.full_time, say("proven / 1 607 h a year"))
        if whole.opening:
            before = Column("", Kind.HOURS)
            self.figure(
                say("from before robo"), before, whole.opening, say("apart, as declared; in no sum and no curve")
            )
        self.row += 2

    def figure(self, called: str, column: Column, value: float, how: str) -> None:
        self.row += 1
        text = Column("")
        self.book.write(self.sheet, self.row, 0, text, capital(called), bold=True)
        self.book.write(self.sheet, self.row, 1, column, value, bold=True)
        self.book.write(self.sheet, self.row, 2, text, how, italic=True)
        for number in range(3, _WIDE):
            self.book.write(self.sheet, self.row, number, text, None)

    def regions(self) -> None:
        """The sums of each region, of the cells of the sheet of regions."""
        say, placed = self.texts.say, self.placed["regions"]
        names = ("units", "touched", "proven", "unreconciled", "unmeasured")
        kinds = (Kind.COUNT, Kind.COUNT, Kind.HOURS, Kind.HOURS, Kind.HOURS)
        top, here = self.row, placed.cells(0)
        formulas = [f"=SUMPRODUCT(--({here}=$A{{row}}),{placed.cells(5 + number)})" for number in range(len(names))]
        columns = [Column(say("region"), Kind.TEXT, 38)]
        for name, kind, formula in zip(names, kinds, formulas, strict=True):
            columns.append(Column(self.texts.measure(name), kind, 18, formula))
        found: dict[str, list[int]] = {}
        for square in self.report.squares:
            sums = found.setdefault(self.texts.region(self.report, square.region), [0] * len(names))
            for number, name in enumerate(names):
                sums[number] += getattr(square.figures, name)
        rows = [[region, *sums] for region, sums in found.items()]
        self.row = self.book.table(self.sheet, top, columns, rows, total=say("total")).total + 1

    # ---- pictures ------------------------------------------------------------------------------------------
    def picture(self) -> None:
        """The first one, over the whole width."""
        if not self.report.bars:
            return
        chart, told = charts.bars(self.book, self.report, self.texts, self.placed["processes"])
        self.sheet.insert_chart(self.row, 0, chart, {"description": told, "object_position": 2})
        self.row += 2 + chart.height // _ROW

    def pictures(self) -> None:
        """Two of the months, beside each other."""
        for number, draw in enumerate((charts.cumulated, charts.untouched)):
            chart, told = draw(self.book, self.report, self.texts, self.placed["monthly"])
            place = {"description": told, "object_position": 2, "x_offset": number * (charts.WIDTH // 2)}
            self.sheet.insert_chart(self.row, 0, chart, place)
        self.row += 2 + chart.height // _ROW


def _spent(report: Report) -> int:
    return sum(bar.costs for bar in report.bars)
