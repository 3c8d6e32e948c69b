"""What can be wrong with a PDF or a Word document, in words; `robo_files.trouble` has the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from robo.sdk.errors import RoboError, UsageError
from robo_files.csvtrouble import Facts


def _not_pdf(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB847",
        "%(file)s is not a PDF, whatever its name says",
        place=place,
        remedy="ask for it again, or save it as PDF from the program that opens it",
        **f,
    )


def _no_page(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB849",
        "there are no pages %(pages)s: the PDF has %(count)s",
        place=place,
        remedy="correct `pages:`, or look at what was sent",
        **f,
    )


def _not_docx(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB850",
        "%(file)s is not a Word document (.docx)",
        place=place,
        remedy="save the template as .docx",
        **f,
    )


def _no_values(f: Facts, place: str) -> RoboError:
    return UsageError(
        "RB851",
        "%(file)s names what has no value: %(lacking)s",
        place=place,
        remedy="give it under `values:` (there is: %(there)s), or correct the name in the document",
        file=f["file"],
        lacking=", ".join(f["lacking"]),
        there=", ".join(f["there"]) or "-",
    )


PAPER_ERRORS: Final[Mapping[str, Callable[[Facts, str], RoboError]]] = {
    "not-pdf": _not_pdf,
    "no-page": _no_page,
    "not-docx": _not_docx,
    "no-values": _no_values,
}
