"""What makes the hours believable, as the page says it last: how they were measured, closed, corrected and sealed, and
what is not among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from robo.errors import fill
from robo.proof.baselines import Standing
from robo.proof.hours import Figures, Span
from robo.services.languages import catalogue
from robo.services.reporting.blocks import Cell, Section, Table, number, said
from robo.services.reporting.model import Closed, Method, Report, Seal
from robo.services.reporting.sections import SIDES, Names, capital, heads, slices
from robo.services.reporting.texts import Texts, witness_name

MONTHS: Final = 6
"""Months beside each other in one table."""
_SHORT_ID: Final = 12


def annexes(report: Report, texts: Texts, names: Names) -> list[Section]:
    """Its sections, in the order in which they are read."""
    return [
        method(report, texts, names),
        investment(report, texts, names),
        closings(report, texts, names),
        corrections(report, texts, names),
        to_measure(report, texts, names),
        opening(report, texts, names),
        seals(report, texts),
        left_out(report, texts),
    ]


def method(report: Report, texts: Texts, names: Names) -> Section:
    """From gross to net, and every baseline with what it stands on."""
    tables = [_formula(report.total, texts)]
    if report.methods:
        tables += [_minutes(report, texts, names), _standings(report, texts, names)]
    return Section(id="method", title=texts.say("Method"), says=texts.rules(), tables=tables)


def investment(report: Report, texts: Texts, names: Names) -> Section:
    """What it cost to build: a line of its own, never spread."""
    say, title = texts.say, texts.say("Build and replication")
    found = [each for each in report.bars if each.figures.investment]
    if not found:
        return Section(id="investment", title=title, says=[say("No hours of building or replicating were logged.")])
    rows = [[said(names.process(each.process)), *_invested(each.figures, texts)] for each in found]
    table = Table(
        caption=say("Hours of building and replicating, beside what is proven"),
        heads=[say("Process"), *heads(texts, "investment", "proven"), say("Proven, less these")],
        rows=rows,
        last=[said(say("All")), *_invested(report.total, texts)],
    )
    about = say("A line of its own: these hours are deducted from no figure above, and are not spread over months.")
    return Section(id="investment", title=title, says=[about], tables=[table])


def closings(report: Report, texts: Texts, names: Names) -> Section:
    """Which months are closed, and why others are not."""
    say, title = texts.say, texts.say("Closed months")
    if not report.closings:
        return Section(id="closings", title=title, says=[say("No month is over yet.")])
    by = {(each.region, each.month): each for each in report.closings}
    regions = list(dict.fromkeys(each.region for each in report.closings))
    tables = [
        Table(
            caption=say("When the months of each region were closed"),
            heads=[say("Region"), *(texts.month(month) for month in chunk)],
            rows=[
                [said(names.region(region)), *(_closed(by.get((region, month)), texts) for month in chunk)]
                for region in regions
            ],
            look="dense",
        )
        for chunk in slices(sorted({each.month for each in report.closings}), MONTHS)
    ]
    about = say(
        "A month closes by itself on day 10 of the next: its figures are frozen, signed and logged. What is found "
        "later is a correction in a month that is open."
    )
    changed = [each for each in report.closings if each.frozen is not None and each.frozen != each.figures]
    if changed:
        tables.append(_changed(changed, texts, names))
    return Section(id="closings", title=title, says=[about], tables=tables)


def corrections(report: Report, texts: Texts, names: Names) -> Section:
    """What was found wrong after a month was closed: both figures stand."""
    say, title = texts.say, texts.say("Corrections of closed months")
    if not report.corrections:
        return Section(id="corrections", title=title, says=[say("No closed month was corrected.")])
    rows = [
        [
            said(names.process(each.process), names.region(each.region)),
            said(texts.month(each.of_month)),
            said(texts.month(each.in_month)),
            said(texts.reason(each.reason)),
            number(texts.exact(each.minutes)),
        ]
        for each in report.corrections
    ]
    tops = [say("Process"), say("Closed month"), say("Counted in"), say("Why"), say("Minutes")]
    about = say("The closed month keeps what it said; the correction counts in the month in which it was found.")
    table = Table(caption=say("Corrections of closed months"), heads=tops, rows=rows)
    return Section(id="corrections", title=title, says=[about], tables=[table])


def to_measure(report: Report, texts: Texts, names: Names) -> Section:
    """Where a stopwatch would change most."""
    say, title = texts.say, texts.say("To measure")
    if not report.to_measure:
        return Section(id="to-measure", title=title, says=[say("Every process that ran is measured.")])
    rows = [
        [
            said(names.process(each.process), names.region(each.region)),
            said(each.unit),
            number(texts.number(each.units)),
            number(texts.exact(each.minutes)),
            said(texts.standing(each.standing)),
        ]
        for each in report.to_measure
    ]
    tops = [say("Process"), say("Unit"), say("Done"), say("Hours at stake"), say("Why they are not proven")]
    about = say(
        "By the hours at stake. Ten cases timed without the robot and ten with it, on two days, are enough: "
        "robo baseline time PROCESS opens the stopwatch."
    )
    table = Table(caption=say("What to time first"), heads=tops, rows=rows)
    return Section(id="to-measure", title=title, says=[about], tables=[table])


def opening(report: Report, texts: Texts, names: Names) -> Section:
    """What is from before robo, as it was declared."""
    say, title = texts.say, texts.say("Before robo")
    if not report.total.opening and not report.total.opening_units:
        return Section(id="opening", title=title, says=[say("No hours from before robo were declared.")])
    found = [(key, each) for key, each in report.cube.items() if each.opening or each.opening_units]
    rows = [
        [
            said(names.process(key.process), names.region(key.region)),
            said(texts.month(key.month)),
            number(texts.number(each.opening_units)),
            number(texts.exact(each.opening)),
        ]
        for key, each in found
    ]
    units, minutes = texts.number(report.total.opening_units), texts.exact(report.total.opening)
    table = Table(
        caption=say("Opening balance, as it was declared"),
        heads=[say("Process"), say("Written in"), say("Units"), say("Declared")],
        rows=rows,
        last=[
            said(say("All")),
            said(""),
            number(units),
            number(minutes),
        ],
    )
    about = say("Declared, not observed: no part of any figure, picture or curve above.")
    return Section(id="opening", title=title, says=[about], tables=[table])


def seals(report: Report, texts: Texts) -> Section:
    """The logs that the figures are of, and who saw them."""
    say, title = texts.say, texts.say("Seal and witnesses")
    if not report.seals:
        return Section(id="seals", title=title, says=[say("The log is not sealed yet.")])
    tops = [say("Log"), say("Entries"), say("Sealed"), say("Countersigned"), say("By"), say("Root")]
    table = Table(
        caption=say("The audit logs that these figures were made of"),
        heads=tops,
        rows=[_seal(each, texts) for each in report.seals],
        look="seals",
    )
    about = say(
        "Every minute above is an entry of these logs. Whoever has an export can recompute all of them without us: "
        "robo ledger verify EXPORT."
    )
    return Section(id="seals", title=title, says=[about], tables=[table])


def left_out(report: Report, texts: Texts) -> Section:
    """What is not among the figures, by name."""
    say, title = texts.say, texts.say("Left out")
    if not report.left_out:
        return Section(id="left-out", title=title, says=[say("Nothing that was given was left out.")])
    rows = [
        [said(each.name), said(fill("%(why)s", {"why": each.why}, catalogue(texts.language).gettext))]
        for each in report.left_out
    ]
    table = Table(caption=say("What is no part of the figures"), heads=[say("Export"), say("Why")], rows=rows)
    return Section(id="left-out", title=title, tables=[table])


def _formula(total: Figures, texts: Texts) -> Table:
    """From gross to net. What remains to be done after the robot is what is not any of the others."""
    say = texts.say
    costs = ("triage", "recovery", "wrong", "supervision", "maintenance")
    spent = sum(getattr(total, name) for name in costs)
    lines = [
        (say("Gross: what the cases took before"), total.gross),
        (say("What people still do on cases that robots did; corrections"), total.net + spent - total.gross),
        *((capital(texts.measure(name)), -getattr(total, name)) for name in costs),
    ]
    sums = [(say("Net, %(side)s", side=texts.measure(side)), getattr(total, side)) for side in SIDES]
    rows = [[said(what), number(texts.exact(minutes))] for what, minutes in lines]
    rows += [[said(what, look="strong"), number(texts.exact(minutes), look="strong")] for what, minutes in sums]
    return Table(caption=say("From gross to net"), heads=[say("What"), say("Hours")], rows=rows, look="formula")


def _minutes(report: Report, texts: Texts, names: Names) -> Table:
    say = texts.say
    rows = []
    for each in report.methods:
        measures, counts = each.measures, (each.n_before, each.n_after)
        timed = (_span(span, n, texts) for span, n in zip(measures[:2], counts, strict=True))
        rest = (_span(span, None, texts) for span in measures[2:])
        rows.append([_whose(each, texts, names), said(each.unit), *timed, *rest, number(texts.number(each.units))])
    return Table(
        caption=say("Minutes of one unit: the median, its range, how often it was timed"),
        heads=[
            say("Process"), say("Unit"), say("Before"), say("After"), *heads(texts, "triage", "recovery", "wrong"),
            say("Units credited with it"),
        ],
        rows=rows,
        look="dense",
    )  # fmt: skip


def _standings(report: Report, texts: Texts, names: Names) -> Table:
    say = texts.say
    rows = [
        [
            _whose(each, texts, names),
            said(texts.method(each.method)),
            said(texts.period(each.first, each.last), each.role),
            said(texts.day(each.approved) if each.approved else say("nobody")),
            said(texts.day(each.valid_to) if each.valid_to else "–"),
            said(texts.standing(each.standing), each.note, look="" if each.standing is Standing.VALID else "open"),
            said(each.id[:_SHORT_ID], look="code"),
        ]
        for each in report.methods
    ]
    return Table(
        caption=say("How each was measured, and how far it may be trusted today"),
        heads=[
            say("Process"), say("Method"), say("Measured"), say("Approved"), say("Valid until"), say("Standing"),
            say("Record"),
        ],
        rows=rows,
        look="dense",
    )  # fmt: skip


def _whose(each: Method, texts: Texts, names: Names) -> Cell:
    return said(names.process(each.process), names.region(each.region))


def _span(span: Span, n: int | None, texts: Texts) -> Cell:
    say = texts.say
    if span == (0, 0, 0) and n is None:
        return number("–", look="none")
    ranged = say("%(low)s to %(high)s", low=texts.number(span.low), high=texts.number(span.high))
    counted = say("n = %(count)s", count=texts.number(n)) if n is not None else ""
    return number(say("%(count)s min", count=texts.number(span.median)), ranged, counted)


def _invested(figures: Figures, texts: Texts) -> list[Cell]:
    rest = figures.proven - figures.investment
    return [number(texts.exact(each)) for each in (figures.investment, figures.proven, rest)]


def _closed(each: Closed | None, texts: Texts) -> Cell:
    if each is None:
        return said("–", look="none")
    say = texts.say
    attested = say("attested") if each.attested else ""
    if each.closed is not None:
        return said(texts.moment(each.closed), attested)
    return said(say("not closed"), texts.open(each.why) if each.why else "", attested, look="open")


def _changed(changed: Sequence[Closed], texts: Texts, names: Names) -> Table:
    """A volume that was declared later moves hours from one side to the other; the sum stays."""
    say = texts.say
    rows = []
    for each in changed:
        then = each.frozen or Figures()
        pairs = ((getattr(then, side), getattr(each.figures, side)) for side in SIDES)
        cells = [number(texts.exact(minutes)) for pair in pairs for minutes in pair]
        rows.append([said(names.region(each.region), texts.month(each.month)), *cells])
    return Table(
        caption=say("Closed months whose volume was declared later: as closed, and as counted today"),
        heads=[
            say("Month"),
            *(
                text
                for each in heads(texts, *SIDES)
                for text in (say("%(what)s, as closed", what=each), say("%(what)s, today", what=each))
            ),
        ],
        rows=rows,
        look="dense",
    )  # fmt: skip


def _seal(seal: Seal, texts: Texts) -> list[Cell]:
    say = texts.say
    by = [
        say("%(who)s on %(day)s", who=witness_name(who), day=texts.moment(when)) for who, when in seal.witnesses.items()
    ]
    return [
        said(seal.origin, say("not sealed now: %(code)s", code=seal.trouble) if seal.trouble else ""),
        number(texts.number(seal.size)),
        number(texts.number(seal.sealed)),
        number(texts.number(seal.witnessed)),
        said(*by) if by else said(say("nobody"), look="open"),
        said(seal.root, look="code root"),
    ]
