"""What a step awaits after its act: values read, words of refusal, what must come; and where it acts (`within`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from robo.definition.keys import POPUP
from robo.definition.source import Source
from robo.definition.yaml_text import ListNode, YamlNode
from robo.model.base import Effect
from robo.model.process import Popup, Refusal, Step, StepKind
from robo.model.text import Node, Path
from robo.sdk.action import ActionSpec, Proof
from robo.sdk.flaws import Flaws
from robo.sdk.grammar import read_reads, read_targets, read_watched

OF_A_PAGE: Final = ("read", "expect", "refused", "within", "confirm")
"""Keys of a step that are about what a page shows."""
_CODE = re.compile(r"[^\W_]+(?:[-_][^\W_]+)*")


def each(source: Source, node: YamlNode | None, path: Path) -> Iterator[tuple[YamlNode, Path]]:
    """The members of a list, or the one that stands alone."""
    if isinstance(node, ListNode):
        yield from source.items(node, path)
    elif node is not None:
        yield node, path


def read_target_node(source: Source, node: YamlNode | None, path: Path) -> Node | None:
    """A target (or ranked ones) with its expressions, checked."""
    if node is None:
        return None
    tree = source.node(node, path)
    flaws = Flaws()
    read_targets(tree, (), flaws)
    source.flaws(flaws, path)
    return tree


def read_popups(source: Source, node: YamlNode | None) -> tuple[Popup, ...]:
    """`popups: [{see: {dialog: Enquête}, dismiss: {button: Plus tard}}]`."""
    found = []
    for part, below in each(source, node, ("popups",)):
        parts = source.mapping(part, below, POPUP)
        dismiss = read_target_node(source, source.required(parts, "dismiss", below), (*below, "dismiss"))
        see = read_target_node(source, parts.get("see"), (*below, "see"))
        if dismiss is not None:
            found.append(Popup(dismiss=dismiss, see=see, path=below))
    return tuple(found)


def read_awaited(source: Source, parts: Mapping[str, YamlNode], path: Path) -> dict[str, Any]:
    """The members `read`, `expect` and `refused` of a step."""
    read = source.node(parts["read"], (*path, "read")) if "read" in parts else None
    if read is not None:
        flaws = Flaws()
        read_reads(read, (), flaws)
        source.flaws(flaws, (*path, "read"))
    expected = [
        read_target_node(source, node, below) for node, below in each(source, parts.get("expect"), (*path, "expect"))
    ]
    return {
        "read": read if isinstance(read, Mapping) else None,
        "expect": tuple(tree for tree in expected if tree is not None),
        "refused": tuple(_refusals(source, parts.get("refused"), (*path, "refused"))),
    }


def refuse_off_page(
    source: Source, parts: Mapping[str, YamlNode], step: Step, actions: Mapping[str, ActionSpec]
) -> None:
    """Report what is of a page on a step whose act shows none: it would be read and awaited nowhere.

    A submit that does not prove itself is heard by what is read of its answer, whatever a guest's answer looks like."""
    act = step
    while act.kind is StepKind.BLOCK and act.once is not None and act.do:
        act = act.do[-1]
    spec = actions.get(act.action)
    pages = {name.partition(".")[0] for name in actions if actions[name].opens}
    if spec is None or act.action.partition(".")[0] in pages:
        return
    if spec.effect is Effect.SUBMIT and spec.proof is Proof.NONE:
        return
    left = next((name for name in ("json", "data", *spec.results) if name in spec.results), "")
    for key in (key for key in OF_A_PAGE if key in parts):
        source.reporter.report(
            "RB214",
            "%(key)s does not go with %(word)s",
            at=source.at_key((*step.path, key)),
            expected="a step on a page: %(word)s has none",
            remedy="write it inside: `%(word)s: {%(key)s: …}`"
            if key in spec.params.model_fields
            else "what it leaves is read by its id: `%(id)s.%(left)s`"
            if key == "read" and left
            else "",
            key=key,
            word=act.action,
            id=act.id,
            left=left,
        )


def _refusals(source: Source, node: YamlNode | None, path: Path) -> Iterator[Refusal]:
    """`refused: [{text: Dossier déjà existant, code: already-known, says: …}]`."""
    for part, below in each(source, node, path):
        parts = source.mapping(part, below)
        code = source.plain(source.required(parts, "code", below), (*below, "code")) if parts else None
        if code is not None:
            check_code(source, code, (*below, "code"))
        target = {key: source.node(value, (*below, key)) for key, value in parts.items() if key not in ("code", "says")}
        flaws = Flaws()
        read_watched(target, code or "", (), flaws)
        if parts:
            source.flaws(flaws, below)
        says = source.node(parts["says"], (*below, "says")) if "says" in parts else ""
        yield Refusal(target=target, code=code or "", says=says)


def check_code(source: Source, code: str, path: Path) -> bool:
    """A short name: a reason's, as it appears in the inbox and in reports, or a place's."""
    if _CODE.fullmatch(code):
        return True
    source.wrong_value(path, code, "a code: words joined by -, as deja-existant")
    return False
