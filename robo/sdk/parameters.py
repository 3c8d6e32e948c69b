"""Parameters of actions, from the annotations of their pydantic models: one reading for loading and for running."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from pathlib import Path as FilePath
from typing import Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from robo.errors import phrase
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Path, Template
from robo.sdk.action import ActionSpec, Params
from robo.sdk.flaws import Flaws, is_list, shape
from robo.sdk.grammar import SCALARS, check_names, is_missing, read_read, read_target, read_targets
from robo.sdk.targets import Read, Target
from robo.sdk.values import Address


class _Open:
    """Stands where a template is still to be evaluated: a value of any type."""


OPEN: Final = _Open()
A_WHOLE_ADDRESS: Final = phrase("a whole address, as ${{ inputs.portal }}/path or https://portail.exemple.fr/path")
BEGINNINGS: Final = ("http://", "https://")
_SEQUENCES: Final = frozenset({tuple, list, Sequence})


def is_short(spec: ActionSpec, tree: Any) -> bool:
    """Whether `tree` is the primary parameter itself: a text, a list, `{field: value}`, or a target's mapping."""
    if not isinstance(tree, Mapping) or spec.open_mapping:
        return True
    if spec.primary is None or not tree or any(key in parameters(spec.params) for key in tree):
        return False
    return _is_target(parameters(spec.params)[spec.primary].annotation)


def _is_target(annotation: Any) -> bool:
    return annotation is Target or any(_is_target(part) for part in get_args(annotation))


def spread(spec: ActionSpec, tree: Any) -> dict[str, Any]:
    """`tree` by parameter name: the short form fills the primary parameter."""
    if not is_short(spec, tree):
        return dict(tree)
    if spec.primary is None:
        return {} if tree == "" else {"": tree}
    return {spec.primary: tree}


def parameters(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The parameters as they are written: `from_` is written `from`. Those the engine fills (`exclude`) are not."""
    return {info.alias or name.rstrip("_"): info for name, info in model.model_fields.items() if not info.exclude}


def read_params(spec: ActionSpec, tree: Any, flaws: Flaws) -> Params | None:
    """As `parse_params`, problems go to `flaws`. None when there are flaws, or templates still to be evaluated.

    The paths of flaws are below `tree` as it was written: without the primary's name in the short form."""
    given = spread(spec, tree)
    if "" in given:
        flaws.add(
            "RB204",
            "%(action)s wants a mapping, this is %(shape)s",
            (),
            action=spec.name,
            shape=shape(tree),
            keys=", ".join(parameters(spec.params)),
            expected="a mapping with %(keys)s",
        )
        return None
    short = spec.primary if is_short(spec, tree) else None
    return cast("Params | None", _read_model(spec.params, given, (), flaws, owner=spec.name, short=short))


def _read_model(
    model: type[BaseModel], given: Mapping[str, Any], path: Path, flaws: Flaws, *, owner: str, short: str | None = None
) -> BaseModel | None:
    known = parameters(model)
    before = len(flaws.found)
    odd = [key for key in given if key not in known]
    for key in odd:
        flaws.unknown_key(key, path, known)
    misspelt = {meant[0] for key in odd if (meant := get_close_matches(key, known, n=1))}
    values: dict[str, Any] = {}
    for key, info in known.items():
        if key in given and not (is_missing(given[key]) and not info.is_required()):
            below = path if key == short else (*path, key)
            values[key] = _convert(info.annotation, given[key], below, flaws)
        elif info.is_required() and key not in misspelt:
            flaws.add(
                "RB202",
                "%(owner)s needs %(key)s",
                path,
                owner=owner,
                key=key,
                expected="%(key)s: …",
                on_key=True,
            )
    if len(flaws.found) > before or _has_open(values):
        return None
    return _build(model, known, values, path, flaws)


def _build(
    model: type[BaseModel], known: Mapping[str, FieldInfo], values: Mapping[str, Any], path: Path, flaws: Flaws
) -> BaseModel | None:
    names = {info.alias or name.rstrip("_"): info.alias or name for name, info in model.model_fields.items()}
    try:
        return model.model_validate({names[key]: value for key, value in values.items()})
    except ValidationError as bad:
        for error in bad.errors(include_url=False, include_context=False):
            where = tuple(part for part in error["loc"] if part in known or isinstance(part, int))
            flaws.add("RB208", "%(why)s", (*path, *where), why=error["msg"].removeprefix("Value error, "))
        return None


def _has_open(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_open(part) for part in value.values())
    if isinstance(value, tuple | list):
        return any(_has_open(part) for part in value)
    return value is OPEN


def _convert(annotation: Any, tree: Any, path: Path, flaws: Flaws) -> Any:
    """`tree` as the annotation wants it; a flaw, or OPEN when a template decides later."""
    if isinstance(tree, Template):
        _begun(annotation, tree, path, flaws)
        return OPEN
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, tree, path, flaws)
    if origin is Literal:
        return _word(arguments, tree, path, flaws)
    if origin in _SEQUENCES:
        return _many(arguments, tree, path, flaws)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(arguments[1], tree, path, flaws)
    if annotation in _DIRECT:
        return _open_or(_DIRECT[annotation](tree, path, flaws), tree)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _nested(annotation, tree, path, flaws)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        word = _word(tuple(member.value for member in annotation), tree, path, flaws)
        return annotation(word) if any(member.value == word for member in annotation) else word
    return _typed(annotation, tree, path, flaws)


def _begun(annotation: Any, tree: Template, path: Path, flaws: Flaws) -> None:
    """An address with expressions in it: a text it begins with must be how addresses begin."""
    begins = tree.parts[0]
    wanted = Address in (annotation, *get_args(annotation))
    if wanted and isinstance(begins, str) and not begins.lower().startswith(BEGINNINGS):
        flaws.scalar(BadScalar(A_WHOLE_ADDRESS, tree.source), path)


_DIRECT: Mapping[Any, Callable[[Any, Path, Flaws], Any]] = {
    Any: lambda tree, _path, _flaws: tree,
    Target: read_target,
    Read: read_read,
}


def _open_or(value: Any, tree: Any) -> Any:
    return OPEN if holds_template(tree) else value


def holds_template(tree: Any) -> bool:
    """Whether an expression is still to be evaluated somewhere in `tree`."""
    if isinstance(tree, Mapping):
        return any(holds_template(part) for part in tree.values())
    if is_list(tree):
        return any(holds_template(part) for part in tree)
    return isinstance(tree, Template)


def _one_of(arguments: Sequence[Any], tree: Any, path: Path, flaws: Flaws) -> Any:
    choices = [argument for argument in arguments if argument is not type(None)]
    if is_missing(tree) and len(choices) < len(arguments):
        return None
    first: Flaws | None = None
    for choice in sorted(choices, key=lambda choice: choice is str):
        attempt = Flaws()
        value = _convert(choice, tree, path, attempt)
        if not attempt.found:
            return value
        first = first or attempt
    flaws.found.extend(first.found if first else ())
    return None


def _word(words: Sequence[Any], tree: Any, path: Path, flaws: Flaws) -> Any:
    for word in words:
        if tree == word or str(tree) == str(word):
            return word
    known = tuple(str(word) for word in words)
    flaws.add(
        "RB206",
        "%(got)s is not one of %(words)s",
        path,
        got=str(tree) if not isinstance(tree, Mapping) else shape(tree),
        words=", ".join(known),
        known=known,
        word=str(tree),
    )
    return None


def _many(arguments: Sequence[Any], tree: Any, path: Path, flaws: Flaws) -> tuple[Any, ...]:
    inner = arguments[0] if arguments else Any
    if inner is Target:
        targets = read_targets(tree, path, flaws)
        return (cast("Any", OPEN),) if holds_template(tree) else targets
    if not is_list(tree):
        return (_convert(inner, tree, path, flaws),)
    if len(arguments) > 1 and arguments[-1] is not Ellipsis and len(tree) != len(arguments):
        flaws.add("RB204", "%(count)s values are wanted here, not %(got)s", path, count=len(arguments), got=len(tree))
        return ()
    return tuple(_convert(inner, part, (*path, index), flaws) for index, part in enumerate(tree))


def _mapping(inner: Any, tree: Any, path: Path, flaws: Flaws) -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        flaws.add(
            "RB204", "a mapping is wanted here, this is %(shape)s", path, shape=shape(tree), expected="{name: value}"
        )
        return {}
    if inner is Read:
        check_names(tree, path, flaws)
    if not tree:
        flaws.add("RB204", "there is nothing in it", path, expected="{name: value}")
    for key, part in tree.items():
        if inner is Any and isinstance(part, Mapping):
            flaws.add(
                "RB204",
                "%(wanted)s is wanted here, this is %(shape)s",
                (*path, key),
                wanted="one value",
                shape=shape(part),
            )
    return {str(key): _convert(inner, part, (*path, key), flaws) for key, part in tree.items()}


def _nested(model: type[BaseModel], tree: Any, path: Path, flaws: Flaws) -> Any:
    if isinstance(tree, model):
        return tree
    if not isinstance(tree, Mapping):
        flaws.add(
            "RB204",
            "a mapping is wanted here, this is %(shape)s",
            path,
            shape=shape(tree),
            keys=", ".join(parameters(model)),
            expected="a mapping with %(keys)s",
        )
        return None
    built = _read_model(model, tree, path, flaws, owner=str(path[-1]) if path else "it")
    return OPEN if built is None else built


def _typed(annotation: Any, tree: Any, path: Path, flaws: Flaws) -> Any:
    if isinstance(tree, Mapping) or is_list(tree):
        flaws.add("RB204", "one value is wanted here, this is %(shape)s", path, shape=shape(tree))
        return None
    kind = SCALARS.get(annotation, Kind.FILE if annotation is FilePath else None)
    if kind is None:
        return tree
    if annotation is FilePath and isinstance(tree, FilePath):
        return tree
    try:
        value = parse(kind, tree)
    except BadScalar as bad:
        flaws.scalar(BadScalar(A_WHOLE_ADDRESS, tree) if annotation is Address else bad, path)
        return None
    return FilePath(value) if annotation is FilePath else value
