"""From the box's words to errors a person can act on. Those about how a CSV is written are in `csvtrouble`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from robo.sdk.errors import InfrastructureError, RoboError, UsageError
from robo_files.csvtrouble import CSV_ERRORS, Facts
from robo_files.papertrouble import PAPER_ERRORS

_MEGABYTE = 1024 * 1024


def error_of(kind: str, facts: Facts, file: Path) -> RoboError:
    """The error for one of the box's words. `file` is its place, `file.name` a fact."""
    return _ERRORS[kind]({**facts, "file": file.name}, str(file))


def _missing(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB801",
        "the file %(file)s is not there",
        place=place,
        remedy="check the path, and that the drive is connected",
        **f,
    )


def _folder(f: Facts, place: str) -> RoboError:
    return UsageError("RB802", "%(file)s is a folder", place=place, remedy="give the file inside it", **f)


def _empty_file(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB803",
        "the file %(file)s is empty (0 bytes)",
        place=place,
        remedy="export it again; the last export or copy was interrupted",
        **f,
    )


def _not_xlsx(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB804",
        "%(file)s is not a workbook (xlsx, xlsm, xls, ods), whatever its name says: %(found)s",
        place=place,
        remedy="open it in Excel or LibreOffice and save it as .xlsx",
        **f,
    )


def _encrypted(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB805",
        "%(file)s is protected by a password",
        place=place,
        remedy="save a copy without a password to open, in a folder that only the agents may read",
        **f,
    )


def _broken(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB806",
        "%(file)s is damaged: %(why)s",
        place=place,
        remedy="open it in Excel, let it repair the file and save it; or export it again",
        **f,
    )


def _too_big(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB807",
        "%(file)s is too large to open: %(size_mb)s MB, the limit is %(limit_mb)s MB",
        place=place,
        remedy="split it, or raise `limits: {files: {size: …}}` in config/robo.yaml",
        size_mb=_mb(f["size"]),
        limit_mb=_mb(f["limit"]),
        **f,
    )


def _bomb(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB808",
        "%(file)s would grow to %(unpacked_mb)s MB once unpacked, the limit is %(limit_mb)s MB; it was not opened",
        place=place,
        remedy="ask who sent it; if it is trusted, raise `limits: {files: {expanded: …}}` in config/robo.yaml",
        unpacked_mb=_mb(f["unpacked"]),
        limit_mb=_mb(f["limit"]),
        **f,
    )


def _ratio(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB808",
        "%(part)s of %(file)s would grow %(ratio)s times once unpacked, the limit is %(limit)s; it was not opened",
        place=place,
        remedy="remove formats put on whole columns, or raise `limits: {files: {ratio: …}}` in config/robo.yaml",
        **f,
    )


def _too_many_parts(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB809",
        "%(file)s has %(count)s parts, the limit is %(limit)s; it was not opened",
        place=place,
        remedy="if the file is trusted, raise `limits: {files: {parts: …}}` in config/robo.yaml",
        **f,
    )


def _memory(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB810",
        "%(file)s needs more than %(limit_mb)s MB of memory to be read",
        place=place,
        remedy="look for a stray cell far below or right of the table; or raise `limits: {files: {memory: …}}`",
        limit_mb=_mb(f["limit"]),
        **f,
    )


def _time(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB810",
        "%(file)s takes more than %(limit)s s to be read",
        place=place,
        remedy="split it, or raise `limits: {files: {cpu: …}}` in config/robo.yaml",
        **f,
    )


def _died(f: Facts, place: str) -> RoboError:
    return InfrastructureError(
        "RB810",
        "the process that reads %(file)s ended without an answer (%(how)s)",
        place=place,
        remedy="try again; if it happens twice, open the file in Excel and save it as a new .xlsx",
        **f,
    )


def _entities(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB811",
        "%(part)s of %(file)s declares a document type; no spreadsheet needs one, attacks do",
        place=place,
        remedy="do not open it elsewhere; ask who sent it, and export it again from the application",
        **f,
    )


def _which_sheet(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB812",
        "%(file)s has several sheets: %(names)s",
        place=place,
        remedy="say which one with `sheet:`",
        names=_names(f["sheets"]),
        **f,
    )


def _no_sheet(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB813",
        "%(file)s has no sheet «%(sheet)s»; it has %(names)s",
        place=place,
        remedy="did you mean «%(near)s»?" if f["near"] else "correct `sheet:`, or rename the sheet in the workbook",
        names=_names(f["sheets"]),
        **f,
    )


def _empty_workbook(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB814", "%(file)s has no sheet with cells", place=place, remedy="export it again, or give another file", **f
    )


def _empty_sheet(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB814",
        "the sheet «%(sheet)s» of %(file)s is empty",
        place=place,
        remedy="export it again, or name another sheet with `sheet:`",
        **f,
    )


def _no_header(f: Facts, place: str) -> RoboError:
    set_wrong = bool(f["row"])
    return UsageError(
        "RB815",
        "the row %(row)s of «%(sheet)s» of %(file)s holds no names of columns"
        if set_wrong
        else "no line of column names was found in «%(sheet)s» of %(file)s",
        place=place,
        remedy="give `header` the number of the row that does, or leave it out: that row is found by itself"
        if set_wrong
        else "write the names of the columns above the rows, or say where they are with `header: <row number>`",
        **f,
    )


def _double_header(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB816",
        "the column «%(column)s» stands twice in «%(sheet)s» of %(file)s: %(one)s and %(two)s",
        place=place,
        remedy="rename one of them; nobody can say which is meant",
        **f,
    )


def _no_permission(f: Facts, place: str) -> RoboError:
    return InfrastructureError(
        "RB819",
        "%(file)s may not be read: %(why)s",
        place=place,
        remedy="give the robot's account the right to read it; if it is open in another program, close it",
        **f,
    )


def _io(f: Facts, place: str) -> RoboError:
    return InfrastructureError(
        "RB819",
        "%(file)s cannot be read or written: %(why)s",
        place=place,
        remedy="check that the drive is connected, then try again",
        **f,
    )


def _disk_full(_: Facts, place: str) -> RoboError:
    return disk_full(Path(place))


def _unpatchable(f: Facts, place: str) -> RoboError:
    return InfrastructureError(
        "RB824",
        "%(file)s cannot be written into: %(why)s",
        place=place,
        remedy="open it in Excel and save it as a new .xlsx, then run `robo runs flush`",
        **f,
    )


def _no_columns(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB835",
        "«%(sheet)s» of %(file)s has no column %(columns)s; it has %(names)s",
        place=place,
        remedy="correct the names under `row`, or add the columns to the file",
        sheet=f["sheet"],
        file=f["file"],
        columns=_names(f["lacking"]),
        names=_names(f["there"]),
    )


def _not_encodable(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB843",
        "%(file)s is written in %(encoding)s, which cannot hold this text",
        place=place,
        remedy="save it as CSV UTF-8",
        **f,
    )


def _path_inside(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB841",
        "«%(entry)s» of %(file)s would be put outside the folder; nothing was unpacked",
        place=place,
        remedy="do not open it elsewhere; ask who sent it",
        **f,
    )


def _link_inside(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB841",
        "«%(entry)s» of %(file)s is a link to another place; nothing was unpacked",
        place=place,
        remedy="ask for an archive with the files themselves",
        **f,
    )


def open_elsewhere(file: Path, lock: str) -> RoboError:
    return InfrastructureError(
        "RB820",
        "%(file)s is open in another program",
        place=str(file),
        remedy="close it; the values wait for `robo runs flush`. If nobody has it open, delete %(lock)s",
        file=file.name,
        lock=lock or "the lock file beside it",
    )


def not_writable(file: Path, why: str) -> RoboError:
    return InfrastructureError(
        "RB821",
        "%(file)s may not be written: %(why)s",
        place=str(file),
        remedy="give the robot's account the right to write in that folder, or close the file where it is open",
        file=file.name,
        why=why,
    )


def name_too_long(file: Path) -> RoboError:
    return UsageError(
        "RB795",
        "the name or the path of %(file)s is longer than the disk takes",
        place=str(file),
        remedy="make it of less: of a number instead of a text, or of a part of the text",
        file=file.name,
    )


def disk_full(file: Path) -> RoboError:
    return InfrastructureError(
        "RB822",
        "the disk is full; %(file)s was not changed",
        place=str(file),
        remedy="free some space, then `robo run --resume RUN`, or `robo runs flush` when only cells are owed",
        file=file.name,
    )


def changed_meanwhile(file: Path) -> RoboError:
    return InfrastructureError(
        "RB823",
        "%(file)s was saved by somebody else while it was being updated; nothing was written",
        place=str(file),
        remedy="nothing to do: the values wait and are written at the next flush",
        file=file.name,
    )


def not_as_written(file: Path) -> RoboError:
    return InfrastructureError(
        "RB825",
        "the new version of %(file)s does not read as it was written; the file was left as it was",
        place=str(file),
        remedy="open it in Excel and save it as a new .xlsx, then run `robo runs flush`; keep the old one for a report",
        file=file.name,
    )


def _mb(size: int) -> int:
    return -(-size // _MEGABYTE)


def _names(sheets: list[str]) -> str:
    return ", ".join(f"«{name}»" for name in sheets)


_ERRORS: Mapping[str, Callable[[Facts, str], RoboError]] = {
    "missing": _missing,
    "folder": _folder,
    "empty-file": _empty_file,
    "not-xlsx": _not_xlsx,
    "encrypted": _encrypted,
    "broken": _broken,
    "too-big": _too_big,
    "bomb": _bomb,
    "ratio": _ratio,
    "too-many-parts": _too_many_parts,
    "memory": _memory,
    "time": _time,
    "died": _died,
    "entities": _entities,
    "which-sheet": _which_sheet,
    "no-sheet": _no_sheet,
    "empty-workbook": _empty_workbook,
    "empty-sheet": _empty_sheet,
    "no-header": _no_header,
    "double-header": _double_header,
    "no-permission": _no_permission,
    **CSV_ERRORS,
    **PAPER_ERRORS,
    "no-columns": _no_columns,
    "not-encodable": _not_encodable,
    "path-inside": _path_inside,
    "link-inside": _link_inside,
    "unpatchable": _unpatchable,
    "io": _io,
    "disk-full": _disk_full,
}
