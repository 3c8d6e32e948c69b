"""The files runner: rows of workbooks and CSV files, and durable write-backs into them.

Importing it costs nothing: `FilesRunner` is loaded when it is named, and the box (`robo_files.box`) never names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robo_files.runner import FilesRunner

__all__ = ["FilesRunner"]


def __getattr__(name: str) -> Any:
    if name == "FilesRunner":
        from robo_files.runner import FilesRunner

        return FilesRunner
    raise AttributeError(name)
