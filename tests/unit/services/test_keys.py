"""Keys of periods: made once, derived forward only, destroyed for good."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from robo.errors import InfrastructureError, UsageError
from robo.services.keys import FIRST, SecretPeriods
from robo.services.secrets import Keep, SecretBook, open_keep
from robo.services.settings import Backend, load_settings
from robo.services.vaults import AgeVault, KeyringVault

NOVEMBER = "occitanie/std/2026-11"
NAME = "robo-period-occitanie-std"


@pytest.fixture
def keep(vault: Keep) -> Keep:
    return vault


def following(key: bytes) -> bytes:
    return hashlib.sha256(b"robo next period" + key).digest()


def test_a_month_has_one_key_whoever_asks(keep: Keep) -> None:
    key = SecretPeriods(keep).key(NOVEMBER)
    assert key is not None
    assert len(key) == 32
    assert SecretPeriods(keep).key(NOVEMBER) == key


def test_each_month_is_made_of_the_one_before_it(keep: Keep) -> None:
    periods = SecretPeriods(keep)
    december, january = periods.key("occitanie/std/2026-12"), periods.key("occitanie/std/2027-01")
    assert december == following(periods.key(NOVEMBER) or b"")
    assert january == following(december)


def test_regions_and_classes_have_keys_of_their_own(keep: Keep) -> None:
    periods = SecretPeriods(keep)
    keys = [periods.key(f"{region}/{kept}/2026-11") for region in ("bfc", "idf", "*") for kept in ("std", "control")]
    assert len(set(keys)) == 6
    assert None not in keys


def test_a_clock_that_went_back_finds_its_month_and_time_before_all_logs_does_not(keep: Keep) -> None:
    periods = SecretPeriods(keep)
    now = periods.key(NOVEMBER)
    assert periods.key(f"occitanie/std/{FIRST}") is not None
    assert periods.key("occitanie/std/2019-12") is None
    assert periods.key(NOVEMBER) == now


@pytest.mark.parametrize(
    "text", ["", "occitanie/std", "occitanie/std/2026-13", "occitanie/std/2026-1", "a/b/std/2026-11"]
)
def test_what_is_no_period_has_no_key(text: str, keep: Keep) -> None:
    assert SecretPeriods(keep).key(text) is None
    assert keep.read(NAME) is None


def test_keys_up_to_a_month_are_destroyed_and_later_ones_stay(keep: Keep) -> None:
    periods = SecretPeriods(keep)
    before = {month: periods.key(f"occitanie/std/{month}") for month in ("2025-10", "2025-11", "2025-12", "2026-11")}
    other = periods.key("occitanie/control/2025-10")
    seed = (keep.read(NAME) or {})["seed"]
    assert periods.destroy_until("occitanie", "std", "2025-11")
    for known in (periods, SecretPeriods(keep)):
        assert [known.key(f"occitanie/std/{month}") for month in ("2025-10", "2025-11")] == [None, None]
        assert known.key("occitanie/std/2025-12") == before["2025-12"]
        assert known.key(NOVEMBER) == before["2026-11"]
        assert known.key("occitanie/control/2025-10") == other
    held = keep.read(NAME) or {}
    assert (held["from"], held["seed"] == seed) == ("2025-12", False)


def test_what_was_destroyed_is_not_destroyed_again_nor_brought_back(keep: Keep) -> None:
    periods = SecretPeriods(keep)
    assert not periods.destroy_until("occitanie", "std", "2025-11")
    periods.key(NOVEMBER)
    assert periods.destroy_until("occitanie", "std", "2025-11")
    held = keep.read(NAME)
    assert not periods.destroy_until("occitanie", "std", "2025-11")
    assert not periods.destroy_until("occitanie", "std", "2024-01")
    assert keep.read(NAME) == held


def test_a_year_ends_with_december(keep: Keep) -> None:
    periods = SecretPeriods(keep)
    january = periods.key("occitanie/std/2026-01")
    periods.destroy_until("occitanie", "std", "2025-12")
    assert (keep.read(NAME) or {})["from"] == "2026-01"
    assert SecretPeriods(keep).key("occitanie/std/2026-01") == january


@pytest.mark.parametrize("held", [{}, {"from": "2026-13", "seed": "0" * 64}, {"from": "2026-11", "seed": "0" * 63}])
def test_a_damaged_seed_is_told_and_left_alone(held: dict[str, str], keep: Keep) -> None:
    keep.change(NAME, lambda _: held | {"kept": "as evidence"})
    calls: list[Callable[[], object]] = [
        lambda: SecretPeriods(keep).key(NOVEMBER),
        lambda: SecretPeriods(keep).destroy_until("occitanie", "std", "2025-11"),
    ]
    for call in calls:
        with pytest.raises(InfrastructureError) as told:
            call()
        assert told.value.code == "RB642"
    assert keep.read(NAME) == held | {"kept": "as evidence"}


BEGIN = """
import sys
from pathlib import Path
from robo.services.keys import SecretPeriods
from robo.services.secrets import open_keep
from robo.services.settings import load_settings
keep = open_keep(load_settings(Path(sys.argv[1])))
sys.stdin.readline()
print((SecretPeriods(keep).key("occitanie/std/2026-11") or b"").hex())
"""


@pytest.mark.parametrize("backend", ["age", "env"])
def test_processes_that_begin_at_once_have_the_same_key(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROBO_SECRETS", backend)
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", BEGIN, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for each in begun:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    said = {each.communicate(timeout=60)[0].strip() for each in begun}
    assert len(said) == 1
    assert len(said.pop()) == 64
    assert [each.returncode for each in begun] == [0, 0, 0]


def test_beside_the_environment_keys_are_files_of_their_owner(tmp_path: Path) -> None:
    keep = open_keep(load_settings(tmp_path, environ={"ROBO_SECRETS": "env"}))
    SecretPeriods(keep).key("*/std/2026-11")
    files = [file for file in (tmp_path / ".robo/keys").iterdir() if file.suffix == ".json"]
    assert [(file.name, oct(file.stat().st_mode & 0o777)) for file in files] == [("robo-period-%2A-std.json", "0o600")]


def test_a_process_or_a_person_never_reaches_a_key_of_robos_own(vault: AgeVault | KeyringVault) -> None:
    SecretPeriods(vault).key(NOVEMBER)
    book = SecretBook(vault, Backend.AGE)
    assert (list(book.list()), list(book.list(own=True))) == ([], [NAME])
    calls: list[Callable[[], object]] = [
        lambda: book.get(NAME),
        lambda: book.get(NAME, "attended"),
        lambda: book.set(NAME, username="u", password="p"),
    ]
    for call in calls:
        with pytest.raises(UsageError) as told:
            call()
        assert told.value.code == "RB641"
    assert SecretPeriods(vault).key(NOVEMBER)
