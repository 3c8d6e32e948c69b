"""An exported log on a disk: what was written is what is verified; a file cut, lost or altered is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from robo.errors import InfrastructureError
from robo.proof.export import read_export, write_export
from robo.proof.merkle import tree_root
from robo.proof.tiles import WIDTH, node_reader
from robo.proof.verify import Flaw, verify_log
from tests.unit.proof.conftest import ORIGIN, Written

NO_PAYLOAD = "a payload cannot be read: it is not an event, a salt and a text"


@pytest.fixture(scope="module")
def long_log() -> Written:
    """300 entries: more than one tile."""
    log = Written()
    for number in range(300):
        log.add(payload={"n": number})
        if number == 270:
            log.seal()
    log.seal()
    return log


@pytest.fixture
def folder(long_log: Written, tmp_path: Path) -> Path:
    payloads = [(event, salt, body) for event, (salt, body) in long_log.payloads.items()]
    write_export(tmp_path, long_log.entries, long_log.checkpoints, payloads)
    return tmp_path


def test_an_export_is_laid_out_as_tiles_and_is_verified_from_them(long_log: Written, folder: Path) -> None:
    files = sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())
    assert files == [
        "checkpoint",
        "checkpoints",
        "payloads",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    ]
    report = verify_log(ORIGIN, read_export(folder), long_log.policy())
    assert (report.findings, report.size, report.present, report.witnessed) == ([], 300, 300, 300)


def test_the_root_comes_from_the_written_tiles_alone(long_log: Written, folder: Path) -> None:
    def tile(level: int, index: int) -> list[bytes]:
        raw = next(
            (folder / f"tile/{level}").glob(f"{index:03}*/*" if (level, index) != (0, 0) else "000")
        ).read_bytes()
        return [raw[at : at + 32] for at in range(0, len(raw), 32)]

    assert tree_root(300, node_reader(tile)) == long_log.frontier.root()
    assert len(tile(0, 0)) == WIDTH


def test_an_export_may_leave_payloads_out(long_log: Written, tmp_path: Path) -> None:
    write_export(tmp_path, long_log.entries, long_log.checkpoints)
    report = verify_log(ORIGIN, read_export(tmp_path), long_log.policy())
    assert (report.whole, report.present) == (True, 0)


def test_an_empty_log_can_be_exported(written: Written, tmp_path: Path) -> None:
    written.seal()
    write_export(tmp_path, [], written.checkpoints)
    assert verify_log(ORIGIN, read_export(tmp_path), written.policy()).whole


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[40 * 32] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("file", "damage", "flaw", "seq", "told"),
    [
        ("tile/entries/001.p/44", Path.unlink, Flaw.TRUNCATED, 256, "271 entries were sealed, the others are gone"),
        ("tile/entries/001.p/44", cut, Flaw.UNREADABLE, 256, "a bundle of entries cannot be read: it is cut"),
        ("tile/0/001.p/44", Path.unlink, Flaw.LEAF, 256, "a tile cannot be read: its file is missing"),
        ("tile/0/000", flip, Flaw.LEAF, 40, "the entry was altered: its hash is not the one in the tree"),
    ],
    ids=["bundle lost", "bundle cut", "tile lost", "tile altered"],
)
def test_a_damaged_file_is_told_with_the_first_entry_it_costs(
    file: str, damage: Callable[[Path], None], flaw: Flaw, seq: int, told: str, long_log: Written, folder: Path
) -> None:
    damage(folder / file)
    finding = verify_log(ORIGIN, read_export(folder), long_log.policy()).findings[0]
    assert (finding.flaw, finding.seq, str(finding.error)) == (flaw, seq, told)


@pytest.mark.parametrize(
    ("file", "content", "place", "told"),
    [
        ("checkpoint", None, "checkpoint", "a checkpoint cannot be read: its file is missing"),
        (
            "checkpoint",
            b"text\n",
            "checkpoint",
            "a signed note cannot be read: no signature stands behind an empty line",
        ),
        (
            "checkpoints",
            b'"x"\n',
            "checkpoints, line 1",
            "a signed note cannot be read: no signature stands behind an empty line",
        ),
        ("payloads", b'["event-1","zz","{}"]\n', "payloads, line 1", NO_PAYLOAD),
        ("payloads", b'["event-1","0A","{}"]\n', "payloads, line 1", NO_PAYLOAD),
        ("payloads", b'[["event-1"],"00","{}"]\n', "payloads, line 1", NO_PAYLOAD),
        ("payloads", b'{"00":1,"a":2,"b":3}\n', "payloads, line 1", NO_PAYLOAD),
        ("payloads", b'["event-1","00","{}"]\n[1,2,3]\n', "payloads, line 2", NO_PAYLOAD),
        ("payloads", b"7\n", "payloads, line 1", NO_PAYLOAD),
        ("payloads", b'["event-1", "00", "{}"]\n', "payloads, line 1", "these bytes are not canonical JSON"),
    ],
)
def test_a_file_that_is_not_in_its_format_is_refused(
    file: str, content: bytes | None, place: str, told: str, folder: Path
) -> None:
    (folder / file).unlink() if content is None else (folder / file).write_bytes(content)
    with pytest.raises(InfrastructureError) as caught:
        read_export(folder)
    assert (caught.value.place, str(caught.value)) == (place, told)
