"""A mail that came is read without trust: as far as it goes, and no further than it may."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from robo_mail.received import TEXT, Received, safe_name

from robo.sdk.values import MISSING

DEEP = b"".join(b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n) for n in range(2000))
HTML = b"Content-Type: text/html\r\n\r\n<style>x</style><p>Bonjour <b>L&eacute;a</b>,</p><script>y</script>merci"
CASES = {
    "encoded utf-8": (b"Subject: =?utf-8?q?=C3=89t=C3=A9?=\r\n\r\nx", "Été", "x"),
    "encoded latin-1": (b"Subject: =?iso-8859-1?q?=C9t=E9?=\r\n\r\nx", "Été", "x"),
    "raw latin-1": ("Subject: Été\r\n\r\nçà".encode("latin-1"), "Été", "çà"),
    "raw utf-8": ("Subject: Été\r\n\r\nçà".encode(), "Été", "çà"),
    "unknown charset": (b"Subject: =?klingon?q?=C3=A9?=\r\n\r\nx", "é", "x"),
    "broken base64 in the head": (b"Subject: =?utf-8?b?w6l!!?=\r\n\r\nx", None, "x"),
    "folded": (b"Subject: a\r\n b\r\nContent-Type: text/plain; charset=nulle-part\r\n\r\n\xe9", "a b", "é"),
    "turned around": ("Subject: facture\u202efdp.exe\u0000!\r\n\r\nx".encode(), "facture fdp.exe !", "x"),
    "html": (HTML, "", "Bonjour Léa,\nmerci"),
    "no boundary": (b"Content-Type: multipart/mixed\r\n\r\nsans limite", "", None),
    "never closed": (b"Content-Type: multipart/mixed; boundary=Z\r\n\r\n--Z\r\n\r\nouvert", "", "ouvert"),
    "broken base64": (b"Content-Transfer-Encoding: base64\r\n\r\n%%%pas du base64", "", None),
    "parts in parts": (DEEP + b"\r\nfond", "", None),
    "nothing": (b"\r\n\r\n", "", ""),
    "no mail": (b"pas un mail du tout", "", None),
    "a date that is none": (b"Date: le 31 f\xe9vrier\r\nFrom: <<>>, @\r\nTo: ;;,\r\n\r\nx", "", "x"),
}
BROKEN = [content for name, (content, _, _) in CASES.items() if name != "parts in parts"]
NAMES = [
    ('"../../../x"', "x"),
    ('"/etc/passwd"', "passwd"),
    (r'"C:\\\\autoexec.bat"', "autoexec.bat"),
    ('".."', "piece"),
    ('"con.pdf"', "_con.pdf"),
    ('"a:b|c?.pdf"', "a_b_c_.pdf"),
    ('"=?utf-8?b?w6l0w6kucGRm?="', "été.pdf"),
    ('"ÉTÉ.pdf"', "ÉTÉ (2).pdf"),
    ('"=?utf-8?q?facture=E2=80=AEfdp.exe?="', "facture fdp.exe"),
    (f'"{"é" * 300}.pdf"', "é" * 58 + ".pdf"),
]
"""As a mail says them, and what becomes of them."""


@pytest.mark.parametrize(("content", "subject", "text"), CASES.values(), ids=CASES)
def test_a_broken_mail_is_read_as_far_as_it_goes(content: bytes, subject: str | None, text: str | None) -> None:
    received = Received(content)
    assert subject is None or received.header("Subject") == subject
    assert text is None or received.text == text
    assert received.id.startswith("sha256:")
    assert received.date(ZoneInfo("Europe/Paris")) is MISSING
    assert all(piece.content() is not None for piece in received.pieces())


def test_a_mail_without_an_id_is_known_by_its_head_alone() -> None:
    head = b"From: lea@exemple.fr\r\nSubject: a\r\n\r\n"
    assert Received(head + b"un texte").id == Received(head).id
    assert Received(head).id != Received(head.replace(b"a\r", b"b\r")).id


def test_an_id_is_one_word_of_bounded_length() -> None:
    assert Received(b"Message-ID: <a\r\n b@x>\r\n\r\n").id == "<ab@x>"
    assert len(Received(b"Message-ID: <" + b"a" * 5000 + b">\r\n\r\n").id) == 250


def test_names_with_commas_stay_whole_and_addresses_are_told_apart() -> None:
    head = b'From: =?utf-8?q?Martin=2C_L=C3=A9a?= <lea@exemple.fr>\r\nTo: "a, b" <a@x.fr>, c@y.fr, rien\r\n\r\n'
    assert Received(head).sender == ("Martin, Léa", "lea@exemple.fr")
    assert [address for _, address in Received(head).addresses("To")] == ["a@x.fr", "c@y.fr"]


def test_a_text_is_bounded() -> None:
    assert len(Received(b"\r\n" + b"x" * (TEXT * 2)).text) == TEXT


def test_a_mail_in_a_mail_is_a_file() -> None:
    inner = b"Subject: dedans\r\n\r\ncontenu"
    head = b"Content-Type: multipart/mixed; boundary=Z\r\n\r\n--Z\r\n\r\nvoir\r\n"
    received = Received(head + b"--Z\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--Z--\r\n")
    (piece,) = received.pieces()
    assert (received.text, piece.name, b"dedans" in piece.content()) == ("voir", "piece-2.eml", True)


def test_no_name_is_given_twice() -> None:
    taken: set[str] = set()
    assert [safe_name(said, taken) for said in ("a.pdf", "A.pdf", "x/a.pdf")] == ["a.pdf", "A (2).pdf", "a (3).pdf"]
