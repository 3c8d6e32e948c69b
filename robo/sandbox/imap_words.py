"""The words of IMAP (RFC 3501): commands, the names of folders, days, and what is asked of mails."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from typing import Final

from robo.sandbox.mailbox import INBOX, Kept, Mailbox

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOKEN: Final = re.compile(rb'\s*(?:(?P<mark>[()])|"(?P<text>(?:\\.|[^"\\])*)"|(?P<atom>(?:\[[^\]]*\]|[^\s()"\[])+))')
_DAY: Final = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_NUMBER: Final = re.compile(r"[0-9]{1,9}|\*")
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")

Word = bytes | list["Word"]


class Wrong(Exception):  # noqa: N818 - what a client said, answered BAD
    """It cannot be read, or is not spoken here."""


def tokens(line: bytes) -> Iterator[bytes]:
    """`(` and `)` as they are; every text behind an `=`, so that one in quotes is never taken for a mark."""
    at = 0
    line = line.rstrip()
    while at < len(line):
        found = _TOKEN.match(line, at)
        if found is None:
            yield b"?"
            return
        at = found.end()
        if found["mark"]:
            yield found["mark"]
        elif found["atom"] is not None:
            yield b"=" + found["atom"]
        else:
            yield b"=" + re.sub(rb"\\(.)", rb"\1", found["text"])


def nested(words: Iterator[bytes]) -> list[Word]:
    """Texts, and lists of them where parentheses stood; what cannot be read is an empty command."""
    whole: list[list[Word]] = [[]]
    for word in words:
        if word == b"(":
            whole.append([])
        elif word == b")" and len(whole) > 1:
            done = whole.pop()
            whole[-1].append(done)
        elif word.startswith(b"="):
            whole[-1].append(word[1:])
        else:
            return []
    return whole[0] if len(whole) == 1 else []


def as_bytes(word: Word) -> bytes:
    """A word that is a text."""
    if isinstance(word, list):
        raise Wrong("a text is wanted")
    return word


def as_text(word: Word) -> str:
    """The same in letters."""
    return as_bytes(word).decode("utf-8", "replace")


def exactly(given: list[Word], count: int) -> list[Word]:
    """So many words, and no other."""
    if len(given) != count:
        raise Wrong(f"{count} words are wanted")
    return given


def from_the_wire(name: Word) -> str:
    """A folder's name as a person reads it (RFC 3501, 5.1.3)."""
    text = as_bytes(name).decode("ascii", "replace")
    plain = re.sub("&([^-]*)-", lambda found: _unshifted(found[1]), text)
    return INBOX if plain.upper() == INBOX else plain


def _unshifted(code: str) -> str:
    if not code:
        return "&"
    try:
        return base64.b64decode(code.replace(",", "/") + "==").decode("utf-16-be")
    except ValueError:
        raise Wrong("not the name of a folder") from None


def on_the_wire(name: str) -> bytes:
    """The same as the protocol has it, in quotes."""

    def shifted(found: re.Match[str]) -> str:
        return f"&{base64.b64encode(found[0].encode('utf-16-be')).decode().rstrip('=').replace('/', ',')}-"

    told = re.sub(r"[^\x20-\x7e]+", shifted, name.replace("&", "&-"))
    return re.sub(r'(["\\])', r"\\\1", told).encode("ascii")


# -- questions


def questions(given: Sequence[Word], mailbox: Mailbox) -> Iterator[Callable[[Kept], bool]]:
    """What a mail must be, question by question (RFC 3501, 6.4.4)."""
    words = iter([as_text(word) for word in given])
    for word in words:
        match word.upper():
            case "ALL":
                pass
            case "SEEN":
                yield lambda mail: mail.read
            case "UNSEEN":
                yield lambda mail: not mail.read
            case "SINCE":
                yield _came_since(mailbox, _day(next(words, "")))
            case "HEADER":
                name, said = next(words, None), next(words, None)
                if name is None or said is None:
                    raise Wrong("the name of a head and what it says are wanted")
                yield _says(name, said)
            case _:
                raise Wrong(f"{word} is not asked here")


def _came_since(mailbox: Mailbox, day: date) -> Callable[[Kept], bool]:
    return lambda mail: mailbox.told_date(mail).date() >= day


def _says(name: str, words: str) -> Callable[[Kept], bool]:
    def is_there(mail: Kept) -> bool:
        said = message_from_bytes(head_of(mail.content)).get_all(name, [])
        return any(words.casefold() in str(each).casefold() for each in said)

    return is_there


def _day(text: str) -> date:
    found = _DAY.fullmatch(text)
    month = found[2].capitalize() if found else ""
    if found is None or month not in MONTHS:
        raise Wrong("a day is wanted, as 16-Nov-2026")
    try:
        return date(int(found[3]), MONTHS.index(month) + 1, int(found[1]))
    except ValueError:
        raise Wrong("no such day") from None


def numbers(text: str, largest: int) -> Callable[[int], bool]:
    """Which of them are meant: `3,5:9,12:*`. `*` is the `largest` there is, and a span has no direction."""
    spans = [(low, high if mark else low) for low, mark, high in (part.partition(":") for part in text.split(","))]
    if not all(_NUMBER.fullmatch(each) for span in spans for each in span):
        raise Wrong("numbers are wanted, as 1,4:7")
    ends = [sorted(largest if each == "*" else int(each) for each in span) for span in spans]
    return lambda uid: any(low <= uid <= high for low, high in ends)


def moment(text: str) -> datetime:
    """The same, read."""
    try:
        day, clock, zone = text.split()
        return parsedate_to_datetime(f"{day.replace('-', ' ')} {clock} {zone}")
    except ValueError:
        raise Wrong("a moment is wanted, as 16-Nov-2026 09:30:00 +0100") from None


def told(came: datetime) -> str:
    """A moment as the protocol has it."""
    there = came.astimezone(UTC)
    return f"{there:%d}-{MONTHS[there.month - 1]}-{there:%Y %H:%M:%S} +0000"


def head_of(content: bytes) -> bytes:
    """A mail down to its first blank line."""
    found = _BLANK_LINE.search(content)
    return content[: found.end()] if found else content
