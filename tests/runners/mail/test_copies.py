"""What was sent is proven by its copy: who keeps copies, and what one that is not there says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from robo.sdk.errors import PortalDown, SessionLost
from robo.sdk.values import Keeper
from tests.runners.mail.mailroom import Room, box, mailroom
from tests.runners.mail.support import Desk, Gate, Post, account, mail, serving

OLD = 600.0
"""Seconds since the mail should have left: time enough for any copy."""
OURS = f"<robo.{'ab' * 20}@exemple.fr>"
ANOTHER = b"Message-ID: <robo.0123@exemple.fr>\r\nSubject: un autre\r\n\r\nx"


def copy(message_id: str = OURS) -> bytes:
    return f"Message-ID: {message_id}\r\nSubject: Votre demande\r\n\r\nBonjour".encode()


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with mailroom() as room:
        await room.put("Sent")
        yield room


@asynccontextmanager
async def writing(desk: Desk, room: Room, post: Post, keeper: Keeper | None, sent: str = "Sent") -> AsyncIterator[Any]:
    where = account(post, mailbox=box(room, sent=sent, kept_by=keeper))
    async with desk.session(where) as session:
        yield session


@pytest.mark.parametrize("keeper", [None, *Keeper])
async def test_a_copy_that_is_there_is_the_receipt(room: Room, desk: Desk, post: Post, keeper: Keeper | None) -> None:
    post.answer = None
    async with writing(desk, room, post, keeper) as session:
        with pytest.raises(SessionLost):
            await session.submit((), mail(), Gate())
        await room.put("Sent", ANOTHER, copy())
        found = await session.prove(mail(attach=("/nowhere/gone.pdf",)), 30.0)
    assert found.finding.found is True
    assert found.values == {"message_id": OURS, "to": "lea@exemple.fr"}


@pytest.mark.parametrize(
    ("keeper", "others", "age", "found", "for_good"),
    [
        (Keeper.SERVER, True, OLD, False, False),
        (Keeper.SERVER, True, 30.0, None, False),
        (Keeper.SERVER, False, OLD, None, True),
        (Keeper.ROBO, True, OLD, None, True),
        (None, True, OLD, None, True),
        (None, True, 30.0, None, False),
    ],
    ids=[
        "the server keeps all, and is seen to",
        "it may come yet",
        "the server is not seen to keep any",
        "robo keeps them, after the answer",
        "nobody is bound to",
        "nobody is bound to, and it may come yet",
    ],
)
async def test_a_copy_that_is_not_there_says_something_only_where_all_are_kept(
    room: Room,
    desk: Desk,
    post: Post,
    keeper: Keeper | None,
    others: bool,
    age: float,
    found: bool | None,
    for_good: bool,
) -> None:
    await room.put("Sent", *([ANOTHER] if others else []), copy("<quelqu-un@exemple.fr>"))
    async with writing(desk, room, post, keeper) as session:
        told = (await session.prove(mail(), age)).finding
    assert (told.found, told.for_good if told.found is None else False) == (found, for_good)


async def test_a_server_that_kept_copies_once_is_not_seen_to_keep_them_now(room: Room, desk: Desk, post: Post) -> None:
    await room.put("Sent", ANOTHER, came=datetime.now(UTC) - timedelta(days=30))
    async with writing(desk, room, post, Keeper.SERVER) as session:
        told = (await session.prove(mail(), OLD)).finding
    assert (told.found, told.for_good) == (None, True)


async def test_a_folder_that_is_not_there_is_no_evidence(room: Room, desk: Desk, post: Post) -> None:
    async with writing(desk, room, post, Keeper.SERVER, sent="Envoyés") as session:
        with pytest.raises(Exception, match="no folder Envoyés"):
            await session.prove(mail(), OLD)


async def test_robo_keeps_the_copy_where_the_region_says_so(room: Room, desk: Desk, post: Post) -> None:
    async with writing(desk, room, post, Keeper.ROBO) as session:
        answer = await session.submit((), mail(), Gate())
        assert (len(post.mails), answer.words) == (1, "250 2.0.0 Ok: queued as A1")
        found = await session.prove(mail(), 30.0)
    assert (found.finding.found, found.values) == (True, answer.values)
    (kept,) = await room.kept("Sent")
    assert OURS.encode() in kept
    assert any(b"Seen" in flags for flags in await room.flags("Sent"))


@pytest.mark.parametrize("keeper", [None, Keeper.SERVER])
async def test_robo_keeps_none_where_somebody_else_does(
    room: Room, desk: Desk, post: Post, keeper: Keeper | None
) -> None:
    async with writing(desk, room, post, keeper) as session:
        await session.submit((), mail(), Gate())
    assert (len(post.mails), await room.kept("Sent"), room.connections) == (1, [], 0)


async def test_a_copy_that_cannot_be_kept_does_not_undo_the_mail(room: Room, desk: Desk, post: Post) -> None:
    async with writing(desk, room, post, Keeper.ROBO, sent="Envoyés") as session:
        answer = await session.submit((), mail(), Gate())
    assert len(post.mails) == 1
    assert answer.values["message_id"] == OURS
    assert "no copy was kept" in answer.words


async def test_a_mailbox_that_is_away_is_told_before_anything_is_sent(desk: Desk, post: Post) -> None:
    async with mailroom() as gone:
        pass
    gate = Gate()
    async with writing(desk, gone, post, Keeper.ROBO) as session:
        with pytest.raises(PortalDown):
            await session.submit((), mail(), gate)
    assert (gate.calls, post.mails) == (0, [])


async def test_without_a_folder_of_copies_nothing_is_looked_for(room: Room, desk: Desk) -> None:
    async with serving(Post()) as post, desk.session(account(post, mailbox=box(room))) as session:
        told = (await session.prove(mail(), OLD)).finding
    assert (told.found, told.for_good, room.connections) == (None, True, 0)
