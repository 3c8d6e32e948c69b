"""The files a run is given: found as they stand on the disk, or refused with what to do."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest

from robo.errors import UsageError, fill
from robo.model.base import MISSING
from robo.model.process import Input, Kind
from robo.services.worker.paths import found, given_places

EXPORT = Input(name="export", type=Kind.FILE)
FOLDER = Input(name="depot", type=Kind.FOLDER)
NAME = "L'été à l'œuvre.xlsx"


def refused(wanted: Input, text: str, folder: Path) -> UsageError:
    with pytest.raises(UsageError) as told:
        found(wanted, text, folder)
    assert told.value.code == "RB504"
    return told.value


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_accents_may_be_written_either_way(tmp_path: Path, on_disk: str, typed: str) -> None:
    folder = tmp_path / unicodedata.normalize(on_disk, "Déposés")  # type: ignore[arg-type]  # a literal to the checker
    folder.mkdir()
    file = folder / unicodedata.normalize(on_disk, NAME)  # type: ignore[arg-type]
    file.write_bytes(b"x")
    given = unicodedata.normalize(typed, f"Déposés/{NAME}")  # type: ignore[arg-type]
    assert Path(found(EXPORT, given, tmp_path)).samefile(file)


def test_a_file_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "demandes.xlsx").write_bytes(b"x")
    told = refused(EXPORT, "demande.xlsx", tmp_path)
    assert fill(told.message, told.facts) == "there is no file demande.xlsx"
    assert told.facts["near"] == "demandes.xlsx"


def test_a_name_longer_than_the_disk_takes_is_not_there(tmp_path: Path) -> None:
    assert refused(EXPORT, f"{'x' * 300}.xlsx", tmp_path).facts["kind"] == "file"


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"x")
    told = refused(EXPORT, ".", tmp_path)
    assert fill(told.message, told.facts).endswith("is a folder, the input export is a file")
    told = refused(FOLDER, "a.xlsx", tmp_path)
    assert fill(told.message, told.facts) == "a.xlsx is no folder"
    assert found(FOLDER, ".", tmp_path) == str(tmp_path.resolve())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system refuses such a name")
def test_a_name_that_is_not_utf_8_is_refused_with_a_name_that_can_be_shown(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.xlsx")
    (tmp_path / name).write_bytes(b"x")
    told = refused(EXPORT, name, tmp_path)
    said = f"{fill(told.message, told.facts)} {told.place}"
    assert "caf�.xlsx is not written in UTF-8" in said
    assert said.encode()


def test_the_files_and_folders_of_a_run_are_what_its_robot_may_write_into() -> None:
    wanted = {each.name: each for each in (EXPORT, FOLDER, Input(name="account"), Input(name="more", type=Kind.FILE))}
    given = {"export": "/a/b.xlsx", "depot": "/c", "account": "/d", "more": MISSING}
    assert given_places(wanted, given) == (Path("/a/b.xlsx"), Path("/c"))
