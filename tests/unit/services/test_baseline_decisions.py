"""Whatever people decide in whatever order: one record at most stands for a unit, no more than the whole procedure is
counted, and no decision changes a day that is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from robo.errors import UsageError
from robo.proof.baselines import Standing, standing
from robo.services.baselines import deciding
from robo.store import baselines
from robo.store.accounts_tables import baseline_verdicts
from robo.store.accounts_tables import baselines as rows
from robo.store.engine import Store, open_store, upgrade
from tests.contract.conftest import Timer
from tests.contract.store.test_baselines import EFFECTS, OTHER, by, timed

RECORDS = [
    timed(before=30, whole=35),
    timed(before=29, whole=35),
    timed(before=28, effects=OTHER, whole=35),
    timed(process="q", before=10, whole=35),
    timed(process="q", before=4, whole=35),
]
ACTS = ("approve", "approve", "supersede", "supersede", "withdraw", "wait")
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Nothing is made smaller: each act is a commit, and few are enough to read."""
acts = st.tuples(
    st.sampled_from(ACTS),
    st.integers(0, len(RECORDS) - 1),
    st.integers(0, len(RECORDS) - 1),
    st.integers(-1, 3),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Timer]]:
    timer = Timer()
    store = open_store(str(tmp_path_factory.mktemp("decisions") / "robo.db"), timer=timer)
    upgrade(store)
    yield store, timer
    store.close()


def days(timer: Timer) -> list[str]:
    """A fortnight around the beginning."""
    return [(Timer().at + timedelta(days=n)).date().isoformat() for n in range(-2, 12)]


def table(store: Store, timer: Timer) -> dict[tuple[str, str], list[str]]:
    """By day and definition: the records that stand."""
    found: dict[tuple[str, str], list[str]] = {}
    with store.read() as tx:
        decided = {record.id: baselines.decided(tx, record.id) for record in RECORDS}
    for day in days(timer):
        for effects in (EFFECTS, OTHER):
            found[day, effects] = [
                record.id
                for record in RECORDS
                if standing(record.said, decided[record.id], effects, day) is Standing.VALID
            ]
    return found


@settings(phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(acts, min_size=5, max_size=12))
def test_at_most_one_record_of_a_unit_stands_and_the_past_stays(
    kept: tuple[Store, Timer], done: list[tuple[str, int, int, int]]
) -> None:
    store, timer = kept
    timer.at = Timer().at
    with store.write() as tx:
        for each in (baseline_verdicts, rows):
            tx.execute(each.delete())
        for record in RECORDS:
            baselines.add(tx, record)
    before = table(store, timer)
    for what, first, second, ahead in done:
        if what == "wait":
            timer.at += timedelta(days=1)
            continue
        today = timer.at.date()
        day = (today + timedelta(days=ahead)).isoformat()
        one, two, who = RECORDS[first], RECORDS[second], by()
        with suppress(UsageError), store.write() as tx:
            match what:
                case "approve":
                    deciding.approve(tx, one, who, day)
                case "supersede":
                    deciding.supersede(tx, one, two, who, day)
                case _:
                    deciding.withdraw(tx, one, who, day)
        after = table(store, timer)
        for (which, effects), standing_ in after.items():
            stand = [record for record in RECORDS if record.id in standing_]
            assert len({record.process for record in stand}) == len(stand), (which, effects)
            if len(stand) > 1:
                assert sum(each.before for each in stand) <= min(each.said["whole"] or each.before for each in stand)
            if which < today.isoformat():
                assert standing_ == before[which, effects]
        before = after
