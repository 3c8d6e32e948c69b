"""`robo explain RB102`: what an error code means, with an example and what to do. Written next to this module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from robo.cli.console import data, emit, table
from robo.cli.here import Json, verb
from robo.cli.language import _, chosen

FOLDER = Path(__file__).parent / "explain"
HEADING = re.compile(r"^## (?P<code>RB\d{3}|[a-z][a-z-]+) (?P<title>.+)$", re.MULTILINE)
FRENCH = re.compile(r"^> FR: ?(.+)$", re.MULTILINE)
app = verb()


@dataclass(frozen=True, slots=True)
class Explanation:
    """One section of `explain/*.md`. `french` is its one French sentence."""

    code: str
    title: str
    french: str
    text: str

    def gist(self) -> str:
        """What it is in one line, in the language of whoever reads."""
        return self.french if chosen() == "fr" else self.title


def explanations() -> Iterator[Explanation]:
    """Every section of every file, by code."""
    for file in sorted(FOLDER.glob("*.md")):
        content = file.read_text(encoding="utf-8")
        found = list(HEADING.finditer(content))
        for here, after in zip(found, [*found[1:], None], strict=True):
            body = content[here.end() : after.start() if after else None].strip()
            french = FRENCH.search(body)
            yield Explanation(
                here["code"], here["title"], french[1] if french else "", FRENCH.sub("", body).strip("\n ")
            )


@app.command(help=_("What an error code means, and what to do. Without a code: all of them."))
def explain(
    code: Annotated[str | None, typer.Argument(help=_("such as RB102, or the code of an item"))] = None,
    as_json: Json = False,
) -> None:
    """Print one explanation, or the list of codes."""
    from robo.errors import UsageError

    known = {found.code.casefold(): found for found in explanations()}
    if code is None:
        if as_json:
            emit("explanations", {"codes": list(known.values())})
        else:
            table((_("code"), _("what")), [(found.code, found.gist()) for found in known.values()])
        return
    found = known.get(code.casefold())
    if found is None:
        raise UsageError(
            "RB963", "there is no explanation of %(wanted)s", remedy="robo explain lists all of them", wanted=code
        )
    if as_json:
        emit("explanation", {"code": found.code, "title": found.title, "french": found.french, "text": found.text})
        return
    data(f"{found.code} · {found.gist()}")
    data()
    data(found.text)
