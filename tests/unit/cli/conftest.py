"""A project that runs from files alone, and the command line inside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from robo.cli import main
from robo.cli.init_ import write_starter


@dataclass(frozen=True)
class Said:
    """What one command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The last object on standard output."""
        found: dict[str, Any] = json.loads(self.out.strip().splitlines()[-1])
        return found

    @property
    def verdict(self) -> str:
        return self.err.strip().splitlines()[-1]


Robo = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    write_starter(folder)
    shutil.copy(folder / "processes/verifier-demandes/fixtures/demandes.csv", folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def robo(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Robo:
    def call(*arguments: str, **environ: str) -> Said:
        capfd.readouterr()
        with monkeypatch.context() as patched:
            for name, value in environ.items():
                patched.setenv(name, value)
            patched.setenv("ROBO_PROJECT", "")  # so that what `--project` leaves there is gone afterwards
            patched.delenv("ROBO_PROJECT")
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as ended:
                code = int(ended.code or 0)
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


@contextmanager
def waiting_for_enter(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A robo of its own that stands before a step and waits for Enter, and what else it says on standard error."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "robo", *arguments]
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, stdout=pipe, bufsize=0) as run:
        assert run.stderr is not None
        said = b""
        while b"[Enter]" not in said:
            read = run.stderr.read(1)
            assert read, said
            said += read
        yield run, run.stderr
