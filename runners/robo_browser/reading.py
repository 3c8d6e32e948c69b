"""Texts of a page become typed values: the first group of `match`, then the parsers workbooks use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robo.sdk.errors import Failure
from robo.sdk.targets import Read
from robo.sdk.values import MISSING, BadScalar, parse


class Unfit(Failure):
    """What was read is not of the wanted form (yet)."""


def value_of(name: str, read: Read, texts: Sequence[str]) -> Any:
    """The value of one read. Raises `Unfit` when no text matches or is of the type; MISSING if it need not."""
    values = [_typed(name, read, part) for text in texts if (part := matched(read, text)) is not None]
    if read.all:
        return tuple(values)
    if values:
        return values[0]
    if not read.required:
        return MISSING
    raise Unfit(
        "RB711",
        "%(name)s was to be read, but «%(text)s» does not match %(match)s",
        remedy="look at the page, and correct `match`",
        name=name,
        text=" · ".join(texts)[:200],
        match=read.match,
    )


def matched(read: Read, text: str) -> str | None:
    """The first group of `match` in `text` (the whole match without groups); None when it does not match."""
    if read.match is None:
        return text.strip()
    import re2  # type: ignore[import-untyped]  # google-re2 has no stubs

    found = re2.search(read.match, text)
    if found is None:
        return None
    return str(found.group(1) if found.re.groups else found.group(0)).strip()


def _typed(name: str, read: Read, text: str) -> Any:
    try:
        return parse(read.type, text, format=read.format)
    except BadScalar as bad:
        raise Unfit(
            "RB712",
            "%(name)s was read as «%(text)s», which is not %(expected)s",
            remedy="look at the page; `match` cuts the value out of a longer text",
            name=name,
            text=bad.got,
            expected=bad.expected,
        ) from None
