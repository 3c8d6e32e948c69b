"""Where each segment begins: after a crash there is no open page, so a segment that needs one opens it."""

from __future__ import annotations

from collections.abc import Iterator

from robo.model.process import Process, Step
from robo.plan.model import Group, Piece, Segment
from robo.plan.problems import Problems
from robo.plan.steps import Actions, page_runners, params_of, runner_of


def check_pages(process: Process, segments: tuple[Segment, ...], actions: Actions, problems: Problems) -> None:
    """With `sessions: {page: opened}` each segment, and everything that may be asked at any time, opens its page."""
    sessions = process.sessions
    if sessions.page == "kept":
        if sessions.slots not in {None, 1}:
            problems.report(
                "RB429",
                "`page: kept` goes on where the last item ended, so there can be only one slot",
                ("sessions", "slots"),
                remedy="remove `slots`",
            )
        return
    pages = page_runners(actions)
    for segment in segments:
        for runner in sorted(pages):
            _check_steps(_steps(segment), runner, actions, problems)
    for finder in process.finders.values():
        _check_steps(iter((finder.step,)), runner_of(finder.step.action), actions, problems, only=pages)
    for segment in segments:
        if segment.once is not None and segment.once.verify is not None:
            for runner in sorted(pages):
                _check_steps(iter(segment.once.verify.steps), runner, actions, problems)


def _check_steps(
    steps: Iterator[Step],
    runner: str,
    actions: Actions,
    problems: Problems,
    only: frozenset[str] | None = None,
) -> None:
    """Every step of `runner` up to the first that always runs and opens a page must open one itself."""
    if only is not None and runner not in only:
        return
    for step in steps:
        if runner_of(step.action) != runner:
            continue
        if not opens(step, actions):
            problems.report(
                "RB416",
                "%(action)s is the first step on a page here, and no page is open: "
                "what runs again after a crash begins anew",
                (*step.path, step.action),
                remedy="begin with `%(runner)s.open: …`, or add `at: …` to the first action; "
                "to go on where the last item ended, say `sessions: {page: kept}`",
                action=step.action,
                runner=runner,
            )
            return
        if step.when is None and not step.optional:
            return


def opens(step: Step, actions: Actions) -> bool:
    """Whether a step begins on a page of its own."""
    spec = actions.get(step.action)
    return spec is not None and (spec.opens or "at" in params_of(spec, step.params))


def _steps(segment: Segment) -> Iterator[Step]:
    yield from _inside(segment.lead, conditional=False)
    if segment.once is not None:
        yield from _inside(segment.once.body, conditional=False)
        yield from segment.once.entries
        yield segment.once.submit


def _inside(pieces: tuple[Piece, ...], *, conditional: bool) -> Iterator[Step]:
    """Action steps in order; what stands in a block that may be skipped is marked `optional`."""
    for piece in pieces:
        if isinstance(piece, Group):
            skippable = conditional or piece.block.when is not None or piece.block.optional
            yield from _inside(piece.pieces, conditional=skippable)
        else:
            yield from (
                step.model_copy(update={"optional": True}) if conditional else step
                for step in piece.steps
                if step.action
            )
