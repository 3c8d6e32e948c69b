"""A report as one long table for whoever calculates with it: a line for each measure of each process, region and month.

`region;process;month;measure;value;unit`, whole numbers of minutes (`min`) or of things (`count`); what is 0 has no
line. UTF-8 with a byte order mark and semicolons: what a French Excel opens by a double click, letters whole; any other
reader is told both in a word.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from robo.proof.hours import as_members
from robo.services.reporting.model import Report

HEADER: Final = ("region", "process", "month", "measure", "value", "unit")
COUNTS: Final = frozenset({"units", "touched", "opening_units"})
"""The measures that are no minutes."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a text for a formula by."""


def as_csv(report: Report) -> bytes:
    """The whole table."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(_lines(report))
    return text.getvalue().encode("utf-8-sig")


def _lines(report: Report) -> Iterator[tuple[str | int, ...]]:
    for key, each in sorted(report.cube.items()):
        for measure, value in as_members(each).items():
            if value:
                unit = "count" if measure in COUNTS else "min"
                yield (*map(_text, key), measure, value, unit)


def _text(text: str) -> str:
    """A text that no spreadsheet calculates with: regions and processes may be another lab's."""
    return f"'{text}" if text.startswith(_FORMULA) else text
