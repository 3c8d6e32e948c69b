"""Copy, move, rename: done twice is done once, nothing is overwritten, nothing leaves what the run was given."""

from __future__ import annotations

import errno
import hashlib
import os
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st
from robo_files import FilesRunner
from robo_files.actions import ACTIONS
from robo_files.actions_moving import MOVE
from robo_files.moving import arrive
from robo_files.places import safe_name

from robo.sdk.action import Proof
from robo.sdk.errors import Failure, Rejection
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, Result
from robo.sdk.values import Effect

Do = Callable[..., Awaitable[Result]]


@pytest.fixture
def letter(given: Path) -> Path:
    path = given / "lettre.pdf"
    path.write_bytes(b"%PDF-1.7 Martin")
    return path


def listed(path: Path) -> Mapping[str, Any]:
    """What the engine knows of an item that came from `files.list`."""
    values = {"path": str(path), "digest": hashlib.sha256(path.read_bytes()).hexdigest()}
    return {"listed": str(path.parent), "values": values}


def held(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.mark.parametrize("name", ["files.copy", "files.move", "files.rename", "files.zip", "files.unzip"])
def test_they_are_local_and_need_no_once(name: str) -> None:
    assert (ACTIONS[name].effect, ACTIONS[name].proof) == (Effect.LOCAL, Proof.IDEMPOTENT)


async def test_a_file_is_moved_into_a_folder_that_is_made(do: Do, letter: Path, given: Path) -> None:
    result = await do("files.move", file=str(letter), to=str(given / "2026" / "03"), name="Martin, Léa")
    target = given / "2026" / "03" / "Martin, Léa.pdf"
    assert result.values == {"path": str(target), "name": target.name, "folder": str(target.parent)}
    assert held(given) == {"2026/03/Martin, Léa.pdf": b"%PDF-1.7 Martin"}


async def test_a_relative_folder_counts_from_the_file(do: Do, letter: Path, given: Path) -> None:
    await do("files.copy", file=str(letter), to="traités")
    assert held(given) == {"lettre.pdf": b"%PDF-1.7 Martin", "traités/lettre.pdf": b"%PDF-1.7 Martin"}


async def test_a_copy_keeps_the_time_of_the_file(do: Do, letter: Path) -> None:
    os.utime(letter, (1_700_000_000, 1_700_000_000))
    result = await do("files.copy", file=str(letter), to="traités")
    assert os.stat(result.values["path"]).st_mtime == 1_700_000_000  # noqa: PTH116 - a text is at hand


@pytest.mark.parametrize("action", ["files.copy", "files.move"])
async def test_done_twice_is_done_once(do: Do, letter: Path, given: Path, action: str) -> None:
    source = listed(letter)
    first = await do(action, file=str(letter), to="traités", source=source)
    before = held(given)
    again = await do(action, file=str(letter), to="traités", source=source)
    assert (dict(again.values), held(given)) == (dict(first.values), before)
    assert "(already)" in again.note


async def test_a_name_that_no_disk_takes_is_a_matter_for_a_person_and_not_tried_again(
    do: Do, letter: Path, given: Path
) -> None:
    with pytest.raises(Rejection) as caught:
        await do("files.copy", file=str(letter), to="é" * 200)
    assert caught.value.code == "RB795"
    assert held(given) == {"lettre.pdf": b"%PDF-1.7 Martin"}


async def test_renamed_twice_is_renamed_once(do: Do, letter: Path, given: Path) -> None:
    source = listed(letter)
    for _ in range(2):
        result = await do("files.rename", file=str(letter), name="2026-14", source=source)
        assert result.values["name"] == "2026-14.pdf"
    assert held(given) == {"2026-14.pdf": b"%PDF-1.7 Martin"}


async def test_a_move_that_was_killed_between_the_new_name_and_the_old_is_ended(
    do: Do, letter: Path, given: Path
) -> None:
    (given / "traités").mkdir()
    os.link(letter, given / "traités" / "lettre.pdf")
    await do("files.move", file=str(letter), to="traités")
    assert held(given) == {"traités/lettre.pdf": b"%PDF-1.7 Martin"}


async def test_a_move_between_disks_that_was_killed_before_the_end_is_ended(do: Do, letter: Path, given: Path) -> None:
    (given / "traités").mkdir()
    (given / "traités" / "lettre.pdf").write_bytes(letter.read_bytes())
    (given / "traités" / ".~robo-lettre.pdf").write_bytes(b"%PDF")
    await do("files.move", file=str(letter), to="traités")
    assert set(held(given)) - {"traités/.~robo-lettre.pdf"} == {"traités/lettre.pdf"}


async def test_between_disks_the_bytes_are_copied(
    do: Do, letter: Path, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def other_disk(old: Path, new: Path) -> None:
        if Path(old) == letter:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(old, new)

    monkeypatch.setattr(os, "link", other_disk)
    await do("files.move", file=str(letter), to="traités")
    assert held(given) == {"traités/lettre.pdf": b"%PDF-1.7 Martin"}


async def test_a_disk_without_links_does_as_well(
    do: Do, letter: Path, given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    await do("files.copy", file=str(letter), to="copies")
    await do("files.move", file=str(letter), to="traités")
    (given / "autre.pdf").write_bytes(b"autre")
    with pytest.raises(Failure):
        await do("files.move", file=str(given / "autre.pdf"), to="traités", name="lettre")
    assert held(given) == {
        "autre.pdf": b"autre",
        "copies/lettre.pdf": b"%PDF-1.7 Martin",
        "traités/lettre.pdf": b"%PDF-1.7 Martin",
    }


@pytest.mark.parametrize("action", ["files.copy", "files.move"])
async def test_another_file_of_that_name_fails_and_both_stay(do: Do, letter: Path, given: Path, action: str) -> None:
    (given / "traités").mkdir()
    (given / "traités" / "lettre.pdf").write_bytes(b"autre")
    before = held(given)
    with pytest.raises(Failure) as caught:
        await do(action, file=str(letter), to="traités", source=listed(letter))
    assert (caught.value.code, held(given)) == ("RB838", before)


async def test_a_file_of_an_item_that_is_gone_is_known_by_its_digest(do: Do, letter: Path, given: Path) -> None:
    source = listed(letter)
    letter.unlink()
    (given / "traités").mkdir()
    (given / "traités" / "lettre.pdf").write_bytes(b"autre")
    with pytest.raises(Failure) as caught:
        await do("files.move", file=str(letter), to="traités", source=source)
    assert caught.value.code == "RB838"


async def test_a_file_that_never_was_is_told(do: Do, given: Path) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.move", file=str(given / "rien.pdf"), to="traités")
    assert (caught.value.code, held(given)) == ("RB837", {})


@pytest.mark.parametrize(
    ("file", "to", "name"),
    [
        ("lettre.pdf", "../..", None),
        ("lettre.pdf", "/", None),
        ("lettre.pdf", "lien", None),
        ("../dehors.pdf", "traités", None),
        ("lien/x.pdf", "traités", None),
    ],
    ids=["climbs", "elsewhere", "to a link", "from outside", "from a link"],
)
async def test_nothing_leaves_or_enters_what_the_run_was_given(
    do: Do, letter: Path, given: Path, tmp_path_factory: pytest.TempPathFactory, file: str, to: str, name: str | None
) -> None:
    elsewhere = tmp_path_factory.mktemp("ailleurs")
    (elsewhere / "x.pdf").write_bytes(b"x")
    (given / "lien").symlink_to(elsewhere)
    path = given / file if ".." not in file else elsewhere / "x.pdf"
    with pytest.raises(Failure) as caught:
        await do("files.move", file=str(path), to=to)
    assert caught.value.code == "RB830"
    assert held(elsewhere) == {"x.pdf": b"x"}
    assert letter.exists()


async def test_a_dry_run_moves_nothing(runner: FilesRunner, context: Context, letter: Path, given: Path) -> None:
    session = await runner.open(replace(context, dry_run=True))
    params = parse_params(MOVE, {"file": str(letter), "to": "traités"})
    (result,) = await session.perform([Call("step", "files.move", params, Effect.LOCAL, 10)])
    assert (result.values["path"], "dry run" in result.note) == (str(letter), True)
    assert held(given) == {"lettre.pdf": b"%PDF-1.7 Martin"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "..-..-etc-passwd.pdf"),
        ("a/b\\c:d*?", "a-b-c-d-.pdf"),
        ("CON", "_CON.pdf"),
        ("nul.txt", "_nul.txt.pdf"),
        (" Léa.  ", "Léa.pdf"),
        ("Léa.PDF", "Léa.PDF"),
        (unicodedata.normalize("NFD", "Léa"), "Léa.pdf"),
        ("a\n\tb", "a-b.pdf"),
        ("é" * 300, "é" * 98 + ".pdf"),
    ],
)
def test_a_name_is_made_one_that_every_system_takes(name: str, safe: str) -> None:
    assert safe_name(name, "step", suffix=".pdf") == safe


@pytest.mark.parametrize("name", ["", " ", "..", "/", "---", ".pdf"])
def test_a_name_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(Failure) as caught:
        safe_name(name, "step", suffix=".pdf")
    assert caught.value.code == "RB831"


@given_values(st.text(max_size=80))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    try:
        safe = safe_name(name, "step", suffix=".pdf")
    except Failure:
        return
    assert Path("/a", safe).parent == Path("/a")
    assert safe.endswith(".pdf") or safe.casefold().endswith(".pdf")
    assert safe_name(safe, "step", suffix=".pdf") == safe


def test_a_file_is_its_own_target(letter: Path) -> None:
    assert arrive(letter, letter, keep=False, known="", step="s") is False
    assert letter.exists()
