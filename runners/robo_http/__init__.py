"""The HTTP runner: interfaces for programs. Importing it costs nothing: `HttpRunner` is loaded when it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robo_http.runner import HttpRunner

__all__ = ["HttpRunner"]


def __getattr__(name: str) -> Any:
    if name == "HttpRunner":
        from robo_http.runner import HttpRunner

        return HttpRunner
    raise AttributeError(name)
