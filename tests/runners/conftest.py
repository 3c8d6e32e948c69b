"""What several runners are tried against."""

from __future__ import annotations

import pytest

from tests.certificates import Authority, Certified


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certified(authority: Authority) -> Certified:
    """A server on 127.0.0.1."""
    return authority.certify("127.0.0.1")
