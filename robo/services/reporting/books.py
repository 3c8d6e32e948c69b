"""What a report is counted from, wherever it was read: in one store, or in exports of several that were verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from robo.model.statements import Reconciled
from robo.proof.hours import Cell, Figures, Key, Sums, fold
from robo.services.reporting.model import Correction, LeftOut, Seal

K = TypeVar("K")
V = TypeVar("V")


class Here(NamedTuple):
    """One process in one region."""

    region: str
    process: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A month that was closed: when, and with which figures in all."""

    at: datetime
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All of it; what is not known is left out."""

    cells: Mapping[Cell, Sums]
    lasts: Mapping[Here, datetime] = field(default_factory=dict)
    """When the last unit was done."""
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Baselines by their ids (`robo.proof.baselines`)."""
    verdicts: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    effects: Mapping[Here, str] = field(default_factory=dict)
    """The digests of the definitions that are run now, where they are known."""
    volumes: Mapping[Key, Reconciled] = field(default_factory=dict)
    """What the applications themselves had, as it was stated last."""
    attested: frozenset[tuple[str, str]] = frozenset()
    """The quarters (2026-Q4) that the head of a region's service says are right."""
    closings: Mapping[tuple[str, str], Frozen] = field(default_factory=dict)
    """By region and month."""
    corrections: Sequence[Correction] = ()
    seals: Sequence[Seal] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    """Of processes."""
    regions: Mapping[str, str] = field(default_factory=dict)
    """The names of regions."""
    left_out: Sequence[LeftOut] = ()


def joined(several: Iterable[Books], left_out: Sequence[LeftOut] = ()) -> Books:
    """The books of several stores as one. Nothing is in two of them: each has regions of its own."""
    all_of = list(several)
    return Books(
        cells=fold(each for books in all_of for each in books.cells.items()),
        lasts=_merged(books.lasts for books in all_of),
        records=_merged(books.records for books in all_of),
        verdicts=_merged(books.verdicts for books in all_of),
        effects=_merged(books.effects for books in all_of),
        volumes=_merged(books.volumes for books in all_of),
        attested=frozenset().union(*(books.attested for books in all_of)),
        closings=_merged(books.closings for books in all_of),
        corrections=[each for books in all_of for each in books.corrections],
        seals=[each for books in all_of for each in books.seals],
        titles=_merged(books.titles for books in all_of),
        regions=_merged(books.regions for books in all_of),
        left_out=[*(each for books in all_of for each in books.left_out), *left_out],
    )


def _merged(several: Iterable[Mapping[K, V]]) -> dict[K, V]:
    return {key: value for each in several for key, value in each.items()}
