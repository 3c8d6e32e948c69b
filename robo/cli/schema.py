"""The JSON Schema of a process, from the same declarations as validation. For editors: `robo process validate` is
what decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robo.cli.reference import parameters
from robo.definition.controls import WAYS
from robo.definition.keys import RULE
from robo.model.process import Kind
from robo.sdk.action import ActionSpec

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
ANYTHING: Final[Schema] = {}
TEXTS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
LIST: Final[Schema] = {"type": "array"}
STEPS: Final[Schema] = {"type": "array", "items": {"$ref": "#/$defs/step"}}
WITH_ANY_STEP: Final[Mapping[str, Schema]] = {
    "id": TEXT,
    "when": TEXT,
    "title": TEXT,
    "optional": TEXT,
}
WITH_AN_ACTION: Final[Mapping[str, Schema]] = {
    "once": TEXT,
    "verify": ANYTHING,
    "refused": LIST,
    "read": {"type": "object"},
    "expect": ANYTHING,
    "settle": TEXT,
    "unverifiable": TEXT,
    "was": TEXT,
    "timeout": TEXT,
    "within": ANYTHING,
    "confirm": {"enum": ["accept", "dismiss"]},
    "effect": {"enum": ["read", "local", "draft", "submit"]},
}


def _closed(properties: Mapping[str, Any]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


CONTROL: Final[Mapping[str, Schema]] = {
    "skip_if": {"skip_if": TEXT, "code": TEXT, "message": TEXT},
    "reject_if": {"reject_if": TEXT, "code": TEXT, "message": TEXT},
    "hand_over_if": {"hand_over_if": TEXT, "code": TEXT, "message": TEXT},
    "check": {
        "check": {"type": "array", "items": _closed(dict.fromkeys(RULE, TEXT))},
        "else": {"enum": list(WAYS)},
    },
    "note": {"note": TEXT},
    "for_each": {"for_each": TEXT, "as": TEXT, "key": TEXT, "do": STEPS},
    "repeat": {"repeat": _closed({"do": STEPS, "until": TEXT, "next": STEPS, "max": TEXT})},
    "choose": {
        "choose": {
            "type": "array",
            "items": {"anyOf": [_closed({"when": TEXT, "do": STEPS}), _closed({"else": STEPS})]},
        }
    },
    "output": {"output": {"type": "object"}},
    "extension": {"extension": TEXT},
    "set": {"set": {"type": "object"}},
}
BLOCK: Final = ("once", "verify", "refused", "read", "expect", "settle", "unverifiable", "was", "within")
RESCUE: Final[Schema] = {"type": "array", "items": _closed({"on": ANYTHING, "do": STEPS})}
LEFTOVER: Final[Schema] = _closed({"finder": TEXT, "when": TEXT, "do": STEPS})


def process_schema(actions: Mapping[str, ActionSpec]) -> Schema:
    """Draft 2020-12. Every key of the language, every action with its parameters; expressions are text."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "robo process",
        "type": "object",
        "required": ["robo", "process", "title", "steps"],
        "additionalProperties": False,
        "properties": _top(),
        "$defs": {"step": {"anyOf": [*_controls(), _block(), *(_step(spec) for spec in actions.values())]}},
    }


def _top() -> Schema:
    field = {
        "anyOf": [
            TEXT,
            _closed(
                dict.fromkeys(("column", "required", "default", "pattern", "match", "format", "sensitive"), TEXT)
                | {"type": {"enum": [kind.value for kind in Kind]}, "choices": LIST}
            ),
        ]
    }
    wanted = _closed(
        dict.fromkeys(("title", "required", "default", "overlay", "sensitive"), TEXT)
        | {"type": {"enum": [kind.value for kind in Kind]}, "choices": LIST}
    )
    return {
        **dict.fromkeys(("robo", "process", "title", "version", "owner", "decision_role"), TEXT),
        "record": {"type": "object"},
        "inputs": _each(wanted),
        "secrets": _each(_closed({"kind": TEXT})),
        "hosts": _each(_closed({"url": TEXT, "reads": LIST, "drafts": LIST})),
        "tables": _each(_closed({"overlay": TEXT, "rows": TEXTS})),
        "finders": _each({"type": "object"}),
        "sessions": _closed({"span": TEXT, "page": TEXT, "slots": TEXT, "account": TEXT}),
        "limits": _closed({"items": TEXT, "effects": TEXT, "rows": TEXT, "stop_after": {"type": "object"}}),
        "counts": _closed(dict.fromkeys(("unit", "each", "as", "key", "done_by", "period"), TEXT)),
        "on_failure": _closed({"retry": TEXT, "wait": TEXT, "backoff": TEXT, "keep": LIST}),
        "again": ANYTHING,
        "items": _items(field),
        "popups": {"type": "array", "items": _closed({"see": ANYTHING, "dismiss": ANYTHING})},
        "setup": STEPS,
        "start": STEPS,
        "steps": STEPS,
        "on_rejected": STEPS,
        "on_skipped": STEPS,
        "finish": STEPS,
    }


def _items(field: Schema) -> Schema:
    milestones = {
        "before": TEXT,
        "at": ANYTHING,
        "on_closed": {"enum": ["previous", "next", "same_day"]},
        "catch_up": {"enum": ["until_next", "never"]},
    }
    return _closed(
        {
            "from": {"type": ["object", "array"]},
            "fields": _each(field),
            "let": TEXTS,
            "only_if": TEXT,
            "group": _closed({"by": TEXT, "as": TEXT}),
            "bad_rows": {"enum": ["group", "row"]},
            "milestones": _closed(milestones),
            "key": TEXT,
        }
    )


def _each(shape: Mapping[str, Any]) -> Schema:
    return {"type": "object", "additionalProperties": dict(shape)}


def _controls() -> list[Schema]:
    return [{**_closed({**WITH_ANY_STEP, **own}), "required": [name]} for name, own in CONTROL.items()]


def _block() -> Schema:
    own = {name: WITH_AN_ACTION[name] for name in BLOCK}
    own |= {"rescue": RESCUE, "leftover": LEFTOVER}
    return {**_closed({**WITH_ANY_STEP, **own, "do": STEPS}), "required": ["do"]}


def _step(spec: ActionSpec) -> Schema:
    call = {**_call(spec), "description": spec.summary}
    return {**_closed({**WITH_ANY_STEP, **WITH_AN_ACTION, spec.name: call}), "required": [spec.name]}


def _call(spec: ActionSpec) -> Schema:
    """What an action takes: its parameters by name, or its primary one alone."""
    if spec.open_mapping:
        return {"type": "object"}
    written = parameters(spec)
    named = _closed({each.name: _described(each.says) for each in written})
    if spec.primary is None:
        return named
    return {"anyOf": [{"type": ["string", "number", "boolean", "array"]}, named, {"type": "object"}]}


def _described(says: str) -> Schema:
    return {"description": says} if says else {}
