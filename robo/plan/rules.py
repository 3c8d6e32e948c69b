"""The effect rules, checked before anything runs: what makes an effect happen once, and what nobody may leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from robo.model.base import Effect
from robo.model.process import Process, Step, StepKind
from robo.plan.cutting import Cutter, unwrap_tail
from robo.plan.outputs import answered, captured
from robo.plan.problems import Problems
from robo.plan.steps import effect_of, inside, walk

ENDS = frozenset({StepKind.SKIP_IF, StepKind.REJECT_IF})


def ends(step: Step) -> bool:
    """Whether a step may reject or skip the item."""
    return step.kind in ENDS or step.otherwise == "reject"


def hands_over(step: Step) -> bool:
    """Whether a step may leave the rest of the item to a person."""
    return step.kind is StepKind.HAND_OVER_IF or step.otherwise == "hand_over"


class EffectRules:
    """Every rule about effects, over the resolved steps of one process."""

    def __init__(self, cutter: Cutter, process: Process, problems: Problems) -> None:
        self._cutter = cutter
        self._process = process
        self._problems = problems

    def check(self) -> None:
        """Report everything that breaks a rule."""
        self._setup()
        process = self._process
        self._told_apart((*process.steps, *process.on_rejected, *process.on_skipped))
        self._told_apart(process.finish)
        self._known_by_one((*process.steps, *process.on_rejected, *process.on_skipped))
        self._known_by_one(process.finish)
        for steps in (process.steps, process.finish):
            self._order(steps)
            for step in steps:
                self._step(step)

    def _setup(self) -> None:
        for step in walk((*self._process.setup, *self._process.start)):
            if step.effect is Effect.SUBMIT or step.once is not None:
                self._problems.report(
                    "RB408",
                    "%(section)s cannot submit: a session is built again whenever it is lost, and this would happen "
                    "again",
                    step.path,
                    remedy="move this step to `steps`, with `once`",
                    section=str(step.path[0]),
                )
            if hands_over(step):
                self._problems.report(
                    "RB432",
                    "%(word)s cannot stand in %(section)s: it belongs to no item",
                    (*step.path, step.kind.value),
                    remedy="move it to `steps`",
                    word=step.kind.value,
                    section=str(step.path[0]),
                )

    def _order(self, steps: tuple[Step, ...], done: str = "") -> str:
        """After the first effect nothing may reject or skip the item. `done`: an effect before these steps; returned:
        one before what follows them."""
        for step in steps:
            if self._cutter.is_once(step):
                self._ends(step, done)
                done = done or step.id
            elif step.kind is StepKind.FOR_EACH and self._cutter.holds(step):
                for inner in (inner for inner in walk(step.do) if ends(inner)):
                    self._too_late_in_turns(inner, step)
                done = done or step.id
            elif self._cutter.holds(step):
                ways = [way.do for way in step.branches] or [inside(step)]
                done = next(filter(None, [self._order(way, done) for way in ways]), "")
            else:
                self._ends(step, done)
        return done

    def _ends(self, step: Step, done: str) -> None:
        for inner in walk((step,)) if done else ():
            if ends(inner):
                self._too_late(inner, done)
            elif inner.review is not None and inner.review.on_timeout != "hand_over":
                self._too_late_to_ask(inner, inner.review.on_timeout, done)

    def _too_late_to_ask(self, step: Step, way: str, done: str) -> None:
        self._problems.report(
            "RB407",
            "`on_timeout: %(word)s` cannot stand after the effect %(once)s: the item already left its trace in the "
            "application",
            (*step.path, "review", "on_timeout"),
            remedy="leave the rest to a person: `on_timeout: hand_over`",
            word=way,
            once=done,
        )

    def _too_late(self, step: Step, done: str) -> None:
        self._problems.report(
            "RB407",
            "%(word)s cannot stand after the effect %(once)s: the item already left its trace in the application",
            (*step.path, step.kind.value),
            remedy="decide before the first effect, or leave the rest to a person: `hand_over_if`, `else: hand_over`",
            word=step.kind.value,
            once=done,
        )

    def _too_late_in_turns(self, step: Step, loop: Step) -> None:
        self._problems.report(
            "RB407",
            "%(word)s cannot stand in %(loop)s, whose turns have effects: after the first one the item already left "
            "its trace in the application",
            (*step.path, step.kind.value),
            remedy="decide before the loop, or leave the rest to a person: `hand_over_if`, `else: hand_over`",
            word=step.kind.value,
            loop=loop.id,
        )

    def _step(self, step: Step) -> None:
        """One step outside any once block."""
        if step.once is not None:
            self._once(step)
            return
        if self._cutter.proves_itself(step):
            self._proves_itself(step)
            return
        self._only_with_once(step)
        if step.effect is Effect.SUBMIT:
            spec = self._cutter.actions.get(step.action)
            needed = (spec.proof_needs if spec is not None else None) or ""
            self._problems.report(
                "RB403",
                "%(action)s submits, so it needs `once`: without it a crash could make it happen twice",
                (*step.path, step.action),
                remedy="give it `%(needed)s`, where the application does the same request once, and an `id: …`; or add "
                '`id: …`, `once: "${{ item.key }}"` and `verify: a finder` to it or to the block around it'
                if needed
                else 'add `id: …`, `once: "${{ item.key }}"` and `verify: a finder` to this step or to the block '
                "around it",
                action=step.action,
                needed=needed,
            )
        for inner in inside(step):
            self._step(inner)

    def _only_with_once(self, step: Step) -> None:
        given = {
            "verify": step.verify,
            "settle": step.settle,
            "unverifiable": step.unverifiable,
            "was": step.was or None,
            "leftover": step.leftover,
        }
        for key in (key for key, value in given.items() if value is not None):
            self._problems.report(
                "RB419",
                "%(key)s belongs to an effect, and this step has no `once`",
                (*step.path, key),
                remedy="add `once`, or remove it",
                key=key,
            )
        if (step.effect or Effect.READ).rank < Effect.DRAFT.rank:
            for key in (key for key, value in {"read": step.read, "refused": step.refused or None}.items() if value):
                self._problems.report(
                    "RB420",
                    "%(key)s belongs to a step that changes something: a draft, a submit or a `once` block",
                    (*step.path, key),
                    remedy="read with an action of its own, as `browser.read`",
                    key=key,
                )

    def _told_apart(self, steps: tuple[Step, ...]) -> None:
        """An effect that proves itself is known by its action, unless there are two of them."""
        found = [step for step in walk(steps) if step.once is None and self._cutter.proves_itself(step)]
        known = Counter(step.id for step in found)
        for step in found:
            if known[step.id] > 1:
                self._problems.report(
                    "RB424",
                    "there are several %(action)s, so each needs an `id`: the journal knows the effect by it for years",
                    (*step.path, step.action),
                    remedy="add `id: sent`, and keep it; when it must change, add `was: sent`",
                    action=step.action,
                )

    def _known_by_one(self, steps: tuple[Step, ...]) -> None:
        """A name of the journal is that of one effect: what another one did would count as done by this one."""
        effects = [step for step in walk(steps) if self._cutter.is_once(step)]
        known = Counter(name for step in effects for name in {step.id, *step.was})
        for step in effects:
            for was in (name for name in step.was if known[name] > 1):
                self._problems.report(
                    "RB213",
                    "%(name)s is the name of another effect too: what that one did would count as done by %(step)s",
                    (*step.path, "was"),
                    remedy="give the other one another name",
                    name=was,
                    step=step.id,
                )

    def _proves_itself(self, step: Step) -> None:
        """An effect without `once`: its key is the item's, its action the proof. It is journaled like any other."""
        if step.unverifiable is not None:
            self._either(step)
        self._not_optional(step)

    def _not_optional(self, step: Step) -> None:
        if step.optional:
            self._problems.report("RB425", "an effect cannot be optional", (*step.path, "optional"), remedy="remove it")

    def _once(self, step: Step) -> None:
        if not step.named:
            self._problems.report(
                "RB424",
                "a step with `once` needs an `id`: the journal knows the effect by it for years",
                (*step.path, "once"),
                remedy="add `id: created`, and keep it; when it must change, add `was: created`",
            )
        self._not_optional(step)
        if step.do:
            self._block(step)
        elif effect_of(step) is not Effect.SUBMIT:
            self._no_submit(step)
        self._proof(step)

    def _block(self, block: Step) -> None:
        inner = unwrap_tail(block.do)
        for step in walk(block.do):
            self._inside(step, block)
        submits = [step for step in walk(block.do) if step.effect is Effect.SUBMIT]
        if not submits:
            self._no_submit(block)
        for extra in submits[1:]:
            self._problems.report(
                "RB405",
                "a `once` block has exactly one submit, and %(once)s has another one before this",
                (*extra.path, extra.action),
                remedy="give each submit a `once` of its own, or declare the first ones as `drafts` of the host",
                once=block.id,
            )
        if len(submits) == 1 and (inner[-1] is not submits[0] or submits[0].when is not None):
            self._problems.report(
                "RB406",
                "the submit of %(once)s must be its last step, on every path",
                (*submits[0].path, submits[0].action),
                remedy="move what follows behind the block, and a `when` of the submit to the block",
                once=block.id,
            )

    def _inside(self, step: Step, block: Step) -> None:
        if step.once is not None:
            self._problems.report(
                "RB404",
                "a `once` cannot stand inside the `once` of %(once)s",
                (*step.path, "once"),
                remedy="put the two effects one after the other",
                once=block.id,
            )
        elif step.called != block.called:
            self._called_inside(step, block)
        elif step.effect is Effect.SUBMIT:
            self._inner_submit(step)
        elif hands_over(step):
            self._problems.report(
                "RB432",
                "%(word)s cannot stand inside the `once` of %(once)s: the item would go on, and its effect with it",
                (*step.path, step.kind.value),
                remedy="put it before the block, or behind it",
                word=step.kind.value,
                once=block.id,
            )
        else:
            self._only_with_once(step)

    def _called_inside(self, step: Step, block: Step) -> None:
        """A call, and what it brings: told once, where the call stands."""
        if "call" not in step.path[len(block.path) :]:
            self._problems.report(
                "RB404",
                "a `call` cannot stand inside the `once` of %(once)s",
                step.path,
                remedy="put it before the block, or behind it",
                once=block.id,
            )

    def _inner_submit(self, step: Step) -> None:
        for key in (
            key
            for key in ("verify", "settle", "unverifiable", "was", "leftover")
            if getattr(step, key) not in (None, ())
        ):
            self._problems.report(
                "RB419",
                "%(key)s belongs to the step that carries `once`",
                (*step.path, key),
                remedy="move it to the block",
                key=key,
            )
        self._not_optional(step)

    def _no_submit(self, step: Step) -> None:
        self._problems.report(
            "RB409",
            "nothing in %(once)s submits, so `once` has nothing to protect",
            (*step.path, "once"),
            expected="exactly one action of effect submit, last",
            remedy="add the submit (`browser.submit`), say `effect: submit` on the action that does it, "
            "or remove `once`",
            once=step.id,
        )

    def _proof(self, step: Step) -> None:
        """What will tell that the effect is there."""
        actions = self._cutter.actions
        last = step
        while last.do:
            last = last.do[-1]
        if self._cutter.proves_itself(last):
            return
        read = answered(step, actions)
        if step.verify is not None:
            if step.unverifiable is not None:
                self._either(step)
            if not read and not captured(step.verify, actions, self._cutter.finders):
                self._no_receipt(step)
        elif step.unverifiable is None:
            self._problems.report(
                "RB412",
                "%(once)s has no `verify`: after a crash nothing could tell whether it happened",
                (*step.path, "once"),
                remedy="name a finder (`verify: dossier`), or say why there is none (`unverifiable: reason`); "
                "then every doubt goes to a person and nothing is credited without a receipt",
                once=step.id,
            )
        elif not read and not step.expect and not last.expect:
            self._problems.report(
                "RB427",
                "nothing would tell that %(once)s worked: it has no `verify`, no `read` and no `expect`",
                (*step.path, "unverifiable"),
                remedy="read the number the application gives (`read: {number: N° dossier}`), "
                "or say what comes (`expect: {text: Enregistré}`)",
                once=step.id,
            )

    def _either(self, step: Step) -> None:
        self._problems.report(
            "RB431",
            "%(once)s has a proof, so it is not unverifiable",
            (*step.path, "unverifiable"),
            remedy="remove one of the two",
            once=step.id,
        )

    def _no_receipt(self, step: Step) -> None:
        self._problems.report(
            "RB411",
            "the receipt of %(once)s would hold no value: `verify` reads nothing and there is no `read`",
            (*step.path, "verify"),
            remedy="add `read: {number: N° dossier}` to the finder, so that the proof can be shown",
            once=step.id,
        )


def actions_of(process: Process) -> Iterator[Step]:
    """Every action step of a process, wherever it stands."""
    if process.items is not None and process.items.source is not None:
        yield process.items.source
    for finder in process.finders.values():
        yield finder.step
    for step in walk(process.every_section):
        if step.kind is StepKind.ACTION:
            yield step
        if step.verify is not None:
            yield from (inner for inner in walk(step.verify.steps) if inner.kind is StepKind.ACTION)
