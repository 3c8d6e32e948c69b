"""`make faults N=300`: N trials, two at a time; prints each violation, then the count. Exit 1 on any violation."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from robo.sandbox.handle import RunningSandbox, spawn
from tests.faults.plan import KINDS, Plan
from tests.faults.trial import Trial, Verdict, describe


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", "--number", type=int, default=300, help="how many trials")
    options.add_argument(
        "--first", type=int, default=0, help="number of the first trial; a trial repeats by its number"
    )
    options.add_argument("--at-once", type=int, default=2)
    options.add_argument("--kind", choices=sorted(set(KINDS)), action="append", help="only trials of this kind")
    options.add_argument("--keep", action="store_true", help="keep the folders of trials that held, too")
    chosen = options.parse_args()
    base = Path(tempfile.mkdtemp(prefix="robo-faults-"))
    numbers = range(chosen.first, chosen.first + chosen.number)
    plans = [plan for plan in map(Plan.of, numbers) if not chosen.kind or plan.kind in chosen.kind]
    with spawn(base / "portal.db") as portal, ThreadPoolExecutor(chosen.at_once) as pool:
        portal.faults.accept_duplicates()  # a second submit must show in the truth

        def one(plan: Plan) -> Verdict:
            verdict = _played(plan, portal, base / f"{plan.number:05d}")
            print(describe(verdict), flush=True)
            if not verdict.violations and not chosen.keep:
                shutil.rmtree(base / f"{plan.number:05d}")
            return verdict

        verdicts = list(pool.map(one, plans))
    return summary(verdicts, base)


def _played(plan: Plan, shared: RunningSandbox, folder: Path) -> Verdict:
    """One trial; a portal that is to be killed is a portal of its own. What goes wrong with a trial is told."""
    try:
        if plan.kind != "portal":
            return Trial(plan, shared, folder).play()
        folder.parent.mkdir(exist_ok=True)
        with spawn(folder.with_suffix(".db"), port=_free_port()) as own:
            own.faults.accept_duplicates()
            trial = Trial(plan, own, folder)
            try:
                return trial.play()
            finally:
                trial.portal.stop()
    except Exception as trouble:  # noqa: BLE001 - a trial that cannot be judged has not held
        traceback.print_exc()
        return Verdict(plan, False, {}, 0.0, [f"{type(trouble).__name__}: {trouble}"])


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def summary(verdicts: list[Verdict], base: Path) -> int:
    """Deaths by kind, those that were meant to die and did not, what stayed unknown, and every violation again."""
    kinds = Counter(verdict.plan.kind for verdict in verdicts if verdict.died)
    alive = Counter(verdict.plan.kind for verdict in verdicts if not verdict.died)
    unknown = sum("unknown" in state for verdict in verdicts for state in verdict.states.values())
    broken = [
        f"{verdict.plan.number} {verdict.plan.kind}: {said}" for verdict in verdicts for said in verdict.violations
    ]
    print(f"{len(verdicts)} trials, {sum(kinds.values())} deaths: {dict(kinds)}")
    print(f"{sum(alive.values())} were over before anything struck: {dict(alive)}")
    print(f"{unknown} item(s) left unknown for a person")
    print(f"{len(broken)} violation(s)", *broken, sep="\n  ")
    if broken:
        print(f"folders: {base}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
