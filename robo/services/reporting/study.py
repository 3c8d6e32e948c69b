"""The time-study sheet: a workbook written from what a person does by hand, to be filled in (`study_reading` reads it).

Its words are those of one language, and its sheet `robo` says which, with what the study is of. It asks for no name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from robo.proof.baselines import DAYS, ENOUGH, MONTHS
from robo.services.baselines.adding import MOST
from robo.services.baselines.scene import Scene
from robo.services.reporting.study_words import ABOUT, FORM, LINES, WORDS, Vocabulary

_NARROW: Final = 84
_WIDE: Final = 110
_MARGIN: Final = 4
"""Letters of a column, and how many fewer a line may take: letters are not of one width."""
_HEIGHT: Final = 15
"""Points of a line of text."""
Say = Callable[[str, Mapping[str, Any]], str]


def write(file: Path, scene: Scene, say: Say) -> None:
    """Write the sheet. An OSError passes through."""
    words = WORDS[scene.language]
    book = xlsxwriter.Workbook(str(file), {"default_date_format": "dd/mm/yyyy", "in_memory": True})
    book.set_properties({"title": say("Time study: %(title)s", {"title": scene.title}), "author": "robo"})
    ink = _Ink(book)
    guide, log, work, about = (book.add_worksheet(name) for name in (words.guide, words.log, words.work, ABOUT))
    _guide(guide, ink, scene, words, say)
    _log(log, ink, words, say)
    _work(work, ink, scene, say)
    for line, (key, value) in enumerate((("key", "value"), *_about(scene).items())):
        about.write_row(line, 0, (key, value))
    about.hide()
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as broken:
        raise OSError(str(broken)) from broken


class _Ink:
    """The formats of the workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        edge: dict[str, Any] = {"border": 1, "border_color": "#C9CEDB", "valign": "vcenter"}
        entry: dict[str, Any] = {**edge, "locked": False, "bg_color": "#FFFDF2"}
        self.title: Format = book.add_format({"bold": True, "font_size": 16, "font_color": "#1F4FA3"})
        self.soft: Format = book.add_format({"font_color": "#4F5666"})
        self.head: Format = book.add_format(
            {**edge, "bold": True, "bg_color": "#1F4FA3", "font_color": "#FFFFFF", "text_wrap": True, "indent": 1}
        )
        self.text: Format = book.add_format({"text_wrap": True, "valign": "top"})
        self.strong: Format = book.add_format({"bold": True, "align": "left", "valign": "top", "font_color": "#1F4FA3"})
        self.cell: Format = book.add_format({**edge, "indent": 1})
        self.number: Format = book.add_format({**edge, "font_color": "#4F5666", "align": "center"})
        self.minutes: Format = book.add_format({**edge, "num_format": "0.0", "font_color": "#4F5666"})
        self.wrong: Format = book.add_format({"bg_color": "#F9D6D5", "font_color": "#7A1512"})
        self.entries: tuple[Format, ...] = tuple(
            book.add_format({**entry, **({"num_format": form} if form else {})})
            for form in ("dd/mm/yyyy", "", "hh:mm:ss", "hh:mm:ss", "0.0")
        )


def _about(scene: Scene) -> dict[str, str]:
    """What binds the workbook to a definition."""
    return {
        "form": FORM,
        "language": scene.language,
        "process": scene.process,
        "version": scene.version,
        "region": scene.region,
        "unit": scene.unit,
        "effects": scene.effects,
    }


def _guide(sheet: Worksheet, ink: _Ink, scene: Scene, words: Vocabulary, say: Say) -> None:
    facts = {"log": words.log, "unit": scene.unit, "enough": ENOUGH, "days": DAYS, "work": words.work}
    points = (
        say("Observe real work, one %(unit)s at a time: from its first gesture to its last.", facts),
        say("In « %(log)s », one line for each: the day, what is observed, then the start and the end.", facts),
        say("Somebody who used a watch may write the minutes instead of start and end.", facts),
        say("Leave out one that was interrupted: it is not the time of the work.", facts),
        say("At least %(enough)s by hand and %(enough)s with the robot, on %(days)s days or more.", facts),
        say("« %(work)s » says what is done by hand, point by point.", facts),
        say("Write nobody's name, no number of a file: what is timed is the work, never a person.", facts),
        say("Send the workbook back: `robo baseline import FILE --role ROLE` reads it.", facts),
    )
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, _NARROW)
    sheet.set_column(2, 3, 14)
    sheet.write(0, 0, say("Time study: %(title)s", {"title": scene.title}), ink.title)
    sheet.write(1, 0, f"{scene.process} {scene.version} · {scene.region}", ink.soft)
    for line, text in enumerate(points, 3):
        _point(sheet, line, line - 2, text, ink=ink, width=_NARROW)
    start = 4 + len(points)
    sheet.write_row(start, 1, (words.headers[2], say("observed", {}), say("wanted", {})), ink.head)
    for line, (what, label) in enumerate(words.what.items(), start + 1):
        sheet.write_string(line, 1, label, ink.cell)
        count = f"=COUNTIF('{words.log}'!$C$2:$C${LINES + 1},B{line + 1})"
        sheet.write_formula(line, 2, count, ink.number, 0)
        sheet.write(line, 3, ENOUGH if what in MONTHS else say("if it happens", {}), ink.number)
    sheet.hide_gridlines(2)
    _paper(sheet)


def _log(sheet: Worksheet, ink: _Ink, words: Vocabulary, say: Say) -> None:
    """A line for each observation; only what a person fills in can be changed."""
    sheet.set_row(0, 32)
    sheet.write_row(0, 0, words.headers, ink.head)
    for column, width in enumerate((6, 13, 34, 12, 12, 13, 13)):
        sheet.set_column(column, column, width)
    for line in range(1, LINES + 1):
        sheet.set_row(line, _HEIGHT + 5)
        sheet.write_number(line, 0, line, ink.number)
        for column, form in enumerate(ink.entries, 1):
            sheet.write_blank(line, column, None, form)
        at = line + 1
        duration = f'=IF(F{at}<>"",F{at},IF(AND(D{at}<>"",E{at}<>""),(E{at}-D{at})*1440,""))'
        sheet.write_formula(line, 6, duration, ink.minutes, "")
    sheet.conditional_format(
        1, 3, LINES, 4, {"type": "formula", "criteria": '=AND($D2<>"",$E2<>"",$E2<=$D2)', "format": ink.wrong}
    )
    _validations(sheet, words, say)
    sheet.freeze_panes(1, 1)
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True})
    sheet.repeat_rows(0)
    _paper(sheet)


def _validations(sheet: Worksheet, words: Vocabulary, say: Say) -> None:
    """What a cell takes, said when it is entered. The same is looked at when the workbook is read."""
    title = say("This cannot be right", {})
    clock = {
        "validate": "time",
        "criteria": "between",
        "minimum": time(0, 0),
        "maximum": time(23, 59, 59),
        "error_title": title,
        "error_message": say("A time, as 14:05 or 14:05:30.", {}),
    }
    day = {
        "validate": "date",
        "criteria": "between",
        "minimum": date(2020, 1, 1),
        "maximum": "=TODAY()",
        "error_title": title,
        "error_message": say("A day that is not in the future, as 26/11/2026.", {}),
    }
    what = {
        "validate": "list",
        "source": list(words.what.values()),
        "error_title": title,
        "error_message": say("Choose one of the list.", {}),
    }
    minutes = {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": MOST,
        "error_title": title,
        "error_message": say("Minutes of one unit, from 0 to %(most)s.", {"most": MOST}),
        "input_title": words.headers[5],
        "input_message": say("Only where start and end are left empty.", {}),
    }
    for column, rule in ((1, day), (2, what), (3, clock), (4, clock), (5, minutes)):
        sheet.data_validation(1, column, LINES, column, rule)


def _work(sheet: Worksheet, ink: _Ink, scene: Scene, say: Say) -> None:
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, _WIDE)
    sheet.write(0, 0, say("The work, as it is done by hand", {}), ink.title)
    for line, each in enumerate(scene.procedure.sentences, 1):
        title = f"{each.title}{'' if each.title[-1] in '.?!' else '.'} " if each.title else ""
        text = "\n".join((f"{title}{each.text}", *(f"– {note}" for note in each.notes)))
        _point(sheet, line + 1, line, text, ink=ink, width=_WIDE)
    sheet.hide_gridlines(2)
    _paper(sheet)


def _point(sheet: Worksheet, row: int, number: int, text: str, *, ink: _Ink, width: int) -> None:
    """A numbered text in a row as high as it needs: not every program looks at that when it opens a workbook."""
    lines = sum(1 + len(line) // (width - _MARGIN) for line in text.split("\n"))
    sheet.set_row(row, _HEIGHT * lines + 4)
    sheet.write_number(row, 0, number, ink.strong)
    sheet.write_string(row, 1, text, ink.text)


def _paper(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&R&P / &N")
