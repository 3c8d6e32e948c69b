"""Trees become targets, reads and parameters. The loader calls these with places, the engine with evaluated values.

A tree is what a definition holds after its expressions were evaluated: texts, typed values, sequences, mappings.
A `Template` still in it (at loading) is taken for a value of any type. Everything wrong is collected and raised as
one `BadShape`, whose flaws carry the path below the tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, get_args

from robo.model.base import MISSING
from robo.model.dates import is_format
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Path, Template
from robo.sdk.action import ActionSpec, Params
from robo.sdk.flaws import Flaws, is_list, shape
from robo.sdk.patterns import check_pattern
from robo.sdk.snapshots import SNAPSHOT, read_snapshot
from robo.sdk.targets import ANY, Read, Role, Target, Watch, Watched
from robo.sdk.values import Address, Email

ROLES: Final[tuple[str, ...]] = get_args(Role)
TARGET_KEYS: Final = (*ROLES, "name", "css", SNAPSHOT, "nth", "within", "column")
ONE_OF: Final = (*ROLES, "name", "css", SNAPSHOT)
"""What a target is found by: exactly one of these."""
READ_KEYS: Final = ("match", "type", "format", "all", "required")
CSS: Final = "css="
FOREIGN: Final = ("xpath=", "//", "text=", "id=", "role=", "data-testid=")
"""How other tools begin what is no name a person sees."""
DATED: Final = frozenset({Kind.DATE, Kind.DATETIME, Kind.TIME})
"""The types that `format` is for."""
DATE_FORM: Final = "a date format like dd/mm/yyyy or %d/%m/%Y"


# targets


def parse_target(tree: Any) -> Target:
    """One target: a text (a name or `css=…`), `{role: name}` or `{snapshot: …}`, with `nth within row column`."""
    flaws = Flaws()
    target = read_target(tree, (), flaws)
    flaws.check()
    return target


def parse_targets(tree: Any) -> tuple[Target, ...]:
    """Ranked alternatives: a list of targets, or one."""
    flaws = Flaws()
    targets = read_targets(tree, (), flaws)
    flaws.check()
    return targets


def read_targets(tree: Any, path: Path, flaws: Flaws) -> tuple[Target, ...]:
    """As `parse_targets`; problems go to `flaws`."""
    if not is_list(tree):
        return (read_target(tree, path, flaws),)
    if not tree:
        flaws.add("RB205", "a list of targets has at least one", path)
    return tuple(read_target(part, (*path, index), flaws) for index, part in enumerate(tree))


def read_target(tree: Any, path: Path, flaws: Flaws) -> Target:
    """As `parse_target`; problems go to `flaws`, and the value is then of no use."""
    if isinstance(tree, Template):
        return Target(name=tree.source)
    if isinstance(tree, Mapping):
        return _target_mapping(tree, path, flaws)
    name = _name(tree, path, flaws)
    if name.startswith(CSS):
        return Target(css=_filled(name[len(CSS) :], path, flaws))
    if name.startswith(FOREIGN):
        flaws.add(
            "RB205",
            "%(name)s is no name a person sees",
            path,
            name=name,
            expected="the name itself, {role: name}, or css=… as the last resort",
        )
    return Target(name=name)


def _target_mapping(tree: Mapping[str, Any], path: Path, flaws: Flaws, also: Sequence[str] = ()) -> Target:
    odd = [key for key in tree if key not in TARGET_KEYS]
    for key in odd:
        flaws.unknown_key(key, path, (*TARGET_KEYS, *also))
    chosen = [key for key in tree if key in ONE_OF]
    if odd and not chosen:
        return Target(name="")
    if len(chosen) != 1:
        flaws.add(
            "RB205",
            "a target has one of a role, name, css or snapshot: here %(found)s"
            if chosen
            else "a target needs a role, name, css or snapshot",
            path,
            found=" and ".join(chosen),
            expected="for example {button: Enregistrer} or {field: Nom}",
        )
        return Target(name="")
    key = chosen[0]
    return Target(
        **_what(key, tree[key], tree, path, flaws),
        nth=_nth(tree["nth"], (*path, "nth"), flaws) if "nth" in tree else None,
        within=read_target(tree["within"], (*path, "within"), flaws) if "within" in tree else None,
    )


def _what(key: str, value: Any, tree: Mapping[str, Any], path: Path, flaws: Flaws) -> dict[str, Any]:
    column = _name(tree["column"], (*path, "column"), flaws) if "column" in tree else None
    if column is not None and key != "row":
        flaws.add("RB205", "column goes with row", (*path, "column"), on_key=True)
    if key == "row" and isinstance(value, Mapping):
        if not value:
            flaws.add("RB205", "a row is known by at least one column", (*path, key))
        return {"row": dict(value), "column": column}
    if key == SNAPSHOT:
        return {"snapshot": read_snapshot(value, (*path, key), flaws)}
    name = _name(value, (*path, key), flaws)
    if key == "css":
        return {"css": name.removeprefix(CSS)}
    return {"name": name, "role": None if key == "name" else key, "column": column}


def _name(tree: Any, path: Path, flaws: Flaws) -> str:
    if isinstance(tree, Template):
        return tree.source
    if isinstance(tree, Mapping) or is_list(tree):
        flaws.add("RB205", "a name is a text, here is %(shape)s", path, shape=shape(tree))
        return ""
    try:
        text: str = parse(Kind.STR, tree)
    except BadScalar as bad:
        flaws.scalar(bad, path)
        return ""
    return _filled(text, path, flaws)


def _filled(text: str, path: Path, flaws: Flaws) -> str:
    if not text:
        flaws.add("RB205", "a target needs a name", path)
    return text


def _nth(tree: Any, path: Path, flaws: Flaws) -> int | None:
    if isinstance(tree, Template):
        return None
    try:
        nth: int = parse(Kind.INT, tree)
    except BadScalar as bad:
        flaws.scalar(bad, path)
        return None
    if nth < 1:
        flaws.add("RB205", "nth counts from 1", path)
    return nth


# reads and watches


def parse_read(tree: Any) -> Read:
    """What to read: a target, ranked targets, or a target with `match type format all required`."""
    flaws = Flaws()
    read = read_read(tree, (), flaws)
    flaws.check()
    return read


def parse_reads(tree: Any) -> Mapping[str, Read]:
    """`{name: read}`."""
    flaws = Flaws()
    reads = read_reads(tree, (), flaws)
    flaws.check()
    return reads


def read_reads(tree: Any, path: Path, flaws: Flaws) -> dict[str, Read]:
    """As `parse_reads`; problems go to `flaws`."""
    if not isinstance(tree, Mapping) or not tree:
        flaws.add(
            "RB204",
            "a mapping is wanted here, this is %(shape)s",
            path,
            shape=shape(tree),
            expected="{name: target} for each value to read",
        )
        return {}
    check_names(tree, path, flaws)
    return {name: read_read(part, (*path, name), flaws) for name, part in tree.items()}


def check_names(reads: Iterable[Any], path: Path, flaws: Flaws) -> None:
    """What is read is used as `step.name`, so each name can be written in an expression."""
    for name in reads:
        if not str(name).isidentifier():
            flaws.add(
                "RB212",
                "%(name)s cannot be a name",
                (*path, name),
                name=name,
                expected="letters, digits and _, beginning with a letter, and none of the language's own words",
                on_key=True,
            )


def read_read(tree: Any, path: Path, flaws: Flaws) -> Read:
    """As `parse_read`; problems go to `flaws`."""
    if not isinstance(tree, Mapping):
        return Read(targets=read_targets(tree, path, flaws))
    rest = {key: part for key, part in tree.items() if key not in READ_KEYS}
    odd = [key for key in rest if key not in TARGET_KEYS]
    for key in odd:
        flaws.unknown_key(key, path, (*TARGET_KEYS, *READ_KEYS))
        del rest[key]
    kind = _kind(tree.get("type", "str"), (*path, "type"), flaws)
    return Read(
        targets=() if odd and not rest else (read_target(rest, path, flaws),),
        match=_pattern(tree.get("match"), (*path, "match"), flaws),
        type=kind,
        format=_format(tree.get("format"), kind, (*path, "format"), flaws),
        all=_yes(tree.get("all", False), (*path, "all"), flaws),
        required=_yes(tree.get("required", True), (*path, "required"), flaws),
    )


def _format(tree: Any, kind: Kind, path: Path, flaws: Flaws) -> str | None:
    form = _text_or_none(tree, path, flaws)
    if form is None or isinstance(tree, Template):
        return form
    if kind not in DATED:
        flaws.add(
            "RB214",
            "format does not go with the type %(type)s",
            path,
            type=kind.value,
            expected="a type that has one: date, datetime or time",
            on_key=True,
        )
    elif not is_format(form):
        flaws.add("RB201", "%(got)s is not %(wanted)s", path, got=form, wanted=DATE_FORM)
    return form


def _kind(tree: Any, path: Path, flaws: Flaws) -> Kind:
    known = tuple(kind.value for kind in Kind if kind is not Kind.SECRET)
    if isinstance(tree, Kind):
        return tree
    if tree not in known:
        flaws.add(
            "RB206",
            "%(got)s is not a type",
            path,
            got=str(tree),
            word=str(tree),
            known=known,
            types=", ".join(known),
            expected="one of %(types)s",
        )
        return Kind.STR
    return Kind(tree)


def _pattern(tree: Any, path: Path, flaws: Flaws) -> str | None:
    text = _text_or_none(tree, path, flaws)
    if text is not None and not isinstance(tree, Template) and (why := check_pattern(text)):
        flaws.add("RB207", "this is not a regular expression: %(why)s", path, why=why)
    return text


def _text_or_none(tree: Any, path: Path, flaws: Flaws) -> str | None:
    return None if tree is None else _name(tree, path, flaws)


def _yes(tree: Any, path: Path, flaws: Flaws) -> bool:
    if isinstance(tree, Template):
        return False
    try:
        return bool(parse(Kind.BOOL, tree))
    except BadScalar as bad:
        flaws.scalar(bad, path)
        return False


def parse_watched(tree: Any, code: str = "") -> Watched:
    """A target to wait for, with `code` inside the mapping or given apart."""
    flaws = Flaws()
    watched = read_watched(tree, code, (), flaws)
    flaws.check()
    return watched


def read_watched(tree: Any, code: str, path: Path, flaws: Flaws) -> Watched:
    """As `parse_watched`; problems go to `flaws`."""
    if isinstance(tree, Mapping) and "code" in tree:
        code = _name(tree["code"], (*path, "code"), flaws)
        tree = {key: part for key, part in tree.items() if key not in ("code", "says")}
    if isinstance(tree, Mapping):
        targets: tuple[Target, ...] = (_target_mapping(tree, path, flaws, also=("code", "says")),)
    else:
        targets = read_targets(tree, path, flaws)
    return Watched(targets=targets, code=code, ends_only=all(target.name == ANY for target in targets))


def parse_watch(*, read: Any = None, refused: Iterable[tuple[Any, str]] = (), expect: Iterable[Any] = ()) -> Watch:
    """What ends the wait after an act. `refused`: pairs of target tree and code."""
    flaws = Flaws()
    watch = Watch(
        read=None if read is None else read_reads(read, ("read",), flaws),
        refused=tuple(
            read_watched(tree, code, ("refused", index), flaws) for index, (tree, code) in enumerate(refused)
        ),
        expect=tuple(read_watched(tree, "", ("expect", index), flaws) for index, tree in enumerate(expect)),
    )
    flaws.check()
    return watch


# parameters


def parse_params(spec: ActionSpec, tree: Any) -> Params:
    """The typed parameters of an action. `tree` is evaluated: texts go through the scalar parser that the annotation
    chooses, typed values pass. Raises `BadShape`."""
    from robo.sdk.parameters import read_params

    flaws = Flaws()
    params = read_params(spec, tree, flaws)
    flaws.check()
    assert params is not None  # noqa: S101 - without flaws there are parameters
    return params


SCALARS: Final[Mapping[Any, Kind]] = {
    str: Kind.STR,
    int: Kind.INT,
    bool: Kind.BOOL,
    Decimal: Kind.DECIMAL,
    date: Kind.DATE,
    datetime: Kind.DATETIME,
    time: Kind.TIME,
    timedelta: Kind.DURATION,
    Address: Kind.URL,
    Email: Kind.EMAIL,
}
"""The scalar parser of each Python annotation."""


def is_missing(tree: Any) -> bool:
    return tree is MISSING or tree is None
