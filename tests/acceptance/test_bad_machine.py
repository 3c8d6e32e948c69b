"""What a machine does to people: no right, no room, no accents, a hurry. Told, with its exit code; nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

if sys.platform != "win32":
    import resource

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
PROCESS = "verifier-demandes"
POSIX = pytest.mark.skipif(os.name != "posix", reason="rights, signals and devices of POSIX")
ORDINARY = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if ROOT else ()
"""Root without its powers obeys the rights of files like everybody else."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `robo init` makes, with a list of three demands that are in order."""
    project = tmp_path_factory.mktemp("model") / "project"
    subprocess.run([sys.executable, "-m", "robo", "init", str(project)], check=True, capture_output=True)
    write_list(project, 3)
    return project


def write_list(project: Path, rows: int) -> None:
    head = (project / "processes" / PROCESS / "fixtures" / "demandes.csv").read_text(encoding="utf-8").splitlines()[0]
    lines = [head, *(f"2026-AA-{number:04};Martin;17/05/1984;1 250,00 €;" for number in range(rows))]
    (project / "demandes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


class Desk:
    """A person at a project of her own. Every answer is one robo knows: neither a traceback nor RB999."""

    def __init__(self, project: Path) -> None:
        self.project = project

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "robo", *words]

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "ROBO_LANG": "en", **more}

    def robo(
        self, *words: str, ordinary: bool = False, limit: int = 0, **more: str
    ) -> subprocess.CompletedProcess[str]:
        least = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)) if limit else None
        done = subprocess.run(
            [*(ORDINARY if ordinary else ()), *self.command(*words)],
            cwd=self.project,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
            check=False,
            preexec_fn=least,
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert "RB999" not in done.stdout + done.stderr
        return done

    def run(self, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
        return self.robo("run", PROCESS, "-i", "export=demandes.csv", *words, **more)  # type: ignore[arg-type] - passed on

    def latest(self) -> str:
        return str(json.loads(self.robo("runs", "list", "--json").stdout)["runs"][0]["run"])

    def written(self) -> int:
        """Rows that have their date."""
        lines = (self.project / "demandes.csv").read_text(encoding="utf-8").splitlines()[1:]
        return sum(not line.endswith(";") for line in lines)

    def done(self) -> int:
        """Items done, as the store has it while a run is at work."""
        try:
            with closing(sqlite3.connect(f"file:{self.project}/.robo/robo.db?mode=ro", uri=True)) as store:
                return int(store.execute("SELECT count(*) FROM items WHERE state = 'done'").fetchone()[0])
        except sqlite3.Error:
            return 0


@pytest.fixture
def desk(model: Path, tmp_path: Path) -> Iterator[Desk]:
    project = tmp_path / "Mes robots à moi (2)"
    shutil.copytree(model, project)
    yield Desk(project)
    for folder in (project, *project.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o700)


@pytest.mark.parametrize(
    ("words", "code", "more"),
    [
        (("-i", "export=demandes.csv", "--region", "ma-regoin"), "RB941", "ma-region"),
        (("-i", "exprt=demandes.csv"), "RB502", "export"),
        (("-i", "export=."), "RB504", "export"),
        (("-i", "export=demandes.csv", "--env", "prod"), "RB512", "--env test"),
    ],
    ids=["a region that is not there", "an input that is not there", "a folder for a file", "an environment"],
)
def test_what_was_meant_is_said_and_no_run_is_begun(desk: Desk, words: tuple[str, ...], code: str, more: str) -> None:
    done = desk.robo("run", PROCESS, *words)
    assert (done.returncode, done.stderr[:5]) == (2, code), done.stderr
    assert more in done.stderr
    assert desk.done() == 0


@POSIX
@pytest.mark.parametrize(
    ("what", "mode", "code", "exit_code"),
    [
        ("demandes.csv", 0, "RB819", 4),
        (f"processes/{PROCESS}/process.yaml", 0, "RB120", 2),
        ("config/regions/ma-region.yaml", 0, "RB120", 2),
        (".robo", 0o500, "RB601", 4),
        pytest.param(".robo/locks", 0o500, "RB958", 4, marks=pytest.mark.long),
        (".robo/keys", 0o500, "RB913", 4),
    ],
)
def test_a_file_without_rights_is_named(desk: Desk, what: str, mode: int, code: str, exit_code: int) -> None:
    target = desk.project / what
    if not target.suffix:
        target.mkdir(exist_ok=True)
    target.chmod(mode)
    done = desk.run(ordinary=True)
    assert (done.returncode, code in done.stderr) == (exit_code, True), done.stderr
    assert Path(what).name in done.stderr
    assert desk.written() == 0
    if code != "RB958":
        return
    target.chmod(0o700)
    assert desk.run(*(("--resume", desk.latest()) if what.endswith("keys") else ())).returncode == 0
    assert desk.written() == 3


@POSIX
def test_a_workbook_that_may_not_be_written_gets_its_values_later(desk: Desk) -> None:
    (desk.project / "demandes.csv").chmod(0o400)
    done = desk.run(ordinary=True)
    assert "RB821" in done.stderr
    assert "3 done" in done.stderr
    (desk.project / "demandes.csv").chmod(0o600)
    assert desk.robo("runs", "flush").returncode == 0
    assert desk.written() == 3


@POSIX
@pytest.mark.parametrize("room", [1_000_000, pytest.param(1_100_000, marks=pytest.mark.long)], ids=["sooner", "later"])
def test_a_full_disk_under_the_store_stops_the_run_and_loses_nothing(desk: Desk, room: int) -> None:
    write_list(desk.project, 60)
    done = desk.run(limit=room)
    assert (done.returncode, desk.done() > 0) == (4, True), done.stderr
    assert "RB606" in done.stderr
    begun = desk.latest()
    assert f"robo run --resume {begun}" in done.stderr
    anew = desk.run()
    assert (anew.returncode, "RB538" in anew.stderr, begun in anew.stderr) == (3, True, True), anew.stderr
    done = desk.run("--resume", begun)
    assert (done.returncode, desk.written(), "RB535" in done.stderr) == (0, 60, False), done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, where this user may have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        not ROOT
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False).returncode
    ):
        pytest.skip("only root can make a small disk; RLIMIT_FSIZE above is tried by everybody")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_under_the_workbook_leaves_it_whole_and_owes_it_its_values(desk: Desk, small_disk: Path) -> None:
    book = small_disk / "demandes.csv"
    shutil.copy(desk.project / "demandes.csv", book)
    before = book.read_bytes()
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)
    done = desk.robo("run", PROCESS, "-i", f"export={book}")
    assert ("RB822" in done.stderr, "3 done" in done.stderr, book.read_bytes()) == (True, True, before), done.stderr
    assert sorted(each.name for each in small_disk.iterdir()) == ["demandes.csv", "filler"]
    (small_disk / "filler").unlink()
    assert desk.robo("runs", "flush").returncode == 0
    assert book.read_bytes() != before


@POSIX
@pytest.mark.parametrize(
    "signals",
    [
        ("SIGTERM",),
        pytest.param(("SIGINT",), marks=pytest.mark.long),
        pytest.param(("SIGINT", "SIGINT"), marks=pytest.mark.long),
    ],
    ids="+".join,
)
def test_whoever_is_interrupted_goes_on_where_it_was(desk: Desk, signals: tuple[str, ...]) -> None:
    write_list(desk.project, 200)
    command = desk.command("run", PROCESS, "-i", "export=demandes.csv")
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    running = subprocess.Popen(
        command,
        cwd=desk.project,
        env=desk.environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=ignore,  # noqa: PLW1509 - as a script starts what it sends behind; no thread is running here
    )
    while desk.done() < 3 and running.poll() is None:
        time.sleep(0.02)
    for name in signals:
        os.killpg(running.pid, getattr(signal, name))
    said = running.communicate(timeout=60)[1]
    assert running.returncode in ({130, -signal.SIGINT} if len(signals) > 1 else {130}), said
    assert "Traceback" not in said
    left = desk.latest()
    if len(signals) == 1:
        assert f"robo run --resume {left}" in said
    done = desk.run("--resume", left)
    assert (done.returncode, desk.written()) == (0, 200), done.stderr


@POSIX
def test_an_output_that_nobody_reads_or_that_cannot_hold_it_is_no_mystery(desk: Desk) -> None:
    robo = " ".join(desk.command())
    lines = (
        f"{robo} explain | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}",
        f"{robo} runs list >&-; echo $?",
        f"{robo} runs list --json >/dev/full; echo $?",
        f"{robo} run nothing 2>/dev/full; echo $?",
    )
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=desk.project,
        env=desk.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["0", "0", "4", "2"], done.stderr
    assert "RB959" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", [pytest.param("ascii", marks=pytest.mark.long), "cp1252"])
def test_an_output_without_our_letters_is_still_right(desk: Desk, encoding: str) -> None:
    """A file on Windows is cp1252; JSON says the same in every encoding."""
    seen = {}
    for name in (encoding, "utf-8"):
        shown = desk.robo("process", "list", "--json", PYTHONIOENCODING=name, ROBO_LANG="fr").stdout
        seen[name] = json.loads(shown)
    assert seen[encoding] == seen["utf-8"]
    assert "Vérifier" in json.dumps(seen["utf-8"], ensure_ascii=False)
    manual = desk.robo("process", "manual", PROCESS, PYTHONIOENCODING=encoding, ROBO_LANG="fr", COLUMNS="20")
    assert (manual.returncode, PROCESS in manual.stdout) == (0, True)


@pytest.mark.parametrize("damage", ["newer", "not a database"])
def test_a_store_that_cannot_be_used_is_left_as_it_is(desk: Desk, damage: str) -> None:
    file = desk.project / ".robo/robo.db"
    if damage == "newer":
        assert desk.robo("runs", "list").returncode == 0
        with closing(sqlite3.connect(file)) as store:
            store.execute("UPDATE alembic_version SET version_num = '9999'")
            store.commit()
    else:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"no database" * 999)
    before = file.read_bytes()
    done = desk.run()
    assert (done.returncode, file.read_bytes()) == (4, before)
    assert ("RB610" if damage == "newer" else "RB605") in done.stderr
