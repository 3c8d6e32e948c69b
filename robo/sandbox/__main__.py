"""`python -m robo.sandbox`: the portal in a process of its own.

Prints one JSON line when it takes connections: `{"schema": "robo.sandbox/1", "url": …, "control": …, "token": …,
"skin": …, "database": …, "pid": …}`, with `accounts` when it had to generate the passwords (they are given in the
environment, `ROBO_SANDBOX_ACCOUNTS={"login": "password"}`). Ends on SIGTERM, SIGINT, or when its parent ends.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

from robo.errors import RoboError
from robo.sandbox.handle import ACCOUNTS_VARIABLE, ServerThread, new_accounts
from robo.sandbox.server import Settings

_PARENT_LOOK = 0.25


def main() -> int:
    """Serve until told to end; the exit code of the trouble, if any."""
    options = _options()
    given = os.environ.pop(ACCOUNTS_VARIABLE, "")
    accounts = json.loads(given) if given else new_accounts()
    settings = Settings(
        database=options.database, skin=options.skin, port=options.port, accounts=accounts,
        token=secrets.token_urlsafe(24), idle_seconds=options.idle_seconds, seeds=options.seeds,
        stock=options.stock,
    )  # fmt: skip
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    thread = ServerThread(settings)
    try:
        doors = thread.open()
    except RoboError as error:
        sys.stderr.write(f"{error.code} {error}\n{error.advice}\n")
        return error.exit_code
    ready = {
        "schema": "robo.sandbox/1", "url": doors.url, "control": doors.control, "token": settings.token,
        "skin": settings.skin, "database": str(settings.database), "pid": os.getpid(),
    }  # fmt: skip
    sys.stdout.write(json.dumps(ready if given else {**ready, "accounts": accounts}) + "\n")
    sys.stdout.flush()
    if options.tied:
        threading.Thread(target=_until_let_go, args=(told,), daemon=True).start()
    parent = os.getppid()
    while not told.wait(_PARENT_LOOK) and os.getppid() == parent:
        pass
    thread.close()
    return 0


def _until_let_go(told: threading.Event) -> None:
    """Whoever holds the other end of standard input holds this portal: the kernel closes it, however they end."""
    sys.stdin.buffer.read()
    told.set()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m robo.sandbox", description="A fictional préfecture portal.")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file, made if missing")
    parser.add_argument("--skin", default="occitanie", help="occitanie or guyane")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--idle-seconds", type=float, default=900.0, help="a session expires after this idle time")
    parser.add_argument("--seeds", type=int, default=60, help="fictional dossiers in a new database")
    parser.add_argument("--stock", type=int, default=0, help="fictional records in each other application")
    parser.add_argument("--tied", action="store_true", help="end when standard input is closed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
