"""`files.read`: rows and cells of a table in a step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from robo.sdk.errors import Failure, Rejection
from robo.sdk.runner import Result
from robo.sdk.values import MISSING

Do = Callable[..., Awaitable[Result]]
FIXTURES = Path(__file__).parent / "fixtures"
LINES = [
    ["Code", "Commune", "Plafond"],
    [34301, "Sète", 1200.5],
    [11069, "Carcassonne", None],
    [34172, "Montpellier", 9],
]


async def test_all_rows_by_their_columns_blanks_left_out(do: Do, book: Callable[..., Path]) -> None:
    result = await do("files.read", file=str(book(LINES)))
    assert result.values["count"] == 3
    assert result.values["rows"][:2] == [
        {"Code": 34301, "Commune": "Sète", "Plafond": Decimal("1200.5")},
        {"Code": 11069, "Commune": "Carcassonne"},
    ]
    assert not any(isinstance(value, float) for row in result.values["rows"] for value in row.values())


@pytest.mark.parametrize("code", [34301, "34301", Decimal(34301)], ids=repr)
async def test_only_the_rows_that_are_meant_however_the_value_is_typed(
    do: Do, book: Callable[..., Path], code: object
) -> None:
    result = await do("files.read", file=str(book(LINES)), where={" Code ": code})
    assert [row["Commune"] for row in result.values["rows"]] == ["Sète"]


async def test_a_column_that_is_not_there_is_told_with_the_nearest(do: Do, book: Callable[..., Path]) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.read", file=str(book(LINES)), where={"Comune": "Sète"})
    assert (caught.value.code, caught.value.advice) == ("RB835", "correct the name under `where`; nearest: Commune")


async def test_rows_are_taken_by_names_of_ones_own_and_typed(do: Do, book: Callable[..., Path]) -> None:
    lines = [["N° dossier", "Montant HT", "Reçu le"], [7, "1 234,50 €", "05/11/2026"], ["A8", None, None]]
    read = {"number": "N°  dossier", "amount": {"column": "Montant HT", "type": "money"}}
    result = await do("files.read", file=str(book(lines)), read={**read, "day": {"column": "Reçu le", "type": "date"}})
    assert result.values["rows"] == [
        {"number": "7", "amount": Decimal("1234.50"), "day": date(2026, 11, 5)},
        {"number": "A8"},
    ]


@pytest.mark.parametrize(
    ("column", "kind", "says"),
    [
        ("Comune", "str", "the file has no column «Comune»"),
        ("Commune", "int", "Demandes!B2 «Commune»: Sète is not a whole number"),
    ],
)
async def test_what_cannot_be_taken_of_a_row_is_told(
    do: Do, book: Callable[..., Path], column: str, kind: str, says: str
) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.read", file=str(book(LINES)), read={"town": {"column": column, "type": kind}})
    assert str(caught.value).startswith(says)


async def test_more_rows_than_were_expected_are_no_long_list(do: Do, book: Callable[..., Path]) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.read", file=str(book(LINES)), most="2")
    assert caught.value.code == "RB834"


@pytest.mark.parametrize("name", ["libreoffice.xls", "libreoffice.ods"])
async def test_single_cells_are_typed(do: Do, name: str) -> None:
    cells = {
        "number": "A2",
        "born": {"cell": "$B$2", "type": "date"},
        "total": {"cell": "d2", "type": "decimal"},
        "far": "ZZ9",
    }
    result = await do("files.read", file=str(FIXTURES / name), cells=cells)
    assert result.values == {"number": "00006", "born": date(1980, 1, 6), "total": Decimal(25), "far": MISSING}


@pytest.mark.parametrize(("cell", "says"), [("G2", "#DIV/0!"), ("A2A", "is not the address of a cell")])
async def test_a_cell_that_is_no_value_is_told(do: Do, cell: str, says: str) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.read", file=str(FIXTURES / "libreoffice.xls"), cells={"x": cell})
    assert (caught.value.code, says in str(caught.value)) == ("RB836", True)


async def test_a_file_that_is_damaged_is_a_matter_for_a_person_and_not_tried_again(do: Do, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes((FIXTURES / "libreoffice.xlsx").read_bytes()[:3000])
    with pytest.raises(Rejection) as caught:
        await do("files.read", file=str(tmp_path / "a.xlsx"))
    assert (caught.value.code, caught.value.place) == ("RB806", "step")


async def test_a_file_that_is_not_there_is_the_trouble_of_the_item(do: Do, tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.read", file=str(tmp_path / "rien.xlsx"))
    assert (caught.value.code, caught.value.place) == ("RB801", "step")
