"""`python -I -m robo_files.box`: reads one request on stdin, limits itself, answers in frames on stdout.

A frame is four bytes of length (big endian) and JSON; that of a chunk is followed by its columns. The last one is
`{"end": …}` or `{"trouble": kind, "facts": …}`; a stream that ends without one means that the box died (memory, time).
What one request needs is loaded with it: the text of a PDF does not wait for what reads workbooks.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from robo_files.box.trouble import Limits, Trouble

if TYPE_CHECKING:
    from robo_files.box.reading import Opened

_LENGTH = struct.Struct(">L")
_FULL = (errno.ENOSPC, errno.EDQUOT)
CSV = (".csv", ".txt", ".tsv")


def main() -> None:
    """Answer one request. The box ends when its stdin closes, whatever it is doing: no orphan outlives its parent."""
    (size,) = _LENGTH.unpack(sys.stdin.buffer.read(_LENGTH.size))
    request = json.loads(sys.stdin.buffer.read(size))
    limits = Limits(**request["limits"])
    confine(limits)
    threading.Thread(target=_watch, args=(sys.stdin.buffer,), daemon=True).start()
    out = sys.stdout.buffer
    try:
        _answer(request, limits, out)
    except Trouble as trouble:
        send(out, {"trouble": trouble.kind, "facts": trouble.facts})
    except FileNotFoundError:
        send(out, {"trouble": "missing", "facts": {}})
    except IsADirectoryError:
        send(out, {"trouble": "folder", "facts": {}})
    except PermissionError as error:
        send(out, {"trouble": "no-permission", "facts": {"why": str(error.strerror)}})
    except OSError as error:
        send(out, {"trouble": "disk-full" if error.errno in _FULL else "io", "facts": {"why": str(error.strerror)}})
    except MemoryError:
        send(out, {"trouble": "memory", "facts": {"limit": limits.memory}})
    out.flush()
    os._exit(0)  # the watching thread holds stdin; nothing is left to clean


def confine(limits: Limits) -> None:
    """Take away what a parser does not need. Windows has no such limits; there the process boundary is what remains."""
    try:
        import resource
    except ImportError:
        return
    for what, value in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (soft, hard))


def _watch(stdin: BinaryIO) -> None:
    stdin.read(1)
    os._exit(3)


def send(out: BinaryIO, answer: dict[str, Any]) -> None:
    body = json.dumps(answer, separators=(",", ":")).encode()
    out.write(_LENGTH.pack(len(body)) + body)


def _answer(request: dict[str, Any], limits: Limits, out: BinaryIO) -> None:
    path = Path(request["file"])
    if path.is_dir():
        raise Trouble("folder")
    if request["do"] == "rows":
        _rows(request, path, limits, out)
        return
    if request["do"] == "cells":
        _cells(request, path, limits, out)
        return
    if request["do"] == "append":
        from robo_files.box.appending import append

        send(out, {"end": append(request, path, limits, csv=path.suffix.lower() in CSV)})
        return
    if request["do"] in _PAPER:
        send(out, {"end": _PAPER[request["do"]](request, path, limits)})
        return
    if request["do"] == "unpack":
        from robo_files.box.unpacking import unpack

        send(out, {"end": unpack(path, request["target"], limits)})
        return
    from robo_files.box.csvchange import check_csv, update_csv
    from robo_files.box.locating import Told
    from robo_files.box.updating import check_workbook, update_workbook

    csv, changes = path.suffix.lower() in CSV, request["changes"]
    if request["do"] == "check":
        told = [Told(*each) for each in request["told"]]
        send(out, {"end": (check_csv if csv else check_workbook)(path, changes, told, limits)})
        return
    target = Path(request["target"]) if request["target"] else None
    answers = (update_csv if csv else update_workbook)(path, target, changes, limits)
    send(out, {"end": [(each.answer, each.row, each.column) for each in answers]})


def _pdf_text(request: dict[str, Any], path: Path, limits: Limits) -> Any:
    from robo_files.box.pdf import text_of

    return text_of(path, request["first"], request["last"], limits)


def _pdf_split(request: dict[str, Any], path: Path, limits: Limits) -> Any:
    from robo_files.box.pdf import split

    return split(path, Path(request["target"]), request["ranges"], limits)


def _pdf_merge(request: dict[str, Any], _: Path, limits: Limits) -> Any:
    from robo_files.box.pdf import merge

    return merge([Path(file) for file in request["files"]], Path(request["target"]), limits)


def _template(request: dict[str, Any], path: Path, limits: Limits) -> Any:
    from robo_files.box.document import fill

    fill(path, Path(request["target"]), request["values"], request["rows"], limits)
    return True


_PAPER = {"pdf_text": _pdf_text, "pdf_split": _pdf_split, "pdf_merge": _pdf_merge, "template": _template}


def _opened(request: dict[str, Any], path: Path, limits: Limits) -> Opened:
    if path.suffix.lower() in CSV:
        from robo_files.box.csvfile import read_csv

        return read_csv(path, limits, request.get("how"))
    from robo_files.box.reading import open_sheet

    return open_sheet(path, request["sheet"], limits)


def _cells(request: dict[str, Any], path: Path, limits: Limits, out: BinaryIO) -> None:
    from robo_files.box.reading import cells_at

    opened = _opened(request, path, limits)
    send(out, {"end": {"sheet": opened.name, "cells": cells_at(opened, request["cells"])}})


def _rows(request: dict[str, Any], path: Path, limits: Limits, out: BinaryIO) -> None:
    from robo_files.box.marks import letters
    from robo_files.box.reading import chunks

    source = _opened(request, path, limits).table(request["header"])
    send(
        out,
        {
            "sheet": source.sheet,
            "header": source.header,
            "headers": source.headers,
            "writable": source.writable,
            "letters": [letters(column + 1) for column in source.columns],
        },
    )
    out.flush()
    if not request.get("only_headers"):
        for head, columns in chunks(source):
            send(out, head)
            out.writelines(columns)
            out.flush()
    send(out, {"end": True})


if __name__ == "__main__":
    main()
