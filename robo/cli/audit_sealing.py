"""`robo audit status | seal | rotate`: how the log stands, its checkpoints, the change of its key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from robo.cli.audit_witness import standing_json, tell_standing
from robo.cli.console import data, emit, paint, talk, verdict
from robo.cli.here import Json, Yes, noun, opened, sure
from robo.cli.language import _, say
from robo.cli.story import moment

if TYPE_CHECKING:
    from robo.services.auditing.standing import Status
    from robo.store.checkpoints import Kept

app = noun(_("How the log stands, its checkpoints, the change of its key."))


@app.command(help=_("How far the log is sealed and countersigned, and the key by which others know it."))
def status(as_json: Json = False) -> None:
    """Writes nothing. Exit 4 when the log would not be sealed now."""
    from robo.app.witnessing import Witnessing
    from robo.cli.trouble import tell
    from robo.services.auditing.standing import status as look

    with opened() as robo:
        found = look(robo.store, robo.keep, robo.settings.audit)
        light = Witnessing(robo).standing() if robo.settings.policy is not None else None
    if as_json:
        emit("audit-status", {**_as_json(found), "witnesses": light and standing_json(light)})
    else:
        for label, text in _lines(found):
            data(f"{label}: {text}")
        if light is not None:
            tell_standing(light)
    if found.trouble is not None:
        tell(found.trouble)
        raise typer.Exit(4)
    if found.late:
        talk(paint(_("entries have waited unsealed for more than a day: robo audit seal"), "warn"))
    _remark(found)


def _lines(found: Status) -> Iterator[tuple[str, str]]:
    """What a person reads: the name and the key are what auditors and witnesses are given."""
    yield _("log"), found.origin or _("no name yet: it is made when the log is first sealed")
    if found.key is not None:
        yield _("key for auditors and witnesses"), str(found.key)
    yield _("entries"), say("%(size)s, and %(waiting)s event(s) wait", {"size": found.size, "waiting": found.waiting})
    if found.last is None:
        yield _("sealed"), _("not yet")
        return
    facts = {"size": found.sealed, "when": moment(found.last.made, zone=True)}
    yield _("sealed"), say("the first %(size)s entries, %(when)s", facts)
    words = [
        say(
            "the first %(size)s entries by %(name)s, %(when)s",
            {"size": each.size, "name": each.witness, "when": moment(each.at, zone=True)},
        )
        for each in found.answers
        if each.size
    ]
    yield _("countersigned"), "; ".join(words) or _("by nobody")


def _as_json(found: Status) -> dict[str, Any]:
    last, trouble = found.last, found.trouble
    return {
        "origin": found.origin,
        "key": "" if found.key is None else str(found.key),
        "size": found.size,
        "waiting": found.waiting,
        "unsealed": found.size - found.sealed + found.waiting,
        "checkpoint": None if last is None else _checkpoint(last),
        "countersigned": [
            {"witness": each.witness, "size": each.size, "at": each.at, "code": each.code} for each in found.answers
        ],
        "trouble": None if trouble is None else {"code": trouble.code, "message": say(trouble.message, trouble.facts)},
    }


def _remark(found: Status) -> None:
    """A checkpoint from the future says that a clock went back; its place in the log is its size's."""
    from robo.services.auditing.sealing import LEEWAY

    if found.last is not None and found.last.made - found.at > LEEWAY:
        talk(_clock(int((found.last.made - found.at).total_seconds())))


def _clock(seconds: int) -> str:
    message = "the clock is %(seconds)s s behind the newest checkpoint: the order of the log is that of its sizes"
    return paint(say(message, {"seconds": seconds}), "warn")


@app.command(help=_("Put in order what waits, and sign how far the log goes, now."))
def seal(as_json: Json = False) -> None:
    """The checkpoint is the answer: signed by the log's key, to be countersigned by witnesses."""
    from robo.services.auditing.sealing import seal as sign

    with opened() as robo:
        robo.refuse_restored(robo.store)
        sealed = sign(robo.store, robo.keep, robo.settings.audit)
    if as_json:
        emit("audit-seal", {"origin": sealed.origin, "checkpoint": _checkpoint(sealed.checkpoint)})
    if sealed.back:
        talk(_clock(int(sealed.back.total_seconds())))
    facts = {"origin": sealed.origin, "size": sealed.checkpoint.size}
    verdict(say("the first %(size)s entries of the log %(origin)s are sealed; robo audit status", facts), good=True)


def _checkpoint(kept: Kept) -> dict[str, Any]:
    return {"size": kept.size, "made": kept.made, "note": kept.note}


@app.command(help=_("Replace the key that seals the log, and destroy the former one."))
def rotate(yes: Yes = False, as_json: Json = False) -> None:
    """The change is logged, and signed by both keys. Auditors need both, in their order. Witnesses need the new one
    only: with the old one, whoever has stolen it could have another history countersigned."""
    from robo.cli.person import actor
    from robo.services.auditing.rotating import rotate as change

    sure(_("The key of the log is destroyed, and another one seals from now on. Go on?"), yes=yes)
    with opened() as robo:
        robo.refuse_restored(robo.store)
        changed = change(robo.store, robo.keep, robo.settings.audit, actor=actor(robo))
    if as_json:
        keys = {"old": str(changed.old), "new": str(changed.new)}
        emit("audit-rotate", {"origin": changed.origin, **keys, "checkpoint": _checkpoint(changed.checkpoint)})
    else:
        data(f"log {changed.old}")
        data(f"log {changed.new}")
    talk(_("Auditors need both lines in their policies, in this order; witnesses replace the first by the second."))
    facts = {"origin": changed.origin, "size": changed.checkpoint.size}
    verdict(say("the log %(origin)s has a new key from entry %(size)s on", facts), good=True)
