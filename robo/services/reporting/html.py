"""A report as one page: self-contained, without a script, readable on a telephone, on a dark screen and on paper.

The page and its style are templates of ours; everything that is filled in is escaped. A page that our own lint finds
fault with is not given out.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from robo.services.reporting.annexes import annexes
from robo.services.reporting.blocks import Tile
from robo.services.reporting.circumstances import circumstances
from robo.services.reporting.lint import check
from robo.services.reporting.model import Report
from robo.services.reporting.sections import Names, count_of_regions, given_back
from robo.services.reporting.texts import Texts

_FOLDER: Final = "templates"


def page(report: Report, language: str) -> str:
    """The report as HTML. Raises `InfrastructureError` (RB075) where the page would be no good to somebody."""
    texts = Texts(language)
    names = Names(report, texts)
    bold, rest = texts.head_parts(report)
    style = _style()
    sections = [*given_back(report, texts, names), *circumstances(report, texts, names), *annexes(report, texts, names)]
    made = (
        _templates()
        .get_template("report.html")
        .render(
            language=language,
            say=texts.say,
            title=_title(report, texts),
            period=_period(report, texts),
            scope=_scope(report, texts, names),
            made=texts.moment(report.asked.made, report.asked.zone),
            bold=bold,
            rest=rest,
            tiles=tiles(report, texts),
            sections=sections,
            style=style,
            digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )
    check(made)
    return made


def tiles(report: Report, texts: Texts) -> list[Tile]:
    """The figures that are read from afar. What is not proven never stands in the same one."""
    say, total = texts.say, report.total
    spread = say("range: %(low)s to %(high)s", low=texts.hours(total.low), high=texts.hours(total.high))
    found = [Tile(texts.hours(total.proven), say("proven, net of human time"), spread, "main")]
    if total.unreconciled:
        why = say("no volume of the application bears them out")
        found.append(Tile(texts.hours(total.unreconciled), say("not reconciled"), why))
    found.append(Tile(texts.hours(total.unmeasured), say("not measured"), say("never added to those that are proven")))
    alone = sum(each.figures.touched for each in report.months)
    touched = say("%(count)s more were taken up by people", count=texts.number(alone))
    found.append(Tile(texts.number(total.units), say("done by robots"), touched))
    full_time = say("of full-time work in a year; indicative, no posts")
    found.append(Tile(texts.decimal(report.full_time, 2), say("full-time agents"), full_time))
    return found


def _title(report: Report, texts: Texts) -> str:
    return texts.say("Report of hours, %(period)s", period=_period(report, texts))


def _period(report: Report, texts: Texts) -> str:
    first, last = report.asked.first, report.asked.last
    if first == last:
        return texts.month(last)
    return f"{texts.month(first)} – {texts.month(last)}"


def _scope(report: Report, texts: Texts, names: Names) -> str:
    """Which regions and processes it is of: by name where few were asked for."""
    asked = report.asked
    regions = sorted({each.region for each in report.squares})
    where = ", ".join(map(names.region, asked.regions or regions)) or texts.say("no region")
    if len(regions) > 6 and not asked.regions:  # noqa: PLR2004 - what is read in one breath
        where = count_of_regions(len(regions), texts)
    count = len([each for each in report.bars if each.process])
    what = texts.say("1 process") if count == 1 else texts.say("%(count)s processes", count=texts.number(count))
    return f"{where} · " + (", ".join(map(names.process, asked.processes)) or what)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("robo.services.reporting", _FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return (files("robo.services.reporting") / _FOLDER / "report.css").read_text(encoding="utf-8")
