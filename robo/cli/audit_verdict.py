"""What a verification of the audit log found, in sentences: the verdict first, then each thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from robo.cli.console import data, paint, talk, verdict
from robo.cli.language import _, chosen, say
from robo.cli.story import moment

if TYPE_CHECKING:
    from robo.proof.findings import Finding
    from robo.services.auditing.verifying import Verified

_MOST = 20
"""Findings that are told; the others are counted."""


def number(count: int) -> str:
    """A count as people group it: 12 345 or 12,345."""
    return f"{count:,}".replace(",", "\u202f" if chosen() == "fr" else ",")


def tell(found: Verified) -> None:
    """The verdict on standard output, advice on standard error."""
    report = found.report
    data(paint(_verdict(found), "good" if report.whole else "bad"))
    for line in (*_details(found), *map(_finding, report.findings[:_MOST])):
        data(line)
    if len(report.findings) > _MOST:
        data(say("… and %(count)s more", {"count": number(len(report.findings) - _MOST)}))
    for remark in report.remarks[:_MOST]:
        data(say("remark: %(what)s", {"what": _finding(remark)}))
    if report.findings:
        verdict(say(report.findings[0].error.remedy, report.findings[0].error.facts), good=False)
        return
    if report.remarks:
        talk(say(report.remarks[0].error.remedy, report.remarks[0].error.facts))


def _verdict(found: Verified) -> str:
    """The one sentence."""
    report, count = found.report, number(found.report.size)
    if not report.whole:
        first = report.findings[0]
        where = f"{_place(first)}: " if _place(first) else ""
        facts = {
            "log": found.origin or _("without a name yet"),
            "what": where + say(first.error.message, first.error.facts),
        }
        return say("THE LOG %(log)s DOES NOT VERIFY: %(what)s", facts)
    facts = {
        "count": count,
        "sealed": _until(report.sealed_ts),
        "witnessed": _until(report.witnessed_ts),
        "by": ", ".join(sorted(report.by)),
        "regions": ", ".join(report.regions),
        "own": number(sum(report.regions.values())),
    }
    if found.kind == "entries":
        return (
            say("Proven: %(count)s entries stand in the log, countersigned by %(by)s", facts)
            if report.by
            else say("Proven: %(count)s entries stand in the log; the policy asks for no witness", facts)
        )
    if found.kind == "region":
        return (
            say("Region %(regions)s whole: %(own)s entries up to %(sealed)s, countersigned by %(by)s", facts)
            if (report.by)
            else say(
                "Region %(regions)s whole: %(own)s entries up to %(sealed)s; the policy asks for no witness", facts
            )
        )
    if not report.sealed:
        return say("Log whole: %(count)s entries, not sealed yet", facts)
    if report.by:
        return say(
            "Log whole: %(count)s entries, sealed up to %(sealed)s, countersigned up to %(witnessed)s by %(by)s", facts
        )
    return say("Log whole: %(count)s entries, sealed up to %(sealed)s; the policy asks for no witness", facts)


def _details(found: Verified) -> Iterator[str]:
    report = found.report
    if found.origin:
        yield say("log: %(log)s", {"log": found.origin})
    if found.kind != "entries" and len(report.regions) > 1:
        listed = ", ".join(f"{name} {number(count)}" for name, count in sorted(report.regions.items()))
        yield say("by region: %(regions)s", {"regions": listed})
    if report.present or report.purged:
        facts = {"present": number(report.present), "purged": number(report.purged)}
        yield say("payloads: %(present)s as they were written, %(purged)s purged", facts)
    unsealed = report.size - report.sealed
    if found.kind == "store" and report.whole and (unsealed or found.waiting):
        facts = {"unsealed": number(unsealed), "waiting": number(found.waiting)}
        yield say("not sealed yet: %(unsealed)s entries; waiting for their place: %(waiting)s events", facts)
    if report.verdict is not None and report.verdict.why and report.whole:
        yield say("newest checkpoint: %(why)s", {"why": report.verdict.why})
    for entry in found.single:
        facts = {"seq": entry["seq"], "type": entry["type"], "id": entry["id"]}
        yield say("entry %(seq)s: %(type)s, %(id)s", facts)


def _finding(finding: Finding) -> str:
    place = _place(finding)
    told = say(finding.error.message, finding.error.facts)
    return f"  {place}: {told}" if place else f"  {told}"


def _place(finding: Finding) -> str:
    if finding.seq is not None:
        return say("entry %(seq)s", {"seq": finding.seq})
    return finding.error.place


def _until(micros: int | None) -> str:
    return _("its beginning") if micros is None else moment(_instant(micros), zone=True)


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def as_json(found: Verified) -> dict[str, Any]:
    """The same as data."""
    report = found.report
    return {
        "kind": found.kind,
        "origin": found.origin,
        "whole": report.whole,
        "entries": report.size,
        "root": report.root.hex(),
        "sealed": {"entries": report.sealed, "until": _iso(report.sealed_ts)},
        "countersigned": {
            "entries": report.witnessed if found.asks or report.by else 0,
            "until": _iso(report.witnessed_ts) if found.asks or report.by else None,
            "by": {name: _iso(when * 1_000_000) for name, when in sorted(report.by.items())},
            "asked": found.asks,
        },
        "light": report.verdict.light if report.verdict else None,
        "regions": dict(sorted(report.regions.items())),
        "payloads": {"present": report.present, "purged": report.purged},
        "waiting": found.waiting,
        "single": list(found.single),
        "findings": [_as_json(each) for each in report.findings],
        "remarks": [_as_json(each) for each in report.remarks],
    }


def _as_json(finding: Finding) -> Mapping[str, Any]:
    error = finding.error
    return {
        "flaw": finding.flaw,
        "entry": finding.seq,
        "code": error.code,
        "message": say(error.message, error.facts),
        "place": error.place,
        "remedy": say(error.remedy, error.facts),
    }


def _iso(micros: int | None) -> str | None:
    return None if micros is None else _instant(micros).isoformat()
