"""Secrets: stored whole or not at all, given out by name, shown nowhere."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from robo.errors import InfrastructureError, MissingSecret, RoboError, UsageError
from robo.services.secrets import SecretBook, Vault
from robo.services.settings import Backend
from robo.services.vaults import AgeVault, EnvironmentVault, FileVault, KeyringVault

CANARY = "c4n4ry-Sésame-«ouvre-toi»"


def age(folder: Path) -> AgeVault:
    return AgeVault(folder / "secrets.age", folder / "keys/secrets.key")


def test_what_was_set_is_given_out_by_its_name(vault: Vault) -> None:
    book = SecretBook(vault, Backend.AGE)
    book.set("portal", username="robot", password=CANARY)
    book.set("chorus-pro", username="r2", password="x")
    secret = book.get("portal")
    assert (secret.reveal("username"), secret.reveal("password")) == ("robot", CANARY)
    assert book.list() == ["chorus-pro", "portal"]


def test_setting_again_replaces_the_secret_whole(vault: Vault) -> None:
    book = SecretBook(vault, Backend.AGE)
    book.set("portal", username="robot", password="old")
    book.set("portal", username="robot", password="new")
    assert book.get("portal").reveal("password") == "new"
    assert book.list() == ["portal"]


def test_a_missing_secret_says_the_command_that_sets_it(vault: Vault) -> None:
    book = SecretBook(vault, Backend.AGE)
    with pytest.raises(MissingSecret) as told:
        book.get("portal")
    assert (told.value.code, told.value.advice, told.value.exit_code) == ("RB901", "robo secrets set portal", 4)
    assert not book.has("portal")


def test_a_secret_without_its_password_is_missing(vault: Vault) -> None:
    vault.write("portal", {"username": "robot", "password": ""})
    with pytest.raises(MissingSecret) as told:
        SecretBook(vault, Backend.AGE).get("portal")
    assert (told.value.code, told.value.facts["parts"]) == ("RB902", "password")


def test_an_empty_part_is_not_stored(vault: Vault) -> None:
    book = SecretBook(vault, Backend.AGE)
    with pytest.raises(UsageError) as told:
        book.set("portal", username="robot", password="")
    assert (told.value.code, list(book.list())) == ("RB904", [])


@pytest.mark.parametrize("name", ["", "Portal", "../x", "a b", "1a", "x" * 64, "é"])
def test_a_name_that_could_be_something_else_is_refused(name: str, vault: Vault) -> None:
    book = SecretBook(vault, Backend.AGE)
    calls: list[Callable[[], object]] = [
        lambda: book.get(name),
        lambda: book.set(name, username="u", password="p"),
    ]
    for call in calls:
        with pytest.raises(UsageError) as told:
            call()
        assert told.value.code == "RB903"


def test_the_age_file_and_its_key_belong_to_their_owner_only(tmp_path: Path) -> None:
    SecretBook(age(tmp_path), Backend.AGE).set("portal", username="robot", password=CANARY)
    for file in (tmp_path / "secrets.age", tmp_path / "keys/secrets.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_age_file_shows_neither_names_nor_values(tmp_path: Path) -> None:
    SecretBook(age(tmp_path), Backend.AGE).set("portal", username="robot.occitanie", password=CANARY)
    held = (tmp_path / "secrets.age").read_bytes()
    assert not any(word.encode() in held for word in ("portal", "robot.occitanie", CANARY))


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    SecretBook(age(tmp_path), Backend.AGE).set("portal", username="robot", password=CANARY)
    (tmp_path / "keys/secrets.key").chmod(0o640)
    with pytest.raises(InfrastructureError) as told:
        SecretBook(age(tmp_path), Backend.AGE).get("portal")
    assert told.value.code == "RB912"


def test_a_lost_key_is_never_replaced_while_secrets_stand_under_it(tmp_path: Path) -> None:
    book = SecretBook(age(tmp_path), Backend.AGE)
    book.set("portal", username="robot", password=CANARY)
    (tmp_path / "keys/secrets.key").unlink()
    calls: list[Callable[[], object]] = [
        lambda: book.get("portal"),
        lambda: book.set("other", username="u", password="p"),
    ]
    for call in calls:
        with pytest.raises(InfrastructureError) as told:
            call()
        assert told.value.code == "RB910"
    assert not (tmp_path / "keys/secrets.key").exists()


@pytest.mark.parametrize(("damage", "code"), [("file", "RB911"), ("key", "RB914")])
def test_damage_is_told_and_nothing_is_lost(damage: str, code: str, tmp_path: Path) -> None:
    book = SecretBook(age(tmp_path), Backend.AGE)
    book.set("portal", username="robot", password=CANARY)
    target = tmp_path / ("secrets.age" if damage == "file" else "keys/secrets.key")
    target.write_bytes(b"x" + target.read_bytes()[:-9])
    target.chmod(0o600)
    before = (tmp_path / "secrets.age").read_bytes()
    with pytest.raises(InfrastructureError) as told:
        book.set("other", username="u", password="p")
    assert told.value.code == code
    assert (tmp_path / "secrets.age").read_bytes() == before


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    book = SecretBook(age(tmp_path), Backend.AGE)
    names = [f"s{number}" for number in range(6)]
    threads = [
        threading.Thread(target=book.set, args=(name,), kwargs={"username": "u", "password": name}) for name in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.list() == names


def test_what_is_changed_is_seen_by_the_next_and_can_be_taken_away(vault: AgeVault | KeyringVault) -> None:
    first = vault.change("robo-x", lambda held: held or {"n": "1"})
    second = vault.change("robo-x", lambda held: held or {"n": "2"})
    third = vault.change("robo-x", lambda held: {"n": f"{held and held['n']}3"})
    assert (first, second, third, vault.read("robo-x")) == ({"n": "1"}, {"n": "1"}, {"n": "13"}, {"n": "13"})
    assert vault.names() == ["robo-x"]
    assert vault.change("robo-x", lambda _: None) is None
    assert vault.change("robo-x", lambda _: None) is None
    assert (vault.read("robo-x"), vault.names()) == (None, [])


def test_of_many_that_add_at_once_one_wins_and_all_have_what_it_added(vault: AgeVault | KeyringVault) -> None:
    found: list[object] = []

    def add(number: int) -> None:
        found.append(vault.change("robo-x", lambda held: held or {"n": str(number)}))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [vault.read("robo-x")] * 5


def test_a_keyring_that_is_locked_is_told(memory_keyring: object, tmp_path: Path) -> None:
    import keyring.errors

    def locked(*_words: str) -> None:
        raise keyring.errors.KeyringLocked

    memory_keyring.get_password = locked  # type: ignore[attr-defined] # the library's own way to say so
    vault = KeyringVault(tmp_path, tmp_path / "keyring.lock")
    with pytest.raises(InfrastructureError) as told:
        vault.change("robo-x", lambda held: held or {"n": "1"})
    assert told.value.code == "RB921"


def test_files_that_stand_for_the_environment_are_changed_and_taken_away(tmp_path: Path) -> None:
    vault = FileVault(tmp_path)
    assert vault.change("robo-x", lambda held: held or {"n": "1"}) == {"n": "1"}
    assert vault.change("robo-x", lambda held: {"n": f"{held and held['n']}2"}) == {"n": "12"}
    assert FileVault(tmp_path).read("robo-x") == {"n": "12"}
    assert vault.change("robo-x", lambda _: None) is None
    assert (vault.read("robo-x"), [file.name for file in tmp_path.iterdir()]) == (None, ["robo.lock"])


def test_a_write_that_fails_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = SecretBook(age(tmp_path), Backend.AGE)
    book.set("portal", username="robot", password="kept")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InfrastructureError) as told:
        book.set("portal", username="robot", password="new")
    monkeypatch.undo()
    assert told.value.code == "RB913"
    assert book.get("portal").reveal("password") == "kept"
    assert not list(tmp_path.glob(".secrets*"))


def test_the_environment_is_for_tests_only() -> None:
    with pytest.raises(UsageError) as told:
        EnvironmentVault({"ROBO_SECRET_PORTAL_PASSWORD": CANARY})
    assert told.value.code == "RB930"


def test_the_environment_gives_parts_by_name() -> None:
    environ = {
        "ROBO_TESTING": "1",
        "ROBO_SECRET_PORTAL_USERNAME": "robot",
        "ROBO_SECRET_PORTAL_PASSWORD": CANARY,
        "ROBO_SECRET_CHORUS_PRO_USERNAME": "other",
        "ROBO_SECRET_CHORUS_PRO_PASSWORD": "p",
    }
    book = SecretBook(EnvironmentVault(environ), Backend.ENV)
    assert book.get("portal").reveal("password") == CANARY
    assert book.get("chorus-pro").reveal("username") == "other"
    assert book.list() == ["chorus-pro", "portal"]
    with pytest.raises(UsageError) as told:
        book.set("portal", username="u", password="p")
    assert told.value.code == "RB931"


def test_no_message_of_the_backends_holds_a_value(tmp_path: Path) -> None:
    book = SecretBook(age(tmp_path), Backend.AGE)
    book.set("portal", username="robot", password=CANARY)
    told: list[str] = []
    secret = book.get("portal")
    for spoil in (lambda: json.dumps(secret), lambda: [*secret], lambda: secret["password"]):  # type: ignore[misc, index] # what must not work
        with pytest.raises(TypeError) as refused:
            spoil()
        told.append(str(refused.value))
    (tmp_path / "keys/secrets.key").chmod(0o644)
    with pytest.raises(RoboError) as broken:
        book.get("portal")
    told += [str(broken.value), repr(broken.value.facts), f"{secret}", f"{secret!r}", "%s" % secret]  # noqa: UP031 - old formatting too
    assert CANARY not in "".join(told)


def test_the_password_is_never_an_argument(tmp_path: Path) -> None:
    """Set through the command line from standard input; then look at everything that is on the disk or was said."""
    (tmp_path / "config").mkdir()
    (tmp_path / "processes").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "robo", "--project", str(tmp_path), "secrets", "set", "portal", "-u", "robot"],
        input=CANARY + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(
        [sys.executable, "-m", "robo", "--project", str(tmp_path), "secrets", "list", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(listed.stdout) == {"schema": "robo.secrets/1", "backend": "age", "names": ["portal"]}
    assert CANARY not in done.stdout + done.stderr + listed.stdout + listed.stderr
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
