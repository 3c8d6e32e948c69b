"""A review in words: what is shown to whom, what may be corrected, the answers, and what the end of the time does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

from robo.definition.telling import Say
from robo.model.process import Review, Step
from robo.model.text import Node, Template

DAY = timedelta(days=1)


class Writing(Protocol):
    """Who writes the procedure."""

    say: Say

    def value(self, node: Node) -> str:
        """A value as a person would be told it."""
        ...

    def reason(self, words: Node) -> str:
        """A text with its values called as a person knows them."""
        ...


def review_names(step: Step | None, say: Say) -> dict[str, str]:
    """How a person calls what a review leaves."""
    if step is None or step.review is None:
        return {}
    named = {f"{step.id}.{each.name}": f"« {each.title or each.name} »" for each in step.review.edit}
    title = step.review.title
    words = (
        "".join(part if isinstance(part, str) else "…" for part in title.parts)
        if isinstance(title, Template)
        else title
    )
    return {**named, f"{step.id}.choice": say("the answer to « %(title)s »", {"title": str(words)})}


def review_lines(writer: Writing, review: Review) -> tuple[str, ...]:
    """The question, and a line for each part of it."""
    say = writer.say
    who = review.role or say("somebody of the service", {})
    return (
        say("Ask %(role)s: « %(title)s ».", {"role": who, "title": writer.reason(review.title)}),
        *_parts(writer, review),
    )


def _parts(writer: Writing, review: Review) -> Iterator[str]:
    say = writer.say
    for name, node in review.show.items():
        yield say("Show « %(name)s »: %(value)s.", {"name": name, "value": writer.value(node)})
    for each in review.edit:
        facts = {"name": each.title or each.name, "value": writer.value(each.value) or "…"}
        yield say("To correct: « %(name)s », which is %(value)s.", facts)
    yield say("Answers: %(answers)s.", {"answers": ", ".join(f"« {words} »" for words in review.choices.values())})
    if review.answer_in is not None:
        yield _too_late(review, review.answer_in, say)
    if review.recheck:
        yield say("Before you go on, look again; if something changed, ask again.", {})


def _too_late(review: Review, wait: timedelta, say: Say) -> str:
    days = not wait % DAY
    time = {"time": str(wait // DAY) if days else f"{wait.total_seconds() / 3600:g}"}
    within = say("No answer within %(time)s working days", time) if days else say("No answer within %(time)s h", time)
    then = {
        "hand_over": say("leave the rest to a person", {}),
        "reject": say("set the row aside for a person", {}),
        "skip": say("leave the row", {}),
    }[review.on_timeout]
    return say("%(within)s: %(then)s.", {"within": within, "then": then})
