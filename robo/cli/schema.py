"""The JSON Schema of a process, from the same declarations as validation. For editors: `robo process validate` is
what decides, so it never complains of what is right, and leaves to `validate` what is right only together.

A step is one object with every key, and not one of fifty alternatives: an editor then completes all of them, shows
what each is for, and says which key it does not know."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from robo.cli import hints
from robo.cli.language import _, say
from robo.cli.reference import parameters, type_words
from robo.definition import keys
from robo.definition.controls import WAYS
from robo.definition.reviewing import TYPES as ANSWERS
from robo.definition.reviewing import WAYS as TIMEOUTS
from robo.model.base import Effect
from robo.model.process import Kind
from robo.sdk.action import ActionSpec
from robo.sdk.grammar import READ_KEYS, ROLES, TARGET_KEYS
from robo.sdk.parameters import parameters as declared
from robo.sdk.snapshots import CHILDREN, MODES, PROPERTIES, SNAPSHOT
from robo.sdk.snapshots import ROLES as LINE_ROLES
from robo.sdk.targets import Read, Target, Watched

Schema = dict[str, Any]
TEXT: Final[Schema] = {"type": ["string", "number", "boolean"]}
ANYTHING: Final[Schema] = {}
TEXTS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
LIST: Final[Schema] = {"type": "array", "items": TEXT}
SOME: Final[Schema] = {"anyOf": [TEXT, LIST]}
STEPS: Final[Schema] = {"type": "array", "items": {"$ref": "#/$defs/step"}}
TARGETS: Final[Schema] = {"anyOf": [{"$ref": "#/$defs/target"}, {"type": "array", "items": {"$ref": "#/$defs/target"}}]}
TYPES: Final[Schema] = {"enum": [kind.value for kind in Kind if kind is not Kind.SECRET]}


def process_schema(actions: Mapping[str, ActionSpec]) -> Schema:
    """Draft 7, which every editor knows. Every key of the language, every action with its parameters; expressions are
    texts."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "robo process",
        "type": "object",
        "required": ["robo", "process", "title", "steps"],
        "additionalProperties": False,
        "properties": _told(hints.TOP, _top()),
        "$defs": {
            "step": _step(actions),
            "source": _alone({name: spec for name, spec in actions.items() if spec.source}),
            "finder": _alone({name: spec for name, spec in actions.items() if spec.finder}),
            "look": _look(actions),
            "target": _target(),
            "read": _read(),
            "line": _line(),
        },
    }


def _closed(properties: Mapping[str, Any], told: Mapping[str, str] = hints.VALUE) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": _told(told, properties)}


def _told(told: Mapping[str, str], properties: Mapping[str, Schema]) -> Schema:
    """Each property with what an editor shows about it."""
    return {
        name: {**shape, **_shown(_(told[name]))} if name in told else dict(shape) for name, shape in properties.items()
    }


def _shown(said: str) -> Schema:
    """A text for editors that show it plainly, and for those that read Markdown."""
    return {"description": said, "markdownDescription": said}


def _texts(names: Sequence[str], **others: Schema) -> dict[str, Schema]:
    """Each of `names` as a text, unless something else is said."""
    return {name: others.get(name.rstrip("_"), TEXT) for name in names}


def _either(*words: str) -> Schema:
    """One of these words, offered by the editor; or an expression."""
    return {"anyOf": [{"enum": list(words)}, {"type": "string", "pattern": r"\$\{\{"}]}


def _each(shape: Schema) -> Schema:
    return {"type": "object", "additionalProperties": shape}


def _top() -> Schema:
    others = hints.OTHER
    stop = _closed(_texts(keys.STOP_AFTER))
    sections: Schema = {
        "robo": {"enum": [1, "1"]},
        "decision_role": {"enum": ["none", "aid"]},
        "record": _closed(_texts(keys.RECORD, data=SOME, recipients=SOME)),
        "inputs": _each(_closed(_texts(keys.INPUT, type=TYPES, choices=LIST))),
        "secrets": _each(_closed({"kind": TEXT})),
        "hosts": _each(_closed(_texts(keys.HOST, reads=SOME, drafts=SOME), others["hosts"])),
        "tables": _each(_closed({"overlay": {"enum": ["none", "extend", "replace"]}, "rows": TEXTS}, others["tables"])),
        "items": _items(),
        "finders": _each({"$ref": "#/$defs/finder"}),
        "popups": {"type": "array", "items": _popup()},
        "sessions": _closed(
            {
                "span": {"enum": ["item", "run", "worker"]},
                "page": {"enum": ["opened", "kept"]},
                "slots": TEXT,
                "account": {"enum": ["shared", "exclusive"]},
            },
            others["sessions"],
        ),
        "limits": _closed(_texts(keys.LIMITS, stop_after=stop), others["limits"]),
        "counts": _closed(_texts(keys.COUNTS), others["counts"]),
        "on_failure": _closed(_texts(keys.ON_FAILURE, keep=LIST), others["on_failure"]),
        "again": {"anyOf": [{"enum": ["never", "each_run"]}, _closed({"after": TEXT})]},
        **dict.fromkeys(("start", "steps", *keys.SEQUELS, "finish"), STEPS),
        "setup": {"anyOf": [STEPS, _each(STEPS)]},
    }
    return {name: sections.get(name, TEXT) for name in keys.TOP}


def _popup() -> Schema:
    return {"anyOf": [TEXT, _closed(dict.fromkeys(keys.POPUP, TARGETS), hints.OTHER["popups"]), TARGETS]}


def _items() -> Schema:
    """`items`: its source, its fields, and what makes each one itself."""
    closed = {"on_closed": {"enum": ["previous", "next", "same_day"]}, "catch_up": {"enum": ["until_next", "never"]}}
    sections: Schema = {
        "from": {"anyOf": [{"$ref": "#/$defs/source"}, {"type": "array", "items": TEXTS}]},
        "fields": _each({"anyOf": [TEXT, _closed(_texts(keys.FIELD, type=TYPES, choices=LIST))]}),
        "let": TEXTS,
        "group": _closed(_texts(keys.GROUP)),
        "bad_rows": {"enum": ["group", "row"]},
        "milestones": _closed(_texts(keys.MILESTONES, at=SOME, **closed)),
    }
    return _closed({name: sections.get(name, TEXT) for name in keys.ITEMS}, hints.ITEMS)


def _step(actions: Mapping[str, ActionSpec]) -> Schema:
    """A step: every key it may have, and every action."""
    rule = _closed(_texts(keys.RULE))
    sections: Schema = {
        "optional": TEXT,
        "expect": TARGETS,
        "within": TARGETS,
        "confirm": {"enum": ["accept", "dismiss"]},
        "effect": {"enum": [effect.value for effect in Effect]},
        "verify": {"anyOf": [TEXT, {"type": "array"}, {"$ref": "#/$defs/look"}]},
        "refused": {"type": "array", "items": _refusal()},
        "read": _each({"$ref": "#/$defs/read"}),
        "leftover": _closed({"finder": TEXT, "when": TEXT, "do": STEPS}),
        "do": STEPS,
        "rescue": {"type": "array", "items": _closed({"on": _some_of(*keys.TROUBLES), "do": STEPS})},
        "check": {"type": "array", "items": rule},
        "else": {"enum": list(WAYS)},
        "set": {"type": "object"},
        "output": {"type": "object"},
        "repeat": _closed(_texts(keys.REPEAT, do=STEPS, next=STEPS)),
        "choose": {"type": "array", "items": _closed({"when": TEXT, "do": STEPS, "else": STEPS})},
        "review": _review(),
        "call": _closed(_texts(keys.CALL, **{"with": TEXTS}), hints.OTHER["call"]),
    }
    properties = {name: sections.get(name, TEXT) for name in keys.STEP}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**_told(hints.STEP, properties), **_calls(actions)},
    }


def _review() -> Schema:
    """What a person is asked: shown, corrected, answered."""
    kinds = {"enum": [kind.value for kind in ANSWERS]}
    edited = _closed(_texts(keys.EDITABLE, type=kinds, choices=LIST, value=ANYTHING))
    others: Schema = {
        "show": {"type": "object"},
        "edit": _each({"anyOf": [TEXT, edited]}),
        "choices": TEXTS,
        "on_timeout": {"enum": list(TIMEOUTS)},
    }
    return _closed(_texts(keys.REVIEW, **others), hints.OTHER["review"])


def _some_of(*words: str) -> Schema:
    return {"anyOf": [{"enum": list(words)}, {"type": "array", "items": {"enum": list(words)}}]}


def _refusal() -> Schema:
    own = {"code": TEXT, "says": TEXT}
    return _closed({**_of_target(), **own}, {**hints.TARGET, "code": "Its short name.", "says": "Words for a person."})


def _alone(actions: Mapping[str, ActionSpec]) -> Schema:
    """Where one action stands alone: a source, a finder, `verify`."""
    return {"type": "object", "properties": _calls(actions)}


def _look(actions: Mapping[str, ActionSpec]) -> Schema:
    """`verify` as a mapping: a finder by name, or an action, and what its answer means."""
    means = _texts(keys.VERIFY, asks={"enum": ["before and after", "after"]})
    return {"type": "object", "properties": {**_told(hints.VERIFY, means), **_calls(actions)}}


def _calls(actions: Mapping[str, ActionSpec]) -> Schema:
    return {name: {**_call(spec), **_shown(_manual(spec))} for name, spec in sorted(actions.items())}


def _manual(spec: ActionSpec) -> str:
    """What an editor shows about an action: what it does, its effect, its parameters, an example."""
    given = [f"- `{each.name}`: {each.type}. {each.says}".rstrip(". ") for each in parameters(spec)]
    example = ["", "```yaml", f"- {spec.example}" if not spec.source else spec.example, "```"] if spec.example else []
    return "\n".join(
        [_(spec.summary), "", say("Effect: %(effect)s.", {"effect": spec.effect.value}), "", *given, *example]
    )


def _call(spec: ActionSpec) -> Schema:
    """What an action takes: its parameters by name, or its primary one alone."""
    told = {each.name: f"{each.type}. {each.says}".rstrip(". ") for each in parameters(spec)}
    named = {name: _annotated(info.annotation) for name, info in declared(spec.params).items()}
    if spec.text_param is not None:
        named[spec.text_param] = {"anyOf": [named[spec.text_param], _closed({"file": TEXT})]}
    if spec.open_mapping and spec.primary is not None:
        return named[spec.primary]
    whole = _closed(named, told)
    return whole if spec.primary is None else {"anyOf": [whole, named[spec.primary]]}


def _annotated(annotation: Any) -> Schema:
    """The shape of a parameter. A text is always right where a text can hold an expression."""
    if annotation is Any:
        return ANYTHING
    if annotation in (Target, Watched):
        return {"$ref": "#/$defs/target"}
    if annotation is Read:
        return {"$ref": "#/$defs/read"}
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_annotated(each) for each in inner if each is not types.NoneType]}
    if origin is Literal:
        return _either(*map(str, inner))
    if origin is tuple:
        return {"anyOf": [{"type": "array", "items": _annotated(inner[0])}, _annotated(inner[0])]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"anyOf": [_each(_annotated(inner[1])), {"type": "string"}]}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _either(*(str(each.value) for each in annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _closed({name: _annotated(info.annotation) for name, info in declared(annotation).items()})
    return {**TEXT, "title": type_words(annotation)}


def _of_target() -> Schema:
    special: Schema = {"row": ANYTHING, "within": {"$ref": "#/$defs/target"}, SNAPSHOT: _snapshot()}
    told = {**{role: say("A %(role)s of the page, by its name.", {"role": role}) for role in ROLES}, **hints.TARGET}
    return _told(told, {name: special.get(name, TEXT) for name in TARGET_KEYS})


def _snapshot() -> Schema:
    """Lines, or the text of them; a line that holds others is a mapping."""
    return {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/line"}}, {"type": "string"}]}


def _line() -> Schema:
    own: Schema = _told(hints.LINE, {"text": TEXT, CHILDREN: {"enum": list(MODES)}, **dict.fromkeys(PROPERTIES, TEXT)})
    below: Schema = {"anyOf": [TEXT, {"type": "array", "items": {"$ref": "#/$defs/line"}}]}
    roles = dict.fromkeys(LINE_ROLES, below)
    return {"anyOf": [TEXT, {"type": "object", "properties": {**own, **roles}, "additionalProperties": below}]}


def _target() -> Schema:
    return {"anyOf": [TEXT, _closed(_of_target())]}


def _read() -> Schema:
    own = _told({**hints.VALUE, **hints.TARGET}, _texts(READ_KEYS, type=TYPES))
    return {"anyOf": [TEXT, _closed({**_of_target(), **own}), {"type": "array", "items": {"$ref": "#/$defs/target"}}]}
