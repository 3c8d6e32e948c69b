"""Values on their way into fields and back: how each is written, and whether a field now says the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from robo.sdk.targets import Target
from robo.sdk.values import MISSING, BadScalar, Kind, parse
from robo_browser.snapshots import snapshot_job, snapshot_words

LONG: Final = 6
"""Digits from which separators between them carry no meaning (telephone, account, dossier numbers)."""
DATED: Final = 32
"""Characters of the longest text that can be a date or a time."""
NUMERIC: Final = re.compile(r"[-+\d\s.,€%]+")
GROUPS: Final = re.compile(r"[+(]?\d[\d\s./()-]*")
CENTS: Final = re.compile(r"[^.,]*[.,]\d{1,2}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One field to be entered: where, what, and how it may look afterwards."""

    label: str
    targets: tuple[Target, ...]
    value: Any
    choose: bool = False
    """One of a list is to be chosen: a field that opens a list of its own gets a click, not only a text."""

    def job(self, date_format: str, within: Target | None) -> dict[str, Any]:
        """What the page needs to enter it: the value in every form a field may ask for."""
        value = self.value
        many = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        text = ", ".join(as_text(part, date_format) for part in many)
        return {
            "targets": [target_job(target, date_format, within) for target in self.targets],
            "text": text,
            "texts": [as_text(part, date_format) for part in many],
            "values": [_plain(part) for part in many],
            "empty": text == "",
            "on": as_switch(value),
            "iso": _iso(value),
            "dot": _dot(value),
            "choose": self.choose,
        }


def as_text(value: Any, date_format: str) -> str:
    """A value as a person of the region writes it into a text field."""
    if value is MISSING or value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return value.strftime(f"{date_format} %H:%M")
    if isinstance(value, date):
        return value.strftime(date_format)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    return str(value)


def as_switch(value: Any) -> bool | None:
    """Whether a box is to be ticked. None: the value is no yes or no, so it can only be the name of one box."""
    if value is MISSING or value is None or value == "":
        return False
    try:
        return bool(parse(Kind.BOOL, value))
    except BadScalar:
        return None


def _plain(value: Any) -> str:
    """The value behind a choice, as programs write it."""
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is MISSING or value is None else str(value)


def _dot(value: Any) -> str | None:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str) and NUMERIC.fullmatch(value):
        number = _number(value)
        return None if number is None else f"{number:f}"
    return None


def _iso(value: Any) -> dict[str, str]:
    """The value of each kind of date field. A text that is a date counts as one."""
    moment = value
    if isinstance(value, str) and value[:1].isdigit() and len(value) <= DATED:
        moment = _maybe(Kind.DATE, value) or _maybe(Kind.DATETIME, value) or _maybe(Kind.TIME, value)
    if isinstance(moment, datetime):
        return {**_days(moment.date()), "datetime-local": moment.strftime("%Y-%m-%dT%H:%M"), "time": f"{moment:%H:%M}"}
    if isinstance(moment, date):
        return {**_days(moment), "datetime-local": f"{moment.isoformat()}T00:00"}
    if isinstance(moment, time):
        return {"time": moment.strftime("%H:%M:%S" if moment.second else "%H:%M")}
    return {}


def _days(day: date) -> dict[str, str]:
    year, week, _ = day.isocalendar()
    return {"date": day.isoformat(), "month": f"{day:%Y-%m}", "week": f"{year}-W{week:02}"}


def _maybe(kind: Kind, text: str) -> Any:
    try:
        return parse(kind, text)
    except BadScalar:
        return None


def _number(text: str) -> Decimal | None:
    for kind in (Kind.DECIMAL, Kind.MONEY):
        number = _maybe(kind, text)
        if isinstance(number, Decimal):
            return number
    dotted = text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+\.\d+", text) else ""
    return Decimal(dotted) if dotted else None


def same(entered: Any, job: Mapping[str, Any], seen: Mapping[str, Any], date_format: str) -> bool:
    """Whether what a field shows is what was entered, however the page writes it."""
    if seen["kind"] == "choice":
        return bool(seen["same"])
    shown = str(seen["text"])
    if seen["kind"] == "number":
        return _same_number(str(job["dot"] or job["text"]), shown)
    text = str(job["text"])
    if _bare(shown) == _bare(text):
        return True
    if not shown.strip() or not text.strip():
        return False
    if isinstance(entered, date | time):
        return _same_moment(entered, shown, date_format)
    if isinstance(entered, str) and _maybe(Kind.DATE, text) is not None:
        return bool(_maybe(Kind.DATE, text) == _maybe(Kind.DATE, shown))
    return _same_number(text, shown) or _same_digits(text, shown)


def _same_moment(entered: date | time, shown: str, date_format: str) -> bool:
    kind = Kind.TIME if isinstance(entered, time) else Kind.DATETIME if isinstance(entered, datetime) else Kind.DATE
    try:
        read = parse(kind, shown, format=date_format if kind is Kind.DATE else None)
    except BadScalar:
        read = _maybe(kind, shown)
    return bool(read == entered) or re.findall(r"\d+", shown) == re.findall(r"\d+", as_text(entered, date_format))


def _same_number(text: str, shown: str) -> bool:
    one, other = _number(text), _number(shown)
    return one is not None and one == other and not (text.strip().startswith("0") and text.strip() != "0" and one > 1)


def _same_digits(text: str, shown: str) -> bool:
    """Long numbers are the same whatever stands between their digits; amounts are not such numbers."""
    if not GROUPS.fullmatch(text.strip()) or not GROUPS.fullmatch(shown.strip()):
        return False
    if CENTS.fullmatch(text.strip()) or CENTS.fullmatch(shown.strip()):
        return False
    one, other = re.sub(r"\D", "", text), re.sub(r"\D", "", shown)
    return one == other and len(one) >= LONG


def _bare(text: str) -> str:
    """Blanks and case are the page's affair."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text)).casefold()


def target_job(target: Target, date_format: str, within: Target | None = None) -> dict[str, Any]:
    """A target as the page's script takes it; `within` goes around the outermost one."""
    inner = target.within
    around = within if inner is None else inner
    rest = within if inner is not None else None
    job: dict[str, Any] = {"name": target.name, "role": target.role, "css": target.css, "nth": target.nth}
    if target.row is not None:
        job["row"] = {column: cell_texts(value, date_format) for column, value in target.row.items()}
        job["column"] = target.column
    if target.snapshot is not None:
        job["snapshot"] = snapshot_job(target.snapshot)
    if around is not None:
        job["within"] = target_job(around, date_format, rest)
    return {name: value for name, value in job.items() if value is not None}


def cell_texts(value: Any, date_format: str) -> list[str]:
    """How a cell may write a value: the region's way, the international way."""
    texts = [as_text(value, date_format), _plain(value)]
    if isinstance(value, Decimal):
        texts += [f"{value:.2f}".replace(".", ","), f"{value:.2f} €".replace(".", ","), f"{value.normalize():f}"]
    return list(dict.fromkeys(texts))


def target_words(target: Target) -> str:
    """A target as a person reads it in a message."""
    if target.css is not None:
        words = f"css={target.css}"
    elif target.snapshot is not None:
        words = snapshot_words(target.snapshot)
    elif target.row is not None:
        cells = ", ".join(f"{column}: {value}" for column, value in target.row.items())
        words = f"row {{{cells}}}" + (f" › {target.column}" if target.column else "")
    else:
        words = f"{target.role} «{target.name}»" if target.role else f"«{target.name}»"
    if target.nth is not None:
        words += f" n° {target.nth}"
    return words if target.within is None else f"{words} in {target_words(target.within)}"
