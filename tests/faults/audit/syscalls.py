"""Every file call of one run "append, order, seal" is broken once: answered with EIO, with ENOSPC, or the process dies
in it (Tessera's method). What was acknowledged is there once, and the store goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from tests.faults.audit.bench import Bench, seeded
from tests.faults.audit.figures import Found
from tests.faults.audit.nursery import Nursery
from tests.faults.audit.tracing import calls, traced

EVENTS: Final = 280
"""Of the store before: a complete tile and a part of one."""
FILES: Final = (
    "openat",
    "read",
    "pread64",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "unlink",
    "mmap",
    "fcntl",
    "close",
    "lseek",
    "newfstatat",
)
FAULTS: Final = {"EIO": "error=EIO", "ENOSPC": "error=ENOSPC", "KILL": "signal=KILL"}
GROWING: Final = ("openat", "pwrite64", "fdatasync", "ftruncate")
"""Calls that a full disk can fail."""
NEVER_FAIL: Final = ("close", "lseek", "newfstatat", "mmap", "unlink")
"""Calls that only a death is put into: no disk answers them with an error."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The n-th call of this name, from one on, fails in this way."""

    call: str
    nth: int
    kind: str

    def __str__(self) -> str:
        return f"{self.call} {self.nth} {self.kind}"


def campaign(children_of: Nursery, count: int, seed: int) -> Found:
    """`count` faults: all there are when there are no more, else some of each call and kind."""
    found, folder = Found("faults in system calls"), children_of.room("syscalls")
    bench = Bench(folder, EVENTS)
    pid = children_of.start("one run", held=True, url=bench.renew(), acks=str(bench.acks), name="undisturbed")
    traced(children_of, pid, "-e", f"trace={','.join(FILES)}", record=folder / "calls")
    whole = len(bench.acknowledged()[0])
    kinds: Counter[str] = Counter()
    for fault in chosen(plan([call.name for call in calls(folder / "calls")]), count, seed):
        pid = children_of.start("one run", held=True, url=bench.renew(), acks=str(bench.acks), name="broken")
        inject = f"inject={fault.call}:{FAULTS[fault.kind]}:when={fault.nth}"
        options = ("-e", f"trace={fault.call}", "-e", inject)
        ended = traced(children_of, pid, *options, record=folder / "injected")
        found.trials += 1
        kinds[fault.kind] += 1
        found.violations += [f"{fault}: {each}" for each in _judge(bench, ended, fault)]
        answered = len(bench.acknowledged()[0])
        found.count(acknowledged=answered, runs_that_were_stopped=answered < whole)
    found.count(**kinds)
    return found


def plan(run: Sequence[str]) -> list[Fault]:
    """Each call of an undisturbed run with each fault that may befall it."""
    seen: Counter[str] = Counter()
    faults = []
    for call in run:
        seen[call] += 1
        kinds = ["KILL"] if call in NEVER_FAIL else ["KILL", "EIO"] + ["ENOSPC"] * (call in GROWING)
        faults += [Fault(call, seen[call], kind) for kind in kinds]
    return faults


def chosen(faults: Sequence[Fault], count: int, seed: int) -> list[Fault]:
    """All when `count` is as many; else so many, spread over the calls and the kinds."""
    kinds: dict[str, dict[str, list[Fault]]] = {}
    for fault in seeded(seed).sample(faults, len(faults)):
        kinds.setdefault(fault.kind, {}).setdefault(fault.call, []).append(fault)
    groups = [group for turn in zip_longest(*(calls.values() for calls in kinds.values())) for group in turn if group]
    return [fault for turn in zip_longest(*groups) for fault in turn if fault][:count]


def _judge(bench: Bench, ended: int, fault: Fault) -> list[str]:
    """What does not hold after the fault."""
    wrong = []
    if ended not in {0, -9} or (ended == -9 and fault.kind != "KILL"):
        wrong.append(f"the process ended with {ended}: not an error of ours, see children.log")
    return wrong + bench.judged(*bench.acknowledged())
