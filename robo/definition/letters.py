"""Texts in files of their own beside a process: `body: {file: templates/relance.md}`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from pathlib import PurePosixPath

from robo.definition.source import Source
from robo.definition.yaml_nodes import TextNode
from robo.definition.yaml_text import decode
from robo.model.text import Node, Path, Position
from robo.sdk.action import ActionSpec


def with_texts(source: Source, spec: ActionSpec, params: Node, path: Path) -> Node:
    """`params` with the text of the file that the action's `text_param` names in the file's place, its expressions
    checked like any other. Without such a file, `params` itself."""
    name = spec.text_param
    if name is None or not isinstance(params, Mapping):
        return params
    named = params.get(name)
    if not isinstance(named, Mapping) or set(named) != {"file"}:
        return params
    where = (*path, name)
    text = _read(source, named["file"], (*where, "file"))
    if text is None:
        source.broken.add(where)
    return {**params, name: "" if text is None else text}


def _read(source: Source, name: Node, where: Path) -> Node | None:
    if not isinstance(name, str):
        source.reporter.report(
            "RB219",
            "an expression cannot stand here",
            at=source.at(where),
            expected="the name of the file, written out: its text is checked before a run begins",
        )
        return None
    parts = PurePosixPath(name).parts
    if not name or PurePosixPath(name).is_absolute() or ".." in parts or ":" in name or "\\" in name:
        source.wrong_value(where, name, "a file of the process's own folder, as templates/relance.md")
        return None
    file = FilePath(source.file).parent / name
    text = _text(source, name, file, where)
    if text is None:
        source.lacking = True
        return None
    source.beside[name] = text
    lines = tuple(text.splitlines())
    source.reporter.add_file(str(file), lines)
    inner = Source(str(file), lines, source.reporter)
    inner.names, inner.tables, inner.later = source.names, source.tables, source.later
    return inner.node(TextNode(text, Position(str(file), 1, 1)), ())


def _text(source: Source, name: str, file: FilePath, where: Path) -> str | None:
    if source.given is not None and name in source.given:
        return source.given[name]
    try:
        content = file.read_bytes()
    except OSError as bad:
        source.reporter.report(
            "RB228",
            "the file %(name)s cannot be read: %(why)s",
            at=source.at(where),
            remedy="put it there; names count from the folder of the process",
            name=name,
            why=bad.strerror or str(bad),
        )
        return None
    return decode(content, str(file), source.reporter)
