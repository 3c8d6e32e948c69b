"""CSV as agents have it: encodings, delimiters, quotes; and changes that touch one field."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from robo_files import FilesRunner
from robo_files.box.csvfile import records

from robo.sdk.errors import RoboError, english
from robo.sdk.runner import CellChange, Row
from robo.sdk.values import MISSING

Read = Callable[..., Awaitable[list[Row]]]
Change = Callable[[Row, str, Any], CellChange]
Csv = Callable[..., Path]


@pytest.fixture
def csv_file(tmp_path: Path) -> Csv:
    def write(text: str, encoding: str = "utf-8") -> Path:
        (tmp_path / "demandes.csv").write_bytes(text.encode(encoding))
        return tmp_path / "demandes.csv"

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"], ids=["semicolon", "comma", "tab", "bar"])
async def test_encoding_and_delimiter_are_found(read: Read, csv_file: Csv, encoding: str, delimiter: str) -> None:
    text = "N°,Prénom,Œuvre\r\n1,Léa,Été\r\n2,Noël,\r\n".replace(",", delimiter)
    one, two = await read(csv_file(text, encoding))
    assert dict(one.values) == {"N°": "1", "Prénom": "Léa", "Œuvre": "Été"}
    assert (two.values["Œuvre"], two.place) == (MISSING, "demandes.csv!A3")


async def test_quotes_hold_delimiters_line_ends_and_quotes(read: Read, csv_file: Csv) -> None:
    (row,) = await read(csv_file('Nom;Note\r\n"D; Léa";"dit ""oui""\r\npuis non"\r\n'))
    assert dict(row.values) == {"Nom": "D; Léa", "Note": 'dit "oui"\r\npuis non'}


async def test_a_decimal_comma_does_not_make_the_comma_the_delimiter(read: Read, csv_file: Csv) -> None:
    (row,) = await read(csv_file("Nom;Montant\n Léa ;1 234,56 €\n"))
    assert row.values["Montant"] == "1 234,56 €"


async def test_leading_zeros_stay(read: Read, csv_file: Csv) -> None:
    (row,) = await read(csv_file("Nom;Code\nLéa;0042\n"))
    assert row.values["Code"] == "0042"


async def test_a_sep_line_decides_and_is_no_header(read: Read, csv_file: Csv) -> None:
    (row,) = await read(csv_file("sep=,\r\nNom,Code\r\nLéa,7\r\n"))
    assert (dict(row.values), row.number) == ({"Nom": "Léa", "Code": "7"}, 3)


async def test_a_short_record_has_blanks_at_its_end(read: Read, csv_file: Csv) -> None:
    (row,) = await read(csv_file("Nom;Code;Pays\nLéa;7\n"))
    assert row.values["Pays"] is MISSING


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "RB803"), (b" \r\n", "RB803"), (b"PK\0\0\0\0", "RB817"), (b"\xff\xfe\0\xd8", "RB817")],
    ids=["empty", "blank", "binary", "half a character"],
)
async def test_what_is_no_csv_is_said_so(read: Read, tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "demandes.csv"
    file.write_bytes(content)
    with pytest.raises(RoboError) as caught:
        await read(file)
    assert caught.value.code == code


@given(st.lists(st.lists(st.text("aé;\"\n\r ',", max_size=5), min_size=2, max_size=3), min_size=1, max_size=4))
def test_what_a_csv_writer_writes_is_read_as_it_was(lines: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerows(lines)
    text = out.getvalue()
    found = list(records(text, ";"))
    assert [[field.value for field in record] for record in found] == lines
    assert all(text[field.start] == '"' == text[field.end - 1] for record in found for field in record)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
async def test_a_change_touches_one_field(
    runner: FilesRunner, read: Read, csv_file: Csv, change: Change, encoding: str
) -> None:
    text = 'Nom; Code ;"N°"\r\n"Léa";7 ;\r\nAli;"8";""\r\n\r\n'
    file = csv_file(text, encoding)
    lea, ali = await read(file)
    owed = [change(lea, "N°", "D;1"), change(ali, "N°", "D2")]
    assert runner.flush(file, owed) == ["done", "done"]
    assert file.read_bytes().decode(encoding) == 'Nom; Code ;"N°"\r\n"Léa";7 ;"D;1"\r\nAli;"8";D2\r\n\r\n'
    after = file.read_bytes()
    assert runner.flush(file, owed) == ["done", "done"]
    assert file.read_bytes() == after


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-12,50", "-12,50"),
        ("+33 6 12 34 56 78", "+33 6 12 34 56 78"),
        ("D-1", "D-1"),
        (-5, "-5"),
        (Decimal("12.50"), "12,5"),
        (True, "oui"),
        (date(2026, 3, 4), "04/03/2026"),
        (datetime(2026, 3, 4, 14, 30), "04/03/2026 14:30:00"),  # noqa: DTZ001 - a file knows no zone
        ('dit "oui"', '"dit ""oui"""'),
    ],
    ids=repr,
)
async def test_a_value_is_written_as_an_agent_would_and_never_as_a_formula(
    runner: FilesRunner, read: Read, csv_file: Csv, change: Change, value: Any, written: str
) -> None:
    file = csv_file("Nom;N°\nLéa;\n")
    (lea,) = await read(file)
    owed = [change(lea, "N°", value)]
    assert runner.flush(file, owed) == ["done"]
    assert file.read_text("utf-8") == f"Nom;N°\nLéa;{written}\n"
    assert runner.flush(file, owed) == ["done"]


async def test_a_file_with_commas_is_written_the_other_way(
    runner: FilesRunner, read: Read, csv_file: Csv, change: Change
) -> None:
    file = csv_file("Nom,N°,Le\nLéa,,\n")
    (lea,) = await read(file)
    assert runner.flush(file, [change(lea, "N°", Decimal("1.5")), change(lea, "Le", date(2026, 3, 4))]) == ["done"] * 2
    assert file.read_text("utf-8") == "Nom,N°,Le\nLéa,1.5,2026-03-04\n"


async def test_a_short_record_grows_to_the_column(
    runner: FilesRunner, read: Read, csv_file: Csv, change: Change
) -> None:
    file = csv_file("Nom;Code;Pays;N°\nLéa;7\n")
    (lea,) = await read(file)
    assert runner.flush(file, [change(lea, "N°", "D1"), change(lea, "Pays", "FR")]) == ["done", "done"]
    assert file.read_text("utf-8") == "Nom;Code;Pays;N°\nLéa;7;FR;D1\n"


async def test_a_text_the_encoding_cannot_hold_is_a_conflict(
    runner: FilesRunner, read: Read, csv_file: Csv, change: Change
) -> None:
    file = csv_file("Prénom;N°\nLéa;\n", "cp1252")
    (lea,) = await read(file)
    (answer,) = runner.flush(file, [change(lea, "N°", "Łódź")])
    assert english(answer).startswith("the file is cp1252")


async def test_a_value_somebody_typed_is_not_overwritten(
    runner: FilesRunner, read: Read, csv_file: Csv, change: Change
) -> None:
    (lea,) = await read(csv_file("Nom;N°\nLéa;\n"))
    file = csv_file("Nom;N°\nLéa;autre\n")
    (answer,) = runner.flush(file, [change(lea, "N°", "D1")])
    assert english(answer).startswith("the row is not in the sheet any more, or somebody changed it")
    assert file.read_text("utf-8") == "Nom;N°\nLéa;autre\n"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("cp850", "Né à Orléans"), ("mac-roman", "Né à Orléans"), ("cp850", "Genève"), ("mac-roman", "forêt")],
)
async def test_an_encoding_that_only_looks_like_windows_is_refused(
    read: Read, csv_file: Csv, encoding: str, words: str
) -> None:
    with pytest.raises(RoboError) as caught:
        await read(csv_file(f"Nom;Lieu\nLéa;{words}\n", encoding))
    assert caught.value.code == "RB818"
    assert "encoding: cp850" in caught.value.advice


@pytest.mark.parametrize("encoding", ["cp850", "mac-roman", "windows-1252", "iso-8859-15", "utf-8", "utf-16"])
async def test_an_encoding_that_is_said_is_used(read: Read, csv_file: Csv, encoding: str) -> None:
    written = "utf-16-le" if encoding == "utf-16" else encoding
    (row,) = await read(csv_file("Nom;Lieu\nLéa;Né à Orléans\n", written), encoding=encoding)
    assert dict(row.values) == {"Nom": "Léa", "Lieu": "Né à Orléans"}


async def test_an_encoding_that_is_wrong_is_told(read: Read, csv_file: Csv) -> None:
    with pytest.raises(RoboError) as caught:
        await read(csv_file("Nom;Lieu\nLéa;Né\n", "cp1252"), encoding="utf-8")
    assert (caught.value.code, "is not written in utf-8" in str(caught.value)) == ("RB817", True)


async def test_two_encodings_in_one_file_are_refused(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "demandes.csv"
    file.write_bytes("Nom;Lieu\nLéa;Sète\n".encode() + "Zoé;Nîmes\n".encode("cp1252"))
    with pytest.raises(RoboError) as caught:
        await read(file)
    assert caught.value.code == "RB818"


@pytest.mark.parametrize(
    "words",
    ["L’été à Sète… « oui »", "Œuvre – 12 €", "Štefan Žižek", "l'Haÿ-les-Roses n° 3²"],
    ids=lambda each: each[:5],
)
async def test_french_words_of_windows_are_told_from_others(read: Read, csv_file: Csv, words: str) -> None:
    (row,) = await read(csv_file(f"Nom;Lieu\nLéa;{words}\n", "cp1252"))
    assert row.values["Lieu"] == words


async def test_two_signs_that_would_both_do_are_refused_with_what_to_write(read: Read, csv_file: Csv) -> None:
    file = csv_file("Nom, prénom;Montant\nMartin, Léa;12\nNoël, Zoé;13\n")
    with pytest.raises(RoboError) as caught:
        await read(file)
    assert (caught.value.code, 'delimiter: ";"' in caught.value.advice) == ("RB818", True)
    one, _ = await read(file, delimiter=";")
    assert dict(one.values) == {"Nom, prénom": "Martin, Léa", "Montant": "12"}
    one, _ = await read(file, delimiter=",")
    assert dict(one.values) == {"Nom": "Martin", "prénom;Montant": " Léa;12"}


async def test_a_sign_within_quotes_separates_nothing(read: Read, csv_file: Csv) -> None:
    (row,) = await read(csv_file('"a,b";"c"\n"1,2";"3"\n'))
    assert dict(row.values) == {"a,b": "1,2", "c": "3"}


async def test_a_title_above_the_table_does_not_hide_what_separates(read: Read, csv_file: Csv) -> None:
    (row,) = await read(csv_file("Export, du 3 mars\nN°;Nom;Lieu\n1;Léa;Sète\n"))
    assert dict(row.values) == {"N°": "1", "Nom": "Léa", "Lieu": "Sète"}


async def test_one_column_needs_no_sign(read: Read, csv_file: Csv) -> None:
    assert [dict(row.values) for row in await read(csv_file("Nom\nLéa\nAli\n"))] == [{"Nom": "Léa"}, {"Nom": "Ali"}]


async def test_a_value_goes_back_into_a_file_whose_author_said_how_it_is_written(
    runner: FilesRunner, read: Read, csv_file: Csv, change: Change
) -> None:
    file = csv_file("Nom, prénom;Lieu;N°\nMartin, Léa;Orléans;\n", "cp850")
    (row,) = await read(file, encoding="cp850", delimiter=";")
    owed = replace(change(row, "N°", "reçu"), how=row.where["how"])
    assert runner.flush(file, [owed]) == ["done"]
    assert file.read_bytes() == "Nom, prénom;Lieu;N°\nMartin, Léa;Orléans;reçu\n".encode("cp850")
