"""What `+ - * / // % ~ == < in` and conditions mean. Types are never mixed by guessing.

Numbers are `int` and `Decimal`; `/` gives a `Decimal`, or an `int` when it comes out even. A date plus or minus a
duration is a date, a date minus a date a duration.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal, DecimalException
from typing import Any, Final

from robo.errors import BadExpression, MissingValue
from robo.model.base import MISSING
from robo.model.dates import format_date

TABLES: Final = "$tables"
"""Name in a scope under which the tables stand, by name: no expression can mention it."""
HOLIDAYS: Final = "$holidays"
"""A container of dates nobody works on (Saturdays and Sundays apart)."""
DATE_FORMAT: Final = "$date_format"

MAX_TEXT: Final = 100_000
MAX_LIST: Final = 20_000
MAX_NUMBER: Final = Decimal(10) ** 27
BUDGET: Final = 500_000
"""Steps one evaluation may take; a step is a node, a character or a member that a filter looks at."""


@dataclass(slots=True)
class World:
    """What one evaluation sees and what it may still spend."""

    names: Mapping[str, Any]
    budget: int = BUDGET

    def spend(self, steps: int) -> None:
        """Raises `BadExpression` RB321 when the evaluation has become too long."""
        self.budget -= steps
        if self.budget < 0:
            raise BadExpression("RB321", "the expression takes too long with these values")

    @property
    def tables(self) -> Mapping[str, Mapping[str, str]]:
        tables: Mapping[str, Mapping[str, str]] = self.names.get(TABLES, {})
        return tables

    @property
    def holidays(self) -> Container[date]:
        days: Container[date] = self.names.get(HOLIDAYS, ())
        return days

    @property
    def date_format(self) -> str:
        return str(self.names.get(DATE_FORMAT, "%d/%m/%Y"))


def kind_of(value: Any) -> str:
    """The type of a value in the words of messages."""
    for kind, types in _KINDS:
        if isinstance(value, types):
            return kind
    return type(value).__name__


_KINDS: Final[tuple[tuple[str, Any], ...]] = (
    ("text", str),
    ("yes or no", bool),
    ("number", (int, Decimal)),
    ("date and time", datetime),
    ("date", date),
    ("time", time),
    ("duration", timedelta),
    ("mapping", Mapping),
    ("list", (list, tuple)),
)


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def there(value: Any, label: str) -> Any:
    """`value`, or `MissingValue` when it is not there."""
    if value is MISSING or value is None:
        raise MissingValue(label)
    return value


def wrong(operation: str, *values: Any) -> BadExpression:
    """An operation that does not exist between these types."""
    return BadExpression(
        "RB320",
        "%(operation)s does not work with %(kinds)s",
        operation=operation,
        kinds=tuple(kind_of(value) for value in values),
    )


def bounded(number: int | Decimal) -> int | Decimal:
    """`number`, unless it has left the range that amounts and counts have."""
    if isinstance(number, Decimal) and not number.is_finite():
        raise BadExpression("RB321", "a number is too large")
    if not -MAX_NUMBER <= number <= MAX_NUMBER:
        raise BadExpression("RB321", "a number is too large")
    return number


def bounded_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise BadExpression("RB321", "a text has more than %(most)s characters", most=MAX_TEXT)
    return text


def calculate(sign: str, left: Any, right: Any) -> Any:
    """`left sign right` for `+ - * / // %`."""
    try:
        if is_number(left) and is_number(right):
            return bounded(_NUMBERS[sign](left, right))
        if sign in "+-":
            return _moments(sign, left, right)
        if sign == "*" and isinstance(left, timedelta) and isinstance(right, int) and not isinstance(right, bool):
            return left * right
    except (OverflowError, DecimalException) as bad:
        raise BadExpression("RB321", "a number is too large") from bad
    raise wrong(sign, left, right)


def _moments(sign: str, left: Any, right: Any) -> Any:
    if isinstance(right, timedelta) and isinstance(left, timedelta | date):
        whole = right.seconds == 0 and right.microseconds == 0
        if isinstance(left, datetime | timedelta) or whole:
            return left + right if sign == "+" else left - right
    if sign == "-" and isinstance(left, date) and type(left) is type(right):
        return left - right
    raise wrong(sign, left, right)


def _divide(left: Any, right: Any) -> Any:
    if right == 0:
        raise BadExpression("RB322", "a division by zero")
    exact = Decimal(left) / Decimal(right)
    whole = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if whole else exact


def _floor(left: Any, right: Any) -> Any:
    if right == 0:
        raise BadExpression("RB322", "a division by zero")
    if isinstance(left, int) and isinstance(right, int):
        return left // right
    return int((Decimal(left) / Decimal(right)).to_integral_value(ROUND_FLOOR))


_NUMBERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "//": _floor,
    "%": lambda left, right: left - right * _floor(left, right),
}


def compare(sign: str, left: Any, right: Any, labels: tuple[str, str]) -> bool:
    """`left sign right` for `== != < <= > >= in notin`. Different types are never silently unequal."""
    if sign in ("in", "notin"):
        return _inside(left, there(right, labels[1])) is (sign == "in")
    if left is MISSING or right is MISSING:
        if sign in ("eq", "ne"):
            return (left is right) is (sign == "eq")
        raise MissingValue(labels[0] if left is MISSING else labels[1])
    same = (is_number(left) and is_number(right)) or kind_of(left) == kind_of(right)
    if not same:
        raise wrong(_SIGNS[sign], left, right)
    if sign not in ("eq", "ne") and isinstance(left, bool | Mapping | list | tuple):
        raise wrong(_SIGNS[sign], left, right)
    try:
        return bool(_COMPARISONS[sign](left, right))
    except TypeError as bad:
        raise wrong(_SIGNS[sign], left, right) from bad


def _inside(value: Any, among: Any) -> bool:
    if isinstance(among, str) and isinstance(value, str):
        return value in among
    if isinstance(among, Mapping):
        return isinstance(value, str) and value in among
    if is_list(among):
        return any(value == part and isinstance(value, bool) == isinstance(part, bool) for part in among)
    raise wrong("in", value, among)


_SIGNS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
}


def decide(value: Any, label: str) -> bool:
    """A condition's answer: yes or no, and no for what is missing. Anything else is no answer."""
    if value is MISSING:
        return False
    if isinstance(value, bool):
        return value
    raise BadExpression(
        "RB323",
        "%(name)s is a %(kind)s, not yes or no",
        remedy="compare it: is missing, == '…', | length > 0",
        name=label,
        kind=kind_of(value),
    )


def as_text(value: Any, label: str, date_format: str) -> str:
    """A value inside a text: dates in the region's format, numbers with a comma, oui and non."""
    value = there(value, label)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, datetime):
        return f"{format_date(value, date_format)} {value:%H:%M}"
    if isinstance(value, date):
        return format_date(value, date_format)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, timedelta):
        return _duration(value)
    if hasattr(value, "__fspath__"):
        return str(value)
    raise BadExpression(
        "RB324",
        "%(name)s is a %(kind)s, which has no text of its own",
        remedy="name a member of it, or | join(', ') a list",
        name=label,
        kind=kind_of(value),
    )


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for size, unit in ((86_400, " days"), (3600, " h"), (60, " min")):
        if seconds % size == 0 and seconds:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
