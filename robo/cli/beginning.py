"""A new process from a few answers: valid from the first minute, and safe until its author says what it really does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from robo.cli.here import writing
from robo.errors import UsageError

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RESERVED: Final = frozenset({"item", "inputs", "region", "process", "run", "now", "find", "error", "last", "missing"})


@dataclass(frozen=True, slots=True)
class Answers:
    """What the author said. The first column is the key."""

    name: str
    title: str
    columns: Sequence[str]
    portal: bool
    region: str = ""
    """Where its cases are played; empty: there is no region yet, and no case is written."""


def check_process_name(name: str) -> str:
    """`name` when it can be a process's. Raises `UsageError` RB971."""
    if NAME.fullmatch(name) and len(name) <= 60:  # noqa: PLR2004 - a folder's name, and part of addresses
        return name
    raise UsageError(
        "RB971",
        "%(name)s cannot be the name of a process",
        remedy="use lower-case letters, digits and hyphens, such as titre-sejour-saisie",
        name=name,
    )


def quoted(text: str) -> str:
    """A text as YAML reads it back, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"


def field_name(column: str, taken: Sequence[str]) -> str:
    """`N° demande` -> `n_demande`: a name for expressions, unlike those already taken."""
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "field"
    name = f"f_{name}" if name[0].isdigit() or name in RESERVED else name
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def definition(answers: Answers) -> str:
    """The text of `process.yaml`."""
    return "\n".join([*_head(answers), *_items(answers), *(_entry(answers) if answers.portal else _files())]) + "\n"


def _head(answers: Answers) -> Iterator[str]:
    yield "robo: 1"
    yield f"process: {answers.name}"
    yield f"title: {quoted(answers.title)}"
    yield ""
    yield "inputs:"
    yield "  export: {type: file, title: 'The workbook'}"
    if answers.portal:
        yield "  portal: {type: url, title: 'Address of the application', overlay: true}"
    yield ""


def _items(answers: Answers) -> Iterator[str]:
    yield "items:"
    yield '  from: {files.rows: {file: "${{ inputs.export }}"}}'
    yield "  fields:"
    names: list[str] = []
    for column in answers.columns:
        names.append(field_name(column, names))
        yield f"    {names[-1]}: {{column: {quoted(column)}}}"
    yield "    done: {column: 'robo', required: false}  # written by the last step: add this column to the workbook"
    yield "  only_if: item.done is missing"
    yield f"  key: ${{{{ item.{names[0]} }}}}"
    yield ""


def _files() -> Iterator[str]:
    yield "steps:"
    yield "  - title: 'Write the date into the row'"
    yield '    files.update_row: {set: {robo: "${{ run.date }}"}}'


def _entry(answers: Answers) -> Iterator[str]:
    """Search, enter, send once, look again: the shape of every process that enters data. Its texts are examples."""
    key = field_name(answers.columns[0], ())
    yield "finders:"
    yield "  record:"
    yield "    browser.find_row:"
    yield "      at: ${{ inputs.portal }}/recherche"
    yield f'      search: {{{quoted(answers.columns[0])}: "${{{{ item.{key} }}}}"}}'
    yield f'      where: {{{quoted(answers.columns[0])}: "${{{{ item.{key} }}}}"}}'
    yield "      read: {number: 'N° dossier'}"
    yield ""
    yield "steps:"
    yield "  - id: created"
    yield "    title: 'Enter it'"
    yield "    once: ${{ item." + key + " }}"
    yield "    do:"
    yield "      - browser.open: ${{ inputs.portal }}/nouveau"
    yield "      - browser.fill:"
    names: list[str] = []
    for column in answers.columns:
        names.append(field_name(column, names))
        yield f"          {quoted(column)}: ${{{{ item.{names[-1]} }}}}"
    yield "      - browser.submit: Enregistrer"
    yield "    verify: record"
    yield "  - title: 'Write the number into the row'"
    yield '    files.update_row: {set: {robo: "${{ created.number }}"}}'


def cases(answers: Answers) -> dict[str, str]:
    """The first cases, by file: each holds from the first minute, whatever the columns are called."""
    if not answers.region:
        return {}
    twice = _case(answers, "Two rows with the same key are set aside, and nothing is done with them", ("A-1", "A-1"))
    found = {"90-same-key-twice.yaml": f"{twice}expect:\n  A-1: {{outcome: rejected, code: duplicate-in-source}}\n"}
    if not answers.portal:
        done = _case(answers, "A row is done, and says so", ("A-1",))
        found["01-done.yaml"] = f"{done}expect:\n  A-1: {{outcome: done}}\n  file: {{A-1: {{robo: filled}}}}\n"
    return found


def _case(answers: Answers, says: str, keys: Sequence[str]) -> str:
    key, *others = dict.fromkeys((*answers.columns, "robo"))
    row = "".join(f"    {quoted(column)}: {quoted('' if column == 'robo' else 'x')}\n" for column in others)
    rows = "".join(f"  - {quoted(key)}: {value}\n{row}" for value in keys)
    return f"robo: 1\nsays: {says}\nregion: {answers.region}\nitems:\n{rows}"


def write_process(folder: Path, answers: Answers) -> list[Path]:
    """Write the process, its README and its first cases. Raises `UsageError` RB972 (no column), RB973 (it exists), or
    `InfrastructureError` RB970."""
    if not answers.columns:
        raise UsageError("RB972", "a process needs at least one column: the key", remedy="--columns 'N° demande, Nom'")
    home = folder / answers.name
    if home.exists():
        raise UsageError(
            "RB973",
            "the process %(name)s is already there",
            place=str(home),
            remedy="choose another name",
            name=answers.name,
        )
    texts = {
        "process.yaml": definition(answers),
        "README.md": f"# {answers.title}\n\n`robo process manual {answers.name}` prints the procedure by hand.\n",
        "CHANGELOG.md": "# Changelog\n\n## 0.1.0\n\n- First version.\n",
        **{f"cases/{name}": text for name, text in cases(answers).items()},
    }
    with writing(home):
        (home / "cases").mkdir(parents=True)
        for name, text in texts.items():
            (home / name).write_text(text, encoding="utf-8")
    return [home / name for name in texts]
