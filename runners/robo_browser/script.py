"""The script that looks at pages for us. It lives in a world of its own: a page can neither see nor change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

WORLD: Final = "robo"


@cache
def source() -> str:
    """All parts in one function, installed once a document."""
    folder = files("robo_browser") / "page"
    parts = sorted((part for part in folder.iterdir() if part.name.endswith(".js")), key=lambda part: part.name)
    body = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    return f"(() => {{ 'use strict'; if (globalThis.robo) return;\n{body}\n}})();"


def expression(job: Mapping[str, Any]) -> str:
    """The call of one job, for `Runtime.evaluate`. JSON is JavaScript."""
    return f"globalThis.robo.do({json.dumps(job, ensure_ascii=False)})"
