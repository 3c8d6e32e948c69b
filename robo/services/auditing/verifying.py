"""Verifying: an export with nothing but its folder and a policy; or the log of a store, with all that is beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from robo.errors import InfrastructureError, UsageError
from robo.proof.export import CHECKPOINT, REGION, SUFFIX, disk, read_entries, read_export, read_payloads, read_region
from robo.proof.findings import Finding, Flaw, Report
from robo.proof.handover import CHANGED
from robo.proof.note import ED25519, VerifierKey
from robo.proof.payloads import Payloads
from robo.proof.policy import Policy
from robo.proof.verify import verify_entry, verify_log, verify_region
from robo.services.auditing.signing import open_ring
from robo.services.secrets import Keep
from robo.services.settings import Settings
from robo.services.witnessing.trust import policy_if_any
from robo.store import audit_reading, checkpoints, clock, periods, sequencer
from robo.store.clock import Tx
from robo.store.columns import EPOCH
from robo.store.engine import Store

LOG: Final = "log"
REGION_ONLY: Final = "region"
ENTRIES: Final = "entries"
STORE: Final = "store"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was verified (`kind`), of which log, and what was found. `waiting`: events that have no place yet.
    `asks`: whether the policy asks for witnesses. `single`: entries that were proven each for itself."""

    kind: str
    origin: str
    report: Report
    asks: bool
    waiting: int = 0
    single: tuple[Mapping[str, Any], ...] = field(default=())


def verify_folder(folder: Path, policy: Policy, origin: str, now: int) -> Verified:
    """Verify an export, whole or of a region or of single entries. `now`: seconds since 1970.

    `UsageError` RB662 when the policy leaves open which log is meant, RB663 when the folder holds no export; RB632,
    RB660 when what begins it cannot be read. Everything else that is wrong is in the report."""
    origin, asks = origin or _only_log(policy), not policy.is_met({})
    kind = _kind(folder)
    if kind == REGION_ONLY:
        return Verified(kind, origin, _verified_region(folder, policy, origin, now), asks)
    if kind == ENTRIES:
        return _verified_entries(folder, policy, origin, now, asks=asks)
    return Verified(kind, origin, verify_log(origin, read_export(folder), policy, now), asks)


def verify_store(store: Store, keep: Keep, settings: Settings, policy: Policy | None = None) -> Verified:
    """Verify the log of a store as it stands, in one look, with its columns, its head, its tree and its payloads.

    `policy` None: that of the settings, else the log's own keys and no witness. RB636 when the payloads' keys are
    another machine's, RB643 when no key of the log is known here, and whatever the store says."""
    with store.read() as tx:
        for region in audit_reading.regions(tx):
            periods.check(tx, region)
        origin = checkpoints.head_of(tx)[0]
        policy = policy or trusted(tx, keep, settings, origin)
        now = (clock.now(tx) - EPOCH).total_seconds()
        report = verify_log(origin, audit_reading.log_of(tx), policy, int(now))
        report.findings += audit_reading.around(tx, report)
        return Verified(STORE, origin, report, not policy.is_met({}), sequencer.waiting(tx))


def trusted(tx: Tx, keep: Keep, settings: Settings, origin: str) -> Policy:
    """The policy of the settings; where it does not know the log `origin`, with the keys that the log itself names.

    RB643 when no key of the log is known here."""
    policy = policy_if_any(settings)
    if policy.of(origin).logs or checkpoints.newest(tx) is None:
        return policy
    return replace(policy, logs=(*policy.logs, *_own_keys(tx, keep, origin)))


def _own_keys(tx: Tx, keep: Keep, origin: str) -> Iterator[VerifierKey]:
    """The keys that the log had, in their order: those that its entries hand over, then the one it has."""
    for entry in audit_reading.of_type(tx, CHANGED):
        yield VerifierKey.parse(entry["data"]["old"])
    yield open_ring(keep, origin, make=False).key.verifier(ED25519)


def _kind(folder: Path) -> str:
    """What a folder holds: a log, of which something may be missing, one region, or single entries. RB660, RB663."""
    with disk(folder.name):
        names = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    if names & {CHECKPOINT, "tile"}:
        return LOG
    if REGION in names:
        return REGION_ONLY
    if any(name.endswith(SUFFIX) for name in names):
        return ENTRIES
    raise UsageError(
        "RB663",
        "there is no export in %(folder)s: neither a checkpoint nor a proof",
        place=str(folder),
        remedy="name the folder that `robo audit export` wrote",
        folder=str(folder),
    )


def _only_log(policy: Policy) -> str:
    names = sorted({key.name for key in policy.logs})
    if len(names) == 1:
        return names[0]
    raise UsageError(
        "RB662",
        "the policy knows %(count)s logs: say which one this is",
        place="--origin",
        remedy="--origin with one of: %(names)s" if names else "the policy needs a line `log` with the log's key",
        count=len(names),
        names=", ".join(names),
    )


def _verified_region(folder: Path, policy: Policy, origin: str, now: int) -> Report:
    def look() -> Report:
        entries, proof = read_region(folder)
        return verify_region(origin, "", entries, proof, policy, now, read_payloads(folder))

    return _told(look, Report())


def _verified_entries(folder: Path, policy: Policy, origin: str, now: int, *, asks: bool) -> Verified:
    """Single entries: each is found right, or the first that is not ends it."""
    found: list[Mapping[str, Any]] = []
    report = Report()
    apart = Payloads(read_payloads(folder), report)

    def look() -> Report:
        for file, raw, proof in read_entries(folder):
            try:
                entry, by = verify_entry(origin, raw, proof, policy, now)
            except InfrastructureError as wrong:
                wrong.place = wrong.place or file
                raise
            found.append(entry.members)
            apart.take(entry)
            report.by, report.size = by, report.size + 1
        apart.end(())
        return report

    return Verified(ENTRIES, origin, _told(look, report), asks, single=tuple(found))


def _told(look: Callable[[], Report], otherwise: Report) -> Report:
    try:
        return look()
    except InfrastructureError as wrong:
        if wrong.code == "RB660":
            raise
        otherwise.findings.append(Finding(Flaw.ENTRY, None, wrong))
        return otherwise
