"""How a person does by hand what an action does: one phrase for each action that has one, for the manual procedure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from robo.definition.telling import Say
from robo.model.text import Node
from robo.plan.phrases_files import FILE_PHRASES, take_file
from robo.plan.phrases_post import POST_PHRASES, take_entry, take_mail


class Writer(Protocol):
    """Who puts values, targets and labels into words."""

    say: Say

    def value(self, node: Node) -> str: ...

    def target(self, node: Node) -> str: ...

    def entered(self, node: Node) -> Iterator[tuple[str, str]]: ...

    def labels(self, read: Mapping[str, Node]) -> Iterator[tuple[str, str]]: ...


Params = Mapping[str, Node]
Phrase = Callable[[Writer, Params], str | tuple[str, ...]]
"""One line, or a line and those below it."""
FEW: Final = 2
"""Entries that are told in one sentence."""


def _first(params: Params) -> Node:
    return next(iter(params.values()), "")


def _open(writer: Writer, params: Params) -> str:
    return writer.say("Open the page %(page)s.", {"page": writer.value(_first(params))})


def _login(writer: Writer, params: Params) -> str:
    facts = {"page": writer.value(params.get("at", "")), "button": writer.target(params.get("button", ""))}
    if "button" in params:
        text = writer.say("On the page %(page)s, sign in with your own account and press %(button)s.", facts)
    else:
        text = writer.say("On the page %(page)s, sign in.", facts)
    if "wrong" in params:
        text += " " + writer.say(
            "If it says %(words)s, stop: do not try a second time.", {"words": writer.target(params["wrong"])}
        )
    return text


def _fill(writer: Writer, params: Params) -> tuple[str, ...]:
    said = [
        writer.say("in %(field)s enter %(value)s", {"field": field, "value": value})
        for field, value in writer.entered(_first(params))
    ]
    return _listed(said, writer.say("Fill in:", {}))


def _select(writer: Writer, params: Params) -> tuple[str, ...]:
    said = [
        writer.say("in %(field)s choose %(value)s", {"field": field, "value": value})
        for field, value in writer.entered(_first(params))
    ]
    return _listed(said, writer.say("Choose:", {}))


def _listed(said: list[str], heading: str) -> tuple[str, ...]:
    """A sentence of a few things, or a heading with a line for each."""
    if len(said) > FEW:
        return (heading, *said)
    text = "; ".join(said)
    return (f"{text[:1].upper()}{text[1:]}.",)


def _check(writer: Writer, params: Params) -> str:
    return writer.say("Tick %(target)s.", {"target": writer.target(_first(params))})


def _press(writer: Writer, params: Params) -> str:
    return writer.say("Press %(target)s.", {"target": writer.target(_first(params))})


def _submit(writer: Writer, params: Params) -> str:
    return writer.say("Read the page again, then press %(target)s, once.", {"target": writer.target(_first(params))})


def _read(writer: Writer, params: Params) -> str:
    read = _first(params)
    labels = ", ".join(label for _, label in writer.labels(read if isinstance(read, Mapping) else {}))
    return writer.say("Read and note: %(labels)s.", {"labels": labels})


def _find(writer: Writer, params: Params) -> str:
    asked = params.get("search") or params.get("where") or {}
    words = ", ".join(f"{field} = {value}" for field, value in writer.entered(asked))
    facts = {"page": writer.value(params.get("at", "")), "words": words}
    return writer.say("On the page %(page)s, search %(words)s.", facts)


def _rows(writer: Writer, params: Params) -> str:
    read = params.get("read", {})
    labels = ", ".join(label for _, label in writer.labels(read if isinstance(read, Mapping) else {}))
    facts = {"page": writer.value(params.get("at", "")), "labels": labels}
    if labels:
        return writer.say("In the list of the page %(page)s, read of each row: %(labels)s.", facts)
    return writer.say("Read the list of the page %(page)s.", facts)


def _days(writer: Writer, params: Params) -> tuple[str, ...]:
    said = [
        writer.say("in the calendar of %(field)s choose %(value)s", {"field": field, "value": value})
        for field, value in writer.entered(_first(params))
    ]
    return _listed(said, writer.say("Choose in calendars:", {}))


def _upload(writer: Writer, params: Params) -> tuple[str, ...]:
    said = [
        writer.say("give %(field)s the file %(value)s", {"field": field, "value": value})
        for field, value in writer.entered(_first(params))
    ]
    return _listed(said, writer.say("Give the files:", {}))


def _download(writer: Writer, params: Params) -> str:
    facts = {"target": writer.target(params.get("target", "")), "name": writer.value(params.get("name", ""))}
    if "name" in params:
        return writer.say("Press %(target)s and keep the file as %(name)s.", facts)
    return writer.say("Press %(target)s and keep the file.", facts)


def _lines(writer: Writer, params: Params) -> tuple[str, ...]:
    said = [
        writer.say("in the column %(field)s enter %(value)s", {"field": field, "value": value})
        for field, value in writer.entered(params.get("columns", {}))
    ]
    heading = writer.say("Enter a line for each of %(rows)s:", {"rows": writer.value(params.get("rows", ""))})
    return (heading, *said)


def _expect(writer: Writer, params: Params) -> str:
    return writer.say("The page must show %(target)s.", {"target": writer.target(_first(params))})


def _update(writer: Writer, params: Params) -> tuple[str, ...]:
    said = [
        writer.say("in the column %(field)s of the row write %(value)s", {"field": field, "value": value})
        for field, value in writer.entered(params.get("set", {}))
    ]
    return _listed(said, writer.say("Write into the row:", {}))


PHRASES: Mapping[str, Phrase] = {
    "browser.open": _open,
    "browser.login": _login,
    "browser.fill": _fill,
    "browser.select": _select,
    "browser.check": _check,
    "browser.click": _press,
    "browser.press": _press,
    "browser.next": _press,
    "browser.submit": _submit,
    "browser.read": _read,
    "browser.find_row": _find,
    "browser.rows": _rows,
    "browser.pick_date": _days,
    "browser.upload": _upload,
    "browser.download": _download,
    "browser.fill_rows": _lines,
    "browser.expect": _expect,
    "browser.wait_for": _expect,
    "files.update_row": _update,
    **FILE_PHRASES,
    **POST_PHRASES,
}
"""How a person does what an action does. An action without a phrase is told by its own summary."""
TAKEN: Mapping[str, Callable[[Writer, Params], str]] = {
    "files.list": take_file,
    "mail.messages": take_mail,
    "http.get": take_entry,
    "http.graphql": take_entry,
}
"""Where a person finds the next item, when it is no row of a file or a page."""
