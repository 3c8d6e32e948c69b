"""Letters of Word: names become values wherever Word has cut them; what has no value is told."""

from __future__ import annotations

import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import pytest
from robo_files import FilesRunner
from robo_files.actions_paper import TEMPLATE

from robo.sdk.errors import ItemTrouble
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, Result
from robo.sdk.values import MISSING, Effect

Do = Callable[..., Awaitable[Result]]
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CUT = (
    '<w:p><w:r><w:t xml:space="preserve">Monsieur $</w:t></w:r><w:proofErr w:type="spellStart"/>'
    "<w:r><w:rPr><w:b/></w:rPr><w:t>{{</w:t></w:r><w:hyperlink><w:r><w:t> nom }</w:t></w:r></w:hyperlink>"
    "<w:r><w:t>}, bonjour</w:t></w:r></w:p>"
)
KINDS = "application/vnd.openxmlformats-"
SPACES = "http://schemas.openxmlformats.org/"


@pytest.fixture
def letter(given: Path) -> Path:
    """A letter with a header, places in bold, in a table, and a row that repeats."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Dossier ${{ numero }}"
    paragraph = document.add_paragraph("Objet : ")
    paragraph.add_run("${{nom}}").bold = True
    paragraph.add_run(", le ${{ jour }}, ${{ montant }} €, ${{ nom }}")
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(table._cells, ["Pièce", "Reçue", "${{ row.Pièce }}", "${{ row.Le }}"], strict=True):
        cell.text = words
    document.save(str(given / "lettre.docx"))
    return given / "lettre.docx"


def word_document(path: Path, body: str, doctype: str = "") -> Path:
    """A document written part by part, as Word cuts its texts."""
    types = (
        f'<Types xmlns="{SPACES}package/2006/content-types">'
        f'<Default Extension="rels" ContentType="{KINDS}package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" '
        f'ContentType="{KINDS}officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        f'<Relationships xmlns="{SPACES}package/2006/relationships"><Relationship Id="r1" Target="word/document.xml" '
        f'Type="{SPACES}officeDocument/2006/relationships/officeDocument"/></Relationships>'
    )
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("[Content_Types].xml", types)
        parts.writestr("_rels/.rels", relations)
        text = f'{doctype}<w:document xmlns:w="{WORD}"><w:body>{body}<w:sectPr/></w:body></w:document>'
        parts.writestr("word/document.xml", text)
    return path


def words(path: Path) -> list[str]:
    document = docx.Document(str(path))
    return [paragraph.text for paragraph in document.paragraphs]


VALUES = {"nom": "Léa <Martin> & Cie", "numero": "2026-14", "jour": date(2026, 3, 4), "montant": Decimal("1234.50")}
PIECES = [{"Pièce": "Passeport", "Le": date(2026, 3, 1)}, {"Pièce": "Photo", "Le": MISSING}]


async def test_names_become_values_as_the_region_writes_them(do: Do, letter: Path, given: Path) -> None:
    result = await do(
        "files.template", file=str(letter), to=str(given / "envoi" / "2026-14"), values=VALUES, rows=PIECES
    )
    assert result.values["path"] == str(given / "envoi" / "2026-14.docx")
    document = docx.Document(result.values["path"])
    assert document.paragraphs[0].text == "Objet : Léa <Martin> & Cie, le 04/03/2026, 1234,50 €, Léa <Martin> & Cie"
    assert [run.bold for run in document.paragraphs[0].runs] == [None, True, None]
    assert document.sections[0].header.paragraphs[0].text == "Dossier 2026-14"
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
        ["Pièce", "Reçue"],
        ["Passeport", "01/03/2026"],
        ["Photo", ""],
    ]


async def test_without_rows_the_row_is_left_out(do: Do, letter: Path, given: Path) -> None:
    result = await do("files.template", file=str(letter), to=str(given / "a.docx"), values=VALUES)
    assert len(docx.Document(result.values["path"]).tables[0].rows) == 1


async def test_a_place_that_word_has_cut_is_found(do: Do, given: Path) -> None:
    letter = word_document(given / "lettre.docx", CUT)
    result = await do("files.template", file=str(letter), to=str(given / "a.docx"), values={"nom": "Noël"})
    assert words(Path(result.values["path"])) == ["Monsieur Noël, bonjour"]


async def test_a_value_is_never_read_as_a_place(do: Do, given: Path) -> None:
    letter = word_document(given / "lettre.docx", "<w:p><w:r><w:t>${{ a }} ${{ b }}</w:t></w:r></w:p>")
    values = {"a": "${{ b }}", "b": "x"}
    result = await do("files.template", file=str(letter), to=str(given / "a.docx"), values=values)
    assert words(Path(result.values["path"])) == ["${{ b }} x"]


@pytest.mark.parametrize("values", [{"numero": "1"}, {**VALUES, "nom": MISSING}], ids=["not given", "missing"])
async def test_a_name_without_a_value_is_told_and_nothing_is_written(
    do: Do, letter: Path, given: Path, values: dict[str, Any]
) -> None:
    with pytest.raises(ItemTrouble) as caught:
        await do("files.template", file=str(letter), to=str(given / "a.docx"), values=values)
    assert (caught.value.code, "nom" in str(caught.value)) == ("RB851", True)
    assert [each.name for each in given.iterdir()] == ["lettre.docx"]


async def test_done_twice_is_done_once_and_another_letter_stays(do: Do, letter: Path, given: Path) -> None:
    for _ in range(2):
        await do("files.template", file=str(letter), to=str(given / "a.docx"), values=VALUES, rows=PIECES)
    before = (given / "a.docx").read_bytes()
    with pytest.raises(ItemTrouble) as caught:
        await do("files.template", file=str(letter), to=str(given / "a.docx"), values={**VALUES, "nom": "Ali"})
    assert (caught.value.code, (given / "a.docx").read_bytes()) == ("RB838", before)


async def test_a_template_may_come_with_the_process(
    runner: FilesRunner, context: Context, given: Path, letter: Path, tmp_path: Path
) -> None:
    (tmp_path / "process" / "templates").mkdir(parents=True)
    letter.rename(tmp_path / "process" / "templates" / "lettre.docx")
    session = await runner.open(replace(context, process=tmp_path / "process"))

    async def fill(file: str) -> Result:
        params = parse_params(TEMPLATE, {"file": file, "to": str(given / "a.docx"), "values": VALUES})
        (result,) = await session.perform([Call("step", "files.template", params, Effect.LOCAL, 30)])
        return result

    assert (await fill("templates/lettre.docx")).values["name"] == "a.docx"
    for outside in ("../../etc/lettre.docx", "/etc/lettre.docx"):
        with pytest.raises(ItemTrouble) as caught:
            await fill(outside)
        assert caught.value.code == "RB830"


async def test_what_is_no_word_document_is_told(do: Do, given: Path, book: Callable[..., Path]) -> None:
    workbook = book([["a"]]).rename(given / "a.docx")
    (given / "b.docx").write_bytes(b"texte")
    typed = word_document(given / "c.docx", CUT, doctype="<!DOCTYPE x [<!ENTITY a 'b'>]>")
    for file, code in ((workbook, "RB850"), (given / "b.docx", "RB806"), (typed, "RB811"), (given / "d.docx", "RB801")):
        with pytest.raises(ItemTrouble) as caught:
            await do("files.template", file=str(file), to=str(given / "x.docx"), values=VALUES)
        assert caught.value.code == code
