"""The report as a page: every number of it is the report's, in the order that was decided, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from robo.proof.hours import Figures, Span
from robo.services.reporting.html import page
from robo.services.reporting.lint import faults
from robo.services.reporting.model import Report
from robo.services.reporting.texts import Texts
from tests import hours_report
from tests.unit.services.reporting.reading import COUNT, HOURS, Page, minutes, whole

SIDES = ("proven", "unreconciled", "unmeasured")
ORDER = [
    "processes", "regions", "months", "untouched", "stock", "exceptions", "risks", "method", "investment", "closings",
    "corrections", "to-measure", "opening", "seals", "left-out",
]  # fmt: skip
"""Of the design page, after the first sentence."""
MEASURED = re.compile(r"[\d,\u202f]+ (?:min|(?:to|à) [\d,\u202f]+)|n = [\d,\u202f]+")
"""`12 min`, `9 à 14`, `n = 14`."""
Numbers = Iterator[list[Any]]


def sides(figures: Figures) -> list[int]:
    return [getattr(figures, side) for side in SIDES]


def ranged(figures: Figures) -> list[int]:
    return [figures.proven, figures.low, figures.high, figures.unreconciled, figures.unmeasured]


def processes(report: Report) -> Numbers:
    for bar in report.bars:
        yield [bar.regions, bar.figures.units, *ranged(bar.figures), bar.costs]
    regions, costs = {each.region for each in report.squares}, sum(bar.costs for bar in report.bars)
    yield [len(regions), report.total.units, *ranged(report.total), costs]


def regions(report: Report) -> Numbers:
    """By process as the bars are, then by region; of each only what is there."""
    for bar in report.bars:
        for each in report.squares:
            if each.process == bar.process:
                yield [each.figures.proven, *(side for side in sides(each.figures)[1:] if side)]


def months(report: Report) -> Numbers:
    for each in report.months:
        yield [*sides(each.figures), *sides(each.cumulated), each.cumulated.low, each.cumulated.high]


def untouched(report: Report) -> Numbers:
    for each in report.months:
        yield [each.figures.units, each.figures.touched, each.untouched]


def exceptions(report: Report) -> Numbers:
    for each in report.problems:
        yield [each.count, each.minutes]


def risks(report: Report) -> Numbers:
    for each in report.risks:
        yield sides(each.figures)


def method(report: Report) -> Numbers:
    total = report.total
    costs = [total.triage, total.recovery, total.wrong, total.supervision, total.maintenance]
    yield [total.gross]
    yield [total.net - total.gross + sum(costs)]
    yield from ([-each] for each in costs)
    yield from ([each] for each in sides(total))
    for each in report.methods:
        counts = (each.n_before, each.n_after)
        timed = [[*_span(span), n] for span, n in zip(each.measures[:2], counts, strict=True)]
        yield [*timed[0], *timed[1], *(value for span in each.measures[2:] for value in _span(span)), each.units]


def investment(report: Report) -> Numbers:
    for figures in (*(bar.figures for bar in report.bars if bar.figures.investment), report.total):
        yield [figures.investment, figures.proven, figures.proven - figures.investment]


def closings(report: Report) -> Numbers:
    for each in report.closings:
        if each.frozen is not None and each.frozen != each.figures:
            yield [value for pair in zip(sides(each.frozen), sides(each.figures), strict=True) for value in pair]


def corrections(report: Report) -> Numbers:
    for each in report.corrections:
        yield [each.minutes]


def to_measure(report: Report) -> Numbers:
    for each in report.to_measure:
        yield [each.units, each.minutes]


def opening(report: Report) -> Numbers:
    for figures in (*(each for each in report.cube.values() if each.opening), report.total):
        yield [figures.opening_units, figures.opening]


def seals(report: Report) -> Numbers:
    for each in report.seals:
        yield [each.size, each.sealed, each.witnessed]


def _span(span: Span) -> list[int]:
    return [span.median, span.low, span.high] if any(span) else []


def found(read: Page, section: str) -> Numbers:
    """The numbers of each row, its head left out; rows without any are left out."""
    for row in read.rows(section):
        cells = [each for cell in row[1:] for each in cell]
        numbers = [each for each in map(_number, cells) if each is not None]
        flat = [number for each in numbers for number in (each if isinstance(each, list) else [each])]
        if flat:
            yield flat


def _number(line: int | str) -> int | list[int] | None:
    """Minutes and counts; what has words beside it: `12 min`, `9 à 14`, `n = 14`, `97,3 %`, `3 h 10 non mesurées`."""
    if isinstance(line, int):
        return line
    if hours := HOURS.match(line):
        return minutes(hours[0])
    if line.endswith("%"):
        return whole(line.rstrip("%").strip().replace(",", "").replace(".", ""))
    if MEASURED.fullmatch(line):
        return [whole(each[0]) for each in COUNT.finditer(line)]
    return None


BACK: dict[str, Callable[[Report], Numbers]] = {
    "processes": processes,
    "regions": regions,
    "months": months,
    "untouched": untouched,
    "exceptions": exceptions,
    "risks": risks,
    "method": method,
    "investment": investment,
    "closings": closings,
    "corrections": corrections,
    "to-measure": to_measure,
    "opening": opening,
    "seals": seals,
}


@pytest.fixture(scope="module")
def report() -> Report:
    return hours_report.report()


@pytest.fixture(scope="module", params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def read(report: Report, language: str) -> Page:
    return Page(page(report, language))


@pytest.mark.parametrize("section", BACK)
def test_every_number_of_the_tables_is_the_reports(report: Report, read: Page, section: str) -> None:
    expected = list(BACK[section](report))
    assert expected
    if section == "regions":
        rows = [number for row in found(read, section) for number in row]
        assert rows == [number for row in expected for number in row]
    else:
        assert list(found(read, section)) == expected


def test_every_volume_stands_beside_what_was_credited_of_it(report: Report, read: Page, language: str) -> None:
    texts = Texts(language)
    lines = [line for row in read.rows("stock") for cell in row[1:] for line in cell]
    for each in report.volumes:
        volume = "?" if each.volume is None else texts.number(each.volume)
        assert f"{texts.number(each.credited)} / {volume}" in lines
        if each.stock:
            assert texts.say("stock %(count)s", count=texts.number(each.stock)) in lines


def test_it_begins_with_the_sentence_and_goes_on_in_the_order_that_was_decided(
    report: Report, read: Page, language: str
) -> None:
    first = read.text("//main/*[1]")
    assert first == " ".join(Texts(language).head(report).split())
    assert read.tree.xpath("//main/section/@id") == ORDER
    picture = read.tree.xpath("//main/section[1]/div[@class='drawn']")
    assert len(picture) == 1
    assert read.tree.get("lang") == language


def test_the_figures_that_are_read_from_afar_are_those_of_the_sentence(
    report: Report, read: Page, language: str
) -> None:
    texts, total = Texts(language), report.total
    shown = [each.text_content() for each in read.tree.xpath("//span[@class='figure']")]
    assert shown == [
        texts.hours(total.proven),
        texts.hours(total.unreconciled),
        texts.hours(total.unmeasured),
        texts.number(total.units),
        texts.decimal(report.full_time, 2),
    ]


def test_what_was_before_robo_is_in_nothing_but_its_own_section(report: Report, read: Page, language: str) -> None:
    declared = Texts(language).exact(report.total.opening)
    places = read.tree.xpath(f"//*[text()='{declared}']/ancestor::section/@id")
    assert set(places) == {"opening"}


def test_pictures_write_the_hours_of_the_bars(report: Report, read: Page, language: str) -> None:
    texts = Texts(language)
    written = [
        each.text for each in read.tree.xpath("//section[@id='processes']//div[@class='wide']//*[local-name()='text']")
    ]
    for bar in report.bars:
        assert texts.hours(bar.figures.proven) in written


@pytest.mark.parametrize(
    "made",
    [
        hours_report.nothing,
        lambda: hours_report.report(processes=1, regions=1, months=1),
        lambda: hours_report.report(processes=40, regions=13, months=14),
    ],
    ids=["no data at all", "one process", "forty processes in thirteen regions"],
)
def test_a_page_is_whole_whatever_there_is_to_say(made: Callable[[], Report], language: str) -> None:
    read = Page(page(made(), language))
    assert read.tree.xpath("//main/section/@id") == ORDER
    assert all(read.text(f"//section[@id='{each}']/*[2]") for each in ORDER)


def test_a_text_from_outside_is_text_and_nothing_else(report: Report) -> None:
    nasty = "<script>alert(1)</script>\" onload='x' &amp;"
    bars = [replace(report.bars[0], title=nasty), *report.bars[1:]]
    methods = [replace(report.methods[0], note=nasty), *report.methods[1:]]
    made = page(replace(report, bars=bars, methods=methods), "fr")
    assert not faults(made)
    assert "<script" not in made
    assert nasty in Page(made).text("//section[@id='method']")


def test_a_page_of_ours_without_hours_says_so(language: str) -> None:
    made = Page(page(hours_report.nothing(), language))
    assert Texts(language).say("No hours in these months.") in made.text("//section[@id='processes']")
    assert not made.tree.xpath("//*[local-name()='svg']")
