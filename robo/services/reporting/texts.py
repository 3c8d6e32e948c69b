"""What a report says in words, in French and in English: its first sentence, its numbers, days and names.

Hours in sentences are whole, halves away from zero; tables have the exact minutes (`1 408 h 05`), so that their sums
can be followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from robo.errors import fill
from robo.proof.baselines import Standing
from robo.services.languages import catalogue
from robo.services.reporting.model import Open, Report, Seal, half_away

THIN, FIXED, MINUS = "\u202f", "\u00a0", "\u2212"
"""Spaces where a line must not break: between groups of digits, and before a unit; and the sign of what is less."""
_HOUR: Final = 60


class Texts:
    """Texts in one language, `fr` or `en`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._french = language == "fr"
        self._translate = catalogue(language).gettext

    def say(self, message: str, **facts: Any) -> str:
        """A message (a literal, so that the catalogue can be gathered), translated, filled."""
        return fill(message, facts, self._translate)

    # ---- numbers and days ----------------------------------------------------------------------------------
    def number(self, count: int) -> str:
        """`1 408`, `−3`; in English `1,408`."""
        digits = f"{abs(count):,}".replace(",", THIN) if self._french else f"{abs(count):,}"
        return f"{MINUS}{digits}" if count < 0 else digits

    def hours(self, minutes: int) -> str:
        """Whole hours, halves away from zero: `1 408 h`."""
        return f"{self.number(whole_hours(minutes))}{FIXED}h"

    def exact(self, minutes: int) -> str:
        """Hours and minutes: `1 408 h 05`, `−0 h 30`."""
        sign = MINUS if minutes < 0 else ""
        return f"{sign}{self.number(abs(minutes) // _HOUR)}{FIXED}h{FIXED}{abs(minutes) % _HOUR:02}"

    def share(self, thousandths: int | None) -> str:
        """`97,3 %`; of nothing `–`."""
        return "–" if thousandths is None else f"{self.decimal(thousandths, 1)}{FIXED if self._french else ''}%"

    def decimal(self, count: int, places: int) -> str:
        """A whole number of tenths, hundredths, …: `0,87`."""
        whole, rest = divmod(abs(count), 10**places)
        sign = MINUS if count < 0 else ""
        return f"{sign}{self.number(whole)}{',' if self._french else '.'}{rest:0{places}}"

    def day(self, day: date | str) -> str:
        """`31/10/2026`, in English `2026-10-31`; what is no day (`2023`, nothing) stays as it is."""
        try:
            read = date.fromisoformat(day) if isinstance(day, str) else day
        except ValueError:
            return str(day)
        return f"{read:%d/%m/%Y}" if self._french else f"{read:%Y-%m-%d}"

    def moment(self, at: datetime | None, zone: str = "Europe/Paris") -> str:
        """The day of an instant in a calendar; of none `–`."""
        return "–" if at is None else self.day(at.astimezone(ZoneInfo(zone)).date())

    def month(self, month: str) -> str:
        """`octobre 2026`."""
        return f"{self._months()[int(month[5:]) - 1]} {month[:4]}"

    def months(self, first: str, last: str) -> str:
        """`janvier 2026 à mars 2026`; of one month its name."""
        if first == last:
            return self.month(first)
        return self.say("%(first)s through %(last)s", first=self.month(first), last=self.month(last))

    def _months(self) -> Sequence[str]:
        return (
            self.say("January"),
            self.say("February"),
            self.say("March"),
            self.say("April"),
            self.say("May"),
            self.say("June"),
            self.say("July"),
            self.say("August"),
            self.say("September"),
            self.say("October"),
            self.say("November"),
            self.say("December"),
        )

    def listed(self, names: Sequence[str]) -> str:
        """`IDF, BFC et Guyane`."""
        *first, last = names
        return self.say("%(first)s and %(last)s", first=", ".join(first), last=last) if first else last

    # ---- the first sentence --------------------------------------------------------------------------------
    def head(self, report: Report) -> str:
        """The first sentence, plain."""
        return "".join(self.head_parts(report))

    def head_parts(self, report: Report) -> tuple[str, str]:
        """The first sentence: what is proven, to be shown strong, and the rest of it."""
        rest = self.say(
            "%(sides)s; up to %(day)s, %(seen)s. %(state)s.",
            sides=self._sides(report),
            day=self.day(report.until),
            seen=self.seen(report),
            state=capital(self._state(report)),
        )
        return self._proven(report.total.proven), rest

    def _proven(self, minutes: int) -> str:
        one = self._single(minutes)
        return self.say("%(hours)s is proven" if one else "%(hours)s are proven", hours=self.hours(minutes))

    def _sides(self, report: Report) -> str:
        """What stands beside the proven hours, and is never added to them."""
        sides, whole = "", report.total
        if whole.proven < 0:
            sides += self.say(" (people spent more than the robots gave back)")
        if whole.unreconciled:
            one = self._single(whole.unreconciled)
            hours = self.hours(whole.unreconciled)
            sides += self.say(", %(hours)s is not reconciled" if one else ", %(hours)s are not reconciled", hours=hours)
        one, hours = self._single(whole.unmeasured), self.hours(whole.unmeasured)
        return sides + self.say(", %(hours)s is not measured" if one else ", %(hours)s are not measured", hours=hours)

    def _single(self, minutes: int) -> bool:
        """Whether so many hours are one, as a grammar has it: in French none are, too."""
        return abs(whole_hours(minutes)) in ({0, 1} if self._french else {1})

    def seen(self, report: Report) -> str:
        """By whom the log was countersigned; a log that nobody saw is named."""
        if not any(seal.sealed for seal in report.seals):
            return self.say("the log is not sealed")
        names = sorted({witness_name(name) for seal in report.seals for name in seal.witnesses})
        if not names:
            return self.say("countersigned by nobody")
        unseen = [seal.origin for seal in report.seals if not seal.witnesses]
        if unseen:
            return self.say(
                "countersigned by %(names)s, but not the log of %(logs)s",
                names=self.listed(names),
                logs=self.listed(unseen),
            )
        return self.say("countersigned by %(names)s", names=self.listed(names))

    def _state(self, report: Report) -> str:
        """What stands still, what is too old, what is not closed."""
        return ", ".join((self._stopped(report.stopped), self._expired(report.expired), self._open(report.open)))

    def _stopped(self, count: int) -> str:
        if not count:
            return self.say("no robot has stopped")
        one = count == 1
        return self.say("%(count)s robot has stopped" if one else "%(count)s robots have stopped", count=count)

    def _expired(self, count: int) -> str:
        if not count:
            return self.say("no baseline has expired")
        one = count == 1
        return self.say("%(count)s baseline has expired" if one else "%(count)s baselines have expired", count=count)

    def _open(self, count: int) -> str:
        if not count:
            return self.say("no month is left open")
        one = count == 1
        return self.say("%(count)s month is not closed" if one else "%(count)s months are not closed", count=count)

    def scope(self, report: Report) -> str:
        """What was asked for, and when."""
        asked = report.asked
        return self.say(
            "%(regions)s · %(processes)s · %(first)s to %(last)s · made on %(day)s",
            regions=", ".join(self.region(report, name) for name in asked.regions) or self.say("all regions"),
            processes=", ".join(asked.processes) or self.say("all processes"),
            first=self.month(asked.first),
            last=self.month(asked.last),
            day=self.moment(asked.made, asked.zone),
        )

    # ---- the sentences behind it ---------------------------------------------------------------------------
    def asides(self, report: Report) -> list[str]:
        """What must be said beside the first sentence, one sentence each, where there is something to say."""
        whole, found = report.total, []
        if whole.low != whole.high:
            low, high = self.hours(whole.low), self.hours(whole.high)
            found.append(self.say("Range of the proven hours: %(low)s to %(high)s.", low=low, high=high))
        if whole.proven > 0:
            found.append(self.say("Indicative: %(count)s full-time posts.", count=self.decimal(report.full_time, 2)))
        if whole.opening:
            hours = self.hours(whole.opening)
            found.append(self.say("Apart, from before robo: %(hours)s as they were declared.", hours=hours))
        if whole.investment:
            hours = self.hours(whole.investment)
            found.append(self.say("Building and replication took %(hours)s, which are not spread.", hours=hours))
        if report.unattributed:
            hours = self.hours(report.unattributed)
            found.append(self.say("Time logged for all processes is not in it: %(hours)s.", hours=hours))
        found += [self.say("Left out: %(name)s (%(why)s).", name=each.name, why=each.why) for each in report.left_out]
        return found + [sentence for seal in report.seals for sentence in self._unseen(seal)]

    def _unseen(self, seal: Seal) -> Iterator[str]:
        """What of a log nobody outside has seen yet, and what keeps it from being sealed."""
        if 0 < seal.witnessed < seal.size:
            facts = {"log": seal.origin, "seen": self.number(seal.witnessed), "size": self.number(seal.size)}
            yield self.say("Of the log %(log)s %(seen)s of %(size)s entries are countersigned.", **facts)
        if seal.trouble:
            yield self.say(
                "The log %(log)s cannot be sealed now (%(code)s): robo audit status.",
                log=seal.origin,
                code=seal.trouble,
            )

    def rules(self) -> tuple[str, ...]:
        """How hours are counted, for whoever has to believe them."""
        return (
            self.say("Only what a robot did in production, and read back from the application, is credited; once."),
            self.say(
                "A unit gives back what a person took before, less what she still takes, by the baseline of its day."
            ),
            self.say("What people spend on rejections, failures, faults, supervision and maintenance is taken off."),
            self.say("Proven: timed (10 observations on 2 days at least), approved, not expired, and reconciled."),
            self.say("Not reconciled, and not measured, stand apart and are never added to what is proven."),
            self.say("The range adds up the lowest and the highest of all baselines; it is no statistic."),
            self.say("Building and replication are a line of their own. Nothing is projected. Nobody is measured."),
        )

    # ---- words ---------------------------------------------------------------------------------------------
    def process(self, name: str, title: str = "") -> str:
        """A process as it is shown; "" is time that was logged for all of them."""
        return title or name if name else self.say("all processes together")

    def region(self, report: Report, name: str) -> str:
        """A region as it is shown: its name where it is known, and nobody else has it."""
        title = report.regions.get(name, name)
        return title if list(report.regions.values()).count(title) < 2 else f"{title} ({name})"  # noqa: PLR2004 - alone

    def period(self, first: str, last: str) -> str:
        """From one day to another."""
        if first == last:
            return self.day(first)
        return self.say("%(first)s to %(last)s", first=self.day(first), last=self.day(last))

    def yes(self, *, whether: bool) -> str:
        """Yes or no."""
        return self.say("yes") if whether else self.say("no")

    def method(self, method: str) -> str:
        """How the minutes of a baseline are known."""
        words = {
            "timed": self.say("timed"),
            "declared": self.say("declared, not measured"),
            "imported": self.say("imported, not measured here"),
            "hypothesis": self.say("a hypothesis, not measured"),
        }
        return words.get(method, method)

    def standing(self, standing: Standing | None) -> str:
        """How far a baseline may be trusted; None: there is none."""
        words = {
            None: self.say("no baseline"),
            Standing.VALID: self.say("valid"),
            Standing.UNAPPROVED: self.say("not approved"),
            Standing.EXPIRED: self.say("expired"),
            Standing.OTHER_DEFINITION: self.say("measured for another definition"),
            Standing.TOO_FEW: self.say("too few observations"),
            Standing.NOT_TIMED: self.say("not timed"),
            Standing.SUPERSEDED: self.say("superseded"),
            Standing.WITHDRAWN: self.say("withdrawn"),
        }
        return words[standing]

    def reason(self, reason: str) -> str:
        """Why a row: what a person spent her time on, why something was corrected."""
        words = {
            "triage": self.say("taking up a rejection"),
            "recovery": self.say("taking up a failure"),
            "wrong": self.say("the robot got it wrong"),
            "supervision": self.say("supervision"),
            "maintenance": self.say("maintenance"),
            "build": self.say("building"),
            "replication": self.say("replication"),
            "not found": self.say("not found when looked at again"),
            "slip": self.say("a slip in logging"),
            "repeated receipt": self.say("a receipt that came before"),
        }
        return words.get(reason, reason)

    def kind(self, kind: str) -> str:
        """The kind of a row of the book."""
        words = {
            "credit": self.say("credit"),
            "debit": self.say("debit"),
            "correction": self.say("correction"),
            "time": self.say("logged time"),
            "opening": self.say("from before robo"),
        }
        return words.get(kind, kind)

    def open(self, why: Open) -> str:
        """Why a month is not closed."""
        words = {
            Open.NOT_DUE: self.say("it closes on day 10"),
            Open.NO_SUPERVISION: self.say("nobody logged its supervision"),
            Open.DUE: self.say("it closes when robo next works"),
        }
        return words[why]

    def measure(self, name: str) -> str:
        """The heading of a member of `robo.proof.hours.Figures`."""
        words = {
            "units": self.say("units done"),
            "touched": self.say("taken up by a person"),
            "gross": self.say("gross"),
            "net": self.say("net"),
            "proven": self.say("proven"),
            "low": self.say("range, low"),
            "high": self.say("range, high"),
            "unreconciled": self.say("not reconciled"),
            "unmeasured": self.say("not measured"),
            "triage": self.say("rejections taken up"),
            "recovery": self.say("failures taken up"),
            "wrong": self.say("faults repaired"),
            "corrected": self.say("corrected later"),
            "supervision": self.say("supervision"),
            "maintenance": self.say("maintenance"),
            "investment": self.say("building and replication"),
            "opening": self.say("from before robo, declared"),
            "opening_units": self.say("units from before robo"),
        }
        return words[name]


def whole_hours(minutes: int) -> int:
    """The nearest whole hour, halves away from zero."""
    return half_away(Fraction(minutes, _HOUR))


def witness_name(witness: str) -> str:
    """A witness without the digits of its key."""
    return witness.rpartition("+")[0] or witness


def capital(text: str) -> str:
    """With a capital letter, as a sentence or a heading begins."""
    return text[:1].upper() + text[1:]
