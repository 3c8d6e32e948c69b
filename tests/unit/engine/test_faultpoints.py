"""Where a process may be killed by name: only there, and only of the effect that was meant."""

from __future__ import annotations

import subprocess
import sys

import pytest

ARRIVALS = (
    "from robo.engine.faultpoints import reach\nfor at in ('mail', 'mail', 'created'): reach('intent', at); print(at)"
)


@pytest.mark.parametrize(
    ("where", "came"),
    [("intent:1", ""), ("intent:3", "mail mail"), ("intent@created:1", "mail mail"), ("intent@mail:2", "mail")],
)
def test_a_point_may_be_that_of_one_effect(where: str, came: str) -> None:
    environment = {"ROBO_TESTING": "1", "ROBO_CRASH_AT": where}
    done = subprocess.run(
        [sys.executable, "-u", "-c", ARRIVALS], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert " ".join(done.stdout.split()) == came
