"""Where the sandbox listens: on loopback only, at ports that may be taken."""

from __future__ import annotations

import socketserver
import threading
from typing import Self

from robo.errors import InfrastructureError

HOST = "127.0.0.1"


def port_taken(port: int, error: Exception, option: str = "--port") -> InfrastructureError:
    """RB982, with what the system says. `option`: how the command is told another one."""
    return InfrastructureError(
        "RB982",
        "the sandbox cannot listen on port %(port)s: %(reason)s",
        remedy="choose another port with %(option)s, or 0 for any free one",
        port=port,
        reason=str(error),
        option=option,
    )


class Talker(socketserver.ThreadingTCPServer):
    """Listens on loopback while a `with` block lasts, and talks with each who comes in a thread of its own."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, talk: type[socketserver.BaseRequestHandler], option: str) -> None:
        """Raises `InfrastructureError` RB982, the port is taken."""
        try:
            super().__init__((HOST, port), talk)
        except (OSError, OverflowError) as error:
            raise port_taken(port, error, option) from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_ended: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()
