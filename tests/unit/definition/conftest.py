"""A fixed catalogue of actions, so that messages do not change when a runner learns something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from robo.definition.diagnostics import Diagnostic
from robo.definition.loading import check_process
from robo.model.base import Effect
from robo.model.process import Process
from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.targets import Read, Target
from robo.sdk.values import Address


class Open(Params):
    url: Address


class Login(Params):
    at: Address
    secret: str
    username: Target
    password: Target
    button: Target
    wrong: tuple[Target, ...] = ()


class Fields(Params):
    fields: Mapping[str, Any]


class Click(Params):
    target: tuple[Target, ...]


class Button(Params):
    target: Target


class ReadPage(Params):
    reads: Mapping[str, Read]


class FindRow(Params):
    where: Mapping[str, Any]
    at: Address | None = None
    search: Mapping[str, Any] = {}
    read: Mapping[str, Read] = {}


class Wait(Params):
    target: tuple[Target, ...]
    during: timedelta = timedelta(seconds=10)


class Rows(Params):
    file: str
    sheet: str | None = None
    header: int | None = None
    separator: Literal["comma", "semicolon"] = "semicolon"


class Update(Params):
    set: Mapping[str, Any]
    file: Path | None = None


class Send(Params):
    to: tuple[str, ...]
    subject: str
    amount: Decimal = Decimal(0)
    urgent: bool = False


def _spec(name: str, params: type[Params], effect: Effect = Effect.READ, **more: Any) -> ActionSpec:
    return ActionSpec(name=name, params=params, effect=effect, summary="-", **more)


CATALOGUE = {
    spec.name: spec
    for spec in (
        _spec("browser.open", Open, primary="url", opens=True),
        _spec("browser.login", Login, opens=True, signs_in=True),
        _spec("browser.fill", Fields, Effect.LOCAL, primary="fields", open_mapping=True, entry=True),
        _spec("browser.select", Fields, Effect.LOCAL, primary="fields", open_mapping=True, entry=True),
        _spec("browser.click", Click, Effect.LOCAL, primary="target"),
        _spec("browser.next", Button, Effect.DRAFT, primary="target"),
        _spec("browser.submit", Button, Effect.SUBMIT, primary="target"),
        _spec("browser.read", ReadPage, primary="reads", open_mapping=True, result_param="reads"),
        _spec("browser.find_row", FindRow, opens=True, finder=True, result_param="read"),
        _spec("browser.wait_for", Wait, primary="target"),
        _spec("files.rows", Rows, primary="file", source=True),
        _spec("files.update_row", Update, Effect.SUBMIT, proof=Proof.IDEMPOTENT),
        _spec("mail.send", Send, Effect.SUBMIT, proof=Proof.JOURNALED, results={"id": "the message's id"}),
    )
}

Check = Callable[[str], tuple[Process | None, tuple[Diagnostic, ...]]]
Load = Callable[[str], Process]


@pytest.fixture(scope="session")
def actions() -> Mapping[str, ActionSpec]:
    return CATALOGUE


@pytest.fixture(scope="session")
def check() -> Check:
    """Checks a text as the file `process.yaml`."""
    return lambda text: check_process("process.yaml", text, actions=CATALOGUE)


@pytest.fixture(scope="session")
def load(check: Check) -> Load:
    """The process of a text that must be right."""

    def build(text: str) -> Process:
        process, problems = check(text)
        assert not problems, "\n".join(map(str, problems))
        assert process is not None
        return process

    return build
