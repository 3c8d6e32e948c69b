"""Regions added up: each once, each proven; whoever cannot be believed is left out and named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from robo.proof import hours
from robo.proof.canonical import canonical
from robo.proof.national import National, national
from robo.proof.policy import Policy, read_policy
from tests.ledgers import PROCESS, World, ordinary
from tests.unit.proof.conftest import Written


def policy_of(*logs: Written) -> Policy:
    """A policy that knows these logs, and the witnesses that all of them have."""
    return read_policy("".join(f"log {log.key.verifier()}\n" for log in logs) + logs[0].policy_text().split("\n", 1)[1])


def left(found: National) -> dict[str, str]:
    return {each.name: f"{each.error.code} {each.error}" for each in found.left_out}


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[World, Path]]:
    folder = tmp_path_factory.mktemp("national")
    worlds = {name: ordinary(region=name, origin=f"robo.example/{name}") for name in ("idf", "bfc")}
    return {name: (world, world.export(folder / name)) for name, world in worlds.items()}


def test_two_regions_are_added_up(regions: dict[str, tuple[World, Path]]) -> None:
    worlds = [world for world, _ in regions.values()]
    found = national([folder for _, folder in regions.values()], policy_of(*(each.log for each in worlds)))
    assert left(found) == {}
    assert [each.manifest.region for each in found.taken] == ["bfc", "idf"]
    totals = [hours.total(each.figures.values()) for each in found.taken]
    assert [each.proven for each in totals] == [-100, -100]


def test_a_region_whose_store_is_not_registered_is_left_out(regions: dict[str, tuple[World, Path]]) -> None:
    found = national([folder for _, folder in regions.values()], policy_of(regions["idf"][0].log))
    assert [each.manifest.region for each in found.taken] == ["idf"]
    assert "RB064" in left(found)["bfc"]
    assert "robo.example/bfc" in left(found)["bfc"]


def test_a_region_whose_proof_fails_is_left_out(regions: dict[str, tuple[World, Path]], tmp_path: Path) -> None:
    worlds = [world for world, _ in regions.values()]
    altered = Path(shutil.copytree(regions["bfc"][1], tmp_path / "bfc"))
    said = json.loads((altered / "figures.json").read_bytes())
    said["total"]["proven"] += 60
    (altered / "figures.json").write_bytes(canonical(said))
    found = national([altered, regions["idf"][1]], policy_of(*(each.log for each in worlds)))
    assert [each.manifest.region for each in found.taken] == ["idf"]
    assert left(found)["bfc"].startswith("RB063")


def test_of_two_exports_of_one_log_the_longer_counts(tmp_path: Path) -> None:
    world = World()
    record = world.known()
    run = world.run()
    world.done(run, record)
    earlier = world.export(tmp_path / "october")
    world.done(run, record)
    later = world.export(tmp_path / "november")
    copy = Path(shutil.copytree(later, tmp_path / "copy"))
    for folders in ([earlier, later], [later, earlier], [later, copy]):
        found = national(folders, world.log.policy())
        assert [hours.total(each.figures.values()).units for each in found.taken] == [2]
        assert len(found.left_out) == 1
        assert "is the same or a later export" in str(found.left_out[0].error)


def test_two_histories_of_a_region_are_both_left_out(tmp_path: Path) -> None:
    one, other = World(), World()
    one.done(one.run())
    other.logs(10)
    other.done(other.run())
    found = national([one.export(tmp_path / "a"), other.export(tmp_path / "b")], one.log.policy())
    assert (found.taken, left(found).keys()) == ([], {"a", "b"})
    assert "is told otherwise by b" in left(found)["a"]


def test_two_stores_of_a_region_are_both_left_out(tmp_path: Path) -> None:
    one, second = World(origin="robo.example/idf"), World(origin="robo.example/better")
    for world in (one, second):
        world.done(world.run())
    folders = [one.export(tmp_path / "one"), second.export(tmp_path / "second")]
    found = national(folders, policy_of(one.log, second.log))
    assert (found.taken, left(found).keys()) == ([], {"one", "second"})


def test_what_is_no_export_is_left_out(regions: dict[str, tuple[World, Path]], tmp_path: Path) -> None:
    world, folder = regions["idf"]
    found = national([tmp_path, folder], world.log.policy())
    assert [each.manifest.region for each in found.taken] == ["idf"]
    assert left(found)[tmp_path.name].startswith("RB050")
    assert PROCESS in {key.process for key in found.taken[0].figures}
