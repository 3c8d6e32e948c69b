"""What a verification of the audit log found, in sentences: the verdict first, then each thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from robo.cli.console import data, paint, talk, verdict
from robo.cli.language import _, chosen, located, say
from robo.cli.story import moment

if TYPE_CHECKING:
    from robo.proof.findings import Finding, Report
    from robo.services.auditing.verifying import Verified

_MOST = 20
"""Findings that are told; the others are counted."""
_STRANGE, _UNSEEN = "RB648", "RB649"
"""Alone, they say what is not known of a log, not what is wrong with it: the key is missing, or enough witnesses."""


def number(count: int) -> str:
    """A count as people group it: 12 345 or 12,345."""
    return f"{count:,}".replace(",", "\u202f" if chosen() == "fr" else ",")


def tell(found: Verified) -> None:
    """The verdict on standard output, advice on standard error."""
    report = found.report
    data(paint(_verdict(found), "good" if report.whole else "bad"))
    findings = [] if _unproven(report) else report.findings
    for line in (*_details(found), *map(_finding, findings[:_MOST])):
        data(line)
    if len(findings) > _MOST:
        data(say("… and %(count)s more", {"count": number(len(findings) - _MOST)}))
    for remark in report.remarks[:_MOST]:
        data(say("remark: %(what)s", {"what": _finding(remark)}))
    if report.findings:
        first = _first(report).error
        verdict(say(first.remedy, first.facts), good=False)
        return
    if report.remarks:
        talk(say(report.remarks[0].error.remedy, report.remarks[0].error.facts))


def _verdict(found: Verified) -> str:
    """The one sentence."""
    report, count = found.report, number(found.report.size)
    if not report.whole:
        return _not_whole(found)
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
    if not report.size:
        return _("The log is empty: nothing was written yet")
    if not report.sealed:
        return say("Log whole: %(count)s entries, not sealed yet", facts)
    if report.by:
        return say(
            "Log whole: %(count)s entries, sealed up to %(sealed)s, countersigned up to %(witnessed)s by %(by)s", facts
        )
    return say("Log whole: %(count)s entries, sealed up to %(sealed)s; the policy asks for no witness", facts)


def _not_whole(found: Verified) -> str:
    """What is wrong; or what is not known, where nothing is wrong."""
    report, first = found.report, _first(found.report)
    facts = {
        "log": found.origin or _("without a name yet"),
        "origin": first.error.facts.get("origin"),
        "count": number(report.size),
        "sealed": _until(report.sealed_ts),
    }
    unproven = _unproven(report)
    if unproven == _STRANGE and first.seq is not None:
        message = "CANNOT BE JUDGED WHOLE: entry %(seq)s of the log %(log)s changes its key, and the policy lacks one"
        return say(message, {**facts, "seq": first.seq})
    if unproven == _STRANGE and facts["origin"] != found.origin:
        return say("CANNOT BE JUDGED: this is the log %(origin)s, not %(log)s", facts)
    if unproven == _STRANGE:
        return say("CANNOT BE JUDGED: the policy does not have the key that sealed the log %(log)s", facts)
    if unproven == _UNSEEN and found.kind in {"region", "entries"}:
        return say("NOT COUNTERSIGNED by enough witnesses: what was given of the log %(log)s", facts)
    if unproven == _UNSEEN:
        message = "CONSISTENT, BUT NOT COUNTERSIGNED by enough witnesses: %(count)s entries, sealed up to %(sealed)s"
        return say(message, facts)
    what = _finding(first).strip()
    return say("THE LOG %(log)s DOES NOT VERIFY: %(what)s", {**facts, "what": what})


def _first(report: Report) -> Finding:
    """What the verdict tells: where nothing is wrong, the entry at which the log changes its key before all else."""
    placed = [each for each in report.findings if each.seq is not None] if _unproven(report) else []
    return (placed or report.findings)[0]


def _unproven(report: Report) -> str:
    """The code of what is not known, where nothing is wrong as far as the keys of the policy let one see."""
    codes = {each.error.code for each in report.findings}
    if _STRANGE not in codes:
        return _UNSEEN if codes == {_UNSEEN} else ""
    handed_over = any(each.seq is not None for each in report.findings)
    return _STRANGE if codes <= {_STRANGE, _UNSEEN} and (handed_over or not report.sealed) else ""


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
        yield say("entries not sealed yet: %(unsealed)s; events that wait for their place: %(waiting)s", facts)
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
    return located(finding.error.place if finding.seq is None else f"entry {finding.seq}")


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
