"""Files that are not what they seem: each is refused in words, before it costs memory, time or trust."""

from __future__ import annotations

import asyncio
import io
import os
import struct
import sys
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from robo_files import FilesRunner
from robo_files.box.archive import Archive
from robo_files.box.trouble import Limits, Trouble
from robo_files.session import FilesSession

from robo.sdk.errors import InfrastructureError, RoboError, UsageError, english
from robo.sdk.runner import Call, Context, Row

Read = Callable[..., Awaitable[list[Row]]]
Write = Callable[..., Path]
HEAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>Nom</t></is></c></row>'
ONE = '<row r="2"><c r="A2" t="inlineStr"><is><t>Léa</t></is></c></row>'


async def refusal(read: Read, file: Path, **more: Any) -> RoboError:
    with pytest.raises(RoboError) as caught:
        await read(file, **more)
    return caught.value


@pytest.fixture
def limited(context: Context, rows_call: Callable[..., Call]) -> Callable[..., Awaitable[list[Row]]]:
    """Reads under settings of the test."""

    async def rows(file: Path, settings: Mapping[str, Any]) -> list[Row]:
        runner = FilesRunner()
        await runner.start(settings, headed=False, slots=1)
        session = await runner.open(context)
        try:
            return [row async for row in session.rows(rows_call(file))]
        finally:
            await runner.stop()

    return rows


async def test_a_workbook_that_expands_to_300_mb_is_not_opened(read: Read, raw_book: Write) -> None:
    bomb = raw_book(HEAD + ONE, extra={"xl/media/image1.png": b"\0" * 300_000_000})
    assert bomb.stat().st_size < 400_000
    error = await refusal(read, bomb)
    assert error.code == "RB808"
    assert "would grow to 287 MB once unpacked, the limit is 200 MB; it was not opened" in str(error)
    assert "limits: {files: {expanded" in error.advice


async def test_a_part_that_expands_a_thousand_times_is_not_opened(read: Read, raw_book: Write) -> None:
    error = await refusal(read, raw_book(HEAD + ONE + " " * 30_000_000))
    assert error.code == "RB808"
    assert "xl/worksheets/sheet1.xml" in str(error)


async def test_the_settings_raise_a_limit(limited: Read, raw_book: Write) -> None:
    file = raw_book(HEAD + ONE + " " * 3_000_000)
    with pytest.raises(UsageError):
        await limited(file, {})
    assert len(await limited(file, {"ratio": "5 000"})) == 1


@pytest.mark.parametrize("value", ["beaucoup", "0", -1], ids=str)
async def test_a_limit_that_is_no_number_is_refused_at_start(value: Any) -> None:
    with pytest.raises(UsageError) as caught:
        await FilesRunner().start({"size": value}, headed=False, slots=1)
    assert caught.value.code == "RB829"


async def test_twenty_thousand_parts_are_too_many(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "parts.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        for i in range(20_000):
            archive.writestr(f"xl/{i}.xml", b"")
    error = await refusal(read, file)
    assert (error.code, error.facts["count"]) == ("RB809", 20_000)


async def test_a_large_file_is_refused_by_its_size_alone(limited: Read, raw_book: Write) -> None:
    with pytest.raises(UsageError) as caught:
        await limited(raw_book(HEAD + ONE, extra={"x.bin": os.urandom(2_000_000)}), {"size": 1_000_000})
    assert caught.value.code == "RB807"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
async def test_a_document_type_is_refused_wherever_it_stands(
    read: Read, raw_book: Write, tmp_path: Path, part: str
) -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    evil = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'.encode()
    good = raw_book(HEAD + ONE)
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(tmp_path / "rire.xlsx", "w") as archive:
        for name in source.namelist():
            if name != part:
                archive.writestr(name, source.read(name))
        archive.writestr(part, evil)
    error = await refusal(read, tmp_path / "rire.xlsx")
    assert (error.code, error.facts["part"]) == ("RB811", part)


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (b"", "RB803", "0 bytes"),
        (b"%PDF-1.7 ...", "RB804", "PDF"),
        (b"<html><table><tr><td>Nom", "RB804", "HTML"),
        (b"Nom;Pays\r\n", "RB804", "text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "RB806", "directory"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "RB805", "password"),
        (b"PK\x03\x04 and then nothing", "RB806", "cut short"),
    ],
    ids=["empty", "pdf", "html", "csv", "xls", "password", "cut"],
)
async def test_what_only_bears_the_name_is_told_what_it_is(
    read: Read, tmp_path: Path, content: bytes, code: str, word: str
) -> None:
    file = tmp_path / "demandes.xlsx"
    file.write_bytes(content)
    error = await refusal(read, file)
    assert error.code == code
    assert word in str(error)


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


async def test_an_opendocument_sheet_without_its_content_is_damaged(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "demandes.xlsx"
    file.write_bytes(zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content=b"<x/>"))
    error = await refusal(read, file)
    assert (error.code, english(error.facts["why"])) == ("RB806", "content.xml is missing")


async def test_any_other_archive_is_no_workbook(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "demandes.xlsx"
    file.write_bytes(zipped(photo=b"x"))
    assert (await refusal(read, file)).code == "RB804"


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95], ids=str)
async def test_half_a_workbook_is_said_to_be_damaged(read: Read, book: Write, keep: float) -> None:
    file = book([["Nom", "Pays"]] + [[f"nom {i}", "FR"] for i in range(200)])
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * keep)])
    error = await refusal(read, file)
    assert (error.code, isinstance(error, UsageError)) == ("RB806", True)


async def test_a_part_that_is_larger_than_it_says_is_damage(raw_book: Write) -> None:
    file = raw_book(HEAD + ONE)
    data = bytearray(file.read_bytes())
    at = data.find(b"PK\1\2")
    struct.pack_into("<L", data, at + 24, 10)  # the first part now claims ten bytes
    file.write_bytes(data)
    archive = Archive(file, Limits())
    with pytest.raises(Trouble, match="larger than it says"):
        archive.read("[Content_Types].xml")


async def test_parts_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(a=b"x" * 100, b=b"y" * 100))
    second = data.rfind(b"PK\1\2")
    struct.pack_into("<L", data, second + 42, 10)
    file = tmp_path / "recouvrement.xlsx"
    file.write_bytes(data)
    with pytest.raises(Trouble, match="overlap"):
        Archive(file, Limits())


async def test_a_stray_cell_far_away_is_a_matter_of_memory_said_in_words(read: Read, raw_book: Write) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    error = await refusal(read, raw_book(HEAD + ONE + far))
    assert error.code == "RB810"
    assert "stray cell" in error.advice


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
async def test_a_reading_that_takes_too_long_is_ended(limited: Read, raw_book: Write) -> None:
    rows = "".join(f'<row r="{i}"><c r="A{i}"><f>1</f><v>1</v></c></row>' for i in range(2, 400_000))
    with pytest.raises(UsageError) as caught:
        await limited(raw_book(HEAD + rows), {"cpu": 1})
    assert "takes more than 1 s" in str(caught.value)


async def test_a_box_that_is_killed_is_an_infrastructure_matter(
    session: FilesSession, book: Write, rows_call: Callable[..., Call]
) -> None:
    rows = session.rows(rows_call(book([["N°", "Nom"]] + [[i, "x" * 200] for i in range(9000)])))
    await anext(rows)
    (box,) = session._desk._mine
    box._child.kill()
    with pytest.raises(InfrastructureError) as caught:
        async for _ in rows:
            pass
    assert caught.value.code == "RB810"


async def test_the_box_ends_when_whoever_asked_is_gone(
    session: FilesSession, book: Write, rows_call: Callable[..., Call]
) -> None:
    rows = session.rows(rows_call(book([["N°", "Nom"]] + [[i, "x" * 200] for i in range(9000)])))
    await anext(rows)
    (box,) = session._desk._mine
    box._stdin.close()
    assert await asyncio.to_thread(box._child.wait, 10) == 3


async def test_the_box_does_not_see_the_environment(
    monkeypatch: pytest.MonkeyPatch, session: FilesSession, book: Write, rows_call: Callable[..., Call]
) -> None:
    monkeypatch.setenv("A_SECRET", "canary-42")
    rows = session.rows(rows_call(book([["N°", "Nom"]] + [[i, "x" * 200] for i in range(9000)])))
    await anext(rows)
    (box,) = session._desk._mine
    seen = Path(f"/proc/{box.pid}/environ")
    assert not seen.exists() or b"canary-42" not in seen.read_bytes()
    await rows.aclose()  # type: ignore[attr-defined]  # an async generator, as the protocol does not say


async def test_macros_are_data_and_do_not_stop_a_reading(read: Read, raw_book: Write) -> None:
    file = raw_book(HEAD + ONE, name="demandes.xlsm", extra={"xl/vbaProject.bin": os.urandom(2000)})
    assert len(await read(file)) == 1


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
async def test_a_file_that_may_not_be_read_says_so(read: Read, raw_book: Write) -> None:
    file = raw_book(HEAD + ONE)
    file.chmod(0)
    assert (await refusal(read, file)).code == "RB819"


async def test_a_folder_is_not_a_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "dossier.xlsx").mkdir()
    assert (await refusal(read, tmp_path / "dossier.xlsx")).code == "RB802"
