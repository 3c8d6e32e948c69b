"""What is said of an event, compared with what its type may say, before anything is written.

What does not fit is a fault of robo, found by its tests, where it is an error. At work it must neither undo what was
done in an application nor be lost: what does not fit moves into the payload, which is purged, and the entry says how
many members did.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from robo.errors import InfrastructureError
from robo.model.audit import EventType
from robo.model.events import ACTOR, ID, NAME, SAID, Said
from robo.proof.canonical import DEEPEST, LARGEST, canonical

LARGEST_PAYLOAD: Final = 65_536
"""Bytes of a payload in canonical JSON."""
SHORTEST: Final = 100
"""Characters that are left of a long text, at least."""
_ROOM: Final = 8_000
"""Characters of what a page said, all of it together."""
MOVED: Final = "undeclared"
"""In an entry: how many members were moved into its payload; in the payload: those members."""


class Draft(NamedTuple):
    """What an emitter says of an event."""

    actor: str
    obj: str
    cause: str
    data: Mapping[str, Any]
    payload: Mapping[str, Any] | None


def fitting(kind: EventType, region: str, draft: Draft) -> Draft:
    """The draft of an event as it may be written.

    `InfrastructureError` RB686 for a type that is not declared; in tests RB685 for a member that is not."""
    said = SAID.get(kind)
    if said is None:
        raise InfrastructureError(
            "RB686",
            "there is no event %(type)s: nothing says what it may hold",
            place=f"audit/{kind}",
            remedy="this is a fault of robo: declare it in robo/model/events.py",
            type=str(kind),
        )
    known, payload = said.data, draft.payload
    for name, value in draft.data.items():
        if name not in known or not known[name].holds(value):
            return _moved(kind, said, draft)
    named = NAME.holds(region) and ACTOR.holds(draft.actor) and said.obj.holds(draft.obj) and ID.holds(draft.cause)
    if not named:
        return _moved(kind, said, draft)
    if payload is not None and not payload.keys() <= said.payload and _is_tested():
        raise _undeclared(kind, sorted(payload.keys() - said.payload))
    return draft


def payload_bytes(kind: EventType, payload: Mapping[str, Any]) -> bytes:
    """A payload in canonical JSON; what has no such form (a fraction, half a character of a page) is written as text.

    `InfrastructureError` RB687 when it is larger than `LARGEST_PAYLOAD`: nothing of the commit is written then."""
    try:
        body = canonical(payload)
    except InfrastructureError:
        body = canonical(_written(payload, 1))
    if len(body) > LARGEST_PAYLOAD:
        raise InfrastructureError(
            "RB687",
            "what is said beside the event %(type)s has %(size)s bytes, and %(most)s are the most",
            place=f"audit/{kind.value}/{_longest(payload)}",
            remedy="nothing was written; give a shorter text, or put it into a file and name the file",
            type=kind.value,
            size=len(body),
            most=LARGEST_PAYLOAD,
        )
    return body


def shortened(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a page said, short enough for a payload: of a long text its beginning, how long it is, and its digest.

    A page may not decide whether what was done there can be written down."""
    return {name: _short(value, _ROOM) for name, value in said.items()}


def _short(value: Any, room: int) -> Any:
    if isinstance(value, Mapping):
        each = max(SHORTEST, room // max(1, len(value)))
        return {name: _short(inner, each) for name, inner in value.items()}
    return _beginning(value, room) if isinstance(value, str) and len(value) > room else value


def _beginning(text: str, most: int) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[:most]}… ({len(text)} characters, SHA-256 {digest})"


def _is_tested() -> bool:
    return os.environ.get("ROBO_TESTING") == "1"


def _moved(kind: EventType, said: Said, draft: Draft) -> Draft:
    actor, obj, cause, data, payload = draft
    fits = {name: value for name, value in data.items() if name in said.data and said.data[name].holds(value)}
    moved = {name: value for name, value in data.items() if name not in fits}
    if not ACTOR.holds(actor):
        moved["actor"], actor = actor, "unknown"
    if not said.obj.holds(obj):
        moved["obj"], obj = obj, ""
    if not ID.holds(cause):
        moved["cause"], cause = cause, ""
    if _is_tested():
        raise _undeclared(kind, sorted(moved) or ["region"])
    return Draft(actor, obj, cause, {**fits, MOVED: len(moved)}, {**(payload or {}), MOVED: moved})


def _undeclared(kind: EventType, names: list[str]) -> InfrastructureError:
    return InfrastructureError(
        "RB685",
        "the event %(type)s says what it may not: %(names)s is not declared, or is of another kind",
        place=f"audit/{kind.value}/{names[0]}",
        remedy="this is a fault of robo: declare it in robo/model/events.py, or put it into the payload",
        type=kind.value,
        names=", ".join(names),
    )


def _longest(payload: Mapping[str, Any]) -> str:
    return max(payload, key=lambda name: len(str(payload[name])), default="")


def _written(value: Any, depth: int) -> Any:
    """`value` in what canonical JSON has: everything else as its text, a lone surrogate as `\\ud83d`."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST:
        return value
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {_unicode(str(name)): _written(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple) and depth < DEEPEST:
        return [_written(each, depth + 1) for each in value]
    return _unicode(str(value))


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
