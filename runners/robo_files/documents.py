"""`files.template`: a Word document of the process or the region, filled in."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from robo.sdk.runner import Call, Result
from robo.sdk.values import MISSING
from robo_files.actions_paper import TemplateParams
from robo_files.desk import Desk
from robo_files.landing import refusals
from robo_files.moving import settle
from robo_files.places import inside, new_file, where
from robo_files.rows import need_rows


def template(desk: Desk, call: Call) -> Result:
    """Errors: RB837 no template, RB850 no Word document, RB851 a name without a value, RB838 another file is there."""
    params = call.params
    assert isinstance(params, TemplateParams)  # noqa: S101 - the action's own parameters
    source = _source(desk, call, params.file)
    target = new_file(desk.context, params.to, call.step, suffix=".docx")
    values = {name: _words(desk, value) for name, value in params.values.items() if value is not MISSING}
    with tempfile.TemporaryDirectory(dir=desk.context.folder) as private:
        made = Path(private) / "made"
        request = {"do": "template", "file": str(source), "target": str(made), "values": values}
        desk.ask({**request, "rows": _rows(desk, call, params.rows)})
        if not desk.context.dry_run:
            with refusals(target):
                settle([made], [target], call.step)
    shown = ", ".join(f"{name} = «{value}»" for name, value in values.items())
    return Result(values=where(target), note=f"{target.name}: {shown}")


def _source(desk: Desk, call: Call, text: str) -> Path:
    """The template: what the process brings, or one of the files and folders the run was given."""
    own = desk.context.process
    if own is not None and not Path(text).expanduser().is_absolute():
        brought = (own / text).resolve()
        if brought.is_relative_to(own.resolve()):
            return brought
    return inside(desk.context, text, call.step)


def _rows(desk: Desk, call: Call, rows: Any) -> list[dict[str, str]]:
    if rows is None or rows is MISSING:
        return []
    by_column = need_rows(rows, call.step)
    return [
        {str(name): "" if value is MISSING else _words(desk, value) for name, value in row.items()} for row in by_column
    ]


def _words(desk: Desk, value: Any) -> str:
    """A value as an agent of the region would write it."""
    if value is True or value is False:
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return value.strftime(f"{desk.context.date_format} %H:%M")
    if isinstance(value, date):
        return value.strftime(desk.context.date_format)
    if isinstance(value, float | Decimal):
        return format(Decimal(repr(value)) if isinstance(value, float) else value, "f").replace(".", ",")
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
