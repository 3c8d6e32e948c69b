"""The mailbox of the region, on a real server: mails as rows, one mail as a finding, its files; hostile mails too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from robo_mail.actions import ATTACH, FIND, MESSAGES, AttachParams, FindParams, MessagesParams

from robo.sdk.errors import CredentialsRefused, Failure, NotFound, PortalDown, Rejection, UsageError
from robo.sdk.runner import Call, Row
from robo.sdk.testing.contract import call_of
from robo.sdk.values import MISSING, CellError, Security
from tests.certificates import Certified
from tests.runners.mail.mailroom import Room, box, mailroom
from tests.runners.mail.support import Desk, Post, account
from tests.runners.mail.test_received import BROKEN, NAMES


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with mailroom() as room:
        yield room


@asynccontextmanager
async def looking(desk: Desk, room: Room, **more: Any) -> AsyncIterator[Any]:
    async with desk.session(account(Post(port=1), mailbox=box(room, **more))) as session:
        yield session


def messages(**more: Any) -> Call:
    return call_of(MESSAGES, MessagesParams(**more), step="seen", timeout=10.0)


def find(**more: Any) -> Call:
    return call_of(FIND, FindParams(**more), step="found", timeout=10.0)


def attach(message: str, **more: Any) -> Call:
    return call_of(ATTACH, AttachParams(message=message, **more), step="saved", timeout=10.0)


async def rows(desk: Desk, room: Room, **more: Any) -> list[Row]:
    async with looking(desk, room) as session:
        return [row async for row in session.rows(messages(**more))]


def mail(subject: str = "Demande A-1", text: str = "Bonjour", head: str = "", **more: str) -> bytes:
    """A plain mail; `head`: further lines of its head."""
    whole = {"sender": "Léa <lea@exemple.fr>", "id": "<a1@exemple.fr>"} | more
    lines = [f"From: {whole['sender']}", "To: robot@exemple.fr", f"Subject: {subject}"]
    lines += [f"Message-ID: {whole['id']}"] if whole["id"] else []
    lines += ["Date: Thu, 26 Nov 2026 07:30:00 +0000", "MIME-Version: 1.0"]
    lines += [head] if head else ['Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join([*lines, "", text, ""]).encode()


def with_files(*files: tuple[str, bytes]) -> bytes:
    """A mail with files; their names as they are written."""
    parts = [b"--X\r\nContent-Type: text/plain\r\n\r\nvoir les pieces\r\n"]
    for name, content in files:
        kind = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=" + name.encode()
        parts.append(b"--X\r\n" + kind + b"\r\n\r\n" + content + b"\r\n")
    return mail(head="Content-Type: multipart/mixed; boundary=X", text="") + b"".join(parts) + b"--X--\r\n"


async def test_mails_are_rows_oldest_first_and_nothing_is_marked_as_read(room: Room, desk: Desk) -> None:
    await room.put("INBOX", mail(), mail("Demande A-2", "Bonsoir", id="<a2@exemple.fr>"))
    first, second = await rows(desk, room)
    assert dict(first.values) == {
        "id": "<a1@exemple.fr>",
        "from": "lea@exemple.fr",
        "from_name": "Léa",
        "to": "robot@exemple.fr",
        "cc": "",
        "subject": "Demande A-1",
        "date": first.values["date"],
        "text": "Bonjour",
        "attachments": (),
        "size": len(mail()),
    }
    assert first.values["date"].isoformat() == "2026-11-26T08:30:00"
    assert (second.values["id"], second.number, second.place) == ("<a2@exemple.fr>", 2, "INBOX «Demande A-2»")
    assert not any(b"Seen" in flags for flags in await room.flags("INBOX"))


async def test_only_what_is_asked_for_is_a_row(room: Room, desk: Desk) -> None:
    await room.put(
        "INBOX",
        mail("Demande été", "Merci d'avance"),
        mail("Autre", sender="ali@ailleurs.fr", id="<b@x>"),
        mail("RE : DEMANDE  ETE", sender="ali@ailleurs.fr", id="<c@x>"),
    )
    assert [row.values["id"] for row in await rows(desk, room, subject="demande ete")] == ["<a1@exemple.fr>", "<c@x>"]
    asked = await rows(desk, room, **{"from": "@ailleurs.fr"}, subject="demande")
    assert [row.values["id"] for row in asked] == ["<c@x>"]
    assert [row.values["id"] for row in await rows(desk, room, says="MERCI d’avance".replace("’", "'"))] == [
        "<a1@exemple.fr>"
    ]
    assert len(await rows(desk, room, unread=True)) == 3


async def test_a_step_leaves_them_as_a_list(room: Room, desk: Desk) -> None:
    await room.put("INBOX", mail())
    async with looking(desk, room) as session:
        (result,) = await session.perform([messages()])
    assert (result.values["count"], result.values["messages"][0]["subject"]) == (1, "Demande A-1")


async def test_more_mails_than_allowed_are_a_failure_and_none_is_left_out(room: Room, desk: Desk) -> None:
    await room.put("INBOX", mail(), mail(id="<b@x>"))
    with pytest.raises(Failure) as caught:
        await rows(desk, room, max_messages=1)
    assert caught.value.code == "RB896"
    async with looking(desk, room) as session:
        (result,) = await session.perform([find(subject="Demande", max_messages=1)])
        with pytest.raises(Failure) as unseen:
            await session.perform([attach("<a1@exemple.fr>", max_messages=1)])
    assert (result.finding.found, unseen.value.code) == (None, "RB896")


async def test_a_folder_with_accents_is_found_and_one_that_is_not_there_is_told(room: Room, desk: Desk) -> None:
    await room.put("Envoy&AOk-s &- re&AOc-us", mail())
    assert len(await rows(desk, room, folder="Envoyés & reçus")) == 1
    with pytest.raises(Failure) as caught:
        await rows(desk, room, folder="Archives")
    assert (caught.value.code, "Envoyés & reçus" in str(caught.value)) == ("RB894", True)


# -- finding


async def test_a_mail_is_found_with_what_is_read_in_it(room: Room, desk: Desk) -> None:
    await room.put("INBOX", mail("Votre dossier", "Il porte le n° 2026-17.\r\nMerci"), mail("Autre", id="<b@x>"))
    async with looking(desk, room) as session:
        call = find(subject="dossier", read={"number": "n° ([0-9-]+)", "name": "Madame (.+)"})
        (result,) = await session.perform([call])
    assert result.finding.found is True
    assert (result.values["number"], result.values["name"]) == ("2026-17", MISSING)
    assert result.values["id"] == "<a1@exemple.fr>"


async def test_absent_and_several_are_told_apart(room: Room, desk: Desk) -> None:
    await room.put("INBOX", mail(), mail(id="<b@x>"))
    async with looking(desk, room) as session:
        absent, several, known = await session.perform(
            [find(subject="Relance"), find(subject="Demande"), find(id="<b@x>", to="ROBOT@exemple.fr")]
        )
    assert (absent.finding.found, absent.finding.several) == (False, False)
    assert (several.finding.found, several.finding.several) == (True, True)
    assert (known.finding.found, known.values["id"]) == (True, "<b@x>")


@pytest.mark.parametrize(
    "params", [{}, {"folder": "INBOX"}, {"subject": "x", "read": {"n": "("}}], ids=["nothing", "a folder", "a pattern"]
)
def test_a_mail_is_known_by_something(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"say what|not a regular expression"):
        FindParams(**params)


# -- files


async def test_files_are_saved_in_the_folder_of_the_run_and_again_under_the_same_names(
    room: Room, desk: Desk, tmp_path: Path
) -> None:
    await room.put("INBOX", with_files(("devis.pdf", b"%PDF-1"), ("devis.pdf", b"%PDF-2"), ("photo.txt", b"x")))
    async with looking(desk, room) as session:
        for _ in range(2):
            (result,) = await session.perform([attach("<a1@exemple.fr>", match="(?i)\\.pdf$")])
    files = [Path(file) for file in result.values["files"]]
    assert [(file.name, file.read_bytes()) for file in files] == [
        ("devis.pdf", b"%PDF-1"),
        ("devis (2).pdf", b"%PDF-2"),
    ]
    assert result.values["file"] == str(files[0])
    assert all(file.is_relative_to(tmp_path) for file in files)
    assert len(list(files[0].parent.iterdir())) == 2


async def test_what_is_not_there_is_told(room: Room, desk: Desk) -> None:
    await room.put("INBOX", with_files(("devis.pdf", b"x")))
    async with looking(desk, room) as session:
        with pytest.raises(NotFound) as gone:
            await session.perform([attach("<autre@exemple.fr>")])
        with pytest.raises(Rejection) as none:
            await session.perform([attach("<a1@exemple.fr>", match="xlsx$")])
        (result,) = await session.perform([attach("<a1@exemple.fr>", match="xlsx$", required=False)])
    assert (gone.value.code, none.value.code, "devis.pdf" in str(none.value)) == ("RB897", "no-attachment", True)
    assert (result.values["files"], result.values["file"]) == ((), MISSING)


async def test_a_mail_without_any_file_says_no_more_than_that(room: Room, desk: Desk) -> None:
    await room.put("INBOX", with_files())
    async with looking(desk, room) as session:
        with pytest.raises(Rejection) as none:
            await session.perform([attach("<a1@exemple.fr>")])
    assert none.value.message == "the mail has no attachment"


# -- hostile mails


async def test_broken_mails_are_rows_like_others_and_are_found_again(room: Room, desk: Desk) -> None:
    await room.put("INBOX", *BROKEN)
    found = await rows(desk, room)
    assert len(found) == len(BROKEN)
    known = {row.values["id"] for row in found}
    async with looking(desk, room) as session:
        for each in sorted(known)[:3]:
            (result,) = await session.perform([find(id=each)])
            assert result.values["id"] == each


async def test_no_path_comes_from_a_mail(room: Room, desk: Desk, tmp_path: Path) -> None:
    await room.put("INBOX", with_files(*((said, b"x") for said, _ in NAMES)))
    async with looking(desk, room) as session:
        (result,) = await session.perform([attach("<a1@exemple.fr>")])
    files = [Path(file) for file in result.values["files"]]
    assert [file.name for file in files] == [name for _, name in NAMES]
    assert {file.parent.parent for file in files} == {tmp_path / "mails"}


async def test_a_huge_mail_is_not_read_and_the_item_that_needs_it_is_told_why(room: Room, desk: Desk) -> None:
    await room.put("INBOX", mail(text="x" * (1024 * 1024)))
    (row,) = await rows(desk, room, max_mb=1)
    assert row.values["subject"] == "Demande A-1"
    assert isinstance(row.values["text"], CellError)
    async with looking(desk, room) as session:
        with pytest.raises(Rejection) as caught:
            await session.perform([attach("<a1@exemple.fr>", max_mb=1)])
    assert caught.value.code == "mail-too-large"
    assert len(await rows(desk, room, max_mb=2)) == 1


# -- the connection


async def test_one_connection_serves_all_looks_and_one_that_was_cut_is_opened_again(room: Room, desk: Desk) -> None:
    async with looking(desk, room) as session:
        for _ in range(3):
            await session.perform([messages()])
        assert (room.connections, desk.secrets) == (1, 1)
        session._looking.wire.close()
        await session.perform([messages()])
    assert (room.connections, desk.secrets) == (2, 2)


async def test_a_wrong_password_is_tried_once(room: Room, desk: Desk) -> None:
    desk.password = "faux-é"
    async with looking(desk, room) as session:
        with pytest.raises(CredentialsRefused) as caught:
            await session.perform([messages()])
    assert (caught.value.code, room.connections, "faux" in str(caught.value)) == ("RB858", 1, False)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_it_is_protected_before_anything_is_said(certified: Certified, desk: Desk, security: Security) -> None:
    async with mailroom(certified, security=security) as room:
        async with looking(desk, room, security=security) as session:
            with pytest.raises(PortalDown) as caught:
                await session.perform([messages()])
        assert (caught.value.code, desk.secrets) == ("RB856", 0)
        desk.settings["authorities"] = str(certified.file)
        async with looking(desk, room, security=security) as session:
            (result,) = await session.perform([messages()])
    assert (result.values["count"], desk.secrets) == (0, 1)


async def test_a_server_without_starttls_is_told_no_password(room: Room, desk: Desk) -> None:
    async with looking(desk, room, security=Security.STARTTLS) as session:
        with pytest.raises(PortalDown) as caught:
            await session.perform([messages()])
    assert (caught.value.code, desk.secrets) == ("RB857", 0)


async def test_a_server_that_hangs_up_holds_the_process(desk: Desk) -> None:
    async def rude(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK here\r\n")
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    here = Room(port=server.sockets[0].getsockname()[1])
    async with looking(desk, here) as session:
        with pytest.raises(PortalDown) as caught:
            await session.perform([messages()])
    server.close()
    assert (caught.value.code, desk.secrets) == ("RB855", 0)


async def test_without_a_mailbox_it_says_what_to_write(desk: Desk) -> None:
    async with desk.session(account(Post(port=1))) as session:
        with pytest.raises(UsageError) as caught:
            await session.perform([messages(since=timedelta(days=2))])
    assert caught.value.code == "RB898"
