"""What each event of the audit log may say: the members of its `data` with their kinds, and the class of its payload.

An entry is kept for ever, so nothing in it may be about a person: there is no kind for free text, for the key of an
item, for the name of a file or of somebody. Those go into the payload, which is purged. Reviewed type by type: whoever
adds a member says here what it is, and that it is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from robo.model.audit import EventType as E
from robo.model.audit import Kept
from robo.model.base import Environment, ItemState, Outcome
from robo.model.run import ItemKind

Holds = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a member may hold. `name` is for messages."""

    name: str
    holds: Holds


@dataclass(frozen=True, slots=True)
class Said:
    """What an event says: what `obj` names, the members of `data`, those of the payload and how long that is kept.

    No member has to be there."""

    obj: Kind
    data: Mapping[str, Kind]
    payload: frozenset[str] = frozenset()
    kept: Kept = Kept.STD


def _text(name: str, pattern: str) -> Kind:
    matches = re.compile(pattern).fullmatch
    return Kind(name, lambda value: isinstance(value, str) and matches(value) is not None)


def words(*known: str) -> Kind:
    """One of these."""
    all_ = frozenset(known)
    return Kind(f"one of {', '.join(sorted(all_))}", lambda value: isinstance(value, str) and value in all_)


def word_of(enum: type[StrEnum]) -> Kind:
    """A member of this enumeration."""
    return words(*(each.value for each in enum))


def counts_of(enum: type[StrEnum]) -> Kind:
    """How many of each member of this enumeration."""
    known = frozenset(each.value for each in enum)

    def holds(value: Any) -> bool:
        return isinstance(value, Mapping) and value.keys() <= known and all(map(_is_count, value.values()))

    return Kind(f"numbers of {enum.__name__}", holds)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


COUNT: Final = Kind("a whole number", _is_count)
MINUTES: Final = Kind("whole minutes", lambda value: type(value) is int)
UNITS: Final = Kind("units, less than 0 where some are taken back", lambda value: type(value) is int)
FLAG: Final = Kind("true or false", lambda value: type(value) is bool)
MOMENT: Final = Kind("microseconds since 1970", lambda value: type(value) is int)
ID: Final = _text("an id of robo's own", r"(?:[0-9a-hjkmnp-tv-z]{26})?")
DIGEST: Final = _text("a digest", r"[0-9a-f]{0,128}")
NAME: Final = _text("a name from a definition", r"(?:[\w*][\w.:/-]{0,99})?")
MONTH: Final = _text("a month", r"\d{4}-\d{2}")
QUARTER: Final = _text("a quarter", r"\d{4}-Q[1-4]")
DAY: Final = _text("a day", r"\d{4}-\d{2}-\d{2}")
PERIOD: Final = _text("a period", r"[\w*][\w-]{0,99}/[a-z]{1,20}/\d{4}-\d{2}")
POLICY: Final = _text("a class and its months", r"[a-z]{1,20} \d{1,4}")
VERSION: Final = _text("a version", r"[0-9A-Za-z.-]{1,40}")
HOST: Final = _text("a host, or the name of a secret", r"(?:https?://)?[\w.\[\]:*/-]{0,200}")
WHERE: Final = _text(
    "a host, and the beginning of its certificate's digest", r"(?:https?://)?[\w.\[\]:*/-]{0,200}(?:#[0-9a-f]{16})?"
)
UNIT: Final = _text("a unit of a process", r"(?:[a-z0-9-]{1,100}/)?[^\x00-\x1f\x7f]{1,100}")
LOG: Final = _text("the name of a log or a witness", r"[\w.:/+-]{0,200}")
KEY: Final = _text("a verifier key", r"[\w.:/-]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{1,200}")
ACTOR: Final = _text(
    "a robot, a part of robo, or a pseudonym", r"robot(?::[\w.-]{1,200})?|library|demo|case|person(?:-[0-9a-z]{1,12})?"
)
METHOD: Final = words("", "timed", "declared", "imported", "hypothesis")
REASON: Final = words(
    "", "triage", "recovery", "wrong", "supervision", "maintenance", "build", "replication", "not found", "slip",
    "correction", "repeated receipt",
)  # fmt: skip
DECISIONS: Final = words("there", "not there", "verify again", "retry", "answer", "wish to cancel", "cancel")

_STEP: Final = {"step": NAME, "n": COUNT}
_HELD: Final = {"process": NAME, "kind": words("portal", "secret", "stop", "stop_after", "restored")}
_MINUTES: Final = Said(
    ID,
    {
        "ledger": ID,
        "environment": word_of(Environment),
        "month": MONTH,
        "process": NAME,
        "version": NAME,
        "host": WHERE,
        "unit": UNIT,
        "unit_hash": DIGEST,
        "units": UNITS,
        "before": MINUTES,
        "after": MINUTES,
        "baseline": NAME,
        "provenance": METHOD,
        "auditable": FLAG,
        "receipt": DIGEST,
        "reason": REASON,
        "code": NAME,
        "corrects": ID,
    },
    payload=frozenset({"why"}),
    kept=Kept.CONTROL,
)
_VERDICT: Final = Said(NAME, {"process": NAME, "day": DAY, "role": NAME, "successor": NAME})
_VOLUMES: Final = ("volume", "received", "stock", "delay_days")
_RECHECKED: Final = ("credits", "drawn", "found", "absent", "unseen")
_CHECKPOINT: Final = {"origin": LOG, "size": COUNT, "root": DIGEST, "code": COUNT, "witness": LOG}
_CHANGED: Final = Said(NAME, {"process": NAME, "version": VERSION, "digest": DIGEST, "before": DIGEST})

SAID: Final[Mapping[E, Said]] = {
    E.DEFINITION_CHANGED: _CHANGED,
    E.OVERLAY_CHANGED: _CHANGED,
    E.RUN_CREATED: Said(
        ID,
        {
            "process": NAME,
            "version": VERSION,
            "environment": word_of(Environment),
            "digest": DIGEST,
            "effects": DIGEST,
            "dry_run": FLAG,
        },
    ),
    E.RUN_OPENED: Said(ID, {"rows": COUNT}),
    E.RUN_WAITING: Said(ID, {}),
    E.RUN_ALLOWED: Said(ID, {}),
    E.RUN_RESUMED: Said(ID, {}),
    E.RUN_CANCELLED: Said(ID, {"items": counts_of(ItemState)}),
    E.RUN_ENDED: Said(ID, {"items": counts_of(ItemState)}),
    E.ITEM_OPENED: Said(
        ID,
        {"state": word_of(ItemState), "doing": COUNT, "code": NAME, "kind": word_of(ItemKind)},
        payload=frozenset({"key", "row"}),
    ),
    E.ITEM_RELEASED: Said(ID, {"doing": COUNT}),
    E.ITEM_ENDED: Said(ID, {"outcome": word_of(Outcome), "code": NAME, "token": COUNT, "kind": word_of(ItemKind)}),
    E.INTENT: Said(ID, {**_STEP, "token": COUNT, "digest": DIGEST}),
    E.RECEIPT: Said(
        ID,
        {**_STEP, "by": words("answer", "verify"), "ours": FLAG, "token": COUNT},
        payload=frozenset({"receipt"}),
    ),
    E.ABSENT: Said(ID, {**_STEP, "token": COUNT, "witnessed": FLAG}, payload=frozenset({"why"})),
    E.REFUSED: Said(ID, {**_STEP, "code": NAME, "token": COUNT}),
    E.REFUSAL_READ: Said(ID, {**_STEP, "code": NAME}, payload=frozenset({"words"})),
    E.DOUBT: Said(ID, {**_STEP, "looks": COUNT}, payload=frozenset({"why"})),
    E.ATTEMPT_LOST: Said(ID, {"token": COUNT, "crashes": COUNT}),
    E.DECISION: Said(
        ID,
        {
            **_STEP,
            "decision": DECISIONS,
            "token": COUNT,
            "from": word_of(ItemState),
            "choice": NAME,
            "role": NAME,
        },
        payload=frozenset({"values", "person", "receipt"}),
        kept=Kept.CONTROL,
    ),
    E.REVIEW_ASKED: Said(ID, {**_STEP, "token": COUNT, "until": MOMENT}),
    E.REVIEW_OVERDUE: Said(ID, _STEP),
    E.CREDIT: _MINUTES,
    E.DEBIT: _MINUTES,
    E.CORRECTION: _MINUTES,
    E.TIME: _MINUTES,
    E.OPENING: _MINUTES,
    E.RECONCILED: Said(ID, {"process": NAME, "month": MONTH, "source": NAME} | dict.fromkeys(_VOLUMES, COUNT)),
    E.ATTESTED: Said(ID, {"quarter": QUARTER, "role": NAME, "months": COUNT, "digest": DIGEST}),
    E.MONTH_CLOSED: Said(ID, {"month": MONTH, "digest": DIGEST, "size": COUNT, "rows": COUNT}),
    E.RECHECKED: Said(ID, {"process": NAME, "month": MONTH, "seed": DIGEST} | dict.fromkeys(_RECHECKED, COUNT)),
    E.BASELINE_ADDED: Said(
        NAME,
        {
            "process": NAME,
            "unit": UNIT,
            **dict.fromkeys(("before", "after", "triage", "recovery", "wrong"), MINUTES),
            "method": METHOD,
            "n": COUNT,
            "digest": DIGEST,
        },
    ),
    E.BASELINE_APPROVED: _VERDICT,
    E.BASELINE_SIGNED: _VERDICT,
    E.BASELINE_SUPERSEDED: _VERDICT,
    E.BASELINE_WITHDRAWN: _VERDICT,
    E.SIGNED_IN: Said(NAME, {"host": HOST}),
    E.SECRET_CHANGED: Said(NAME, {"kind": words("password", "password+otp", "certificate")}),
    E.SECRET_REFUSED: Said(NAME, {}),
    E.SECRET_CLEARED: Said(NAME, {}),
    E.PROCESS_HELD: Said(ID, {**_HELD, "subject": HOST}),
    E.PROCESS_RELEASED: Said(ID, _HELD),
    E.WRITEBACK_CONFLICT: Said(ID, {}),
    E.KEY_CHANGED: Said(LOG, {"old": KEY, "new": KEY}),
    E.WITNESS_COSIGNED: Said(LOG, _CHECKPOINT),
    E.WITNESS_REFUSED: Said(LOG, {**_CHECKPOINT, "proven": FLAG}),
    E.CHECKPOINT_REFUSED: Said(LOG, _CHECKPOINT),
    E.CHECKPOINT_CLEARED: Said(
        ID, {"origin": LOG, "witness": LOG, "code": COUNT}, payload=frozenset({"why"}), kept=Kept.CONTROL
    ),
    E.RESTORE_DETECTED: Said(LOG, {"origin": LOG, "size": COUNT, "at": COUNT, "proven": FLAG}),
    E.RESTORE_RECONCILED: Said(
        LOG,
        {"origin": LOG, "size": COUNT, "at": COUNT, "now": LOG},
        payload=frozenset({"why"}),
        kept=Kept.CONTROL,
    ),
    E.PAYLOADS_READ: Said(ID, {"by": words("show", "export"), "count": COUNT}),
    E.PURGED: Said(PERIOD, {"key": PERIOD, "from": DAY, "to": DAY, "count": COUNT, "policy": POLICY}),
    E.CLEARED: Said(ID, {"items": COUNT, "runs": COUNT, "before": DAY, "policy": POLICY}),
}
"""By type. A test fails when a type is not here."""
