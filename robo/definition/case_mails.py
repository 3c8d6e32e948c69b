"""What a case says of mails: those that lie in the robots' mailbox, and those that must be there at the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path as FilePath
from typing import Any, Final

from robo.definition.document import Document
from robo.definition.mailing import is_address
from robo.definition.yaml_text import MapNode, TextNode, YamlNode
from robo.model.case import ExpectedMail, GivenMail
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Path

MAIL_KEYS: Final = ("to", "from", "subject", "says", "attached")
KEPT_KEYS: Final = (*MAIL_KEYS, "read")
GIVEN_MAIL_KEYS: Final = ("from", "to", "subject", "date", "body", "attach", "id", "read", "run")
WHOLE_MAIL_KEYS: Final = ("file", "date", "read", "run")
BODY_KEYS: Final = ("file",)
ORDER_KEYS: Final = ("in_order",)


def read_mailbox(document: Document, node: YamlNode | None) -> dict[str, tuple[GivenMail, ...]]:
    """`mailbox`: what comes into each folder."""
    path: Path = ("mailbox",)
    return {
        folder: tuple(_given(document, item, here, folder) for item, here in document.items(value, (*path, folder)))
        for folder, value in document.mapping(node, path).items()
    }


def _given(document: Document, node: YamlNode, path: Path, folder: str) -> GivenMail:
    whole = isinstance(node, MapNode) and any(key.text == "file" for key, _ in node.entries)
    entries = document.mapping(node, path, WHOLE_MAIL_KEYS if whole else GIVEN_MAIL_KEYS)
    body = entries.get("body")
    beside = document.mapping(body, (*path, "body"), BODY_KEYS) if isinstance(body, MapNode) else {}
    return GivenMail(
        folder=folder,
        sender=_address(document, entries.get("from"), (*path, "from")),
        to=tuple(_address(document, item, here) for item, here in _each(document, entries.get("to"), (*path, "to"))),
        subject=document.text(entries.get("subject"), (*path, "subject")),
        date=_moment(document, entries.get("date"), (*path, "date")),
        body="" if isinstance(body, MapNode) else document.text(body, (*path, "body")),
        body_file=_file(document, beside["file"], (*path, "body", "file")) if "file" in beside else "",
        file=_file(document, entries["file"], (*path, "file")) if whole and "file" in entries else "",
        attached=tuple(
            _file(document, item, here) for item, here in _each(document, entries.get("attach"), (*path, "attach"))
        ),
        id=document.text(entries.get("id"), (*path, "id")),
        read=document.flag(entries.get("read"), (*path, "read"), default=False),
        run=max(1, document.whole(entries.get("run"), (*path, "run"), 1)),
        path=path,
    )


def read_expected(
    document: Document, node: YamlNode | None, path: Path
) -> tuple[tuple[ExpectedMail, ...] | None, bool]:
    """`expect: mails`: every mail that was written, and whether in this order."""
    if node is None:
        return None, False
    if isinstance(node, MapNode):
        listed = document.required(document.mapping(node, path, ORDER_KEYS), "in_order", path)
        return tuple(_mail(document, item, here) for item, here in document.items(listed, (*path, "in_order"))), True
    return tuple(_mail(document, item, here) for item, here in document.items(node, path)), False


def read_kept(document: Document, node: YamlNode | None, path: Path) -> dict[str, tuple[ExpectedMail, ...]]:
    """`expect: mailbox`: every mail that lies in a folder."""
    return {
        folder: tuple(
            _expected(document, document.mapping(item, here, KEPT_KEYS), here)
            for item, here in document.items(value, (*path, folder))
        )
        for folder, value in document.mapping(node, path).items()
    }


def _mail(document: Document, node: YamlNode, path: Path) -> ExpectedMail:
    entries = document.mapping(node, path, MAIL_KEYS)
    document.required(entries, "to", path)
    return _expected(document, entries, path)


def _expected(document: Document, entries: dict[str, YamlNode], path: Path) -> ExpectedMail:
    attached = _texts(document, entries["attached"], (*path, "attached")) if "attached" in entries else None
    read = document.flag(entries["read"], (*path, "read"), default=False) if "read" in entries else None
    return ExpectedMail(
        to=_texts(document, entries.get("to"), (*path, "to")),
        sender=document.text(entries.get("from"), (*path, "from")),
        subject=document.text(entries.get("subject"), (*path, "subject")),
        says=document.text(entries.get("says"), (*path, "says")),
        attached=attached,
        read=read,
        path=path,
    )


def _each(document: Document, node: YamlNode | None, path: Path) -> Iterator[tuple[YamlNode, Path]]:
    """A list of texts, or one text."""
    return iter([(node, path)]) if isinstance(node, TextNode) else document.items(node, path)


def _texts(document: Document, node: YamlNode | None, path: Path) -> tuple[str, ...]:
    return tuple(document.text(item, here) for item, here in _each(document, node, path))


def _address(document: Document, node: YamlNode | None, path: Path) -> str:
    text = document.text(node, path)
    address = parseaddr(text)[1]
    if text and not (is_address(address) and address.rpartition("@")[0].isascii()):
        document.wrong_value(path, text, "an address, as lea@exemple.fr or Léa Roux <lea@exemple.fr>")
    return text


def _moment(document: Document, node: YamlNode | None, path: Path) -> datetime | None:
    if node is None:
        return None
    try:
        read: Any = parse(Kind.DATETIME, document.text(node, path))
    except BadScalar as bad:
        document.wrong_value(path, bad.got, bad.expected)
        return None
    return read if isinstance(read, datetime) else None


def _file(document: Document, node: YamlNode, path: Path) -> str:
    """A file of the process's folder, which is there."""
    name = document.text(node, path)
    home = FilePath(document.file).parent.parent
    if name and not (home / name).is_file():
        document.reporter.report(
            "RB776",
            "the case has no file %(name)s",
            at=document.at(path),
            remedy="put it there; names count from the folder of the process: fixtures/pieces.pdf",
            name=name,
        )
    return name
