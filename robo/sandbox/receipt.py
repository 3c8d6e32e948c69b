"""The receipt of an application, as a real PDF. Imported only when somebody downloads one (reportlab is heavy)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from robo.sandbox.countries import countries
from robo.sandbox.portal import french_date
from robo.sandbox.records import Dossier
from robo.sandbox.skins import Skin

_INK = HexColor(0x1D2A33)
_SOFT = HexColor(0x5A6872)
_LINE = HexColor(0xC9D1D6)
_LEFT, _VALUES = 25 * mm, 85 * mm


def receipt(dossier: Dossier, skin: Skin) -> bytes:
    """The PDF of one page: who received what from whom, and under which number."""
    _fonts()
    body = BytesIO()
    canvas = Canvas(body, pagesize=A4, lang="fr")
    canvas.setTitle(f"Récépissé {dossier.number}")
    canvas.setAuthor(skin.authority)
    top = _heading(canvas, skin)
    _lines(canvas, top, _content(dossier, skin.labels))
    canvas.setFillColor(_SOFT)
    canvas.setFont("Vera", 8)
    canvas.drawString(_LEFT, 18 * mm, "Portail fictif d'entraînement : ce document n'a aucune valeur.")
    canvas.showPage()
    canvas.save()
    return body.getvalue()


def _heading(canvas: Canvas, skin: Skin) -> float:
    _, height = A4
    canvas.setFillColor(_INK)
    canvas.setFont("VeraBd", 11)
    canvas.drawString(_LEFT, height - 25 * mm, skin.authority)
    canvas.setFillColor(_SOFT)
    canvas.setFont("Vera", 9)
    canvas.drawString(_LEFT, height - 31 * mm, skin.service)
    canvas.setFillColor(_INK)
    canvas.setFont("VeraBd", 17)
    canvas.drawString(_LEFT, height - 52 * mm, "Récépissé de demande")
    return height - 68 * mm


def _lines(canvas: Canvas, top: float, content: Mapping[str, str]) -> None:
    right, y = A4[0] - _LEFT, top
    for label, text in content.items():
        canvas.setFillColor(_SOFT)
        canvas.setFont("Vera", 9)
        canvas.drawString(_LEFT, y, label)
        canvas.setFillColor(_INK)
        canvas.setFont("Vera", 10)
        for part in simpleSplit(text, "Vera", 10, right - _VALUES) or [""]:
            canvas.drawString(_VALUES, y, part)
            y -= 5 * mm
        canvas.setStrokeColor(_LINE)
        canvas.line(_LEFT, y + 1.5 * mm, right, y + 1.5 * mm)
        y -= 5 * mm


def _content(dossier: Dossier, labels: Mapping[str, str]) -> dict[str, str]:
    return {
        labels["number"]: dossier.number,
        labels["reference"]: dossier.reference,
        labels["last_name"]: dossier.last_name,
        labels["first_names"]: dossier.first_names,
        labels["born"]: french_date(dossier.details.get("born", "")),
        labels["nationality"]: countries().get(dossier.nationality, dossier.nationality),
        labels["motive"]: dossier.details.get("motive", ""),
        labels["filed_on"]: french_date(dossier.created_at),
        labels["created_by"]: dossier.created_by,
    }


@cache
def _fonts() -> None:
    """The fonts that come with reportlab: unlike the PDF built-in ones they are embedded and know accents."""
    registerFont(TTFont("Vera", "Vera.ttf"))
    registerFont(TTFont("VeraBd", "VeraBd.ttf"))
