"""Reads `mail:` of a region's file: the account its robots write from, and where they may write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Final

from robo.definition.document import Document
from robo.definition.yaml_nodes import TextNode, YamlNode
from robo.errors import phrase
from robo.model.base import Environment
from robo.model.process import Kind
from robo.model.region import Keeper, MailAccount, Mailbox, Security
from robo.model.scalars import BadScalar, parse
from robo.model.text import Path

KEYS: Final = (
    "server",
    "port",
    "security",
    "from",
    "secret",
    "domains",
    "environment",
    "redirect_all_to",
    "mailbox",
    "why",
)
BOX: Final = ("server", "port", "security", "secret", "sent", "kept_by", "why")
PATH: Final[Path] = ("mail",)
BOX_PORTS: Final[Mapping[Security, int]] = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}
"""RFC 8314, RFC 3501."""
PORTS: Final[Mapping[Security, int]] = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
"""RFC 8314, RFC 6409, RFC 5321."""
HIGHEST: Final = 65535
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SERVER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+")
_DOMAIN: Final = re.compile(r"(?:\*\.)?(?:[\w-]+\.)+[\w-]{2,}")


def read_mail(document: Document, node: YamlNode | None, region: str) -> MailAccount | None:
    """The account, or None: there is none, or what is wrong with it was reported."""
    if node is None:
        return None
    before = document.reporter.count
    entries = document.mapping(node, PATH, KEYS)
    server = _server(document, entries, PATH, "smtp.exemple.fr")
    security = _security(document, entries, PATH, Security.STARTTLS)
    name, sender = parseaddr(document.text(document.required(entries, "from", PATH), _at("from")))
    if "from" in entries and not is_address(sender):
        document.wrong_value(_at("from"), sender, "an address, as robot@exemple.fr or Robot <robot@exemple.fr>")
    secret = document.text(entries["secret"], _at("secret")) if "secret" in entries else None
    if secret:
        _never_in_the_clear(document, server, security, PATH)
    account = MailAccount(
        server=server,
        port=_port(document, entries, PATH, PORTS[security]),
        security=security,
        sender=sender,
        name=name,
        secret=secret,
        domains=_domains(document, document.required(entries, "domains", PATH)),
        environment=Environment(
            document.choice(entries.get("environment"), _at("environment"), tuple(Environment), Environment.TEST)
        ),
        redirect_all_to=_addresses(document, entries.get("redirect_all_to"), _at("redirect_all_to")),
        mailbox=_mailbox(document, entries.get("mailbox"), secret, region),
        region=region,
    )
    document.text(entries.get("why"), _at("why"))
    return None if document.reporter.count > before else account


def _mailbox(document: Document, node: YamlNode | None, secret: str | None, region: str) -> Mailbox | None:
    """Where answers and copies lie. Without a secret of its own it is signed in like the account."""
    if node is None:
        return None
    path = _at("mailbox")
    entries = document.mapping(node, path, BOX)
    server = _server(document, entries, path, "imap.exemple.fr")
    security = _security(document, entries, path, Security.TLS)
    _never_in_the_clear(document, server, security, path)
    named = document.text(entries["secret"], (*path, "secret")) if "secret" in entries else secret
    if not named:
        document.required(entries, "secret", path)
    sent = document.text(entries["sent"], (*path, "sent")) if "sent" in entries else None
    keeper = None
    if "kept_by" in entries:
        keeper = Keeper(document.choice(entries["kept_by"], (*path, "kept_by"), tuple(Keeper), Keeper.SERVER))
        if sent is None:
            document.required(entries, "sent", path)
    document.text(entries.get("why"), (*path, "why"))
    return Mailbox(
        server=server,
        port=_port(document, entries, path, BOX_PORTS[security]),
        security=security,
        secret=named or "",
        sent=sent,
        kept_by=keeper,
        region=region,
    )


def _never_in_the_clear(document: Document, server: str, security: Security, path: Path) -> None:
    if security is Security.NONE and server not in LOOPBACK:
        wanted = "starttls or tls: a password never travels in the clear"
        document.wrong_value((*path, "security"), security.value, wanted, meant="starttls")


def _security(document: Document, entries: Mapping[str, YamlNode], path: Path, usual: Security) -> Security:
    return Security(document.choice(entries.get("security"), (*path, "security"), tuple(Security), usual))


def _at(key: str) -> Path:
    return (*PATH, key)


def _server(document: Document, entries: Mapping[str, YamlNode], path: Path, example: str) -> str:
    text = document.text(document.required(entries, "server", path), (*path, "server"))
    if "server" in entries and not _SERVER.fullmatch(text):
        document.wrong_value((*path, "server"), text, phrase("the name of a server, as %(example)s", example=example))
    return text


def _port(document: Document, entries: Mapping[str, YamlNode], path: Path, usual: int) -> int:
    port = document.whole(entries.get("port"), (*path, "port"), usual)
    if not 0 < port <= HIGHEST:
        document.wrong_value((*path, "port"), str(port), "the number of a port, from 1 to 65535")
    return port


def _texts(document: Document, node: YamlNode | None, path: Path) -> list[tuple[str, Path]]:
    """A list of texts, or one text, each with its place."""
    if isinstance(node, TextNode):
        return [(document.text(node, path), path)]
    return [(document.text(item, here), here) for item, here in document.items(node, path)]


def _domains(document: Document, node: YamlNode | None) -> tuple[str, ...]:
    found = []
    for text, path in _texts(document, node, _at("domains")):
        if not _DOMAIN.fullmatch(text):
            document.wrong_value(path, text, "a domain, as exemple.fr, or *.exemple.fr for all below it")
        found.append(text.lower())
    if node is not None and not found:
        document.wrong_value(_at("domains"), "[]", "at least one domain, as exemple.fr")
    return tuple(found)


def _addresses(document: Document, node: YamlNode | None, path: Path) -> tuple[str, ...]:
    found = []
    for text, here in _texts(document, node, path):
        if not is_address(text):
            document.wrong_value(here, text, "an address, as essais@exemple.fr")
        found.append(text)
    return tuple(found)


def is_address(text: str) -> bool:
    """Whether a mail can go there."""
    try:
        return bool(text) and bool(parse(Kind.EMAIL, text))
    except BadScalar:
        return False
