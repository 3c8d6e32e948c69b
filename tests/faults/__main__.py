"""`make faults N=300`: N trials, two at a time; prints each violation, then the count. Exit 1 on any violation."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from robo.sandbox.handle import spawn
from tests.faults.trial import Plan, Trial, Verdict, describe

ACCOUNT = "robot.occitanie"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("-n", "--number", type=int, default=300, help="how many trials")
    options.add_argument(
        "--first", type=int, default=0, help="number of the first trial; a trial repeats by its number"
    )
    options.add_argument("--at-once", type=int, default=2)
    options.add_argument("--keep", action="store_true", help="keep the folders of trials that held, too")
    chosen = options.parse_args()
    base = Path(tempfile.mkdtemp(prefix="robo-faults-"))
    with spawn(base / "portal.db") as portal, ThreadPoolExecutor(chosen.at_once) as pool:
        portal.faults.accept_duplicates()  # a second submit must show in the truth
        account = (ACCOUNT, portal.accounts[ACCOUNT])

        def play(number: int) -> Verdict:
            folder = base / f"{number:05d}"
            verdict = Trial(Plan.of(number), portal, account, folder).play()
            print(describe(verdict), flush=True)
            if not verdict.violations and not chosen.keep:
                shutil.rmtree(folder)
            return verdict

        verdicts = list(pool.map(play, range(chosen.first, chosen.first + chosen.number)))
    return summary(verdicts, base)


def summary(verdicts: list[Verdict], base: Path) -> int:
    """The count by kind, and every violation again at the end."""
    kinds = Counter(verdict.plan.kind for verdict in verdicts if verdict.died)
    broken = [violation for verdict in verdicts for violation in verdict.violations]
    print(f"{len(verdicts)} trials, {sum(kinds.values())} deaths: {dict(kinds)}")
    print(f"{len(broken)} violation(s)", *broken, sep="\n  ")
    if broken:
        print(f"folders: {base}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
