"""Reads `config/robo.yaml`: known keys only, each text by its own strict parser, all problems at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from robo.definition.diagnostics import Reporter, nearest
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode, decode, read_yaml
from robo.errors import one_of, phrase
from robo.model.retention import LONGEST, Retention
from robo.services.settings import (
    MEGABYTE,
    SWITCH,
    AuditSettings,
    Backend,
    BrowserSettings,
    FileLimits,
    HttpSettings,
    WorkerSettings,
)

Parse = Callable[[str], Any]
"""From a text to a value; raises `ValueError` of the words that say what is expected."""
Shape = Mapping[str, "Parse | Shape"]
UNITS: Final = {"s": 1, "min": 60, "h": 3600}
SIZES: Final = {"kB": 1024, "MB": MEGABYTE, "GB": 1024 * MEGABYTE}


def _text(said: str) -> str:
    return said


def _whole(said: str) -> int:
    if re.fullmatch(r"[1-9][0-9]{0,6}", said):
        return int(said)
    raise ValueError(phrase("a whole number from 1"))


def _months(most: int) -> Parse:
    def parse(said: str) -> int:
        if re.fullmatch(r"[1-9][0-9]{0,2}", said) and int(said) <= most:
            return int(said)
        raise ValueError(phrase("a number of months from 1 to %(most)s", most=most))

    return parse


def _choice(*choices: str) -> Parse:
    def parse(said: str) -> str:
        if said in choices:
            return said
        raise ValueError(one_of(choices))

    return parse


def _switch(said: str) -> bool:
    if said in SWITCH:
        return SWITCH[said]
    raise ValueError(phrase("on or off"))


def _duration(said: str) -> timedelta:
    if found := re.fullmatch(r"(\d{1,5}) ?(s|min|h)", said):
        return timedelta(seconds=int(found[1]) * UNITS[found[2]])
    raise ValueError(phrase("a duration such as 30 s, 5 min or 2 h"))


def _bytes(said: str) -> int:
    if found := re.fullmatch(r"(\d{1,6}) ?(kB|MB|GB)", said):
        return int(found[1]) * SIZES[found[2]]
    raise ValueError(phrase("a size such as 800 kB, 50 MB or 1 GB"))


def _span(said: str) -> timedelta:
    """A duration that passes."""
    if found := _duration(said):
        return found
    raise ValueError(phrase("a duration such as 30 s, 5 min or 2 h"))


def _origin(said: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", said):
        return said
    raise ValueError(phrase("a name such as robo.idf.interieur.gouv.fr/audit"))


def _proxy(*schemes: str) -> Parse:
    def parse(said: str) -> str:
        parts = urlsplit(said)
        if parts.scheme in schemes and parts.hostname and parts.username is None:
            return said
        raise ValueError(phrase("an address such as http://proxy.interne:3128, without a name and a password"))

    return parse


SHAPE: Final[Shape] = {
    "robo": _choice("1"),
    "title": _text,
    "language": _choice("fr", "en"),
    "store": {"url": _text},
    "workers": {"slots": _whole, "lease": _duration},
    "browser": {
        "executable": _text,
        "channel": _text,
        "sandbox": _switch,
        "proxy": _proxy("http", "https", "socks5"),
        "direct": _text,
    },
    "http": {"proxy": _proxy("http", "https"), "direct": _text},
    "authorities": _text,
    "secrets": {"backend": _choice(*Backend)},
    "audit": {"origin": _origin, "policy": _text, "every": _span, "events": _whole},
    "retention": {name: _months(most) for name, most in LONGEST.items()},
    "limits": {
        "files": {
            "size": _bytes,
            "expanded": _bytes,
            "ratio": _whole,
            "parts": _whole,
            "memory": _bytes,
            "cpu": _whole,
        }
    },
}
"""Every key of the file. The reference in `robo/docs/reference.md` says what each is for."""
MOVED: Final = {("browser", "authorities"): "authorities"}
"""What stands at the top of the file alone, because more go by it than the section it was looked for in."""


def read_settings_file(content: bytes, file: str) -> dict[str, Any]:
    """What the file says, as keywords of `Settings`. Raises `DefinitionError` with every problem in it."""
    reporter = Reporter()
    text = decode(content, file, reporter)
    tree: dict[str, Any] = {}
    if text is not None:
        root = read_yaml(text, file, reporter).root
        if root is not None:
            tree = _mapping(root, SHAPE, "", reporter)
    reporter.finish()
    return _keywords(tree)


def _mapping(node: YamlNode, shape: Shape, inside: str, reporter: Reporter) -> dict[str, Any]:
    if not isinstance(node, MapNode):
        reporter.report(
            "RB955",
            "%(inside)s must hold keys and values",
            at=node.at,
            expected="some of: %(keys)s",
            inside=inside or "the file",
            keys=", ".join(shape),
        )
        return {}
    found = {}
    for key, value in node.entries:
        if key.text not in shape and (inside, key.text) in MOVED:
            reporter.report(
                "RB954",
                "%(key)s is no setting of %(inside)s: pages, requests and mails go by the same",
                at=key.at,
                expected="%(key)s: … at the top of the file",
                key=MOVED[(inside, key.text)],
                inside=inside,
            )
            continue
        if key.text not in shape:
            reporter.report(
                "RB954",
                "%(key)s is not a setting",
                at=key.at,
                expected="one of: %(keys)s",
                meant=nearest(key.text, shape),
                key=key.text,
                keys=", ".join(shape),
            )
            continue
        kind = shape[key.text]
        if isinstance(kind, Mapping):
            found[key.text] = _mapping(value, kind, key.text, reporter)
        else:
            _scalar(key.text, value, kind, found, reporter)
    return found


def _scalar(key: str, node: YamlNode, parse: Parse, found: dict[str, Any], reporter: Reporter) -> None:
    if isinstance(node, TextNode):
        if node.broken:
            return
        try:
            found[key] = parse(node.text)
        except ValueError as wrong:
            reporter.report(
                "RB956",
                "%(key)s cannot be %(said)s",
                at=node.at,
                expected="%(what)s",
                key=key,
                said=node.text,
                what=wrong.args[0],
            )
        return
    shape = "list" if isinstance(node, ListNode) else "mapping"
    reporter.report("RB957", "%(key)s must be one value, not a %(shape)s", at=node.at, key=key, shape=shape)


def _keywords(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree of the file as `Settings` takes it."""
    words: dict[str, Any] = {name: tree[name] for name in ("title", "language", "authorities") if name in tree}
    if url := tree.get("store", {}).get("url"):
        words["store"] = url
    if "backend" in tree.get("secrets", {}):
        words["secrets"] = Backend(tree["secrets"]["backend"])
    words["workers"] = WorkerSettings(**tree.get("workers", {}))
    words["browser"] = BrowserSettings(**tree.get("browser", {}))
    words["http"] = HttpSettings(**tree.get("http", {}))
    words["audit"] = AuditSettings(**tree.get("audit", {}))
    words["retention"] = Retention(**tree.get("retention", {}))
    words["files"] = FileLimits(**tree.get("limits", {}).get("files", {}))
    return words
