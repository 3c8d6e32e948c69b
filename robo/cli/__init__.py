"""The command line: one module per noun, each loaded when its command is called."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 ok, 1 items failed, 2 definition or usage, 3 something to handle,
    4 infrastructure, 130 interrupted."""
    import sys

    from robo.cli.trouble import guarded

    return guarded(sys.argv[1:] if arguments is None else arguments)
