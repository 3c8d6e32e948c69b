"""What the README and the tutorial tell a newcomer to type is typed here, in order, and gives what they say."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "robo/docs/first-process.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ENDS = {0, 3}
"""All well, or well with something for a person: what the commands of a tutorial may end with."""


class Newcomer:
    """A person with a folder, who types what she reads. Only `make` and the environment are taken as done."""

    def __init__(self, folder: Path, port: int) -> None:
        self.here = folder
        self.said: dict[str, str] = {}
        self._port = port
        self._portal: subprocess.Popen[str] | None = None
        self._password = ""
        self._environment = {**os.environ, "ROBO_LANG": "en"}
        self._environment.pop("ROBO_TESTING")

    def follow(self, text: str) -> None:
        """Every block in its order: commands are typed, YAML is saved in the file that was named last."""
        for found in BLOCK.finditer(text):
            if found[1] == "yaml":
                file = self.here / re.findall(r"`([\w/-]+\.yaml)`", text[: found.start()])[-1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(found[2], encoding="utf-8")
                continue
            for line in found[2].splitlines():
                self._type(line)

    def leave(self) -> None:
        if self._portal is not None:
            self._portal.kill()
            self._portal.communicate()

    def _type(self, line: str) -> None:
        words = shlex.split(line.replace(":8765", f":{self._port}"))
        if words[0] == "cd":
            self.here /= words[1]
        elif words[0] == "cp":
            shutil.copy(self.here / words[1], self.here / words[2])
        elif words[:2] == ["robo", "sandbox"]:
            self._open_portal(words)
        elif words[0] == "robo":
            self.said[line] = self._robo(words[1:])
        else:
            assert words[0] in {"make", "."}, f"nobody knows what to type for: {line}"

    def _robo(self, words: list[str]) -> str:
        words = [word for word in words if word != "--headed"]  # no screen here
        done = subprocess.run(
            [sys.executable, "-m", "robo", *words], cwd=self.here, env=self._environment, input=self._password,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode in ENDS, f"{words}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def _open_portal(self, words: list[str]) -> None:
        command = [sys.executable, "-u", "-m", "robo", *words[1:], "--port", str(self._port), "--mail-port", "0"]
        command += ["--mailbox-port", "0"]
        self._portal = subprocess.Popen(
            command, cwd=self.here, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for line in self._portal.stdout or ():
            if (found := line.split())[0] == "robot.occitanie":
                self._password = found[1]
                return


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    person = Newcomer(tmp_path, port)
    yield person
    person.leave()


@pytest.mark.long
def test_the_tutorial_enters_five_of_six_and_its_cases_hold(newcomer: Newcomer) -> None:
    """One test, so that what takes longest of all is typed once, whoever shares the suite's work."""
    newcomer.follow(TUTORIAL)
    assert "Okafor" in next(said for line, said in newcomer.said.items() if "--dry-run" in line)
    rows = load_workbook(newcomer.here / "demandes.xlsx")["Demandes"].iter_rows(min_row=2, values_only=True)
    receipts = {row[0]: row[-1] for row in rows}
    assert [key for key, receipt in receipts.items() if not receipt] == ["2026-TS-0103"]
    assert len(set(receipts.values())) == 6
    assert "number = SEJ-" in newcomer.said["robo items show 2026-TS-0102"]
    assert "3 case(s), 0 " in newcomer.said["robo test saisir"]
    assert "1 case(s), 0 " in newcomer.said["robo test saisir --case 04"]


def test_the_commands_of_the_readme_do_what_they_say(tmp_path: Path) -> None:
    person = Newcomer(tmp_path, 0)
    person.follow(README)
    assert "2026-AA-0001" in person.said["robo items list"]
    assert "2 case(s), 0 " in person.said["robo test"]
