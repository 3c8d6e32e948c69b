"""Reads an opening balance: what a region gained before robo, as somebody declares it."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Final

from robo.definition.diagnostics import Reporter
from robo.definition.document import Document
from robo.definition.loading import content_of
from robo.definition.yaml_text import YamlNode, decode, read_yaml
from robo.errors import DefinitionError, phrase
from robo.model.opening import Declared, Opening
from robo.model.text import Path

KEYS: Final = ("robo", "opening", "source", "note", "processes")
PROCESS_KEYS: Final = ("hours", "minutes", "units", "unit")
_HOUR: Final = 60


def read_opening(path: FilePath) -> Opening:
    """The opening balance of a file. Raises `DefinitionError` with every problem of it."""
    reporter = Reporter()
    document = Document(str(path), reporter)
    text = decode(content_of(path), str(path), reporter)
    reading = read_yaml(text, str(path), reporter) if text is not None else None
    if reading is None or reading.root is None:
        raise DefinitionError(reporter.diagnostics())
    entries = document.mapping(reading.root, (), KEYS)
    document.choice(document.required(entries, "robo", ()), ("robo",), ("1",), "1")
    processes = document.mapping(document.required(entries, "processes", ()), ("processes",))
    found = Opening(
        region=document.text(document.required(entries, "opening", ()), ("opening",)),
        source=document.text(document.required(entries, "source", ()), ("source",)),
        note=document.text(entries.get("note"), ("note",)),
        processes=[_declared(document, name, node) for name, node in processes.items()],
    )
    reporter.finish()
    return found


def _declared(document: Document, name: str, node: YamlNode) -> Declared:
    path: Path = ("processes", name)
    entries = document.mapping(node, path, PROCESS_KEYS)
    if "hours" not in entries and "minutes" not in entries:
        document.lacks(name, "hours", at=document.at(path), expected="hours: 1119")
    hours, minutes, units = (document.whole(entries.get(key), (*path, key), 0) for key in ("hours", "minutes", "units"))
    if "hours" in entries and "minutes" in entries and minutes >= _HOUR:
        document.wrong_value((*path, "minutes"), str(minutes), phrase("less than an hour, behind hours"))
    unit = document.text(entries.get("unit"), (*path, "unit"), "dossier")
    return Declared(process=name, minutes=hours * _HOUR + minutes, units=units, unit=unit)
