"""One strict parser for every scalar type. Definitions, workbook cells and page texts go through the same ones.

`parse(Kind.MONEY, "1 234,56 €")` is `Decimal("1234.56")`. What cannot be read for sure is refused, never guessed.

Shapes: money and decimal are `Decimal`, a percent is a fraction (`30 %` is `Decimal("0.3")`), a duration is a
`timedelta`, a date is a `date`, a list is a tuple of texts, `url file folder email siret choice secret` are texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from robo.errors import RoboError, Words, one_of, phrase
from robo.model.base import CellError
from robo.model.dates import BadDate, parse_with_format, parse_words
from robo.model.process import Kind

MAX_TEXT: Final = 100_000
"""Characters of one scalar. A page that gives more is not what its author meant to read."""
MAX_DIGITS: Final = 30
MAX_SHOWN: Final = 80
MAX_URL: Final = 2000
MAX_EMAIL: Final = 254

_BLANKS = "\u00a0\u202f\u2007\u2009"
_SPACED = str.maketrans(dict.fromkeys(_BLANKS, " ") | {"\u2212": "-"})  # and the minus sign of typesetters
_ERROR = re.compile(r"#(?:REF!|N/?[AD]|VALUE!|VALEUR!|DIV/0!|(?:NAME|NOM)\?|(?:NUM|NOMBRE|NULL?|SPILL|CALC)!)", re.I)
_LARGEST = 10**24
_WHOLE = 10**15
"""Beyond it a float no longer tells two whole numbers apart."""
_YES = frozenset({"oui", "x", "vrai", "true", "yes", "o", "1"})
_NO = frozenset({"non", "faux", "false", "no", "n", "0"})
_GROUPED = r"\d{1,3}(?: \d{3})+|\d+"
_INT = re.compile(rf"([+-]?) ?({_GROUPED})(?:[.,]0{{1,2}})?", re.ASCII)
_DECIMAL = re.compile(rf"([+-]?) ?({_GROUPED})(?:[.,](\d+))?", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?:[:h]|:)(\d{2})?(?::(\d{2}))?", re.ASCII)
_DURATION = re.compile(
    r"(\d{1,6}) ?(seconds?|secondes?|sec|s|minutes?|mins?|min|hours?|heures?|h|days?|jours?|d|j|weeks?|semaines?)", re.I
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "j": 86_400, "w": 604_800}
_URL = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[^\s/?#:@\[\]]+)(?::\d{1,5})?(?:[/?#]\S*)?", re.I)
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@(?:[^\s@<>,;:\"()\[\]\\.]+\.)+[^\s@<>,;:\"()\[\]\\.]{2,63}")
_DATE_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y")
LA_POSTE: Final = "356000000"


class BadScalar(RoboError):  # noqa: N818 - named for what it is, like all of the family
    """A text is not of the wanted type. `expected` says what would be, `got` what came."""

    exit_code = 1

    def __init__(self, expected: Words, got: Any) -> None:
        shown = got if isinstance(got, str) else str(got)
        shown = shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"
        super().__init__("RB201", "%(got)s is not %(expected)s", got=shown, expected=expected)
        self.expected = expected
        self.got = shown


def parse(kind: Kind, text: Any, *, format: str | None = None) -> Any:  # noqa: A002 - the word of the language
    """`text` as a value of `kind`. A value that already has the type passes. Raises `BadScalar`.

    `format` is for dates and times only: `%d/%m/%Y` or `dd/mm/yyyy`."""
    if isinstance(text, CellError):
        raise BadScalar("a value", text.why)
    if isinstance(text, str):
        text = clean(text)
        if _ERROR.fullmatch(text):
            raise BadScalar("a value (it is an error of the workbook)", text)
        if len(text) > MAX_TEXT:
            raise BadScalar("a text of at most 100 000 characters", text)
    if kind in (Kind.DATE, Kind.DATETIME, Kind.TIME) and format is not None and isinstance(text, str):
        return _with_format(kind, text, format)
    return _PARSERS[kind](text)


def chosen(kind: Kind, value: Any, choices: Sequence[str]) -> Any:
    """`value`, once it is one of `choices` (texts of the same kind; without any, everything is). A list: every part.

    Raises `BadScalar`."""
    if choices:
        allowed = choices if kind is Kind.LIST else [parse(kind, choice) for choice in choices]
        for part in value if kind is Kind.LIST else (value,):
            if part not in allowed:
                raise BadScalar(one_of(choices), part)
    return value


def clean(text: str) -> str:
    """`text` in Unicode's composed form, without the blanks around it."""
    return unicodedata.normalize("NFC", text).strip(" \t\r\n\u00a0\u202f\ufeff")


def _spaced(text: str) -> str:
    return text.translate(_SPACED)


def _text(value: Any) -> str:
    """A cell or text as text: whole numbers without `.0`, dates as dd/mm/yyyy, oui and non."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if not number.is_finite():
            raise BadScalar("a text", value)
        return f"{number.normalize():f}".replace(".", ",")
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y}" if value.time() == time() else f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    raise BadScalar("a text", value)


def _words(expected: str) -> Callable[[Any], str]:
    """A parser that only takes texts."""

    def only_text(value: Any) -> str:
        if not isinstance(value, str):
            raise BadScalar(expected, value)
        return value

    return only_text


def _int(value: Any) -> int:
    if isinstance(value, bool):
        raise BadScalar("a whole number", value)
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        number = Decimal(value)
        if number.is_finite() and abs(number) < _WHOLE and number == int(number):
            return int(number)
        raise BadScalar("a whole number", value)
    match = _INT.fullmatch(_spaced(value)) if isinstance(value, str) else None
    if match is None or len(value) > MAX_DIGITS + 10:
        raise BadScalar("a whole number", value)
    return int(match[1] + match[2].replace(" ", ""))


def _decimal(value: Any, expected: str = "a number like 1234,56") -> Decimal:
    number = _any_decimal(value, expected)
    if abs(number) >= _LARGEST:
        raise BadScalar(expected, value)
    return number


def _any_decimal(value: Any, expected: str) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, float):
        number = Decimal(repr(value))
        if number.is_finite():
            return number
    match = _DECIMAL.fullmatch(_spaced(value)) if isinstance(value, str) else None
    if match is None or len(value) > MAX_DIGITS + 10:
        raise BadScalar(expected, value)
    return (
        Decimal(f"{match[1]}{match[2].replace(' ', '')}.{match[3] or '0'}")
        if match[3]
        else Decimal(match[1] + match[2].replace(" ", ""))
    )


def _money(value: Any) -> Decimal:
    expected = "an amount like 1 234,56 €"
    if isinstance(value, str):
        value = _spaced(value)
        for sign in ("€", "EUR", "euros", "euro"):
            value = value.removesuffix(sign).rstrip()
    amount = _decimal(value, expected)
    cents = round(amount, 2)  # always two decimals, so that a table of amounts shows them
    if amount != cents and not isinstance(value, float):
        raise BadScalar("an amount with at most two decimals", value)
    return cents


def _percent(value: Any) -> Decimal:
    expected = "a percentage like 30 %"
    if isinstance(value, str):
        if not value.endswith("%"):
            raise BadScalar(expected, value)
        return _decimal(_spaced(value[:-1]).strip(), expected) / 100
    return _decimal(value, expected)


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = value.casefold() if isinstance(value, str) else str(int(value)) if value in (0, 1, 0.0, 1.0) else ""
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadScalar("yes or no (oui, non)", value)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        if value.time() != time():
            raise BadScalar("a date without a time", value)
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        text = value.removesuffix(" 00:00:00").removesuffix("T00:00:00")
        for form in _DATE_FORMATS:
            try:
                return parse_with_format(text, form).date()
            except BadDate:
                continue
        try:
            return parse_words(text)
        except BadDate:
            pass
    raise BadScalar("a date like 31/12/2026 or 2026-12-31", value)


def _datetime(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone is the region's, said elsewhere
    if isinstance(value, str):
        day, clock = _split_moment(value)
        try:
            return datetime.combine(_date(day), _time(clock) if clock else time())
        except BadScalar:
            pass
    raise BadScalar("a date and time like 31/12/2026 14:30", value)


def _split_moment(text: str) -> tuple[str, str]:
    parts = re.split(r"T|\s+(?:à\s+)?", _spaced(text), maxsplit=1)
    return parts[0], parts[1].strip() if len(parts) > 1 else ""


def _time(value: Any) -> time:
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    match = _TIME.fullmatch(_spaced(value).replace(" ", "")) if isinstance(value, str) else None
    if match is not None and (match[2] or "h" in match[0]):
        try:
            return time(int(match[1]), int(match[2] or 0), int(match[3] or 0))
        except ValueError:
            pass
    raise BadScalar("a time like 14:30", value)


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(_spaced(value)) if isinstance(value, str) else None
    if match is None:
        raise BadScalar("a duration like 30s, 5 min, 2 h or 10 days", value)
    unit = match[2].casefold()
    key = "w" if unit.startswith("semaine") else unit[0]
    return timedelta(seconds=int(match[1]) * _SECONDS[key])


def _url(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_URL or not _URL.fullmatch(value):
        raise BadScalar("an address like https://portail.example.gouv.fr", value)
    return value


def _path(value: Any) -> str:
    text = str(value) if hasattr(value, "__fspath__") else value
    if not isinstance(text, str) or not text or "\x00" in text or "\n" in text:
        raise BadScalar("the path of a file or folder", value)
    return text


def _email(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_EMAIL or not _EMAIL.fullmatch(value):
        raise BadScalar("an e-mail address like prenom.nom@example.fr", value)
    return value


def _siret(value: Any) -> str:
    expected = "a SIRET: 14 digits whose check digit is right"
    if isinstance(value, float | Decimal) and not isinstance(value, bool):
        value = _int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:014d}"
    if not isinstance(value, str):
        raise BadScalar(expected, value)
    digits = _spaced(value).replace(" ", "")
    if not re.fullmatch(r"\d{14}", digits, re.ASCII) or not _luhn(digits):
        raise BadScalar(expected, value)
    return digits


def _luhn(digits: str) -> bool:
    """The check of a SIRET (INSEE): Luhn's, but for La Poste's offices, whose digits add up to a multiple of 5."""
    if digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return True
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(figure - 9 if figure > 9 else figure for figure in doubled) % 10 == 0  # noqa: PLR2004 - Luhn's nine


def _list(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return tuple(part for piece in re.split(r"[;\n]", value) if (part := piece.strip()))
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return tuple(value)
    raise BadScalar("a list, its parts separated by ;", value)


def _with_format(kind: Kind, text: str, form: str) -> Any:
    try:
        moment = parse_with_format(text, form)
    except BadDate as bad:
        raise BadScalar(phrase("a %(kind)s written like %(form)s", kind=kind.value, form=form), text) from bad
    return moment.date() if kind is Kind.DATE else moment.time() if kind is Kind.TIME else moment


_PARSERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.STR: _text,
    Kind.INT: _int,
    Kind.DECIMAL: _decimal,
    Kind.BOOL: _bool,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.TIME: _time,
    Kind.DURATION: _duration,
    Kind.MONEY: _money,
    Kind.PERCENT: _percent,
    Kind.URL: _url,
    Kind.FILE: _path,
    Kind.FOLDER: _path,
    Kind.EMAIL: _email,
    Kind.SIRET: _siret,
    Kind.CHOICE: _text,
    Kind.LIST: _list,
    Kind.SECRET: _words("the name of a secret"),
}
