"""Finders and `verify`: looks that change nothing and can answer."""

from __future__ import annotations

from robo.model.base import Effect
from robo.model.process import Process, Step, StepKind, Verify
from robo.plan.cutting import Cutter
from robo.plan.problems import Problems
from robo.plan.steps import effect_of, walk


class VerifyRules:
    """Finders and `verify`: what may be asked, and whether it can answer."""

    def __init__(self, cutter: Cutter, process: Process, problems: Problems) -> None:
        self._cutter = cutter
        self._process = process
        self._problems = problems

    def check(self) -> None:
        """Report looks that change something and proofs that prove nothing."""
        for finder in self._process.finders.values():
            if effect_of(finder.step) is not Effect.READ:
                self._changes(finder.step)
        for step in (*walk(self._process.steps), *walk(self._process.finish)):
            if step.verify is not None:
                self._verify(step, step.verify)

    def _verify(self, step: Step, verify: Verify) -> None:
        for inner in walk(verify.steps):
            if inner.kind is not StepKind.ACTION:
                self._no_look(inner)
            if effect_of(inner).rank > Effect.LOCAL.rank:
                self._changes(inner)
        if (verify.found_if is None) is not (verify.absent_if is None):
            self._problems.report(
                "RB415",
                "`found_if` and `absent_if` go together: what is neither is doubt, and doubt goes to a person",
                (*step.path, "verify"),
                remedy="add the other one, with positive evidence (a list seen, an empty result said so)",
            )
        elif verify.found_if is None and verify.finder is None:
            for inner in verify.steps[-1:]:
                self._answers(inner)

    def _no_look(self, step: Step) -> None:
        word = "do" if step.kind is StepKind.BLOCK else step.kind.value
        self._problems.report(
            "RB433",
            "%(word)s cannot stand in `verify`: it is a list of actions that look",
            (*step.path, word),
            remedy="end it with `found_if` and `absent_if` to decide by what was read",
            word=word,
        )

    def _answers(self, step: Step) -> None:
        spec = self._cutter.actions.get(step.action)
        if spec is None or not spec.finder:
            self._problems.report(
                "RB417",
                "%(action)s cannot say whether something is there",
                (*step.path, step.action),
                expected="one of: %(finders)s",
                remedy="end with a finder action, or add `found_if` and `absent_if`",
                action=step.action or step.kind.value,
                finders=", ".join(sorted(name for name, each in self._cutter.actions.items() if each.finder)),
            )

    def _changes(self, step: Step) -> None:
        self._problems.report(
            "RB414",
            "%(action)s changes something; looking must change nothing",
            (*step.path, step.action),
            remedy="declare the request as a read of the host (`hosts: {name: {url, reads: [POST /recherche]}}`), "
            "or look in another way",
            action=step.action,
        )
