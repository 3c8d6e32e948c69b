"""Whole files written and PDF read by steps, beside the libraries below them called directly."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import Canvas
from robo_files.runner import FilesRunner
from rustpy_xlsxwriter import FastExcel

from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context
from tests.benchmarks.books import context_of
from tests.benchmarks.figures import Figure, growing, no_more_than

LINES = 50
"""Lines of text on a page of a letter."""


def writing(counts: Sequence[int], columns: int, times: int) -> list[Figure]:
    """Seconds to write so many rows into a new workbook, made durable; judged on the largest."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for count in counts:
            rows = [_row(number, columns) for number in range(count)]
            step = {"file": str(place / "ours.xlsx"), "rows": rows}
            pairs = [(_raw_xlsx(place, rows), _step(place, "files.write_xlsx", step)) for _ in range(times)]
            raw, ours = (median(pair[side] for pair in pairs) for side in (0, 1))
            name = f"write {count} × {columns} xlsx, beside rustpy-xlsxwriter"
            figures.append(no_more_than(name, raw=raw, ours=ours, unit="s", times=1.3))
    return growing(figures)


def reading_pdf(counts: Sequence[int], times: int) -> list[Figure]:
    """Milliseconds until the text of so many pages was had; judged on the largest."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for count in counts:
            file = letter(place / f"{count}.pdf", count)
            pairs = [(_raw_text(file), _step(place, "files.pdf_text", {"file": str(file)})) for _ in range(times)]
            raw, ours = (median(pair[side] for pair in pairs) * 1000 for side in (0, 1))
            name = f"text of a PDF of {count} pages, beside pypdfium2"
            figures.append(no_more_than(name, raw=raw, ours=ours, unit="ms", times=1.2))
    return growing(figures)


def letter(path: Path, pages: int) -> Path:
    """A PDF with full pages of text."""
    canvas = Canvas(str(path))
    for page in range(pages):
        for line in range(LINES):
            canvas.drawString(
                50, 800 - 15 * line, f"Page {page}, ligne {line} : la décision n° 2026-{page} est notifiée."
            )
        canvas.showPage()
    canvas.save()
    return path


def _row(number: int, columns: int) -> dict[str, Any]:
    return {f"Column {n}": number * n if n % 2 else f"text {number} {n}" for n in range(columns)}


def _raw_xlsx(folder: Path, rows: Sequence[Mapping[str, Any]]) -> float:
    began = time.perf_counter()
    FastExcel(str(folder / "twin.xlsx")).sheet("Feuille1", rows).save()
    return time.perf_counter() - began


def _raw_text(file: Path) -> float:
    began = time.perf_counter()
    with PdfDocument(file) as document:
        words = "".join(page.get_textpage().get_text_bounded() for page in document)
    took = time.perf_counter() - began
    if "notifiée" not in words:
        raise RuntimeError("pypdfium2 found no text")
    return took


def _step(folder: Path, action: str, given: Mapping[str, Any]) -> float:
    return asyncio.run(_performed(replace(context_of(folder), places=(folder,)), action, given))


async def _performed(context: Context, action: str, given: Mapping[str, Any]) -> float:
    runner = FilesRunner()
    await runner.start({}, headed=False, slots=1)
    session = await runner.open(context)
    spec = runner.actions[action]
    call = Call(step="step", action=action, params=parse_params(spec, given), effect=spec.effect, timeout=600)
    began = time.perf_counter()
    (result,) = await session.perform([call])
    took = time.perf_counter() - began
    await runner.stop()
    if not result.values["count"]:
        raise RuntimeError(f"{action} did nothing")
    return took
