"""A mail that came, read without trust: what is broken in it is read as far as it goes, and its size is bounded."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo

from robo.sdk.values import MISSING

TEXT: Final = 100_000
"""Characters of a text that are kept."""
HEADER: Final = 2_000
"""Characters of a header that are kept."""
PARTS: Final = 500
LEVELS: Final = 200
"""More parts of parts than these are not read."""
LONGEST_NAME: Final = 120
"""Bytes of a file's name, its ending included."""
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_BLOCKS: Final = frozenset({"p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4", "blockquote", "pre"})
_UNSEEN: Final = frozenset({"script", "style", "head", "title"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A file in a mail. `name`: as the mail says it, for showing and choosing; no path is made of it."""

    name: str
    part: Message

    def content(self) -> bytes:
        """What the file holds; what is broken in it, as far as it can be read."""
        if self.part.is_multipart():  # a mail in the mail
            inner = self.part.get_payload(0)
            return inner.as_bytes() if isinstance(inner, Message) else b""
        return _bytes_of(self.part)


class Received:
    """One mail, or its head alone."""

    def __init__(self, content: bytes) -> None:
        if content.lower().count(b"multipart/") > LEVELS:  # to read those takes minutes, and nobody wrote them
            content = _BLANK_LINE.split(content, maxsplit=1)[0]
        self._message = message_from_bytes(content)

    @property
    def id(self) -> str:
        """Its Message-ID, or, where it has none, one made of its head: the same whenever it is read."""
        said = "".join(self.header("Message-ID").split())
        if said:
            return said[:250]
        head = "\n".join(f"{name}:{' '.join(str(value).split())}" for name, value in self._message.raw_items())
        return f"sha256:{hashlib.sha256(head.encode('utf-8', 'surrogateescape')).hexdigest()[:40]}"

    def header(self, name: str) -> str:
        """Decoded, on one line; '' when it is not there."""
        raw = next((value for key, value in self._message.raw_items() if key.lower() == name.lower()), "")
        return _one_line(_decoded(_legible(str(raw))))[:HEADER]

    def addresses(self, name: str) -> tuple[tuple[str, str], ...]:
        """Names and addresses. Split before they are decoded: a name may hold a comma."""
        raw = [str(value) for key, value in self._message.raw_items() if key.lower() == name.lower()]
        found = getaddresses([_one_line(_legible(value))[: HEADER * 10] for value in raw])
        return tuple((_one_line(_decoded(who)), address.strip()) for who, address in found if "@" in address)

    @property
    def sender(self) -> tuple[str, str]:
        """The name and the address it says it is from. Whoever writes a mail says what they like there."""
        found = self.addresses("From")
        return found[0] if found else (self.header("From"), "")

    def date(self, zone: ZoneInfo) -> Any:
        """When it was written, as it says itself, on the clocks of `zone`; MISSING when it does not."""
        try:
            said = parsedate_to_datetime(self.header("Date"))
        except (ValueError, TypeError, IndexError, OverflowError):
            return MISSING
        with suppress(ValueError, OverflowError):
            return (
                (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(zone).replace(microsecond=0, tzinfo=None)
            )
        return MISSING

    @property
    def text(self) -> str:
        """What a person reads: the plain text, else what remains of the HTML."""
        plain = [part for part in self._leaves() if _is_text(part, "plain")]
        if plain:
            return "\n".join(_text_of(part) for part in plain)[:TEXT].strip()
        rich = (_text_of(part) for part in self._leaves() if _is_text(part, "html"))
        return "\n".join(_without_markup(each) for each in rich)[:TEXT].strip()

    def pieces(self) -> tuple[Piece, ...]:
        """The files in it, in order."""
        found = []
        for number, part in enumerate(self._leaves(), 1):
            name = _said_name(part)
            if name or _is_attached(part) or not part.get_content_type().startswith("text/"):
                found.append(Piece(name or f"piece-{number}{_ending(part)}", part))
        return tuple(found)

    def _leaves(self) -> Iterator[Message]:
        """Its parts, without what is inside a mail in the mail."""
        waiting, seen = [self._message], 0
        while waiting and seen < PARTS:
            part = waiting.pop(0)
            seen += 1
            inner = part.get_payload()
            if part.get_content_maintype() == "multipart" and isinstance(inner, list):
                waiting = [each for each in inner if isinstance(each, Message)] + waiting
            else:
                yield part


# -- headers


def _legible(raw: str) -> str:
    """A header whose letters beyond ASCII were not encoded: UTF-8, else as Windows writes in the west."""
    said = raw.encode("utf-8", "surrogateescape")
    for charset in ("utf-8", "cp1252", "latin-1"):
        with suppress(UnicodeDecodeError):
            return said.decode(charset)
    return said.decode("utf-8", "replace")


def _decoded(text: str) -> str:
    """`=?utf-8?q?…?=` as it reads (RFC 2047). What cannot be decoded stays."""
    try:
        parts = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(part if isinstance(part, str) else _in_charset(part, charset) for part, charset in parts)


def _in_charset(content: bytes, charset: str | None) -> str:
    for each in (charset, "utf-8", "cp1252"):
        with suppress(LookupError, ValueError):
            if each:
                return content.decode(each)
    return content.decode("latin-1")


def _one_line(text: str) -> str:
    """Without line breaks, marks that turn the writing around and other letters nobody sees."""
    return " ".join("".join(letter if _is_seen(letter) else " " for letter in text).split())


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter)[0] != "C"


# -- parts


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment"


def _is_text(part: Message, kind: str) -> bool:
    return part.get_content_type() == f"text/{kind}" and not _is_attached(part) and not _said_name(part)


def _said_name(part: Message) -> str:
    legible = Message()
    for key, value in part.raw_items():
        if key.lower() in {"content-type", "content-disposition"}:
            legible[key] = _legible(str(value))
    try:
        said = legible.get_filename()
    except (ValueError, LookupError, TypeError):
        said = None
    return _one_line(_decoded(str(said))) if said else ""


def _bytes_of(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError):
        content = None
    return content if isinstance(content, bytes) else b""


def _text_of(part: Message) -> str:
    try:
        charset = part.get_content_charset()
    except (ValueError, LookupError, TypeError):
        charset = None
    return _in_charset(_bytes_of(part), charset).replace("\r\n", "\n").replace("\0", "")


class _Reader(HTMLParser):
    """Keeps what is seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BLOCKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(re.sub(r"\s+", " ", data))


def _without_markup(text: str) -> str:
    reader = _Reader()
    try:
        reader.feed(text[: TEXT * 10])
        reader.close()
    except (AssertionError, ValueError):  # what its parser does not expect
        return html.unescape(re.sub("<[^>]*>", " ", text[: TEXT * 10]))
    lines = (" ".join(line.split()) for line in "".join(reader.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# -- names of files


def safe_name(said: str, taken: set[str]) -> str:
    """A name of a file for `said`, which a stranger chose: without a path, for every system, not twice.

    `taken` holds those that were given, in lower case; the new one is added."""
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", said))[-1]
    name = re.sub(r'[<>:"|?*]', "_", "".join(filter(_is_seen, name))).strip(" .") or "piece"
    name = f"_{name}" if _RESERVED.match(name) else name
    ending = PurePosixPath(name).suffix[:12]
    stem = name[: len(name) - len(ending)] if ending else name
    while len((stem + ending).encode()) > LONGEST_NAME:
        stem = stem[:-1]
    found, number = stem + ending, 1
    while found.casefold() in taken:
        number += 1
        found = f"{stem} ({number}){ending}"
    taken.add(found.casefold())
    return found


def _ending(part: Message) -> str:
    if part.get_content_type() == "message/rfc822":
        return ".eml"
    return {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}.get(part.get_content_type(), ".bin")
