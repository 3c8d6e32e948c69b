"""`review`: a question to a person. What is shown, what may be corrected, the answers, and how long it waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from robo.definition import keys
from robo.definition.awaiting import check_code
from robo.definition.scoping import KINDS
from robo.definition.sections import entries, read_choices
from robo.definition.source import Source
from robo.definition.yaml_text import MapNode, YamlNode
from robo.model.process import Editable, Kind, Review
from robo.model.scalars import BadScalar, parse
from robo.model.text import Node, Path, Template

ANSWER: Final = "choice"
"""What the answer is read by, below the review's id."""
WAYS: Final = ("hand_over", "reject", "skip")
"""What the end of the time does; the first unless it says `on_timeout`."""
TYPES: Final = tuple(kind for kind in Kind if kind not in {Kind.FILE, Kind.FOLDER, Kind.SECRET, Kind.LIST})
"""Types of what a person may write into a review."""
_TYPE_OF: Final[Mapping[str, Kind]] = {
    "date": Kind.DATE,
    "date and time": Kind.DATETIME,
    "time": Kind.TIME,
    "number": Kind.DECIMAL,
    "yes or no": Kind.BOOL,
}


def read_review(source: Source, parts: Mapping[str, YamlNode], path: Path) -> dict[str, Any]:
    """The member of a step that asks a person. It is known by its id, so it needs one."""
    if "id" not in parts:
        source.lacks(
            "review",
            "id",
            at=source.at_key((*path, "review")),
            expected="id: a name under which the answer is read, as reading.choice",
        )
    where = (*path, "review")
    given = source.mapping(parts["review"], where, keys.REVIEW)
    title = _title(source, source.required(given, "title", where), (*where, "title"))
    role = source.plain(given.get("role"), (*where, "role")) or ""
    if role:
        check_code(source, role, (*where, "role"))
    show = source.mapping(source.required(given, "show", where), (*where, "show"))
    review = Review(
        title=title,
        role=role,
        show={name: source.node(value, (*where, "show", name)) for name, value in show.items()},
        edit=tuple(_editables(source, given.get("edit"), (*where, "edit"))),
        choices=_choices(source, source.required(given, "choices", where), (*where, "choices")),
        answer_in=source.lasting(given.get("answer_in"), (*where, "answer_in")),
        on_timeout=_on_timeout(source, given, where),
        recheck=source.typed(given.get("recheck"), (*where, "recheck"), Kind.BOOL, False),
    )
    return {"review": review}


def _title(source: Source, node: YamlNode | None, path: Path) -> Node:
    """The question in one line; it may say whose."""
    title = source.node(node, path) if node is not None else ""
    return title if isinstance(title, str | Template) else source.text(node, path)


def answers_of(review: Review) -> dict[str, Any]:
    """What a review leaves under its id, with the types."""
    return {ANSWER: "text", **{each.name: KINDS[each.type] for each in review.edit}}


def _on_timeout(source: Source, given: Mapping[str, YamlNode], path: Path) -> str:
    if "on_timeout" in given and "answer_in" not in given:
        source.lacks(
            "on_timeout",
            "answer_in",
            at=source.at_key((*path, "on_timeout")),
            expected="%(key)s: 10 days",
        )
    return source.choice(given.get("on_timeout"), (*path, "on_timeout"), WAYS, WAYS[0])


def _choices(source: Source, node: YamlNode | None, path: Path) -> dict[str, str]:
    """`{ok: Avis conforme, wrong: À corriger}`."""
    found: dict[str, str] = {}
    for code, words in source.mapping(node, path).items():
        source.positions[(*path, code)] = source.at_key((*path, code))
        if (text := source.plain(words, (*path, code))) is not None:
            check_code(source, code, (*path, code))
            found[code] = text
    if isinstance(node, MapNode) and not node.entries:
        source.reporter.report("RB204", "a review has at least one answer", at=source.at_key(path))
    return found


def _editables(source: Source, node: YamlNode | None, path: Path) -> Iterator[Editable]:
    """`edit: {subject: "${{ item.subject }}", due: {value: …, title: …, type: date}}`."""
    for name, value, below in entries(source, node, path):
        free = source.name(name, below, taken=(ANSWER,), reserved=frozenset())
        parts = source.mapping(value, below, keys.EDITABLE) if isinstance(value, MapNode) else {"value": value}
        where = (*below, "value") if isinstance(value, MapNode) else below
        start = source.node(parts["value"], where) if "value" in parts else ""
        kind = _type(source, parts.get("type"), (*below, "type"), start, where)
        choices = read_choices(source, parts.get("choices"), (*below, "choices"), kind)
        _check_start(source, start, kind, where)
        if kind is Kind.CHOICE and not choices:
            source.lacks(
                name,
                "choices",
                at=source.at_key(below),
                expected="%(key)s: …",
            )
        if free:
            yield Editable(
                name=name,
                value=start,
                title=source.plain(parts.get("title"), (*below, "title")) or "",
                type=kind,
                required=source.typed(parts.get("required"), (*below, "required"), Kind.BOOL, True),
                choices=choices,
            )


def _type(source: Source, node: YamlNode | None, path: Path, start: Node, where: Path) -> Kind:
    """The type that is said, else that of what it begins with."""
    if node is not None:
        return Kind(source.choice(node, path, tuple(kind.value for kind in TYPES), Kind.STR))
    known = source.kind_of(start) if where not in source.broken else ""
    return _TYPE_OF.get(known, Kind.STR) if isinstance(known, str) else Kind.STR


def _check_start(source: Source, start: Node, kind: Kind, where: Path) -> None:
    """A value that is written out is of its type."""
    if not isinstance(start, str) or not start or where in source.broken:
        return
    try:
        parse(kind, start)
    except BadScalar as bad:
        source.wrong_value(where, bad.got, bad.expected)
