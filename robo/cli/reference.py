"""The generated parts of the reference: actions as Markdown and as facts, from their own declarations."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Union, get_args, get_origin

from pydantic_core import PydanticUndefined

from robo.model.base import MISSING
from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.targets import Read, Target
from robo.sdk.values import Address, Email

WORDS: Final[Mapping[Any, str]] = {
    str: "text",
    Address: "address",
    Email: "mail address",
    int: "whole number",
    bool: "yes or no",
    Decimal: "number",
    date: "date",
    timedelta: "duration",
    Target: "target",
    Read: "read",
    Any: "any value",
    types.NoneType: "nothing",
}
PROOFS: Final[Mapping[Proof, str]] = {
    Proof.IDEMPOTENT: "doing it again is the same, so it needs no `once`",
    Proof.JOURNALED: "journaled, so it needs no `once` and no `verify`",
    Proof.IDEMPOTENCY_KEY: "its idempotency key is the proof, so it needs no `once`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as people read it."""

    name: str
    type: str
    required: bool
    default: str
    says: str


def parameters(spec: ActionSpec) -> list[Parameter]:
    """The parameters somebody may write, in their order."""
    notes = attribute_notes(spec.params)
    found = []
    for name, info in spec.params.model_fields.items():
        if info.exclude:
            continue
        default = "" if info.is_required() or info.default in (None, MISSING, PydanticUndefined) else info.default
        found.append(
            Parameter(
                name=info.alias or name,
                type=type_words(info.annotation),
                required=info.is_required(),
                default=_shown(default),
                says=notes.get(name, info.description or ""),
            )
        )
    return found


def _shown(default: Any) -> str:
    if default is True or default is False:
        return "yes" if default else "no"
    if isinstance(default, (tuple, Mapping)) and not default:
        return ""
    if isinstance(default, timedelta):
        return f"{default.total_seconds():g} s"
    return str(getattr(default, "value", default))


def attribute_notes(params: type[Params]) -> dict[str, str]:
    """The text under each attribute of the class and its bases, on one line."""
    notes: dict[str, str] = {}
    for owner in reversed(params.__mro__):
        if not issubclass(owner, Params) or owner is Params:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        assert isinstance(body, ast.ClassDef)  # noqa: S101 - getsource of a class
        for here, after in zip(body.body, body.body[1:], strict=False):
            if isinstance(here, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(here.target, ast.Name):
                said = after.value.value if isinstance(after.value, ast.Constant) else None
                if isinstance(said, str):
                    notes[here.target.id] = " ".join(said.split())
    return notes


def type_words(annotation: Any) -> str:
    """`tuple[Target, ...] | None` -> `list of target`."""
    if annotation in WORDS:
        return WORDS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        words = dict.fromkeys(type_words(each) for each in arguments if each is not types.NoneType)
        return " or ".join(words)
    if origin is tuple:
        return f"list of {type_words(arguments[0])}"
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return f"mapping to {type_words(arguments[1])}"
    if origin is not None and arguments and all(isinstance(each, str) for each in arguments):
        return " or ".join(f"`{each}`" for each in arguments)
    return "any value" if not isinstance(annotation, type) else annotation.__name__.lower()


def actions_markdown(actions: Mapping[str, ActionSpec]) -> str:
    """Every action, by runner: what it does, its effect, parameters, results, an example."""
    parts: list[str] = []
    runner = ""
    for name, spec in sorted(actions.items(), key=lambda pair: pair[0]):
        if name.partition(".")[0] != runner:
            runner = name.partition(".")[0]
            parts.append(f"## `{runner}.`")
        parts.append("\n".join(action_lines(spec)))
    return "\n\n".join(parts) + "\n"


def action_lines(spec: ActionSpec, summary: str = "") -> Iterable[str]:
    """One action as Markdown; `summary` is its own in the reader's language."""
    yield f"### `{spec.name}`"
    yield ""
    yield summary or spec.summary
    yield ""
    waits = f"Effect `{spec.effect.value}`; {spec.timeout:g} s unless `timeout` says otherwise."
    yield " ".join([waits, *uses(spec)])
    if spec.params.__doc__:
        yield ""
        yield f"Written {' '.join(spec.params.__doc__.split())}"
    written = parameters(spec)
    if written:
        yield ""
        yield "| parameter | what it takes | required | default | |"
        yield "|---|---|---|---|---|"
        for each in written:
            mark = "yes" if each.required else ""
            star = " (short form)" if each.name == spec.primary else ""
            yield f"| `{each.name}`{star} | {each.type} | {mark} | {each.default} | {each.says} |"
    if spec.results:
        yield ""
        yield "Leaves: " + "; ".join(f"`{name}` {says}" for name, says in spec.results.items()) + "."
    if spec.result_param:
        yield ""
        yield f"Leaves what `{spec.result_param}` names."
    if spec.example:
        yield ""
        yield "```yaml"
        yield f"- {spec.example}" if not spec.source else spec.example
        yield "```"


def uses(spec: ActionSpec) -> Iterable[str]:
    """Where it may stand, beyond a step, and what follows for `once` and `verify`."""
    if spec.open_mapping:
        yield f"A mapping given to it is `{spec.primary}` itself."
    if spec.source:
        yield "May stand under `items: {from: …}`."
    if spec.finder:
        yield "May stand under `finders` and `verify`."
    if spec.proof is not Proof.NONE:
        given = f", when `{spec.proof_needs}` is given" if spec.proof_needs else ""
        yield f"Proof: {PROOFS[spec.proof]}{given}."
    if spec.opens:
        yield "Opens a page: a segment may begin with it."


def as_facts(spec: ActionSpec) -> dict[str, Any]:
    """One action for `--json`."""
    return {
        "name": spec.name,
        "summary": spec.summary,
        "effect": spec.effect.value,
        "timeout_s": spec.timeout,
        "primary": spec.primary,
        "source": spec.source,
        "finder": spec.finder,
        "proof": spec.proof.value,
        "parameters": [
            {
                "name": each.name,
                "type": each.type,
                "required": each.required,
                "default": each.default,
                "says": each.says,
            }
            for each in parameters(spec)
        ],
        "results": dict(spec.results),
        "example": spec.example,
    }
