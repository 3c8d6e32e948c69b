"""The contract every runner must keep, as tests: derive from `RunnerContract`, give it a `World`, run pytest.

    class TestMyRunner(RunnerContract):
        runner_type = MyRunner

        @asynccontextmanager
        async def world(self, folder):
            async with MyWorld(folder) as world:
                yield world

Needs pytest and pytest-asyncio in `auto` mode. Nothing else of robo imports pytest.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("robo.sdk.testing.contract")

from robo.sdk.testing.contract import RunnerContract  # noqa: E402 - its asserts must be rewritten before it is loaded
from robo.sdk.testing.portals import Portal  # noqa: E402 - the same
from robo.sdk.testing.world import Asked, Submit, World  # noqa: E402 - the same

__all__ = ["Asked", "Portal", "RunnerContract", "Submit", "World"]
