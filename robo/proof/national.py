"""The exports of several regions together: each is verified, and what cannot be believed is left out and named.

A region is counted once. Two exports of it may be one earlier and one later of the same log: the longer one counts. If
they are not, one of them is of another history or of another store, and nobody can say which: both are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from robo.errors import InfrastructureError, RoboError
from robo.proof.differences import difference
from robo.proof.export import read_region
from robo.proof.ledger import LOG, Proven, verify_ledger
from robo.proof.merkle import leaf_hash
from robo.proof.policy import Policy


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An export that is no part of the sum, and why."""

    name: str
    region: str
    error: RoboError


@dataclass(frozen=True, slots=True)
class National:
    """The exports that count, one of each region, in the order of regions; and those that do not."""

    taken: Sequence[Proven]
    left_out: Sequence[LeftOut]


@dataclass(frozen=True, slots=True)
class _Export:
    folder: Path
    proven: Proven

    @property
    def region(self) -> str:
        return self.proven.manifest.region

    @property
    def entries(self) -> int:
        return self.proven.log.regions.get(self.region, 0)

    def leaf(self, number: int) -> bytes:
        """The leaf of an entry of the region."""
        entries, _ = read_region(self.folder / LOG)
        return leaf_hash(next(islice(entries, number, None)))


def national(folders: Sequence[Path], policy: Policy, now: int | None = None) -> National:
    """Verify the exports in these folders and take one of each region. `now`: seconds since 1970.

    `InfrastructureError` RB660 when a disk does not give one of them: a sum is not made of what happens to be read."""
    by_region: dict[str, list[_Export]] = {}
    left_out: list[LeftOut] = []
    for folder in folders:
        try:
            found = verify_ledger(folder, policy, now)
        except RoboError as none:
            if none.code == "RB660":
                raise
            left_out.append(LeftOut(folder.name, "", none))
            continue
        wrong, origin = found.difference, found.manifest.origin
        if origin and not policy.of(origin).logs:
            message = "its store is not registered: the policy has no log %(says)s"
            wrong = difference("RB064", message, place=folder.name, row=found.manifest.region, says=origin)
        if wrong is None:
            by_region.setdefault(found.manifest.region, []).append(_Export(folder, found))
        else:
            left_out.append(LeftOut(folder.name, found.manifest.region, wrong))
    taken = []
    for region in sorted(by_region):
        best, others = _one_of(by_region[region])
        taken += best
        left_out += others
    return National(taken, left_out)


def _one_of(exports: Sequence[_Export]) -> tuple[list[Proven], list[LeftOut]]:
    """The longest export of a region, when all others are its beginning; else none of them."""
    best = max(exports, key=lambda each: each.entries)
    strange = [each for each in exports if each is not best and not _begins(each, best)]
    if not strange:
        return [best.proven], [
            LeftOut(each.folder.name, each.region, _older(best)) for each in exports if each is not best
        ]
    return [], [LeftOut(each.folder.name, each.region, _two(each, exports)) for each in exports]


def _begins(earlier: _Export, later: _Export) -> bool:
    """Whether one is of the same log as the other, and ends in an entry of it: then all before is the same, too."""
    same = earlier.proven.manifest.origin == later.proven.manifest.origin
    return same and earlier.leaf(earlier.entries - 1) == later.leaf(earlier.entries - 1)


def _older(best: _Export) -> InfrastructureError:
    return difference(
        "RB064", "%(says)s is the same or a later export of the region", row=best.region, says=best.folder.name
    )


def _two(export: _Export, exports: Sequence[_Export]) -> InfrastructureError:
    others = ", ".join(sorted(each.folder.name for each in exports if each is not export))
    message = "the region %(row)s is told otherwise by %(says)s: nobody can say which of them is its store"
    return difference("RB064", message, row=export.region, says=others)
