"""Rows put together into one item: what it has of them, what a bad row means, how it is known again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.definition.expressions import evaluate
from robo.errors import Rejection, fill
from robo.model.base import DIFFERS
from robo.model.process import Column, Grouping, Items, Kind, Step, StepKind
from robo.model.run import NewItem
from robo.model.text import Expr, Template
from robo.sdk.runner import Row
from robo.services.worker.bundles import Bundles
from robo.services.worker.rows import Sheet
from robo.store import codec

FIELDS = (
    Column(name="agent", column="Agent"),
    Column(name="service", column="Service"),
    Column(name="amount", column="Montant", type=Kind.INT),
)
ROWS = (("Anne", "RH", "10"), ("Bob", "RH", "20"), ("Anne", "RH", "5"))


def expression(source: str) -> Template:
    return Template("${{ " + source + " }}", (Expr(source),))


def scope(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"item": item}


def items_of(
    rows: Sequence[Sequence[str]], *, by: str = "item.agent", key: str = "item.agent", bad_rows: str = "group"
) -> list[NewItem]:
    source = Step(id="rows", kind=StepKind.ACTION, path=(), action="files.rows", params={})
    group = Grouping(by=expression(by), as_="lines", bad_rows=bad_rows)
    items = Items(source=source, fields=FIELDS, group=group, key=expression(key))
    sheet = Sheet(items, scope)
    cells = [dict(zip(("Agent", "Service", "Montant"), row, strict=True)) for row in rows]
    read = [Row(row, f"Relances!A{n}", n, "|".join(row.values())) for n, row in enumerate(cells, 2)]
    lines = [sheet.line(row) for row in read]
    return Bundles(items, scope).of(line for line in lines if line is not None)


def told(item: NewItem) -> tuple[str, str]:
    return (item.trouble.code, fill(item.trouble.message, item.trouble.facts)) if item.trouble else ("", "")


def test_rows_with_the_same_value_are_one_item_in_the_order_of_their_first_rows() -> None:
    anne, bob = items_of(ROWS)
    assert (anne.key, anne.place, bob.key, bob.place) == ("Anne", "Relances!A2, Relances!A4", "Bob", "Relances!A3")
    assert [(line["row"], line["amount"]) for line in anne.row["lines"]] == [(2, 10), (4, 5)]
    assert [source["place"] for source in anne.row["source"]] == ["Relances!A2", "Relances!A4"]


def test_a_field_is_read_outside_the_list_only_where_all_rows_agree() -> None:
    anne, bob = items_of(ROWS)
    assert (anne.row["service"], anne.row["amount"], bob.row["amount"]) == ("RH", DIFFERS, 20)
    for source in ("item.amount", "item.amount is missing", "item.amount | default(0)"):
        with pytest.raises(Rejection) as caught:
            evaluate(Expr(source), {"item": codec.load(codec.dump(anne.row))})
        assert (caught.value.code, str(caught.value)) == (
            "differs-in-group",
            "item.amount is not the same in all rows of this item",
        )


def test_a_bad_row_rejects_its_group_and_every_bad_row_is_told() -> None:
    rows = (*ROWS, ("Anne", "", "beaucoup"), ("Anne", "RH", "peu"))
    anne, bob = items_of(rows)
    assert told(bob) == ("", "")
    said = (
        "Relances!A5 «Service» is empty; Relances!A5 «Montant»: beaucoup is not a whole number; "
        "Relances!A6 «Montant»: peu is not a whole number"
    )
    assert told(anne) == ("bad-field", said)
    assert anne.key == "Anne"


def test_a_bad_row_may_be_left_out_of_its_group_and_is_an_item_of_its_own() -> None:
    anne, bob, alone = items_of((*ROWS, ("Anne", "RH", "beaucoup")), bad_rows="row")
    assert (told(anne), told(bob)) == (("", ""), ("", ""))
    assert len(anne.row["lines"]) == 2
    assert (alone.key, *told(alone)) == (
        "Relances!A5",
        "bad-field",
        "Relances!A5 «Montant»: beaucoup is not a whole number",
    )


def test_a_row_of_which_nobody_knows_its_group_is_an_item_of_its_own() -> None:
    anne, bob, alone = items_of((*ROWS, ("", "RH", "1")))
    assert (told(anne), told(bob)) == (("", ""), ("", ""))
    assert (alone.key, *told(alone)) == ("Relances!A5", "bad-field", "Relances!A5 «Agent» is empty")


def test_a_group_whose_key_differs_in_its_rows_is_rejected_under_its_place() -> None:
    anne, _ = items_of(ROWS, key="item.amount")
    assert (anne.key, *told(anne)) == (
        "Relances!A2, Relances!A4",
        "bad-field",
        "item.amount is not the same in all rows of this item",
    )


def test_two_groups_of_one_key_are_both_rejected() -> None:
    assert [told(item)[0] for item in items_of(ROWS, key="item.service")] == ["duplicate-in-source"] * 2


def test_a_long_group_names_its_first_places() -> None:
    (anne,) = items_of([("Anne", "RH", str(n)) for n in range(7)])
    assert anne.place == "Relances!A2, Relances!A3, Relances!A4, Relances!A5, Relances!A6 … (7)"


@given(st.permutations([("Anne", "RH", "1"), ("Anne", "RH", "2"), ("Anne", "RH", "2"), ("Bob", "RH", "3")]))
def test_a_group_is_known_again_in_whatever_order_its_rows_stand(rows: list[tuple[str, str, str]]) -> None:
    found = {item.key: item.digest for item in items_of(rows)}
    assert found == {item.key: item.digest for item in items_of(sorted(rows))}
    changed = {item.key: item.digest for item in items_of([*rows, ("Anne", "RH", "9")])}
    assert changed["Anne"] != found["Anne"]
    assert changed["Bob"] == found["Bob"]
