"""What hours come with: what the applications had, what people had to take up, what depends on one application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from robo.services.reporting.blocks import Cell, Section, Table, number, said
from robo.services.reporting.model import Report, Volume
from robo.services.reporting.sections import SIDES, Names, brief, heads, sides, slices
from robo.services.reporting.texts import Texts

MONTHS: Final = 12
"""Months beside each other in one table."""


def circumstances(report: Report, texts: Texts, names: Names) -> list[Section]:
    """Its sections, in the order in which they are read."""
    return [stock(report, texts, names), exceptions(report, texts, names), risks(report, texts, names)]


def stock(report: Report, texts: Texts, names: Names) -> Section:
    """What the applications themselves had: the real result for whoever waits for an answer."""
    say, title = texts.say, texts.say("Delay and stock")
    if not report.volumes:
        return Section(id="stock", title=title, says=[say("Nobody declared what the applications themselves had.")])
    grouped: dict[tuple[str, str], list[Volume]] = {}
    for each in report.volumes:
        grouped.setdefault((each.process, each.region), []).append(each)
    change = [
        row for key, volumes in grouped.items() if (row := list(_change(key, volumes, texts, names)))
    ]  # fmt: skip
    tops = [say("Process"), say("Stock at first"), say("Stock at last"), say("Delay at first"), say("Delay at last")]
    tables = [Table(caption=say("Delay and stock, at first and at last"), heads=tops, rows=change)] if change else []
    months = sorted({each.month for each in report.volumes})
    for chunk in slices(months, MONTHS):
        rows = []
        for (process, region), volumes in grouped.items():
            by = {each.month: each for each in volumes}
            cells = [_volume(by.get(month), texts) for month in chunk]
            rows.append([said(names.process(process), names.region(region)), *cells])
        caption = say("Credited units, of those that the application had; then stock and delay")
        tables.append(Table(caption=caption, heads=[say("Process"), *map(brief, chunk)], rows=rows, look="dense"))
    about = say(
        "A month of a process is reconciled when somebody declared how many cases its application had, and robo has no "
        "more credits than that. Until then its hours are not proven. A question mark: nobody declared it."
    )
    return Section(id="stock", title=title, says=[about], tables=tables)


def exceptions(report: Report, texts: Texts, names: Names) -> Section:
    """What people had to do, by code."""
    say, title = texts.say, texts.say("What people had to take up")
    if not report.problems:
        return Section(id="exceptions", title=title, says=[say("Nothing: no person had to take anything up.")])
    rows = [
        [
            said(names.process(each.process)),
            said(each.code),
            said(texts.reason(each.reason)),
            number(texts.number(each.count)),
            number(texts.exact(each.minutes)),
        ]
        for each in report.problems
    ]
    tops = [say("Process"), say("Code"), say("Why"), say("How often"), say("Human time")]
    table = Table(caption=say("Items that a person had to take up, by code"), heads=tops, rows=rows)
    return Section(id="exceptions", title=title, says=[say("Their time is deducted already.")], tables=[table])


def risks(report: Report, texts: Texts, names: Names) -> Section:
    """What stands still when an application changes."""
    say, title = texts.say, texts.say("If an application changes")
    if not report.risks:
        return Section(id="risks", title=title, says=[say("No hours depend on an application.")])
    rows = [
        [
            said(each.host or say("not noted"), look="code"),
            said(*(names.process(process) for process in each.processes)),
            *sides(each.figures, texts),
        ]
        for each in report.risks
    ]
    tops = [say("Application"), say("Processes"), *heads(texts, *SIDES)]
    table = Table(caption=say("Hours that depend on each application"), heads=tops, rows=rows)
    about = say("When one of these is replaced or redrawn, the robots that stand on it stop until they are adapted.")
    return Section(id="risks", title=title, says=[about], tables=[table])


def _change(key: tuple[str, str], volumes: Sequence[Volume], texts: Texts, names: Names) -> Iterator[Cell]:
    """The first and the last that was declared of stock and delay; nothing where nobody declared any."""
    process, region = key
    stocks = [(each.month, each.stock) for each in volumes if each.stock is not None]
    delays = [(each.month, each.delay_days) for each in volumes if each.delay_days is not None]
    if not stocks and not delays:
        return
    yield said(names.process(process), names.region(region))
    for found in (stocks, delays):
        ends = (found[0], found[-1]) if found else ()
        for month, value in ends:
            text = texts.number(value) if found is stocks else _days(value, texts)
            yield number(text, texts.month(month))
        if not ends:
            yield from (said("–", look="none"), said("–", look="none"))


def _days(count: int, texts: Texts) -> str:
    return texts.say("1 day") if count == 1 else texts.say("%(count)s days", count=texts.number(count))


def _volume(volume: Volume | None, texts: Texts) -> Cell:
    if volume is None:
        return said("–", look="none")
    of = texts.number(volume.volume) if volume.volume is not None else "?"
    beside = []
    if volume.stock is not None:
        beside.append(texts.say("stock %(count)s", count=texts.number(volume.stock)))
    if volume.delay_days is not None:
        beside.append(_days(volume.delay_days, texts))
    stands = texts.say("too many") if volume.volume is not None and not volume.borne_out else ""
    return number(f"{texts.number(volume.credited)} / {of}", *beside, stands, look="" if volume.borne_out else "open")
