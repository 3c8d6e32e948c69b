"""Archives: packed once, unpacked only inside their folder, looked at before they are opened."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from robo_files import FilesRunner
from robo_files.actions_moving import UNZIP

from robo.sdk.errors import ItemTrouble
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, Result
from robo.sdk.values import Effect

Do = Callable[..., Awaitable[Result]]


@pytest.fixture
def letters(given: Path) -> list[Path]:
    files = [given / "Léa.pdf", given / "Ali.pdf"]
    for file in files:
        file.write_bytes(b"%PDF " + file.name.encode())
    return files


@pytest.fixture
def archive(given: Path) -> Callable[..., Path]:
    """A zip with entries by name, in the words of whoever made it."""

    def write(*entries: str | zipfile.ZipInfo, content: bytes = b"x", name: str = "pieces.zip") -> Path:
        with zipfile.ZipFile(given / name, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in entries:
                out.writestr(entry, content)
        return given / name

    return write


def inside(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


async def test_files_are_packed_under_their_names(do: Do, letters: list[Path], given: Path) -> None:
    result = await do("files.zip", files=[str(file) for file in letters], to=str(given / "envoi" / "2026-14"))
    assert (result.values["name"], result.values["count"]) == ("2026-14.zip", 2)
    with zipfile.ZipFile(given / "envoi" / "2026-14.zip") as made:
        assert made.testzip() is None
        assert {name: made.read(name) for name in made.namelist()} == {file.name: file.read_bytes() for file in letters}


@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs a program that is not ours")
async def test_another_program_opens_what_was_packed(do: Do, letters: list[Path], given: Path) -> None:
    await do("files.zip", files=[str(file) for file in letters], to="envoi.zip")
    told = subprocess.run(["unzip", "-t", str(given / "envoi.zip")], capture_output=True, text=True, check=False)
    assert (told.returncode, "No errors" in told.stdout) == (0, True)


async def test_a_folder_is_packed_with_what_is_in_it_but_for_what_is_hidden(do: Do, given: Path) -> None:
    for name in ("dossier/a.pdf", "dossier/sous/b.pdf", "dossier/.cache", "dossier/~$a.xlsx"):
        (given / name).parent.mkdir(parents=True, exist_ok=True)
        (given / name).write_bytes(b"x")
    await do("files.zip", files=str(given / "dossier"), to="envoi.zip")
    with zipfile.ZipFile(given / "envoi.zip") as made:
        assert made.namelist() == ["dossier/a.pdf", "dossier/sous/b.pdf"]


async def test_packed_twice_is_packed_once(do: Do, letters: list[Path], given: Path) -> None:
    files = [str(file) for file in letters]
    await do("files.zip", files=files, to="envoi.zip")
    before = (given / "envoi.zip").read_bytes()
    letters[0].touch()
    again = await do("files.zip", files=files, to="envoi.zip")
    assert ((given / "envoi.zip").read_bytes(), "(already)" in again.note) == (before, True)


@pytest.mark.parametrize("there", [b"PK\3\4 no archive", b"another file", b""], ids=["damaged", "no zip", "empty"])
async def test_another_file_of_that_name_is_not_overwritten(
    do: Do, letters: list[Path], given: Path, there: bytes
) -> None:
    (given / "envoi.zip").write_bytes(there)
    with pytest.raises(ItemTrouble) as caught:
        await do("files.zip", files=[str(file) for file in letters], to="envoi.zip")
    assert (caught.value.code, (given / "envoi.zip").read_bytes()) == ("RB838", there)


async def test_an_archive_with_other_files_is_another_file(do: Do, letters: list[Path]) -> None:
    await do("files.zip", files=str(letters[0]), to="envoi.zip")
    with pytest.raises(ItemTrouble) as caught:
        await do("files.zip", files=str(letters[1]), to="envoi.zip")
    assert caught.value.code == "RB838"


async def test_two_files_of_one_name_cannot_stand_in_one_archive(do: Do, letters: list[Path], given: Path) -> None:
    (given / "autre").mkdir()
    twin = Path(shutil.copy(letters[0], given / "autre"))
    with pytest.raises(ItemTrouble) as caught:
        await do("files.zip", files=[str(letters[0]), str(twin)], to="envoi.zip")
    assert caught.value.code == "RB839"


@pytest.mark.parametrize("files", [["rien.pdf"], ["vide"]], ids=["no such file", "an empty folder"])
async def test_nothing_to_pack_is_told(do: Do, given: Path, files: list[str]) -> None:
    (given / "vide").mkdir()
    with pytest.raises(ItemTrouble) as caught:
        await do("files.zip", files=[str(given / file) for file in files], to=str(given / "envoi.zip"))
    assert caught.value.code == "RB837"


async def test_an_archive_is_unpacked_with_its_folders(do: Do, archive: Callable[..., Path], given: Path) -> None:
    result = await do("files.unzip", file=str(archive("a.pdf", "sous/", "sous/Été.pdf")), to="pieces")
    assert [each["name"] for each in result.values["files"]] == ["a.pdf", "Été.pdf"]
    assert result.values["files"][1]["path"] == str(given / "pieces" / "sous" / "Été.pdf")
    assert inside(given / "pieces") == {"a.pdf": b"x", "sous/Été.pdf": b"x"}


async def test_unpacked_twice_is_unpacked_once(do: Do, archive: Callable[..., Path], given: Path) -> None:
    file = archive("a.pdf", "b.pdf")
    await do("files.unzip", file=str(file), to="pieces")
    (given / "pieces" / "b.pdf").unlink()  # as when it was killed half-way
    result = await do("files.unzip", file=str(file), to="pieces")
    assert (result.values["count"], inside(given / "pieces")) == (2, {"a.pdf": b"x", "b.pdf": b"x"})


async def test_a_file_that_is_there_with_other_content_stays_and_nothing_is_put_beside_it(
    do: Do, archive: Callable[..., Path], given: Path
) -> None:
    (given / "pieces").mkdir()
    (given / "pieces" / "b.pdf").write_bytes(b"autre")
    with pytest.raises(ItemTrouble) as caught:
        await do("files.unzip", file=str(archive("a.pdf", "b.pdf")), to="pieces")
    assert (caught.value.code, inside(given / "pieces")) == ("RB838", {"b.pdf": b"autre"})


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


@pytest.mark.parametrize(
    "entry",
    ["../dehors.pdf", "a/../../dehors.pdf", "/etc/x", "C:/x", "..\\dehors.pdf", "\\\\server\\x", link("lien")],
    ids=["climbs", "climbs later", "absolute", "a drive", "climbs as on Windows", "a server", "a link"],
)
async def test_an_archive_that_would_leave_its_folder_is_not_unpacked(
    do: Do, archive: Callable[..., Path], given: Path, entry: str | zipfile.ZipInfo
) -> None:
    file = archive("a.pdf", entry)
    with pytest.raises(ItemTrouble) as caught:
        await do("files.unzip", file=str(file), to="pieces")
    assert (caught.value.code, inside(given)) == ("RB841", {"pieces.zip": file.read_bytes()})


async def test_a_bomb_is_not_opened(do: Do, archive: Callable[..., Path], given: Path) -> None:
    file = archive("a.bin", content=b"\0" * 100_000_000)
    with pytest.raises(ItemTrouble) as caught:
        await do("files.unzip", file=str(file), to="pieces")
    assert (caught.value.code, (given / "pieces").exists()) == ("RB808", False)


async def test_a_damaged_file_is_not_put_down(do: Do, archive: Callable[..., Path], given: Path) -> None:
    file = archive("a.pdf", content=b"abcdef")
    data = bytearray(file.read_bytes())
    at = data.find(b"PK\1\2") + 16
    data[at] ^= 1
    file.write_bytes(data)
    with pytest.raises(ItemTrouble) as caught:
        await do("files.unzip", file=str(file), to="pieces")
    assert (caught.value.code, inside(given)) == ("RB806", {"pieces.zip": bytes(data)})


async def test_names_that_windows_would_not_take_are_made_safe(
    do: Do, archive: Callable[..., Path], given: Path
) -> None:
    await do("files.unzip", file=str(archive("con.pdf", "a?.pdf")), to="pieces")
    assert set(inside(given / "pieces")) == {"_con.pdf", "a-.pdf"}


async def test_two_files_that_differ_in_capitals_only_are_refused(do: Do, archive: Callable[..., Path]) -> None:
    with pytest.raises(ItemTrouble) as caught:
        await do("files.unzip", file=str(archive("a.pdf", "A.PDF")), to="pieces")
    assert caught.value.code == "RB839"


async def test_a_dry_run_says_what_is_in_it_and_unpacks_nothing(
    runner: FilesRunner, context: Context, archive: Callable[..., Path], given: Path
) -> None:
    session = await runner.open(replace(context, dry_run=True))
    params = parse_params(UNZIP, {"file": str(archive("a.pdf")), "to": "pieces"})
    (result,) = await session.perform([Call("step", "files.unzip", params, Effect.LOCAL, 10)])
    assert (result.values["count"], (given / "pieces").exists()) == (1, False)
