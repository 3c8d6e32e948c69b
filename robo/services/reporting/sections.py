"""What was given back, as the page says it first: by process, by region, by month, and how much of it untouched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

from robo.proof.hours import Figures
from robo.services.reporting.blocks import Cell, Drawn, Section, Table, number, said
from robo.services.reporting.model import Bar, Monthly, Report, Square
from robo.services.reporting.svg import (
    COSTS,
    NARROW,
    PROVEN,
    UNMEASURED,
    UNRECONCILED,
    WIDE,
    Entry,
    Line,
    Strip,
    Words,
    bars,
    columns,
    curve,
    scale,
)
from robo.services.reporting.texts import FIXED, Texts

T = TypeVar("T")
PER_PICTURE: Final = 36
"""Bars in one picture: what a sheet has room for."""
REGIONS: Final = 5
"""Regions beside each other in one table."""
SIDES: Final = ("proven", "unreconciled", "unmeasured")
"""Of the minutes: told apart everywhere, never added up."""
_HIGH: Final = re.compile(r" (?=[:;!?»])")
"""Spaces at which no line of French ends."""
_HEATS: Final = 4


class Names:
    """What processes and regions are called in this report."""

    def __init__(self, report: Report, texts: Texts) -> None:
        self._report, self._texts = report, texts
        self._titles: Mapping[str, str] = {each.process: each.title for each in report.bars}

    def process(self, name: str) -> str:
        shown = capital(self._texts.process(name, self._titles.get(name, "")))
        return _HIGH.sub(FIXED, shown)

    def region(self, name: str) -> str:
        return self._texts.region(self._report, name)


def given_back(report: Report, texts: Texts, names: Names) -> list[Section]:
    """Its sections, in the order in which they are read."""
    return [
        by_process(report, texts, names),
        by_region(report, texts, names),
        by_month(report, texts),
        untouched(report, texts),
    ]


def by_process(report: Report, texts: Texts, names: Names) -> Section:
    """The first picture: one bar for each process, and the table of it."""
    say = texts.say
    if not report.bars:
        return Section(id="processes", title=say("Process by process"), says=[say("No hours in these months.")])
    strips = [_strip(each, texts, names) for each in report.bars]
    within = scale(strips)
    chunks = list(slices(strips, PER_PICTURE))
    pictures = []
    for index, chunk in enumerate(chunks):
        title = say("Hours given back by each process, and what people spent on them")
        title = f"{title} ({index + 1}/{len(chunks)})" if len(chunks) > 1 else title
        words = Words(f"{title}. {_gist(report, texts, names)}", say("The table below has the same figures."))
        pictures.append(
            Drawn(
                *(
                    bars(
                        chunk, _legend(report, texts), words, lambda minutes: short(minutes, texts),
                        head=say("proven, net"), within=within, name=f"bars-{index}-{width}", width=width,
                    )
                    for width in (WIDE, NARROW)
                )
            )
        )  # fmt: skip
    about = say(
        "To the right of 0: what the robots gave back. To the left: what people spent on it and what was taken back. "
        "The figure at the end is what is proven when all of it is deducted."
    )
    says = [about]
    if report.unattributed:
        spent = texts.exact(report.unattributed)
        says.append(say("%(spent)s were logged for all processes: no part of this choice of some.", spent=spent))
    table = _process_table(report, texts, names)
    return Section(id="processes", title=say("Process by process"), says=says, pictures=pictures, tables=[table])


def by_region(report: Report, texts: Texts, names: Names) -> Section:
    """Which process runs where: its version, when it last did something, its minutes."""
    say = texts.say
    found = {(each.process, each.region): each for each in report.squares}
    processes = [each.process for each in report.bars if any(each.process == process for process, _ in found)]
    regions = list(dict.fromkeys(each.region for each in report.squares))
    most = max((each.figures.proven for each in report.squares), default=0)
    tables = [
        Table(
            caption=say("Minutes, version and last day of each process in each region"),
            heads=[say("Process"), *(names.region(region) for region in chunk)],
            rows=[
                [
                    said(names.process(process)),
                    *(_square(found.get((process, region)), most, texts) for region in chunk),
                ]
                for process in processes
            ],
            look="matrix",
        )
        for chunk in slices(regions, REGIONS)
    ]
    about = say(
        "First the proven hours of the months asked for; then what is not proven, the version, and the day on which "
        "the last one was done. The darker, the more is proven. A robot that did nothing for 60 days is called stopped."
    )
    nothing = say("No process runs in any region yet.")
    return Section(id="regions", title=say("Region by region"), says=[about if tables else nothing], tables=tables)


def by_month(report: Report, texts: Texts) -> Section:
    """How it adds up."""
    say, title = texts.say, texts.say("Month by month")
    if not report.months:
        return Section(id="months", title=title, says=[say("No month to show.")])
    lines = list(_lines(report.months, texts))
    last = report.months[-1]
    words = Words(
        say(
            "Hours that add up: %(proven)s proven at the end of %(month)s.",
            proven=texts.hours(last.cumulated.proven),
            month=texts.month(last.month),
        ),
        say("The table below has the same figures."),
    )
    names = [brief(each.month) for each in report.months]
    drawn = Drawn(
        *(
            curve(names, lines, words, lambda minutes: short(minutes, texts), name=f"curve-{width}", width=width)
            for width in (WIDE, NARROW)
        )
    )
    about = say(
        "What is proven lies in a range: by the lowest and by the highest times that were measured. Hours from before "
        "robo are in no curve."
    )
    return Section(id="months", title=title, says=[about], pictures=[drawn], tables=[_month_table(report, texts)])


def untouched(report: Report, texts: Texts) -> Section:
    """What robots did alone."""
    say, title = texts.say, texts.say("Without a human hand")
    if all(each.untouched is None for each in report.months):
        return Section(id="untouched", title=title, says=[say("Nothing was done in these months.")])
    names = [brief(each.month) for each in report.months]
    written = [texts.share(each.untouched) for each in report.months]
    words = Words(
        say("Share of what was done without a human hand, by month: %(last)s in the last one.", last=written[-1]),
        say("The table below has the same figures."),
    )
    values = [each.untouched for each in report.months]
    drawn = Drawn(
        *(columns(names, values, written, words, name=f"alone-{width}", width=width) for width in (WIDE, NARROW))
    )
    rows = [
        [
            said(texts.month(each.month)),
            number(texts.number(each.figures.units)),
            number(texts.number(each.figures.touched)),
            number(share),
        ]
        for each, share in zip(report.months, written, strict=True)
    ]
    tops = [say("Month"), *heads(texts, "units", "touched"), say("Without a human hand")]
    table = Table(caption=say("Share without a human hand, by month"), heads=tops, rows=rows)
    return Section(id="untouched", title=title, pictures=[drawn], tables=[table])


def sides(figures: Figures, texts: Texts) -> list[Cell]:
    """The three sides, each in its own cell."""
    return [number(texts.exact(getattr(figures, side))) for side in SIDES]


def heads(texts: Texts, *names: str) -> list[str]:
    """Heads of columns that hold figures: as every format calls them."""
    return [capital(texts.measure(name)) for name in names]


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def slices(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """In parts of at most so many, as even as they can be."""
    parts = -(-len(whole) // size)
    for index in range(parts):
        yield whole[len(whole) * index // parts : len(whole) * (index + 1) // parts]


def count_of_regions(count: int, texts: Texts) -> str:
    return texts.say("1 region") if count == 1 else texts.say("%(count)s regions", count=texts.number(count))


def short(minutes: int, texts: Texts) -> str:
    """Hours for a picture; what is less than one, to the minute."""
    return texts.exact(minutes) if 0 < abs(minutes) < 60 else texts.hours(minutes)  # noqa: PLR2004 - minutes of an hour


def brief(month: str) -> str:
    """2026-10 as 10/26: short enough to stand under a curve."""
    year, number_ = month.split("-")
    return f"{number_}/{year[2:]}"


def _strip(bar: Bar, texts: Texts, names: Names) -> Strip:
    parts = {
        PROVEN: bar.gains.proven,
        UNRECONCILED: bar.gains.unreconciled,
        UNMEASURED: bar.gains.unmeasured,
        COSTS: -bar.costs,
    }
    note = count_of_regions(bar.regions, texts) if bar.regions else ""
    return Strip(title=names.process(bar.process), note=note, value=short(bar.figures.proven, texts), parts=parts)


def _legend(report: Report, texts: Texts) -> list[Entry]:
    """Of what there is to see."""
    say, gains = texts.say, [each.gains for each in report.bars]
    entries = [Entry(PROVEN, say("proven"))]
    if any(each.unreconciled for each in gains):
        entries.append(Entry(UNRECONCILED, say("not reconciled")))
    if any(each.unmeasured for each in gains):
        entries.append(Entry(UNMEASURED, say("not measured")))
    if any(each.costs for each in report.bars):
        entries.append(Entry(COSTS, say("human time and corrections")))
    return entries


def _gist(report: Report, texts: Texts, names: Names) -> str:
    """What a picture of bars says to whoever does not see it."""
    best = max(report.bars, key=lambda each: each.figures.proven)
    return texts.say(
        "%(count)s in all; the first is %(process)s with %(proven)s proven.",
        count=texts.number(len(report.bars)),
        process=names.process(best.process),
        proven=texts.hours(best.figures.proven),
    )


def _process_table(report: Report, texts: Texts, names: Names) -> Table:
    say = texts.say
    rows = [
        [said(names.process(each.process)), *_figures(each.figures, each.regions, each.costs, texts)]
        for each in report.bars
    ]
    regions = len({each.region for each in report.squares})
    costs = sum(each.costs for each in report.bars)
    return Table(
        caption=say("Figures of each process, in hours and minutes"),
        heads=[
            say("Process"), say("Regions"), *heads(texts, "units", "proven", "low", "high", *SIDES[1:]),
            say("Human time, deducted"),
        ],
        rows=rows,
        look="dense",
        last=[said(say("All")), *_figures(report.total, regions, costs, texts)],
    )  # fmt: skip


def _figures(figures: Figures, regions: int, costs: int, texts: Texts) -> list[Cell]:
    return [
        number(texts.number(regions)),
        number(texts.number(figures.units)),
        number(texts.exact(figures.proven), look="strong"),
        number(texts.exact(figures.low)),
        number(texts.exact(figures.high)),
        number(texts.exact(figures.unreconciled)),
        number(texts.exact(figures.unmeasured)),
        number(texts.exact(costs)),
    ]


def _square(square: Square | None, most: int, texts: Texts) -> Cell:
    if square is None:
        return said("–", look="none")
    say, figures = texts.say, square.figures
    lines = [texts.exact(figures.proven)]
    if figures.unreconciled:
        lines.append(say("%(hours)s not reconciled", hours=texts.exact(figures.unreconciled)))
    if figures.unmeasured:
        lines.append(say("%(hours)s not measured", hours=texts.exact(figures.unmeasured)))
    lines.append(" · ".join(each for each in (square.version, texts.moment(square.last)) if each))
    lines += [say("stopped")] if square.stopped else []
    heat = -(-_HEATS * max(figures.proven, 0) // most) if most > 0 else 0
    return said(*lines, look=f"heat{heat}" + (" stopped" if square.stopped else ""))


def _lines(months: Sequence[Monthly], texts: Texts) -> Iterator[Line]:
    """What is proven always, the others where there is anything to see."""
    every = [each.cumulated for each in months]
    yield Line(
        part=PROVEN,
        text=texts.say("proven: %(hours)s", hours=texts.hours(every[-1].proven)),
        points=[each.proven for each in every],
        low=[each.low for each in every],
        high=[each.high for each in every],
    )
    if any(each.unreconciled for each in every):
        text = texts.say("not reconciled: %(hours)s", hours=texts.hours(every[-1].unreconciled))
        yield Line(part=UNRECONCILED, text=text, points=[each.unreconciled for each in every])
    if any(each.unmeasured for each in every):
        text = texts.say("not measured: %(hours)s", hours=texts.hours(every[-1].unmeasured))
        yield Line(part=UNMEASURED, text=text, points=[each.unmeasured for each in every])


def _month_table(report: Report, texts: Texts) -> Table:
    say = texts.say
    rows = [
        [
            said(texts.month(each.month)),
            *sides(each.figures, texts),
            *sides(each.cumulated, texts),
            number(texts.exact(each.cumulated.low)),
            number(texts.exact(each.cumulated.high)),
        ]
        for each in report.months
    ]
    return Table(
        caption=say("Hours of each month, then added up since the first"),
        heads=[
            say("Month"), *heads(texts, *SIDES),
            *(say("%(what)s, added up", what=each) for each in heads(texts, *SIDES, "low", "high")),
        ],
        rows=rows,
        look="dense",
    )  # fmt: skip
