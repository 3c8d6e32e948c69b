"""From a row of a source to an item: cells typed, troubles told with their cell, twins found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from robo.errors import UsageError, fill
from robo.model.base import MISSING
from robo.model.process import Column, Items, Kind, Step, StepKind
from robo.model.run import NewItem
from robo.model.scalars import BadScalar
from robo.model.text import Expr, Node, Template
from robo.sdk.runner import Row
from robo.services.worker.bundles import Bundles, without_twins
from robo.services.worker.rows import Sheet, sensitive_names, typed

FIELDS = (
    Column(name="number", column="N° demande"),
    Column(name="born", column="Date de naissance", type=Kind.DATE),
    Column(name="paid", column="Montant", type=Kind.MONEY, required=False),
)


def sheet(*fields: Column, key: Node = "K-1") -> Sheet:
    source = Step(id="rows", kind=StepKind.ACTION, path=(), action="files.rows", params={})
    return Sheet(Items(source=source, fields=fields or FIELDS, key=key), lambda item: {"item": item})


def item_of(rows: Sheet, row: Row) -> NewItem | None:
    """The item of one row; None when it is left out."""
    line = rows.line(row)
    return None if line is None else Bundles(rows.items, rows.scope).of([line])[0]


def row(number: int = 7, **values: Any) -> Row:
    there: Mapping[str, Any] = {"N° demande": "A", "Date de naissance": "17/05/1984", **values}
    return Row(there, f"Demandes!A{number}", number, "digest")


def trouble_of(item: NewItem | None, code: str = "bad-field") -> str:
    assert item is not None
    assert item.trouble is not None
    assert item.trouble.code == code
    return fill(item.trouble.message, item.trouble.facts)


def test_cells_become_values_of_their_types() -> None:
    item = item_of(sheet(), row(Montant="1 234,50 €"))
    assert item is not None
    assert item.trouble is None
    assert item.row["born"] == date(1984, 5, 17)
    assert str(item.row["paid"]) == "1234.50"


def test_a_bad_cell_is_told_with_its_column_and_what_would_be_right() -> None:
    said = trouble_of(item_of(sheet(), row(**{"Date de naissance": "hier"})))
    assert said == "Demandes!A7 «Date de naissance»: hier is not a date like 31/12/2026 or 2026-12-31"


def test_all_bad_cells_of_a_row_are_told_at_once() -> None:
    said = trouble_of(item_of(sheet(), row(**{"N° demande": " ", "Montant": "beaucoup"})))
    assert said == (
        "Demandes!A7 «N° demande» is empty; Demandes!A7 «Montant»: beaucoup is not an amount like 1 234,56 €"
    )


def test_a_bad_cell_that_is_sensitive_is_not_repeated() -> None:
    born = Column(name="born", column="Date de naissance", type=Kind.DATE, sensitive=True)
    said = trouble_of(item_of(sheet(born), row(**{"Date de naissance": "le 3 mai de cette année-là"})))
    assert said == "Demandes!A7 «Date de naissance» is not a date like 31/12/2026 or 2026-12-31"


@pytest.mark.parametrize(
    ("column", "cell", "wanted"),
    [
        (Column(name="f", column="F", choices=("A", "B")), "C", "one of A, B"),
        (Column(name="f", column="F", pattern=r"\d{4}"), "12", r"the pattern \d{4}"),
        (Column(name="f", column="F", match=r"n° (\d+)"), "12", r"a text with n° (\d+)"),
    ],
    ids=["choices", "pattern", "match"],
)
def test_what_a_field_demands_is_named(column: Column, cell: str, wanted: str) -> None:
    assert trouble_of(item_of(sheet(column), row(F=cell))).endswith(f"{cell} is not {wanted}")


def test_every_missing_column_is_named_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        sheet().check(Row({"N° demandes": "A"}, "Demandes!A2", 2, "digest"))
    assert caught.value.code == "RB530"
    assert "«N° demande», «Date de naissance»" in str(caught.value)
    assert "«N° demandes»" in caught.value.advice


def test_a_column_that_a_step_fills_is_wanted_like_one_that_a_field_reads() -> None:
    rows = sheet(FIELDS[0])
    rows.check(row(**{" N°  dossier": None}), ["N° dossier", "N° demande"])
    with pytest.raises(UsageError) as caught:
        rows.check(row(), ["N° dossier"])
    assert caught.value.facts["columns"] == "«N° dossier»"


def test_columns_are_compared_without_regard_to_blanks() -> None:
    item = item_of(sheet(FIELDS[0]), Row({" N°  demande ": "A"}, "Demandes!A2", 2, "digest"))
    assert item is not None
    assert item.row["number"] == "A"


def test_all_rows_of_a_key_that_comes_twice_are_rejected_with_both_places() -> None:
    first, second = (NewItem(key="K", row={}, digest="", place=f"Demandes!A{n}", trouble=None) for n in (2, 5))
    other = NewItem(key="L", row={}, digest="", place="Demandes!A3", trouble=None)
    told = without_twins([first, other, second])
    assert [item.trouble.code if item.trouble else "" for item in told] == [
        "duplicate-in-source",
        "",
        "duplicate-in-source",
    ]
    assert told[0].trouble is not None
    assert "Demandes!A2, Demandes!A5" in fill(told[0].trouble.message, told[0].trouble.facts)


def test_a_key_that_all_rows_have_names_a_few_of_them() -> None:
    """A column that is no key: the message of each of 5 000 rows does not name the 4 999 others."""
    twins = without_twins([NewItem(key="Martin", digest=str(n), place=f"A{n}") for n in range(2, 9)])
    assert {item.trouble.facts["places"] for item in twins if item.trouble} == {"A2, A3, A4, A5, A6 … (7)"}
    assert all(item.trouble for item in twins)


def field(**settings: Any) -> Column:
    return Column(name="champ", column="Champ", **settings)


@pytest.mark.parametrize(
    ("settings", "cell", "value"),
    [
        ({"match": r"n° (\d+)", "type": Kind.INT}, "Dossier n° 12", 12),
        ({"match": r"\d{2}/\d{2}/\d{4}", "type": Kind.DATE}, "né le 01/02/2003", date(2003, 2, 1)),
        ({"pattern": r"\p{L}+", "match": "^(.)"}, "Élodie", "É"),
        ({"pattern": r"\d{4}"}, 2026, "2026"),
        ({"choices": ("1 000,00", "5 000 €"), "type": Kind.MONEY}, "5000", Decimal(5000)),
        ({"choices": ("1", "2"), "type": Kind.INT}, 2.0, 2),
        ({"choices": ("a", "b"), "type": Kind.LIST}, "b; a", ("b", "a")),
        ({"default": "01.02.2003", "type": Kind.DATE, "format": "dd.mm.yyyy"}, "  ", date(2003, 2, 1)),
        ({"default": "sans", "pattern": r"\d+"}, "", "sans"),
        ({"required": False}, "\u00a0", MISSING),
    ],
)
def test_a_cell_is_cut_then_typed_then_chosen(settings: Any, cell: Any, value: Any) -> None:
    assert typed(field(**settings), cell) == value


@pytest.mark.parametrize(
    ("settings", "cell", "expected"),
    [
        ({"choices": ("1", "2"), "type": Kind.INT}, "3", "one of 1, 2"),
        ({"choices": ("a",), "type": Kind.LIST}, "a; c", "one of a"),
    ],
)
def test_a_cell_that_is_not_as_its_field_says_is_told_what_was_expected(
    settings: Any, cell: Any, expected: str
) -> None:
    with pytest.raises(BadScalar) as bad:
        typed(field(**settings), cell)
    assert str(bad.value).endswith(f"is not {expected}")


def test_a_pattern_cannot_be_made_slow() -> None:
    with pytest.raises(BadScalar):
        typed(field(pattern="(a+)+b"), "a" * 5000)


def test_a_column_that_is_not_there_stops_the_run_even_when_its_cells_may_be_blank() -> None:
    receipt = Column(name="receipt", column="N° dossier", required=False)
    with pytest.raises(UsageError) as told:
        sheet(FIELDS[0], receipt).check(row(**{"N° dosier": ""}))
    assert told.value.code == "RB530"
    assert told.value.facts["near"] == "«N° dosier»"


def test_a_row_whose_condition_cannot_be_calculated_is_set_aside_alone() -> None:
    amount = Column(name="amount", column="Montant")
    rows = sheet(amount)
    picky = Sheet(rows.items.model_copy(update={"only_if": Expr("item.amount | to_number > 5")}), rows.scope)
    assert item_of(picky, row(Montant="3")) is None
    assert "beaucoup" in trouble_of(item_of(picky, row(Montant="beaucoup")))


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("${{ item.number }}", ["N° demande"]),
        ("${{ item.number }}/${{ item.born | date_fr }}", ["Date de naissance", "N° demande"]),
        ("${{ inputs.year }}-${{ item.number }}", ["N° demande"]),
        ("${{ item.row }}-${{ item.number }}", []),
    ],
)
def test_an_item_knows_the_columns_that_its_key_is_made_of(key: str, columns: list[str]) -> None:
    parts = tuple(part if i % 2 == 0 else Expr(part.strip()) for i, part in enumerate(re.split(r"\$\{\{|\}\}", key)))
    made = Sheet(sheet(key=Template(key, parts)).items, lambda item: {"item": item, "inputs": {"year": 2026}})
    item = item_of(made, row())
    assert item is not None
    assert item.row["source"]["key"] == columns


def test_a_file_that_is_only_read_is_refused_where_something_is_to_be_written() -> None:
    read_only = replace(row(Montant="12"), where={"read_only": True})
    sheet().check(read_only)
    with pytest.raises(UsageError) as caught:
        sheet().check(read_only, ["N° dossier"])
    assert (caught.value.code, caught.value.place) == ("RB539", "Demandes!A7")


def expression(source: str) -> Template:
    return Template("${{ " + source + " }}", (Expr(source),))


def calculating(let: Mapping[str, str], only_if: str = "", **more: Any) -> Sheet:
    made: dict[str, Any] = {"let": {name: expression(source) for name, source in let.items()}, **more}
    if only_if:
        made["only_if"] = Expr(only_if)
    plain = sheet(*more.pop("fields", FIELDS), key=expression("item.number"))
    return Sheet(plain.items.model_copy(update=made), plain.scope)


def test_values_are_calculated_of_the_fields_in_their_order() -> None:
    item = item_of(
        calculating({"who": "item.number | lower", "twice": "item.who ~ item.who", "none": "item.paid"}), row()
    )
    assert item is not None
    assert (item.row["who"], item.row["twice"], item.row["none"]) == ("a", "aa", MISSING)


def test_a_value_that_cannot_be_calculated_is_told_by_its_name_and_once() -> None:
    rows = calculating({"day": "item.number | to_date", "next": "item.day | add_days(1)"})
    said = trouble_of(item_of(rows, row()), "bad-value")
    assert said == "Demandes!A7, day: A is not a date like 31/12/2026 or 2026-12-31"


def test_what_is_calculated_of_a_bad_cell_is_not_told_beside_it() -> None:
    said = trouble_of(item_of(calculating({"next": "item.born | add_days(1)"}), row(**{"Date de naissance": "hier"})))
    assert said == "Demandes!A7 «Date de naissance»: hier is not a date like 31/12/2026 or 2026-12-31"


def test_a_row_is_left_out_whatever_cannot_be_calculated_of_it() -> None:
    let = {"day": "item.number | to_date", "next": "item.day | add_days(1)"}
    assert item_of(calculating(let, "item.paid is not missing"), row()) is None
    judged = item_of(calculating(let, "item.next is missing"), row())
    assert "A is not a date" in trouble_of(judged, "bad-value")


def test_what_is_calculated_of_a_sensitive_field_is_sensitive() -> None:
    born = Column(name="born", column="Date de naissance", type=Kind.STR, sensitive=True)
    rows = calculating(
        {"day": "item.born | to_date", "on": "item.day | date_fr", "n": "item.number"}, fields=(FIELDS[0], born)
    )
    assert sensitive_names(rows.items) == {"born", "day", "on"}
    said = trouble_of(item_of(rows, row(**{"Date de naissance": "le 3 mai"})), "bad-value")
    assert said == "Demandes!A7: day cannot be calculated"


def test_a_key_of_calculated_values_knows_its_columns() -> None:
    rows = calculating({"who": "item.number | lower"}, key=expression("item.who"))
    item = item_of(rows, row())
    assert item is not None
    assert (item.key, item.row["source"]["key"]) == ("a", ["N° demande"])


def test_a_note_of_what_became_of_a_row_is_no_change_of_it() -> None:
    rows = Sheet(sheet().items, sheet().scope, ["Motif  "])
    digests = [item_of(rows, row(**cells)) for cells in ({"Motif": ""}, {"Motif": "mineur"}, {"Montant": "5"})]
    first, noted, changed = (item.digest if item else "" for item in digests)
    assert first == noted != changed
    plain = item_of(rows, row())
    assert plain is not None
    assert plain.digest == "digest"
