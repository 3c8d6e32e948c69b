"""What a case says of the world: applications, mails and folders, each looked at whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from robo.errors import fill
from robo.model.case import ExpectedMail, Given, Held
from robo.model.process import Input, Kind
from robo.sandbox.post import Mail
from robo.services.cases.post import folder_of_mails_problems, mail_problems
from robo.services.cases.world import folder_problems, given_problems, portal_problems


class Portal:
    """As much of a portal as is looked at."""

    shelves = ("dossiers", "documents")

    def __init__(self, *records: tuple[str, str, Mapping[str, str]]) -> None:
        self.records = list(records)

    def hold(self, given: Given) -> None:
        if "Titre" in given.content:
            raise ValueError("a document has no Titre")
        self.records.append((given.shelf, given.reference, given.content))

    def held(self, shelf: str, reference: str) -> Sequence[Mapping[str, str]]:
        return [content for on, name, content in self.records if (on, name) == (shelf, reference)]


def said(problems: Any) -> str:
    return " / ".join(fill("%(told)s", {"told": problem}) for problem in problems)


ONE = Portal(("documents", "D-1", {"Objet": "Temps partiel"}))


@pytest.mark.parametrize(
    ("shelf", "reference", "wanted", "told"),
    [
        ("documents", "D-1", Held(), ""),
        ("documents", "D-1", Held(says={"Objet": "Temps partiel"}), ""),
        ("documents", "D-1", Held(says={"Objet": "filled"}), ""),
        ("documents", "D-2", Held(count=0), ""),
        ("documents", "D-1", Held(count=0), "1 of D-1 in documents, expected 0"),
        ("documents", "D-2", Held(), "0 of D-2 in documents, expected 1"),
        ("documents", "D-1", Held(says={"Objet": "Mutation"}), "« Temps partiel », expected « Mutation »"),
        ("documents", "D-1", Held(says={"Objt": "Mutation"}), "did you mean Objet?"),
        ("document", "D-1", Held(), "did you mean documents?"),
    ],
)
def test_an_application_holds_so_many_or_one_that_says_this(
    shelf: str, reference: str, wanted: Held, told: str
) -> None:
    found = said(portal_problems({shelf: {reference: wanted}}, ONE))  # type: ignore[arg-type]  # as much as is asked
    assert (told in found, bool(found)) == (True, bool(told))


def test_what_the_portal_cannot_hold_is_told() -> None:
    given = [
        Given(reference="D-1", shelf="documents", content={"Titre": "x"}),
        Given(reference="D-2", shelf="documens"),
        Given(reference="D-3", shelf="documents", content={"Objet": "x"}),
    ]
    portal = Portal()
    found = said(given_problems(given, portal))  # type: ignore[arg-type]  # as much as is asked
    assert "D-1: a document has no Titre" in found
    assert "did you mean documents?" in found
    assert [reference for _, reference, _ in portal.records] == ["D-3"]


LETTER = Mail(("lea@exemple.fr",), "Bonjour", "Voici\nla décision.", ("a.pdf", "b.pdf"))


@pytest.mark.parametrize(
    ("says", "attached", "holds"),
    [
        ("Voici la décision.", None, True),
        ("", ("b.pdf", "a.pdf"), True),
        ("", ("a.pdf",), False),
        ("", (), False),
        ("Rien", None, False),
    ],
)
def test_a_mail_is_known_by_its_words_and_the_files_it_brings(
    says: str, attached: tuple[str, ...] | None, holds: bool
) -> None:
    wanted = ExpectedMail(to=("Lea@exemple.fr",), says=says, attached=attached)
    assert bool(said(mail_problems((wanted,), [LETTER]))) is not holds


def test_a_mail_too_many_is_told() -> None:
    assert said(mail_problems(None, [LETTER])) == ""
    assert "Bonjour" in said(mail_problems((), [LETTER]))


def test_mails_come_in_the_order_that_a_case_says() -> None:
    first, second = ExpectedMail(to=("lea@exemple.fr",), subject="Un"), ExpectedMail(to=("lea@exemple.fr",))
    mails = [Mail(("lea@exemple.fr",), "Un", ""), LETTER]
    assert said(mail_problems((first, second), mails, in_order=True)) == ""
    turned = mails[::-1]
    assert said(mail_problems((first, second), turned)) == ""
    assert "number 1 is to lea@exemple.fr « Bonjour »" in said(mail_problems((first, second), turned, in_order=True))
    assert "to lea@exemple.fr « Bonjour »" in said(mail_problems((first,), mails, in_order=True))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (ExpectedMail(), ""),
        (ExpectedMail(sender="TOM@exemple.fr", read=True, attached=("b.pdf", "a.pdf")), ""),
        (ExpectedMail(sender="lea@exemple.fr"), "none from lea@exemple.fr to … with"),
        (ExpectedMail(read=False), "brings …, not marked as read"),
        (ExpectedMail(attached=()), "brings -"),
    ],
    ids=["anything", "all of it", "another sender", "read meanwhile", "with files"],
)
def test_a_folder_of_the_mailbox_holds_these_mails_and_no_other(wanted: ExpectedMail, told: str) -> None:
    there = replace(LETTER, sender="tom@exemple.fr")
    found = said(folder_of_mails_problems("INBOX", (wanted,), [(there, True)]))
    assert (told in found, bool(found)) == (True, bool(told))
    left = said(folder_of_mails_problems("INBOX", (), [(there, True)]))
    assert "in INBOX there is one from tom@exemple.fr « Bonjour », marked as read" in left


def test_a_folder_holds_these_files_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "a.pdf").write_text("x", encoding="utf-8")
    inputs = {"archive": Input(name="archive", type=Kind.FOLDER), "export": Input(name="export", type=Kind.FILE)}
    given = {"archive": str(tmp_path), "export": "a.csv"}
    assert said(folder_problems({"archive": ("2026/a.pdf",)}, inputs, given)) == ""
    assert "holds 2026/a.pdf, expected -" in said(folder_problems({"archive": ()}, inputs, given))
    assert "did you mean archive?" in said(folder_problems({"archives": ()}, inputs, given))
    assert "there are archive" in said(folder_problems({"export": ()}, inputs, given))
