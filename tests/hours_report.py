"""A report of hours with figures as five regions have them, for whoever tests a format. All its sums are true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from robo.proof.baselines import Standing
from robo.proof.hours import Figures, Key, Measures, Span, total
from robo.services.reporting.model import (
    Asked,
    Bar,
    Closed,
    Correction,
    LeftOut,
    Method,
    Monthly,
    Open,
    Problem,
    Report,
    Risk,
    Seal,
    Square,
    ToMeasure,
    Volume,
)

REGIONS = {
    "occitanie": "Occitanie",
    "idf": "Île-de-France",
    "bfc": "Bourgogne-Franche-Comté",
    "pdl": "Pays de la Loire",
    "guyane": "Guyane",
}
TITLES = (
    "Titres de séjour : saisie des renouvellements",
    "DETR : accusés de réception",
    "Service fait : relance des services",
    "Décisions de ressources humaines : envoi et classement au dossier de l'agent",
    "Naturalisation : convocations",
    "Associations : récépissés de modification",
    "Permis de conduire : échanges de permis étrangers",
    "Subventions : contrôle des pièces",
    "Brexit : titres de séjour",
    "Marchés publics : publication des attributions",
    "Frais de déplacement : rapprochement",
    "Contrôle de légalité : accusés",
    "Cartes professionnelles : relances",
)
NAMES = (
    "titre-sejour-saisie", "detr-accuse-reception", "service-fait-relance", "decisions-envoi-rh", "naturalisation",
    "associations", "permis-echange", "subventions-pieces", "brexit", "marches-publics", "frais-deplacement",
    "controle-legalite", "cartes-pro",
)  # fmt: skip
CODES = (("dossier-incomplet", "triage"), ("RB610", "recovery"))
SEEN = datetime(2026, 11, 10, 7, 30, tzinfo=UTC)
WITNESSES = {"idf.robo+0a1b2c3d": SEEN, "bfc.robo+99aabbcc": SEEN}
MADE = datetime(2026, 11, 12, 9, 15, tzinfo=UTC)


def nothing() -> Report:
    """A report of a store in which nothing ever happened."""
    return Report(asked=Asked(first="2026-10", last="2026-10", made=MADE), total=Figures())


def report(*, processes: int = 13, regions: int = 5, months: int = 10, titles: Sequence[str] = TITLES) -> Report:
    """Every list of a report filled; the first process loses time in its last region."""
    cube = {}
    for p in range(processes):
        for r in range(regions):
            if r and (p + 2 * r) % 3 == 0:
                continue
            for m in range(months):
                key = Key(_region(r), _name(p), _month(m))
                cube[key] = _figures(p, r, m, loses=p == 0 and r == regions - 1 > 0)
    keys = sorted(cube)
    everywhere = {_month(m): _time(m) for m in range(months)}
    cube |= {Key(_region(0), "", month): figures for month, figures in everywhere.items()}
    bars = _bars(cube, processes, titles)
    declared = Figures(opening=1119 * 60, opening_units=13)
    asked = Asked(first="2026-01", last=_month(months - 1), made=MADE)
    monthly, cumulated = [], Figures()
    for m in range(months):
        figures = total(each for key, each in cube.items() if key.month == _month(m))
        cumulated = cumulated + figures
        monthly.append(Monthly(month=_month(m), figures=figures, cumulated=cumulated))
    squares = _squares(cube, keys)
    return Report(
        asked=asked,
        total=replace(cumulated, opening=declared.opening, opening_units=declared.opening_units),
        cube={**cube, Key("occitanie", "rob-o", "2026-01"): declared},
        seals=[_seal(r) for r in range(regions)],
        bars=bars,
        squares=squares,
        months=monthly,
        volumes=_volumes(cube, keys),
        problems=[_problem(p, code, reason) for p in range(processes) for code, reason in CODES],
        risks=[_risk(bars[h::4], h) for h in range(min(4, processes))],
        methods=[_method(each, index) for index, each in enumerate(squares)],
        closings=[_closing(cube, r, m, months) for r in range(regions) for m in range(months)],
        corrections=[_correction()],
        to_measure=[_to_measure(each, index) for index, each in enumerate(squares) if each.figures.unmeasured],
        left_out=[LeftOut(name="martinique-2026-10", why="its log is not in the policy")],
        regions={_region(r): REGIONS.get(_region(r), _region(r)) for r in range(regions)},
    )  # fmt: skip


def _seal(r: int) -> Seal:
    seen = WITNESSES if r < 4 else {}
    return Seal(
        origin=f"robo.{_region(r)}.exemple",
        size=48211 + r,
        sealed=48211,
        root=f"{r}f" * 32,
        witnessed=48001,
        witnesses=seen,
    )


def _problem(p: int, code: str, reason: str) -> Problem:
    return Problem(process=_name(p), code=code, reason=reason, count=7 + 3 * p, minutes=(7 + 3 * p) * 9)


def _risk(bars: Sequence[Bar], h: int) -> Risk:
    names = [bar.process for bar in bars if bar.process]
    return Risk(host=f"https://appli-{h}.exemple", processes=names, figures=total(bar.gains for bar in bars))


def _correction() -> Correction:
    return Correction(
        region="occitanie", process=_name(0), of_month="2026-01", in_month="2026-02", reason="not found", minutes=-75
    )


def _to_measure(each: Square, index: int) -> ToMeasure:
    return ToMeasure(
        region=each.region,
        process=each.process,
        unit="dossier",
        minutes=each.figures.unmeasured,
        units=each.figures.units,
        standing=Standing.EXPIRED if index % 2 else None,
    )


def _region(r: int) -> str:
    return [*REGIONS, *(f"region-{number}" for number in range(6, 40))][r]


def _month(m: int) -> str:
    return f"{2026 + m // 12}-{m % 12 + 1:02}"


def _name(p: int) -> str:
    return NAMES[p] if p < len(NAMES) else f"processus-{p + 1}"


def _figures(p: int, r: int, m: int, *, loses: bool) -> Figures:
    """One process in one region and one month: proven, not reconciled in its last months, or not measured at all."""
    done = 18 + (p * 37 + r * 11 + m * 5) % 60 - p
    before, after = 9 + (p * 7) % 14, 1 + p % 3
    taken, failed = done // 12, done // 40
    costs = {"triage": taken * 6, "recovery": failed * 11, "wrong": 8 if m == 3 else 0}
    net = done * (before - after) - sum(costs.values()) if not loses else -done - sum(costs.values())
    base = {"units": done, "touched": taken + failed, "gross": done * before, **costs}
    if p % 4 == 3:
        return Figures(**base, unmeasured=net)
    if p % 5 == 2 and m > 6:
        return Figures(**base, unreconciled=net)
    return Figures(**base, proven=net, low=net - done, high=net + 2 * done, investment=2400 if m == 0 and r == 0 else 0)


def _time(m: int) -> Figures:
    spent = 240 + 30 * m
    return Figures(supervision=spent, maintenance=120, proven=-spent - 120, low=-spent - 120, high=-spent - 120)


def _gains(each: Figures) -> Figures:
    """What its credits alone gave back."""
    costs = each.triage + each.recovery + each.wrong + each.supervision + each.maintenance
    sides = {"unmeasured": each.unmeasured, "unreconciled": each.unreconciled, "proven": each.proven}
    side = next((name for name, value in sides.items() if value), "proven")
    return Figures(units=each.units, gross=each.gross, **{side: sides[side] + costs})


def _bars(cube: dict[Key, Figures], processes: int, titles: Sequence[str]) -> list[Bar]:
    found = []
    for p in [*range(processes), None]:
        name = "" if p is None else _name(p)
        mine = {key: each for key, each in cube.items() if key.process == name}
        title = "" if p is None else titles[p] if p < len(titles) else f"Processus numéro {p + 1}"
        gains = total(_gains(each) for each in mine.values())
        regions = len({key.region for key in mine}) if name else 0
        found.append(Bar(process=name, title=title, figures=total(mine.values()), gains=gains, regions=regions))
    return sorted(found, key=lambda bar: (-bar.figures.proven, -bar.figures.net))


def _squares(cube: dict[Key, Figures], keys: Sequence[Key]) -> list[Square]:
    found = []
    for process, region in dict.fromkeys((key.process, key.region) for key in keys):
        figures = total(each for key, each in cube.items() if (key.process, key.region) == (process, region))
        last = datetime(2026, 10, 30, 16, 2, tzinfo=UTC) - timedelta(days=4 * len(found) % 90)
        stopped = last < datetime(2026, 8, 20, tzinfo=UTC)
        found.append(
            Square(region=region, process=process, version="2.1.0", last=last, figures=figures, stopped=stopped)
        )
    return found


def _volumes(cube: dict[Key, Figures], keys: Sequence[Key]) -> list[Volume]:
    found = []
    for index, key in enumerate(keys):
        units, month = cube[key].units, int(key.month[5:])
        proven = not cube[key].unreconciled
        brexit = key.process == "brexit" and key.region == "occitanie"
        found.append(
            Volume(
                region=key.region,
                process=key.process,
                month=key.month,
                credited=units,
                volume=units + index % 9 if proven else None,
                source="extraction" if proven else "",
                stock=max(1240 - 190 * (month - 1), 0) if brexit else None,
                delay_days=max(21 - 3 * month, 2) if brexit else None,
            )
        )
    return found


def _method(each: Square, index: int) -> Method:
    standing = (Standing.VALID, Standing.VALID, Standing.VALID, Standing.EXPIRED, Standing.TOO_FEW)[index % 5]
    before = Span(12 + index % 9, 9 + index % 9, 17 + index % 9)
    note = "sur dossiers de janvier, guichet et courrier" if index % 3 == 0 else ""
    return Method(
        id=f"{index:02x}c4" * 16, region=each.region, process=each.process, unit="dossier",
        measures=Measures(before, Span(2, 1, 3), Span(6, 4, 9), Span(11, 8, 15), Span(0, 0, 0)), method="timed",
        n_before=14, n_after=12, first="2026-01-12", last="2026-01-14", role="cheffe de bureau", approved="2026-01-20",
        valid_to="2026-07-14", standing=standing, note=note,
        units=each.figures.units,
    )  # fmt: skip


def _closing(cube: dict[Key, Figures], r: int, m: int, months: int) -> Closed:
    month, region = _month(m), _region(r)
    figures = total(each for key, each in cube.items() if (key.region, key.month) == (region, month))
    if m == months - 1:
        return Closed(
            region=region, month=month, closed=None, why=Open.NO_SUPERVISION if r == 1 else Open.DUE, figures=figures
        )
    at = datetime.fromisoformat(f"{_month(m + 1)}-10T06:00:00+00:00")
    frozen = figures if (r, m) != (0, 2) else replace(figures, proven=figures.proven - 300, unreconciled=300)
    return Closed(region=region, month=month, closed=at, attested=m < 6, figures=figures, frozen=frozen)
