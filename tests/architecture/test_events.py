"""Every type of event has an emitter and every emitter a type: read from the syntax trees of the house.

An emitter gives a type to `audit.emit` or `audit.entry`: written there, through a name of the same function or
module, or through a parameter that is annotated with the type. Whoever only compares a type emits nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from robo.model.audit import EventType
from robo.model.events import SAID

HOUSE = Path(__file__).parents[2] / "robo"
TYPES = "EventType"
OWN = {HOUSE / "model" / "audit.py", HOUSE / "model" / "events.py"}
Where = tuple[str, str]
"""A function: the name of its module, and its own."""
FIRST: dict[Where, tuple[str, int]] = {("audit", "emit"): ("type", 1), ("audit", "entry"): ("kind", 1)}
"""The functions that write events, and which of their parameters is the type."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Emitters:
    """What a set of modules emits, and the calls whose type nobody can tell."""

    emitted: dict[str, set[str]] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)


def read(modules: Mapping[str, ast.Module]) -> Emitters:
    """What modules (by their paths) emit."""
    found = Emitters()
    passing = FIRST | {
        (Path(path).stem, function.name): parameter
        for path, tree in modules.items()
        for function in _functions(tree)
        if (parameter := _parameter(function)) is not None
    }
    for path, tree in modules.items():
        imported = _imported(tree)
        for function in _functions(tree):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                parameter = passing.get(_called(call, Path(path).stem, imported))
                given = None if parameter is None else _given(call, *parameter)
                if given is None:
                    continue
                types, where = _types(given, function, tree), f"{path}:{call.lineno}"
                if not types and not _is_passed_on(given, function):
                    found.unclear.append(where)
                for each in types:
                    found.emitted.setdefault(each, set()).add(where)
    return found


def _functions(tree: ast.Module) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def _imported(tree: ast.Module) -> dict[str, Where]:
    """Names of this module that are functions of another."""
    return {
        alias.asname or alias.name: (node.module.rpartition(".")[2], alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _called(call: ast.Call, here: str, imported: Mapping[str, Where]) -> Where:
    match call.func:
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            return (module, name)
        case ast.Name(id=name):
            return imported.get(name, (here, name))
    return ("", "")


def _parameter(function: Function) -> tuple[str, int | None] | None:
    """The parameter that is annotated with the type, and its place (None: given by its name only)."""
    places = [*function.args.posonlyargs, *function.args.args]
    for place, each in enumerate(places):
        if _is_type(each.annotation):
            return each.arg, place
    return next(((each.arg, None) for each in function.args.kwonlyargs if _is_type(each.annotation)), None)


def _is_type(annotation: ast.expr | None) -> bool:
    """`EventType`, or `EventType | None`."""
    match annotation:
        case ast.Name(id=name) | ast.BinOp(left=ast.Name(id=name)):
            return name == TYPES
    return False


def _given(call: ast.Call, parameter: str, place: int | None) -> ast.expr | None:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == parameter), None)
    return named if named is not None or place is None or place >= len(call.args) else call.args[place]


def _types(given: ast.expr, function: Function, tree: ast.Module) -> set[str]:
    """The types an expression may be: written in it, or in what its names are bound to."""
    written = _written(given)
    for name in {node.id for node in ast.walk(given) if isinstance(node, ast.Name)} - {TYPES}:
        for scope in (function, tree):
            bound = [value for target, value in _bindings(scope) if target == name]
            if bound:
                written |= {each for value in bound for each in _written(value)}
                break
    return written


def _written(value: ast.expr) -> set[str]:
    return {
        node.attr
        for node in ast.walk(value)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == TYPES
    }


def _bindings(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    nodes = ast.walk(scope) if isinstance(scope, Function) else iter(scope.body)  # type: ignore[attr-defined] - a module
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from (
                    (target.id, value)
                    for target, value in zip(names, values, strict=True)
                    if isinstance(target, ast.Name)
                )
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def _is_passed_on(given: ast.expr, function: Function) -> bool:
    """Whoever calls this function gave the type."""
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    mine = {each.arg for each in every if _is_type(each.annotation)}
    return isinstance(given, ast.Name) and given.id in mine


def _modules() -> dict[str, ast.Module]:
    """Those that know the type, or the book."""
    texts = {file: file.read_text(encoding="utf-8") for file in HOUSE.rglob("*.py") if file not in OWN}
    return {
        str(file.relative_to(HOUSE.parent)): ast.parse(text)
        for file, text in texts.items()
        if TYPES in text or "audit" in text
    }


def test_every_type_has_an_emitter_and_every_emitter_a_type() -> None:
    found = read(_modules())
    assert not found.unclear, "name the type where it is emitted, or give it as a parameter that is annotated"
    assert set(found.emitted) == {each.name for each in EventType}


def test_every_type_says_what_it_may_hold() -> None:
    assert set(SAID) == set(EventType)


def test_an_emitter_is_found_however_its_type_comes_there_and_a_reader_is_none() -> None:
    found = read(
        {
            "m": ast.parse(
                """
KNOWN = {1: EventType.C}
def direct(tx): audit.emit(tx, type=EventType.A)
def through(tx):
    kind, run = EventType.B, 1
    audit.entry(tx, kind)
def listed(tx, row): audit.emit(tx, type=KNOWN[row])
def chosen(tx, ended): audit.emit(tx, type=EventType.D if ended else EventType.E)
def move(tx, *, event: EventType | None = None): audit.emit(tx, type=event)
def moving(tx): move(tx, event=EventType.F)
def reader(row): return row.type == EventType.G
def nobody(tx, row): audit.emit(tx, type=row.type)
"""
            )
        }
    )
    assert set(found.emitted) == set("ABCDEF")
    assert found.unclear == ["m:12"]
