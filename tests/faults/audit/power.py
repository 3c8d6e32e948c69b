"""Power cuts on one machine: a run is recorded (the bytes of every write, every sync), then rebuilt as a disk could
hold it after a cut anywhere: all that was synced, and of what came later anything, in any order, by torn sectors.

Limits of the model: directory entries are taken for durable, and one process writes. `control` is the proof that the
trials see what they look for: a disk that only pretends to sync loses acknowledged events.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.faults.audit import children
from tests.faults.audit.bench import Bench, seeded
from tests.faults.audit.figures import Found
from tests.faults.audit.nursery import Nursery
from tests.faults.audit.tracing import Call, calls, traced

EVENTS: Final = 100
"""Of the store before."""
SECTOR: Final = 512
WATCHED: Final = ("openat", "pwrite64", "write", "fdatasync", "fsync", "ftruncate", "unlink", "close")
SYNCS: Final = ("fdatasync", "fsync")
LATER: Final = ("nothing", "some", "torn", "all")
"""What reached the disk of the writes after a file's last sync."""


@dataclass(slots=True)
class Disk:
    """What is durable, and the writes that wait, by the name of the file behind the database's."""

    files: dict[str, bytearray]
    waiting: dict[str, list[Call]] = field(default_factory=dict)

    def sync(self, file: str) -> None:
        for call in self.waiting.pop(file, []):
            self.apply(file, call)

    def apply(self, file: str, call: Call) -> None:
        if call.name == "ftruncate":
            image = self.files.setdefault(file, bytearray())
            del image[call.last :]
            image.extend(bytes(call.last - len(image)))
        else:
            self.put(file, call.last, call.data)

    def put(self, file: str, at: int, data: bytes) -> None:
        image = self.files.setdefault(file, bytearray())
        image.extend(bytes(max(0, at + len(data) - len(image))))
        image[at : at + len(data)] = data

    def cut(self, later: str, chance: random.Random) -> None:
        """The power goes: of what waits, something is there."""
        for file, waiting in self.waiting.items():
            for call in waiting:
                if later == "all" or (later == "some" and chance.random() < 0.5):
                    self.apply(file, call)
                elif later == "torn" and call.name == "pwrite64":
                    data = call.data
                    for at in range(0, len(data), SECTOR):
                        if chance.random() < 0.5:
                            self.put(file, call.last + at, data[at : at + SECTOR])
        self.waiting.clear()


def campaign(bench: Bench, run: Sequence[Call], count: int, seed: int) -> Found:
    """`count` cuts of a recorded run."""
    found = Found("power cuts")
    chance = seeded(seed)
    for _ in range(count):
        at, later = chance.randrange(1, len(run) + 1), chance.choice(LATER)
        disk = Disk({"": bytearray(bench.base.read_bytes())})
        lines = list(_play(disk, run[:at], bench))
        disk.cut(later, chance)
        keys, wrong = _judged(bench, disk, lines)
        found.trials += 1
        found.count(acknowledged=keys)
        found.violations += [f"cut {at} of {len(run)}, {later}: {each}" for each in wrong]
    return found


def control(bench: Bench, run: Sequence[Call]) -> Found:
    """The same run on a disk that only pretends to sync, cut at its end: what was acknowledged must be lost."""
    disk = Disk({"": bytearray(bench.base.read_bytes())})
    lines = list(_play(disk, [call for call in run if call.name not in SYNCS], bench))
    disk.cut("nothing", seeded(0))
    keys, wrong = _judged(bench, disk, lines)
    found = Found("power cut, syncs pretended", trials=1, facts={"acknowledged": keys, "losses seen": len(wrong)})
    if not any(each.startswith("I1") for each in wrong):
        found.violations.append("no loss was seen: the trial is blind")
    return found


def recorded(children_of: Nursery, rounds: int = 40) -> tuple[Bench, list[Call]]:
    """What a run of so many rounds did to the files of a store, and its acknowledgements."""
    folder = children_of.room("power")
    bench = Bench(folder, EVENTS)
    args = {"url": bench.renew(), "acks": str(bench.acks), "name": "cut", "rounds": rounds, "settle": rounds // 2}
    pid = children_of.start("one run", held=True, **args)
    options = ("-xx", "-s", "1048576", "-e", f"trace={','.join(WATCHED)}")
    ended = traced(children_of, pid, *options, record=folder / "record")
    assert ended == 0, f"the run that is recorded ended with {ended}"
    run = [
        call
        for call in calls(folder / "record")
        if call.file == str(bench.acks) or (call.file.startswith(str(bench.copy)) and not call.file.endswith("-shm"))
    ]
    return bench, run


def _play(disk: Disk, run: Sequence[Call], bench: Bench) -> Iterator[str]:
    """Do these calls to the disk; the lines that were acknowledged meanwhile."""
    for call in run:
        if call.file == str(bench.acks):
            if call.name == "write":
                yield call.data.decode()
            continue
        file = call.file.removeprefix(str(bench.copy))
        if call.name in SYNCS:
            disk.sync(file)
        elif call.name in {"pwrite64", "ftruncate"}:
            disk.waiting.setdefault(file, []).append(call)


def _judged(bench: Bench, disk: Disk, lines: Sequence[str]) -> tuple[int, list[str]]:
    """How many keys were acknowledged, and what does not hold of the store that the disk has."""
    bench.renew()
    for suffix, image in disk.files.items():
        bench.copy.with_name(bench.copy.name + suffix).write_bytes(image)
    keys, before = children.read_acks(lines, bench.before)
    return len(keys), bench.judged(keys, before)
