"""Files that an application is given: put into its file fields, hidden ones included, and read back by their names."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robo.sdk.errors import Failure, NotFound
from robo.sdk.grammar import parse_target
from robo.sdk.paths import as_on_disk, names_in
from robo.sdk.runner import Call, Result
from robo_browser.acting import Hands
from robo_browser.parameters import FilesParams
from robo_browser.trouble import failed


async def upload(hands: Hands, call: Call, params: FilesParams, end: float) -> Result:
    """The action `browser.upload`: every field gets its file, or files."""
    notes = []
    for label, value in params.fields.items():
        files = await asyncio.to_thread(_files, call, label, value)
        await _put(hands, call, label, files, end)
        notes.append(f"{label} = «{', '.join(file.name for file in files)}»")
    return Result(note=", ".join(notes))


def _files(call: Call, label: str, value: Any) -> list[Path]:
    """The files that are meant, all of them there."""
    many = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    found = []
    for text in many:
        file = as_on_disk(Path(str(text)))
        if not str(text) or not file.is_file():
            near = [name for name in names_in(file.parent) if Path(name).suffix == file.suffix][:6]
            raise NotFound(
                "RB760",
                "%(target)s: there is no file %(file)s; in its folder: %(near)s",
                place=call.step,
                remedy="look whether the step that makes the file ran, and how it called it",
                target=label,
                file=str(text),
                near=", ".join(near) or "-",
            )
        found.append(file.absolute())
    return found


async def _put(hands: Hands, call: Call, label: str, files: Sequence[Path], end: float) -> None:
    names = [file.name for file in files]
    targets = [hands.target(parse_target(label), call.within)]
    place = await hands.do({"job": "fileField", "targets": targets, "names": names}, end)
    if place.get("failed") in {"one", "accept"}:
        raise _refused(call, label, names, place)
    if "failed" in place:
        raise await hands.missed(failed(place, label, call.step))
    await hands.give([str(file) for file in files])
    back = await hands.do({"job": "filesShown", "names": names}, end)
    if not back.get("shown"):
        raise Failure(
            "RB706",
            "%(target)s shows «%(shown)s» after «%(entered)s» was entered",
            place=call.step,
            remedy="look what the page accepts there: its length, its format, its list",
            target=label,
            shown=", ".join(back.get("names", ())),
            entered=", ".join(names),
        )


def _refused(call: Call, label: str, names: Sequence[str], place: Any) -> Failure:
    if place["failed"] == "one":
        return Failure(
            "RB761",
            "%(target)s takes one file, not %(count)s",
            place=call.step,
            remedy="give one file, or one field for each",
            target=label,
            count=len(names),
        )
    return Failure(
        "RB762",
        "%(target)s takes %(accept)s, which «%(name)s» is not",
        place=call.step,
        remedy="give a file of a kind the application takes",
        target=label,
        accept=place["accept"],
        name=place["name"],
    )
