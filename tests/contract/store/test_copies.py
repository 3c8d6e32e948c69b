"""A store is copied while others write, and put back as it was: in a file and on a server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from robo.app import App, keeping
from robo.errors import InfrastructureError
from robo.services.settings import Settings
from robo.store import workers
from tests.contract.conftest import Lab, Timer

KEY = "titre-2026-000123"


@pytest.fixture(params=["sqlite", "postgresql"])
def robo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """A project with a store of its own."""
    for folder in ("config", "processes", ".robo"):
        (tmp_path / folder).mkdir()
    address = f"sqlite:///{tmp_path}/.robo/robo.db"
    if request.param == "postgresql":
        import psycopg

        server = str(request.getfixturevalue("postgres"))
        with psycopg.connect(server, autocommit=True) as made:
            made.execute("DROP DATABASE IF EXISTS copies WITH (FORCE)")
            made.execute("CREATE DATABASE copies")
        address = server.rpartition("/")[0] + "/copies"
    made_app = App(tmp_path, Settings(project=tmp_path, store=address))
    yield made_app
    made_app.close()


def test_a_store_is_copied_while_others_write_and_put_back_as_it_was(robo: App, tmp_path: Path) -> None:
    lab = Lab(robo.store, Timer())
    item = lab.unknown(KEY).fence.item
    ended = threading.Event()

    def writing() -> None:
        while not ended.is_set():
            with robo.store.write() as tx:
                workers.heartbeat(tx, "w", lab.incarnation)

    other = threading.Thread(target=writing)
    other.start()
    try:
        file, about, size, _ = keeping.backup(robo, tmp_path / "a.backup")
    finally:
        ended.set()
        other.join()
    assert (file.stat().st_size, about.size > 0) == (size, True)
    assert KEY.encode() not in file.read_bytes()
    before = lab.look(item)
    lab.item("k2")
    with robo.store.write() as tx:
        workers.leave(tx, "w", lab.incarnation)
    former, said, later = keeping.restore(robo, file)
    assert (said, bool(later), former.exists()) == (about, True, True)
    assert lab.look(item) == before
    assert keeping.check(robo) == []
    with robo.store.write() as tx:
        workers.leave(tx, "w", lab.incarnation)
    if not robo.store.is_sqlite:
        keeping.restore(robo, former)
        assert len(robo.items()) == 2


def test_a_store_that_was_only_looked_at_is_given_back_too(robo: App) -> None:
    keeping.upgrade(robo)
    assert keeping.check(robo) == []
    robo.close()
    assert robo.found_store._engine.pool.checkedin() == 0  # type: ignore[attr-defined] # the pools of both have it


def tool(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of PostgreSQL's own, which is not ours: a program that fails."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}/bin{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("robo", ["postgresql"], indirect=True)
def test_half_a_dump_never_becomes_a_copy(robo: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, "pg_dump", "printf half; exit 1", monkeypatch)
    with pytest.raises(InfrastructureError) as told:
        keeping.backup(robo, tmp_path / "a.backup")
    assert told.value.code == "RB682"
    assert not (tmp_path / "a.backup").exists()


@pytest.mark.parametrize("robo", ["postgresql"], indirect=True)
def test_a_tool_that_ends_before_it_has_read_the_copy_is_told(
    robo: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, *_ = keeping.backup(robo, tmp_path)
    tool(tmp_path, "pg_restore", "exec <&-; exit 1", monkeypatch)
    with pytest.raises(InfrastructureError) as told:
        keeping.restore(robo, file)
    assert told.value.code == "RB682"


def test_a_copy_that_was_cut_leaves_the_store_as_it_is(robo: App, tmp_path: Path) -> None:
    lab = Lab(robo.store, Timer())
    file, *_ = keeping.backup(robo, tmp_path)
    with robo.store.write() as tx:
        workers.leave(tx, "w", lab.incarnation)
    item = Lab(robo.store, Timer()).unknown("k1").fence.item
    with robo.store.write() as tx:
        workers.leave(tx, "w", lab.incarnation + 1)
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(InfrastructureError) as refused:
        keeping.restore(robo, file)
    assert refused.value.code == "RB675"
    assert lab.state(item) == "unknown"
