from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from robo.errors import Rejection
from robo.model.base import Effect, Value
from robo.model.process import Kind
from robo.model.text import Expr, Template
from robo.sdk.action import ActionSpec, Params
from robo.sdk.flaws import BadShape, Flaws
from robo.sdk.grammar import (
    parse_params,
    parse_read,
    parse_reads,
    parse_target,
    parse_targets,
    parse_watch,
    parse_watched,
)
from robo.sdk.parameters import read_params
from robo.sdk.targets import Read, Target

OPEN = Template("${{ x }}", (Expr("x"),))


def _flaws(call: Any, *arguments: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    with pytest.raises(BadShape) as raised:
        call(*arguments)
    assert isinstance(raised.value, Rejection)
    return [(flaw.code, flaw.path) for flaw in raised.value.flaws]


@pytest.mark.parametrize(
    ("tree", "target"),
    [
        ("Nom", Target(name="Nom")),
        (" Nom ", Target(name="Nom")),
        (12, Target(name="12")),
        ("css=#nom > b", Target(css="#nom > b")),
        ({"css": "#nom"}, Target(css="#nom")),
        ({"name": "Nom", "nth": "2"}, Target(name="Nom", nth=2)),
        ({"button": "OK"}, Target(name="OK", role="button")),
        ({"alert": "any"}, Target(name="any", role="alert")),
        ({"row": "Total"}, Target(name="Total", role="row")),
        ({"row": {"N°": "A1"}}, Target(row={"N°": "A1"})),
        ({"row": {"N°": "A1"}, "column": "État"}, Target(row={"N°": "A1"}, column="État")),
        (
            {"link": "Voir", "within": {"row": {"N°": 3}}},
            Target(name="Voir", role="link", within=Target(row={"N°": 3})),
        ),
    ],
)
def test_targets_have_one_grammar(tree: Any, target: Target) -> None:
    assert parse_target(tree) == target


@pytest.mark.parametrize(
    ("tree", "flaws"),
    [
        ("", [("RB205", ())]),
        ("css=", [("RB205", ())]),
        ([], [("RB205", ())]),
        ({}, [("RB205", ())]),
        ({"nth": "1"}, [("RB205", ())]),
        ({"button": "A", "link": "B"}, [("RB205", ())]),
        ({"button": ["A"]}, [("RB205", ("button",))]),
        ({"button": "A", "nth": "0"}, [("RB205", ("nth",))]),
        ({"button": "A", "nth": "deux"}, [("RB201", ("nth",))]),
        ({"button": "A", "column": "B"}, [("RB205", ("column",))]),
        ({"row": {}}, [("RB205", ("row",))]),
        ({"buton": "A"}, [("RB203", ("buton",))]),
        ({"button": "A", "within": {"dialogue": "B"}}, [("RB203", ("within", "dialogue"))]),
        (None, [("RB201", ())]),
    ],
)
def test_what_is_no_target_says_where(tree: Any, flaws: list[Any]) -> None:
    assert _flaws(parse_target, tree) == flaws


def test_a_list_of_targets_is_ranked_alternatives() -> None:
    assert parse_targets(["A", {"link": "B"}]) == (Target(name="A"), Target(name="B", role="link"))
    assert parse_targets("A") == (Target(name="A"),)
    assert _flaws(parse_targets, ["A", {"lnk": "B"}]) == [("RB203", (1, "lnk"))]


def test_a_read_is_a_target_and_how_to_read_it() -> None:
    assert parse_read("N°") == Read(targets=(Target(name="N°"),))
    assert parse_read(["A", "css=b"]) == Read(targets=(Target(name="A"), Target(css="b")))
    full = {"cell": "N°", "nth": "2", "match": r"(\d+)", "type": "date", "all": "oui", "required": "non"}
    full["format"] = "dd.mm.yyyy"
    assert parse_read(full) == Read(
        targets=(Target(name="N°", role="cell", nth=2),),
        match=r"(\d+)",
        type=Kind.DATE,
        format="dd.mm.yyyy",
        all=True,
        required=False,
    )


def test_a_read_that_is_wrong_says_everything_that_is_wrong() -> None:
    tree = {"a": {"feild": "A"}, "b": {"field": "B", "type": "integer", "match": "(", "all": "peut-être"}}
    assert _flaws(parse_reads, tree) == [
        ("RB203", ("a", "feild")),
        ("RB206", ("b", "type")),
        ("RB207", ("b", "match")),
        ("RB201", ("b", "all")),
    ]
    assert _flaws(parse_reads, {}) == [("RB204", ())]


def test_a_refusal_of_any_name_only_ends_the_wait() -> None:
    assert parse_watched({"alert": "any", "code": "x"}).ends_only
    known = parse_watched({"text": "Existe déjà", "code": "deja", "says": "…"})
    assert (known.code, known.ends_only, known.targets) == ("deja", False, (Target(name="Existe déjà", role="text"),))


def test_a_watch_has_reads_refusals_and_expectations() -> None:
    watch = parse_watch(read={"n": "N°"}, refused=[({"text": "Non"}, "non")], expect=[["A", "B"], {"heading": "C"}])
    assert watch.read == {"n": Read(targets=(Target(name="N°"),))}
    assert [refused.code for refused in watch.refused] == ["non"]
    assert [len(expected.targets) for expected in watch.expect] == [2, 1]
    assert parse_watch() == parse_watch(read=None, refused=[], expect=[])


class Mode(StrEnum):
    FAST = "fast"
    SAFE = "safe"


class Inner(Value):
    column: str
    wide: bool = False


class Everything(Params):
    at: str | None = None
    count: int = 1
    amount: Decimal | None = None
    on: date | None = None
    wait: timedelta = timedelta(seconds=1)
    sure: bool = False
    where: Path | None = None
    how: Literal["a", "b"] = "a"
    mode: Mode = Mode.FAST
    target: Target | None = None
    targets: tuple[Target, ...] = ()
    reads: Mapping[str, Read] = {}
    values: Mapping[str, Any] = {}
    names: tuple[str, ...] = ()
    inner: Inner | None = None
    from_: int = Field(default=0)
    either: tuple[Target, ...] | Mapping[str, str] = ()


class Needy(Params):
    address: str
    port: int

    @model_validator(mode="after")
    def check(self) -> Needy:
        if self.port == 13:
            raise ValueError("13 brings bad luck")
        return self


def _spec(params: type[Params], **more: Any) -> ActionSpec:
    return ActionSpec(name="x.do", params=params, effect=Effect.READ, summary="-", **more)


def _parse(**tree: Any) -> Everything:
    params = parse_params(_spec(Everything), tree)
    assert isinstance(params, Everything)
    return params


def test_annotations_choose_the_scalar_parser() -> None:
    params = _parse(
        at="https://exemple.fr",
        count="1 000",
        amount="12,50",
        on="31/12/2026",
        wait="5 min",
        sure="oui",
        where="a/b.xlsx",
        how="b",
        mode="safe",
        inner={"column": "A", "wide": "x"},
        names=["a", 2],
        values={"n": Decimal(1), "t": "x"},
        **{"from": "3"},
    )
    assert params == Everything(
        at="https://exemple.fr",
        count=1000,
        amount=Decimal("12.50"),
        on=date(2026, 12, 31),
        wait=timedelta(minutes=5),
        sure=True,
        where=Path("a/b.xlsx"),
        how="b",
        mode=Mode.SAFE,
        inner=Inner(column="A", wide=True),
        names=("a", "2"),
        values={"n": Decimal(1), "t": "x"},
        from_=3,
    )


def test_typed_values_pass() -> None:
    params = _parse(count=3, on=date(2026, 1, 1), wait=timedelta(1), where=Path("x"), target=Target(name="A").name)
    assert (params.count, params.on, params.wait, params.where) == (3, date(2026, 1, 1), timedelta(1), Path("x"))


def test_targets_reads_and_unions_are_parameters() -> None:
    params = _parse(target={"button": "A"}, targets=["A", {"link": "B"}], reads={"n": "N°"}, either={"a": "b"})
    assert params.target == Target(name="A", role="button")
    assert len(params.targets) == 2
    assert params.reads == {"n": Read(targets=(Target(name="N°"),))}
    assert _parse(either="A").either == (Target(name="A"),)


def test_a_single_value_may_stand_for_a_list_of_one() -> None:
    assert _parse(names="a").names == ("a",)


def test_everything_wrong_is_told_with_its_path() -> None:
    tree = {
        "cuont": "1",
        "amount": "douze",
        "how": "c",
        "mode": "slow",
        "values": "x",
        "inner": {"colum": "A"},
        "names": [["a"]],
        "reads": {"n": {"match": "("}},
    }
    assert _flaws(parse_params, _spec(Everything), tree) == [
        ("RB203", ("cuont",)),
        ("RB201", ("amount",)),
        ("RB206", ("how",)),
        ("RB206", ("mode",)),
        ("RB205", ("reads", "n")),
        ("RB207", ("reads", "n", "match")),
        ("RB204", ("values",)),
        ("RB204", ("names", 0)),
        ("RB203", ("inner", "colum")),
    ]


def test_what_is_required_must_be_there_and_what_the_model_refuses_is_told() -> None:
    assert _flaws(parse_params, _spec(Needy), {}) == [("RB202", ()), ("RB202", ())]
    assert _flaws(parse_params, _spec(Needy), {"address": "a", "port": "13"}) == [("RB208", ())]
    assert _flaws(parse_params, _spec(Needy), {"adress": "a", "port": "1"}) == [("RB203", ("adress",))]


def test_the_short_form_fills_the_primary_parameter() -> None:
    short = parse_params(_spec(Everything, primary="at"), "https://exemple.fr")
    assert short == Everything(at="https://exemple.fr")
    fill = parse_params(_spec(Everything, primary="values", open_mapping=True), {"at": "not a parameter"})
    assert fill == Everything(values={"at": "not a parameter"})
    assert parse_params(_spec(Everything), "") == Everything()
    assert _flaws(parse_params, _spec(Everything), "x") == [("RB204", ())]


def test_a_target_in_its_long_form_is_the_primary_parameter_too() -> None:
    spec = _spec(Everything, primary="target")
    assert parse_params(spec, {"button": "A"}) == Everything(target=Target(name="A", role="button"))
    assert parse_params(spec, {"target": {"button": "A"}, "count": "2"}) == Everything(
        target=Target(name="A", role="button"), count=2
    )
    assert _flaws(parse_params, spec, {"buton": "A"}) == [("RB203", ("buton",))]


def test_the_paths_of_flaws_are_those_of_the_tree_as_it_was_written() -> None:
    spec = _spec(Everything, primary="reads", open_mapping=True)
    assert _flaws(parse_params, spec, {"n": {"field": "A", "type": "x"}}) == [("RB206", ("n", "type"))]


@pytest.mark.parametrize("name", Everything.model_fields)
def test_before_a_run_an_expression_may_stand_for_any_value(name: str) -> None:
    flaws = Flaws()
    assert read_params(_spec(Everything), {name.rstrip("_"): OPEN}, flaws) is None
    assert not flaws.found


def test_what_stands_beside_an_expression_is_checked_before_a_run() -> None:
    flaws = Flaws()
    read_params(_spec(Everything), {"reads": {"a": {"field": OPEN, "type": "x"}}, "count": "y", "at": OPEN}, flaws)
    assert [flaw.path for flaw in flaws.found] == [("count",), ("reads", "a", "type")]


TREES = st.recursive(
    st.one_of(st.text(max_size=8), st.sampled_from(["button", "row", "css", "within", "nth", "any"]), st.integers()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["button", "row", "css", "within", "nth", "column", "match", "type", "at", "x", "target"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=10,
)


@given(TREES)
def test_no_tree_makes_the_grammar_fail_in_another_way(tree: Any) -> None:
    for call in (parse_target, parse_targets, parse_read, parse_reads, parse_watched):
        try:
            call(tree)
        except BadShape as bad:
            assert bad.flaws  # noqa: PT017 - the point is that nothing else is raised


@given(st.dictionaries(st.sampled_from(list(Everything.model_fields)), TREES, max_size=5))
def test_no_parameters_make_the_grammar_fail_in_another_way(tree: dict[str, Any]) -> None:
    try:
        parse_params(_spec(Everything), tree)
    except BadShape as bad:
        assert bad.flaws  # noqa: PT017 - the point is that nothing else is raised
