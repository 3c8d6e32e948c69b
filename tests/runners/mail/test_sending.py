"""One mail, once: what a real server says at each phase, and what is known of the mail after it."""

from __future__ import annotations

import asyncio
import select
import smtplib
import socket
from pathlib import Path
from typing import Any

import pytest
from robo_mail.wire import Wire

from robo.sdk.errors import (
    CredentialsRefused,
    DeadlinePassed,
    Failure,
    PortalDown,
    Rejection,
    RoboError,
    SessionLost,
    UsageError,
)
from robo.sdk.values import Security
from tests.certificates import Certified
from tests.runners.mail.support import PASSWORD, Desk, Gate, Post, account, cuts_the_line, mail, serving


async def test_the_final_dot_does_not_wait_for_the_mail_before_it_to_be_acknowledged(post: Post) -> None:
    wire = Wire(account(post), {})
    await asyncio.to_thread(wire.connect)
    assert wire._smtp is not None
    assert wire._smtp.sock is not None
    assert wire._smtp.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    wire.close()


async def test_what_the_server_takes_is_the_receipt(post: Post, desk: Desk) -> None:
    async with desk.session(account(post)) as session:
        gate = Gate()
        answer = await session.submit((), mail(bcc=("chef@exemple.fr",)), gate)
    (sent,) = post.mails
    assert sent.rcpt_tos == ["lea@exemple.fr", "chef@exemple.fr"]
    assert sent.mail_from == "robot@exemple.fr"
    assert answer.values == {"message_id": post.read()["Message-ID"], "to": "lea@exemple.fr, chef@exemple.fr"}
    assert answer.words == "250 2.0.0 Ok: queued as A1"
    assert gate.told == ["to lea@exemple.fr bcc chef@exemple.fr subject = «Votre demande»"]


async def test_two_mails_go_over_one_connection_and_one_that_was_closed_is_opened_again(post: Post, desk: Desk) -> None:
    async with desk.session(account(post)) as session:
        for _ in range(2):
            await session.submit((), mail(), Gate())
        assert post.connections == 1
        session._wire.close()
        await session.submit((), mail(), Gate())
    assert (post.connections, len(post.mails)) == (2, 3)


async def test_lines_that_are_a_dot_arrive(post: Post, desk: Desk) -> None:
    async with desk.session(account(post)) as session:
        await session.submit((), mail(body="un\n\n.\n\n..deux"), Gate())
    part = post.read().get_body(("plain",))
    assert part is not None
    assert part.get_content().split() == ["un", ".", "..deux"]


async def test_nothing_is_sent_while_the_gate_is_closed(post: Post, desk: Desk) -> None:
    async def closed(_entered: Any = ()) -> float:
        raise UsageError("RB999", "closed")

    async with desk.session(account(post)) as session:
        with pytest.raises(UsageError):
            await session.submit((), mail(), closed)
        await session.submit((), mail(effect_id="ef" * 32), Gate())
    assert len(post.mails) == 1


async def test_nothing_is_sent_when_it_is_too_late(post: Post, desk: Desk) -> None:
    async with desk.session(account(post)) as session:
        with pytest.raises(DeadlinePassed):
            await session.submit((), mail(), Gate(seconds=-1))
    assert post.mails == []


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("550 5.1.1 no such user", Rejection, "recipient-refused"),
        ("450 4.2.0 greylisted", Failure, "RB860"),
        ("421 too busy", PortalDown, "RB855"),
    ],
)
async def test_one_recipient_that_is_refused_stops_the_mail_before_its_gate(
    post: Post, desk: Desk, said: str, kind: type[RoboError], code: str
) -> None:
    post.recipients["b@exemple.fr"] = said
    gate = Gate()
    async with desk.session(account(post)) as session:
        with pytest.raises(kind) as caught:
            await session.submit((), mail(cc=("b@exemple.fr",)), gate)
        assert (caught.value.code, gate.calls, post.mails) == (code, 0, [])
        assert said.partition(" ")[0] in str(caught.value)
        post.recipients.clear()
        await session.submit((), mail(), Gate())
    assert len(post.mails) == 1


async def test_a_sender_that_is_refused_holds_everything(post: Post, desk: Desk) -> None:
    post.sender = "553 5.7.1 not owned by user"
    async with desk.session(account(post)) as session:
        with pytest.raises(PortalDown) as caught:
            await session.submit((), mail(), Gate())
    assert caught.value.code == "RB859"


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [("554 5.7.1 spam", Rejection, "mail-refused"), ("452 4.3.1 disk full", Failure, "RB860")],
)
async def test_a_mail_that_is_refused_whole_is_absent_and_says_why(
    post: Post, desk: Desk, said: str, kind: type[RoboError], code: str
) -> None:
    post.answer = said
    async with desk.session(account(post)) as session:
        answer = await session.submit((), mail(), Gate())
    assert isinstance(answer.absent, kind)
    assert (answer.absent.code, answer.values, post.mails) == (code, None, [])


def until_the_line_is_cut(body: Any) -> Any:
    """As `body`, and then no faster than the network: what the server said before the dot has arrived."""

    def slowly(wire: Wire, smtp: smtplib.SMTP, content: bytes) -> None:
        body(wire, smtp, content)
        select.select([smtp.sock], [], [], 5)

    return slowly


@pytest.mark.parametrize("size", [10, 8 * 1024 * 1024], ids=["before the dot", "in the middle of a large mail"])
async def test_a_line_that_is_cut_before_the_final_dot_is_absent(
    post: Post, desk: Desk, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "piece.bin").write_bytes(b"x" * size)
    monkeypatch.setattr(Wire, "_body", until_the_line_is_cut(Wire._body))
    post.before_data = cuts_the_line
    async with desk.session(account(post)) as session:
        answer = await session.submit((), mail(attach=(str(tmp_path / "piece.bin"),)), Gate())
        assert isinstance(answer.absent, Failure)
        assert answer.absent.code == "RB861"
        monkeypatch.undo()
        post.before_data = None
        await session.submit((), mail(), Gate())
    assert len(post.mails) == 1


@pytest.mark.parametrize("keeps", [True, False], ids=["taken", "not taken"])
async def test_a_line_that_is_cut_after_the_final_dot_says_nothing(post: Post, desk: Desk, keeps: bool) -> None:
    post.answer, post.keeps = None, keeps
    async with desk.session(account(post)) as session:
        with pytest.raises(SessionLost) as caught:
            await session.submit((), mail(), Gate())
        assert caught.value.code == "RB863"
        found = await session.prove(mail(), 60.0)
    assert len(post.mails) == keeps
    assert (found.finding.found, found.finding.for_good) == (None, True)


async def test_an_answer_to_the_final_dot_that_is_neither_yes_nor_no_says_nothing(post: Post, desk: Desk) -> None:
    post.answer = "354 and now?"
    async with desk.session(account(post)) as session:
        with pytest.raises(SessionLost) as caught:
            await session.submit((), mail(), Gate())
    assert caught.value.code == "RB863"


async def test_a_server_that_is_not_there_holds_the_process(desk: Desk) -> None:
    async with serving(Post()) as gone:
        pass
    async with desk.session(account(gone)) as session:
        with pytest.raises(PortalDown) as caught:
            await session.submit((), mail(), Gate())
    assert caught.value.code == "RB855"


# -- signing in


def guarded(certified: Certified) -> dict[str, Any]:
    return {"tls_context": certified.server, "auth_required": True, "auth_require_tls": True}


@pytest.fixture
def trusted(certified: Certified, desk: Desk) -> Certified:
    """The project trusts whoever signed the server's certificate."""
    desk.settings["authorities"] = str(certified.file)
    return certified


async def test_it_signs_in_over_starttls_once_for_all_mails_and_tells_the_server(
    trusted: Certified, desk: Desk
) -> None:
    told: list[tuple[str, str]] = []

    async def signed_in(*taken: str) -> None:
        told.append((taken[0], taken[1]))

    async with (
        serving(Post(), **guarded(trusted)) as post,
        desk.session(account(post, security=Security.STARTTLS, secret="mail"), signed_in=signed_in) as session,
    ):
        for _ in range(2):
            await session.submit((), mail(), Gate())
        assert (len(post.mails), len(post.tried), desk.secrets) == (2, 1, 1)
    assert told == [("mail", "127.0.0.1")]


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
async def test_a_password_with_accents_is_said_as_it_is(trusted: Certified, desk: Desk, way: str) -> None:
    desk.password = PASSWORD + "-é"
    others = {"auth_exclude_mechanism": [other for other in ("PLAIN", "LOGIN") if other != way]}
    async with (
        serving(Post(), **guarded(trusted), **others) as post,
        desk.session(account(post, security=Security.STARTTLS, secret="mail")) as session,
    ):
        with pytest.raises(CredentialsRefused):
            await session.submit((), mail(), Gate())
        assert post.tried == [desk.password]


async def test_it_signs_in_over_tls(trusted: Certified, desk: Desk) -> None:
    options = {"tls": trusted.server, "auth_require_tls": False}
    async with (
        serving(Post(), **options) as post,
        desk.session(account(post, security=Security.TLS, secret="mail")) as session,
    ):
        await session.submit((), mail(), Gate())
        assert (len(post.mails), len(post.tried)) == (1, 1)


async def test_a_wrong_password_is_tried_once_in_one_way(trusted: Certified, desk: Desk) -> None:
    desk.password = "faux"
    gate = Gate()
    async with (
        serving(Post(), **guarded(trusted)) as post,
        desk.session(account(post, security=Security.STARTTLS, secret="mail")) as session,
    ):
        with pytest.raises(CredentialsRefused) as caught:
            await session.submit((), mail(), gate)
        assert (post.tried, gate.calls, post.mails) == (["faux"], 0, [])
    assert (caught.value.code, caught.value.facts["secret"]) == ("RB858", "mail")
    assert "faux" not in str(caught.value)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_server_that_is_not_trusted_is_told_nothing(
    certified: Certified, desk: Desk, security: Security
) -> None:
    options = {"tls": certified.server} if security is Security.TLS else {"tls_context": certified.server}
    async with (
        serving(Post(), **options) as post,
        desk.session(account(post, security=security, secret="mail")) as session,
    ):
        with pytest.raises(PortalDown) as caught:
            await session.submit((), mail(), Gate())
        assert (caught.value.code, post.tried, desk.secrets) == ("RB856", [], 0)


async def test_a_certificate_of_another_name_is_not_trusted(trusted: Certified, desk: Desk) -> None:
    async with (
        serving(Post(), tls_context=trusted.server) as post,
        desk.session(account(post, server="localhost", security=Security.STARTTLS)) as session,
    ):
        with pytest.raises(PortalDown) as caught:
            await session.submit((), mail(), Gate())
    assert caught.value.code == "RB856"


async def test_a_server_without_starttls_is_told_no_password(post: Post, desk: Desk) -> None:
    async with desk.session(account(post, security=Security.STARTTLS, secret="mail")) as session:
        with pytest.raises(PortalDown) as caught:
            await session.submit((), mail(), Gate())
    assert (caught.value.code, post.tried) == ("RB857", [])


async def test_a_server_that_stops_offering_starttls_is_told_nothing_any_more(trusted: Certified, desk: Desk) -> None:
    """The server that protected the last mail is behind somebody now who takes its offer away."""
    async with (
        serving(Post(), **guarded(trusted)) as post,
        desk.session(account(post, security=Security.STARTTLS, secret="mail")) as session,
    ):
        await session.submit((), mail(), Gate())
        session._wire.close()
        post.hidden = "STARTTLS"
        with pytest.raises(PortalDown) as caught:
            await session.submit((), mail(effect_id="ef" * 32), Gate())
        assert (caught.value.code, len(post.mails), len(post.tried)) == ("RB857", 1, 1)


async def test_a_server_that_offers_starttls_and_refuses_it_is_told_nothing(trusted: Certified, desk: Desk) -> None:
    async with (
        serving(Post(hidden="refused"), **guarded(trusted)) as post,
        desk.session(account(post, security=Security.STARTTLS, secret="mail")) as session,
    ):
        with pytest.raises(PortalDown):
            await session.submit((), mail(), Gate())
        assert (post.mails, post.tried) == ([], [])


async def test_authorities_that_cannot_be_read_are_told(post: Post, desk: Desk, tmp_path: Path) -> None:
    desk.settings["authorities"] = str(tmp_path / "nowhere.pem")
    async with desk.session(account(post, security=Security.TLS)) as session:
        with pytest.raises(UsageError) as caught:
            await session.submit((), mail(), Gate())
    assert caught.value.code == "RB899"


# -- trials and rehearsals


async def test_outside_production_it_goes_to_whoever_the_region_says(post: Post, desk: Desk) -> None:
    async with desk.session(account(post), environment="test") as session:
        await session.submit((), mail(), Gate())
    assert post.mails[0].rcpt_tos == ["essais@exemple.fr"]
    assert post.read()["Subject"] == "[essai → lea@exemple.fr] Votre demande"


async def test_a_dry_run_does_not_even_connect_and_shows_the_whole_mail(post: Post, desk: Desk) -> None:
    gate = Gate()
    async with desk.session(account(post), dry_run=True) as session:
        with pytest.raises(UsageError):
            await session.submit((), mail(body="Bonjour **Léa**"), gate)
    assert (post.connections, post.mails) == (0, [])
    assert gate.told == ["to lea@exemple.fr subject = «Votre demande»\nBonjour Léa\n"]


async def test_without_an_account_it_says_what_to_write(desk: Desk) -> None:
    async with desk.session(account(Post()), settings={}) as session:
        with pytest.raises(UsageError) as caught:
            await session.submit((), mail(), Gate())
    assert caught.value.code == "RB866"


async def test_a_session_that_is_closed_in_the_middle_sends_no_final_dot(post: Post, desk: Desk) -> None:
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()
    post.before_data = lambda _server: loop.call_soon(reached.set)  # type: ignore[assignment] # it answers nothing
    async with desk.session(account(post)) as session:
        sending = asyncio.create_task(session.submit((), mail(), Gate()))
        await reached.wait()
        await session.close()
        answer = await sending
    assert answer.absent is not None
    assert post.mails == []
