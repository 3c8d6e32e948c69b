"""What the lists of the applications share: which page is asked for, and the address of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from starlette.requests import Request

from robo.sandbox.forms import clean

_LONGEST = 60
_MANY = 10**6


def asked(request: Request, key: str) -> str:
    """What was searched in this field; empty when nothing was."""
    return clean(request.query_params.get(key, ""))[:_LONGEST]


def page_asked(request: Request) -> int:
    """The number of the page, from 1."""
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit()):
        return 1
    return min(int(text), _MANY) if len(text) <= len(str(_MANY)) else _MANY


def addresses(home: str, query: Mapping[str, str]) -> Callable[[int], str]:
    """The address of each page of a list."""
    return lambda page: f"{home}?" + urlencode({**query, "page": str(page)})
