"""What an event may say, and what becomes of what it may not."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.model.audit import EventType
from robo.model.events import ACTOR, SAID
from robo.proof.canonical import canonical
from robo.store import saying
from robo.store.ids import new_id
from robo.store.saying import Draft, fitting, payload_bytes, shortened

ITEM = new_id()
GOOD = {"outcome": "done", "code": "already-there", "token": 3, "kind": "item"}


def draft(data: dict[str, Any] | None = None, **changes: Any) -> Draft:
    return Draft("robot:w-1", ITEM, "", GOOD if data is None else data, None)._replace(**changes)


def test_what_is_declared_is_written_as_it_is() -> None:
    assert fitting(EventType.ITEM_ENDED, "idf", draft()) == draft()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (draft({**GOOD, "key": "2026-TS-7731"}), "key"),
        (draft({**GOOD, "outcome": "Jean Martin"}), "outcome"),
        (draft({**GOOD, "code": "il manque le nom"}), "code"),
        (draft({**GOOD, "token": True}), "token"),
        (draft(obj="2026-TS-7731"), "obj"),
        (draft(actor="jean.martin@pref"), "actor"),
        (draft(actor="jmartin"), "actor"),
        (draft(actor="person:martin"), "actor"),
        (draft(actor="jean-martin"), "actor"),
        (draft(cause="2026-TS-7731"), "cause"),
        (draft(payload={"note": "x"}), "note"),
    ],
)
def test_a_fault_of_robo_is_loud_where_it_is_tested_and_names_the_place(changed: Draft, named: str) -> None:
    with pytest.raises(InfrastructureError, match=named) as refused:
        fitting(EventType.ITEM_ENDED, "idf", changed)
    assert (refused.value.code, refused.value.place) == ("RB685", f"audit/item.ended/{named}")


def test_at_work_it_is_moved_into_the_payload_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROBO_TESTING")
    wrong = draft({**GOOD, "key": "2026-TS-7731"}, obj="Martin", payload={"why": "w"})
    found = fitting(EventType.ITEM_ENDED, "idf", wrong)
    assert found == Draft(
        "robot:w-1",
        "",
        "",
        {**GOOD, saying.MOVED: 2},
        {"why": "w", saying.MOVED: {"key": "2026-TS-7731", "obj": "Martin"}},
    )


def test_an_undeclared_type_is_refused_at_work_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROBO_TESTING")
    with pytest.raises(InfrastructureError) as refused:
        fitting("run.danced", "idf", draft())  # type: ignore[arg-type] - what the type checker refuses
    assert (refused.value.code, refused.value.place) == ("RB686", "audit/run.danced")


@pytest.mark.parametrize(
    "text", ["Jean Martin", "martin@interieur.gouv.fr", "il manque une pièce", "C:\\a.xlsx", "/a b"]
)
def test_no_kind_takes_what_may_be_about_a_person(text: str) -> None:
    """Free text, an address, the name of a file: except as the unit of a process, which its author writes."""
    kinds = {name: kind for said in SAID.values() for name, kind in said.data.items() if name != "unit"}
    assert not [name for name, kind in kinds.items() if kind.holds(text)]
    assert not ACTOR.holds(text)
    assert not [said for said in SAID.values() if said.obj.holds(text)]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (1.5, "1.5"),
        (math.nan, "nan"),
        (Decimal("3.10"), "3.10"),
        ("a\ud83d", "a\\ud83d"),
        (2**60, str(2**60)),
        ({"\udc00": [0.5, None]}, {"\\udc00": ["0.5", None]}),
        (("x", 1), ["x", 1]),
    ],
)
def test_what_has_no_canonical_form_is_written_as_text(said: Any, written: Any) -> None:
    assert json.loads(payload_bytes(EventType.RECEIPT, {"receipt": said})) == {"receipt": written}


def test_what_has_one_is_written_as_an_auditor_writes_it() -> None:
    payload = {"receipt": {"n° ﬁ": "é😀", "b": 1}}
    assert payload_bytes(EventType.RECEIPT, payload) == canonical(payload)


def test_a_payload_that_is_too_large_is_refused_with_its_place_and_what_to_do() -> None:
    with pytest.raises(InfrastructureError) as refused:
        payload_bytes(EventType.DECISION, {"person": "x", "values": {"remarque": "é" * 40_000}})
    assert (refused.value.code, refused.value.place) == ("RB687", "audit/person.decided/values")
    assert refused.value.remedy


@given(st.dictionaries(st.text(max_size=9), st.text(min_size=50, max_size=60).map(lambda t: t * 400), max_size=30))
def test_what_pages_say_always_fits_and_short_texts_are_whole(texts: dict[str, str]) -> None:
    said = {"receipt": {**texts, "no": "AGDREF-99"}}
    short = shortened(said)
    assert short["receipt"]["no"] == "AGDREF-99"
    assert len(payload_bytes(EventType.RECEIPT, short)) < saying.LARGEST_PAYLOAD


def test_a_long_text_keeps_its_beginning_its_length_and_its_digest() -> None:
    short = shortened({"words": "ab" * 10_000})["words"]
    assert short.startswith("abab")
    assert "20000 characters, SHA-256 " in short
