"""The countries of the nationality list: French name by ISO 3166-1 alpha-3 code, in French alphabetical order.

Names are those of the Unicode CLDR, French locale; states only, no overseas territory.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def countries() -> dict[str, str]:
    """`{"AFG": "Afghanistan", …}`, in the order of the list shown to the agent."""
    text = (files("robo.sandbox") / "countries.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines())
