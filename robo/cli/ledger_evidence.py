"""`robo ledger sample | recheck`: does the application have what was credited?"""

from __future__ import annotations

import csv
import io
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from robo.cli.console import data, emit, paint, printable, table, talk, verdict
from robo.cli.here import Json, Region, noun, opened, region_of
from robo.cli.language import _, said, say
from robo.cli.ledger_rows import checked_month, example

if TYPE_CHECKING:
    from robo.app.rechecking import Looked
    from robo.services.sampling import Sample, Sampled

app = noun(_("Whether the application has what was credited."))
_COLUMNS: Final = ("row", "process", "run", "item", "unit", "receipt", "entry", "before", "after", "baseline", "host")


class Form(StrEnum):
    """How a sample is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command(
    help=_("Draw some credits of a month with their evidence, for a test of existence."),
    epilog=example("robo ledger sample --region occitanie --month 2026-10 --format csv"),
)
def sample(
    *,
    region: Region = None,
    month: Annotated[str, typer.Option("--month", help=_("the month"), metavar="YYYY-MM")],
    count: Annotated[int, typer.Option("--count", help=_("so many"), min=1, max=10_000)] = 25,
    seed: Annotated[
        str, typer.Option("--seed", help=_("draw by this; else by the closing of the month, which nobody chose"))
    ] = "",
    form: Annotated[Form, typer.Option("--format", help=_("how it is written"))] = Form.TABLE,
    as_json: Json = False,
) -> None:
    """Whoever has the ids of the rows draws the same ones with the same seed. No row says whose dossier it is of."""
    from robo.cli.ledger import tell_due
    from robo.services.sampling import sample as draw

    with opened() as robo:
        here = region_of(robo, region)
        tell_due(robo)
        evidence = robo.settings.evidence
        found = draw(robo.store, evidence, here, checked_month(month), count=count, seed=seed)
    if as_json or form is Form.JSON:
        emit("ledger-sample", as_dict(found))
    elif form is Form.CSV:
        data(_as_csv(found))
    else:
        headers = (_("row"), _("process"), _("item"), _("entry"), _("evidence"), _("remark"))
        table(headers, [_line(each) for each in found.rows])
    facts = {"count": len(found.rows), "credits": found.credits, "month": found.month, "seed": found.seed[:16]}
    verdict(say("%(count)s of %(credits)s credits of %(month)s, drawn by %(seed)s…", facts), good=True)


def as_dict(found: Sample) -> dict[str, Any]:
    """A sample as JSON shows it."""
    rows = [
        {**_members(each), "evidence": list(each.evidence), "taken_back": each.taken_back, "entry": each.entry}
        for each in found.rows
    ]
    head = {"region": found.region, "month": found.month, "seed": found.seed, "chosen": found.chosen}
    return {**head, "credits": found.credits, "rows": rows}


def _members(each: Sampled) -> dict[str, Any]:
    row = each.row
    return {
        "row": row["id"],
        "process": row["process"],
        "run": row["run"] or "",
        "item": row["item"] or "",
        "unit": row["unit"],
        "receipt": row["receipt_hash"],
        "entry": "" if each.entry is None else each.entry,
        "before": row["minutes_before"],
        "after": row["minutes_after"],
        "baseline": row["baseline"],
        "host": row["host"],
    }


def _as_csv(found: Sample) -> str:
    """One credit a line; its evidence behind each other."""
    text = io.StringIO()
    out = csv.writer(text, delimiter=";", lineterminator="\n")
    out.writerow((*_COLUMNS, "evidence", "taken_back"))
    for each in found.rows:
        members = _members(each)
        out.writerow((*(members[name] for name in _COLUMNS), " ".join(each.evidence), int(each.taken_back)))
    return text.getvalue().rstrip("\n")


def _line(each: Sampled) -> tuple[str, ...]:
    members = _members(each)
    return (
        f"…{members['row'][-8:]}",
        members["process"],
        members["item"],
        _("waits") if each.entry is None else str(each.entry),
        ", ".join(each.evidence) or "-",
        _("taken back") if each.taken_back else "",
    )


@app.command(
    help=_("Look again, 30 days later, for some of what was credited; what is not there is taken back."),
    epilog=example("robo ledger recheck --region occitanie --share 2"),
)
def recheck(
    *,
    region: Region = None,
    process: Annotated[str, typer.Option("--process", help=_("only of this process"))] = "",
    month: Annotated[
        str, typer.Option("--month", help=_("of this month; else of all that are due"), metavar="YYYY-MM")
    ] = "",
    share: Annotated[int, typer.Option("--share", help=_("so many in a hundred"), min=1, max=100)] = 2,
    as_json: Json = False,
) -> None:
    """Only `verify` of the process is asked, in a session that cannot write. Which credits: the closing says it."""
    from robo.app.rechecking import recheck as look
    from robo.cli.ledger import tell_due
    from robo.cli.person import actor

    with opened() as robo:
        here = region_of(robo, region)
        if process:
            robo.process_file(process)
        tell_due(robo)
        month, mine = checked_month(month), actor(robo)
        done = look(robo, here, process=process, month=month, share=share, actor=mine)
    if as_json:
        emit("ledger-rechecked", {"region": here, "looked": [_looked(each) for each in done]})
    for each in done:
        _tell(each)
    if not done:
        verdict(
            _("nothing is due: months are looked for again 30 days after they are over, once they are closed"),
            good=True,
        )
    elif any(each.absent or each.unseen for each in done):
        raise typer.Exit(3)


def _looked(each: Looked) -> dict[str, Any]:
    found = each.said
    names = ("process", "month", "seed", "credits", "drawn", "found", "absent", "unseen")
    corrections = [row for rows in each.absent.values() for row in rows]
    return {**{name: getattr(found, name) for name in names}, "corrections": corrections}


def _tell(each: Looked) -> None:
    for key, rows in each.absent.items():
        facts = {"key": key, "rows": ", ".join(f"…{row[-8:]}" for row in rows) or "-"}
        talk(paint(say("%(key)s: NOT FOUND, taken back by %(rows)s", facts), "bad"))
    for key, why in each.unseen.items():
        talk(printable(say("%(key)s: nobody could look (%(why)s); nothing is changed", {"key": key, "why": said(why)})))
    facts = {
        name: getattr(each.said, name) for name in ("process", "month", "credits", "drawn", "found", "absent", "unseen")
    }
    line = say(
        "%(process)s, %(month)s: of %(drawn)s looked for (of %(credits)s) %(found)s found, %(absent)s not found, "
        "%(unseen)s could not be looked for",
        facts,
    )
    verdict(line, good=not each.said.absent)
