"""Which requests a step may send: what is decided for each, without touching the network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import parse_qs, urlsplit

from robo.sdk.runner import HostRule
from robo.sdk.values import Effect

HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
MESSAGE: Final = "WS"
"""The method of a message over a WebSocket, in `reads: [WS /path]`."""


class Verdict(StrEnum):
    """What happens to one request."""

    PASS = "pass"  # noqa: S105 - not a password
    EFFECT = "effect"  # the submit's own: counted, sent once
    LATE = "late"  # the submit's own, after its deadline
    BLOCK = "block"  # declared by nobody


@dataclass(frozen=True, slots=True)
class Step:
    """What the present step may do. Between steps the last one's rights hold on."""

    effect: Effect = Effect.READ
    in_once: bool = False
    signs_in: bool = False
    passed_gate: bool = False
    until: float = 0.0
    """End of the submit's time by the monotonic clock; `until_wall` by the calendar's."""
    until_wall: float = 0.0

    def open_at(self, now: float, wall: float) -> bool:
        """Whether the submit's time is not over on either clock."""
        return self.passed_gate and now < self.until and wall < self.until_wall


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, as far as its rules go."""

    method: str
    url: str
    body: str = ""


def judge(sent: Sent, step: Step, hosts: Sequence[HostRule], *, dry_run: bool, now: float, wall: float) -> Verdict:
    """May this request leave now?"""
    if sent.method in HARMLESS or step.signs_in or declared(sent, hosts, "reads"):
        return Verdict.PASS
    if step.effect is Effect.DRAFT or (step.in_once and declared(sent, hosts, "drafts")):
        return Verdict.PASS
    if step.effect is Effect.SUBMIT and not dry_run:
        if not step.passed_gate:
            return Verdict.BLOCK
        return Verdict.EFFECT if step.open_at(now, wall) else Verdict.LATE
    return Verdict.BLOCK


def declared(sent: Sent, hosts: Sequence[HostRule], kind: str) -> bool:
    """Whether a host declares this request under `reads` or `drafts`."""
    return any(
        matches(rule, sent) for host in hosts if origin(sent.url) == origin(host.origin) for rule in getattr(host, kind)
    )


def matches(rule: str, sent: Sent) -> bool:
    """`METHOD /path*`, and for applications with one address also `field=value` of the body."""
    method, _, rest = rule.strip().partition(" ")
    path, _, condition = rest.strip().partition(" ")
    if method.upper() != sent.method or not fnmatchcase(urlsplit(sent.url).path or "/", path or "/"):
        return False
    return not condition or _says(condition.strip(), sent.body)


def _says(condition: str, body: str) -> bool:
    field, _, value = condition.partition("=")
    try:
        tree = json.loads(body)
    except ValueError:
        return value in parse_qs(body).get(field, ())
    return isinstance(tree, dict) and str(tree.get(field)) == value


def origin(url: str) -> str:
    """`scheme://host:port`, with the port always said; `ws` counts as `http`."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    port = parts.port or {"http": 80, "https": 443}.get(scheme, 0)
    return f"{scheme}://{(parts.hostname or '').lower()}:{port}"


def place_of(url: str) -> str:
    """A request's address for a person: without its query, which may hold anything."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
