"""The practice post office takes what any mail client sends, and delivers nothing."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

from robo.sandbox.post import Mail, PostOffice


def written(subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@exemple.fr", "b@exemple.fr", subject
    message.set_content(text)
    return message


def test_it_keeps_who_what_and_the_text_of_each_mail_in_order() -> None:
    with PostOffice() as post, smtplib.SMTP("127.0.0.1", post.port, timeout=5) as client:
        client.send_message(written("Été", "Bonjour\n\n.\n..\nfin\n"), to_addrs=["b@exemple.fr", "cache@exemple.fr"])
        client.send_message(written("Deux", "x\n"))
        assert post.mails == (
            Mail(("b@exemple.fr", "cache@exemple.fr"), "Été", "Bonjour\n\n.\n..\nfin\n"),
            Mail(("b@exemple.fr",), "Deux", "x\n"),
        )


def test_a_mail_whose_sender_leaves_before_its_end_is_none() -> None:
    with PostOffice() as post:
        client = smtplib.SMTP("127.0.0.1", post.port, timeout=5)
        client.ehlo()
        client.mail("a@exemple.fr")
        client.rcpt("b@exemple.fr")
        client.docmd("DATA")
        client.send(b"Subject: x\r\n\r\nhalf")
        client.close()
        with smtplib.SMTP("127.0.0.1", post.port, timeout=5) as other:
            other.send_message(written("Deux", "x\n"))
        assert [mail.subject for mail in post.mails] == ["Deux"]
