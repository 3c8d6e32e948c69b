"""Payloads are read and written with the keys of the store; a machine that has others is told before it writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from robo.errors import InfrastructureError
from robo.model.audit import EventType
from robo.model.base import ItemState
from robo.services.keys import SecretPeriods
from robo.services.vaults import FileVault
from robo.store import audit, decisions, periods, sequencer
from robo.store.engine import Store, open_store
from robo.store.ids import new_id

SAID = {"key": "2026-TS-7731"}


@contextmanager
def machine(address: str, secrets: Path, timer: Any) -> Iterator[Store]:
    """The store as a machine with these secrets has it."""
    store = open_store(address, timer=timer, periods=SecretPeriods(FileVault(secrets)))
    yield store
    store.close()


def write(store: Store) -> str:
    with store.write() as tx:
        periods.check(tx, "r")
        event = audit.emit(tx, type=EventType.ITEM_OPENED, region="r", actor="person-1", obj=new_id(), payload=SAID)
    with store.write() as tx:
        sequencer.sequence(tx)
    return event


def read(store: Store, event: str) -> bytes | None:
    with store.read() as tx:
        found = audit.payload_of(tx, event)
    return None if found is None else found[1]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets"


def test_what_one_machine_wrote_another_with_the_same_secrets_reads(
    store: Store, address: str, timer: Any, secrets: Path
) -> None:
    with machine(address, secrets, timer) as one:
        event = write(one)
    with machine(address, secrets, timer) as two:
        assert read(two, event) == b'{"key":"2026-TS-7731"}'
        write(two)


@pytest.mark.parametrize("days", [0, 31], ids=["this-month", "next-month"])
def test_a_machine_with_other_secrets_is_told_before_it_writes(
    days: int, store: Store, address: str, timer: Any, secrets: Path, tmp_path: Path
) -> None:
    with machine(address, secrets, timer) as one:
        write(one)
        timer.pass_(days * 86_400)
        with machine(address, tmp_path / "others", timer) as other, pytest.raises(InfrastructureError) as told:
            write(other)
        assert (told.value.code, "give this machine the secrets" in told.value.remedy) == ("RB636", True)
        write(one)


def test_who_only_decides_something_from_a_machine_with_other_secrets_is_told_too(
    lab: Any, address: str, timer: Any, secrets: Path, tmp_path: Path
) -> None:
    """What he would write nobody could read, and an auditor would be told that it was altered."""
    with machine(address, secrets, timer) as one:
        write(one)
    doubted = lab.unknown()
    with machine(address, tmp_path / "others", timer) as other:
        with pytest.raises(InfrastructureError) as told, other.write() as tx:
            decisions.there(tx, lab.saw(doubted.fence.item), actor="person-1", receipt={"no": "A-1"})
        assert told.value.code == "RB636"
    assert lab.state(doubted.fence.item) is ItemState.UNKNOWN


def test_of_two_machines_that_begin_at_once_with_other_secrets_the_second_is_told(
    store: Store, address: str, timer: Any, secrets: Path, tmp_path: Path
) -> None:
    said: dict[str, Any] = {"type": EventType.ITEM_OPENED, "region": "r", "actor": "person-1", "payload": SAID}
    with machine(address, secrets, timer) as one, machine(address, tmp_path / "others", timer) as other:
        with one.write() as tx:
            audit.emit(tx, obj=new_id(), **said)
        with pytest.raises(InfrastructureError) as told, other.write() as tx:
            audit.emit(tx, obj=new_id(), **said)
        assert told.value.code == "RB636"


def test_another_region_begins_with_keys_of_its_own_anywhere(
    store: Store, address: str, timer: Any, secrets: Path, tmp_path: Path
) -> None:
    with machine(address, secrets, timer) as one:
        write(one)
    with machine(address, tmp_path / "others", timer) as other, other.read() as tx:
        periods.check(tx, "r2")
        periods.check(tx, "_")


def test_what_a_key_was_destroyed_for_is_gone_and_a_clock_that_goes_there_is_told(
    store: Store, address: str, timer: Any, secrets: Path
) -> None:
    with machine(address, secrets, timer) as one:
        event = write(one)
        assert SecretPeriods(FileVault(secrets)).destroy_until("r", "std", f"{timer.at:%Y-%m}")
    with machine(address, secrets, timer) as later:
        assert read(later, event) is None
        with pytest.raises(InfrastructureError) as told:
            write(later)
        assert told.value.code == "RB638"
        timer.pass_(31 * 86_400)
        assert read(later, write(later)) == b'{"key":"2026-TS-7731"}'
