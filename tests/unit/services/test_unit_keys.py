"""A region has one key of units, kept with robo's other keys, for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from robo.errors import InfrastructureError
from robo.services.unit_keys import UnitKeys
from robo.services.vaults import AgeVault


def test_a_region_has_one_key_for_ever_and_machines_that_share_secrets_share_it(tmp_path: Path) -> None:
    vault = AgeVault(tmp_path / "secrets.age", tmp_path / "keys/secrets.key")
    one, other = UnitKeys(vault, tmp_path / "keys"), UnitKeys(vault, tmp_path / "elsewhere")
    assert one("idf") == other("idf") == one("idf")
    assert one("bfc") != one("idf")
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["secrets.key"]


def test_a_key_that_was_a_file_once_moves_and_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / "ledger-idf.key").write_bytes(b"k" * 32)
    vault = AgeVault(tmp_path / "secrets.age", tmp_path / "secrets.key")
    assert UnitKeys(vault, tmp_path)("idf") == b"k" * 32
    assert not (tmp_path / "ledger-idf.key").exists()
    assert UnitKeys(vault, tmp_path)("idf") == b"k" * 32


def test_whoever_moved_a_key_and_was_killed_before_the_file_went_leaves_it_to_the_next(tmp_path: Path) -> None:
    vault = AgeVault(tmp_path / "secrets.age", tmp_path / "secrets.key")
    vault.change("robo-units-idf", lambda _: {"key": (b"k" * 32).hex()})
    (tmp_path / "ledger-idf.key").write_bytes(b"k" * 32)
    assert UnitKeys(vault, tmp_path)("idf") == b"k" * 32
    assert not (tmp_path / "ledger-idf.key").exists()


def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path) -> None:
    vault = AgeVault(tmp_path / "secrets.age", tmp_path / "secrets.key")
    vault.change("robo-units-idf", lambda _: {"key": "abc"})
    (tmp_path / "ledger-idf.key").write_bytes(b"k" * 32)
    with pytest.raises(InfrastructureError) as told:
        UnitKeys(vault, tmp_path)("idf")
    assert told.value.code == "RB642"
    assert vault.read("robo-units-idf") == {"key": "abc"}
    assert (tmp_path / "ledger-idf.key").exists()
