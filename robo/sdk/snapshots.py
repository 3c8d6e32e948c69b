"""What a part of a page must show, line by line: Playwright's notation of aria snapshots, read from a definition.

A snapshot is a YAML list. Each line is a role, a name, attributes (`heading "Demande" [level=1]`), and the lines in it
below; `text: …` is plain text, `/…/` a regular expression, `/children: equal` forbids others between.

Two trees: the *written* one (texts, mappings, lists) and the *taken apart* one that the loader makes of it (`lower`),
in which every name stands alone, so that a value put into a name is data and never notation.
Source: https://playwright.dev/docs/aria-snapshots.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from robo.errors import phrase
from robo.model.base import Value
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Expr, Path, Template
from robo.sdk.flaws import Flaws, is_list, shape
from robo.sdk.patterns import check_pattern, slow_or_foreign

SNAPSHOT: Final = "snapshot"
FRAGMENT: Final = "fragment"
"""The role of what holds several lines: any part of the page."""
_ROLES: Final = """
alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox
complementary contentinfo definition deletion dialog document emphasis feed figure form grid gridcell group heading
iframe img insertion link list listbox listitem log main mark marquee math menu menubar menuitem menuitemcheckbox
menuitemradio meter navigation note option paragraph progressbar radio radiogroup region row rowgroup rowheader
scrollbar search searchbox separator slider spinbutton status strong subscript superscript switch tab table tablist
tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem
"""
ROLES: Final = tuple(_ROLES.split())
_YES: Final = ("true", "false")
ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "checked": (*_YES, "mixed"),
    "disabled": _YES,
    "expanded": _YES,
    "invalid": (*_YES, "grammar", "spelling"),
    "level": (),
    "pressed": (*_YES, "mixed"),
    "selected": _YES,
}
"""What may stand in brackets, and with which values (`level`: a number). Without a value: true."""
NOTATION: Final = frozenset({"role", "is", "mode", "regex", "properties"})
"""Members of the tree taken apart that hold no text a person reads on the page."""
MODES: Final = ("contain", "equal", "deep-equal")
PROPERTIES: Final = ("/url", "/placeholder")
CHILDREN: Final = "/children"
A_LINE: Final = 'a role, its name in quotes, attributes in brackets: heading "Demande" [level=1]'


class Words(Value):
    """A name or a text of a line: to the letter, or a regular expression that is found in it."""

    text: str = ""
    regex: str = ""
    said: str = ""
    """The expression as a person reads it: with the values in it as they are, so that masks know them."""


class Line(Value):
    """One line and those in it. A plain text has only `words`."""

    role: str = ""
    words: Words | None = None
    states: Mapping[str, str] = {}
    """`{level: "1", checked: "mixed"}`."""
    properties: Mapping[str, Words] = {}
    """`{url: …, placeholder: …}`."""
    mode: str = ""
    lines: tuple[Line, ...] = ()


# the written tree, taken apart


def lower(tree: Any, path: Path, flaws: Flaws) -> dict[str, Any]:
    """The written tree as one whose names stand alone, each a text or a template. Problems go to `flaws`."""
    root = _inside(FRAGMENT, tree, path, flaws)
    lines = root["lines"]
    if len(lines) == 1 and "mode" not in root and "role" in lines[0]:
        only: dict[str, Any] = lines[0]
        return only
    return root


def _inside(role: str, tree: Any, path: Path, flaws: Flaws) -> dict[str, Any]:
    """A line of this role with the lines below it."""
    found: dict[str, Any] = {"role": role, "lines": ()}
    if not is_list(tree) or not tree:
        flaws.add(
            "RB260",
            "a snapshot is a list of lines, this is %(shape)s",
            path,
            shape=shape(tree.source if isinstance(tree, Template) else tree),
            expected=A_LINE,
        )
        return found
    lines: list[dict[str, Any]] = []
    for index, part in enumerate(tree):
        lines += _members(part, (*path, index), found, flaws)
    return {**found, "lines": tuple(lines)}


def _members(part: Any, path: Path, around: dict[str, Any], flaws: Flaws) -> Iterator[dict[str, Any]]:
    """The lines of one member of a list; what is said of the line around them goes there."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            below = (*path, key.source if isinstance(key, Template) else key)
            if key == "text":
                yield {"text": _words_of(value, below, flaws)}
            elif key == CHILDREN:
                around["mode"] = _mode(value, below, flaws)
            elif isinstance(key, str) and key.startswith("/"):
                around.setdefault("properties", {})[key[1:]] = _property(key, value, below, flaws)
            else:
                yield _with(_head(key, below, flaws, on_key=True), value, below, flaws)
    elif is_list(part):
        flaws.add("RB260", "a snapshot is a list of lines, this is %(shape)s", path, shape=shape(part), expected=A_LINE)
    else:
        yield _head(part, path, flaws)


def _with(head: dict[str, Any], value: Any, path: Path, flaws: Flaws) -> dict[str, Any]:
    """A line with what stands behind its colon: its text, or the lines in it."""
    if is_list(value):
        below = _inside(head["role"], value, path, flaws)
        return {**head, **below}
    return {**head, "lines": ({"text": _words_of(value, path, flaws)},)}


def _mode(value: Any, path: Path, flaws: Flaws) -> str:
    if value in MODES:
        return str(value)
    flaws.add(
        "RB206",
        "%(got)s is not one of %(words)s",
        path,
        got=value if isinstance(value, str) else shape(value),
        words=", ".join(MODES),
        known=MODES,
        word=str(value),
    )
    return MODES[0]


def _property(key: str, value: Any, path: Path, flaws: Flaws) -> Any:
    if key not in PROPERTIES:
        flaws.unknown_key(key, path[:-1], (*PROPERTIES, CHILDREN))
    return _words_of(value, path, flaws)


# one line

_NAME: Final = r'"(?P<name>(?:[^"\\]|\\.)*)"|/(?P<regex>(?:[^/\\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+)/'
_HEAD: Final = re.compile(rf'\s*(?P<role>[^\s"/\[]*)\s*(?:{_NAME})?\s*(?P<rest>.*)', re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"\[\s*(?P<key>[^\]=\s]*)\s*(?:=\s*(?P<value>[^\]\s]*)\s*)?\]\s*")
_MARK: Final = 0xF0000
"""Where an expression stands in a line while it is taken apart: characters no page has a use for."""
_MARKS: Final = re.compile("[\U000f0000-\U000ffffd]")


def _marked(text: str | Template) -> tuple[str, tuple[Expr, ...]]:
    """The text with a mark for each expression."""
    if isinstance(text, str):
        return _MARKS.sub("", text), ()
    exprs = tuple(part for part in text.parts if isinstance(part, Expr))
    marks = iter(range(len(exprs)))
    return "".join(
        _MARKS.sub("", part) if isinstance(part, str) else chr(_MARK + next(marks)) for part in text.parts
    ), exprs


def _pieces(text: str, exprs: Sequence[Expr]) -> tuple[str | Expr, ...]:
    found: list[str | Expr] = []
    place = 0
    for mark in _MARKS.finditer(text):
        if mark.start() > place:
            found.append(text[place : mark.start()])
        found.append(exprs[ord(mark[0]) - _MARK])
        place = mark.end()
    return (*found, text[place:]) if place < len(text) else tuple(found)


def _template(parts: tuple[str | Expr, ...]) -> Template:
    return Template("".join(part if isinstance(part, str) else f"${{{{ {part.source} }}}}" for part in parts), parts)


def _literal(text: str, exprs: Sequence[Expr]) -> str | Template:
    parts = _pieces(text, exprs)
    return _template(parts) if any(isinstance(part, Expr) for part in parts) else text


def _regex(pattern: str, exprs: Sequence[Expr], path: Path, flaws: Flaws, *, on_key: bool = False) -> dict[str, Any]:
    bare = _MARKS.sub("x", pattern)
    if why := check_pattern(bare) or slow_or_foreign(bare):
        flaws.add("RB207", "this is not a regular expression: %(why)s", path, why=why, on_key=on_key)
    pieces = _pieces(pattern, exprs)
    return {"regex": tuple(part if isinstance(part, str) else {"data": _template((part,))} for part in pieces)}


def _words_of(value: Any, path: Path, flaws: Flaws) -> Any:
    """What stands behind a colon: a text, or a regular expression between slashes."""
    if isinstance(value, Mapping) or is_list(value):
        flaws.add("RB204", "one value is wanted here, this is %(shape)s", path, shape=shape(value))
        return ""
    text, exprs = _marked(value if isinstance(value, str | Template) else str(value))
    if len(text) > len("//") and text[0] == text[-1] == "/":
        return _regex(text[1:-1], exprs, path, flaws)
    return _literal(text, exprs)


def _head(text: Any, path: Path, flaws: Flaws, *, on_key: bool = False) -> dict[str, Any]:
    """`heading "Demande" [level=1]`."""
    marked, exprs = _marked(text if isinstance(text, str | Template) else str(text))
    match = _HEAD.fullmatch(marked)
    assert match is not None  # noqa: S101 - every part may be empty
    found: dict[str, Any] = {"role": match["role"]}
    if match["role"] not in ROLES:
        _bad_role(match["role"], path, flaws, on_key=on_key)
        return {"role": FRAGMENT}
    if match["name"]:
        found["name"] = _literal(re.sub(r"\\(.)", r"\1", match["name"]), exprs)
    elif match["regex"] is not None:
        found["name"] = _regex(match["regex"], exprs, path, flaws, on_key=on_key)
    states = _states(match["rest"], path, flaws, on_key=on_key)
    return {**found, "is": states} if states else found


def _bad_role(role: str, path: Path, flaws: Flaws, *, on_key: bool) -> None:
    role = _MARKS.sub("${{ … }}", role)
    flaws.add(
        "RB261",
        "%(role)s is no role of a line" if role else "a line begins with its role",
        path,
        role=role,
        word=role,
        known=(*ROLES, "text"),
        expected=A_LINE
        if not role
        else "a role as heading, button, link, textbox, list, listitem, row, cell, or text:",
        on_key=on_key,
    )


def _states(rest: str, path: Path, flaws: Flaws, *, on_key: bool) -> dict[str, str]:
    states: dict[str, str] = {}
    while match := _ATTRIBUTE.match(rest):
        rest = rest[match.end() :]
        key, value = match["key"], match["value"] if match["value"] is not None else "true"
        if key not in ATTRIBUTES:
            flaws.add(
                "RB262",
                "%(attribute)s is no attribute of a line",
                path,
                attribute=key,
                word=key,
                known=tuple(ATTRIBUTES),
                expected="one of %(attributes)s",
                attributes=", ".join(ATTRIBUTES),
                on_key=on_key,
            )
        elif not (value in ATTRIBUTES[key] if ATTRIBUTES[key] else value.isascii() and value.isdigit()):
            wanted = ", ".join(ATTRIBUTES[key]) or phrase("a whole number")
            flaws.add(
                "RB262",
                "%(attribute)s cannot be %(value)s",
                path,
                attribute=key,
                value=_MARKS.sub("${{ … }}", value),
                expected="one of %(wanted)s" if ATTRIBUTES[key] else "%(wanted)s",
                wanted=wanted,
                on_key=on_key,
            )
        states[key] = value
    if rest:
        flaws.add(
            "RB263",
            "the line is not understood from «%(rest)s» on",
            path,
            rest=_MARKS.sub("${{ … }}", rest),
            expected=A_LINE,
            on_key=on_key,
        )
    return states


# the taken apart tree, evaluated


def read_snapshot(tree: Any, path: Path, flaws: Flaws) -> Line:
    """The snapshot of a tree that is written or taken apart. A template still in it is taken for its source."""
    taken_apart = isinstance(tree, Mapping) and ("role" in tree or "text" in tree)
    return _line(tree if taken_apart else lower(tree, path, flaws), path, flaws)


def _line(tree: Mapping[str, Any], path: Path, flaws: Flaws) -> Line:
    if "text" in tree:
        return Line(words=_words(tree["text"], path, flaws))
    return Line(
        role=str(tree.get("role", FRAGMENT)),
        words=_words(tree["name"], path, flaws) if "name" in tree else None,
        states=dict(tree.get("is", {})),
        properties={key: _words(value, path, flaws) for key, value in tree.get("properties", {}).items()},
        mode=str(tree.get("mode", "")),
        lines=tuple(_line(part, path, flaws) for part in tree.get("lines", ())),
    )


def _words(tree: Any, path: Path, flaws: Flaws) -> Words:
    if not isinstance(tree, Mapping):
        return Words(text=_said(tree, path, flaws))
    pieces = [
        (_said(piece["data"], path, flaws), True) if isinstance(piece, Mapping) else (piece, False)
        for piece in tree["regex"]
    ]
    return Words(
        regex="".join(re.escape(text).replace("/", r"\/") if is_data else text for text, is_data in pieces),
        said="".join(text for text, _ in pieces),
    )


def _said(tree: Any, path: Path, flaws: Flaws) -> str:
    """A text; an expression that gives nothing would fit everything, and is a flaw."""
    if isinstance(tree, Template):
        return tree.source
    try:
        text: str = parse(Kind.STR, tree)
    except BadScalar as bad:
        flaws.scalar(bad, path)
        return ""
    if not text.strip():
        flaws.add("RB205", "a target needs a name", path)
    return text
