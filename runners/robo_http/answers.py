"""What an answer says: JSON as values of the language, rows of lists, the reasons of refusals."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import httpx

from robo.sdk.runner import Call, Row
from robo.sdk.values import MISSING
from robo_http import trouble

WORDS: Final = 300
"""Characters of an answer that a message shows."""
KEPT: Final = 64 * 1024
"""Characters of JSON that a receipt keeps."""
LONGEST_NUMBER: Final = 30


def words_of(response: httpx.Response) -> str:
    """The beginning of what it says, on one line."""
    return " ".join(response.text[: WORDS * 2].split())[:WORDS] or response.reason_phrase


def json_of(call: Call, response: httpx.Response) -> Any:
    """The JSON of an answer; MISSING when it has no content. Raises `PageError` RB881."""
    if not response.content.strip():
        return MISSING
    try:
        return tidy(json.loads(response.content, parse_float=_number, parse_int=_whole, parse_constant=_constant))
    except (ValueError, RecursionError) as bad:
        raise trouble.no_json(call, str(bad)[:WORDS]) from bad


def json_if_any(call: Call, response: httpx.Response) -> Any:
    """The same, MISSING where the answer is something else."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return json_of(call, response) if kind == "application/json" or kind.endswith("+json") else MISSING


def kept(call: Call, response: httpx.Response) -> Any:
    """The JSON that goes into a receipt: what is too large for one is left out."""
    return MISSING if len(response.content) > KEPT else json_if_any(call, response)


def _number(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def tidy(value: Any) -> Any:
    """JSON as expressions read it: null is missing, lists are tuples."""
    if value is None:
        return MISSING
    if isinstance(value, dict):
        return {key: tidy(part) for key, part in value.items()}
    if isinstance(value, list):
        return tuple(tidy(part) for part in value)
    return value


def digits(number: Decimal) -> str:
    """Every digit of it, and no exponent."""
    return f"{number:f}"


def plain(value: Any, fraction: Callable[[Decimal], Any] = digits) -> Any:
    """A value of the language as JSON has it: dates as ISO, what is missing as null, whole numbers as such, others as
    `fraction` makes them."""
    if value is MISSING:
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(part, fraction) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part, fraction) for part in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else fraction(value)
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def as_json(value: Any) -> str:
    """A value of the language as the body of a request. The library's own encoder knows floats only, and rounds."""
    return _encoded(plain(value, lambda number: number))


def _encoded(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_encoded(name)}:{_encoded(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_encoded, value)) + "]"
    return digits(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, allow_nan=False)


def member(value: Any, path: str) -> Any:
    """`data.items` of a mapping, MISSING where it is not there."""
    for part in path.split(".") if path else ():
        value = value.get(part, MISSING) if isinstance(value, Mapping) else MISSING
    return value


def rows_of(call: Call, answer: Any, path: str, first: int, origin: str) -> Iterator[Row]:
    """The rows of one page, numbered from `first`. What one of them does not have, and another has, is missing.

    Raises `PageError` RB882."""
    found = member(answer, path)
    if not isinstance(found, tuple) or not all(isinstance(row, Mapping) for row in found):
        raise trouble.no_rows(call, path)
    flat = [dict(_flat(row)) for row in found]
    columns = dict.fromkeys(name for row in flat for name in row)
    for number, row in enumerate(flat, first):
        values = {name: row.get(name, MISSING) for name in columns}
        text = json.dumps(plain(values, float), sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        yield Row(values=values, place=f"{origin} #{number}", number=number, digest=digest, where={"url": origin})


def _flat(row: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Members by their whole names: `{who: {last: x}}` has the column `who.last`."""
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
