"""The manual procedure of a process: what an agent does by hand, said from the definition the robot runs.

It is also the script of the time study, and what a person follows when the robot cannot run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from robo.cli.effective import node_text
from robo.cli.language import _, say
from robo.model.process import Process, Step, StepKind
from robo.model.text import Template
from robo.plan.model import Group, Piece, Plan, Segment, Unit

NAME: Final = re.compile(r"(item|inputs)\.([A-Za-z_]\w*)")


def steps_of(segment: Segment) -> Iterator[Step]:
    """Every step of a segment in the order it is done, the submit last."""
    yield from _flat(segment.lead)
    if segment.once is not None:
        yield from _flat(segment.once.body)
        yield from segment.once.entries
        yield segment.once.submit


def _flat(pieces: tuple[Piece, ...]) -> Iterator[Step]:
    for piece in pieces:
        if isinstance(piece, Unit):
            yield from piece.steps
        elif isinstance(piece, Group):
            yield from _flat(piece.pieces)


def manual_markdown(plan: Plan, process: Process) -> str:
    """The whole procedure as Markdown."""
    return "\n".join(_Manual(plan, process).lines())


class _Manual:
    """Says steps in words. Fields are called by their column, inputs by their title."""

    def __init__(self, plan: Plan, process: Process) -> None:
        self._plan = plan
        self._process = process
        columns = plan.items.fields if plan.items else ()
        self._names = {f"item.{column.name}": f"« {column.column} »" for column in columns}
        self._names |= {f"inputs.{name}": wanted.title or name for name, wanted in plan.inputs.items()}

    def lines(self) -> Iterator[str]:
        yield f"# {self._process.title}"
        yield ""
        yield say(
            "Procedure by hand of `%(process)s` %(version)s",
            {"process": self._plan.process, "version": self._plan.version},
        )
        yield ""
        yield from self._before()
        if self._plan.items is not None:
            yield f"## {_('For each row')}"
            yield ""
            if self._plan.items.only_if is not None:
                yield say("Only if %(condition)s.", {"condition": self._expression(self._plan.items.only_if.source)})
                yield ""
        number = 0
        for segment in self._plan.segments:
            for step in steps_of(segment):
                number += 1
                yield from self._step(number, step)
            if segment.once is not None and segment.once.verify is not None:
                yield "   " + _("Before and after: look whether it is already there; never do it twice.")
        yield ""
        yield _("Note the time at the start and at the end of each one, with what was unusual.")

    def _before(self) -> Iterator[str]:
        if not self._plan.setup:
            return
        yield f"## {_('Before you begin')}"
        yield ""
        for number, step in enumerate(_flat(self._plan.setup), 1):
            yield from self._step(number, step)
        yield ""

    def _step(self, number: int, step: Step) -> Iterator[str]:
        title = step.title or self._phrase(step)
        when = (
            ""
            if step.when is None
            else " " + say("(if %(condition)s)", {"condition": self._expression(step.when.source)})
        )
        yield f"{number}. {title}{when}"
        for line in self._details(step):
            yield f"   - {line}"

    def _phrase(self, step: Step) -> str:
        """A step without a title, by its kind or its action's verb."""
        if step.kind is StepKind.REJECT_IF:
            return _("Set it aside for a person")
        if step.kind is StepKind.SKIP_IF:
            return _("Leave it: nothing to do")
        if step.kind is StepKind.SET:
            return _("Work out")
        return phrases().get(step.action, f"`{step.action}`")

    def _details(self, step: Step) -> Iterator[str]:
        if step.condition is not None:
            yield say("if %(condition)s", {"condition": self._expression(step.condition.source)})
        if step.message:
            yield self._value(step.message)
        for name, value in step.assign.items():
            yield f"{name} = {self._value(value)}"
        if isinstance(step.params, Mapping):
            for name, value in step.params.items():
                if name != "secret":
                    yield f"{name}: {self._value(value)}"
        elif step.params:
            yield self._value(step.params)

    def _value(self, node: Any) -> str:
        if isinstance(node, Template):
            return "".join(part if isinstance(part, str) else self._expression(part.source) for part in node.parts)
        if isinstance(node, Mapping):
            return ", ".join(f"{name} = {self._value(value)}" for name, value in node.items())
        if isinstance(node, tuple):
            return ", ".join(self._value(value) for value in node)
        return node_text(node)

    def _expression(self, source: str) -> str:
        return NAME.sub(lambda found: self._names.get(found[0], found[0]), source.strip())


def phrases() -> Mapping[str, str]:
    """What a person does for each action, in the reader's language."""
    return {
        "browser.open": _("Open the page"),
        "browser.login": _("Sign in"),
        "browser.fill": _("Enter"),
        "browser.select": _("Choose"),
        "browser.check": _("Tick"),
        "browser.click": _("Click"),
        "browser.press": _("Press the key"),
        "browser.next": _("Go to the next page"),
        "browser.submit": _("Send"),
        "browser.confirm": _("Answer the question"),
        "browser.read": _("Read and note"),
        "browser.find_row": _("Search"),
        "browser.expect": _("Check that the page shows"),
        "browser.wait_for": _("Wait for"),
        "browser.screenshot": _("Keep a picture"),
        "files.update_row": _("Write into the row of the workbook"),
        "files.rows": _("Open the workbook"),
    }
