"""`robo actions`: what a step may call, from the installed runners' own declarations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from robo.cli.console import data, emit, table, talk
from robo.cli.here import Json, noun, writing
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.sdk.action import ActionSpec

app = noun(_("Actions: what a step may call."))


def _actions() -> Mapping[str, ActionSpec]:
    from robo.services.guests import installed_actions

    return installed_actions()


@app.command("list", help=_("Every action, its effect and what it does."))
def list_(as_json: Json = False) -> None:
    """Of the runners that are installed."""
    from robo.cli.reference import as_facts

    actions = sorted(_actions().items())
    if as_json:
        emit("actions", {"actions": [as_facts(spec) for _name, spec in actions]})
        return
    rows = [(name, spec.effect.value, _(spec.summary).partition(". ")[0].rstrip(".")) for name, spec in actions]
    table((_("action"), _("effect"), _("what it does")), rows)
    talk(_("robo actions show NAME tells the parameters"))


@app.command(help=_("One action: parameters, effect, results, an example."))
def show(name: Annotated[str, typer.Argument(help=_("such as browser.fill"))], as_json: Json = False) -> None:
    """As Markdown, as in the reference."""
    from robo.cli.reference import action_lines, as_facts
    from robo.definition.diagnostics import nearest
    from robo.errors import UsageError

    actions = _actions()
    if name not in actions:
        raise UsageError(
            "RB969",
            "there is no action %(said)s",
            remedy="nearest: %(near)s; robo actions list shows all",
            said=name,
            near=nearest(name, actions) or "-",
        )
    if as_json:
        emit("action", as_facts(actions[name]))
        return
    for line in action_lines(actions[name], _(actions[name].summary)):
        data(line)


@app.command(help=_("The JSON Schema of a process, for completion and checks in an editor."))
def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help=_("write it to this file"))] = None,
) -> None:
    """`robo init` tells the editor to use `.robo/process.schema.json`, which this command writes with `-o`."""
    from robo.cli.schema import process_schema

    text = json.dumps(process_schema(_actions()), ensure_ascii=False, indent=2)
    if output is None:
        data(text)
        return
    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text + "\n", encoding="utf-8")
    talk(say("written: %(file)s", {"file": str(output)}))
