"""The practice mailbox answers what it is asked as another mailbox does, and stands on a day of its own."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from robo.sandbox.imap import PostBox
from robo.sandbox.mailbox import Mailbox
from tests.runners.mail.mailroom import mailroom
from tests.runners.mail.support import PASSWORD

ACCOUNTS = {"robot": PASSWORD}
NOW = datetime.now(UTC)
OLD = b'Message-ID: <1@exemple.fr>\r\nSubject: un\r\n\r\nA (b) "c"\r\n\r\nd {12}'
NEW = b"Message-ID: <2@exemple.fr>\nSubject: =?utf-8?q?=C3=A9t=C3=A9?=\n\n" + b"x" * 7_000
BARE = b"Subject: rien\r\n\r\n"
FOLDER = '"Envoy&AOk-s & plus"'.replace("& ", "&- ")


@pytest.fixture
def box() -> Iterator[PostBox]:
    with PostBox(Mailbox("Envoyés"), ACCOUNTS) as box:
        yield box


def entered(port: int) -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", port, timeout=5)
    client.login("robot", PASSWORD)
    return client


def said(answer: tuple[str, list[Any]]) -> Any:
    """What both must say alike: the kind, and what a mail is; not the words of the day."""
    kind, parts = answer
    return kind, [(part[0].split(b" ", 1)[1], part[1]) if isinstance(part, tuple) else part for part in parts]


QUESTIONS: list[Callable[[imaplib.IMAP4], Any]] = [
    lambda client: said(client.select("INBOX", readonly=True)),
    lambda client: said(client.uid("SEARCH", "ALL")),
    lambda client: said(client.uid("SEARCH", "UNSEEN")),
    lambda client: said(client.uid("SEARCH", "SEEN")),
    lambda client: said(client.uid("SEARCH", "SINCE", f"{NOW - timedelta(days=5):%d-%b-%Y}")),
    lambda client: said(client.uid("SEARCH", "SINCE", f"{NOW:%d-%b-%Y}", "UNSEEN")),
    lambda client: said(client.uid("SEARCH", "HEADER", "Message-ID", '"<2@"')),
    lambda client: said(client.uid("SEARCH", "HEADER", "Message-ID", '"nobody"')),
    lambda client: client.select(FOLDER, readonly=True)[0],
    lambda client: client.select('"nowhere"', readonly=True)[0],
]
READ = (
    "(UID RFC822.SIZE BODY.PEEK[HEADER])",
    "(UID RFC822.SIZE BODY.PEEK[])",
)


def asked(client: imaplib.IMAP4) -> list[Any]:
    client.create(FOLDER)
    for content, days, flags in ((OLD, 9, r"(\Seen)"), (NEW, 1, ""), (BARE, 0, "")):
        when = imaplib.Time2Internaldate(NOW - timedelta(days=days))
        assert client.append("INBOX", flags, when, content)[0] == "OK"
    found = [question(client) for question in QUESTIONS]
    client.select("INBOX", readonly=True)
    uids = client.uid("SEARCH", "ALL")[1][0].split()
    spans = (uids[1] + b":*", b"*", b"*:" + uids[1], uids[2] + b":" + uids[1], b"99998:*")
    for wanted in (b",".join(uids), uids[1], *spans, b"99999"):
        for parts in READ:
            answer = client.uid("FETCH", wanted.decode(), parts)[1]
            found.append([part[1] for part in answer if isinstance(part, tuple)])
    found.append(len(uids))
    client.logout()
    return found


async def test_it_answers_what_a_robot_asks_as_another_mailbox_does(box: PostBox) -> None:
    async with mailroom() as other:
        theirs = await asyncio.to_thread(lambda: asked(entered(other.port)))
    ours = await asyncio.to_thread(lambda: asked(entered(box.port)))
    assert ours == theirs


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("SEARCH", ("KEYWORD", "x")),
        ("SEARCH", ("HEADER", "Subject")),
        ("SEARCH", ("SINCE", "yesterday")),
        ("SEARCH", ("SINCE", "31-Feb-2026")),
        ("FETCH", ("a", "(UID)")),
        ("FETCH", ("101", "(ENVELOPE)")),
        ("STORE", ("101", "+FLAGS", r"(\Seen)")),
    ],
)
def test_what_it_does_not_know_is_refused_and_it_goes_on(box: PostBox, command: str, given: tuple[str, ...]) -> None:
    box.mailbox.put("INBOX", OLD)
    with entered(box.port) as client:
        client.select("INBOX", readonly=True)
        with pytest.raises(imaplib.IMAP4.error, match="BAD"):
            client.uid(command, *given)
        assert client.uid("SEARCH", "ALL") == ("OK", [b"101"])


def test_what_is_added_is_a_mail_and_not_the_name_of_its_folder(box: PostBox) -> None:
    with entered(box.port) as client:
        with pytest.raises(imaplib.IMAP4.error, match="BAD"):
            client.xatom("APPEND", "INBOX")
        client.select("INBOX", readonly=True)
        assert client.uid("SEARCH", "ALL") == ("OK", [b""])


def test_a_wrong_password_is_refused_and_nothing_is_shown_before_a_sign_in(box: PostBox) -> None:
    with imaplib.IMAP4("127.0.0.1", box.port, timeout=5) as client:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login("robot", "faux")
        client.state = "AUTH"
        assert client.list()[0] == "NO"


def test_a_case_on_another_day_keeps_the_distance_of_its_mails(box: PostBox) -> None:
    box.mailbox.stand_on(date(2020, 3, 10))
    box.mailbox.put("INBOX", OLD, came=datetime(2020, 3, 9, 12, tzinfo=UTC))
    box.mailbox.put("INBOX", NEW)
    client = entered(box.port)
    client.select("INBOX", readonly=True)

    def since(days: int) -> bytes:
        found: bytes = client.uid("SEARCH", "SINCE", f"{datetime.now(UTC) - timedelta(days=days):%d-%b-%Y}")[1][0]
        return found

    assert (since(0), since(1)) == (b"102", b"101 102")
    box.mailbox.stand_on(date(2020, 3, 17))
    assert (since(1), since(7), since(8)) == (b"", b"102", b"101 102")
    client.logout()


def test_when_it_is_down_who_comes_is_sent_away_and_who_is_there_has_to_leave(box: PostBox) -> None:
    client = entered(box.port)
    box.down_for = 1
    with pytest.raises(imaplib.IMAP4.abort):
        client.noop()
    client.shutdown()
    with pytest.raises(imaplib.IMAP4.error):
        imaplib.IMAP4("127.0.0.1", box.port, timeout=5)
    entered(box.port).logout()
