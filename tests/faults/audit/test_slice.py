"""A short slice of `python -m tests.faults.audit`: a few of each campaign's trials."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.audit import crashes, kills, power, syscalls, tamper, tracing, writers
from tests.faults.audit.__main__ import machine
from tests.faults.audit.nursery import Nursery, nursery
from tests.postgres import BINARIES, NONE_HERE, running

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes that fork and are killed are POSIX")


@pytest.fixture(scope="module")
def children_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("nursery")) as found:
        yield found


@pytest.fixture
def strace() -> None:
    if tracing.STRACE is None:
        _skip_loudly(tracing.NONE_HERE)


def _skip_loudly(message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(message, stacklevel=1)
    pytest.skip(message)


def test_who_sees_what_of_every_way_to_tamper_and_who_does_not(tmp_path: Path) -> None:
    found = tamper.campaign(tmp_path, 1, 1, entries=344)
    assert found.violations == []
    assert found.trials == len(tamper.KINDS)
    assert found.facts["rewrites_by_an_insider"] == 6


@pytest.mark.usefixtures("strace")
def test_a_disk_that_fails_and_a_death_in_a_system_call_lose_nothing_that_was_acknowledged(
    children_of: Nursery,
) -> None:
    found = syscalls.campaign(children_of, 8, 1)
    assert found.violations == []
    assert {"EIO", "ENOSPC", "KILL"} <= found.facts.keys()


@pytest.mark.usefixtures("strace")
def test_a_power_cut_loses_nothing_that_was_acknowledged_and_the_trial_would_see_it(children_of: Nursery) -> None:
    bench, run = power.recorded(children_of, rounds=4)
    assert power.campaign(bench, run, 6, 1).violations == []
    assert power.control(bench, run).violations == []


def test_killed_at_any_moment_and_many_at_once_the_log_is_one(children_of: Nursery, tmp_path: Path) -> None:
    assert kills.campaign(children_of, f"sqlite:///{tmp_path}/kills.db", 1, 1).violations == []
    assert writers.campaign(children_of, f"sqlite:///{tmp_path}/writers.db", 3).violations == []


def test_on_postgresql_too_and_when_the_server_crashes(children_of: Nursery) -> None:
    if not BINARIES:
        _skip_loudly(f"{NONE_HERE}: no crash of a server was tried")
    with running(crashes.DURABLE) as server:
        assert kills.campaign(children_of, server.database("kills"), 1, 1).violations == []
        assert writers.campaign(children_of, server.database("writers"), 3).violations == []
        found = crashes.campaign(children_of, server, server.database("crashes"), 1, 1)
    assert found.violations == []
    assert found.facts["acknowledged"] > 0


def test_whatever_is_done_in_whatever_order_the_log_is_what_the_model_says(children_of: Nursery) -> None:
    found = machine(lambda: f"sqlite:///{children_of.room('machine')}/robo.db", 5, 1)
    assert found.violations == []


def test_a_short_campaign_takes_some_of_every_call_and_a_long_one_all_there_are() -> None:
    faults = syscalls.plan(["pwrite64", "fdatasync", "pwrite64", "close"])
    assert Counter(str(fault) for fault in faults) == Counter(
        f"{call} {kind}"
        for call in ("pwrite64 1", "fdatasync 1", "pwrite64 2", "close 1")
        for kind in ("KILL", "EIO", "ENOSPC")
        if call != "close 1" or kind == "KILL"
    )
    some = syscalls.chosen(faults, 7, 1)
    assert len({(fault.call, fault.kind) for fault in some}) == 7
    assert len({fault.kind for fault in some[:3]}) == 3
    assert sorted(map(str, syscalls.chosen(faults, 999, 1))) == sorted(map(str, faults))
