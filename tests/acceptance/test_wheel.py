"""The built wheel, alone in a fresh environment: help, a new project, its first process."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ("pyproject.toml", "README.md", "LICENSE", "robo", "runners")


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ROBO_", "PYTHON", "VIRTUAL"))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**clean, **environ}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing of the working tree's own state can be in it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in BUILT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist", cwd=source)
    assert built.returncode == 0, built.stderr
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment into which pip put the wheel; the libraries are borrowed from this one, so nothing is fetched."""
    home = tmp_path_factory.mktemp("fresh") / "venv"
    made = run(sys.executable, "-m", "venv", "--without-pip", home, cwd=ROOT)
    assert made.returncode == 0, made.stderr
    paths = sysconfig.get_paths(vars={"base": str(home), "platbase": str(home)})
    scripts = Path(paths["scripts"])
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps")
    installed = run(*pip, wheel, cwd=home)
    assert installed.returncode == 0, installed.stderr
    borrowed = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (Path(paths["purelib"]) / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    return scripts


def robo(bin_folder: Path, *arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return run(bin_folder / ("robo.exe" if os.name == "nt" else "robo"), *arguments, cwd=cwd, **environ)


def test_the_wheel_holds_data_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = (
        "robo/py.typed", "robo/cli/starter/config/robo.yaml", "robo/cli/explain/RB9.md", "robo/docs/reference.md",
        "robo/locale/fr/LC_MESSAGES/robo.mo",
        "robo/services/reporting/templates/report.css", "robo_browser/__init__.py", "robo_files/__init__.py",
    )  # fmt: skip
    assert not [name for name in wanted if name not in names]
    assert not [name for name in names if name.startswith(("tests/", "processes/", "config/"))]
    assert [name for name in names if name.startswith("robo/sandbox/static/")]
    assert [name for name in names if name.startswith("robo/store/migrations/")]


def test_it_declares_its_command_and_its_runners(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        points = archive.read(name).decode()
    assert "robo = robo.cli:main" in points
    assert "browser = robo_browser:BrowserRunner" in points
    assert "files = robo_files:FilesRunner" in points


def test_the_fresh_environment_uses_the_wheel_and_not_this_tree(bin_folder: Path, tmp_path: Path) -> None:
    python = bin_folder / ("python.exe" if os.name == "nt" else "python")
    told = run(python, "-c", "import robo; print(robo.__file__)", cwd=tmp_path)
    assert str(bin_folder.parent) in told.stdout, told.stderr


def test_help_in_both_languages(bin_folder: Path, tmp_path: Path) -> None:
    english = robo(bin_folder, "--help", cwd=tmp_path, LANG="C")
    french = robo(bin_folder, "--help", cwd=tmp_path, LANG="fr_FR.UTF-8")
    assert english.returncode == french.returncode == 0, english.stderr + french.stderr
    assert "run a process" in english.stdout
    assert "exécuter un processus" in french.stdout


def test_a_new_project_runs_its_first_process(bin_folder: Path, tmp_path: Path) -> None:
    made = robo(bin_folder, "init", "p", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    project = tmp_path / "p"
    shutil.copy(project / "processes/verifier-demandes/fixtures/demandes.csv", project)
    done = robo(bin_folder, "run", "verifier-demandes", "-i", "export=demandes.csv", "--json", cwd=project)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["items"]["done"] == 3
    played = robo(bin_folder, "test", cwd=project)
    assert played.returncode == 0, played.stdout + played.stderr
