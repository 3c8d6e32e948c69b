"""The words and values a runner shares with the core: what an effect is, what is missing, the scalar types."""

from __future__ import annotations

from robo.model.base import MISSING, CellError, Effect, Missing, Value
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse

__all__ = ["MISSING", "BadScalar", "CellError", "Effect", "Kind", "Missing", "Value", "parse"]
