"""Copies of the store: the key of each is kept apart, and a purge finds them all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from robo.errors import InfrastructureError
from robo.services import backups
from robo.services.secrets import Keep
from robo.services.vaults import AgeVault, FileVault, KeyringVault
from robo.store.ids import new_id

DAY = datetime(2026, 11, 26, tzinfo=UTC)
MOST = 1280
"""Characters that the Credential Manager of Windows takes (2560 bytes)."""


def copied(keep: Keep, folder: Path, days: int = 0) -> Path:
    at = DAY + timedelta(days=days)
    about = backups.About(id=new_id(), made=at.isoformat(), engine="sqlite", schema="1", origin="", size=0, root="")
    file = folder / backups.called(at)
    backups.write(keep, about, [b"content"], file)
    return file


@pytest.mark.parametrize("kind", ["age", "keyring", "files"])
def test_copies_that_are_too_old_or_superseded_are_ended_and_the_others_are_read(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    keep: Keep = FileVault(tmp_path / "keys")
    if kind == "age":
        keep = AgeVault(tmp_path / "secrets.age", tmp_path / "keys/secrets.key")
    if kind == "keyring":
        request.getfixturevalue("memory_keyring")
        keep = KeyringVault(tmp_path, tmp_path / "keyring.lock")
    files = [copied(keep, tmp_path, days) for days in range(5)]
    assert backups.end(keep, older=DAY + timedelta(days=2)) == 2
    assert backups.end(keep, older=DAY, superseded=DAY + timedelta(days=9)) == 0
    assert backups.end(keep, older=DAY, superseded=DAY + timedelta(days=3, hours=1)) == 2
    for file in files[:4]:
        with pytest.raises(InfrastructureError) as told:
            list(backups.read(keep, file))
        assert told.value.code == "RB678"
    assert b"".join(backups.read(keep, files[4])) == b"content"
    assert len(keep.names()) == 1


@pytest.mark.parametrize("held", [{}, {"key": "00", "made": "then"}])
def test_a_damaged_key_of_a_copy_is_told(held: dict[str, str], tmp_path: Path) -> None:
    keep = FileVault(tmp_path / "keys")
    file = copied(keep, tmp_path)
    keep.change(keep.names()[0], lambda _: held)
    for call in (lambda: list(backups.read(keep, file)), lambda: backups.end(keep, older=DAY)):
        with pytest.raises(InfrastructureError) as told:
            call()
        assert told.value.code == "RB642"


def test_a_keyring_of_short_values_holds_the_keys_of_years(memory_keyring: Any, tmp_path: Path) -> None:
    keep = KeyringVault(tmp_path, tmp_path / "keyring.lock")
    for days in range(100):
        copied(keep, tmp_path, days)
    assert max(map(len, memory_keyring.held.values())) <= MOST
    assert backups.end(keep, older=DAY + timedelta(days=99)) == 99
    copied(keep, tmp_path, 100)
    assert max(map(len, memory_keyring.held.values())) <= MOST
    assert len(keep.names()) == 2


@pytest.mark.parametrize("call", range(1, 5))
def test_no_key_is_in_a_keyring_that_is_in_no_list_wherever_a_change_is_cut(
    call: int, memory_keyring: Any, tmp_path: Path
) -> None:
    keep, calls = KeyringVault(tmp_path, tmp_path / "keyring.lock"), iter(range(1, 100))

    class PowerLossError(Exception):
        """It went out."""

    def cut(work: Any) -> Any:
        def perhaps(*words: str) -> None:
            if next(calls) == call:
                raise PowerLossError
            work(*words)

        return perhaps

    memory_keyring.set_password = cut(memory_keyring.set_password)
    memory_keyring.delete_password = cut(memory_keyring.delete_password)
    with suppress(PowerLossError):
        keep.change("robo-x", lambda _: {"n": "1"})
        keep.change("robo-x", lambda _: None)
    assert next(calls) == call + 1
    assert keep.read("robo-x") is None or keep.names() == ["robo-x"]


def test_a_copy_has_its_name_on_the_disk_before_an_older_one_can_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut behind the end of the older ones must not take the newest away."""
    folder, keep, synced = tmp_path / "copies", FileVault(tmp_path / "keys"), []
    folder.mkdir()
    sync = os.fsync

    def watched(handle: int) -> None:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode) and found.st_ino == folder.stat().st_ino:
            synced.append([file.name for file in folder.iterdir()])
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    file = copied(keep, folder)
    assert synced == [[file.name]]


def test_two_copies_of_one_second_have_two_names() -> None:
    at = datetime(2026, 11, 26, 19, 3, 30, 250, tzinfo=UTC)
    assert backups.called(at) != backups.called(at + timedelta(milliseconds=3))
    assert sorted([backups.called(at + timedelta(seconds=1)), backups.called(at)])[0] == backups.called(at)
