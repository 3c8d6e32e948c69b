"""Filters of texts. Cost is counted in characters; patterns are RE2's, whose time grows with the text only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from robo.definition.filters.base import ANY, bad_value, filter_of, text_argument
from robo.definition.operators import MAX_TEXT, World, as_text, bounded_text
from robo.errors import BadExpression, Rejection
from robo.model.base import MISSING
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse

MAX_NAME = 120
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_WORD = re.compile(r"[^\W\d_]+")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.I)


@filter_of("text", gives="text")
def upper(world: World, value: str) -> str:
    world.spend(len(value))
    return bounded_text(value.upper())


@filter_of("text", gives="text")
def lower(world: World, value: str) -> str:
    world.spend(len(value))
    return bounded_text(value.lower())


@filter_of("text", gives="text")
def title(world: World, value: str) -> str:
    """`JEAN-PIERRE d'arc` -> `Jean-Pierre D'Arc`."""
    world.spend(len(value))
    return bounded_text(_WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), value))


@filter_of("text", gives="text")
def strip(world: World, value: str) -> str:
    world.spend(len(value))
    return value.strip()


@filter_of("text", "list", gives="same")
def compact(world: World, value: Any) -> Any:
    """A text with single blanks; a list without what is missing or empty."""
    world.spend(len(value))
    if isinstance(value, str):
        return " ".join(value.split())
    return tuple(part for part in value if part is not MISSING and part != "")


@filter_of("text", gives="text")
def slug(world: World, value: str) -> str:
    """`N° demande` -> `n-demande`."""
    world.spend(len(value))
    plain = "".join(char for char in unicodedata.normalize("NFKD", value.casefold()) if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@filter_of("text", gives="text")
def filename(world: World, value: str) -> str:
    """A name that every file system takes, accents kept: `A/B: c` -> `A-B- c`."""
    world.spend(len(value))
    name = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", value)).strip(" .")[:MAX_NAME].strip(" .")
    if not name or _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name


@filter_of("text", gives="text", least=2)
def replace(world: World, value: str, old: Any, new: Any) -> str:
    """Every `old` becomes `new`."""
    old, new = text_argument(old, "replace"), text_argument(new, "replace")
    if not old:
        raise BadExpression("RB325", "replace cannot look for an empty text")
    world.spend(len(value))
    if len(value) + value.count(old) * (len(new) - len(old)) > MAX_TEXT:
        raise BadExpression("RB321", "a text has more than %(most)s characters", most=MAX_TEXT)
    return value.replace(old, new)


@filter_of("text", "list", gives="yes or no", least=1)
def contains(world: World, value: Any, part: Any) -> bool:
    """Whether a text holds another, or a list a value."""
    world.spend(len(value))
    if isinstance(value, str):
        return text_argument(part, "contains") in value
    return any(part == each and type(part) is type(each) for each in value)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import re2  # type: ignore[import-untyped]  # google-re2 has no stubs

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as bad:
        raise BadExpression("RB325", "this is not a regular expression: %(pattern)s", pattern=pattern) from bad


@filter_of("text", gives="text", least=1, most=2)
def match(world: World, value: str, pattern: Any, group: Any = None) -> Any:
    """The first group of the first match (or the one asked for, or the whole); missing without a match."""
    world.spend(len(value))
    compiled = _compiled(text_argument(pattern, "match"))
    found = compiled.search(value)
    if found is None:
        return MISSING
    wanted = (1 if compiled.groups else 0) if group is None else group
    if (isinstance(wanted, int) and not 0 <= wanted <= compiled.groups) or (
        isinstance(wanted, str) and wanted not in compiled.groupindex
    ):
        raise BadExpression("RB325", "the pattern has no group %(group)s", group=wanted)
    text = found.group(wanted)
    return MISSING if text is None else text


@filter_of("text", gives="list", most=1)
def split(world: World, value: str, separator: Any = None) -> tuple[str, ...]:
    """The parts between separators (blanks when none is said), each without blanks around it."""
    world.spend(len(value))
    if separator is not None and not text_argument(separator, "split"):
        raise BadExpression("RB325", "split cannot use an empty separator")
    return tuple(part.strip() for part in value.split(separator))


@filter_of("list", gives="text", most=1)
def join(world: World, value: Any, separator: Any = ", ") -> str:
    """One text of a list; what is missing is left out."""
    between = text_argument(separator, "join")
    parts = [as_text(part, "a part of the list", world.date_format) for part in value if part is not MISSING]
    size = sum(map(len, parts)) + len(between) * len(parts)
    world.spend(size)
    if size > MAX_TEXT:
        raise BadExpression("RB321", "a text has more than %(most)s characters", most=MAX_TEXT)
    return between.join(parts)


@filter_of("text", "number", gives="text")
def digits(world: World, value: Any) -> str:
    """Only the digits: `06 12-34` -> `061234`."""
    text = str(value)
    world.spend(len(text))
    return "".join(char for char in text if char in "0123456789")


@filter_of("text", "number", gives="text")
def siret(_world: World, value: Any) -> str:
    """Fourteen digits, checked."""
    try:
        return str(parse(Kind.SIRET, value))
    except BadScalar as bad:
        raise bad_value(bad) from bad


@filter_of("text", "number", gives="text", least=1, most=2)
def table(world: World, value: Any, name: Any, otherwise: Any = None) -> Any:
    """What the table says for `value`; without a row for it, the second argument or a rejection."""
    rows: Mapping[str, str] | None = world.tables.get(text_argument(name, "table"))
    if rows is None:
        raise BadExpression("RB312", "there is no table %(table)s", table=name)
    text = as_text(value, "the value", world.date_format)
    world.spend(1)
    if text in rows:
        return rows[text]
    if otherwise is not None:
        return otherwise
    raise Rejection(
        "not-in-table",
        "%(value)s is not in the table %(table)s",
        remedy="add the row to the table, in the process or in the region's file",
        value=text,
        table=name,
    )


@filter_of(ANY, gives="same", least=1, missing=True)
def default(_world: World, value: Any, otherwise: Any) -> Any:
    """`otherwise` for what is missing or blank."""
    blank = value is MISSING or (isinstance(value, str) and not value.strip())
    return otherwise if blank else value
