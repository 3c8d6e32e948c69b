"""Where a review may stand: the item waits there for days, outside of any session, and goes on in another run."""

from __future__ import annotations

from collections.abc import Iterator

from robo.model.process import Process, Step, StepKind
from robo.plan.problems import Problems
from robo.plan.steps import inside, walk

LOOPS = frozenset({StepKind.FOR_EACH, StepKind.REPEAT})


def check_reviews(process: Process, problems: Problems) -> None:
    """Report every review where an item cannot wait."""
    for section in ("setup", "start", "on_rejected", "on_skipped", "finish"):
        for step in walk(getattr(process, section)):
            if step.review is not None:
                _in_section(step, section, problems)
    for step, around in _asked(process.steps, ()):
        for outer in around:
            _inside(step, outer, problems)
        if process.sessions.page == "kept":
            _kept(step, problems)


def _asked(steps: tuple[Step, ...], around: tuple[Step, ...]) -> Iterator[tuple[Step, tuple[Step, ...]]]:
    """Every review with the steps that stand around it, the innermost that forbids it alone."""
    for step in steps:
        if step.review is not None:
            yield step, around[-1:]
        forbids = step.once is not None or step.kind in LOOPS or bool(step.rescue)
        yield from _asked(inside(step), (*around, step) if forbids else around)


def _in_section(step: Step, section: str, problems: Problems) -> None:
    problems.report(
        "RB482",
        "a review cannot stand in %(section)s: only an item can wait for a person",
        (*step.path, "review"),
        remedy="put it into `steps`",
        section=section,
    )


def _inside(step: Step, outer: Step, problems: Problems) -> None:
    where = (*step.path, "review")
    if outer.once is not None:
        problems.report(
            "RB482",
            "a review cannot stand inside the `once` of %(once)s: the effect would be half begun for days",
            where,
            remedy="put it before the block: what is entered there is read from its answer",
            once=outer.id,
        )
    elif outer.kind in LOOPS:
        problems.report(
            "RB482",
            "a review cannot stand in %(loop)s: a person would be asked turn after turn, each after the other's answer",
            where,
            remedy="ask once before the loop, and show the whole list",
            loop=outer.id,
        )
    else:
        problems.report(
            "RB482",
            "a review cannot stand in a block with `rescue`: nobody rescues what goes on in another run",
            where,
            remedy="put it behind the block",
        )


def _kept(step: Step, problems: Problems) -> None:
    problems.report(
        "RB483",
        "after a review no page is kept: %(step)s goes on in another run",
        (*step.path, "review"),
        remedy="leave `sessions: {page: kept}` out, and begin on a page of its own behind the review",
        step=step.id,
    )
