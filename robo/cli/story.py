"""What happened, told to a person: a run, its items, each step with its time, what it took and what it was about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from robo.cli.console import data, folded, near, paint, printable, width
from robo.cli.language import _, said, say
from robo.cli.reviews import review_lines
from robo.cli.words import closer_word, journal_word, outcome_word, run_word, step_word, why_of

if TYPE_CHECKING:
    from robo.errors import RoboError
    from robo.model.base import ItemState
    from robo.model.review import Reviewed
    from robo.model.run import Item, Run

TOLD: Final = 10
"""Items whose steps `robo runs show` tells, unless all are asked for."""
STATE: Final = 11
"""Columns of a step's state: the longest in French."""


def moment(instant: datetime, *, seconds: bool = True, zone: bool = False) -> str:
    """An instant as the clock of this machine shows it; `zone`: and which clock that is, for who reads it elsewhere."""
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    return f"{instant.astimezone():{form}{' %Z' if zone else ''}}"


def counted(counts: Mapping[ItemState, int]) -> str:
    """`3 done, 2 rejected`."""
    return ", ".join(f"{count} {outcome_word(state.value)}" for state, count in counts.items() if count)


def tell_run(run: Run, counts: Mapping[ItemState, int], output: Mapping[str, Any]) -> None:
    """How the run stands: what it was asked, when it went, what came of it."""
    data(paint(f"{run.process} {run.version} · {run.region} · {run.environment}", "strong"))
    lasted = f", {(run.ended - run.created).total_seconds():.1f} s" if run.ended is not None else ""
    asked = [f"--{name} {run.options[name]}" for name in ("limit", "only") if run.options.get(name)]
    left = [say("%(count)s not taken: %(code)s", {"count": n, "code": code}) for code, n in run.not_taken.items()]
    facts = {
        _("run"): run.id,
        _("begun"): moment(run.created) + lasted,
        _("state"): " · ".join(filter(None, (run_word(run.state.value), run.reason))),
        _("asked for"): " ".join(["--dry-run"] * run.dry_run + asked),
        _("items"): ", ".join(filter(None, (counted(counts), *left))),
    }
    room = max(map(width, facts))
    for name, value in facts.items():
        if value:
            data(f"{name}{' ' * (room - width(name))}  {value}")
    for name, value in output.items():
        data(say("output %(name)s: %(value)s", {"name": name, "value": printable(str(value))}))


def foremost(items: Sequence[Item]) -> list[Item]:
    """The items in the order a person wants to see them: what needs her first, then as in the source."""
    order = ("unknown", "failed", "rejected", "held", "waiting", "cancelled")
    rank = {state: number for number, state in enumerate(order)}
    return sorted(items, key=lambda item: rank.get(item.state.value, len(order)))


def tell_steps(item: Item, attempts: Iterable[Mapping[str, Any]]) -> None:
    """One item of a run in a line, and below it each step of each attempt."""
    data()
    why = why_of(item)
    data(paint(f"{item.key}: {outcome_word(item.state.value)}", "strong") + (f"  {printable(why)}" if why else ""))
    _tell_attempts(attempts)


def tell_item(item: Item, story: Mapping[str, Any], review: Reviewed | None = None) -> None:
    """The item for a person: how it stands, what is asked, its effects, then each attempt step by step."""
    data(paint(f"{item.key}: {outcome_word(item.state.value)} {item.code}".rstrip(), "strong"))
    if item.purged is not None:
        data(
            f"  {say('purged on %(when)s: what it was made of is gone', {'when': moment(item.purged, seconds=False)})}"
        )
    if item.message:
        data(f"  {printable(say(item.message, item.facts))}")
    if item.place:
        data(f"  {_('where')}: {near(item.place)}")
    if item.remedy:
        data(f"  {_('do')}: {say(item.remedy, item.facts)}")
    for line in review_lines(item, review) if review is not None else ():
        data(line)
    for row in story["journal"]:
        by = closer_word(row.closed_by) or "-"
        facts = {"step": row.once.label, "state": journal_word(row.state.value), "n": row.n, "by": by}
        data(say("effect %(step)s: %(state)s after %(n)s intent(s), closed by %(by)s", facts))
        for field, value in row.receipt.items():
            data(f"  {field} = {printable(str(value))}")
    for drift in story["result"].get("drift", ()):
        data(say("the page has changed, another name than the first was used: %(drift)s", {"drift": printable(drift)}))
    _tell_attempts(story["attempts"])
    for picture in story["evidence"]:
        word = _("what the page showed, to copy from") if picture.endswith("snapshot.yaml") else _("picture")
        data(f"{word}: {picture}")


def tell_held(item: Item, behind: Item | None, troubles: Sequence[RoboError]) -> None:
    """Why an item is held: another one has its key, or its process is stopped; and what ends that."""
    if behind is not None:
        facts = {"key": item.key, "run": behind.run, "state": outcome_word(behind.state.value)}
        data(say("waits for the item of the same key in the run %(run)s, which is %(state)s", facts))
        remedy = say("`robo run --resume %(run)s` goes on with it, `robo runs cancel %(run)s` drops it", facts)
        data(f"  {_('do')}: {remedy}")
    for trouble in troubles:
        data(f"{trouble.code}: {printable(say(trouble.message, trouble.facts))}")
        if trouble.place:
            data(f"  {_('where')}: {near(trouble.place)}")
        if trouble.remedy:
            data(f"  {_('do')}: {say(trouble.remedy, trouble.facts)}")


def in_words(story: Mapping[str, Any]) -> dict[str, Any]:
    """The story of an item as JSON shows it, the notes of its steps said."""
    tries = [
        {**attempt, "traces": [{**line, "note": said(line["note"])} for line in attempt["traces"]]}
        for attempt in story["attempts"]
    ]
    return {**story, "attempts": tries}


def _tell_attempts(attempts: Iterable[Mapping[str, Any]]) -> None:
    for number, attempt in enumerate(attempts, 1):
        if not attempt["traces"]:  # it waits, or ended before its first step did anything
            continue
        data(say("attempt %(number)s, %(when)s", {"number": number, "when": moment(attempt["started"])}))
        for line in attempt["traces"]:
            title = line["title"] or line["step"]
            clock = f"{line['started'].astimezone():%H:%M:%S}"
            state = step_word(line["state"])
            head = f"  {clock} {line['seconds']:7.2f} s  {state:<{STATE}} "
            data(folded(head, f"{title}  {printable(said(line['note']))}"))
