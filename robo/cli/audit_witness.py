"""`robo audit witness`: countersign for others, have our log countersigned, and go on after a restore."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from robo.cli.console import data, emit, paint, table, talk, verdict
from robo.cli.here import Json, Yes, noun, opened, sure, writing
from robo.cli.language import _, said, say
from robo.cli.story import moment

if TYPE_CHECKING:
    from robo.app.witnessing import Shown, Witnessing
    from robo.proof.policy import Verdict
    from robo.services.witnessing.asking import Word
    from robo.services.witnessing.standing import Standing
    from robo.store.witnesses import Refusal

app = noun(_("Have the log countersigned by others, and countersign theirs."))
TO_HANDLE = 3
"""The exit code of what is finished and leaves something to a person."""
Out = Annotated[Path, typer.Option("--output", "-o", help=_("the file to write"), metavar="FILE")]
Why = Annotated[str, typer.Option("--why", help=_("the reason, which is logged"), metavar="TEXT")]
File = Annotated[Path, typer.Argument(help=_("the file that came"))]


@contextmanager
def _witnessing() -> Iterator[Witnessing]:
    from robo.app.witnessing import Witnessing

    with opened() as robo:
        yield Witnessing(robo)


def _words() -> Mapping[str, str]:
    """What became of asking a witness."""
    return {
        "cosigned": _("countersigned"),
        "silent": _("does not answer"),
        "unsafe": _("is asked over https only"),
        "stranger": _("does not know this log or its key"),
        "false": _("answers what is no countersignature of its key"),
        "ahead": _("has a clock that is minutes ahead"),
        "forgot": _("lost what it had countersigned: its key must be retired"),
        "refused": _("REFUSED: it has seen another history of this log"),
        "aside": _("will countersign the next time"),
    }


@app.command(help=_("Print the keys that others write into their policies; made when they are asked for first."))
def key(
    retire: Annotated[
        bool, typer.Option("--retire", help=_("another key as a witness: this store lost what it had countersigned"))
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Two lines of a policy. Give them to people by people: by telephone, by hand, not by the network they protect."""
    if retire:
        sure(_("Every policy must take the new key, and drop the one of now. Go on?"), yes=yes)
    with _witnessing() as ours:
        log, witness = ours.keys(retired=retire)
    if as_json:
        emit("audit-witness-key", {"log": str(log), "witness": str(witness)})
        return
    data(f"log {log}")
    data(f"witness {_('NAME')} {witness} https://…")


@app.command(help=_("Countersign for others over HTTP, and have our own log countersigned, until it is ended."))
def serve(
    host: Annotated[str, typer.Option("--host", help=_("where to listen"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=_("0: any free one"), min=0, max=65535)] = 8790,
    as_json: Json = False,
) -> None:
    """SIGTERM and Ctrl-C end it; who has asked by then is answered."""
    from robo.cli.trouble import tell
    from robo.services.witnessing.server import listen

    with _witnessing() as ours:
        ours.witness.policy()
        listener = listen(host, port)
        url = f"http://{host}:{listener.getsockname()[1]}"
        if host not in {"127.0.0.1", "localhost", "::1"}:
            talk(paint(_("Plain HTTP, open to other machines: put a reverse proxy with TLS before it."), "warn"))

        def ready() -> None:
            if as_json:
                emit("audit-witness", {"url": url, "key": str(ours.keys()[1])})
            else:
                data(f"{url}/add-checkpoint")

        ours.serve(listener, ready, tell)
    talk(_("The witness has ended."))


@app.command(help=_("Have the witnesses that have an address countersign the newest checkpoint."))
def ask(
    witness: Annotated[list[str] | None, typer.Option("--for", help=_("only this witness of the policy"))] = None,
    as_json: Json = False,
) -> None:
    """Exit code 3 when one of them did not countersign."""
    with _witnessing() as ours:
        words = ours.ask(witness or ())
        found = ours.standing()
    if as_json:
        emit("audit-witness-asked", {"witnesses": words, **standing_json(found)})
    _tell_words(words)
    if not words:
        talk(_("no witness of the policy has an address: robo audit witness request writes a file for each"))
    tell_standing(found)
    if any(word != "cosigned" for word in words.values()):
        raise typer.Exit(TO_HANDLE)


@app.command(help=_("Write the request for a witness on a network that cannot be reached: it cosigns the file."))
def request(
    output: Out,
    witness: Annotated[str, typer.Option("--for", help=_("the witness of the policy"))] = "",
    as_json: Json = False,
) -> None:
    """The file is the body of C2SP's add-checkpoint: `curl --data-binary @FILE` does the same."""
    _refuse_existing(output)
    with _witnessing() as ours:
        content = ours.request(witness)
    with writing(output):
        output.write_bytes(content)
    if as_json:
        emit("audit-witness-request", {"file": str(output), "witness": witness})
    told = say("%(file)s goes to the witness, who runs: robo audit witness cosign %(file)s -o ANSWER", {"file": output})
    verdict(told, good=True)


@app.command(help=_("As a witness: countersign the request of a file, or refuse; the answer is a file too."))
def cosign(file: File, output: Out, as_json: Json = False) -> None:
    """Exit code 3 when it is refused: the file says so, with the code, and goes back all the same."""
    from robo.proof.witness import LARGEST

    _refuse_existing(output)
    content = _read(file)[: LARGEST + 1]
    with _witnessing() as ours:
        reply, answer = ours.cosign(content)
    with writing(output):
        output.write_text(answer, encoding="utf-8")
    good = reply.status == 200  # noqa: PLR2004 - the code of HTTP that the protocol says
    if as_json:
        emit("audit-witness-cosigned", {"file": str(output), "status": reply.status, "body": reply.body})
    facts = {"file": output, "code": reply.status, "why": reply.body.strip()}
    if good:
        verdict(say("countersigned; %(file)s goes back", facts), good=True)
        return
    verdict(say("refused with %(code)s (%(why)s); %(file)s goes back and says so", facts), good=False)
    raise typer.Exit(TO_HANDLE)


@app.command(help=_("Take the answer of a witness from a file, or compare any checkpoint of this log with the store."))
def take(file: File, as_json: Json = False) -> None:
    """What it says is verified with the key of the policy before it is kept. Exit code 3 when it is a refusal."""
    text = _read(file).decode("utf-8", "replace")
    with _witnessing() as ours:
        taken = ours.take(text, file.name)
        found = ours.standing()
    if as_json:
        emit("audit-witness-taken", {"size": taken.size, "witnesses": taken.words, **standing_json(found)})
    _tell_words(taken.words)
    if not taken.words:
        talk(say("the log begins with the %(size)s entries of this checkpoint", {"size": taken.size}))
    tell_standing(found)
    if any(word != "cosigned" for word in taken.words.values()):
        raise typer.Exit(TO_HANDLE)


@app.command(help=_("Who countersigned our log, what we countersigned of others, and what was refused."))
def show(as_json: Json = False) -> None:
    """Both sides, as the store has them."""
    with _witnessing() as ours:
        found = ours.show()
    if as_json:
        refused = [_refusal_json(each) for each in found.refused]
        emit("audit-witnesses", {**standing_json(found.standing), "seen": found.seen, "refused": refused})
        return
    _tell_both(found)
    tell_standing(found.standing)


@app.command(help=_("As an auditor: end the red light of refusals that are explained. The evidence stays."))
def clear(why: Why, yes: Yes = False, as_json: Json = False) -> None:
    """The log says who, and why. A store that was put back is not ended so: robo audit witness reconcile."""
    from robo.cli.person import actor

    with _witnessing() as ours:
        found = ours.standing()
        for each in found.refusals:
            talk(f"{moment(each.at)}  {each.code}  {each.witness}  {each.origin}")
        if found.refusals:
            sure(say("End %(count)s refusal(s)?", {"count": len(found.refusals)}), yes=yes)
        count = ours.clear(actor=actor(ours), why=why)
    if as_json:
        emit("audit-witness-cleared", {"cleared": count})
    verdict(say("%(count)s refusal(s) ended; the evidence stays", {"count": count}), good=True)


@app.command(help=_("After a restore: the items agree with the applications again; go on, as a log with another name."))
def reconcile(
    why: Why,
    origin: Annotated[
        str, typer.Option("--origin", help=_("the log's new name; else the old one with a number"), metavar="NAME")
    ] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Ends the hold. What others have to write into their policies is printed."""
    from robo.cli.person import actor

    with _witnessing() as ours:
        question = _("Was everything that the store forgot looked up in the applications, and told to its items?")
        sure(question, yes=yes)
        done = ours.reconcile(actor=actor(ours), why=why, origin=origin)
    if as_json:
        keys = {"log": str(done.log), "witness": None if done.witness is None else str(done.witness)}
        emit("audit-witness-reconciled", {"before": done.before, "origin": done.origin, "queued": done.items, **keys})
    else:
        data(f"log {done.log}")
        if done.witness is not None:
            data(f"witness {_('NAME')} {done.witness} https://…")
    facts = {"before": done.before, "origin": done.origin, "count": done.items}
    talk(say("every policy takes these lines beside the line of %(before)s, which has ended", facts))
    talk(say("config/robo.yaml: where it says `origin`, it says %(origin)s from now on", facts))
    verdict(say("the log goes on as %(origin)s; %(count)s held item(s) are queued again", facts), good=True)


# ---- how it stands, for other nouns too ----------------------------------------------------------------------


def standing_json(found: Standing) -> dict[str, Any]:
    """The light as JSON shows it."""
    light: Verdict = found.verdict
    witnesses = {
        name: None if each is None else {"size": each.size, "code": each.code, "state": each.told, "at": each.at}
        for name, each in found.told.items()
    }
    return {
        "light": light.light.value,
        "countersigned": found.size,
        "sealed": found.sealed,
        "by": dict(light.by),
        "quorum": light.met,
        "why": said(light.why),
        "told": witnesses,
        "refusals": [_refusal_json(each) for each in found.refusals],
    }


def tell_standing(found: Standing) -> None:
    """The light in words: up to where the log is countersigned, and by whom."""
    light = found.verdict
    facts = {"size": found.size, "sealed": found.sealed, "by": ", ".join(sorted(light.by)) or "-"}
    if light.met:
        talk(say("countersigned: the first %(size)s entries of %(sealed)s sealed, by %(by)s", facts))
    else:
        talk(say("not countersigned by the quorum yet; sealed: the first %(sealed)s entries", facts))
    words = {"green": _("green"), "orange": _("orange"), "red": _("RED")}[light.light.value]
    style = {"green": "good", "orange": "warn", "red": "bad"}[light.light.value]
    why = f": {said(light.why)}" if light.why else ""
    talk(paint(f"{words}{why}", style))


def _tell_words(words: Mapping[str, Word]) -> None:
    for name, word in words.items():
        talk(f"{name}: {_words()[word.value]}")


def _tell_both(found: Shown) -> None:
    told = [
        (name, "-" if each is None else each.size, "-" if each is None else moment(each.at), _state(each))
        for name, each in found.standing.told.items()
    ]
    table((_("witness"), _("entries"), _("answered"), _("state")), told)
    for origin, note in found.seen.items():
        seen = {"origin": origin, "size": note.split("\n")[1]}
        data(say("we countersigned the first %(size)s entries of %(origin)s", seen))
    for each in found.refused:
        facts = {"origin": each.origin, "code": each.code, "at": moment(each.at)}
        data(say("we refused %(origin)s with %(code)s on %(at)s", facts))


def _state(told: Any) -> str:
    return "-" if told is None else _words().get(told.told, told.told)


def _refusal_json(each: Refusal) -> dict[str, Any]:
    kept = {"origin": each.origin, "witness": each.witness, "code": each.code, "at": each.at, "cleared": each.cleared}
    return {"id": each.id, **kept, "request": each.request, "answer": each.answer}


def _refuse_existing(output: Path) -> None:
    """What goes to another region, or came back from it, is not written over. `UsageError` RB975."""
    from robo.errors import UsageError

    if output.is_file():
        raise UsageError(
            "RB975",
            "%(file)s is there already, and is not written over",
            place=str(output),
            remedy="name a file that is not there yet, or put this one away first",
            file=str(output),
        )


def _read(file: Path) -> bytes:
    """A file that came, or `-`. `InfrastructureError` RB958 when it cannot be read."""
    from robo.services.disk import on_disk

    if str(file) == "-":
        return sys.stdin.buffer.read()
    with on_disk(file):
        return file.read_bytes()
