"""An application on loopback, and a desk to ask it from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.runners.http.support import Application, Desk, serving


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    async with serving() as application:
        yield application


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
