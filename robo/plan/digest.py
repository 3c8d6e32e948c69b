"""One number for everything a plan says: the same on every machine, another one when any value changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from robo.model.base import Value
from robo.model.process import Step
from robo.model.text import Expr, Template
from robo.proof.canonical import canonical
from robo.sdk.action import ActionSpec

LANGUAGE = "1"
"""The version of the definition language (`robo: 1`)."""
PLACES = frozenset({"path", "positions", "lines", "file"})
"""Members that say where something was written, not what it says."""


def digest_of(value: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of `value` and of the language's version."""
    return _sha256({"robo": LANGUAGE, "plan": plain(value)})


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def plain(value: Any) -> Any:
    """`value` as JSON: places left out, absent and empty members too, so that a new member changes no old digest."""
    if isinstance(value, ActionSpec):
        return {"name": value.name, "effect": value.effect.value, "proof": value.proof.value}
    if isinstance(value, Expr | Template):
        return {"$": value.source}
    if isinstance(value, Step):
        return _sha256(_members({name: getattr(value, name) for name in Step.model_fields}))  # keeps the tree flat
    if isinstance(value, Value):
        return _members({name: getattr(value, name) for name in type(value).model_fields})
    if is_dataclass(value) and not isinstance(value, type):
        return _members({member.name: getattr(value, member.name) for member in fields(value)})
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return f"{value // timedelta(milliseconds=1)} ms"
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)


def _members(members: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: plain(value) for name, value in members.items() if name not in PLACES}
    return {name: value for name, value in kept.items() if value not in (None, "", [], {})}
