"""The trials of the audit log: prints the honest table, a line for each campaign, every violation. Exit 1 on any.

Each option is a count, 0 leaves a campaign out. Before a release: `--power 500 --syscalls 650 --tamper 40 --kill 100
--postgres 25 --writers 200 --machine 200`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from traceback import format_exception_only

from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.audit import crashes, kills, power, syscalls, tamper, tracing, writers
from tests.faults.audit.figures import Found
from tests.faults.audit.machine import LogMachine
from tests.faults.audit.nursery import Nursery, nursery
from tests.postgres import BINARIES, NONE_HERE, Server, running

COUNTS = {
    "tamper": (4, "trials of each way to tamper"),
    "syscalls": (60, "system calls that are broken"),
    "power": (50, "power cuts"),
    "kill": (5, "rounds of kill -9, on each store"),
    "writers": (20, "appends of each of the writers at once, on each store"),
    "postgres": (5, "crashes of PostgreSQL"),
    "machine": (20, "sequences of random steps, on each store"),
}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, (number, words) in COUNTS.items():
        options.add_argument(f"--{name}", type=int, default=number, metavar="N", help=f"{words} ({number})")
    options.add_argument("--seed", type=int, default=1, help="a campaign repeats by its seed (1)")
    chosen = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="robo-faults-audit-"))
    print(f"folder {folder}, seed {chosen.seed}", flush=True)
    broken = 0
    with ExitStack() as stack:
        children_of = stack.enter_context(nursery(folder))
        server = stack.enter_context(running(crashes.DURABLE)) if BINARIES else None
        for found in campaigns(chosen, children_of, server):
            print(*found.lines(), sep="\n", flush=True)
            broken += len(found.violations)
    print(f"{broken} violation(s)")
    return 1 if broken else 0


def campaigns(chosen: argparse.Namespace, children_of: Nursery, server: Server | None) -> Iterator[Found]:
    """What was asked for, one after the other; what cannot be tried here is told."""
    if chosen.tamper:
        yield tamper.campaign(children_of.room("tamper"), chosen.tamper, chosen.seed)
    if tracing.STRACE is None:
        print(tracing.NONE_HERE, flush=True)
    else:
        yield from _traced(chosen, children_of)
    for fresh in _stores(children_of, server):
        if chosen.kill:
            yield kills.campaign(children_of, fresh(), chosen.kill, chosen.seed)
        if chosen.writers:
            yield writers.campaign(children_of, fresh(), chosen.writers)
        if chosen.machine:
            yield machine(fresh, chosen.machine, chosen.seed)
    if chosen.postgres and server is not None:
        yield crashes.campaign(children_of, server, server.database("crashes"), chosen.postgres, chosen.seed)


def _traced(chosen: argparse.Namespace, children_of: Nursery) -> Iterator[Found]:
    if chosen.syscalls:
        yield syscalls.campaign(children_of, chosen.syscalls, chosen.seed)
    if chosen.power:
        bench, run = power.recorded(children_of)
        yield power.campaign(bench, run, chosen.power, chosen.seed)
        yield power.control(bench, run)


def _stores(children_of: Nursery, server: Server | None) -> Iterator[Callable[[], str]]:
    """Of each kind of store: gives the address of a new one."""
    numbers = count()
    yield lambda: f"sqlite:///{children_of.room('store')}/robo.db"
    if server is None:
        print(f"{NONE_HERE}: SQLite ONLY", flush=True)
    else:
        yield lambda: server.database(f"trial{next(numbers)}")


def machine(fresh: Callable[[], str], number: int, chance: int) -> Found:
    """So many sequences of random steps; the smallest that does not hold is printed."""
    LogMachine.fresh = staticmethod(fresh)
    seed(chance)(LogMachine)
    found = Found("random steps", trials=number)
    phases = (Phase.generate, Phase.shrink)
    wish = settings(max_examples=number, stateful_step_count=25, deadline=None, phases=phases, database=None)
    try:
        run_state_machine_as_test(LogMachine, settings=wish)
    except Exception as broken:  # noqa: BLE001 - whatever it is, it does not hold
        said = "\n".join([*format_exception_only(broken), *getattr(broken, "__notes__", ())])
        found.violations.append(said)
    return found


if __name__ == "__main__":
    sys.exit(main())
