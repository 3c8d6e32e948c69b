"""Steps: an action, a block or a control step; their keys, parameters, results and the names they leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from robo.definition import keys
from robo.definition.awaiting import read_awaited, read_target_node, refuse_off_page
from robo.definition.calling import Calls
from robo.definition.controls import VERDICT, Controls
from robo.definition.diagnostics import nearest
from robo.definition.leaving import ANSWERS, left_by
from robo.definition.letters import with_texts
from robo.definition.nesting import HOLDERS, read_block, read_leftover
from robo.definition.reviewing import answers_of, read_review
from robo.definition.scoping import ANYTHING
from robo.definition.source import Source
from robo.definition.verifying import Verifying
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.model.base import Effect
from robo.model.process import Finder, Kind, Step, StepKind
from robo.model.text import Node, Path, Template
from robo.sdk.action import ActionSpec
from robo.sdk.flaws import Flaws
from robo.sdk.parameters import read_params, spread

_NOT_THERE: Final = frozenset(keys.STEP)
WITH_NOTHING: Final = (StepKind.NOTE, StepKind.REPEAT, StepKind.CHOOSE, StepKind.OUTPUT, StepKind.EXTENSION)
"""Control steps that take no key beside those of every step."""


class Steps:
    """Reads the steps of one process in their order; every step adds what it leaves to the names."""

    def __init__(self, source: Source, actions: Mapping[str, ActionSpec]) -> None:
        self.source = source
        self.actions = actions
        self.report = source.reporter.report
        self.ids: set[str] = set()
        self.controls = Controls(source, self.ids)
        self.calls = Calls(source, self.ids)
        self.found: dict[str, Mapping[str, Any]] = {}

    # ---- where steps stand ----------------------------------------------------------------------------------
    def section(self, node: YamlNode | None, path: Path, prefix: str) -> tuple[Step, ...]:
        """The steps of a section."""
        self.source.later = frozenset(ids_of(node))
        return self.steps_of(node, path, prefix)

    def steps_of(self, node: YamlNode | None, path: Path, prefix: str) -> tuple[Step, ...]:
        """The steps of a list; those without an id are called `prefix` and their number."""
        found = [
            self.step(part, below, f"{prefix}{index}")
            for index, (part, below) in enumerate(self.source.items(node, path), 1)
        ]
        if isinstance(node, ListNode) and not node.items:
            self.report("RB204", "a list of steps has at least one", at=self.source.at_key(path))
        return tuple(step for step in found if step is not None)

    def source_step(self, node: YamlNode, path: Path) -> Step | None:
        """The action under `items: {from: …}`."""
        return self._lone(node, path, "items", "source")

    def finders(self, node: YamlNode | None) -> dict[str, Finder]:
        """`finders: {dossier: {browser.find_row: {…}}}`, readable as `find.dossier` afterwards."""
        found: dict[str, Finder] = {}
        entries = self.source.mapping(node, ("finders",))
        for name in entries:
            self.source.member(name, ("finders", name))
        for name, value in entries.items():
            step = self._lone(value, ("finders", name), f"find-{name}", "finder")
            if step is None:
                self.source.names["find"][name] = {"*": ANYTHING}
                continue
            found[name] = Finder(name=name, step=step)
            self.source.names["find"][name] = {**ANSWERS, **left_by(step, self.actions, {})}
        return found

    def _lone(self, node: YamlNode, path: Path, name: str, role: str) -> Step | None:
        step = self.step(node, path, name, alone=True)
        spec = self.actions.get(step.action) if step is not None else None
        fits = spec is not None and (spec.source if role == "source" else spec.finder)
        if step is not None and not fits:
            word = step.action or (_word_of(step) if step.kind is StepKind.BLOCK else step.kind.value)
            known = sorted(
                each.name for each in self.actions.values() if (each.source if role == "source" else each.finder)
            )
            self.report(
                "RB217",
                "%(action)s cannot stand here",
                at=self.source.at_key((*path, word)),
                expected="one of %(known)s",
                action=word,
                known=", ".join(known),
            )
        return step

    # ---- one step -------------------------------------------------------------------------------------------
    def step(self, node: YamlNode, path: Path, generated: str, *, alone: bool = False) -> Step | None:
        """One step with all its keys; None when it is no step at all (reported)."""
        if not isinstance(node, MapNode):
            self._no_step(node, path)
            return None
        for key, value in node.entries:
            self.source.keys[(*path, key.text)] = key.at
            self.source.positions[(*path, key.text)] = value.at if isinstance(value, TextNode) else key.at
        parts = {key.text: value for key, value in node.entries}
        kind, word = self._kind(node, path)
        if kind is None:
            self._remember_unknown(parts)
            return None
        step_id, named = self._identity(parts.get("id"), path, generated)
        self._allowed(parts, path, kind, word)
        return self._build(parts, path, kind, word, step_id, named=named, alone=alone)

    def _no_step(self, node: YamlNode, path: Path) -> None:
        if isinstance(node, TextNode) and node.broken:
            return
        text = node.text if isinstance(node, TextNode) else ""
        action, colon, rest = text.partition(":")
        self.report(
            "RB204",
            "a step is a mapping: its key is the action",
            at=node.at,
            expected="for example browser.open: https://… (a blank after the colon)",
            meant=f"{action}: {rest.strip() if colon else '…'}" if action in self.actions else "",
        )

    def _kind(self, node: MapNode, path: Path) -> tuple[StepKind | None, str]:
        """What a step is, by its one leading key."""
        words = [key for key, _ in node.entries]
        leading = [key for key in words if key.text in (*keys.CONTROLS, "do") or key.text not in keys.STEP]
        if any(key.text in keys.WITH_DO for key in leading):
            leading = [key for key in leading if key.text != "do"]
        known = [key for key in leading if key.text in (*keys.CONTROLS, "do") or key.text in self.actions]
        unknown = [key for key in leading if key not in known]
        for key in unknown:
            self._unknown(key, is_action="." in key.text or not known)
        if len(known) == 1:
            return _kind_of(known[0].text), known[0].text
        if len(known) > 1:
            self.report(
                "RB211",
                "a step does one thing, here are %(words)s",
                at=known[1].at,
                expected="a step of its own for each, or a block: do: [ … ]",
                words=" and ".join(key.text for key in known),
            )
        elif not unknown:
            self.report(
                "RB211",
                "this step does nothing",
                at=node.at,
                expected="an action, do, check, reject_if, skip_if, hand_over_if, for_each, repeat, choose or set",
            )
        return None, ""

    def _unknown(self, key: TextNode, *, is_action: bool) -> None:
        if not is_action:
            self.report(
                "RB203",
                "there is no %(key)s here",
                at=key.at,
                meant=nearest(key.text, keys.STEP),
                expected="one of %(keys)s",
                key=key.text,
                keys=", ".join(keys.STEP),
            )
            return
        runner = key.text.partition(".")[0]
        same = sorted(name for name in self.actions if name.startswith(f"{runner}."))
        self.report(
            "RB209",
            "there is no action %(key)s",
            at=key.at,
            meant=self._meant(key.text),
            expected="one of %(known)s" if same else "an installed action (robo actions list)",
            key=key.text,
            known=", ".join(same),
        )

    def _meant(self, word: str) -> str:
        """The action or key that was probably meant: of the same runner where there is one, else of all."""
        runner, _, name = word.rpartition(".")
        if runner:
            meant = _alike(runner, {full.partition(".")[0] for full in self.actions}) or runner
            same = {full.partition(".")[2]: full for full in self.actions if full.startswith(f"{meant}.")}
            return same.get(_alike(name, same), "")
        short = {full.rpartition(".")[2]: full for full in self.actions}
        whole = nearest(word, (*self.actions, *keys.STEP, *keys.CONTROLS))
        return short.get(name, "") or whole or short.get(_alike(name, short), "")

    def _identity(self, node: YamlNode | None, path: Path, generated: str) -> tuple[str, bool]:
        text = self.source.plain(node, (*path, "id")) if node is not None else None
        if text is None:
            while generated in self.ids or generated in self.source.every_id:
                generated += "-bis"
            return generated, False
        where = (*path, "id")
        if self._name_is_free(text, where):
            self.ids.add(text)
        return text, True

    def _name_is_free(self, name: str, where: Path) -> bool:
        """Whether a step or a variable may have this name; otherwise a report at its value."""
        self.source.keys[where] = self.source.at(where)
        taken = {*self.ids, *self.source.names["find"].keys()} if name in self.ids else self.ids
        return self.source.name(name, where, taken=taken)

    def _allowed(self, parts: Mapping[str, YamlNode], path: Path, kind: StepKind, word: str) -> None:
        """Which keys may stand together."""
        allowed = {
            StepKind.ACTION: {*keys.ACTION_STEP, *keys.EFFECT_STEP},
            StepKind.BLOCK: {*keys.BLOCK_STEP, *(keys.EFFECT_STEP if "once" in parts else ("once",))},
            StepKind.SET: {*keys.ANY_STEP},
            **{each: {*keys.ANY_STEP} for each in WITH_NOTHING},
            StepKind.CHECK: {*keys.CHECK_STEP},
            StepKind.REVIEW: {*keys.REVIEW_STEP},
            StepKind.FOR_EACH: {*keys.LOOP_STEP},
            **{each: {*keys.ENDING_STEP} for each in (StepKind.SKIP_IF, StepKind.REJECT_IF, StepKind.HAND_OVER_IF)},
        }[kind]
        if word == "call":
            allowed = {*keys.ANY_STEP}
        for key in parts:
            if key in _NOT_THERE and key != word and key not in allowed and key not in keys.CONTROLS:
                self.report(
                    "RB214",
                    "%(key)s does not go with %(word)s",
                    at=self.source.at_key((*path, key)),
                    expected="one of %(keys)s",
                    remedy="a block takes it when it has once"
                    if kind is StepKind.BLOCK and key in keys.EFFECT_STEP
                    else "",
                    key=key,
                    word=word,
                    keys=", ".join(sorted(allowed)),
                )

    def _build(
        self,
        parts: Mapping[str, YamlNode],
        path: Path,
        kind: StepKind,
        word: str,
        step_id: str,
        *,
        named: bool,
        alone: bool,
    ) -> Step:
        source = self.source
        when = source.condition(parts.get("when"), (*path, "when"))
        once = source.node(parts["once"], (*path, "once")) if "once" in parts else None
        if once is not None and not isinstance(once, str | Template):
            source.text(parts["once"], (*path, "once"))
        given: dict[str, Any] = {
            "title": source.plain(parts.get("title"), (*path, "title")) or "",
            "optional": source.typed(parts.get("optional"), (*path, "optional"), Kind.BOOL, False),
            "within": read_target_node(source, parts.get("within"), (*path, "within")),
            "timeout": self.source.lasting(parts.get("timeout"), (*path, "timeout")),
            "settle": self.source.typed(parts.get("settle"), (*path, "settle"), Kind.DURATION),
            "was": tuple(filter(None, [source.plain(parts.get("was"), (*path, "was"))])),
            "unverifiable": source.plain(parts.get("unverifiable"), (*path, "unverifiable")),
        }
        if "leftover" in parts:
            given["leftover"] = read_leftover(self, parts["leftover"], (*path, "leftover"), step_id)
        given |= self._body(parts, path, kind, word, step_id)
        given |= read_awaited(source, parts, path)
        step = Step(id=step_id, named=named, kind=kind, path=path, when=when, once=once, **given)
        if "verify" in parts:
            verify = Verifying(source, self.step).read(parts["verify"], (*path, "verify"), step_id)
            step = step.model_copy(update={"verify": verify})
        refuse_off_page(source, parts, step, self.actions)
        if not alone:
            self._leave(step)
        return step

    def _body(
        self, parts: Mapping[str, YamlNode], path: Path, kind: StepKind, word: str, step_id: str
    ) -> dict[str, Any]:
        if kind is StepKind.ACTION:
            return self._action(parts, path, word)
        if word == "call":
            return self.calls.read(parts, path)
        if kind is StepKind.BLOCK:
            return read_block(self, parts, path, step_id)
        if kind in HOLDERS:
            return HOLDERS[kind](self, parts, path, step_id)
        if kind is StepKind.REVIEW:
            return read_review(self.source, parts, path)
        return self.controls.read(kind, parts, path)

    def _action(self, parts: Mapping[str, YamlNode], path: Path, name: str) -> dict[str, Any]:
        source, spec, where = self.source, self.actions[name], (*path, name)
        with source.reading(*(("row",) if spec.each is not None else ())):
            params = with_texts(source, spec, source.node(parts[name], where), where)
        flaws = Flaws()
        read_params(spec, params, flaws)
        source.flaws(flaws, where)
        self._secret(spec, params, where)
        effect = source.choice(parts["effect"], (*path, "effect"), tuple(Effect), "") if "effect" in parts else ""
        confirm = (
            source.choice(parts["confirm"], (*path, "confirm"), ("accept", "dismiss"), "") if "confirm" in parts else ""
        )
        return {
            "action": name,
            "params": params,
            "effect": Effect(effect) if effect else None,
            "confirm": confirm or None,
        }

    def _secret(self, spec: ActionSpec, params: Node, path: Path) -> None:
        named = spread(spec, params).get("secret") if "secret" in spec.params.model_fields else None
        if isinstance(named, str):
            self.source.secrets_named.add(named)
        elif isinstance(named, Template):
            self.report(
                "RB219",
                "an expression cannot stand here",
                at=self.source.at((*path, "secret")),
                expected="the name of a secret, written out: what a run needs is checked before it begins",
            )

    def _leave(self, step: Step) -> None:
        """What follows may read the step's values by its id."""
        names = self.source.names
        if step.kind is StepKind.ACTION or step.once is not None:
            left = left_by(step, self.actions, names["find"])
            if step.id in self.ids:
                names[step.id] = left
            names["last"] = left or {"*": ANYTHING}
        elif step.id in self.ids:
            verdict = dict(VERDICT) if step.kind is StepKind.CHECK else {}
            names[step.id] = verdict if step.review is None else answers_of(step.review)

    def _remember_unknown(self, parts: Mapping[str, YamlNode]) -> None:
        """A step that is not understood may leave anything under its id."""
        node = parts.get("id")
        if isinstance(node, TextNode):
            self.source.names[node.text] = {"*": ANYTHING}


def _alike(name: str, names: Iterable[str]) -> str:
    """The nearest name, or one that `name` begins with (`click_button`)."""
    known = tuple(names)
    if name in known:
        return name
    return nearest(name, known) or next((each for each in known if name.startswith(f"{each}_")), "")


def _word_of(block: Step) -> str:
    return "call" if block.called else "do"


def _kind_of(word: str) -> StepKind:
    if word in ("do", "call"):
        return StepKind.BLOCK
    return StepKind(word) if word in keys.CONTROLS else StepKind.ACTION


def ids_of(node: YamlNode | None) -> Iterator[str]:
    """Every id below a node, to tell a step that comes later from one that is not there."""
    if isinstance(node, ListNode):
        for part in node.items:
            yield from ids_of(part)
    elif isinstance(node, MapNode):
        for key, value in node.entries:
            if key.text == "id" and isinstance(value, TextNode):
                yield value.text
            elif key.text in keys.HOLD_STEPS:
                yield from ids_of(value)
