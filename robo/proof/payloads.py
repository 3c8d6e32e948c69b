"""What became of the personal data beside a log: there and right, purged as an entry says, or missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hmac import compare_digest
from typing import Final

from robo.errors import InfrastructureError
from robo.proof.entry import Entry, commitment
from robo.proof.findings import Finding, Flaw, Report, broken

Payload = tuple[str, bytes, bytes | None]
"""An event's id, the salt and the canonical bytes of its payload; None: it lies there, but nobody can open it."""
PURGED: Final = "retention.purged"
"""The type of the event that says which payloads were destroyed: `data.count` of those before it whose `key` is its
`data.key`."""


class Payloads:
    """Payloads beside the entries they belong to. They come in the same order: the next one is all that is held."""

    def __init__(self, stream: Iterable[Payload] | None, report: Report) -> None:
        self.stream = None if stream is None else iter(stream)
        self.report = report
        self.ahead: Payload | None = None
        self.seq = 0
        self.there: dict[str | None, list[int]] = {}
        self.locked: dict[str | None, list[int]] = {}
        self.absent: dict[str | None, list[int]] = {}

    def take(self, entry: Entry) -> None:
        """Present and right, or purged, or missing until a purge of its key says so."""
        if entry.type == PURGED and isinstance((said := entry.said).get("key"), str):
            self.purge(said["key"], said.get("count"))
        if self.stream is None or entry.pc is None or not self.look():
            return
        seq = entry.seq
        if self.ahead is None or self.ahead[0] != entry.id:
            _count(self.absent, entry.key, seq)
            return
        _, salt, body = self.ahead
        self.ahead, self.seq = None, seq
        _count(self.there, entry.key, seq)
        if body is None:
            _count(self.locked, entry.key, seq)
        elif compare_digest(commitment(salt, body), entry.pc):
            self.report.present += 1
        else:
            self.find(broken("RB634", "the payload was altered: it is not the one that the entry commits to", seq), seq)

    def look(self) -> bool:
        """See to it that the next payload is at hand. False when payloads are not looked at, or not any more: behind
        one that cannot be read nothing is known."""
        try:
            if self.stream is not None and self.ahead is None:
                self.ahead = next(self.stream, None)
        except InfrastructureError as wrong:
            self.stream = None
            self.report.findings.append(Finding(Flaw.PAYLOAD, None, wrong))
        return self.stream is not None

    def purge(self, key: str, said: object) -> None:
        """A purge answers for as many payloads as it `said` (none, where that is no number), of those written under its
        key before it: what went before it is not excused by it. What it left is remarked: it was cut short."""
        gone, first = self.absent.pop(key, [0, 0])
        self.report.purged += gone
        if gone > (most := said if type(said) is int else 0):
            message = "%(count)s payload(s) are gone though no purge says so"
            error = broken("RB634", message, first, count=gone - most)
            self.report.findings.append(Finding(Flaw.MISSING, first, error))
        self.locked.pop(key, None)
        if key in self.there:
            count, seq = self.there.pop(key)
            message = "%(count)s payload(s) are still there though a purge says that they are gone"
            self.report.remarks.append(Finding(Flaw.PAYLOAD, seq, broken("RB634", message, seq, count=count)))

    def end(self, purging: Iterable[tuple[str, object]]) -> None:
        """There must be no payload more; those that are gone, or that nobody can open, must have been purged."""
        for key, said in purging:
            self.purge(key, said)
        if self.look() and self.ahead is not None:
            message = "behind its payload comes that of %(event)s, which is of no entry there"
            self.find(broken("RB634", message, self.seq, event=self.ahead[0]), self.seq)
        elif self.stream is not None:
            message = "%(count)s payload(s) are gone though no purge says so"
            self.missing(message, self.absent)
            message = "%(count)s payload(s) cannot be opened: their key is gone, and no purge says so"
            self.missing(message, self.locked)

    def missing(self, message: str, found: Mapping[str | None, list[int]]) -> None:
        if found:
            count, seq = sum(each[0] for each in found.values()), min(each[1] for each in found.values())
            self.report.findings.append(Finding(Flaw.MISSING, seq, broken("RB634", message, seq, count=count)))

    def find(self, error: InfrastructureError, seq: int) -> None:
        self.report.findings.append(Finding(Flaw.PAYLOAD, seq, error))


def _count(found: dict[str | None, list[int]], key: str | None, seq: int) -> None:
    """One more under this key: how many, and the first."""
    found.setdefault(key, [0, seq])[0] += 1
