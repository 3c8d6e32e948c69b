"""A new process from a few answers: valid from the first minute, and safe until its author says what it really does.

A shape is a folder under `shapes`: a whole process with cases, which works on the practice portal. `[[English¦French]]`
there is said in the language of whoever asks. With columns of one's own, `file` and `form` are written for these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from robo.cli.here import writing
from robo.cli.language import _, chosen
from robo.errors import UsageError

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RESERVED: Final = frozenset({"item", "inputs", "region", "process", "run", "now", "find", "error", "last", "missing"})


SHAPES: Final = Path(__file__).parent / "shapes"
PAIR: Final = re.compile(r"\[\[([^¦\]]+)¦(.+?)\]\]")
FILE, FORM, REMINDERS = "file", "form", "reminders"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the author said. The first column is the key; without columns, a shape has those of its example."""

    name: str
    title: str
    shape: str
    columns: Sequence[str] = ()
    region: str = ""
    """Where its cases are played; empty: there is no region yet, and no case is written."""
    domain: str = ""
    """One to which robots of the region may write; empty: they have no account."""


def shapes() -> dict[str, str]:
    """What can be begun, with what it is for, in the order in which it is offered."""
    return {
        FILE: _("a workbook: each row is worked on, and marked in it"),
        FORM: _("a workbook into a form of one page, once each, the number back into the workbook"),
        "wizard": _("the same with a form of several pages"),
        "table": _("a list of several pages of an application, into a workbook"),
        REMINDERS: _("mails 60 and 30 days before a date of a workbook"),
        "folder": _("a folder of PDFs: read, checked, filed"),
        "api": _("a list that an interface gives (GraphQL), into a workbook"),
    }


def asks_columns(shape: str) -> bool:
    """Whether it is written for columns of one's own."""
    return shape in {FILE, FORM}


def has_example(shape: str) -> bool:
    """Whether it can be begun without columns of one's own."""
    return (SHAPES / shape).is_dir()


def check_shape(shape: str) -> str:
    """`shape` when there is one. Raises `UsageError` RB984."""
    if shape in shapes():
        return shape
    raise UsageError(
        "RB984",
        "there is no shape %(shape)s of a process",
        place="--shape",
        remedy="one of: %(known)s",
        shape=shape,
        known=", ".join(shapes()),
    )


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
    """The text of `process.yaml` for columns of the author's own."""
    body = _files() if answers.shape == FILE else _entry(answers)
    return "\n".join([*_head(answers), *_items(answers), *body]) + "\n"


def _head(answers: Answers) -> Iterator[str]:
    yield "robo: 1"
    yield f"process: {answers.name}"
    yield f"title: {quoted(answers.title)}"
    yield ""
    yield "inputs:"
    yield f"  export: {{type: file, title: {quoted(_('The workbook'))}}}"
    if answers.shape == FORM:
        yield f"  portal: {{type: url, title: {quoted(_('Address of the application'))}, overlay: true}}"
    yield ""


def _items(answers: Answers) -> Iterator[str]:
    yield "items:"
    yield '  from: {files.rows: {file: "${{ inputs.export }}"}}'
    yield "  fields:"
    names: list[str] = []
    for column in answers.columns:
        names.append(field_name(column, names))
        yield f"    {names[-1]}: {{column: {quoted(column)}}}"
    note = _("written by the last step: add this column to the workbook")
    yield f"    done: {{column: 'robo', required: false}}  # {note}"
    yield "  only_if: item.done is missing"
    yield f"  key: ${{{{ item.{names[0]} }}}}"
    yield ""


def _files() -> Iterator[str]:
    yield "steps:"
    yield f"  - title: {quoted(_('Write the date into the row'))}"
    yield '    files.update_row: {set: {robo: "${{ run.date }}"}}'


def _entry(answers: Answers) -> Iterator[str]:
    """Search, enter, send once, look again: the shape of every process that enters data. Its texts are examples."""
    key = field_name(answers.columns[0], ())
    yield f"# {_('the words of the pages are examples: put those of your application in their place')}"
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
    yield f"    title: {quoted(_('Enter it'))}"
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
    yield f"  - title: {quoted(_('Write the number into the row'))}"
    yield '    files.update_row: {set: {robo: "${{ created.number }}"}}'


def cases(answers: Answers) -> dict[str, str]:
    """The first cases, by file: each holds from the first minute, whatever the columns are called."""
    if not answers.region:
        return {}
    twice = _case(answers, _("Two rows with the same key are set aside, and nothing is done with them"), ("A-1", "A-1"))
    found = {"90-same-key-twice.yaml": f"{twice}expect:\n  A-1: {{outcome: rejected, code: duplicate-in-source}}\n"}
    if answers.shape == FILE:
        done = _case(answers, _("A row is done, and says so"), ("A-1",))
        found["01-done.yaml"] = f"{done}expect:\n  A-1: {{outcome: done}}\n  file: {{A-1: {{robo: filled}}}}\n"
    return found


def _case(answers: Answers, says: str, keys: Sequence[str]) -> str:
    key, *others = dict.fromkeys((*answers.columns, "robo"))
    row = "".join(f"    {quoted(column)}: {quoted('' if column == 'robo' else 'x')}\n" for column in others)
    rows = "".join(f"  - {quoted(key)}: {value}\n{row}" for value in keys)
    return f"robo: 1\nsays: {quoted(says)}\nregion: {answers.region}\nitems:\n{rows}"


def example(answers: Answers) -> dict[str, bytes]:
    """The files of a shape's example, by their place in the process; without a region, no cases."""
    words = {"NAME": answers.name, "TITLE": quoted(answers.title), "REGION": answers.region, "DOMAIN": answers.domain}
    home = SHAPES / answers.shape
    found = {}
    for file in sorted(each for each in home.rglob("*") if each.is_file()):
        place = file.relative_to(home).as_posix()
        if place.startswith("cases/") and not answers.region:
            continue
        content = file.read_bytes()
        found[place] = said(content.decode(), words).encode() if file.suffix in {".yaml", ".md"} else content
    return found


def said(text: str, words: Mapping[str, str]) -> str:
    """A text of a shape in the language of whoever reads, with the author's words in it."""
    which = 2 if chosen() == "fr" else 1
    text = PAIR.sub(lambda pair: pair[which], text)
    for name, word in words.items():
        text = text.replace(f"[[{name}]]", word)
    return text


def written(answers: Answers) -> dict[str, bytes]:
    """Every file of the new process, by its place in it. Raises `UsageError` RB972 (no column, or some for a shape that
    has its own), RB985 (no account)."""
    if answers.shape == REMINDERS and not answers.domain:
        raise UsageError(
            "RB985",
            "a process that writes mails needs an account, and the region %(region)s has none",
            place=f"config/regions/{answers.region or 'REGION'}.yaml",
            remedy="to practise with `robo sandbox`, write there: mail: {server: 127.0.0.1, port: 8025, "
            "security: none, from: robot@exemple.fr, domains: [exemple.fr], redirect_all_to: essais@exemple.fr}",
            region=answers.region or "-",
        )
    if answers.columns and not asks_columns(answers.shape):
        raise UsageError(
            "RB972",
            "the shape %(shape)s has columns of its own",
            place="--columns",
            remedy="leave --columns out, or take a shape that is written for yours: %(known)s",
            shape=answers.shape,
            known=", ".join(filter(asks_columns, shapes())),
        )
    if answers.columns:
        texts = {"process.yaml": definition(answers)}
        texts |= {f"cases/{name}": text for name, text in cases(answers).items()}
        files = {name: text.encode() for name, text in texts.items()}
    elif not has_example(answers.shape):
        raise UsageError("RB972", "a process needs at least one column: the key", remedy="--columns 'N° demande, Nom'")
    else:
        files = example(answers)
    manual = _("prints the procedure by hand.")
    files["README.md"] = f"# {answers.title}\n\n`robo process manual {answers.name}` {manual}\n".encode()
    files["CHANGELOG.md"] = f"# Changelog\n\n## 0.1.0\n\n- {_('First version.')}\n".encode()
    return files


def write_process(folder: Path, answers: Answers) -> list[Path]:
    """Write the process, its README and its first cases. Raises what `written` does, `UsageError` RB973 (it exists), or
    `InfrastructureError` RB970."""
    home = folder / answers.name
    if home.exists():
        raise UsageError(
            "RB973",
            "the process %(name)s is already there",
            place=str(home),
            remedy="choose another name",
            name=answers.name,
        )
    files = written(answers)
    with writing(home):
        for name, content in files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
    return [home / name for name in files]
