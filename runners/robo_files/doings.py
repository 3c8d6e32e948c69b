"""Which function does an action that is a step. Each is loaded at its first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from robo.sdk.runner import Call, Result
from robo_files.desk import Desk

Doing = Callable[[Desk, Call], Result]
"""Called in a thread. What it raises besides `Failure` becomes the trouble of the item, or of the disk."""

_WHERE: Final = {
    "files.list": "listing:list_files",
    "files.read": "rowreading:read",
    "files.copy": "moving:copy",
    "files.move": "moving:move",
    "files.rename": "moving:rename",
    "files.append_row": "writing:append_row",
    "files.write_csv": "writing:write_csv",
    "files.write_xlsx": "writing:write_xlsx",
    "files.pdf_text": "pdfs:text",
    "files.pdf_split": "pdfs:split",
    "files.pdf_merge": "pdfs:merge",
    "files.template": "documents:template",
    "files.zip": "zipping:pack",
    "files.unzip": "zipping:unpack",
}


def doing(action: str) -> Doing | None:
    """What does `action`; None for what is no step of this kind."""
    if action not in _WHERE:
        return None
    module, _, name = _WHERE[action].partition(":")
    return cast("Doing", getattr(import_module(f"robo_files.{module}"), name))
