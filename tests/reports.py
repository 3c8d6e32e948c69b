"""Books of minutes to report on: one small country that is worked out by hand, and any others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from robo.model.statements import Reconciled
from robo.proof.hours import Cell, Key, Sums, fold, row
from robo.services.reporting.books import Books, Here
from robo.services.reporting.model import Asked, Correction, Seal

MADE = datetime(2026, 11, 5, 9, tzinfo=UTC)
TODAY: Asked = Asked(first="2026-01", last="2026-10", made=MADE)


def cell(kind: str = "credit", **said: Any) -> tuple[Cell, Sums]:
    """A cell of production in one region, auditable, by the baseline `timed`."""
    same = {
        "environment": "production",
        "region": "idf",
        "process": "titres",
        "version": "1.0.0",
        "month": "2026-10",
        "reason": "",
        "provenance": "timed",
        "auditable": True,
        "baseline": "timed",
        "host": "https://titres.example.fr#0011223344556677",
        "before": 0,
        "after": 0,
    }
    return row(said.pop("region", "idf"), kind, {**same, **said})


def credit(units: int, before: int = 30, after: int = 5, **said: Any) -> tuple[Cell, Sums]:
    """So many units, with minutes of each."""
    return cell(units=units, before=units * before, after=units * after, **said)


def debit(units: int, minutes: int = 10, **said: Any) -> tuple[Cell, Sums]:
    """So many items that a person took up, with minutes of each."""
    return cell(
        "debit", **{"units": units, "after": units * minutes, "reason": "triage", "code": "already-known"} | said
    )


def time(minutes: int, reason: str = "supervision", **said: Any) -> tuple[Cell, Sums]:
    """Logged time, of all processes."""
    return cell("time", **{"after": minutes, "reason": reason, "process": "", "auditable": False} | said)


def record(name: str = "timed", process: str = "titres", region: str = "idf", **said: Any) -> dict[str, Any]:
    """A baseline of 30 (25–40) minutes before and 5 (4–7) after, timed in spring 2026."""
    span = {"n": 12, "days": 3, "last": "2026-05-20"}
    return {
        "process": process,
        "region": region,
        "unit": f"{process}/dossier",
        "method": "timed",
        "role": "cheffe-de-bureau",
        "first": "2026-05-18",
        "last": "2026-05-20",
        "effects": "e1",
        "note": name,
        "before": {"median": 30, "low": 25, "high": 40, **span},
        "after": {"median": 5, "low": 4, "high": 7, **span},
        "triage": {"median": 10, "low": 8, "high": 15},
        **said,
    }


def approved(name: str, day: str = "2026-05-25") -> list[dict[str, Any]]:
    return [{"kind": "approved", "record": name, "day": day, "role": "cheffe-de-service"}]


def volume(units: int, month: str = "2026-10", region: str = "idf", process: str = "titres") -> Reconciled:
    return Reconciled(
        region=region, process=process, month=month, volume=units, source="agdref", stock=40, delay_days=9
    )


def seal(**said: Any) -> Seal:
    same: dict[str, Any] = {"origin": "robo/idf", "size": 120, "sealed": 120, "root": "ab" * 32, "witnessed": 120}
    return Seal(**(same | {"witnesses": {"BFC+00112233": MADE, "IDF+44556677": MADE}} | said))


def books(*cells: tuple[Cell, Sums], **said: Any) -> Books:
    """Books with the baseline `timed`, sealed and countersigned."""
    same: dict[str, Any] = {
        "records": {"timed": record()},
        "verdicts": {"timed": approved("timed")},
        "seals": [seal()],
        "lasts": {Here("idf", "titres"): datetime(2026, 10, 30, tzinfo=UTC)},
    }
    return Books(cells=fold(cells), **(same | said))


def keyed(*volumes: Reconciled) -> dict[Key, Reconciled]:
    return {Key(each.region, each.process, each.month): each for each in volumes}


def country() -> Books:
    """Three regions, four processes, ten months: what a prefect would be shown."""
    cells: list[tuple[Cell, Sums]] = []
    volumes: list[Reconciled] = []
    sizes = {"titres": 300, "detr": 90, "service-fait": 220, "decisions-rh": 40}
    for number in range(1, 11):
        month = f"2026-{number:02}"
        for place, region in enumerate(("idf", "bfc", "guyane")):
            for index, (process, size) in enumerate(sizes.items()):
                if (index + place) % 4 == 3 or (region == "guyane" and number < 6):
                    continue
                units = size + 17 * number - 30 * place
                timed = process in {"titres", "service-fait"}
                said: dict[str, Any] = {"region": region, "process": process, "month": month, "auditable": timed}
                said |= {"version": f"1.{number // 4}.0", "baseline": f"{process}-{region}"}
                said |= {"host": f"https://{process}.example.fr", "provenance": "timed" if timed else "declared"}
                cells += [credit(units, **said), debit(units // 12, **said)]
                cells.append(debit(units // 30, 15, **{**said, "reason": "recovery", "code": "timeout"}))
                if timed and number < 10:
                    volumes.append(volume(units + 12, month, region, process))
            if number < 10 or region == "idf":
                cells.append(time(180, region=region, month=month))
    cells += [time(2400, "build", region="idf", month="2026-01", process="titres")]
    cells += [time(900, "replication", region="guyane", month="2026-06", process="titres")]
    cells += [cell("opening", region="occitanie", process="13-processus", month="2025-12", units=0, before=67140)]
    cells += [cell("correction", region="bfc", month="2026-09", units=-4, before=-120, after=-20, reason="wrong")]
    ids = {(each[0].process, each[0].region) for each in cells if each[0].kind == "credit"}
    records = {f"{p}-{r}": _of_country(p, r) for p, r in sorted(ids)}
    return Books(
        cells=fold(cells),
        records=records,
        verdicts={name: approved(name) for name, said in records.items() if said["method"] == "timed"},
        lasts={Here(region, process): _last(region, process) for process, region in ids},
        volumes=keyed(*volumes),
        attested=frozenset({("idf", "2026-Q1"), ("idf", "2026-Q2")}),
        corrections=[_corrected()],
        seals=[seal(), seal(origin="robo/guyane", witnesses={}, witnessed=0)],
        titles={"titres": "Titres de séjour : saisie", "detr": "DETR : accusés de réception"},
        regions={"idf": "Île-de-France", "bfc": "Bourgogne-Franche-Comté", "guyane": "Guyane"},
    )


def _of_country(process: str, region: str) -> dict[str, Any]:
    said = {"method": "timed" if process in {"titres", "service-fait"} else "declared"}
    if (process, region) == ("titres", "bfc"):
        old = {"n": 12, "days": 3, "last": "2025-06-20"}
        said |= {
            "before": {"median": 30, "low": 25, "high": 40, **old},
            "after": {"median": 5, "low": 4, "high": 7, **old},
        }  # type: ignore[dict-item] - a record is any JSON
    return record(f"{process}-{region}", process, region, **said)


def _last(region: str, process: str) -> datetime:
    return (
        datetime(2026, 7, 2, tzinfo=UTC) if (region, process) == ("bfc", "detr") else datetime(2026, 10, 30, tzinfo=UTC)
    )


def _corrected() -> Correction:
    return Correction(
        region="bfc", process="titres", of_month="2026-07", in_month="2026-09", reason="wrong", minutes=-100
    )


# ---- any books -----------------------------------------------------------------------------------------------
_MINUTES = st.integers(0, 480)
_SAID = {
    "region": st.sampled_from(["idf", "bfc", "=guyane"]),
    "process": st.sampled_from(["titres", "detr", "@lots"]),
    "version": st.sampled_from(["1.0.0", "1.10.0", ""]),
    "month": st.sampled_from(["2026-01", "2026-05", "2026-06", "2026-10"]),
    "auditable": st.booleans(),
    "baseline": st.sampled_from(["timed", "nobody's", ""]),
    "host": st.sampled_from(["", "https://a.example.fr", "https://a.example.fr#0011223344556677"]),
}


def any_cells() -> st.SearchStrategy[list[tuple[Cell, Sums]]]:
    """Cells as runs, people and corrections leave them."""
    said = st.fixed_dictionaries(_SAID)
    units, minutes = st.integers(1, 400), _MINUTES
    credits_ = st.builds(lambda n, b, a, each: credit(n, b, a, **each), units, minutes, minutes, said)
    repeated = said.map(lambda each: credit(1, 0, 0, **{**each, "reason": "repeated receipt", "auditable": False}))
    why = st.sampled_from(["triage", "recovery", "wrong"])
    debits = st.builds(lambda n, m, r, each: debit(n, m, **{**each, "reason": r}), units, minutes, why, said)
    spent = st.sampled_from(["supervision", "maintenance", "build", "replication"])
    whose = st.sampled_from(["", "titres"])
    times = st.builds(
        lambda m, r, p, each: time(m, r, **{**each, "process": p, "auditable": False, "baseline": ""}),
        minutes,
        spent,
        whose,
        said,
    )
    back = st.builds(
        lambda n, b, a, each: cell(
            "correction", **{**each, "units": -n, "before": -n * b, "after": -n * a, "reason": "wrong"}
        ),
        st.integers(1, 5),
        minutes,
        minutes,
        said,
    )
    opening = st.builds(lambda m, each: cell("opening", **{**each, "before": m, "units": 3}), minutes, said)
    return st.lists(st.one_of(credits_, repeated, debits, times, back, opening), max_size=25)


def any_books() -> st.SearchStrategy[Books]:
    """Books of any cells, some months of which the applications bear out."""
    volumes = st.lists(
        st.builds(volume, st.integers(0, 900), _SAID["month"], _SAID["region"], _SAID["process"]), max_size=6
    )
    return st.builds(lambda cells, stated: books(*cells, volumes=keyed(*stated)), any_cells(), volumes)
