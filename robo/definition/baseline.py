"""Reads `processes/<id>/baseline.yaml`: the human minutes a process ships with, and how anybody knows them."""

from __future__ import annotations

import hashlib
from pathlib import Path as FilePath
from typing import Final

from robo.definition.diagnostics import Reporter
from robo.definition.document import Document
from robo.definition.yaml_text import YamlNode, decode, read_yaml
from robo.errors import DefinitionError, phrase
from robo.model.ledger import BaselineRecord
from robo.proof.canonical import canonical

KEYS: Final = (
    "robo", "baseline", "unit", "before", "after", "triage", "recovery", "method", "n", "source", "measured", "note",
)  # fmt: skip
METHODS: Final = ("declared", "imported", "hypothesis")
"""What a shipped file may claim. `timed` minutes are a region's own record, never text beside a process."""


def read_baseline(path: FilePath, process: str, region: str) -> BaselineRecord | None:
    """The record for one region, None without a file. Its id is the digest of what it says, so an edited file is a
    new record and the old one stays. Raises `DefinitionError` with every problem."""
    if not path.is_file():
        return None
    reporter = Reporter()
    text = decode(path.read_bytes(), str(path), reporter)
    reading = read_yaml(text, str(path), reporter) if text is not None else None
    if reading is None or reading.root is None:
        raise DefinitionError(reporter.diagnostics())
    document = Document(str(path), reporter)
    entries = document.mapping(reading.root, (), KEYS)
    document.choice(document.required(entries, "robo", ()), ("robo",), ("1",), "1")
    record = _record(document, entries, process, region)
    reporter.finish()
    return record


def _record(document: Document, entries: dict[str, YamlNode], process: str, region: str) -> BaselineRecord:
    named = document.text(document.required(entries, "baseline", ()), ("baseline",), process)
    if named != process:
        document.wrong_value(("baseline",), named, phrase("%(name)s, as the folder is called", name=process))
    said = {key: document.text(entries.get(key), (key,)) for key in ("source", "measured", "note")}
    whole = {key: document.whole(entries.get(key), (key,), 0) for key in ("before", "after", "triage", "recovery", "n")}
    for key in ("before", "after"):
        document.required(entries, key, ())
    unit = document.text(document.required(entries, "unit", ()), ("unit",), "item")
    method = document.choice(document.required(entries, "method", ()), ("method",), METHODS, "hypothesis")
    detail = canonical({**said, **whole, "unit": unit, "method": method}).decode()
    digest = hashlib.sha256(f"{region}\x00{process}\x00{detail}".encode()).hexdigest()
    return BaselineRecord(
        id=digest[:26],
        process=process,
        region=region,
        unit=unit,
        before=whole["before"],
        after=whole["after"],
        triage=whole["triage"],
        recovery=whole["recovery"],
        n=whole["n"],
        method=method,
        detail=detail,
    )
