"""What a mail says, and to whom: text and HTML, tables, attachments, trials, granted domains."""

from __future__ import annotations

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from robo_mail import letter, markdown
from robo_mail.actions import Table
from robo_mail.trouble import LARGEST

from robo.sdk.errors import Failure, NotFound, Rejection
from robo.sdk.markdown import literal
from robo.sdk.values import MISSING, Kind, parse
from tests.runners.mail.support import Post, account, mail

ACCOUNT = account(Post(port=25))


def written(trial: bool = False, where: Any = ACCOUNT, **params: Any) -> tuple[letter.Letter, EmailMessage]:
    call = mail(**params)
    found = letter.write(call, call.params, where, trial=trial, date_format="%d/%m/%Y")  # type: ignore[arg-type] # its own
    message = message_from_bytes(found.content, policy=default)
    assert isinstance(message, EmailMessage)
    return found, message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_is_text_and_html_of_one_markdown() -> None:
    _, message = written(body="# Bonjour\n\nVoici **tout** :\n\n- un\n- [deux](https://a.exemple/x)\n\n> cité\nici")
    assert body(message, "plain") == "Bonjour\n\nVoici tout :\n\n- un\n- deux (https://a.exemple/x)\n\n> cité\n> ici\n"
    html = body(message, "html")
    assert "<h1>Bonjour</h1>" in html
    assert '<a href="https://a.exemple/x">deux</a>' in html


def test_lists_keep_their_numbers_and_lines_their_breaks() -> None:
    assert markdown.as_text("Madame,\nMonsieur\n\n3. trois\n4. quatre\n   - dedans\n\nfin") == (
        "Madame,\nMonsieur\n\n3. trois\n4. quatre\n   - dedans\n\nfin\n"
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("[table]\n\nfin", "A\n-\n1\n\nfin\n"),
        ("début\n\n[table]", "début\n\nA\n-\n1\n"),
        ("début\r\n[table]\r\nfin", "début\n\nA\n-\n1\n\nfin\n"),
        ("le [table] ici", "le [table] ici\n\nA\n-\n1\n"),
    ],
    ids=["first", "last", "lines of Windows", "inside a line"],
)
def test_the_place_of_a_table_is_any_line_of_its_own(text: str, read: str) -> None:
    assert markdown.as_text(text, markdown.Table(("A",), [["1"]])) == read


def test_what_no_header_can_hold_neither_breaks_nor_begins_one(tmp_path: Path) -> None:
    file = tmp_path / "a\nBcc: vole@ailleurs.fr"
    file.write_bytes(b"x")
    odd = "a\0\ud800\u2028Bcc: b"
    rows = Table(rows=[{"p": odd}], columns={"P": "p"})
    found, message = written(subject=f"{odd}\r\nBcc: c@exemple.fr", body=odd, table=rows, attach=(str(file),))
    assert message["Bcc"] is None
    assert message["Subject"] == "a? Bcc: b Bcc: c@exemple.fr"
    (piece,) = message.iter_attachments()
    assert piece.get_filename() == "a Bcc: vole@ailleurs.fr"
    assert b"\0" not in found.content


def test_domains_with_accents_stand_in_every_header_as_servers_know_them() -> None:
    where = account(Post(port=25), sender="robot@préfecture.fr")
    found, message = written(where=where, reply_to="bureau@préfecture.fr")
    ascii_domain = "xn--prfecture-c4a.fr"
    assert found.sender == f"robot@{ascii_domain}"
    assert str(message["From"]).endswith(f"<robot@{ascii_domain}>")
    assert message["Reply-To"] == f"bureau@{ascii_domain}"
    assert found.message_id.endswith(f"@{ascii_domain}>")


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "![x](https://espion.exemple/p.png)", "<img src=x>"])
def test_html_fetches_and_runs_nothing(evil: str) -> None:
    html = markdown.as_html(f"a {evil} b")
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    "typed",
    ["*O'Brien*", "[gagnez](https://mal.exemple)", "# titre", "1. un", "a_b_c", "<b>x</b>", "`x`", "a\\b", "> q"],
)
def test_a_value_is_no_markup(typed: str) -> None:
    assert markdown.as_text(f"Nom : {literal(typed)}.") == f"Nom : {typed}.\n"
    assert markdown.as_text(literal(typed)) == f"{typed}\n"
    assert "<a " not in markdown.as_html(literal(typed))
    assert "<em>" not in markdown.as_html(literal(typed))


def test_a_table_stands_below_the_body_in_both() -> None:
    rows = [{"key": "2026-1", "due": date(2026, 3, 2), "who": {"last": "<Léa>"}}, {"key": "2026-22", "due": MISSING}]
    table = Table(rows=rows, columns={"Dossier": "key", "Échéance": "due", "Nom": "who.last"})
    _, message = written(table=table)
    assert body(message, "plain") == (
        "Bonjour\n\nDossier  Échéance    Nom\n-------  ----------  -----\n2026-1   02/03/2026  <Léa>\n2026-22\n"
    )
    assert "&lt;Léa&gt;</td>" in body(message, "html")


def test_an_amount_in_a_table_keeps_its_cents() -> None:
    rows = [{"m": parse(Kind.MONEY, text)} for text in ("200,50 €", "1 234,00", "3")]
    _, message = written(table=Table(rows=rows, columns={"Montant": "m"}))
    assert body(message, "plain").split()[-3:] == ["200,50", "1234,00", "3,00"]


def test_a_table_of_something_else_than_mappings_says_so() -> None:
    with pytest.raises(Failure) as caught:
        written(table=Table(rows=["a"], columns={"A": "a"}))
    assert caught.value.code == "RB865"


def test_attachments_keep_their_names_and_kinds(tmp_path: Path) -> None:
    (tmp_path / "Décision n° 1.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "sans").write_bytes(b"\x00\x01")
    _, message = written(attach=(str(tmp_path / "Décision n° 1.pdf"), str(tmp_path / "sans")))
    found = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in message.iter_attachments()]
    assert found == [
        ("Décision n° 1.pdf", "application/pdf", b"%PDF-1.4"),
        ("sans", "application/octet-stream", b"\x00\x01"),
    ]


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        written(attach=(str(tmp_path / "absent.pdf"),))
    assert (caught.value.code, "absent.pdf" in str(caught.value)) == ("RB864", True)


def test_more_than_a_mail_takes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    big = tmp_path / "gros.bin"
    with big.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(Rejection) as caught:
        written(attach=(str(big),))
    assert caught.value.code == "mail-too-large"


def test_the_message_id_is_the_effect_s_and_says_nothing_of_the_item() -> None:
    one, message = written(effect_id="cd" * 32)
    again, _ = written(effect_id="cd" * 32, subject="Autre")
    assert one.message_id == again.message_id == f"<robo.{'cd' * 20}@exemple.fr>"
    assert message["Message-ID"] == one.message_id
    assert message["Auto-Submitted"] == "auto-generated"


def test_who_it_is_from_and_answered_to() -> None:
    _, message = written(reply_to="bureau@exemple.fr", cc=("b@exemple.fr",), bcc=("c@exemple.fr",))
    assert message["From"] == "Robot des visas <robot@exemple.fr>"
    assert (message["Reply-To"], message["Cc"], message["Bcc"]) == ("bureau@exemple.fr", "b@exemple.fr", None)


def test_a_subject_is_one_line() -> None:
    _, message = written(subject="Objet\r\nBcc: tous@mal.exemple")
    assert (message["Subject"], message["Bcc"]) == ("Objet Bcc: tous@mal.exemple", None)


def test_everybody_is_told_to_the_server_once() -> None:
    found, _ = written(to=("a@exemple.fr", "b@exemple.fr"), cc=("a@exemple.fr",), bcc=("c@exemple.fr",))
    assert found.recipients == ("a@exemple.fr", "b@exemple.fr", "c@exemple.fr")
    assert found.values == {"message_id": found.message_id, "to": "a@exemple.fr, b@exemple.fr, c@exemple.fr"}


def test_a_trial_goes_elsewhere_and_says_who_it_was_for() -> None:
    found, message = written(trial=True, to=("lea_p@exemple.fr",), cc=("b@exemple.fr",))
    assert found.recipients == ("essais@exemple.fr",)
    assert (message["To"], message["Cc"]) == ("essais@exemple.fr", None)
    assert message["Subject"] == "[essai → lea_p@exemple.fr] Votre demande"
    first = body(message, "plain").splitlines()[0]
    assert first == "Essai. Ce message serait parti à : lea_p@exemple.fr ; copie : b@exemple.fr."
    assert "redirected to essais@exemple.fr" in found.told


@pytest.mark.parametrize("trial", [True, False])
@pytest.mark.parametrize("address", ["a@ailleurs.fr", "a@sous.exemple.fr", "a@monexemple.fr", "a@exemple.fr.mal.fr"])
def test_only_granted_domains_are_written_to_and_the_setting_is_told(address: str, trial: bool) -> None:
    with pytest.raises(Rejection) as caught:
        written(trial=trial, bcc=(address,))
    assert caught.value.code == "recipient-not-granted"
    assert f"mail: {{domains: [exemple.fr, {address.partition('@')[2]}]}}" in caught.value.advice
    assert caught.value.place == "config/regions/occitanie.yaml"


@pytest.mark.parametrize(
    ("granted", "address", "may"),
    [
        ("exemple.fr", "A@EXEMPLE.FR", True),
        ("*.gouv.exemple", "a@interieur.gouv.exemple", True),
        ("*.gouv.exemple", "a@gouv.exemple", False),
        ("*.gouv.exemple", "a@malgouv.exemple", False),
    ],
)
def test_how_domains_are_granted(granted: str, address: str, may: bool) -> None:
    assert letter.is_granted((granted,), address) is may


def test_a_domain_with_accents_is_written_as_servers_take_it() -> None:
    found, message = written(where=ACCOUNT.model_copy(update={"domains": ("préfecture.fr",)}), to=("a@préfecture.fr",))
    assert found.recipients == ("a@xn--prfecture-c4a.fr",)
    assert message["To"] == "a@xn--prfecture-c4a.fr"


def test_a_name_with_accents_is_told_before_anything_is_said() -> None:
    with pytest.raises(Rejection) as caught:
        written(to=("léa@exemple.fr",))
    assert caught.value.code == "bad-address"


def test_a_table_stands_where_the_body_says() -> None:
    _, message = written(
        body="Il manque :\n\n[table]\n\nCordialement", table=Table(rows=[{"p": "le plan"}], columns={"Pièce": "p"})
    )
    assert body(message, "plain") == "Il manque :\n\nPièce\n-------\nle plan\n\nCordialement\n"
    html = body(message, "html")
    assert html.index("manque") < html.index("<table") < html.index("Cordialement")


@pytest.mark.parametrize(
    ("text", "read"), [("Il manque :\n\n[table]", "Il manque :\n\np\n-\n1\n"), ("[table]\nfin", "p\n-\n1\n\nfin\n")]
)
def test_a_place_for_the_table_may_be_the_first_line_or_the_last(text: str, read: str) -> None:
    assert markdown.as_text(text, markdown.Table(headers=["p"], rows=[["1"]])) == read
    assert "[table]" not in markdown.as_html(text, markdown.Table(headers=["p"], rows=[["1"]]))


def test_a_table_without_rows_is_not_shown_and_a_value_makes_no_place_for_one() -> None:
    _, message = written(body="Complet.\n\n[table]\n\nCordialement", table=Table(rows=[], columns={"Pièce": "p"}))
    assert body(message, "plain") == "Complet.\n\nCordialement\n"
    assert "<table" not in body(message, "html")
    assert markdown.as_text(f"Nom :\n{literal('[table]')}\nfin") == "Nom :\n[table]\nfin\n"
