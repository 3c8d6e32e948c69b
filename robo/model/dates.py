"""Dates by a written format, French names included: `%d/%m/%Y` or `dd/mm/yyyy`. Neither strptime nor strftime: both
depend on the machine's language, and strftime lets a format ask for a text of any length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Final

MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_DIRECTIVES = {
    "d": r"(?P<day>[0-9]{1,2})",
    "m": r"(?P<month>[0-9]{1,2})",
    "Y": r"(?P<year>[0-9]{4})",
    "y": r"(?P<short>[0-9]{2})",
    "H": r"(?P<hour>[0-9]{1,2})",
    "M": r"(?P<minute>[0-9]{2})",
    "S": r"(?P<second>[0-9]{2})",
    "B": "(?P<name>" + "|".join(MONTHS) + ")",
}
_LETTERS = {
    letters: directive
    for directive, spelled in {
        "%d": ("d", "dd", "j", "jj"),
        "%A": ("dddd", "jjjj"),
        "%m": ("m", "mm"),
        "%B": ("mmmm",),
        "%Y": ("yyyy", "aaaa"),
        "%y": ("yy", "aa"),
        "%H": ("hh",),
        "%S": ("ss",),
    }.items()
    for letters in spelled
}
_MASK = re.compile(r"[dmyajhs]{2,}|[dmj]", re.IGNORECASE)
"""A run of letters that is parts of a date (`yyyymmdd`); any other is words (`le`, `à`, `h`)."""
_SHORT = {
    "janvier": "janv",
    "février": "fevr",
    "avril": "avr",
    "juillet": "juil",
    "septembre": "sept",
    "octobre": "oct",
    "novembre": "nov",
    "décembre": "dec",
}


def _folded(text: str) -> str:
    """Without case and accents, blanks of any kind as one."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return " ".join(bare.lower().split())


def _written(month: str) -> tuple[str, ...]:
    """A month's name, folded, and what it is abbreviated to."""
    return (_folded(month), *([_SHORT[month]] if month in _SHORT else []))


_IN_WORDS = re.compile(
    rf"(?:le )?(?:(?P<weekday>{'|'.join(day + '|' + day[:3] + '[.]?' for day in DAYS)}),? )?"
    rf"(?P<day>0?1er|[0-9]{{1,2}}) "
    rf"(?P<month>{'|'.join(name + '[.]?' for month in MONTHS for name in _written(month))}) (?P<year>[0-9]{{4}})"
)
_CENTURY = 70
"""Two-digit years from 70 on are of the last century."""


class BadDate(Exception):  # noqa: N818 - a finding: the caller says it in its own words
    """The text does not follow the format, the format is not one, or there is no such day."""


def parse_with_format(text: str, form: str) -> datetime:
    """`text` read by `form` (midnight, 1 January 1900 where it says nothing). Raises `BadDate`."""
    pattern = ""
    for directive, literal in _parts(form):
        if directive and directive not in _DIRECTIVES:
            raise BadDate(form)
        pattern += _DIRECTIVES[directive] if directive else re.escape(literal)
    try:
        match = re.fullmatch(pattern, text, re.IGNORECASE) if text else None
    except re.error as twice:
        raise BadDate(form) from twice
    if match is None:
        raise BadDate(text)
    try:
        return _build(match.groupdict())
    except ValueError as bad:
        raise BadDate(text) from bad


def _build(found: dict[str, str | None]) -> datetime:
    year = int(found.get("year") or 1900)
    if short := found.get("short"):
        year = int(short) + (1900 if int(short) >= _CENTURY else 2000)
    month = MONTHS.index(name.lower()) + 1 if (name := found.get("name")) else int(found.get("month") or 1)
    return datetime(  # noqa: DTZ001 - the zone is the region's, said elsewhere
        year,
        month,
        int(found.get("day") or 1),
        int(found.get("hour") or 0),
        int(found.get("minute") or 0),
        int(found.get("second") or 0),
    )


def parse_words(text: str) -> date:
    """A date as people write it: `1er mars 2026`, `lundi 2 février 2026`, `28 févr. 2026`. Accents and case do not
    matter; a weekday that is not that of the date is no date. Raises `BadDate`."""
    match = _IN_WORDS.fullmatch(_folded(text))
    if match is None:
        raise BadDate(text)
    month = next(n for n, name in enumerate(MONTHS, 1) if match["month"].rstrip(".") in _written(name))
    try:
        day = date(int(match["year"]), month, int(match["day"].removesuffix("er")))
    except ValueError as bad:
        raise BadDate(text) from bad
    if match["weekday"] and not DAYS[day.weekday()].startswith(match["weekday"].rstrip(".")):
        raise BadDate(text)
    return day


def is_format(form: str) -> bool:
    """Whether a date can be read with `form`."""
    try:
        used = [directive for directive, _ in _parts(form) if directive]
    except BadDate:
        return False
    return bool(used) and len(set(used)) == len(used) and all(directive in _DIRECTIVES for directive in used)


def is_written(form: str) -> bool:
    """Whether a date can be written by `form`."""
    try:
        format_date(date.min, form)
    except BadDate:
        return False
    return True


def format_date(value: date | datetime | time, form: str) -> str:
    """`value` written by `form`: `%d %m %Y %y %H %M %S`, `%A` (lundi), `%B` (janvier), `%j`, or in letters as
    `dd/mm/yyyy`. Raises `BadDate`, also when nothing of the date would be written."""
    day = value if isinstance(value, date) else date(1900, 1, 1)
    clock = value if isinstance(value, datetime | time) else time()
    words = {
        "d": f"{day.day:02d}",
        "m": f"{day.month:02d}",
        "Y": f"{day.year:04d}",
        "y": f"{day.year % 100:02d}",
        "H": f"{clock.hour:02d}",
        "M": f"{clock.minute:02d}",
        "S": f"{clock.second:02d}",
        "A": DAYS[day.weekday()],
        "B": MONTHS[day.month - 1],
        "j": f"{day.timetuple().tm_yday:03d}",
    }
    parts = list(_parts(form))
    used = [directive for directive, _ in parts if directive]
    if not used or not all(directive in words for directive in used):
        raise BadDate(form)
    return "".join(words[directive] if directive else literal for directive, literal in parts)


def in_words(day: date) -> str:
    """`1er janvier 2026`."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def _spelled(form: str) -> str:
    """`dd/mm/yyyy hh:mm` by directives; `mm` behind `hh` are minutes. Raises `BadDate`."""
    before = ""

    def directives(run: re.Match[str]) -> str:
        nonlocal before
        if not _MASK.fullmatch(run[0]):
            return run[0]
        written = ""
        for same in re.finditer(r"(.)\1*", run[0].lower()):
            if same[0] not in _LETTERS:
                raise BadDate(form)
            written += "%M" if same[0] == "mm" and before == "hh" else _LETTERS[same[0]]
            before = same[0]
        return written

    return re.sub(r"[^\W\d_]+", directives, form)


def _parts(form: str) -> Iterator[tuple[str, str]]:
    """The format cut into (directive, "") and ("", literal)."""
    if "%" not in form:
        form = _spelled(form)
    place = 0
    while place < len(form):
        if form[place] == "%":
            if place + 1 >= len(form):
                raise BadDate(form)
            yield ("", "%") if form[place + 1] == "%" else (form[place + 1], "")
            place += 2
        else:
            yield "", form[place]
            place += 1
