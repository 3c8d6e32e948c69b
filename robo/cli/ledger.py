"""`robo ledger`: the book of minutes. Look into it, state volumes, close months, attest quarters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from robo.cli import ledger_evidence, ledger_proof, ledger_rows
from robo.cli.console import emit, paint, table, talk, verdict
from robo.cli.here import Json, Region, Yes, noun, opened, region_of, sure
from robo.cli.language import _, say
from robo.cli.ledger_rows import Month, Process, checked_month, example, hours, zone_of
from robo.cli.words import method_word, reason_word, row_word

if TYPE_CHECKING:
    from robo.app import App
    from robo.model.statements import KeptClosing
    from robo.services.drilling import Drilled

app = noun(_("The book of minutes: look, log time, correct, state volumes, close, attest."))
app.add_typer(ledger_rows.app)
app.add_typer(ledger_proof.app)
app.add_typer(ledger_evidence.app)
_QUARTER: Final = re.compile(r"\d{4}-Q[1-4]")
_SHORT: Final = 8


@app.command(
    help=_("Rows of the book, the newest first: what bears a figure, and where it stands in the log."),
    epilog=example("robo ledger show --region occitanie --month 2026-10 --proof --json"),
)
def show(
    *,
    region: Annotated[str, typer.Option("--region", "-r", help=_("only of this region"))] = "",
    process: Process = "",
    month: Annotated[str, typer.Option("--month", help=_("only of this month"), metavar="YYYY-MM")] = "",
    kind: Annotated[
        str, typer.Option("--kind", help=_("only of this kind"), metavar="credit|debit|correction|time|opening")
    ] = "",
    run: Annotated[str, typer.Option("--run", help=_("only of this run; its first letters are enough"))] = "",
    item: Annotated[str, typer.Option("--item", help=_("only of this item: its key, or its id"))] = "",
    limit: Annotated[int, typer.Option("--limit", help=_("at most so many"), min=1)] = 50,
    proof: Annotated[bool, typer.Option("--proof", help=_("with the proof that each is in the sealed log"))] = False,
    as_json: Json = False,
) -> None:
    """No row says whose dossier it is of: an item is named by its id."""
    from robo.services.drilling import drill
    from robo.store.ledger import Shown

    with opened() as robo:
        tell_due(robo)
        wanted = Shown(
            region=region,
            process=process,
            month=checked_month(month),
            kind=kind,
            run=robo.find_run(run)[0].id if run else "",
            item=robo.find_item(item, run).id if item else "",
        )
        found = drill(robo.store, wanted, limit, proofs=proof)
    if as_json:
        emit("ledger-rows", as_dict(found))
    elif found.rows:
        headers = (_("row"), _("month"), _("region"), _("process"), _("what"), _("minutes"), _("baseline"), _("entry"))
        table(headers, [_line(each.said, each.entry) for each in found.rows])
    facts = {"count": len(found.rows), "log": found.origin or "-", "sealed": found.sealed}
    verdict(say("%(count)s row(s) · log %(log)s, sealed up to %(sealed)s entries", facts), good=True)


def as_dict(found: Drilled) -> dict[str, Any]:
    """Rows as JSON shows them; a proof is that of RFC 6962 towards `root`, in hexadecimal, leaf first."""
    rows = []
    for each in found.rows:
        said = {name: value for name, value in each.said.items() if name not in {"unit_hash", "receipt_hash"}}
        way = None if each.proof is None else [node.hex() for node in each.proof]
        rows.append({**said, "auditable": bool(said["auditable"]), "entry": each.entry, "proof": way})
    head = {"log": found.origin, "size": found.size, "sealed": found.sealed, "root": found.root.hex()}
    return {**head, "rows": rows}


def _line(row: Any, entry: int | None) -> tuple[str, ...]:
    net = row["minutes_before"] - row["minutes_after"]
    what = " · ".join(filter(None, (row_word(row["kind"]), reason_word(row["reason"]), row["code"])))
    number = _("waits") if entry is None else str(entry)
    trust = method_word(row["provenance"]) or "-"
    return (
        f"…{row['id'][-_SHORT:]}",
        row["month"],
        row["region"],
        row["process"] or _("(all)"),
        what,
        f"{net:+d}",
        _("timed, approved") if row["auditable"] else trust,
        number,
    )


@app.command(
    help=_("State how many cases the application itself had in a month: without it nothing of it is proven."),
    epilog=example(
        "robo ledger reconcile --process verifier-demandes --month 2026-10 --volume 412 --source chorus --stock 35"
    ),
)
def reconcile(
    *,
    region: Region = None,
    process: Annotated[str, typer.Option("--process", help=_("the process"))],
    month: Annotated[str, typer.Option("--month", help=_("the month"), metavar="YYYY-MM")],
    volume: Annotated[int, typer.Option("--volume", help=_("cases that were handled there"), min=0)],
    source: Annotated[str, typer.Option("--source", help=_("where you read it, in one word: chorus"))],
    received: Annotated[int | None, typer.Option("--received", help=_("cases that came in"), min=0)] = None,
    stock: Annotated[int | None, typer.Option("--stock", help=_("cases left at the month's end"), min=0)] = None,
    delay: Annotated[
        int | None, typer.Option("--delay-days", help=_("days that a case took, on the whole"), min=0)
    ] = None,
    as_json: Json = False,
) -> None:
    """Once the month is closed it is too late: its figures are frozen."""
    from robo.cli.person import actor
    from robo.errors import UsageError
    from robo.model.events import NAME
    from robo.model.statements import Reconciled
    from robo.store import statements

    if not source or not NAME.holds(source):
        raise UsageError(
            "RB027",
            "%(said)s is no source in one word",
            place="--source",
            remedy="name the application, or its statistics, in one word: chorus, agdref-statistiques; what is written "
            "here is kept for ever, so it names nobody",
            said=source,
        )
    with opened() as robo:
        robo.process_file(process)
        said = Reconciled(
            region=region_of(robo, region),
            process=process,
            month=checked_month(month),
            volume=volume,
            source=source,
            received=received,
            stock=stock,
            delay_days=delay,
        )
        mine = actor(robo)
        new = robo.store.transact(lambda tx: statements.reconcile(tx, said, actor=mine))
    if as_json:
        emit("ledger-reconciled", {"statement": new, **{name: getattr(said, name) for name in said.__slots__}})
    facts = {"process": process, "month": said.month, "volume": volume, "source": source}
    verdict(say("%(process)s, %(month)s: %(volume)s cases in %(source)s", facts), good=True)


@app.command(
    help=_("Close a month, or all that are due: its figures are frozen, signed and logged."),
    epilog=example("robo ledger close --region occitanie --month 2026-10"),
)
def close(*, region: Region = None, month: Month = "", as_json: Json = False) -> None:
    """From day 10 of the next month on; from then on it also closes by itself, at the end of any run."""
    from robo.app.accounts import close_due
    from robo.cli.person import actor
    from robo.cli.trouble import tell
    from robo.services.closings import Due, Wanted
    from robo.services.closings import close as close_one

    with opened() as robo:
        mine = actor(robo)
        if month:
            here = region_of(robo, region)
            wanted = Wanted(region=here, month=checked_month(month), zone=zone_of(robo, here), actor=mine)
            done = Due((close_one(robo.store, robo.keep, robo.settings.audit, wanted),))
        else:
            done = close_due(robo, region=region or "", actor=mine)
    for trouble in done.troubles:
        tell(trouble)
    if as_json:
        emit(
            "ledger-closed",
            {"closed": [_closed(each) for each in done.closed], "open": [each.code for each in done.troubles]},
        )
    _tell_closed(done.closed)
    if done.troubles:
        raise typer.Exit(3)
    if not done.closed:
        verdict(_("no month is due"), good=True)


@app.command(
    help=_("The head of a service attests the closed figures of a quarter."),
    epilog=example("robo ledger attest --quarter 2026-Q4 --role cheffe-de-bureau"),
)
def attest(
    *,
    region: Region = None,
    quarter: Annotated[str, typer.Option("--quarter", help=_("such as 2026-Q4"), metavar="YYYY-Q1|Q2|Q3|Q4")],
    role: Annotated[str, typer.Option("--role", help=_("in which you attest; never a name"))],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Shows what is attested before it asks."""
    from robo.cli.person import actor
    from robo.model.baseline import ROLE
    from robo.proof.hours import total
    from robo.services import bookkeeping

    _check(quarter, _QUARTER, "--quarter", "2026-Q4")
    _check(role, ROLE, "--role", "cheffe-de-bureau")
    with opened() as robo:
        here, mine = region_of(robo, region), actor(robo)
        with robo.store.read() as tx:
            shown = bookkeeping.to_attest(tx, here, quarter)
        for each in shown:
            whole = total(each.figures.values())
            facts = {"month": each.month, "proven": hours(whole.proven), "rest": hours(whole.net - whole.proven)}
            talk(say("%(month)s: %(proven)s proven, %(rest)s not proven", facts))
        sure(say("You attest these figures of %(quarter)s as %(role)s?", {"quarter": quarter, "role": role}), yes=yes)
        said = robo.store.transact(lambda tx: bookkeeping.attest(tx, here, quarter, role, actor=mine))
    if as_json:
        emit("ledger-attested", {name: getattr(said, name) for name in said.__slots__})
    facts = {"quarter": quarter, "region": here, "months": ", ".join(said.months)}
    verdict(say("%(quarter)s attested in %(region)s: %(months)s", facts), good=True)


def tell_due(robo: App) -> None:
    """Close what is due, and say so; what cannot be closed is told, and stops nothing."""
    from robo.app.accounts import close_due
    from robo.cli.trouble import tell

    done = close_due(robo)
    _tell_closed(done.closed)
    for trouble in done.troubles:
        tell(trouble)


def _tell_closed(closed: Iterable[KeptClosing]) -> None:
    from robo.proof.closings import Closing
    from robo.proof.hours import total

    for each in closed:
        whole = total(Closing.parse(each.figures.encode()).figures.values())
        facts = {
            "month": each.month,
            "region": each.region,
            "proven": hours(whole.proven),
            "unreconciled": hours(whole.unreconciled),
            "unmeasured": hours(whole.unmeasured),
        }
        line = say(
            "%(month)s closed in %(region)s: %(proven)s proven, %(unreconciled)s not reconciled, %(unmeasured)s not "
            "measured",
            facts,
        )
        talk(paint(line, "good"))


def _closed(each: KeptClosing) -> dict[str, Any]:
    from robo.proof.closings import Closing

    closing = Closing.parse(each.figures.encode())
    return {"region": each.region, "month": each.month, "digest": closing.digest, "size": closing.size}


def _check(said: str, form: re.Pattern[str], place: str, shown: str) -> None:
    from robo.errors import UsageError

    if not form.fullmatch(said):
        raise UsageError(
            "RB028",
            "%(said)s is not written like %(example)s",
            place=place,
            remedy="write it so: %(example)s",
            said=said,
            example=shown,
        )
