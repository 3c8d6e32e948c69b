"""The HTTP runner keeps the contract of every guest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from robo_http import HttpRunner
from ruamel.yaml import YAML

from robo.sdk.runner import Call, HostRule
from robo.sdk.secret import Secret
from robo.sdk.testing import Asked, RunnerContract, Submit, World
from tests.runners.http.support import TOKEN, Application, get, post, says, serving


class HttpWorld(World):
    """An application that files once per key, and resets connections instead of answering."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._origin = application.origin
        self.hosts = (HostRule("api", application.origin),)
        application.answer("/a", says({"n": 1}))
        application.answer("/b", says({"n": 2}))
        application.answer("/list", says([{"id": 1}, {"id": 2}]))

    async def secret(self, name: str) -> Secret:
        return Secret(name, username="robot", password=TOKEN)

    def calls(self) -> Sequence[Asked]:
        return [
            Asked(get(f"{self._origin}/a", secret="api"), {"json": {"n": 1}}),
            Asked(get(f"{self._origin}/b"), {"json": {"n": 2}}),
        ]

    def failing(self) -> Sequence[Call]:
        return [get(f"{self._origin}/absent"), get("https://ailleurs.exemple/")]

    def effects(self) -> Sequence[str]:
        return self._application.filed

    def submit(self) -> Submit:
        call = post(f"{self._origin}/dossiers")
        return Submit(
            entries=(), call=call, values={"status": 201, "json": {"number": "D-1"}}, before=(self.calls()[0].call,)
        )

    async def resets(self, *, reused: bool) -> bool:
        self._application.resetting = "reused" if reused else "any"
        return True

    def source(self) -> tuple[Call, Sequence[Mapping[str, Any]]]:
        return get(f"{self._origin}/list"), [{"id": 1}, {"id": 2}]


class TestHttpRunner(RunnerContract):
    runner_type = HttpRunner

    @asynccontextmanager
    async def world(self, folder: Path) -> AsyncIterator[World]:
        async with serving() as application:
            yield HttpWorld(application)

    def parsed(self, example: str) -> Any:
        return YAML(typ="safe", pure=True).load(example)
