"""Whom connections trust: the authorities of this machine, and those of the project's own networks."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Final

from robo.errors import UsageError

AUTHORITIES: Final = "authorities"
"""The setting of a runner (`Runner.start`) that names the file."""


def trusted(settings: Mapping[str, Any]) -> ssl.SSLContext:
    """What a client's TLS stands on: names and chains are checked, always. `settings`: of the runner; `authorities` is
    a file of certificates (PEM) that count besides those of the machine.

    Raises `UsageError` RB899 when that file cannot be read."""
    context = ssl.create_default_context()
    file = settings.get(AUTHORITIES)
    if file:
        try:
            context.load_verify_locations(cafile=str(file))
        except (OSError, ssl.SSLError) as bad:
            raise UsageError(
                "RB899",
                "the certificates of `authorities` cannot be read: %(cause)s",
                place="config/robo.yaml",
                remedy="give a file of certificates in PEM: `authorities: config/autorites.pem`",
                cause=(bad.strerror if isinstance(bad, OSError) else "") or str(bad),
            ) from bad
    return context
