"""The command line: one module per noun, each loaded when its command is called."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 ok, 1 items failed, 2 definition or usage, 3 something to handle,
    4 infrastructure, 130 interrupted."""
    import gc
    import os
    import signal
    import sys

    gc.set_threshold(200_000, 20, 20)  # starting makes 70 000 objects and no garbage: nothing to look for
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to find none, it reads all that is installed
    try:
        from robo.cli.trouble import INTERRUPTED, guarded

        if arguments is not None:
            return guarded(arguments)
        _end_like_ctrl_c()
        code = guarded(sys.argv[1:])
    except KeyboardInterrupt:  # before anything began, or a second one
        return 130
    gc.freeze()  # nor does ending: what is left goes with the process
    if code == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # at its end: who is in a hurry need not press again
    return code


def _end_like_ctrl_c() -> None:
    """Whoever ends a service or closes a terminal is obeyed like Ctrl-C: sessions are closed, the browser is ended."""
    import signal

    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a script's `robo run &`: SIGTERM was lost with it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores it on purpose
            signal.signal(number, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
