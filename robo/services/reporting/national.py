"""The books of exports that were verified: what a report of several regions is counted from, without their stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from robo.errors import words_of
from robo.model.statements import Reconciled
from robo.proof.hours import Key, total
from robo.proof.ledger import Proven
from robo.proof.national import National
from robo.services.reporting.books import Books, Frozen, Here, joined
from robo.services.reporting.model import Correction, LeftOut, Seal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def books_of(found: National) -> Books:
    """Of all exports that count, one of each region; what was left out is named in them."""
    left_out = [
        LeftOut(name=f"{each.name} ({each.region})" if each.region else each.name, why=words_of(each.error))
        for each in found.left_out
    ]
    return joined([_one(each) for each in found.taken], left_out)


def _one(found: Proven) -> Books:
    region = found.manifest.region
    said = [each for each in found.statements if each["kind"] == "reconciled"]
    attested = [(region, each["period"]) for each in found.statements if each["kind"] == "attested"]
    return Books(
        cells=found.cells,
        lasts={Here(*here): _at(micros) for here, micros in found.lasts.items()},
        records={name: each.record for name, each in found.known.items()},
        verdicts={name: each.verdicts for name, each in found.known.items()},
        effects={Here(*here): digest for here, digest in found.effects.items()},
        volumes={Key(region, each["process"], each["period"]): _stated(region, each) for each in said},
        attested=frozenset(attested),
        closings={
            (region, closing.month): Frozen(at=_at(micros), figures=total(closing.figures.values()))
            for closing, micros in found.closings
        },
        corrections=[
            Correction(
                region=region,
                process=each.process,
                of_month=each.of_month,
                in_month=each.in_month,
                reason=each.reason,
                minutes=each.minutes,
            )
            for each in found.corrections
        ],
        seals=[_seal(found)],
    )


def _seal(found: Proven) -> Seal:
    log = found.log
    return Seal(
        origin=found.manifest.origin,
        size=log.size,
        sealed=log.sealed,
        root=log.root.hex(),
        witnessed=log.witnessed,
        witnesses={name: EPOCH + timedelta(seconds=seconds) for name, seconds in log.by.items()},
    )


def _stated(region: str, said: Mapping[str, Any]) -> Reconciled:
    return Reconciled(region=region, process=said["process"], month=said["period"], **said["said"])


def _at(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
