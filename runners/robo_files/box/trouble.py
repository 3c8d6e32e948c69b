"""What can be wrong with a file, as the box says it: a word and facts. `robo_files.trouble` makes messages of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

MEGABYTE = 1024 * 1024
Words = str | dict[str, Any]
"""Why something is not done, in English: a text, or a `phrase`."""


def phrase(message: str, **facts: Any) -> dict[str, Any]:
    """What `robo.sdk.errors.phrase` gives, made where nothing of robo is loaded."""
    return {"message": message, "facts": facts}


class Trouble(Exception):  # noqa: N818 - it crosses a pipe as data and becomes a RoboError on the other side
    """`kind` is one of the words `robo_files.trouble` knows; `facts` are plain JSON values."""

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind, facts)
        self.kind = kind
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be before it is opened, and what its parser may take. Raised by `limits: {files: …}`."""

    size: int = 50 * MEGABYTE
    """Bytes on the disk."""
    expanded: int = 200 * MEGABYTE
    """Bytes of all parts together, once unpacked."""
    ratio: int = 200
    """Times a part of more than 1 MB may grow when it is unpacked."""
    parts: int = 2_000
    """Entries of the archive."""
    memory: int = 1500 * MEGABYTE
    """Bytes of address space of the parser (POSIX)."""
    cpu: int = 60
    """Seconds of processor time of the parser (POSIX)."""

    def plain(self) -> dict[str, int]:
        return asdict(self)
