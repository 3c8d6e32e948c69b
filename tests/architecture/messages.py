"""Every message a person may read, gathered from the sources. `python -m tests.architecture.messages` brings the French
catalogue up to date: new messages come without a translation, gone ones go, the compiled catalogue is written."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from robo.cli import hints
from robo.definition.operators import _KINDS
from robo.errors import WORDS
from robo.sdk.grammar import shape
from robo.services.guests import installed_actions

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "robo/locale"
SOURCES = sorted([*(ROOT / "robo").rglob("*.py"), *(ROOT / "runners").rglob("*.py")])
TRANSLATED_AT_ONCE = {"_", "say"}
ERRORS = re.compile(
    r"(?:[A-Z]\w*(?:Error|Secret|Conflict|Token|Trouble|Rejection|Failure|Found|Out|Dialog|Lost|Down|Unclear|Passed|Effect|Refused))"
    r"|Rejection|Failure|Ambiguous|Unfit|Fault|Finding|report|lacks|add|_fault|failure|error"
)
CODE = re.compile(r"RB\d{3}|[a-z]+(?:-[a-z]+)+")
SPOKEN = {"remedy", "expected", "says", "message", "why"}
A_WORD = re.compile(r"[A-Za-z]{2}")
WORDS_AT = {
    "BadScalar": 0,
    "phrase": 0,
    "Unreadable": 0,
    "_suspect": 0,
    "_words": 0,
    "read_file": 2,
    "_too_large": 0,
    "_problem": 0,
    "_lacking": 0,
    "lacking": 0,
    "_wrong_shape": 1,
    "_amiss": 1,
    "wrong_value": 2,
}
"""Where words stand that are translated with the message they are a fact of."""
KEPT_IN = {"expected", "wanted", "DATE_FORM", "SHAPES", "SAID", "NO_PROOF", "SEVERAL", "NO_MAILBOX", "NONE_IS_BOUND"}
KEPT_IN |= {"WE_KEEP", "NONE_OF_OURS", "TOO_MANY", "NOT_YET", "SEEN_WHOLE", "SILENT", "CLOSED", "NO_WAY"}
"""Variables that hold such words; those that are given as a remedy are seen by themselves (`kept`)."""
TRANSLATED_THROUGH_A_VARIABLE = {
    "robo/definition/diagnostics.py": ("expected", "did you mean", "write", "do"),
    "robo/definition/operators.py": tuple(kind for kind, _ in _KINDS),
    "robo/sdk/grammar.py": tuple(shape(tree) for tree in ({}, [], "")),
    "robo/errors.py": ("or", "and"),
}
UNTRANSLATED = {
    "robo --help",
    "robo %(near)s --help",
    "robo secrets set %(name)s",
    "robo secrets set %(name)s%(option)s",
    "%(what)s",
    "%(text)s",
    "%(wanted)s",
    "%(problem)s",
    "%(problems)s",
}
"""Commands and templates of facts alone: the same in every language."""


def texts(node: ast.expr) -> Iterator[str]:
    """The literal texts a node may be: one, both of a choice, the values of a mapping."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from texts(value)


def name_of(call: ast.Call) -> str:
    func = call.func
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def words_of(node: ast.AST) -> Iterator[str]:
    """What may stand in a fact that is translated with its message (`robo.errors.WORDS`)."""
    if isinstance(node, ast.Call):
        place = WORDS_AT.get(name_of(node), len(node.args))
        for argument in node.args[place : place + 1]:
            yield from texts(argument)
        for keyword in node.keywords if any(isinstance(each, ast.Constant) for each in node.args) else ():
            if keyword.arg in WORDS:
                yield from texts(keyword.value)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(to, ast.Name) and to.id in KEPT_IN for to in targets):
            yield from texts(node.value)
    elif isinstance(node, ast.FunctionDef):
        for argument, default in zip(reversed(node.args.args), reversed(node.args.defaults), strict=False):
            if argument.arg in WORDS:
                yield from texts(default)


def of_call(call: ast.Call) -> Iterator[str]:
    name, given = name_of(call), call.args
    if name in TRANSLATED_AT_ONCE and given:
        yield from texts(given[0])
        return
    coded = bool(given) and isinstance(given[0], ast.Constant) and bool(CODE.fullmatch(str(given[0].value)))
    if len(given) > 1 and (coded or ERRORS.fullmatch(name) or name == "__init__"):
        yield from texts(given[1])
    if name == "_unknown" and len(given) > 1:
        yield from texts(given[1])
    if name == "ending":
        for each in given[2:3]:
            yield from texts(each)
    if name == "Finding":
        for each in given[2:4]:
            yield from texts(each)
    named = {keyword.arg for keyword in call.keywords}
    ends = {"__init__", "Trouble", "ItemEnd", "ending"}
    if coded or ERRORS.fullmatch(name) or name in ends or {"code", "message"} <= named:
        for keyword in call.keywords:
            if keyword.arg in SPOKEN:
                yield from texts(keyword.value)


def of_node(node: ast.AST) -> Iterator[str]:
    """The messages of one node: a call, or a template kept in a variable called `message`."""
    if isinstance(node, ast.Call):
        yield from of_call(node)
    elif isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "message" for to in node.targets):
        yield from texts(node.value)


def spoken(node: ast.AST, text: str) -> bool:
    """Whether a text is a sentence to be translated: what goes through `_` always, others when they have words."""
    if isinstance(node, ast.Call) and name_of(node) in TRANSLATED_AT_ONCE:
        return bool(text)
    return bool(A_WORD.search(text)) and " " in text.strip() and text not in UNTRANSLATED


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    """Every node of a source."""
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def kept() -> set[str]:
    """Constants of modules that a call gives as what it says: `remedy=ALTERNATIVES`."""
    return {
        keyword.value.id
        for file in SOURCES
        for keyword in nodes(file)
        if isinstance(keyword, ast.keyword) and keyword.arg in {"remedy", "expected"}
        if isinstance(keyword.value, ast.Name) and keyword.value.id.isupper()
    }


def of_constant(node: ast.AST, given: set[str]) -> Iterator[str]:
    """The text of a constant that is among `given`."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in given and node.value:
        yield from texts(node.value)


def declared() -> Iterator[tuple[str, str]]:
    """What is declared about actions and keys, and shown by `robo actions` and by editors, with where it stands."""
    for name, spec in installed_actions().items():
        yield spec.summary, f"runners/robo_{name.partition('.')[0]}"
    yield from ((text, "robo/cli/hints.py") for text in hints.every())


def of_templates() -> Iterator[tuple[str, str]]:
    """What the pages of documents say, with where it stands."""
    for file in sorted((ROOT / "robo/services").rglob("*.html")):
        tree = Environment(autoescape=True).parse(file.read_text(encoding="utf-8"))
        for _line, _name, said in extract_from_ast(tree, ("say",)):
            text = said if isinstance(said, str) else said[0]
            if text is not None:
                yield text, file.relative_to(ROOT).as_posix()


@cache
def messages() -> dict[str, list[str]]:
    """Every message with the places it comes from."""
    found: dict[str, list[str]] = {}
    given = kept()
    for file in SOURCES:
        for node in nodes(file):
            said = {text for text in (*of_node(node), *of_constant(node, given)) if spoken(node, text)}
            for text in sorted(
                said | {text for text in words_of(node) if A_WORD.search(text) and text not in UNTRANSLATED}
            ):
                found.setdefault(text, []).append(file.relative_to(ROOT).as_posix())
    for text, place in (*declared(), *of_templates()):
        found.setdefault(text, [place])
    for place, words in TRANSLATED_THROUGH_A_VARIABLE.items():
        for text in words:
            found.setdefault(text, [place])
    return dict(sorted(found.items()))


def catalogue_file(language: str = "fr") -> Path:
    return LOCALE / language / "LC_MESSAGES" / "robo.po"


@cache
def read(language: str = "fr") -> Catalog:
    file = catalogue_file(language)
    if not file.exists():
        return Catalog(locale=language, domain="robo", charset="utf-8", fuzzy=False)
    with file.open("rb") as opened:
        return read_po(opened, locale=language, domain="robo")


def compiled(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def update(language: str = "fr") -> Catalog:
    """The catalogue with exactly the messages of the sources, its translations kept."""
    old, new = (
        read(language),
        Catalog(locale=language, domain="robo", charset="utf-8", fuzzy=False, header_comment="# robo in French."),
    )
    for text, places in messages().items():
        known = old.get(text)
        new.add(
            text, known.string if known is not None else "", locations=[(place, 0) for place in sorted(set(places))]
        )
    new.creation_date = new.revision_date = old.creation_date
    return new


def write(language: str = "fr") -> int:
    """Write both files; how many messages have no translation yet."""
    catalogue = update(language)
    file = catalogue_file(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        write_po(opened, catalogue, width=120, sort_output=True, include_lineno=False)
    file.with_suffix(".mo").write_bytes(compiled(catalogue))
    return sum(1 for each in catalogue if each.id and not each.string)


if __name__ == "__main__":
    print(f"{write()} message(s) without a translation")
