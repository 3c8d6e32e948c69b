"""The test room: no network but loopback, no settings of the person who runs it, the same language everywhere."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import settings

settings.register_profile("robo", deadline=None, max_examples=50)
settings.register_profile("fuzz", deadline=None, max_examples=2_000)
settings.load_profile("fuzz" if os.environ.get("ROBO_FUZZ") == "1" else "robo")

KEPT = {"ROBO_BROWSER_SANDBOX", "ROBO_BROWSER", "ROBO_FUZZ"}
"""Settings that describe the machine, not the person."""
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NEAR = ("127.", "::1", "localhost")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="play long trials and every case of the library too, not a slice of them"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `long` is played by `make trials`. `make test` has a quicker neighbour of it: another variant, or
    the same rule in a room below."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if not item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)


def pytest_configure() -> None:
    """Set once for this process and every process a test starts."""
    for name in [name for name in os.environ if name.startswith("ROBO_") and name not in KEPT]:
        del os.environ[name]
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "FORCE_COLOR"):
        os.environ.pop(name, None)
    os.environ.update(LANG="C.UTF-8", NO_COLOR="1", ROBO_TESTING="1")
    if AS_ROOT:
        os.environ.setdefault("ROBO_BROWSER_SANDBOX", "off")


def pytest_report_header() -> str | None:
    """Chromium refuses to keep its sandbox for root: whoever reads the result should know it."""
    return "run as root: the browser of these tests has NO SANDBOX (ROBO_BROWSER_SANDBOX=off)" if AS_ROOT else None


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine is a bug of the test or of robo."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def near(address: object) -> bool:
        return not isinstance(address, tuple) or str(address[0]).startswith(NEAR)

    def only_near(self: socket.socket, address: object) -> None:
        if not near(address):
            raise PermissionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type] - typeshed's address is a private alias

    def only_near_ex(self: socket.socket, address: object) -> int:
        if not near(address):
            raise PermissionError(f"a test tried to reach {address}")
        return connect_ex(self, address)  # type: ignore[arg-type] - the same

    monkeypatch.setattr(socket.socket, "connect", only_near)
    monkeypatch.setattr(socket.socket, "connect_ex", only_near_ex)
