"""The export of a region's ledger, a folder from which every hour is recomputed without the region's store.

| file | what it holds |
|---|---|
| `log/` | all entries of the region with the proof of the last, as `robo audit export --region` writes them |
| `rows.jsonl` | the rows of minutes, one a line: members of their entry (`cause data obj seq type`), in its order |
| `baselines.jsonl` | `{"id", "record"}` a line: what was measured, whose digest its entry `baseline.added` says |
| `statements.jsonl` | `{"id", "kind", "region", "process", "period", "said"}` a line: volumes, attestations |
| `closings.jsonl` | `{"month", "figures", "note"}` a line: what was closed, and the signed note over it |
| `figures.json` | what the region claims: the figures by process and month, and their total |
| `manifest.json` | `v region zone origin first last files`: of which region and months; the SHA-256 of each file |

All is canonical JSON. Nothing in it is personal: units are keyed hashes, people are pseudonyms.

It is verified in this order, and the first thing that differs is told: the log (`robo.proof.verify`); then, entry by
entry, what `robo.proof.book` and `robo.proof.basis` ask of each; what must be compared with earlier rows
(`robo.proof.again`); the figures, by the arithmetic of `robo.proof.hours`; the digests of the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from robo.errors import InfrastructureError, UsageError
from robo.proof.again import Late, second_look
from robo.proof.basis import Known
from robo.proof.book import Beside, Book
from robo.proof.canonical import canonical, read_canonical
from robo.proof.closings import Closing
from robo.proof.differences import difference
from robo.proof.export import disk, read_file, read_lines, read_region, write_file, written
from robo.proof.findings import Report
from robo.proof.hours import Cell, Figures, Key, Sums, as_members, total
from robo.proof.note import LONGEST_NOTE, Note, read_at, unreadable
from robo.proof.policy import Policy
from robo.proof.tiles import LONGEST
from robo.proof.verify import verify_region

VERSION: Final = 1
LOG: Final = "log"
ROWS, BASELINES, STATEMENTS, CLOSINGS = "rows.jsonl", "baselines.jsonl", "statements.jsonl", "closings.jsonl"
FIGURES, MANIFEST = "figures.json", "manifest.json"
FILES: Final = (ROWS, BASELINES, STATEMENTS, CLOSINGS, FIGURES)
"""Those whose digests the manifest has."""
_LONGEST_LINE: Final = {ROWS: LONGEST, BASELINES: 1 << 22, STATEMENTS: 1 << 14, CLOSINGS: 4 * LONGEST_NOTE}
_LARGEST: Final = {BASELINES: 1 << 28, STATEMENTS: 1 << 27, CLOSINGS: 1 << 27, FIGURES: 1 << 27, MANIFEST: 1 << 14}
"""Bytes of the files that are held."""
FIRST, LAST = "0000-00", "9999-99"
"""Before and behind every month."""
_MEMBERS: Final = {"v", "region", "zone", "origin", "first", "last", "files"}
_TEXTS: Final = ("region", "zone", "origin", "first", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Of which region and which log an export is, and in whose calendar; `first` and `last`: the months whose figures
    are claimed, "" where there is no such limit. `files`: by name, the SHA-256 of each in hexadecimal."""

    region: str
    zone: str
    origin: str
    first: str = ""
    last: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a verification found: `difference` None, and all that the log bears out; or the first thing that differs,
    and what was counted up to there. Times are in microseconds since 1970."""

    manifest: Manifest
    log: Report
    rows: int = 0
    cells: Mapping[Cell, Sums] = field(default_factory=dict)
    lasts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """When the last unit was credited, by region and process."""
    known: Mapping[str, Known] = field(default_factory=dict)
    """Records with the verdicts on them, by id."""
    effects: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The digest of the effects of the definition that ran last, by region and process."""
    volumes: Mapping[Key, int] = field(default_factory=dict)
    statements: Sequence[Mapping[str, Any]] = ()
    closings: Sequence[tuple[Closing, int]] = ()
    """In their order, with when."""
    corrections: Sequence[Late] = ()
    figures: Mapping[Key, Figures] = field(default_factory=dict)
    difference: InfrastructureError | None = None

    @property
    def whole(self) -> bool:
        """Nothing differs."""
        return self.difference is None


def write_rows(folder: Path, lines: Iterable[bytes]) -> None:
    """Write the rows of an export, as `robo.proof.book.row_line` makes them."""
    _put_lines(folder, ROWS, lines)


def write_beside(
    folder: Path,
    manifest: Manifest,
    *,
    records: Mapping[str, Mapping[str, Any]],
    statements: Iterable[Mapping[str, Any]],
    closings: Iterable[tuple[str, bytes, str]],
    figures: Mapping[Key, Figures],
) -> None:
    """Write what lies beside the log and the rows of an export: `closings` as (month, text, note)."""
    _put_lines(folder, BASELINES, (canonical({"id": name, "record": each}) for name, each in records.items()))
    _put_lines(folder, STATEMENTS, map(canonical, statements))
    _put_lines(folder, CLOSINGS, (_closing_line(*each) for each in closings))
    write_file(folder / FIGURES, figures_text(figures))
    said = {"v": VERSION, **{name: getattr(manifest, name) for name in _TEXTS}}
    write_file(folder / MANIFEST, canonical({**said, "files": {name: _digest(folder, name) for name in FILES}}))


def figures_text(found: Mapping[Key, Figures]) -> bytes:
    """What is claimed, as canonical JSON."""
    listed = [{**key._asdict(), **as_members(found[key])} for key in sorted(found)]
    return canonical({"v": VERSION, "figures": listed, "total": as_members(total(found.values()))})


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an export. `UsageError` RB050 when there is none; `InfrastructureError` RB050, RB660."""
    with disk(folder.name):
        if not (folder / MANIFEST).is_file():
            raise UsageError(
                "RB050",
                "there is no ledger in %(folder)s: it has no %(file)s",
                place=str(folder),
                remedy="name a folder that `robo ledger export` wrote",
                folder=str(folder),
                file=MANIFEST,
            )
    said = _value(folder, MANIFEST)
    files = said.get("files") if isinstance(said, dict) else None
    if not isinstance(said, dict) or said.keys() != _MEMBERS or said["v"] != VERSION or not isinstance(files, dict):
        raise unreadable("RB050", kind="the manifest", why="it has not the members of one", place=MANIFEST)
    texts = {name: said[name] for name in _TEXTS}
    if not all(isinstance(each, str) for each in (*texts.values(), *files.values())) or files.keys() != set(FILES):
        raise unreadable("RB050", kind="the manifest", why="it has not the members of one", place=MANIFEST)
    return Manifest(**texts, files=files)


def verify_ledger(folder: Path, policy: Policy, now: int | None = None, origin: str = "") -> Proven:
    """Verify an export by a policy and nothing else; `origin`: the log it must be of; "": that of its manifest,
    whose key the policy must have all the same. `now`: seconds since 1970.

    `UsageError` RB050 when the folder holds none, `InfrastructureError` RB660 when the disk does not give it. Whatever
    else is wrong is in what is returned."""
    manifest, log = Manifest(region="", zone="", origin=origin), Report()
    try:
        manifest = read_manifest(folder)
        with closing(read_lines(folder, ROWS, bytes, _LONGEST_LINE[ROWS])) as rows:
            book = Book(manifest.region, manifest.zone, _beside(folder, rows), policy.logs)
            entries, proof = _log(lambda: read_region(folder / LOG))
            log = _log(
                lambda: verify_region(
                    origin or manifest.origin, manifest.region, entries, proof, policy, now, beside=book.take
                )
            )
            book.end()
        late = second_look(book, entries)
        found = book.figures(manifest.first or FIRST, manifest.last or LAST)
        wrong = book.difference or _claimed(folder, found) or _altered(folder, manifest)
    except InfrastructureError as broken:
        if broken.code == "RB660":
            raise
        return Proven(manifest=manifest, log=log, difference=broken)
    return proven(manifest, log, book, late, found, wrong)


def proven(  # noqa: PLR0917 - what a verification has in its hands
    manifest: Manifest,
    log: Report,
    book: Book,
    late: Sequence[Late],
    figures: Mapping[Key, Figures],
    wrong: InfrastructureError | None,
) -> Proven:
    """What a book has, as it is returned."""
    return Proven(
        manifest=manifest,
        log=log,
        rows=book.count,
        cells=book.cells,
        lasts=book.lasts,
        known=book.basis.known,
        effects=book.basis.effects,
        volumes=book.volumes,
        statements=book.statements,
        closings=list(zip(book.closings, book.closed_at, strict=True)),
        corrections=late,
        figures=figures,
        difference=wrong,
    )


def _log(look: Callable[[], Any]) -> Any:
    """What a look at the log gives. RB051 says why it does not verify, and nothing that stands on it is believed."""
    try:
        return look()
    except InfrastructureError as wrong:
        if wrong.code == "RB660":
            raise
        raise InfrastructureError(
            "RB051",
            "its log does not verify, so nothing that stands on it is believed: %(why)s",
            place=wrong.place,
            remedy=wrong.remedy,
            **{**wrong.facts, "why": wrong.words, "log": wrong.code},
        ) from wrong


def _beside(folder: Path, rows: Iterator[bytes]) -> Beside:
    return Beside(
        rows=rows,
        records=dict(_lines(folder, BASELINES, _record)),
        statements=dict(_lines(folder, STATEMENTS, _statement)),
        closings=dict(_lines(folder, CLOSINGS, _closing)),
    )


def _lines(folder: Path, name: str, read: Callable[[bytes], tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """What the lines of a file say that is held: each by its name, once."""
    seen, size = set(), 0

    def sized(line: bytes) -> tuple[str, Any]:
        nonlocal size
        size += len(line)
        found = read(line)
        if size > _LARGEST[name] or found[0] in seen:
            raise unreadable("RB050", kind="a line", why="it is there twice, or the file is too large")
        seen.add(found[0])
        return found

    return read_lines(folder, name, sized, _LONGEST_LINE[name])


def _record(line: bytes) -> tuple[str, Any]:
    said = read_canonical(line)
    if isinstance(said, dict) and said.keys() == {"id", "record"} and isinstance(said["record"], dict):
        return str(said["id"]), said["record"]
    raise unreadable("RB050", kind="a record", why="it is not an id and what was measured")


def _statement(line: bytes) -> tuple[str, Any]:
    said = read_canonical(line)
    if isinstance(said, dict) and isinstance(said.get("id"), str):
        return said["id"], said
    raise unreadable("RB050", kind="a statement", why="it has no id")


def _closing_line(month: str, text: bytes, note: str) -> bytes:
    return canonical({"month": month, "figures": read_canonical(text), "note": note})


def _closing(line: bytes) -> tuple[str, tuple[bytes, Note]]:
    said = read_canonical(line)
    if not isinstance(said, dict) or said.keys() != {"month", "figures", "note"} or not isinstance(said["note"], str):
        raise unreadable("RB050", kind="a closing", why="it is not a month, its figures and the note over them")
    return str(said["month"]), (canonical(said["figures"]), Note.parse(said["note"]))


def _value(folder: Path, name: str) -> Any:
    return read_at(name, read_canonical, read_file(folder, name, "a file of the ledger", _LARGEST[name]))


def _claimed(folder: Path, found: Mapping[Key, Figures]) -> InfrastructureError | None:
    """The first figure that is claimed otherwise than its rows give. RB063."""
    said, right = _value(folder, FIGURES), read_canonical(figures_text(found))
    if said == right:
        return None
    try:
        claims = {(each["month"], each["process"]): each for each in said["figures"]} | {("", ""): said["total"]}
    except (KeyError, TypeError):
        return unreadable("RB050", kind="what is claimed", why="it is no list and no total", place=FIGURES)
    rights = {(each["month"], each["process"]): each for each in right["figures"]} | {("", ""): right["total"]}
    for place in sorted(claims.keys() | rights.keys(), key=lambda place: (place == ("", ""), place)):
        ours, theirs = rights.get(place, {}), claims.get(place, {})
        for member in sorted(ours.keys() | theirs.keys()):
            if ours.get(member) != theirs.get(member):
                what = " ".join(filter(None, (*place, member)))
                message = "the figure %(row)s is claimed to be %(says)s, and its rows give %(should)s"
                facts = {"says": theirs.get(member, "-"), "should": ours.get(member, "-")}
                return difference("RB063", message, place=FIGURES, row=what, **facts)
    return difference("RB063", "what is claimed says something twice", place=FIGURES)


def _altered(folder: Path, manifest: Manifest) -> InfrastructureError | None:
    """The first file that is not the one the manifest names, though it says the same. RB050."""
    for name in FILES:
        if (found := _digest(folder, name)) != manifest.files[name]:
            message = "the file %(row)s was altered: its digest is %(says)s, and the manifest says %(should)s"
            return difference("RB050", message, place=name, row=name, says=found, should=manifest.files[name])
    return None


def _digest(folder: Path, name: str) -> str:
    with disk(name), (folder / name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_lines(folder: Path, name: str, lines: Iterable[bytes]) -> None:
    with written(folder / name) as file:
        file.writelines(line + b"\n" for line in lines)
