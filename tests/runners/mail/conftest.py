"""A desk to send from, and a server to send to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.runners.mail.support import Desk, Post, serving


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A server without a password and without TLS."""
    async with serving(Post()) as post:
        yield post
