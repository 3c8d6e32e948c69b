"""What an editor shows about each key of a process: one sentence a key, by where the key stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

TOP: Final[Mapping[str, str]] = {
    "robo": "The version of this language: 1.",
    "process": "Its id: the name of its folder, as titre-sejour-saisie.",
    "title": "What it does, as the service says it.",
    "version": "Three numbers, as 1.2.0; 0.1.0 until it is published.",
    "owner": "Who answers for it.",
    "decision_role": "none, or aid when it prepares a person's decision.",
    "record": "The entry of the register of processing: purpose, legal basis, data, retention.",
    "inputs": "What a run is given: files, addresses, values. Read as ${{ inputs.name }}.",
    "secrets": "Secrets by name. One that an action names need not be declared.",
    "hosts": "Applications, and which of their requests only read or save drafts. Every url input is one.",
    "tables": "Code tables, used by | table('name').",
    "items": "Where units of work come from, what is read of each, and what makes each one itself.",
    "finders": "Searches that answer found, absent or cannot tell. Read as ${{ find.name.value }}.",
    "sessions": "How long a browser lives, and what a step may expect to find in it.",
    "limits": "What a run may do before it waits for a person's yes.",
    "counts": "What a credit of minutes is for.",
    "popups": "What may appear on a page at any time, and how it is put away.",
    "setup": "Steps once per session, or {host: [steps]} at the first use of each: sign in. They never submit.",
    "start": "Steps once per run, in the first session, after setup.",
    "steps": "What is done for each item.",
    "on_rejected": "Steps about an item that was rejected; ${{ item.code }} says why.",
    "on_skipped": "Steps about an item that was skipped; ${{ item.code }} says why.",
    "finish": "Steps once at the end of the run; they read run.items.",
    "on_failure": "How a technical failure is tried again.",
    "again": "never, each_run, or {after: 7 days}: whether a key that was done may be done anew.",
}
STEP: Final[Mapping[str, str]] = {
    "id": "Its name: its values are read as ${{ id.name }}. A step with once keeps it for years.",
    "when": "Only if this holds (a condition without braces).",
    "title": "What it is for, as the service says it.",
    "optional": "yes: finding nothing is no failure.",
    "expect": "What must be there afterwards: a target, or a list of them.",
    "timeout": "How long it may take: 30s, 2 min.",
    "within": "The part of the page it works in: a target.",
    "confirm": "The answer to the box that it makes appear: accept or dismiss.",
    "effect": "Raises the effect of the action: read, local, draft, submit.",
    "once": "This happens once for this key, whatever crashes: ${{ item.key }}.",
    "verify": "How to know whether it is there: a finder, an action, or a list with found_if and absent_if.",
    "refused": "Words of the application that mean no: [{text: …, code: …}].",
    "read": "What is read from the answer: {name: target}. It is the receipt.",
    "settle": "How long the application may take to show it (30s).",
    "unverifiable": "Why nothing can tell whether it happened; every doubt goes to a person.",
    "was": "Its former id.",
    "leftover": "What removes the draft that an abandoned start left: {finder, when, do}.",
    "rescue": "What is done instead when something is not found or takes too long: [{on, do}].",
    "do": "Steps that belong together; with once they are one effect, the submit last.",
    "code": "The reason's short name, as mineur.",
    "message": "The reason in words for a person.",
    "else": "What a failed check does: reject, hand_over, continue.",
    "as": "The name of one element in the loop.",
    "key": "What makes a turn itself; needed when the loop has effects.",
    "skip_if": "Leaves the item when this holds: there is nothing to do.",
    "reject_if": "Rejects the item when this holds: a person must act.",
    "hand_over_if": "Goes on, and leaves the rest to a person when this holds.",
    "check": "Tries every rule and tells all that are not kept: [{not, code, says}].",
    "set": "Values by a name of yours: {x: ${{ … }}}, read as x.",
    "note": "A remark in the history of the item.",
    "for_each": "Steps for each element of a list.",
    "repeat": "Steps until a condition holds, at most max times: {do, until, next, max}.",
    "choose": "The first way whose condition holds: [{when, do}, {else}].",
    "output": "The result, in finish or at the end of a process of one item: {name: value}.",
    "review": "Asks a person, and waits: {title, role, show, edit, choices, answer_in, on_timeout, recheck}.",
    "extension": "The name of a place where a region may add steps of its own.",
    "call": "The steps of another process: {process: other@^1.2, with: {input: value}, as: x}; read as x.",
}
ITEMS: Final[Mapping[str, str]] = {
    "from": "An action that gives rows, or a list of rows.",
    "fields": "What is read of a row: {name: Column}, or {name: {column, type, required}}.",
    "let": "Values calculated of each row, in their order: {name: ${{ … }}}.",
    "only_if": "Other rows are left alone.",
    "group": "One item of all rows with the same value: {by, as}.",
    "bad_rows": "group: a bad row rejects its group; row: only itself.",
    "milestones": "Takes an item so many days before a date: {before, at: [60 days, 30 days]}.",
    "key": "What makes the item itself; a key that is done is not done again.",
}
VALUE: Final[Mapping[str, str]] = {
    "type": "What a text must be read as.",
    "column": "The column's name, as it stands in the source.",
    "required": "no: it may be empty, and is missing then.",
    "default": "The value when nothing is given.",
    "choices": "The values that are right.",
    "pattern": "A regular expression that the whole text must match.",
    "match": "A regular expression: its first group, or all it finds, is the value.",
    "format": "The format of a date: dd/mm/yyyy.",
    "overlay": "Whether a region may set it.",
    "sensitive": "yes: kept out of pictures and history.",
    "title": "What it is called for people.",
}
OTHER: Final[Mapping[str, Mapping[str, str]]] = {
    "hosts": {
        "url": "Its address.",
        "reads": "Requests that change nothing though they are POST: POST /recherche.",
        "drafts": "Requests that save a draft, allowed in a once block: POST /etape/*.",
    },
    "tables": {"overlay": "none, extend (a region may add rows) or replace.", "rows": "{text: code}."},
    "call": {
        "process": "Which one, and its version: connexion@^1.2.",
        "with": "What its inputs are here: {name: value}.",
        "as": "The name its output is read by, and what its own names begin with.",
        "was": "Its former name (`as`): the journal knows its effects by it.",
    },
    "popups": {"see": "What appears: a target.", "dismiss": "What puts it away: a target."},
    "sessions": {
        "span": "How long a session lives: item, run, worker.",
        "page": "opened: each segment opens its page; kept: items go on where the last ended.",
        "slots": "How many items at once: a number, or by machine.",
        "account": "shared, or exclusive: one session at a time for the secret.",
    },
    "limits": {
        "items": "Most items of a run (500).",
        "effects": "Most effects of a run (500).",
        "rows": "Most rows of a source (5000).",
        "stop_after": "{failed_in_a_row: 5, rejected: 30 % (after 20), unknown: 3}.",
    },
    "counts": {
        "unit": "What is counted, as the service says it.",
        "each": "A list: each of its elements is a unit.",
        "as": "The name of one element.",
        "key": "What makes a unit itself.",
        "done_by": "The id of the once step whose receipt earns.",
        "period": "day, week, month or year: how often the same key counts.",
    },
    "review": {
        "title": "The question, as the service says it.",
        "role": "Who may answer.",
        "show": "What is shown: {name: value}.",
        "edit": "What may be corrected: {name: value}, or {name: {value, title, type, required, choices}}.",
        "choices": "The answers: {short name: words}. Read as ${{ id.choice }}.",
        "answer_in": "How long it waits: 10 days (working days of the region), 4 h.",
        "on_timeout": "hand_over, reject or skip: what the end of that time does.",
        "recheck": "yes: reads again before the item goes on, and asks again when something changed.",
    },
    "on_failure": {
        "retry": "How often it is tried again (2).",
        "wait": "How long before that (30s).",
        "backoff": "By how much longer each time (2).",
        "keep": "What is kept of a failure: [screenshot, snapshot].",
    },
}
TARGET: Final[Mapping[str, str]] = {
    "css": "A CSS selector, when a page has no name for it.",
    "snapshot": 'What it shows, line by line: [heading "Demande" [level=1], {list: [listitem: Passeport]}].',
    "nth": "Which of several, from 1.",
    "within": "The part of the page it is in: a target.",
    "row": "The row with these cells: {Column: value}; with column it is a cell of it.",
    "column": "The column of the cell.",
    "all": "yes: a list of all that are there.",
}
LINE: Final[Mapping[str, str]] = {
    "text": "Plain text between other lines.",
    "/children": "equal: these lines and no other; deep-equal: also in them; contain: others may stand between.",
    "/url": "The address of a link.",
    "/placeholder": "What an empty field says of itself.",
}
VERIFY: Final[Mapping[str, str]] = {
    "finder": "The name of a finder.",
    "found_if": "It is there when this holds.",
    "absent_if": "It is not there when this holds; neither: nobody can tell.",
    "ours_if": "It was the robot that made it when this holds.",
    "asks": "before and after, or after: when it is asked.",
}


def every() -> Iterator[str]:
    """All of them, once each: what the catalogue says in French."""
    sections = (TOP, STEP, ITEMS, VALUE, TARGET, LINE, VERIFY, *OTHER.values())
    yield from dict.fromkeys(text for section in sections for text in section.values())
