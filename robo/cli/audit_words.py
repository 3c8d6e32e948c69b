"""What each event of the audit log says, as a sentence in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from robo.cli.language import _
from robo.cli.words import closer_word, decision_word, method_word, outcome_word

_FACTS: Final = (
    *("month", "quarter", "volume", "source"),
    *("process", "version", "rows", "items", "runs", "state", "outcome", "code", "step", "by", "decision", "gained"),
    *("before", "after", "method", "host", "count", "key", "origin", "size", "witness", "now", "proven", "day", "role"),
)


def _proven_word(proven: str) -> str:
    return _("(proven: it has two histories)") if proven == "True" else _("(nothing is proven against it)")


_WORDS: Final[Mapping[str, Callable[[str], str]]] = {
    "outcome": outcome_word,
    "state": outcome_word,
    "by": closer_word,
    "decision": decision_word,
    "method": method_word,
    "proven": _proven_word,
}


def templates() -> Mapping[str, str]:
    """The sentence of each type, with the members of its `data` as facts, and `obj`, what it is about."""
    return {
        "definition.changed": _("definition of %(process)s changed: version %(version)s"),
        "overlay.changed": _("what the region changes in %(process)s changed"),
        "run.created": _("run of %(process)s %(version)s begun"),
        "run.opened": _("source read: %(rows)s rows"),
        "run.waiting": _("run waits for a yes"),
        "run.allowed": _("run allowed to go on"),
        "run.resumed": _("run taken up again"),
        "run.cancelled": _("run cancelled"),
        "run.ended": _("run ended: %(items)s"),
        "item.opened": _("item opened: %(state)s"),
        "item.released": _("item may go on: its key is free"),
        "item.ended": _("item ended: %(outcome)s %(code)s"),
        "once.intent": _("effect %(step)s about to be done"),
        "once.receipt": _("effect %(step)s done, known by %(by)s"),
        "once.absent": _("effect %(step)s is not there"),
        "once.refused": _("effect %(step)s refused: %(code)s"),
        "once.refusal-read": _("refusal of %(step)s read: %(code)s"),
        "once.doubt": _("effect %(step)s: its fate is not known"),
        "attempt.lost": _("attempt lost: its worker was gone"),
        "person.decided": _("a person decided: %(decision)s"),
        "review.asked": _("a person was asked: %(step)s"),
        "review.overdue": _("the answer is overdue: %(step)s"),
        **_of_hours(),
        "session.signed-in": _("signed in to %(host)s"),
        "secret.changed": _("secret %(obj)s set"),
        "secret.refused": _("secret %(obj)s refused by the application"),
        "secret.cleared": _("secret %(obj)s found right again"),
        "process.held": _("process %(process)s held"),
        "process.released": _("process %(process)s released"),
        "writeback.conflict": _("a value was not written back: the cell had changed"),
        "log.key-changed": _("the key that seals the log was changed"),
        "retention.purged": _("%(count)s payloads of %(key)s purged"),
        "retention.cleared": _("%(items)s items and %(runs)s runs from before %(before)s emptied"),
        "witness.cosigned": _("log %(origin)s countersigned up to %(size)s entries"),
        "witness.refused": _("countersigning the log %(origin)s refused: %(code)s %(proven)s"),
        "checkpoint.refused": _("a witness refused this log's checkpoint: %(witness)s %(code)s"),
        "checkpoint.cleared": _("an auditor ended a refusal of this log's checkpoint: %(witness)s"),
        "restore.detected": _("an older backup was restored: its witnesses have seen %(size)s entries"),
        "restore.reconciled": _("the store goes on after a restore as %(now)s"),
        "audit.payloads-read": _("a person read what is personal in %(count)s entries"),
    }


def _of_hours() -> Mapping[str, str]:
    """Those of minutes, and of what they stand on."""
    return {
        "ledger.credit": _("%(gained)s minutes credited to %(process)s"),
        "ledger.debit": _("%(gained)s minutes debited from %(process)s"),
        "ledger.correction": _("minutes of %(process)s corrected by %(gained)s"),
        "ledger.time": _("%(gained)s minutes of time logged for %(process)s"),
        "ledger.opening": _("%(gained)s minutes from before robo declared for %(process)s"),
        "hours.reconciled": _("%(process)s, %(month)s: the application had %(volume)s (%(source)s)"),
        "hours.attested": _("%(quarter)s attested by the head of the service (%(role)s)"),
        "hours.closed": _("%(month)s closed: %(rows)s rows of minutes"),
        "hours.rechecked": _(
            "%(process)s, %(month)s: of %(drawn)s credits looked for again %(found)s are there, %(absent)s are not"
        ),
        "baseline.added": _("baseline of %(process)s: %(before)s min before, %(after)s after (%(method)s)"),
        "baseline.approved": _("baseline %(obj)s of %(process)s approved from %(day)s on (%(role)s)"),
        "baseline.signed": _("baseline %(obj)s of %(process)s: an after of 0 signed (%(role)s)"),
        "baseline.superseded": _("baseline %(obj)s of %(process)s superseded from %(day)s on (%(role)s)"),
        "baseline.withdrawn": _("baseline %(obj)s of %(process)s withdrawn from %(day)s on (%(role)s)"),
    }


def sentence(entry: Mapping[str, Any]) -> str:
    """What happened. A type that this version does not know is shown as it is."""
    template = templates().get(entry["type"])
    if template is None:
        return str(entry["type"])
    facts = dict.fromkeys(_FACTS, "") | _in_words(entry["data"]) | {"obj": entry["obj"]}
    return " ".join((template % facts).split()).rstrip(" :")


def _in_words(data: Mapping[str, Any]) -> dict[str, Any]:
    """The members of `data` as people say them."""
    said = {name: value for name, value in data.items() if name in _FACTS}
    for name, word in _WORDS.items():
        if name in said:
            said[name] = word(str(said[name]))
    if isinstance(counts := data.get("items"), Mapping):
        said["items"] = ", ".join(f"{count} {outcome_word(state)}" for state, count in counts.items() if count)
    if isinstance(data.get("before"), int) and isinstance(data.get("after"), int):
        said["gained"] = data["before"] - data["after"]
    return said
