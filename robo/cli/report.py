"""`robo report`: the hours that robots gave back, for whoever reads, calculates, prints or checks; and the week."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from robo.cli import complete
from robo.cli.console import data, emit, finish, paint, talk, verdict
from robo.cli.here import Json, noun, opened, writing
from robo.cli.language import _, chosen, say

if TYPE_CHECKING:
    from robo.app import App
    from robo.app.reporting import Wanted
    from robo.services.reporting.model import Report
    from robo.services.reporting.texts import Texts

    Rows = Callable[[], AbstractContextManager[Iterator[Mapping[str, Any]]]]

app = noun(_("The hours that robots gave back, and the week."))


class Format(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"
    PDF = "pdf"


IN_FILES: Final = frozenset({Format.XLSX, Format.HTML, Format.PDF})
"""What nobody reads on a terminal."""
_MONTH: Final = "2026-10"
TO_HANDLE: Final = 3
"""The exit code of a sum without a region that should be in it."""
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help=_("whom you trust: logs, witnesses, quorum"), metavar="FILE")
]
Regions = Annotated[
    list[str] | None,
    typer.Option("--region", "-r", help=_("only this territory; may be repeated"), autocompletion=complete.regions),
]
Processes = Annotated[
    list[str] | None,
    typer.Option("--process", help=_("only this process; may be repeated"), autocompletion=complete.processes),
]


@app.command(help=_("Hours given back by process, region and month: proven, and apart what is not."))
def hours(
    *,
    region: Regions = None,
    process: Processes = None,
    first: Annotated[str, typer.Option("--from", help=_("the first month"), metavar=_MONTH)] = "",
    last: Annotated[str, typer.Option("--to", help=_("the last month"), metavar=_MONTH)] = "",
    form: Annotated[
        Format | None, typer.Option("--format", help=_("how it is written; the file's ending says it too"))
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--output", help=_("into this file"), metavar=_("FILE"))] = None,
    exports: Annotated[
        Path | None,
        typer.Option(
            "--from-exports", help=_("of the exports in this folder, each verified first"), metavar=_("FOLDER")
        ),
    ] = None,
    policy: PolicyFile = None,
    as_json: Json = False,
) -> None:
    """All formats say the same numbers. Exit 3: an export is left out, and named."""
    from robo.services.reporting.texts import Texts

    wanted, form = _wanted(region, process, first, last), _form(form, out, as_json=as_json)
    with _reported(wanted, exports, policy) as (found, rows):
        texts = Texts(chosen())
        if out is None:
            _show(found, texts, form)
        else:
            with writing(out):
                _into(out, _writer(found, rows, texts, form))
    _verdict(found, texts, form, out)
    if found.left_out:
        raise typer.Exit(TO_HANDLE)


@app.command(help=_("The last seven days in a few lines, for a mail: what was done, what waits, what expires."))
def week(*, region: Regions = None, process: Processes = None, as_json: Json = False) -> None:
    """Minutes of the week are not closed yet, and not reconciled."""
    from robo.app import reporting
    from robo.cli.ledger import tell_due
    from robo.services.reporting import week as weekly
    from robo.services.reporting.texts import Texts

    with opened() as robo:
        tell_due(robo)
        report = reporting.hours(robo, _wanted(region, process, "", ""))
        found = weekly.week(robo.store, report)
        texts = Texts(chosen())
    if as_json:
        emit("report-week", weekly.as_json(found))
        return
    for line in weekly.as_text(found, report, texts):
        data(line)
    finish()


@contextmanager
def _reported(wanted: Wanted, exports: Path | None, policy: Path | None) -> Iterator[tuple[Report, Rows | None]]:
    """The report, and what gives the rows of the book behind it: of the project's store; or of exports, whose rows stay
    where they are."""
    from robo.app import reporting
    from robo.cli.ledger import tell_due

    if exports is None:
        with opened() as robo:
            tell_due(robo)
            found = reporting.hours(robo, wanted)
            yield found, lambda: reporting.rows(robo, found)
        return
    if policy is None:
        from robo.cli.ledger_proof import no_policy

        raise no_policy()
    yield reporting.national(exports, policy, wanted, _here()), None


def _here() -> App | None:
    """The project one stands in, if any: it knows the names of regions and processes."""
    from robo.app import open_app
    from robo.errors import UsageError

    try:
        return open_app()
    except UsageError:
        return None


def _verdict(found: Report, texts: Texts, form: Format, out: Path | None) -> None:
    for each in found.left_out:
        talk(paint(say("%(name)s is left out: %(why)s", {"name": each.name, "why": each.why}), "bad"))
    where = {"lead": texts.head_parts(found)[0], "file": str(out)}
    if out is not None:
        verdict(say("%(lead)s · written: %(file)s", where), good=not found.left_out)
    elif form is Format.TABLE:
        verdict(say("%(lead)s · robo report hours -o report.xlsx", where), good=not found.left_out)


def _wanted(region: list[str] | None, process: list[str] | None, first: str, last: str) -> Wanted:
    from robo.app.reporting import Wanted
    from robo.services.reporting.calendar import read_month

    months = {"first": read_month(first, "--from"), "last": read_month(last, "--to")}
    return Wanted(regions=tuple(region or ()), processes=tuple(process or ()), **months)


def _form(said: Format | None, out: Path | None, *, as_json: bool) -> Format:
    """As it was said, else as the file's ending has it, else a table. Raises `UsageError` RB067 for a workbook that has
    no file to go to."""
    from robo.errors import UsageError

    ending = "" if out is None else out.suffix.removeprefix(".").lower()
    guessed = Format(ending) if ending in set(Format) else Format.TABLE
    form = said or (Format.JSON if as_json else guessed)
    if form in IN_FILES and out is None:
        raise UsageError(
            "RB067",
            "a report as %(form)s goes into a file, and none is named",
            place="--output",
            remedy="-o report.%(form)s",
            form=form.value,
        )
    return form


def _show(found: Report, texts: Texts, form: Format) -> None:
    """On standard output."""
    from robo.cli import report_table
    from robo.services.reporting.as_csv import as_csv
    from robo.services.reporting.as_json import NOUN, VERSION, as_json

    if form is Format.TABLE:
        report_table.show(found, texts)
    elif form is Format.JSON:
        emit(NOUN, as_json(found, texts), VERSION)
    else:
        data(as_csv(found).decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n"))
    finish()


def _writer(found: Report, rows: Rows | None, texts: Texts, form: Format) -> Callable[[Path], Any]:
    """What writes the file."""
    from robo.services.reporting.as_csv import as_csv

    if form is Format.XLSX:
        return lambda place: _workbook(found, rows, texts, place)
    if form is Format.CSV:
        return lambda place: place.write_bytes(as_csv(found))
    if form in {Format.HTML, Format.PDF}:
        return lambda place: place.write_bytes(_page(found, texts, form))

    def shown(place: Path) -> None:
        with place.open("w", encoding="utf-8") as file, redirect_stdout(file):
            _show(found, texts, form)

    return shown


def _workbook(found: Report, rows: Rows | None, texts: Texts, place: Path) -> None:
    from robo.services.reporting.xlsx import write_xlsx

    if rows is None:
        write_xlsx(found, texts, place, None)
        return
    with rows() as listed:
        write_xlsx(found, texts, place, listed)


def _page(found: Report, texts: Texts, form: Format) -> bytes:
    """The page, or its PDF."""
    from robo.services.reporting.html import page
    from robo.services.reporting.pdf import printed
    from robo.services.settings import settings_anywhere

    made = page(found, texts.language)
    return made.encode() if form is Format.HTML else printed(made, settings_anywhere().for_runners()["browser"])


def _into(file: Path, write: Callable[[Path], Any]) -> None:
    """The file is there whole, or as it was."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        part.touch()
        write(part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
