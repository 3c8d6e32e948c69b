"""The mail runner: one mail, once. Importing it costs nothing: `MailRunner` is loaded when it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robo_mail.runner import MailRunner

__all__ = ["MailRunner"]


def __getattr__(name: str) -> Any:
    if name == "MailRunner":
        from robo_mail.runner import MailRunner

        return MailRunner
    raise AttributeError(name)
