"""Reads the human minutes of a process: `processes/<id>/baseline.yaml`, which it ships with, and a region's studies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path as FilePath
from typing import Any, Final

from robo.definition.diagnostics import Reporter
from robo.definition.document import Document
from robo.definition.loading import content_of
from robo.definition.yaml_text import MapNode, YamlNode, decode, read_yaml
from robo.errors import DefinitionError, phrase
from robo.model.baseline import LIBRARY, VERSION, BaselineRecord
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Path
from robo.proof.baselines import MEASURED, TIMED, Measured, calculated, figure
from robo.proof.hours import Span

KEYS: Final = (
    "robo", "baseline", "unit", *MEASURED, "method", "procedure", "steps", "whole", "source", "measured", "note",
)  # fmt: skip
STUDY_KEYS: Final = (*KEYS, "role", "effects", "observations")
"""What a region's own study says besides."""
FIGURE_KEYS: Final = ("median", "low", "high", "n")
OBSERVATION_KEYS: Final = ("what", "day", "minutes", "seconds")
METHODS: Final = ("declared", "imported", "hypothesis")
"""What a shipped file may claim. `timed` minutes are a region's own record, never text beside a process."""
_MINUTE: Final = 60


def read_baseline(path: FilePath, process: str, region: str) -> BaselineRecord | None:
    """The record that a process ships, for one region; None without a file. Its id is the digest of what it says, so an
    edited file is a new record and the old one stays. Raises `DefinitionError` with every problem."""
    if not path.is_file():
        return None
    return BaselineRecord.of(_Reader(path, KEYS, METHODS).said(process, region), LIBRARY)


def read_study(path: FilePath, process: str, region: str) -> dict[str, Any]:
    """What a region's own study says. `process`: "" takes the one that the file names; `effects`, the digest of what
    it was measured of: "" where the file does not say. Raises `DefinitionError`."""
    return _Reader(path, STUDY_KEYS, (TIMED, *METHODS)).said(process, region)


class _Reader:
    def __init__(self, path: FilePath, keys: tuple[str, ...], methods: tuple[str, ...]) -> None:
        self.reporter = Reporter()
        self.document = Document(str(path), self.reporter)
        self.keys, self.methods = keys, methods
        text = decode(content_of(path), str(path), self.reporter)
        reading = read_yaml(text, str(path), self.reporter) if text is not None else None
        if reading is None or reading.root is None:
            raise DefinitionError(self.reporter.diagnostics())
        self.root = reading.root

    def said(self, process: str, region: str) -> dict[str, Any]:
        """The record. Raises with every problem of the text."""
        document = self.document
        entries = document.mapping(self.root, (), self.keys)
        document.choice(document.required(entries, "robo", ()), ("robo",), ("1",), "1")
        named = document.text(document.required(entries, "baseline", ()), ("baseline",), process)
        if process and named != process:
            document.wrong_value(("baseline",), named, phrase("%(name)s, as the folder is called", name=process))
        method = document.choice(document.required(entries, "method", ()), ("method",), self.methods, self.methods[-1])
        seen = self._observations(entries.get("observations"))
        record = {
            "v": VERSION,
            "process": named,
            "region": region,
            "unit": document.text(document.required(entries, "unit", ()), ("unit",), "item"),
            "method": method,
            **{key: document.text(entries.get(key), (key,)) for key in ("role", "source", "note", "effects")},
            "procedure": document.text(entries.get("procedure"), ("procedure",), named),
            "steps": [document.whole(node, path, 0) for node, path in document.items(entries.get("steps"), ("steps",))],
            "whole": document.whole(entries.get("whole"), ("whole",), 0),
        }
        if method == TIMED:
            record |= self._timed(entries, seen)
        else:
            record |= self._stated(entries)
        self.reporter.finish()
        return record

    def _timed(self, entries: Mapping[str, YamlNode], seen: list[list[Any]]) -> dict[str, Any]:
        """Figures that are only those of the observations."""
        for key in MEASURED:
            if key in entries:
                wanted = phrase("no figure: those of a timed study are calculated from its observations")
                self.document.wrong_value((key,), key, wanted)
        self.document.required(entries, "observations", ())
        return calculated(seen)

    def _stated(self, entries: Mapping[str, YamlNode]) -> dict[str, Any]:
        for key in ("before", "after"):
            self.document.required(entries, key, ())
        last = self.document.text(entries.get("measured"), ("measured",))
        figures = {what: self._figure(entries[what], what) for what in MEASURED if what in entries}
        return {"first": last, "last": last, "observations": [], **figures}

    def _figure(self, node: YamlNode, what: str) -> dict[str, Any]:
        """A median, or a median with its range and the number of cases it is of."""
        if not isinstance(node, MapNode):
            median = self.document.whole(node, (what,), 0)
            return figure(Measured(Span(median, median, median)))
        entries = self.document.mapping(node, (what,), FIGURE_KEYS)
        median = self.document.whole(self.document.required(entries, "median", (what,)), (what, "median"), 0)
        low, high = (self.document.whole(entries.get(key), (what, key), median) for key in ("low", "high"))
        if not low <= median <= high:
            wanted = phrase("within the range %(low)s to %(high)s", low=low, high=high)
            self.document.wrong_value((what, "median"), str(median), wanted)
        n = self.document.whole(entries.get("n"), (what, "n"), 0)
        return figure(Measured(Span(median, low, high), n))

    def _observations(self, node: YamlNode | None) -> list[list[Any]]:
        return [self._observation(each, path) for each, path in self.document.items(node, ("observations",))]

    def _observation(self, node: YamlNode, path: Path) -> list[Any]:
        document = self.document
        entries = document.mapping(node, path, OBSERVATION_KEYS)
        what = document.choice(document.required(entries, "what", path), (*path, "what"), MEASURED, MEASURED[0])
        day = self._day(document.required(entries, "day", path), (*path, "day"))
        if ("minutes" in entries) == ("seconds" in entries):
            document.lacks("observations", "minutes", at=document.at(path), expected="%(key)s: …")
        minutes = document.whole(entries.get("minutes"), (*path, "minutes"), 0)
        return [what, day, minutes * _MINUTE + document.whole(entries.get("seconds"), (*path, "seconds"), 0)]

    def _day(self, node: YamlNode | None, path: Path) -> str:
        text = self.document.text(node, path)
        try:
            found = parse(Kind.DATE, text) if node is not None else date.min
        except BadScalar as bad:
            self.document.wrong_value(path, bad.got, bad.expected)
            return ""
        return found.isoformat() if isinstance(found, date) else ""
