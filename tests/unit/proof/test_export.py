"""An exported log on a disk: what was written is what is verified; a file cut, lost or altered is told."""

from __future__ import annotations

import base64
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from pymerkle import InmemoryTree

from robo.errors import InfrastructureError
from robo.proof.checkpoint import LogProof
from robo.proof.export import (
    LONGEST_PAYLOAD,
    read_entries,
    read_export,
    read_payloads,
    read_region,
    write_entries,
    write_export,
    write_region,
)
from robo.proof.findings import Flaw
from robo.proof.merkle import Frontier, inclusion_proof, tree_root
from robo.proof.note import LONGEST_NOTE
from robo.proof.tiles import LARGEST, WIDTH, node_reader, pack, unpack
from robo.proof.verify import verify_entry, verify_log, verify_region
from robo.store.saying import LARGEST_PAYLOAD
from tests.unit.proof.conftest import ORIGIN, Written
from tests.unit.proof.test_merkle import Leaves

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


def test_an_independent_reader_finds_the_tree_in_the_written_files(long_log: Written, folder: Path) -> None:
    """pymerkle builds the tree from the bundles; its root and its path are those of the checkpoint and the tiles."""
    text = (folder / "checkpoint").read_text(encoding="utf-8").split("\n")
    tree = InmemoryTree(algorithm="sha256")
    for bundle in ("000", "001.p/44"):
        raw = (folder / "tile/entries" / bundle).read_bytes()
        while raw:
            size = int.from_bytes(raw[:2], "big")
            tree.append_entry(raw[2 : 2 + size])
            raw = raw[2 + size :]
    assert (text[0], int(text[1]), base64.b64decode(text[2])) == (ORIGIN, tree.get_size(), tree.get_root())
    tiles = [(folder / "tile/0" / tile).read_bytes() for tile in ("000", "001.p/44")]
    assert b"".join(tiles) == b"".join(tree.get_leaf(number) for number in range(1, 301))
    assert (folder / "tile/1/000.p/1").read_bytes() == tree.get_root(256)


def test_a_region_and_single_entries_are_written_for_those_who_may_see_no_more(
    long_log: Written, tmp_path: Path
) -> None:
    node, newest = Leaves(long_log.leaves()).node, long_log.checkpoints[-1]

    def proof(index: int) -> LogProof:
        return LogProof(index, tuple(inclusion_proof(index, 300, node)), newest)

    write_region(tmp_path / "region", long_log.entries, proof(299), long_log.kept())
    write_entries(tmp_path / "some", [(long_log.entries[at], proof(at)) for at in (3, 200, 30)])
    entries, of_last = read_region(tmp_path / "region")
    payloads = read_payloads(tmp_path / "region")
    report = verify_region(ORIGIN, "idf", entries, of_last, long_log.policy(), payloads=payloads)
    assert (report.regions, report.present) == ({"idf": 300}, 300)
    found = [
        (file, verify_entry(ORIGIN, raw, each, long_log.policy())[0].id)
        for file, raw, each in read_entries(tmp_path / "some")
    ]
    assert found == [("3.json", "event-3"), ("30.json", "event-30"), ("200.json", "event-200")]
    assert read_payloads(tmp_path / "some") is None
    for end in (".json", ".tlog-proof"):
        shutil.copy(tmp_path / f"some/30{end}", tmp_path / f"some/31{end}")
    with pytest.raises(InfrastructureError, match="entry 30 stands in its place"):
        list(read_entries(tmp_path / "some"))


def test_an_entry_without_its_proof_is_not_passed_over(long_log: Written, tmp_path: Path) -> None:
    """Who opens the folder would take it for proven."""
    node, newest = Leaves(long_log.leaves()).node, long_log.checkpoints[-1]
    proofs = [LogProof(at, tuple(inclusion_proof(at, 300, node)), newest) for at in (3, 200)]
    write_entries(tmp_path / "some", [(long_log.entries[each.index], each) for each in proofs])
    (tmp_path / "some/3.tlog-proof").unlink()
    with pytest.raises(InfrastructureError) as caught:
        list(read_entries(tmp_path / "some"))
    assert (caught.value.code, caught.value.place) == ("RB632", "3.tlog-proof")


def test_an_export_of_a_million_needs_no_more_than_one_of_a_thousand(tmp_path: Path) -> None:
    """Entries, payloads and checkpoints pass through; what is held is a tile of each level and eight bytes an id."""
    long = Written()
    for number in range(1_500):
        long.add(payload={"text": "x" * 2000, "n": number})
    long.seal()

    def used(count: int) -> int:
        part = Written()
        part.entries, part.frontier = long.entries[:count], Frontier()
        for leaf in long.leaves()[:count]:
            part.frontier.append(leaf)
        part.seal()
        folder = tmp_path / str(count)
        tracemalloc.start()
        write_export(folder, iter(part.entries), iter(part.checkpoints), iter(long.kept()[:count]))
        assert verify_log(ORIGIN, read_export(folder), part.policy()).present == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    used(300)
    assert used(1_500) < 1.5 * used(500)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to this user")
def test_a_file_that_may_not_be_read_is_told_with_its_place(long_log: Written, folder: Path) -> None:
    (folder / "checkpoint").chmod(0)
    with pytest.raises(InfrastructureError) as caught:
        read_export(folder)
    assert (caught.value.code, caught.value.place) == ("RB660", "checkpoint")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[40 * 32] ^= 1
    path.write_bytes(raw)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def less(path: Path, lines: int) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-lines]))


@pytest.mark.parametrize(
    ("file", "damage", "flaw", "seq", "told"),
    [
        (
            "tile/entries/001.p/44",
            Path.unlink,
            Flaw.TRUNCATED,
            256,
            "271 entries were sealed, and there are 256 before the first that is missing",
        ),
        ("tile/entries/001.p/44", cut, Flaw.UNREADABLE, 256, "a bundle of entries cannot be read: it is cut"),
        ("tile/0/001.p/44", Path.unlink, Flaw.LEAF, 256, "a tile cannot be read: its file is missing"),
        ("tile/0/000", flip, Flaw.LEAF, 40, "the entry was altered: its hash is not the one in the tree"),
        ("tile/0/001.p/44", cut, Flaw.LEAF, 256, "a tile cannot be read: it is cut"),
        ("tile/1/000.p/1", cut, Flaw.NODE, 255, "a tile cannot be read: it is cut"),
        ("tile/1/000.p/1", Path.unlink, Flaw.NODE, 255, "a tile cannot be read: its file is missing"),
        (
            "tile/1/000.p/1",
            lambda path: path.write_bytes(bytes(32)),
            Flaw.NODE,
            255,
            "node 0 of level 1, over the entries up to this, was altered or is gone",
        ),
        (
            "tile/entries/000",
            lambda path: path.write_bytes(pack(unpack(path.read_bytes())[:200])),
            Flaw.UNREADABLE,
            200,
            "a bundle of entries cannot be read: it is cut",
        ),
        (
            "tile/entries/001.p/44",
            folder_instead,
            Flaw.UNREADABLE,
            256,
            "tile/entries/001.p/44 cannot be read: Is a directory",
        ),
        ("payloads", cut, Flaw.PAYLOAD, None, "these bytes are not canonical JSON"),
        ("payloads", lambda path: less(path, 3), Flaw.MISSING, 297, "3 payload(s) are gone though no purge says so"),
        (
            "checkpoint",
            lambda path: path.write_bytes(path.read_bytes().replace(b"\n300\n", b"\n299\n")),
            Flaw.SIGNATURE,
            None,
            "the signature of robo.example/idf is wrong: the text was altered, or another key signed",
        ),
    ],
    ids=[
        "bundle lost",
        "bundle cut",
        "tile lost",
        "tile altered",
        "tile cut",
        "nodes cut",
        "nodes lost",
        "nodes altered",
        "bundle cut between two entries",
        "a folder where a bundle was",
        "payloads cut",
        "payloads cut between two lines",
        "checkpoint altered",
    ],
)
def test_a_damaged_file_is_told_with_the_first_entry_it_costs(
    file: str, damage: Callable[[Path], None], flaw: Flaw, seq: int, told: str, long_log: Written, folder: Path
) -> None:
    damage(folder / file)
    finding = verify_log(ORIGIN, read_export(folder), long_log.policy()).findings[0]
    assert (finding.flaw, finding.seq, str(finding.error)) == (flaw, seq, told)


@pytest.mark.parametrize(
    ("file", "most", "flaw", "seq", "kind"),
    [
        ("tile/entries/000", LARGEST, Flaw.UNREADABLE, 0, "a bundle of entries"),
        ("tile/0/001.p/44", 44 * 32, Flaw.LEAF, 256, "a tile"),
        ("tile/1/000.p/1", 32, Flaw.NODE, 255, "a tile"),
        ("checkpoints", 2 * LONGEST_NOTE, Flaw.SIGNATURE, None, "a line"),
        ("payloads", LONGEST_PAYLOAD, Flaw.PAYLOAD, None, "a line"),
    ],
)
def test_of_a_file_without_end_no_more_is_read_than_it_can_have(
    file: str, most: int, flaw: Flaw, seq: int | None, kind: str, long_log: Written, folder: Path
) -> None:
    """A hole of a terabyte: an export can be sent that fills the memory of whoever looks at it."""
    (folder / file).write_bytes(b"")
    os.truncate(folder / file, 1 << 40)
    finding = verify_log(ORIGIN, read_export(folder), long_log.policy()).findings[0]
    assert (finding.flaw, finding.seq, str(finding.error)) == (
        flaw,
        seq,
        f"{kind} cannot be read: it is larger than {most} bytes",
    )
    assert finding.error.place == (f"{file}, line 1" if kind == "a line" else file)


READERS: dict[str, Callable[[Path], object]] = {
    "checkpoint": read_export,
    "region.tlog-proof": read_region,
    "entries.jsonl": lambda folder: list(read_region(folder)[0]),
    "3.json": lambda folder: list(read_entries(folder)),
    "3.tlog-proof": lambda folder: list(read_entries(folder)),
}


@pytest.mark.parametrize("name", READERS)
def test_what_begins_an_export_has_an_end_too(name: str, long_log: Written, tmp_path: Path) -> None:
    node, newest = Leaves(long_log.leaves()).node, long_log.checkpoints[-1]
    proof = LogProof(3, tuple(inclusion_proof(3, 300, node)), newest)
    write_region(tmp_path, long_log.entries[:4], proof)
    write_entries(tmp_path, [(long_log.entries[3], proof)])
    (tmp_path / name).write_bytes(b"")
    os.truncate(tmp_path / name, 1 << 40)
    with pytest.raises(InfrastructureError, match="cannot be read: it is larger than") as caught:
        READERS[name](tmp_path)
    assert (caught.value.code, caught.value.place) == ("RB632", "entries.jsonl, line 1" if "jsonl" in name else name)


def test_what_a_store_can_write_fits_into_its_line(tmp_path: Path, written: Written) -> None:
    """The largest payload, of nothing but what needs an escape, and the entry whose id is as long as it can be."""
    written.add(payload={"t": '"' * ((LARGEST_PAYLOAD - 8) // 2)}, id="e" * 3500)
    written.seal()
    write_export(tmp_path, written.entries, written.checkpoints, written.kept())
    assert verify_log(ORIGIN, read_export(tmp_path), written.policy()).present == 1


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
    ],
)
def test_a_file_that_is_not_in_its_format_is_refused(
    file: str, content: bytes | None, place: str, told: str, folder: Path
) -> None:
    (folder / file).unlink() if content is None else (folder / file).write_bytes(content)
    with pytest.raises(InfrastructureError) as caught:
        read_export(folder)
    assert (caught.value.place, str(caught.value)) == (place, told)


@pytest.mark.parametrize(
    ("file", "content", "place", "told"),
    [
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
        ("payloads", b'["event-0","00","{}"]\n[1,2,3]\n', "payloads, line 2", NO_PAYLOAD),
        ("payloads", b"7\n", "payloads, line 1", NO_PAYLOAD),
        ("payloads", b'["event-1", "00", "{}"]\n', "payloads, line 1", "these bytes are not canonical JSON"),
    ],
)
def test_a_line_that_is_not_in_its_format_is_told_alone(
    file: str, content: bytes, place: str, told: str, long_log: Written, folder: Path
) -> None:
    """What stands behind it is not read, and nothing is said of it."""
    (folder / file).write_bytes(content)
    findings = verify_log(ORIGIN, read_export(folder), long_log.policy()).findings
    (finding,) = [each for each in findings if each.seq is None]
    assert (finding.error.place, str(finding.error)) == (place, told)
