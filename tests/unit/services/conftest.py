"""The backends of secrets, each as this machine has it; the keyring is one of the library's own kind, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from robo.services.vaults import AgeVault, KeyringVault


class MemoryKeyring(keyring.backend.KeyringBackend):
    """The system's keyring, in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.held.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not found")


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    """What the library hands every call to."""
    before, ours = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


@pytest.fixture(params=["age", "keyring"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> AgeVault | KeyringVault:
    if request.param == "age":
        return AgeVault(tmp_path / "secrets.age", tmp_path / "keys/secrets.key")
    request.getfixturevalue("memory_keyring")
    return KeyringVault(tmp_path, tmp_path / "keyring.lock")
