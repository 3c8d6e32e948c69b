"""The portal in a process of its own, killed or orphaned."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from robo import sandbox
from robo.errors import InfrastructureError
from robo.sandbox import RunningSandbox

ACCOUNTS = {"robot.occitanie": "canary-robot-1"}
Enter = Callable[[RunningSandbox], Any]


def test_what_was_answered_survives_kill_9(database: Path, enter: Enter) -> None:
    portal = sandbox.spawn(database, accounts=ACCOUNTS)
    assert portal.process
    visitor = enter(portal).sign_in()
    visitor.file("2026-TS-1")
    number = visitor.path.rpartition("/")[2]
    visitor.identity(application_reference="2026-TS-2")
    portal.process.send_signal(signal.SIGKILL)
    portal.stop()
    assert [(e.reference, e.number) for e in portal.truth()] == [("2026-TS-1", number)]
    with sandbox.start(database, accounts=ACCOUNTS) as again:
        page = enter(again).sign_in()
        assert number in page.go("/recherche?reference=2026-TS-1").text
        assert [draft.reference for draft in again.drafts()] == ["2026-TS-2"]


def test_passwords_are_not_among_the_arguments_of_the_process(database: Path) -> None:
    with sandbox.spawn(database, accounts=ACCOUNTS) as portal:
        assert portal.process
        assert "canary-robot-1" not in " ".join(map(str, portal.process.args))


def test_it_ends_when_its_parent_is_killed(database: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(f"""
            import time, pathlib
            from robo import sandbox
            portal = sandbox.spawn(pathlib.Path({str(database)!r}))
            print(portal.url, flush=True)
            time.sleep(60)
        """)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert parent.stdout
    url = parent.stdout.readline().decode().strip()
    assert httpx.get(url + "/connexion").status_code == 200
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            httpx.get(url + "/connexion")
        except httpx.TransportError:
            return
        time.sleep(0.05)
    pytest.fail("the portal outlived its parent")


def test_the_ready_line_gives_the_passwords_it_had_to_make(database: Path, enter: Enter) -> None:
    command = [sys.executable, "-m", "robo.sandbox", "--database", str(database)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    ready = json.loads(process.stdout.readline())
    try:
        assert ready["schema"] == "robo.sandbox/1"
        assert ready["pid"] == process.pid
        page = httpx.get(ready["url"] + "/connexion")
        assert "Connexion" in page.text
        assert set(ready["accounts"]) >= {"robot.occitanie", "robot.guyane", "agent.martin"}
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_stopping_frees_the_port_and_may_be_done_twice(database: Path) -> None:
    portal = sandbox.start(database, accounts=ACCOUNTS)
    portal.stop()
    portal.stop()
    with sandbox.start(database, port=int(portal.url.rpartition(":")[2]), accounts=ACCOUNTS) as again:
        assert again.url == portal.url


def test_a_taken_port_is_said(database: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InfrastructureError) as caught:
            sandbox.start(database, port=taken.getsockname()[1])
    assert caught.value.code == "RB982"


def test_a_file_that_is_no_database_is_said(database: Path) -> None:
    database.write_text("something else entirely, long enough to be no database header")
    with pytest.raises(InfrastructureError) as caught:
        sandbox.start(database)
    assert caught.value.code == "RB981"


def test_a_child_that_cannot_start_says_why(database: Path) -> None:
    with pytest.raises(InfrastructureError) as caught:
        sandbox.spawn(database, skin="bretagne")
    assert caught.value.code == "RB983"
    assert "RB980" in str(caught.value)


def test_pages_do_not_wait_for_reportlab() -> None:
    code = "import sys, robo.sandbox.web; sys.exit('reportlab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_package_itself_loads_no_web_server() -> None:
    code = "import sys, robo.sandbox; sys.exit(bool({'starlette', 'uvicorn', 'jinja2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
