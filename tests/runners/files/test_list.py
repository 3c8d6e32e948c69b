"""Folders: each file once, with its digest, and none that somebody is still writing."""

from __future__ import annotations

import hashlib
import os
import threading
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from robo_files.actions import LIST, ListParams
from robo_files.session import FilesSession

from robo.sdk.errors import UsageError
from robo.sdk.flaws import Flaws
from robo.sdk.grammar import parse_params
from robo.sdk.parameters import read_params
from robo.sdk.runner import Call, Result, Row
from robo.sdk.values import MISSING, Effect

Do = Callable[..., Awaitable[Result]]
Listing = Callable[..., Awaitable[list[Row]]]
LONG_AGO = 1_700_000_000
"""Seconds since 1970: 14 November 2023, 22:13:20 UTC."""


@pytest.fixture
def old(given: Path) -> Callable[..., Path]:
    """A file that nobody has touched for years."""

    def write(name: str, content: bytes = b"%PDF-1.7") -> Path:
        path = given / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    return write


@pytest.fixture
def listing(session: FilesSession, given: Path) -> Listing:
    async def rows(folder: Path | None = None, **more: Any) -> list[Row]:
        params = parse_params(LIST, {"folder": str(folder or given), **more})
        call = Call(step="items", action="files.list", params=params, effect=Effect.READ, timeout=30)
        return [row async for row in session.rows(call)]

    return rows


async def test_a_file_is_a_row_with_what_it_is_called_where_it_is_and_what_it_holds(
    listing: Listing, old: Callable[..., Path], given: Path
) -> None:
    path = old("2026-14.pdf", b"%PDF-1.7 un")
    (row,) = await listing()
    assert dict(row.values) == {
        "name": "2026-14.pdf",
        "path": str(path),
        "folder": str(given),
        "size": 11,
        "modified": datetime(2023, 11, 14, 23, 13, 20),  # noqa: DTZ001 - the region's own time, as in a workbook
        "digest": hashlib.sha256(b"%PDF-1.7 un").hexdigest(),
    }
    assert (row.place, row.number) == ("given/2026-14.pdf", 1)


async def test_files_come_in_the_order_of_their_names_those_below_only_when_asked(
    listing: Listing, old: Callable[..., Path]
) -> None:
    for name in ("b.pdf", "a.pdf", "sous/c.pdf", "sous/encore/d.pdf"):
        old(name)
    assert [row.place for row in await listing()] == ["given/a.pdf", "given/b.pdf"]
    below = ["given/a.pdf", "given/b.pdf", "given/sous/c.pdf", "given/sous/encore/d.pdf"]
    assert [row.place for row in await listing(below="yes")] == below


async def test_named_groups_of_the_pattern_are_columns(
    listing: Listing, old: Callable[..., Path], session: FilesSession, given: Path
) -> None:
    for name in ("2026-14 Martin.pdf", "2026-15.pdf", "lisez-moi.txt"):
        old(name)
    match = r"^(?P<number>\d{4}-\d+)(?: (?P<last>\w+))?\.pdf$"
    one, two = await listing(match=match)
    assert (one.values["number"], one.values["last"]) == ("2026-14", "Martin")
    assert (two.values["number"], two.values["last"]) == ("2026-15", MISSING)
    call = Call("items", "files.list", ListParams(folder=str(given), match=match), Effect.READ, 30)
    assert list(await session.headers(call)) == list(one.values)


async def test_names_are_compared_as_a_definition_writes_them_however_the_disk_does(
    listing: Listing, old: Callable[..., Path]
) -> None:
    path = old(unicodedata.normalize("NFD", "M1_Diplôme.pdf"))
    (row,) = await listing(match="^M1_(?P<piece>Diplôme)[.]pdf$")
    assert (row.values["name"], row.values["piece"], row.values["path"]) == ("M1_Diplôme.pdf", "Diplôme", str(path))


async def test_locks_hidden_files_unfinished_downloads_and_links_are_no_files(
    listing: Listing, old: Callable[..., Path], given: Path, tmp_path: Path
) -> None:
    for name in (".~lock.a.xlsx#", "~$a.xlsx", ".cache", "a.pdf.crdownload", "b.PART", "c.tmp", "Thumbs.db"):
        old(name)
    (tmp_path / "secret.pdf").write_bytes(b"x")
    (given / "lien.pdf").symlink_to(tmp_path / "secret.pdf")
    assert await listing(below="yes") == []


async def test_a_file_that_is_still_being_written_is_left_for_the_next_time(
    listing: Listing, old: Callable[..., Path], given: Path
) -> None:
    old("a.pdf")
    done = threading.Event()

    def write() -> None:
        with (given / "b.pdf").open("wb", buffering=0) as file:
            while not done.wait(0.001):
                file.write(b"x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not (given / "b.pdf").exists():
            done.wait(0.001)
        during = await listing(stable_for="1 s")
    finally:
        done.set()
        writer.join()
    assert [row.values["name"] for row in during] == ["a.pdf"]
    os.utime(given / "b.pdf", (LONG_AGO, LONG_AGO))
    assert [row.values["name"] for row in await listing()] == ["a.pdf", "b.pdf"]


async def test_a_fresh_file_that_has_come_to_rest_is_taken(listing: Listing, given: Path) -> None:
    (given / "a.pdf").write_bytes(b"x")
    assert [row.values["name"] for row in await listing(stable_for="1 s")] == ["a.pdf"]


async def test_a_file_that_changes_is_another_one(listing: Listing, old: Callable[..., Path]) -> None:
    old("a.pdf", b"one")
    before = [row.digest for row in await listing()]
    assert [row.digest for row in await listing()] == before
    old("a.pdf", b"two")
    assert [row.digest for row in await listing()] != before


async def test_an_empty_folder_has_nothing_to_do(listing: Listing, given: Path) -> None:
    assert await listing() == []


async def test_what_is_no_folder_is_told(listing: Listing, old: Callable[..., Path], given: Path) -> None:
    for wrong in (given / "nulle part", old("a.pdf")):
        with pytest.raises(UsageError) as caught:
            await listing(wrong)
        assert caught.value.code == "RB832"


@pytest.mark.parametrize("way", ["above", "elsewhere", "by a link"])
async def test_a_folder_the_run_was_not_given_is_not_listed(
    listing: Listing, given: Path, tmp_path_factory: pytest.TempPathFactory, way: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("autre")
    (given / "lien").symlink_to(elsewhere)
    folder = {"above": given / ".." / ".." / "..", "elsewhere": elsewhere, "by a link": given / "lien"}[way]
    with pytest.raises(UsageError) as caught:
        await listing(folder)
    assert (caught.value.code, "type: folder" in caught.value.advice) == ("RB830", True)


async def test_as_a_step_it_leaves_a_list(do: Do, old: Callable[..., Path], given: Path) -> None:
    old("a.pdf")
    old("b.pdf")
    result = await do("files.list", folder=str(given), match=r"^b")
    assert (result.values["count"], [each["name"] for each in result.values["files"]]) == (1, ["b.pdf"])


@pytest.mark.parametrize(("match", "word"), [("(", "regular expression"), (r"(?P<name>\w)", "name")])
def test_a_pattern_that_cannot_be_used_is_refused_when_it_is_loaded(match: str, word: str) -> None:
    flaws = Flaws()
    read_params(LIST, {"folder": "/x", "match": match}, flaws)
    assert [word in str(flaw) for flaw in flaws.found] == [True]


def test_a_file_that_changed_just_now_is_looked_at_again_after_some_seconds() -> None:
    assert ListParams(folder="/x").stable_for == timedelta(seconds=5)
