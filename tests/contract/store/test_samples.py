"""A sample of a month is drawn by what nobody chose, the same by everybody and on every store."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import UsageError
from robo.proof.closings import Closing
from robo.proof.hours import REPEATED
from robo.proof.sampling import drawn, share_of
from robo.services import rechecks
from robo.services.sampling import Sample, sample
from robo.services.sequencing import sequence_all
from robo.services.vaults import FileVault
from robo.store import history, ledger, samples
from robo.store.engine import Store
from robo.store.samples import Rechecked
from tests.contract.store.test_closings import PARIS, Book
from tests.contract.store.test_debits import Work

NAMES = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=30)


@pytest.fixture
def book(store: Store, timer: Any, tmp_path: Path) -> Book:
    found = Book(store, FileVault(tmp_path / "keys"), timer)
    found.at("2026-10-20T09:00:00")
    return found


def filled(book: Book) -> list[str]:
    """Credits that count, and others; those that count."""
    ids = [book.credit(f"{number:02}", receipt_hash=f"{number:02}") for number in range(9)]
    book.credit("a1", reason=REPEATED, minutes_before=0, minutes_after=0)
    book.credit("a2", environment="test", auditable=False)
    book.credit("a3", region="guyane")
    book.log(supervision=0)
    return ids


def ids_of(found: Sample) -> list[str]:
    return [str(each.row["id"]) for each in found.rows]


def code(work: Any) -> str:
    with pytest.raises(UsageError) as told:
        work()
    assert told.value.remedy
    return told.value.code


@given(NAMES, st.integers(0, 40), st.randoms())
def test_whoever_has_the_ids_draws_the_same_ones_in_whatever_order(names: list[str], count: int, chance: Any) -> None:
    found = drawn("seed", names, count)
    shuffled = list(names)
    chance.shuffle(shuffled)
    assert drawn("seed", shuffled, count) == found
    assert len(set(found)) == min(count, len(names))
    assert found == drawn("seed", names, len(names))[:count], "a larger sample begins with the smaller one"


def test_a_share_is_at_least_one_and_rounded_up() -> None:
    assert [share_of(number, 2) for number in (0, 1, 50, 51, 1000)] == [0, 1, 1, 2, 20]


def test_a_closed_month_is_drawn_by_its_closing_and_an_open_one_by_nobody(book: Book, tmp_path: Path) -> None:
    ids = filled(book)
    assert code(lambda: sample(book.store, tmp_path, "idf", "2026-10", count=4)) == "RB080"
    assert code(lambda: sample(book.store, tmp_path, "idf", "2026-09", count=4)) == "RB081"
    named = sample(book.store, tmp_path, "idf", "2026-10", count=4, seed="7")
    assert (ids_of(named), named.chosen) == (drawn("7", ids, 4), True)
    book.at("2026-11-10T09:00:00")
    seed = Closing.parse(book.close("2026-10").figures.encode()).digest
    found = sample(book.store, tmp_path, "idf", "2026-10", count=4)
    assert (found.seed, found.chosen, found.credits, ids_of(found)) == (seed, False, 9, drawn(seed, ids, 4))
    assert ids_of(sample(book.store, tmp_path, "idf", "2026-10", count=99)) == drawn(seed, ids, 9)


def test_each_row_says_where_it_stands_in_the_log_and_whether_it_was_taken_back(book: Book, tmp_path: Path) -> None:
    first = filled(book)[0]
    waits = sample(book.store, tmp_path, "idf", "2026-10", count=9, seed="7")
    assert {each.entry for each in waits.rows} == {None}
    with book.store.write() as tx:
        ledger.take_back(tx, ledger.find(tx, first), "not found", zone=PARIS, actor="robot")
    sequence_all(book.store)
    found = sample(book.store, tmp_path, "idf", "2026-10", count=9, seed="7")
    assert len({each.entry for each in found.rows} - {None}) == 9
    assert [each.row["id"] for each in found.rows if each.taken_back] == [first]
    assert {each.row["reason"] for each in found.rows} == {""} != {REPEATED}


def test_evidence_is_named_as_long_as_it_is_there(lab: Any, tmp_path: Path) -> None:
    work = Work(lab)
    claimed = work.item()
    file = f"{claimed.run}/{claimed.fence.attempt}-page.png"
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_bytes(b"png")
    with lab.store.write() as tx:
        history.keep(tx, claimed.fence, "page.png", file, b"png")
    work.end(claimed, ours=True, receipt={"no": "A-1"})

    def drawn_now() -> Any:
        (row,) = sample(lab.store, tmp_path, "r", "2026-03", count=25, seed="7").rows
        return row

    found = drawn_now()
    assert (found.row["run"], found.row["item"], found.evidence) == (claimed.run, claimed.fence.item, (file,))
    (tmp_path / file).unlink()
    assert drawn_now().evidence == ()


def test_a_month_is_looked_for_again_30_days_after_it_once_it_is_closed(book: Book) -> None:
    filled(book)
    early, day = date(2026, 11, 30), date(2026, 12, 1)

    def due(today: date) -> list[tuple[str, str]]:
        with book.store.read() as tx:
            return rechecks.due(tx, "idf", today)

    def draw(today: date) -> rechecks.Draw:
        with book.store.read() as tx:
            return rechecks.draw(tx, "idf", "p", "2026-10", share=34, today=today)

    assert (due(day), code(lambda: draw(day))) == ([], "RB080")
    book.at("2026-11-10T09:00:00")
    seed = Closing.parse(book.close("2026-10").figures.encode()).digest
    assert (due(early), code(lambda: draw(early)), due(day)) == ([], "RB082", [("p", "2026-10")])
    found = draw(day)
    assert (found.seed, found.credits, len(found.rows)) == (seed, 9, 4)
    with book.store.write() as tx:
        told = rechecks.said(found, {"": None}, {str(found.rows[0]["id"])})
        assert told == Rechecked(
            region="idf", process="p", month="2026-10", seed=seed, credits=9, drawn=4, found=0, absent=1, unseen=3
        )
        samples.note(tx, told, actor="robot")
    assert due(day) == []
