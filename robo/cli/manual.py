"""The manual procedure of a process as Markdown, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

from robo.cli.language import _, say
from robo.plan.manual import Chapter, manual
from robo.plan.model import Plan


def manual_markdown(plan: Plan) -> str:
    """What an agent does by hand, numbered by chapter; also the script of a time study."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    yield f"# {plan.title}"
    yield ""
    yield say("Procedure by hand of `%(process)s` %(version)s", {"process": plan.process, "version": plan.version})
    for chapter in manual(plan, say):
        yield ""
        yield from _chapter(chapter)
    yield ""
    yield _("Note the time at the start and at the end of each one, with what was unusual.")


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"## {chapter.title}"
    yield ""
    for number, sentence in enumerate(chapter.sentences, 1):
        stop = "" if sentence.title[-1:] in tuple(".?!") else "."
        title = f"**{sentence.title}{stop}** " if sentence.title else ""
        first, *rest = sentence.text.splitlines() or [""]
        yield f"{number}. {title}{first}"
        yield from (f"   {line}" for line in rest)
        yield from (f"   - {note}" for note in sentence.notes)
