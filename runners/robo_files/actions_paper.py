"""The actions about documents: text and pages of a PDF, letters of Word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.values import Effect
from robo_files.actions_moving import WHERE


class PdfTextParams(Params):
    """`files.pdf_text: file`."""

    file: str
    pages: str | None = None
    """`3`, `2-4`, or `5-` for the rest; all when it is not said."""


class PdfSplitParams(Params):
    """`files.pdf_split: {file, to: folder}`."""

    file: str
    to: str
    """A folder; made if it is not there. A relative one counts from the folder of the file."""
    pages: tuple[str, ...] | None = None
    """One file for each: `[1-2, 3-]`; without it one for each page."""
    name: str | None = None
    """What the files are called before their pages (`2026-14-1.pdf`); the name of the file when it is not said."""


class PdfMergeParams(Params):
    """`files.pdf_merge: {files, to}`."""

    files: tuple[str, ...]
    to: str
    """The file that is written. A relative one counts from where the first of the files lies."""


class TemplateParams(Params):
    """`files.template: {file, to, values: {name: value}}`."""

    file: str
    """A .docx with `${{ name }}` in it: `templates/lettre.docx` of the process, or a file that is an input."""
    to: str
    """The document that is written."""
    values: Mapping[str, Any]
    """What stands for each name."""
    rows: Any = None
    """Rows by column: a row of a table that has `${{ row.Column }}` comes once for each."""


PDF_TEXT = ActionSpec(
    name="files.pdf_text",
    params=PdfTextParams,
    effect=Effect.READ,
    summary="The text of a PDF. One of pictures only has none, and is told; `optional: yes` goes on without.",
    primary="file",
    timeout=120.0,
    results={"text": "the text of all pages", "pages": "the text of each page", "count": "how many pages it has"},
    example='files.pdf_text: "${{ item.path }}"',
)

PDF_SPLIT = ActionSpec(
    name="files.pdf_split",
    params=PdfSplitParams,
    effect=Effect.LOCAL,
    summary="Put pages of a PDF into files of their own. Files that are there alike stay; another of that name fails.",
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results={"files": "the files, each with name, path, folder and count of pages", "count": "how many files they are"},
    example='files.pdf_split: {file: "${{ item.path }}", to: "pages", pages: [1-2, 3-]}',
)

PDF_MERGE = ActionSpec(
    name="files.pdf_merge",
    params=PdfMergeParams,
    effect=Effect.LOCAL,
    summary="Put PDF files together into one. One that is there alike stays; another of that name fails.",
    proof=Proof.IDEMPOTENT,
    timeout=120.0,
    results={**WHERE, "count": "how many pages it has"},
    example='files.pdf_merge: {files: ["${{ item.path }}", "${{ inputs.filed }}/recours.pdf"], to: "envoi.pdf"}',
)

TEMPLATE = ActionSpec(
    name="files.template",
    params=TemplateParams,
    effect=Effect.LOCAL,
    summary="Fill in a Word document. One that is there alike stays; another of that name fails.",
    proof=Proof.IDEMPOTENT,
    timeout=60.0,
    results=WHERE,
    example="files.template: {file: templates/lettre.docx, "
    'to: "${{ inputs.filed }}/${{ item.number }}.docx", values: {nom: "${{ item.last }}"}}',
)

PAPER = (PDF_TEXT, PDF_SPLIT, PDF_MERGE, TEMPLATE)
