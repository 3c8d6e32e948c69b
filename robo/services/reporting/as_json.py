"""A report as JSON: `robo.report-hours/1`. Its members are those of `robo.services.reporting.model`, by their names;
all minutes are whole numbers, never hours; days and instants are ISO 8601."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from robo.errors import english
from robo.services.reporting.model import Report
from robo.services.reporting.texts import Texts

NOUN: Final = "report-hours"
VERSION: Final = 1


def as_json(report: Report, texts: Texts) -> dict[str, Any]:
    """Everything a report says. `sentence` is its first sentence; nothing else of it depends on the language."""
    cube = [{**key._asdict(), **_plain(each)} for key, each in sorted(report.cube.items())]
    left_out = [{"name": each.name, "why": english(each.why)} for each in report.left_out]
    return {"sentence": texts.head(report), **_plain(report), "cube": cube, "left_out": left_out}


def _plain(value: Any) -> Any:
    """Values of the model as JSON has them: with what they calculate of themselves."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value)]
        names += [name for name, of in vars(type(value)).items() if isinstance(of, property)]
        return {name: _plain(getattr(value, name)) for name in names if name != "cube"}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
