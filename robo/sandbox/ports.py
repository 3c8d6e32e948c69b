"""Where the sandbox listens: on loopback only, at ports that may be taken."""

from __future__ import annotations

from robo.errors import InfrastructureError

HOST = "127.0.0.1"


def port_taken(port: int, error: Exception) -> InfrastructureError:
    """RB982, with what the system says."""
    return InfrastructureError(
        "RB982",
        "the sandbox cannot listen on port %(port)s: %(reason)s",
        remedy="Choose another port, or 0 for any free one.",
        port=port,
        reason=str(error),
    )
