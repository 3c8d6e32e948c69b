"""The ledger of a region as its robots, its people and its store would write it, and its export. A world is lawful
unless a test makes it lie: then the lie is in the log, signed and all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from robo.proof import baselines, hours
from robo.proof.book import row_line
from robo.proof.canonical import canonical, plain_json
from robo.proof.checkpoint import LogProof
from robo.proof.closings import Closing, attested, following, note_text, quarter_of
from robo.proof.entry import Entry
from robo.proof.export import write_region
from robo.proof.hours import Cell, Figures, Key, Sums
from robo.proof.ledger import LOG, Manifest, write_beside, write_rows
from robo.proof.merkle import inclusion_proof, leaf_hash
from robo.proof.note import Note
from robo.proof.tiles import TILE_HEIGHT, WIDTH, node_reader
from tests.unit.proof.conftest import ORIGIN, Written

PARIS = "Europe/Paris"
HOST = "https://ants.example"
EFFECTS = hashlib.sha256(b"effects").hexdigest()
START = datetime(2026, 9, 7, 8, tzinfo=UTC)
PROCESS = "titre-sejour-saisie"


def hexadecimal(*what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()


class World:
    """A region, its log and its books."""

    def __init__(self, region: str = "idf", origin: str = ORIGIN, zone: str = PARIS) -> None:
        self.region, self.zone, self.log = region, zone, Written(origin)
        self.at = START
        self.numbers = count(1)
        self.rows: list[dict[str, Any]] = []
        self.lines: list[bytes] = []
        self.records: dict[str, dict[str, Any]] = {}
        self.statements: list[dict[str, Any]] = []
        self.closings: list[Closing] = []
        self.notes: list[str] = []
        self.volumes: dict[Key, int] = {}
        self.cells: list[tuple[Cell, Sums]] = []
        self.runs: dict[str, str] = {}
        self.figures: Mapping[Key, Figures] | None = None
        self.without: tuple[str, ...] = ()
        """Members that rows of an older robo lack."""

    # ---- what happens ---------------------------------------------------------------------------------------------
    def id(self) -> str:
        """A new name, in the shape of robo's."""
        return f"{next(self.numbers):026d}"

    def passes(self, **delta: float) -> None:
        """Time passes."""
        self.at += timedelta(**delta)

    def until(self, day: str) -> None:
        """It is noon of that day."""
        self.at = datetime.fromisoformat(f"{day}T11:00:00+00:00")

    @property
    def day(self) -> str:
        return self.at.astimezone(ZoneInfo(self.zone)).date().isoformat()

    def say(self, kind: str, obj: str, data: Mapping[str, Any], *, cause: str = "", actor: str = "robot") -> int:
        """An entry; its number."""
        self.passes(seconds=1)
        ts = int(self.at.timestamp()) * 1_000_000
        self.log.add(self.region, type=kind, obj=obj, data=dict(data), cause=cause, actor=actor, ts=ts)
        return len(self.log.entries) - 1

    def measure(self, *, before: int = 30, after: int = 5, n: int = 10, days: int = 2, **changed: Any) -> str:
        """Somebody times a process and adds what was observed; the record's id."""
        stated, author, process = (
            changed.pop(name, other) for name, other in (("stated", {}), ("author", "person-a"), ("process", PROCESS))
        )
        bound = {} if changed.pop("digest", True) else {"digest": None}
        dates = [(self.at - timedelta(days=1 + number)).date().isoformat() for number in range(days)]
        minutes = {"before": before, "after": after, "triage": 10, "recovery": 15, "wrong": 20}
        seen = [[what, dates[turn % days], each * 60] for what, each in minutes.items() for turn in range(n)]
        record: dict[str, Any] = {
            "v": 1,
            "process": process,
            "region": self.region,
            "unit": "dossier",
            "method": "timed",
            "role": "apprentie",
            "procedure": process,
            "steps": [1, 2],
            "whole": 45,
            "effects": EFFECTS,
            "source": "",
            "note": "",
            **baselines.calculated(seen),
            **changed,
            **stated,
        }
        digest = hashlib.sha256(canonical(record)).hexdigest()
        name = digest[:26]
        self.records[name] = record
        medians = {what: baselines.of(record, what).span.median for what in baselines.MEASURED}
        data = {"process": process, "unit": record["unit"], "method": record["method"], "n": n, "digest": digest}
        logged = {name: value for name, value in {**data, **medians, **bound}.items() if value is not None}
        self.say("baseline.added", name, logged, actor=author)
        return name

    def decide(self, record: str, kind: str = "approved", *, day: str = "", actor: str = "person-b") -> None:
        """Somebody decides about a record."""
        data = {"process": self.records[record]["process"], "day": day or self.day, "role": "cheffe-de-bureau"}
        self.say(f"baseline.{kind}", record, data, actor=actor)

    def known(self, **changed: Any) -> str:
        """A record that stands from the next day on."""
        record = self.measure(**changed)
        self.decide(record)
        self.passes(days=1)
        return record

    def run(self, process: str = PROCESS, **changed: Any) -> str:
        """A run begins."""
        name = self.id()
        same = {"process": process, "version": "1.2.0", "environment": "production", "digest": "", "dry_run": False}
        self.say("run.created", name, {**same, "effects": EFFECTS, **changed})
        self.runs[name] = process
        return name

    def done(self, run: str, record: str = "", *, item: str = "", ours: bool = True, **changed: Any) -> dict[str, Any]:
        """An item is done, its receipt read back, and credited."""
        item = item or self.id()
        self.say("once.receipt", item, {"step": "s", "n": 1, "by": "answer", "ours": ours, "token": 1}, cause=run)
        self.say("item.ended", item, {"outcome": "done", "code": "", "token": 1, "kind": "item"}, cause=run)
        return self.credit(run, record, item, **changed)

    def credit(self, run: str, record: str, item: str, **changed: Any) -> dict[str, Any]:
        """The credit alone."""
        found = self._spans(record)
        row = {"before": found.before.median, "after": found.after.median, "unit_hash": hexadecimal("unit", item)}
        return self.row("credit", run, record, item, **{**row, "receipt": hexadecimal("receipt", item), **changed})

    def costs(self, run: str, record: str = "", reason: str = "triage", **changed: Any) -> dict[str, Any]:
        """A person takes up an item."""
        item = self.id()
        outcome = {"triage": "rejected", "recovery": "failed"}.get(reason, "done")
        self.say("item.ended", item, {"outcome": outcome, "code": "lacks", "token": 1, "kind": "item"}, cause=run)
        after = getattr(self._spans(record), reason).median
        more = {"reason": reason, "code": "lacks", "after": after, "unit_hash": hexadecimal("unit", item)}
        return self.row("debit", run, record, item, **{**more, **changed})

    def logs(self, minutes: int, reason: str = "supervision", process: str = "", **changed: Any) -> dict[str, Any]:
        """A person logs time."""
        changed = {"unit": "", "version": "", "host": "", "process": process, **changed}
        return self.row("time", "", "", "", reason=reason, after=minutes, auditable=False, **changed)

    def opens(self, minutes: int = 67_140, units: int = 13, **changed: Any) -> dict[str, Any]:
        """What was before robo."""
        said = {"unit": "", "version": "", "host": "", "provenance": "declared", "auditable": False, **changed}
        return self.row("opening", "", "", "", **{"before": minutes, "after": 0, "units": units, **said})

    def corrects(self, row: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """A row is taken back, whole."""
        units = -row["units"] if row["before"] or row["kind"] in {"credit", "opening"} else 0
        back = {"units": units, "before": -row["before"], "after": -row["after"], "corrects": row["ledger"]}
        reason = row["reason"] if row["kind"] == "time" else "not found" if row["kind"] != "opening" else ""
        same = {name: row[name] for name in row if name not in {"ledger", "kind", "run", "item", "month", *back}}
        kind = "opening" if row["kind"] == "opening" else "correction"
        return self.row(kind, row["run"], "", row["item"], **{**same, **back, "reason": reason, **changed})

    def row(self, kind: str, run: str, record: str, item: str, **changed: Any) -> dict[str, Any]:
        """A row and its entry."""
        name = self.id()
        said = {
            "ledger": name,
            "environment": "production",
            "process": self.runs.get(run, PROCESS),
            "version": "1.2.0",
            "host": HOST,
            "unit": f"{self.runs.get(run, PROCESS)}/dossier",
            "unit_hash": "",
            "units": 1,
            "before": 0,
            "after": 0,
            "baseline": record,
            "provenance": self.records[record]["method"] if record else "",
            "auditable": bool(record),
            "receipt": "",
            "reason": "",
            "code": "",
            "corrects": "",
            **changed,
        }
        self.passes(seconds=1)
        month = max(self.day[:7], following(self.closings[-1].month) if self.closings else "")
        said.setdefault("month", month)
        said = {name: value for name, value in said.items() if name not in self.without}
        obj = item or said["ledger"]
        seq = self.say(f"ledger.{kind}", obj, said, cause=run)
        self.lines.append(row_line(f"ledger.{kind}", obj, run, plain_json(said), seq))
        self.cells.append(hours.row(self.region, kind, said))
        self.rows.append({**said, "kind": kind, "run": run, "item": item})
        return self.rows[-1]

    def _spans(self, record: str) -> hours.Measures:
        nothing = hours.Span(0, 0, 0)
        return baselines.measures(self.records[record]) if record else hours.Measures(nothing, nothing)

    # ---- what people state and close ------------------------------------------------------------------------------
    def reconciles(self, volume: int, month: str, process: str = PROCESS, **changed: Any) -> dict[str, Any]:
        """Somebody says how many cases the application had."""
        name, said = self.id(), {"volume": volume, "source": "ANTS", "stock": 12}
        self.say("hours.reconciled", name, {"process": process, "month": month, **said}, actor="person-c")
        self.volumes[Key(self.region, process, month)] = volume
        same = {"id": name, "kind": "reconciled", "region": self.region, "process": process, "period": month}
        self.statements.append({**same, "said": {**said, **changed}})
        return self.statements[-1]

    def closes(self, month: str = "", **changed: Any) -> Closing:
        """A month is closed, ten days after it."""
        month = month or (following(self.closings[-1].month) if self.closings else "2026-09")
        self.until(changed.pop("day", f"{following(month)}-10"))
        cells = [each for each in self.cells if each[0].month == month]
        rows: dict[str, int] = {}
        for cell, _ in cells:
            rows[cell.kind] = rows.get(cell.kind, 0) + 1
        found = self.calculated(month, month)
        figures = {key.process: each for key, each in found.items()}
        said = {"region": self.region, "month": month, "size": len(self.log.entries), "rows": rows, "figures": figures}
        closing = Closing(**{**said, **changed})
        text = closing.text()
        signed = note_text(self.log.key.name, text)
        self.notes.append(str(Note(signed, (self.log.key.sign(signed),))))
        self.closings.append(closing)
        data = {"month": month, "digest": closing.digest, "size": closing.size, "rows": sum(closing.rows.values())}
        self.say("hours.closed", "", data)
        return closing

    def rechecks(self, month: str, **changed: Any) -> dict[str, Any]:
        """Some credits of a closed month are looked for again."""
        seed = next(each.digest for each in self.closings if each.month == month)
        said = {"seed": seed, "credits": 7, "drawn": 1, "found": 1, "absent": 0, "unseen": 0, **changed}
        name = self.id()
        self.say("hours.rechecked", name, {"process": PROCESS, "month": month, **said})
        same = {"id": name, "kind": "rechecked", "region": self.region, "process": PROCESS, "period": month}
        self.statements.append({**same, "said": said})
        return self.statements[-1]

    def attests(self, **changed: Any) -> dict[str, Any]:
        """The head of the service stands for a quarter."""
        quarter = quarter_of(self.closings[-1].month)
        those = [each for each in self.closings if quarter_of(each.month) == quarter]
        digest = changed.get("digest", attested(those))
        data = {"quarter": quarter, "role": "cheffe-de-service", "months": len(those), "digest": digest}
        name = self.id()
        self.say("hours.attested", name, data, actor="person-d")
        said = {"role": "cheffe-de-service", "months": [each.month for each in those], "digest": digest}
        same = {"id": name, "kind": "attested", "region": self.region, "process": "", "period": quarter}
        self.statements.append({**same, "said": said})
        return self.statements[-1]

    # ---- what is given out ----------------------------------------------------------------------------------------
    def calculated(self, first: str = "0000-00", last: str = "9999-99") -> Mapping[Key, Figures]:
        """The figures of some months."""
        cells = list(hours.fold(each for each in self.cells if first <= each[0].month <= last).items())
        return hours.figures(
            cells, lambda name: self._spans(name) if name else None, hours.reconciled(cells, self.volumes)
        )

    def export(self, folder: Path, witnesses: Iterable[str] = ("bfc", "pdl")) -> Path:
        """The folder that an auditor is given."""
        note = self.log.seal(tuple(witnesses))
        entries = [raw for raw in self.log.entries if Entry.read(raw).region == self.region]
        last = Entry.read(entries[-1]).seq
        path = tuple(inclusion_proof(last, len(self.log.entries), node_reader(self._tile)))
        write_region(folder / LOG, entries, LogProof(last, path, note))
        write_rows(folder, self.lines)
        write_beside(
            folder,
            Manifest(region=self.region, zone=self.zone, origin=self.log.key.name),
            records=self.records,
            statements=self.statements,
            closings={each.month: (each.month, each.text(), note) for each, note in reversed(self._closed())}.values(),
            figures=self.figures or self.calculated(),
        )
        return folder

    def _closed(self) -> list[tuple[Closing, str]]:
        return list(zip(self.closings, self.notes, strict=True))

    def _tile(self, level: int, index: int) -> list[bytes]:
        hashes = [leaf_hash(raw) for raw in self.log.entries]
        for _ in range(level):
            whole = len(hashes) // WIDTH
            hashes = [_root(hashes[at * WIDTH : (at + 1) * WIDTH]) for at in range(whole)]
        return hashes[index * WIDTH : (index + 1) * WIDTH]


def _root(hashes: list[bytes]) -> bytes:
    from robo.proof.merkle import node_hash

    for _ in range(TILE_HEIGHT):
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def ordinary(**given: Any) -> World:
    """Two months of a region: credits, what they cost, what people logged and stated, a closing, what came later."""
    world = World(**given)
    world.opens()
    record = world.known()
    run = world.run()
    rows = [world.done(run, record) for _ in range(6)]
    world.costs(run, record)
    world.costs(run, record, "recovery")
    world.done(run)
    world.logs(120)
    world.logs(60, "maintenance", PROCESS)
    world.logs(600, "build", PROCESS)
    world.reconciles(7, "2026-09")
    world.until("2026-10-05")
    late = world.run()
    world.done(late, record)
    world.closes("2026-09")
    world.rechecks("2026-09")
    world.corrects(rows[0])
    world.costs(late, record, "wrong")
    return world


def lines_of(folder: Path, name: str) -> list[Any]:
    """The lines of a file of an export, as values."""
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def rewrite(folder: Path, name: str, values: Iterable[Any]) -> None:
    """Write them again, and the manifest to fit: whoever alters a file can do that, too."""
    (folder / name).write_bytes(b"".join(canonical(each) + b"\n" for each in values))
    sign(folder)


def sign(folder: Path) -> None:
    """Let the manifest name the files as they are."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    (folder / "manifest.json").write_bytes(canonical(manifest))
