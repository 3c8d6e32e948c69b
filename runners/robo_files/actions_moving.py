"""The actions that put files elsewhere: copy, move, rename, zip, unzip."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.values import Effect

WHERE = {"path": "where it is now", "name": "how it is called there", "folder": "the folder it lies in"}
"""What an action that leaves a file tells about it."""


class MoveParams(Params):
    """`{file, to: folder}`; `name` gives it another one."""

    file: str
    to: str
    """A folder; made if it is not there. A relative one counts from the folder of the file."""
    name: str | None = None
    """Its new name. Signs that no system takes become `-`; the suffix stays."""
    source: Any = Field(default=None, exclude=True)
    """Filled by the engine: `item.source`, which knows the digest of the item's own file."""


class RenameParams(Params):
    """`files.rename: {file, name}`."""

    file: str
    name: str
    """Signs that no system takes become `-`; the suffix stays."""
    source: Any = Field(default=None, exclude=True)
    """Filled by the engine: `item.source`, which knows the digest of the item's own file."""


class ZipParams(Params):
    """`files.zip: {files, to}`."""

    files: tuple[str, ...]
    """Files, or folders with all that is in them."""
    to: str
    """The archive that is written, `….zip`. A relative one counts from where the first of the files lies."""


class UnzipParams(Params):
    """`files.unzip: {file, to: folder}`."""

    file: str
    to: str
    """A folder; made if it is not there. A relative one counts from the folder of the archive."""


COPY = ActionSpec(
    name="files.copy",
    params=MoveParams,
    effect=Effect.LOCAL,
    summary="Copy a file into a folder. There already with the same content is enough; another of that name fails.",
    needs_source=True,
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results=WHERE,
    example='files.copy: {file: "${{ item.path }}", to: "${{ inputs.filed }}/${{ item.number }}"}',
)

MOVE = ActionSpec(
    name="files.move",
    params=MoveParams,
    effect=Effect.LOCAL,
    summary="Move a file into a folder. Moved already is moved; another file of that name there fails, and both stay.",
    needs_source=True,
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results=WHERE,
    example='files.move: {file: "${{ item.path }}", to: "${{ inputs.filed }}/2026", name: "${{ item.number }}"}',
)

RENAME = ActionSpec(
    name="files.rename",
    params=RenameParams,
    effect=Effect.LOCAL,
    summary="Give a file another name in its folder. Renamed already is renamed; another file of that name fails.",
    needs_source=True,
    proof=Proof.IDEMPOTENT,
    results=WHERE,
    example='files.rename: {file: "${{ item.path }}", name: "${{ item.number }}"}',
)

ZIP = ActionSpec(
    name="files.zip",
    params=ZipParams,
    effect=Effect.LOCAL,
    summary="Pack files into a zip. One that is there and holds just these is enough; another of that name fails.",
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results={**WHERE, "count": "how many files it holds"},
    example='files.zip: {files: ["${{ item.path }}"], to: "${{ inputs.filed }}/${{ item.number }}.zip"}',
)

UNZIP = ActionSpec(
    name="files.unzip",
    params=UnzipParams,
    effect=Effect.LOCAL,
    summary="Unpack a zip into a folder, after a look at its names and sizes. What is there alike stays.",
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results={"files": "the files, each with name, path, folder and size", "count": "how many they are"},
    example='files.unzip: {file: "${{ item.path }}", to: "pieces"}',
)

MOVING = (COPY, MOVE, RENAME, ZIP, UNZIP)
