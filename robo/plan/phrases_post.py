"""How a person does what mails and interfaces for programs do, for the manual procedure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from robo.model.text import Node
from robo.plan.phrases_files import Writer

Params = Mapping[str, Node]
Said = str | tuple[str, ...]


def _send(writer: Writer, params: Params) -> Said:
    """Who it goes to, and all of what it says, a line each."""
    facts = {"to": writer.value(params.get("to", "")), "subject": writer.value(params.get("subject", ""))}
    text = writer.say("Write a mail to %(to)s with the subject %(subject)s, once:", facts)
    body = params.get("body", "")
    letter = body if isinstance(body, str) else writer.value(body)
    said = [line.strip() for line in letter.replace("**", "").replace("[table]", "").splitlines() if line.strip()]
    table = params.get("table")
    if isinstance(table, Mapping):
        columns = table.get("columns", {})
        names = ", ".join(f"« {name} »" for name in columns) if isinstance(columns, Mapping) else ""
        said.append(writer.say("below it a table with the columns %(columns)s", {"columns": names}))
    kinds = {
        "cc": writer.say("in copy: %(who)s", {"who": writer.value(params.get("cc", ""))}),
        "bcc": writer.say("in blind copy: %(who)s", {"who": writer.value(params.get("bcc", ""))}),
        "reply_to": writer.say("answers go to %(who)s", {"who": writer.value(params.get("reply_to", ""))}),
        "attach": writer.say("attached: %(who)s", {"who": writer.value(params.get("attach", ""))}),
    }
    return (text, *said, *(kinds[name] for name in kinds if name in params))


def _messages(writer: Writer, params: Params) -> str:
    facts = {"folder": _folder(writer, params), "words": _sought(writer, params)}
    if facts["words"]:
        return writer.say("In the mailbox of the robots, folder %(folder)s, look for the mails: %(words)s.", facts)
    return writer.say("Look through the mails in the mailbox of the robots, folder %(folder)s.", facts)


def _find(writer: Writer, params: Params) -> str:
    facts = {"folder": _folder(writer, params), "words": _sought(writer, params)}
    return writer.say("In the mailbox of the robots, folder %(folder)s, look for one mail: %(words)s.", facts)


def _attach(writer: Writer, params: Params) -> str:
    return writer.say("Save the attachments of that mail.", {})


def take_mail(writer: Writer, params: Params) -> str:
    """Where the next item is, when each is a mail."""
    facts = {"folder": _folder(writer, params)}
    return writer.say("In the mailbox of the robots, folder %(folder)s, open the next mail.", facts)


def take_entry(writer: Writer, params: Params) -> str:
    """Where the next item is, when each is an entry of a list that an application gives to programs."""
    facts = {"page": writer.value(params.get("url", ""))}
    return writer.say("In the application behind %(page)s, take the next entry of the list.", facts)


def _folder(writer: Writer, params: Params) -> str:
    return writer.value(params.get("folder", "INBOX"))


def _sought(writer: Writer, params: Params) -> str:
    words = {
        "from": writer.say("from %(value)s", {"value": writer.value(params.get("from", ""))}),
        "to": writer.say("to %(value)s", {"value": writer.value(params.get("to", ""))}),
        "subject": writer.say("with the subject %(value)s", {"value": writer.value(params.get("subject", ""))}),
        "says": writer.say("that says %(value)s", {"value": writer.value(params.get("says", ""))}),
        "id": writer.say("the one that was read before", {}),
    }
    return ", ".join(told for name, told in words.items() if name in params)


def _get(writer: Writer, params: Params) -> str:
    facts = {"page": writer.value(params.get("url", "")), "words": _pairs(writer, params.get("query", {}))}
    if facts["words"]:
        return writer.say("In the application behind %(page)s, look up %(words)s.", facts)
    return writer.say("In the application behind %(page)s, look up what it says.", facts)


def _post(writer: Writer, params: Params) -> Said:
    sent = params.get("json", params.get("form", {}))
    facts = {"page": writer.value(params.get("url", ""))}
    text = writer.say("In the application behind %(page)s, enter this and file it, once:", facts)
    lines = tuple(f"{name} = {value}" for name, value in writer.entered(sent))
    return (text, *(lines or (writer.value(sent),)))


def _graphql(writer: Writer, params: Params) -> str:
    facts = {"page": writer.value(params.get("url", "")), "words": _pairs(writer, params.get("variables", {}))}
    if facts["words"]:
        return writer.say("In the application behind %(page)s, look up %(words)s.", facts)
    return writer.say("In the application behind %(page)s, look up what it says.", facts)


def _pairs(writer: Writer, node: Node) -> str:
    return ", ".join(f"{name} = {value}" for name, value in writer.entered(node))


POST_PHRASES: Final[Mapping[str, Callable[[Writer, Params], Said]]] = {
    "mail.send": _send,
    "mail.messages": _messages,
    "mail.find": _find,
    "mail.attach": _attach,
    "http.get": _get,
    "http.post": _post,
    "http.graphql": _graphql,
}
