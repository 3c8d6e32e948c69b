"""`files.pdf_text`, `files.pdf_split`, `files.pdf_merge`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from robo.sdk.errors import Failure, NotFound
from robo.sdk.runner import Call, Result
from robo_files.actions_paper import PdfMergeParams, PdfSplitParams, PdfTextParams
from robo_files.desk import Desk
from robo_files.landing import refusals
from robo_files.moving import settle
from robo_files.places import absent, inside, new_file, safe_name, where

_RANGE = re.compile(r"([1-9]\d*)(?:(-)([1-9]\d*)?)?")
_SHOWN = 60


def text(desk: Desk, call: Call) -> Result:
    """Errors: those of a PDF (RB805-RB807, RB847), RB848 no text, RB849 no such page."""
    params = call.params
    assert isinstance(params, PdfTextParams)  # noqa: S101 - the action's own parameters
    first, last = _range(call, params.pages) if params.pages else (1, None)
    file = desk.on_disk(params.file)
    told = desk.ask({"do": "pdf_text", "file": str(file), "first": first, "last": last})
    if first > told["count"] or (last or first) > told["count"]:
        raise _no_page(call, params.pages or "", told["count"])
    words = "\n\n".join(told["texts"]).strip()
    if not words:
        raise NotFound(
            "RB848",
            "%(file)s has no text: its pages are pictures",
            place=call.step,
            remedy="ask for one that was not scanned, or hand it to a person; `optional: yes` goes on without",
            file=file.name,
        )
    note = f"{file.name}: «{words[:_SHOWN]}»"
    return Result(values={"text": words, "pages": told["texts"], "count": told["count"]}, note=note)


def split(desk: Desk, call: Call) -> Result:
    """Errors: those of a PDF, RB830 and RB831 of names, RB838 another file is there, RB849 no such page."""
    params = call.params
    assert isinstance(params, PdfSplitParams)  # noqa: S101 - the action's own parameters
    source = inside(desk.context, params.file, call.step)
    folder = inside(desk.context, params.to, call.step, beside=source.parent)
    stem = safe_name(params.name or source.stem, call.step)
    ranges = [_range(call, each) for each in params.pages or ()]
    with tempfile.TemporaryDirectory(dir=desk.context.folder) as private:
        told = desk.ask({"do": "pdf_split", "file": str(source), "target": private, "ranges": ranges})
        places = [
            inside(desk.context, str(folder / _piece(stem, each["first"], each["last"])), call.step) for each in told
        ]
        staged = [Path(private) / str(index) for index in range(len(told))]
        _settle(desk, call, staged, places)
    files = [
        {**where(place), "count": each["last"] - each["first"] + 1} for place, each in zip(places, told, strict=True)
    ]
    return Result(values={"files": files, "count": len(files)}, note=f"{source.name} → {len(files)} × {folder}")


def merge(desk: Desk, call: Call) -> Result:
    """Errors: those of a PDF, RB830 and RB831 of names, RB837 no file, RB838 another file is there."""
    params = call.params
    assert isinstance(params, PdfMergeParams)  # noqa: S101 - the action's own parameters
    sources = [inside(desk.context, file, call.step) for file in params.files]
    for source in sources:
        if not source.is_file():
            raise absent(source, call.step)
    target = new_file(desk.context, params.to, call.step, suffix=".pdf", beside=sources[0].parent)
    with tempfile.TemporaryDirectory(dir=desk.context.folder) as private:
        staged = Path(private) / "merged"
        request = {"do": "pdf_merge", "file": str(sources[0]), "target": str(staged)}
        count = desk.ask({**request, "files": [str(source) for source in sources]})
        _settle(desk, call, [staged], [target])
    return Result(values={**where(target), "count": count}, note=f"{len(sources)} → {target} ({count})")


def _settle(desk: Desk, call: Call, staged: Sequence[Path], places: Sequence[Path]) -> None:
    """Put each made file in its place, unless this is a dry run."""
    if not desk.context.dry_run:
        with refusals(places[0].parent):
            settle(staged, places, call.step)


def _piece(stem: str, first: int, last: int) -> str:
    return f"{stem}-{first}.pdf" if first == last else f"{stem}-{first}-{last}.pdf"


def _range(call: Call, pages: str) -> tuple[int, int | None]:
    found = _RANGE.fullmatch(pages.replace(" ", ""))
    if not found:
        raise Failure(
            "RB849",
            "«%(pages)s» are no pages",
            place=call.step,
            remedy="write one page as 3, some as 2-4, the rest as 5-",
            pages=pages,
        )
    first = int(found[1])
    return first, int(found[3]) if found[3] else None if found[2] else first


def _no_page(call: Call, pages: str, count: int) -> Failure:
    return Failure(
        "RB849",
        "there are no pages %(pages)s: the PDF has %(count)s",
        place=call.step,
        remedy="correct `pages:`, or look at what was sent",
        pages=pages,
        count=count,
    )
