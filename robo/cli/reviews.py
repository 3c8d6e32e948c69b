"""What a person is asked about items: a list of all of it, and one question whole, with the command that answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

from robo.cli.console import emit, printable, table, talk
from robo.cli.language import _, say
from robo.model.base import MISSING

if TYPE_CHECKING:
    from datetime import datetime

    from robo.model.review import Question, Reviewed
    from robo.model.run import Item


def show_waiting(found: Sequence[tuple[Item, Reviewed]], *, as_json: bool) -> None:
    """One line for each question, the one whose time ends first before the others."""
    if as_json:
        shown = [{"item": item.id, "key": item.key, "run": item.run, **review_facts(each)} for item, each in found]
        emit("waiting", {"items": shown})
        return
    table(
        (_("key"), _("question"), _("who answers"), _("until"), _("run")),
        [
            (
                item.key,
                each.question.title,
                each.question.role or _("anybody"),
                _day(each.until, each.question.zone),
                item.run,
            )
            for item, each in found
        ],
    )
    if found:
        talk(_("what is asked, whole: robo items show KEY"))


def review_facts(review: Reviewed) -> dict[str, Any]:
    """One question, and its answer if there is one, as JSON shows it."""
    question = review.question
    return {
        "step": review.step,
        "state": review.state.value,
        "title": question.title,
        "role": question.role,
        "show": {name: _text(value) for name, value in question.shown.items()},
        "edit": {name: {"title": each.title, "value": _text(each.start)} for name, each in question.fields.items()},
        "choices": dict(question.choices),
        "asked": review.asked,
        "until": review.until,
        "choice": review.choice,
        "values": {name: _text(value) for name, value in review.values.items()},
        "answered": review.answered,
        "person": review.person,
        "answered_as": review.capacity,
    }


def review_lines(item: Item, review: Reviewed) -> Iterator[str]:
    """The question as a person reads it: what is shown, what may be corrected, the answers; or what was answered."""
    question = review.question
    yield say("question: %(title)s", {"title": printable(question.title)})
    if question.role:
        yield "  " + say("who answers: %(role)s", {"role": question.role})
    if review.until is not None:
        yield "  " + say("until: %(day)s", {"day": _day(review.until, question.zone)})
    yield from _values(question.shown)
    if review.choice:
        yield from _answered(review)
        return
    if item.state.value != "waiting":
        return
    for name, each in question.fields.items():
        facts = {"name": name, "title": each.title or name, "value": printable(_text(each.start))}
        yield "  " + say("to correct: --set %(name)s=… (%(title)s, now « %(value)s »)", facts)
    for code, words in question.choices.items():
        yield f"  --choice {code}: {printable(words)}"
    yield f"  robo items answer {quote(printable(item.key))} --choice {next(iter(question.choices))}{_role(question)}"


def _answered(review: Reviewed) -> Iterator[str]:
    words = review.question.choices.get(review.choice, review.choice)
    facts = {
        "words": printable(words),
        "person": review.person,
        "day": _day(review.answered, review.question.zone, time=True),
    }
    yield "  " + say("answered « %(words)s » by %(person)s, %(day)s", facts)
    yield from _values(review.values)


def _values(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        first, *more = printable(_text(value)).splitlines() or [""]
        yield f"  {name}: {first}"
        yield from (f"    {line}" for line in more)


def _role(question: Question) -> str:
    return f" --role {question.role}" if question.role else ""


def _text(value: Any) -> str:
    if value is MISSING:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(_text(each) for each in value)
    return str(value)


def _day(moment: datetime | None, zone: str, *, time: bool = False) -> str:
    """In the time of the region. A time that ends at midnight is that of the day before, whole."""
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    if moment is None:
        return "-"
    here = moment.astimezone(ZoneInfo(zone))
    if time or (here.hour, here.minute) != (0, 0):
        return f"{here:%Y-%m-%d %H:%M}"
    return f"{here - timedelta(seconds=1):%Y-%m-%d}"
