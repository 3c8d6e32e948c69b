"""Plays scenarios on any copy of robo, each in a fork of a process that has the heavy libraries loaded already.

Reads one line of JSON a request (`{"path": where the copy lies, "names": scenarios}`), answers one line.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

HEAVY = (
    "jinja2.sandbox", "jinja2.ext", "playwright.async_api", "pydantic", "re2", "sqlalchemy",
    "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "sqlite3", "zoneinfo",
)  # fmt: skip
"""What robo imports and no mutation touches."""


def play(request: dict[str, Any], answer: Path) -> None:
    """In the fork: import that robo, play, write what broke."""
    sys.path[:0] = [request["path"], str(Path(request["path"]) / "runners")]
    scenarios = importlib.import_module("scenarios")
    robo = importlib.import_module("robo")
    assert Path(robo.__file__).is_relative_to(request["path"]), robo.__file__
    found = {name: asyncio.run(scenarios.play(name)) for name in request["names"] or scenarios.SCENARIOS}
    answer.write_text(json.dumps(found), encoding="utf-8")


def answered(request: dict[str, Any]) -> str:
    """What the fork wrote; its traceback when it could not play."""
    with tempfile.TemporaryDirectory(prefix="robo-forge-") as folder:
        answer = Path(folder) / "answer"
        child = os.fork()
        if child == 0:
            try:
                play(request, answer)
            except BaseException:  # noqa: BLE001 - the fork must end here, whatever happened
                answer.write_text(json.dumps({"error": traceback.format_exc()}), encoding="utf-8")
            os._exit(0)
        os.waitpid(child, 0)
        return answer.read_text(encoding="utf-8")


def main() -> None:
    for name in HEAVY:
        importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(answered(json.loads(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
