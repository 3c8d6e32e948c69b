"""How a person does what the actions on files do, for the manual procedure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from robo.definition.telling import Say
from robo.model.text import Node

Params = Mapping[str, Node]


class Writer(Protocol):
    """The half of the manual's writer that is needed here."""

    say: Say

    def value(self, node: Node) -> str: ...

    def entered(self, node: Node) -> Iterator[tuple[str, str]]: ...


def take_file(writer: Writer, params: Params) -> str:
    """Where the next item is, when each is a file."""
    return writer.say(
        "In the folder %(folder)s, take the next file.", {"folder": writer.value(params.get("folder", ""))}
    )


def _list(writer: Writer, params: Params) -> str:
    return writer.say(
        "Look which files are in the folder %(folder)s.", {"folder": writer.value(params.get("folder", ""))}
    )


def _lookup(writer: Writer, params: Params) -> str:
    facts = {"file": writer.value(params.get("file", "")), "words": _pairs(writer, params.get("where", {}))}
    if "where" in params:
        return writer.say("In %(file)s, look for %(words)s.", facts)
    return writer.say("Open %(file)s and read it.", facts)


def _copy(writer: Writer, params: Params) -> str:
    return _named(writer, params, writer.say("Copy %(file)s into the folder %(folder)s", _places(writer, params)))


def _move(writer: Writer, params: Params) -> str:
    return _named(writer, params, writer.say("Move %(file)s into the folder %(folder)s", _places(writer, params)))


def _rename(writer: Writer, params: Params) -> str:
    facts = {"file": writer.value(params.get("file", "")), "name": writer.value(params.get("name", ""))}
    return writer.say("Rename %(file)s: %(name)s.", facts)


def _zip(writer: Writer, params: Params) -> str:
    return writer.say("Pack %(files)s into the archive %(target)s.", _made(writer, params))


def _unzip(writer: Writer, params: Params) -> str:
    return writer.say("Unpack %(file)s into the folder %(folder)s.", _places(writer, params))


def _append(writer: Writer, params: Params) -> str:
    facts = {"file": writer.value(params.get("file", "")), "words": _pairs(writer, params.get("row", {}))}
    return writer.say("Add a row to %(file)s: %(words)s.", facts)


def _write(writer: Writer, params: Params) -> str:
    facts = {"file": writer.value(params.get("file", "")), "rows": writer.value(params.get("rows", ""))}
    return writer.say("Write the rows %(rows)s into %(file)s.", facts)


def _text(writer: Writer, params: Params) -> str:
    return writer.say("Read %(file)s.", {"file": writer.value(params.get("file", ""))})


def _split(writer: Writer, params: Params) -> str:
    return writer.say("Cut %(file)s into single documents in the folder %(folder)s.", _places(writer, params))


def _merge(writer: Writer, params: Params) -> str:
    return writer.say("Put %(files)s together into %(target)s.", _made(writer, params))


def _letter(writer: Writer, params: Params) -> str:
    facts = {
        "file": writer.value(params.get("file", "")),
        "target": writer.value(params.get("to", "")),
        "words": _pairs(writer, params.get("values", {})),
    }
    return writer.say("Fill in %(file)s (%(words)s) and save it as %(target)s.", facts)


def _places(writer: Writer, params: Params) -> Mapping[str, str]:
    return {"file": writer.value(params.get("file", "")), "folder": writer.value(params.get("to", ""))}


def _made(writer: Writer, params: Params) -> Mapping[str, str]:
    return {"files": writer.value(params.get("files", "")), "target": writer.value(params.get("to", ""))}


def _pairs(writer: Writer, node: Node) -> str:
    return ", ".join(f"{name} = {value}" for name, value in writer.entered(node))


def _named(writer: Writer, params: Params, text: str) -> str:
    if "name" not in params:
        return f"{text}."
    return f"{text}{writer.say(', under the name %(name)s.', {'name': writer.value(params['name'])})}"


FILE_PHRASES: Final[Mapping[str, Callable[[Writer, Params], str]]] = {
    "files.list": _list,
    "files.read": _lookup,
    "files.copy": _copy,
    "files.move": _move,
    "files.rename": _rename,
    "files.zip": _zip,
    "files.unzip": _unzip,
    "files.append_row": _append,
    "files.write_csv": _write,
    "files.write_xlsx": _write,
    "files.pdf_text": _text,
    "files.pdf_split": _split,
    "files.pdf_merge": _merge,
    "files.template": _letter,
}
