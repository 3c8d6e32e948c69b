"""The words and values a runner shares with the core: what an effect is, what is missing, the scalar types."""

from __future__ import annotations

from typing import NewType

from robo.model.base import MISSING, CellError, Effect, Missing, Value
from robo.model.process import Kind
from robo.model.region import Keeper, MailAccount, Mailbox, Security
from robo.model.scalars import BadScalar, parse

__all__ = [
    "MISSING",
    "Address",
    "BadScalar",
    "CellError",
    "Effect",
    "Email",
    "Keeper",
    "Kind",
    "MailAccount",
    "Mailbox",
    "Missing",
    "Security",
    "Value",
    "parse",
]

Address = NewType("Address", str)
"""The annotation of a parameter that is a whole address, `https://…`: one without its beginning is refused when it is
loaded."""

Email = NewType("Email", str)
"""The annotation of a parameter that is a mail address, `nom@exemple.fr`, without a name beside it."""
