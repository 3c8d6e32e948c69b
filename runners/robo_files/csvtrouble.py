"""What can be wrong with how a CSV is written, in words; `robo_files.trouble` has the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from robo.sdk.errors import RoboError, UsageError

Facts = Mapping[str, Any]


def _not_csv(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB817",
        "%(file)s is not a text that can be read as CSV (UTF-8, UTF-16 or Windows-1252)",
        place=place,
        remedy="export it again as CSV UTF-8",
        **f,
    )


def _not_encoded(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB817",
        "%(file)s is not written in %(said)s",
        place=place,
        remedy="correct `encoding:`, or leave it out to have it found",
        **f,
    )


def _no_encoding(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB818",
        "the encoding of %(file)s cannot be told: it is neither UTF-8 nor Windows-1252",
        place=place,
        remedy="say it: `encoding: cp850` (DOS), `mac-roman`, `windows-1252`…; or export it as CSV UTF-8",
        **f,
    )


def _two_encodings(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB818",
        "the encoding of %(file)s cannot be told: it is UTF-8 in some places and something else in others",
        place=place,
        remedy="say it: `encoding: cp850` (DOS), `mac-roman`, `windows-1252`…; or export it as CSV UTF-8",
        **f,
    )


def _odd_letters(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB818",
        "the encoding of %(file)s cannot be told: read as Windows-1252, it has words with «%(letters)s»",
        place=place,
        remedy="say it: `encoding: cp850` (DOS), `mac-roman`, `windows-1252`…; or export it as CSV UTF-8",
        **f,
    )


def _which_delimiter(f: Facts, place: str) -> RoboError:
    found = ["tab" if each == "\t" else each for each in f["found"]]
    return UsageError(
        "RB818",
        "what separates the columns of %(file)s cannot be told: %(signs)s would all do",
        place=place,
        remedy='write it: `delimiter: "%(sign)s"`',
        signs=" ".join(found),
        sign=found[0],
        file=f["file"],
    )


CSV_ERRORS: Final[Mapping[str, Callable[[Facts, str], RoboError]]] = {
    "not-csv": _not_csv,
    "not-encoded": _not_encoded,
    "no-encoding": _no_encoding,
    "two-encodings": _two_encodings,
    "odd-letters": _odd_letters,
    "which-delimiter": _which_delimiter,
}
