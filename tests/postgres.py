"""A PostgreSQL of our own: an unprivileged account, a free port of this machine, ended by its pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BINARIES: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
NONE_HERE: Final = "no PostgreSQL server binaries in /usr/lib/postgresql"
QUICK: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests that never crash the server."""
_ALWAYS: Final = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "60"}


class Server:
    """The server in the folder `home`; `settings` are those of postgresql.conf."""

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        self._home = home
        self._port = _free_port()
        options = [part for name, value in {**_ALWAYS, **settings}.items() for part in ("-c", f"{name}={value}")]
        self._serve = [f"{BINARIES[0]}/postgres", "-D", f"{home}/data", "-p", str(self._port), *options]
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
        make = [f"{BINARIES[0]}/initdb", "-D", f"{home}/data", "-U", "robo", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(_as_nobody([*make, "--locale=C.UTF-8"]), check=True, capture_output=True, cwd="/")

    @property
    def address(self) -> str:
        return self._address("postgres")

    def database(self, name: str) -> str:
        """The address of a new database."""
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._address(name)

    def _address(self, database: str) -> str:
        return f"postgresql://robo@127.0.0.1:{self._port}/{database}"

    def start(self) -> None:
        """Start it, also after a crash, and wait until it answers."""
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(_as_nobody(self._serve), stdout=log, stderr=log, cwd="/")
        self._await()

    def crash(self) -> None:
        """What a power failure leaves: it ends without writing a page or telling its clients why."""
        stop = [f"{BINARIES[0]}/pg_ctl", "-D", f"{self._home}/data", "-w", "stop", "-m", "immediate"]
        subprocess.run(_as_nobody(stop), check=True, capture_output=True, cwd="/")
        assert self._process is not None
        self._process.wait(20)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # a fast shutdown: it does not wait for its clients
        self._process.wait(20)

    def _await(self) -> None:
        import psycopg

        assert self._process is not None
        for _ in range(900):
            if self._process.poll() is not None:
                raise RuntimeError("PostgreSQL ended while it started")
            try:
                psycopg.connect(host="127.0.0.1", port=self._port, user="robo", dbname="postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.02)  # there is no event to wait for: the server tells only its log
            else:
                return
        raise RuntimeError("PostgreSQL did not start in 18 s")


@contextmanager
def running(settings: Mapping[str, str]) -> Iterator[Server]:
    """A server that answers, gone with all it held at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="robo-pg-"))
    try:
        server = Server(home, settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _as_nobody(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root: as `postgres` then (Debian makes that account)."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
