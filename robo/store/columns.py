"""The column types every book uses, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from robo.errors import Words, phrase
from robo.store.codec import dump, load, whole

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
_PHRASE: Final = '{"message":'


class Instant(TypeDecorator[datetime]):
    """An instant, aware and UTC; in the database whole microseconds since 1970, so that both databases order,
    compare and add them alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND


class Json(TypeDecorator[Any]):
    """A typed value as JSON text (see `robo.store.codec`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return load(value)


class Said(TypeDecorator[Words]):
    """Words of ours: a text as it stands, a phrase as typed JSON. A text that looks like one is kept as a phrase."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Words | None, dialect: Dialect) -> str:
        if isinstance(value, str) and not value.startswith(_PHRASE):
            return whole(value)
        return dump(phrase("%(text)s", text=value) if isinstance(value, str) else value or "")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Words:
        if value and value.startswith(_PHRASE):
            found: Words = load(value)
            return found
        return value or ""


def identity() -> Column[str]:
    """A primary key: an opaque id of `robo.store.ids`."""
    return Column("id", String(26), primary_key=True)


def refer(name: str, table: str, *, nullable: bool = False) -> Column[str]:
    """A foreign key by id."""
    return Column(name, String(26), ForeignKey(f"{table}.id"), nullable=nullable)


def word(name: str, *, key: bool = False) -> Column[str]:
    """A short text, "" when there is none."""
    return Column(name, Text, nullable=False, primary_key=key, server_default=None if key else "")


def said(name: str) -> Column[Words]:
    """Words of ours, "" when there are none."""
    return Column(name, Said, nullable=False, server_default="")


def count(name: str) -> Column[int]:
    """A whole number, 0 to begin with."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def flag(name: str) -> Column[int]:
    """0 or 1: one type on both databases, and usable in a partial index of both."""
    return Column(name, BigInteger, nullable=False, server_default="0")


def moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, Instant, nullable=nullable)


def value(name: str) -> Column[Any]:
    """A mapping as typed JSON."""
    return Column(name, Json, nullable=False, server_default="{}")
