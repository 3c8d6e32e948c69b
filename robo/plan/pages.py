"""Where each segment begins: after a crash there is no open page, so a segment that needs one opens it.

A finder searches on a page of its own, so whoever mentions it, and `verify` before an effect, leaves the page too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from robo.model.process import Process, Step
from robo.plan.cutting import DECISION
from robo.plan.model import Choice, Group, Loop, Once, Piece, Repeat, Segment, performed
from robo.plan.outputs import asked_inside, uses_of
from robo.plan.problems import Problems
from robo.plan.steps import Actions, opens, page_runners, runner_of


def check_hosts_set_up(process: Process, setups: Iterable[Group], actions: Actions, problems: Problems) -> None:
    """Report what is done at the first use of a host when it does not go there, or acts on a page it did not open: any
    page may be there before."""
    for group in setups:
        _Walk(process, actions, problems, _start(page_runners(actions))).pieces(group.do, frozenset())
        if not any(opens(step, actions) for step in performed(group.do)):
            problems.report(
                "RB498",
                "the setup of %(host)s opens no page: nothing leads to it, and nothing is signed in to",
                group.step.path,
                remedy='begin with `browser.login: {at: "${{ inputs.%(host)s }}", …}` or `browser.open: …`',
                host=group.step.host,
            )


def check_pages(process: Process, segments: tuple[Segment, ...], actions: Actions, problems: Problems) -> None:
    """Report each segment that acts on a page it did not open, and each search that has no page to begin on."""
    kept = process.sessions.page == "kept"
    if kept and process.sessions.slots not in {None, 1}:
        problems.report(
            "RB429",
            "`page: kept` goes on where the last item ended, so there can be only one slot",
            ("sessions", "slots"),
            remedy="remove `slots`",
        )
    if process.sessions.account == "exclusive" and process.sessions.slots not in {None, 1}:
        problems.report(
            "RB479",
            "`account: exclusive` is one session at a time, so there can be only one slot",
            ("sessions", "slots"),
            remedy="remove `slots`",
        )
    pages = page_runners(actions)
    if process.items is not None and process.items.source is not None:
        _Walk(process, actions, problems, _start(pages)).step(process.items.source)
    for segment in segments:
        _Walk(process, actions, problems, _start(pages, kept=kept)).segment(segment)
    if kept:
        return
    for finder in process.finders.values():
        _Walk(process, actions, problems, _start(pages)).step(finder.step)
    for segment in segments:
        if segment.once is not None and segment.once.verify is not None:
            walk = _Walk(process, actions, problems, _start(pages))
            for step in segment.once.verify.steps:
                walk.step(step)


DECIDED = re.compile(rf"({DECISION}\w+) and ")
Guards = frozenset[str]
"""Conditions under which a step runs, all of them."""


@dataclass
class _Walk:
    """Follows one segment. `on_page`: runner -> the conditions under each of which a page is open before it."""

    process: Process
    actions: Actions
    problems: Problems
    on_page: dict[str, set[Guards]]
    asked: set[str] = field(default_factory=set)
    left_by: dict[str, str] = field(default_factory=dict)
    """Runner -> the finder that left its page."""
    extended: dict[str, str] = field(default_factory=dict)
    """Runner -> the extension that may have left its page."""
    told: bool = False

    def segment(self, segment: Segment) -> None:
        self.pieces(segment.lead, frozenset())
        if segment.once is not None:
            self._once(segment.once)

    def _once(self, once: Once) -> None:
        guards = _guards(once.step)
        if once.step is not once.submit:
            self._mentions(once.step)
        if once.verify is not None and once.verify.asks != "after":
            if once.verify.finder is not None:
                self._ask(once.verify.finder)
            for step in once.verify.steps:
                self._leave(runner_of(step.action), "verify")
        if once.step.leftover is not None:
            self._ask(once.step.leftover.finder)
            self.pieces(once.leftover, guards | {f"leftover {once.id}"})
        self.pieces(once.body, guards)
        for step in (*once.entries, once.submit):
            self.step(step, guards)

    def pieces(self, pieces: tuple[Piece, ...], guards: Guards) -> None:
        for piece in pieces:
            if isinstance(piece, Group):
                self._mentions(piece.step)
                self.pieces(piece.do, guards | _guards(piece.step))
                for number, (_, rescue) in enumerate(piece.rescues):
                    self.pieces(rescue, guards | _guards(piece.step) | {f"rescue {piece.step.id} {number}"})
                self._extension(piece)
            elif isinstance(piece, Choice):
                self._mentions(piece.step)
                for number, (_, way) in enumerate(piece.ways):
                    self.pieces(way, guards | _guards(piece.step) | {f"way {piece.step.id} {number}"})
            elif isinstance(piece, Loop):
                self._mentions(piece.step)
                self.pieces(piece.pieces, guards | _guards(piece.step) | {f"each {piece.step.id}"})
            elif isinstance(piece, Repeat):
                inside = guards | _guards(piece.step)
                self.pieces(piece.do, inside)
                self._mentions(piece.step)
                self.pieces(piece.between, inside | {f"again {piece.step.id}"})
            else:
                for step in piece.steps:
                    self.step(step, guards)

    def step(self, step: Step, guards: Guards = frozenset()) -> None:
        """One step: what it mentions may leave the page, then it needs one or opens one."""
        self._mentions(step)
        runner = runner_of(step.action)
        if runner not in self.on_page:
            return
        guards |= _guards(step)
        if opens(step, self.actions):
            self.on_page[runner].add(guards)
        elif not self.told and not any(condition <= guards for condition in self.on_page[runner]):
            self.told = True
            self._report(step, runner)

    def _mentions(self, step: Step) -> None:
        for _, mention in (*uses_of(step), *asked_inside(step)):
            if mention.root == "find" and len(mention.parts) > 1:
                self._ask(mention.parts[1])

    def _ask(self, name: str) -> None:
        finder = self.process.finders.get(name)
        if finder is not None and name not in self.asked:
            self.asked.add(name)
            self._leave(runner_of(finder.step.action), name)

    def _leave(self, runner: str, finder: str) -> None:
        if self.on_page.get(runner):
            self.on_page[runner] = set()
            self.left_by[runner] = finder

    def _extension(self, group: Group) -> None:
        """Steps of a region that do more than read and enter may end on another page than they began on."""
        for step in performed(group.do) if group.step.extension else ():
            runner, spec = runner_of(step.action), self.actions.get(step.action)
            stays = spec is not None and (spec.entry or spec.result_param is not None) and not opens(step, self.actions)
            if self.on_page.get(runner) and not stays:
                self.on_page[runner] = set()
                self.extended[runner] = group.step.extension

    def _report(self, step: Step, runner: str) -> None:
        path = (*step.path, step.action)
        if runner in self.extended:
            self.problems.report(
                "RB457",
                "the steps of %(extension)s may end on another page, and %(action)s goes on behind them",
                ("processes", self.process.id, "extensions", self.extended[runner]),
                in_region=True,
                remedy="only read and enter there, or ask the author to open the page again behind the extension point",
                extension=self.extended[runner],
                action=step.action,
            )
            return
        if runner in self.left_by:
            self.problems.report(
                "RB430",
                "%(finder)s was asked just before and searched on a page of its own: %(action)s is no longer where "
                "it was",
                path,
                remedy="mention the finder before the page is opened (`set: {seen: …}`), or open the page again here",
                finder=self.left_by[runner],
                action=step.action,
            )
            return
        self.problems.report(
            "RB416",
            "%(action)s is the first step on a page here, and no page is open: what runs again after a crash "
            "begins anew",
            path,
            remedy="begin with `%(runner)s.open: …`, or add `at: …` to the first action; "
            "to go on where the last item ended, say `sessions: {page: kept}`",
            action=step.action,
            runner=runner,
        )


def _start(pages: frozenset[str], *, kept: bool = False) -> dict[str, set[Guards]]:
    """Every page runner; with `kept` the page of the last item is before it."""
    return {runner: {frozenset()} if kept else set() for runner in pages}


def _guards(step: Step) -> Guards:
    """What one step's own running depends on; a decision taken for its block (`robo.plan.cutting`) counts alone too."""
    found = {f"optional {step.id}"} if step.optional else set()
    if step.when is not None:
        decided = DECIDED.match(step.when.source)
        found |= {step.when.source, *((decided[1],) if decided else ())}
    return frozenset(found)
