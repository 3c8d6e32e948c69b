"""What a command costs before it does anything: `robo --help` and `robo process validate` over bare Python."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "bare Python": ["-c", "pass"],
    "robo --help": ["-m", "robo", "--help"],
    "robo process validate": ["-m", "robo", "process", "validate"],
}


def startup(times: int) -> list[str]:
    """A table: milliseconds of each command and what it adds to bare Python, runs interleaved."""
    environment = {**os.environ, "ROBO_PROJECT": str(ROOT)}
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(times + 1):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *command], env=environment, capture_output=True, check=True)
            took[name].append((time.perf_counter() - began) * 1000)
    bare = median(took["bare Python"][1:])
    lines = ["| command | ms | over bare Python |", "|---|---|---|"]
    for name, figures in took.items():
        middle = median(figures[1:])
        lines.append(f"| {name} | {middle:.0f} | {middle - bare:.0f} |")
    return lines
