"""A region's words: texts of pages that read otherwise there, replaced wherever a process names them.

What is a text of a page follows from how an action declares its parameters: targets are, the keys of a mapping of
values are (`fill: {Nom: …}`), the values entered are not. Only actions of runners that work on pages are changed: a
column of a workbook keeps its name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from robo.model.overlay import Relabel
from robo.model.process import Popup, Refusal, Step
from robo.model.text import Node
from robo.plan.steps import Actions, change_inside, params_of, runner_of
from robo.sdk.action import ActionSpec
from robo.sdk.parameters import parameters
from robo.sdk.snapshots import NOTATION
from robo.sdk.targets import Read, Target, Watched

GRAMMAR = frozenset({"match", "type", "format", "all", "required", "nth", "css", *NOTATION})
"""Words of the target, read and snapshot grammar whose values are not texts of a page."""


def same_text(text: str) -> str:
    """A label as pages are compared: NFC, blanks collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class Relabelling:
    """Applies all labels of a region at once (A -> B and B -> C do not chain); remembers which ones were met."""

    def __init__(self, labels: tuple[Relabel, ...], actions: Actions, pages: frozenset[str]) -> None:
        self._actions = actions
        self._pages = pages
        self._labels = labels
        self.met: set[int] = set()
        """Indexes of the labels that occur."""
        self.clashes: dict[int, Step] = {}
        """Labels whose new text already stands beside the old one: two fields would become one."""
        self._step = Step.model_construct()

    def all(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(self.step(step) for step in steps)

    def step(self, step: Step, inside: frozenset[str] = frozenset()) -> Step:
        """The step with its own texts and those of everything in it replaced."""
        ids = inside | {step.id}
        words = self._words(ids)
        self._step = step
        spec = self._actions.get(step.action)
        on_page = runner_of(step.action) in self._pages if step.action else True
        update: dict[str, Any] = change_inside(step, lambda steps: tuple(self.step(inner, ids) for inner in steps))
        if step.verify is not None and step.verify.steps:
            inner_steps = tuple(self.step(inner, ids) for inner in step.verify.steps)
            update["verify"] = step.verify.model_copy(update={"steps": inner_steps})
        if on_page:
            update |= {
                "within": self._page(step.within, words) if step.within is not None else None,
                "expect": tuple(self._page(node, words) for node in step.expect),
                "read": self._named(step.read, words) if step.read is not None else None,
                "refused": tuple(self._refusal(refusal, words) for refusal in step.refused),
            }
            if spec is not None:
                update["params"] = self.params(spec, step.params, words)
        return step.model_copy(update=update)

    def popup(self, popup: Popup) -> Popup:
        """What appears, and what puts it away, in the region's words."""
        words = self._words(frozenset())
        see = self._page(popup.see, words) if popup.see is not None else None
        return popup.model_copy(update={"dismiss": self._page(popup.dismiss, words), "see": see})

    def params(self, spec: ActionSpec, node: Node, words: Mapping[str, int]) -> Node:
        """The parameters in the form the author gave them, with their page texts replaced."""
        named = params_of(spec, node)
        changed = {name: self._param(spec, name, value, words) for name, value in named.items()}
        if isinstance(node, Mapping) and not (spec.open_mapping and spec.primary is not None):
            return changed
        return changed.get(spec.primary or "", node)

    def texts(self, step: Step) -> set[int]:
        """The labels that stand in the parameters of this one step."""
        spec = self._actions.get(step.action)
        before, self.met = self.met, set()
        if spec is not None and runner_of(step.action) in self._pages:
            self.params(spec, step.params, self._words(frozenset({step.id}), every=True))
        met, self.met = self.met, before
        return met

    def _words(self, ids: frozenset[str], *, every: bool = False) -> Mapping[str, int]:
        """Which label applies to a text here; a label for this step goes before one for all."""
        general = {same_text(label.source): index for index, label in enumerate(self._labels) if label.step is None}
        own = {
            same_text(label.source): index
            for index, label in enumerate(self._labels)
            if label.step is not None and (every or label.step in ids)
        }
        return {**general, **own}

    def _param(self, spec: ActionSpec, name: str, node: Node, words: Mapping[str, int]) -> Node:
        field = parameters(spec.params).get(name)
        annotation = field.annotation if field is not None else None
        if _mentions(annotation, Read):
            return self._named(node, words) if _is_mapping(annotation) else self._page(node, words)
        if _mentions(annotation, Target) or _mentions(annotation, Watched):
            return self._page(node, words)
        if _is_mapping(annotation):
            return self._keys(node, words)
        return self._text(node, words) if isinstance(node, str) and _mentions(annotation, str) else node

    def _refusal(self, refusal: Refusal, words: Mapping[str, int]) -> Refusal:
        return refusal.model_copy(update={"target": self._page(refusal.target, words)})

    def _page(self, node: Node, words: Mapping[str, int]) -> Node:
        if isinstance(node, str):
            return self._text(node, words)
        if isinstance(node, tuple):
            return tuple(self._page(inner, words) for inner in node)
        if isinstance(node, Mapping):
            return {key: self._member(key, value, words) for key, value in node.items()}
        return node

    def _member(self, key: str, value: Node, words: Mapping[str, int]) -> Node:
        if key in GRAMMAR:
            return value
        return self._keys(value, words) if key == "row" else self._page(value, words)

    def _named(self, node: Node, words: Mapping[str, int]) -> Node:
        """`{name: target}`: the names are the author's, the targets are the page's."""
        if not isinstance(node, Mapping):
            return self._page(node, words)
        return {key: self._page(value, words) for key, value in node.items()}

    def _keys(self, node: Node, words: Mapping[str, int]) -> Node:
        """`{text of the page: value}`."""
        if isinstance(node, tuple):
            return tuple(self._keys(inner, words) for inner in node)
        if not isinstance(node, Mapping):
            return node
        changed: dict[str, Node] = {}
        came_from: dict[str, str] = {}
        for key, value in node.items():
            new = self._text(key, words)
            if new in changed:
                relabelled = key if same_text(key) in words else came_from[new]
                self.clashes[words[same_text(relabelled)]] = self._step
            changed[new], came_from[new] = value, key
        return changed

    def _text(self, text: str, words: Mapping[str, int]) -> str:
        index = words.get(same_text(text))
        if index is None:
            return text
        self.met.add(index)
        return self._labels[index].to


def _is_mapping(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return True
    return any(_is_mapping(inner) for inner in get_args(annotation))


def _mentions(annotation: Any, wanted: type) -> bool:
    return annotation is wanted or any(_mentions(inner, wanted) for inner in get_args(annotation))
