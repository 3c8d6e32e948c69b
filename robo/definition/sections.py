"""The sections of a process that are no steps: inputs, secrets, hosts, tables, sessions, limits, counts, failures."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from robo.definition import keys
from robo.definition.diagnostics import nearest
from robo.definition.source import Source, type_of
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.errors import one_of, phrase
from robo.model.process import (
    Host,
    Input,
    Kind,
    Limits,
    OnFailure,
    SecretNeed,
    Sessions,
    StopAfter,
    Table,
)
from robo.model.scalars import BadScalar, chosen, parse
from robo.model.text import Node, Path

KINDS: Final = tuple(kind.value for kind in Kind if kind is not Kind.SECRET)
SECRET_KINDS: Final = ("password", "password+otp", "certificate", "attended")
EVIDENCE: Final = ("screenshot", "snapshot")
_REQUEST = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /\S*(?: \S.*)?")
_PERCENT = re.compile(r"(\d{1,3}) ?%(?: ?\(after (\d{1,6})\))?")
_MAX_SLOTS = 64


def entries(source: Source, node: YamlNode | None, path: Path) -> Iterator[tuple[str, YamlNode, Path]]:
    """The named entries of a section."""
    for name, value in source.mapping(node, path).items():
        yield name, value, (*path, name)


def read_inputs(source: Source, node: YamlNode | None) -> dict[str, Input]:
    """`inputs: {export: {type: file, title: …}}`."""
    found: dict[str, Input] = {}
    types: dict[str, Any] = {}
    for name, value, path in entries(source, node, ("inputs",)):
        source.member(name, path)
        parts = source.mapping(_long(source, value, "type", KINDS), path, keys.INPUT)
        kind, choices, default = read_type(source, parts, path)
        found[name] = Input(
            name=name,
            type=kind,
            title=source.plain(parts.get("title"), (*path, "title")) or "",
            required=source.typed(parts.get("required"), (*path, "required"), Kind.BOOL, True),
            default=default,
            choices=choices,
            overlay=source.typed(parts.get("overlay"), (*path, "overlay"), Kind.BOOL, False),
            sensitive=source.typed(parts.get("sensitive"), (*path, "sensitive"), Kind.BOOL, False),
        )
        types[name] = type_of(kind)
    source.names["inputs"] = types
    return found


def _long(source: Source, node: YamlNode, key: str, words: Collection[str]) -> YamlNode:
    """`node`, or an empty mapping after a report: `portal: url` was meant as `portal: {type: url}`."""
    if not isinstance(node, TextNode) or node.text not in words:
        return node
    source.reporter.report(
        "RB204",
        "%(wanted)s is wanted here, this is %(shape)s",
        at=node.at,
        meant=f"{{{key}: {node.text}}}",
        wanted="a mapping",
        shape="a text",
    )
    return MapNode(node.at)


def read_type(
    source: Source, parts: Mapping[str, YamlNode], path: Path, form: str | None = None
) -> tuple[Kind, tuple[str, ...], str | None]:
    """`type`, `choices` and `default` of an input or a field: choices are of the type, the default is one of them."""
    kind = Kind(source.choice(parts.get("type"), (*path, "type"), KINDS, "str"))
    choices = read_choices(source, parts.get("choices"), (*path, "choices"), kind)
    if kind is Kind.CHOICE and "choices" not in parts:
        source.lacks(
            str(path[-1]),
            "choices",
            at=source.at_key(path),
            expected="%(key)s: …",
        )
    default = source.plain(parts.get("default"), (*path, "default"))
    if default is not None:
        try:
            chosen(kind, parse(kind, default, format=form), choices)
        except BadScalar as bad:
            source.wrong_value((*path, "default"), bad.got, bad.expected, meant=nearest(default, choices))
    return kind, choices, default


def read_choices(source: Source, node: YamlNode | None, path: Path, kind: Kind) -> tuple[str, ...]:
    """The values of this type that are taken; none when one of them is not of the type (reported)."""
    found = source.plain_texts(node, path)
    if isinstance(node, ListNode) and not node.items:
        source.reporter.report("RB204", "a list of choices has at least one", at=source.at_key(path))
    good = []
    for index, text in enumerate(found):
        try:
            parse(kind, text)
            good.append(text)
        except BadScalar as bad:
            source.wrong_value((*path, index) if isinstance(node, ListNode) else path, bad.got, bad.expected)
    return tuple(good) if len(good) == len(found) else ()


def read_secrets(source: Source, node: YamlNode | None) -> dict[str, SecretNeed]:
    """`secrets: {portal: {kind: password}}`."""
    found: dict[str, SecretNeed] = {}
    for name, value, path in entries(source, node, ("secrets",)):
        parts = source.mapping(_long(source, value, "kind", SECRET_KINDS), path, ("kind",))
        kind = source.choice(parts.get("kind"), (*path, "kind"), SECRET_KINDS, "password")
        found[name] = SecretNeed(name=name, kind=kind)
    return found


def read_hosts(source: Source, node: YamlNode | None) -> dict[str, Host]:
    """`hosts: {portal: {url, reads: [POST /recherche], drafts: [POST /etape/*]}}`."""
    found: dict[str, Host] = {}
    for name, value, path in entries(source, node, ("hosts",)):
        parts = source.mapping(value, path, keys.HOST)
        url = source.required(parts, "url", path)
        found[name] = Host(
            name=name,
            url=_address(source, url, (*path, "url")) if url is not None else "",
            reads=_requests(source, parts.get("reads"), (*path, "reads")),
            drafts=_requests(source, parts.get("drafts"), (*path, "drafts")),
        )
    return found


def _address(source: Source, node: YamlNode, path: Path) -> Node:
    """An address written out, or one that an expression gives."""
    if not isinstance(node, TextNode):
        source.text(node, path)
        return ""
    found = source.node(node, path)
    if isinstance(found, str) and found:
        source.typed(node, path, Kind.URL)
    return found


def _requests(source: Source, node: YamlNode | None, path: Path) -> tuple[str, ...]:
    found = source.plain_texts(node, path)
    for index, text in enumerate(found):
        if not _REQUEST.fullmatch(text):
            below = (*path, index) if isinstance(node, ListNode) else path
            source.wrong_value(below, text, "a method and a path: POST /recherche or POST /etape/*")
    return found


def read_tables(source: Source, node: YamlNode | None) -> dict[str, Table]:
    """`tables: {pays: {overlay: extend, rows: {Britannique: GBR}}}`."""
    found: dict[str, Table] = {}
    for name, value, path in entries(source, node, ("tables",)):
        parts = source.mapping(value, path, keys.TABLE)
        rows = source.mapping(source.required(parts, "rows", path), (*path, "rows"))
        found[name] = Table(
            name=name,
            rows={key: source.plain(part, (*path, "rows", key)) or "" for key, part in rows.items()},
            overlay=source.choice(parts.get("overlay"), (*path, "overlay"), ("none", "extend", "replace"), "none"),
        )
    source.tables = found
    return found


def read_record(source: Source, node: YamlNode | None) -> Mapping[str, Any] | None:
    """The entry of the register of processing activities (GDPR, article 30)."""
    if node is None:
        return None
    parts = source.mapping(node, ("record",), keys.RECORD)
    return {
        key: source.plain_texts(part, ("record", key))
        if isinstance(part, ListNode)
        else source.plain(part, ("record", key)) or ""
        for key, part in parts.items()
    }


def read_sessions(source: Source, node: YamlNode | None) -> Sessions:
    """`sessions: {span, page, slots, account}`."""
    path = ("sessions",)
    parts = source.mapping(node, path, keys.SESSIONS)
    slots = parts.get("slots")
    by_machine = isinstance(slots, TextNode) and slots.text == "by machine"
    return Sessions(
        span=source.choice(parts.get("span"), (*path, "span"), ("item", "run", "worker"), "worker"),
        page=source.choice(parts.get("page"), (*path, "page"), ("opened", "kept"), "opened"),
        slots=None if slots is None or by_machine else _slots(source, slots, (*path, "slots")),
        account=source.choice(parts.get("account"), (*path, "account"), ("shared", "exclusive"), "shared"),
    )


def _slots(source: Source, node: YamlNode, path: Path) -> int:
    slots = source.whole_from(node, path, 1, 1)
    if slots > _MAX_SLOTS:
        source.wrong_value(path, str(slots), phrase("a number up to %(most)s, or: by machine", most=_MAX_SLOTS))
    return slots


def read_limits(
    source: Source, node: YamlNode | None, path: Path = ("limits",), known: Collection[str] = keys.LIMITS
) -> Limits:
    """`limits: {items, effects, rows, stop_after: {failed_in_a_row, rejected: 30 % (after 20), unknown}}`. What was
    said is the value's `model_fields_set`."""
    parts = source.mapping(node, path, known)
    said: dict[str, Any] = {
        key: source.whole_from(parts[key], (*path, key), Limits.model_fields[key].default, 1)
        for key in ("items", "effects", "rows")
        if key in parts
    }
    if "stop_after" in parts:
        said["stop_after"] = _stop_after(source, parts["stop_after"], (*path, "stop_after"))
    return Limits(**said)


def _stop_after(source: Source, node: YamlNode, path: Path) -> StopAfter:
    parts = source.mapping(node, path, keys.STOP_AFTER)
    usual = StopAfter()
    said: dict[str, int] = {
        key: source.whole_from(parts[key], (*path, key), getattr(usual, key), 1)
        for key in ("failed_in_a_row", "unknown")
        if key in parts
    }
    if "rejected" in parts:
        said |= _rejected(source, parts["rejected"], (*path, "rejected"))
    return StopAfter(**said)


def _rejected(source: Source, node: YamlNode, path: Path) -> dict[str, int]:
    """`30 % (after 20)`, or `30 %`."""
    text = source.plain(node, path) or ""
    match = _PERCENT.fullmatch(text)
    if match is None or int(match[1]) > 100:  # noqa: PLR2004 - a percentage
        if text:
            source.wrong_value(path, text, "a percentage like 30 % (after 20)")
        return {}
    after = {"rejected_after": int(match[2])} if match[2] else {}
    return {"rejected_percent": int(match[1]), **after}


def read_on_failure(source: Source, node: YamlNode | None) -> OnFailure:
    """`on_failure: {retry: 2, wait: 30s, backoff: 2, keep: [screenshot]}`."""
    path = ("on_failure",)
    parts = source.mapping(node, path, keys.ON_FAILURE)
    keep = source.plain_texts(parts.get("keep"), (*path, "keep")) if "keep" in parts else EVIDENCE
    for index, text in enumerate(keep):
        if text not in EVIDENCE:
            source.wrong_value((*path, "keep", index), text, one_of(EVIDENCE))
    return OnFailure(
        retry=source.whole_from(parts.get("retry"), (*path, "retry"), 2),
        wait=source.typed(parts.get("wait"), (*path, "wait"), Kind.DURATION, timedelta(seconds=30)),
        backoff=source.whole_from(parts.get("backoff"), (*path, "backoff"), 2, 1),
        keep=keep,
    )


def read_again(source: Source, node: YamlNode | None) -> str:
    """`never`, `each_run`, or the duration of `{after: 7 days}`."""
    path = ("again",)
    if isinstance(node, MapNode):
        parts = source.mapping(node, path, ("after",))
        after = source.required(parts, "after", path)
        source.lasting(after, (*path, "after"))
        return source.plain(after, (*path, "after")) or ""
    return source.choice(node, path, ("never", "each_run", "{after: 7 days}"), "never")
