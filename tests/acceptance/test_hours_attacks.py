"""Ways to claim hours that nobody was given back, each tried as somebody would who wants a better figure: it is stopped
where it is tried, or whoever verifies stops there, or the figure itself shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from robo.engine.ports import ItemEnd
from robo.errors import UsageError
from robo.model.base import Outcome
from robo.model.baseline import BaselineRecord
from robo.model.ledger import LedgerRow
from robo.plan.measured import effects_digest
from robo.proof import hours
from robo.proof.baselines import Standing, standing
from robo.proof.hours import REPEATED, Figures, Key
from robo.proof.ledger import Proven, verify_ledger
from robo.proof.national import National, national
from robo.proof.policy import Policy, read_policy
from robo.services import closings
from robo.services.accounting import Earner, rows_for
from robo.services.baselines import deciding
from robo.services.closings import Wanted
from robo.services.reporting.figures import report_of
from robo.services.reporting.model import Asked, Report
from robo.services.reporting.national import books_of
from robo.services.settings import AuditSettings
from robo.services.vaults import FileVault
from robo.store import decisions, ledger
from robo.store.engine import open_store, upgrade
from tests.archives import Archive, Chain, a_year_later
from tests.contract.conftest import Timer
from tests.contract.store import test_baselines as studies
from tests.contract.store.test_debits import KEY, MINUTES, RECORD, Work
from tests.ledgers import PROCESS, World, hexadecimal, lines_of, rewrite
from tests.unit.plan.conftest import Bench

GAIN = MINUTES["before"] - MINUTES["after"]
REAL, HERE = "https://ants.example", "http://127.0.0.1:8123"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A region's store whose payloads can be purged."""
    timer, chain = Timer(), Chain()
    units = lambda region: sha256(region.encode()).digest()  # noqa: E731 - a key for each region
    address = f"sqlite:///{tmp_path}/robo.db"
    with closing(open_store(address, timer=timer, periods=chain, units=units)) as store:
        upgrade(store)
        found = Archive(store, timer, tmp_path)
        found.chain = chain
        yield found


@pytest.fixture
def work(archive: Archive) -> Work:
    return Work(archive)


@pytest.fixture
def world() -> World:
    return World()


def earner(claimed: Any = None, **more: Any) -> Earner:
    known = {"run": claimed.run, "item": claimed.fence.item, "unit_key": claimed.key} if claimed else {"unit_key": "k"}
    same = {"process": "p", "version": "1.0.0", "region": "r", "environment": "production", "unit": "p/dossier"}
    return Earner(**{**same, "run": "", "item": "", "host": REAL, **known, **more})


def done_again(archive: Archive, key: str, number: str) -> None:
    """The key is done, whatever was done with it before, and its credit is claimed."""
    claimed = archive.item(key, again=timedelta())
    archive.receipt(claimed, archive.intent(claimed), receipt={"no": number})

    def credit(_fence: object, end: ItemEnd, _tx: object) -> Sequence[LedgerRow]:
        return rows_for(earner(claimed), end, RECORD, KEY)

    archive.end(claimed, ours=True, receipt={"no": number}, credit=credit)
    archive.finish(claimed.run)


def credited(archive: Archive) -> tuple[int, int]:
    """Units, and net minutes."""
    with archive.store.read() as tx:
        found = ledger.minutes(tx, region="r")
    return found.units, found.net


def seen(world: World, folder: Path) -> Proven:
    """What an auditor finds."""
    return verify_ledger(world.export(folder / world.region), world.log.policy())


def caught(world: World, folder: Path) -> str:
    """The code an auditor is told."""
    found = seen(world, folder).difference
    assert found is not None, "nobody saw it"
    return found.code


def borne(world: World, folder: Path) -> Figures:
    """The figures of a region that lies nowhere."""
    found = seen(world, folder)
    assert found.difference is None, found.difference
    return hours.total(found.figures.values())


def shown(found: National, day: str = "2026-12-20") -> Report:
    """What is reported of it that day."""
    return report_of(books_of(found), Asked(made=datetime.fromisoformat(f"{day}T09:00:00+00:00")))


# ---- the unit -----------------------------------------------------------------------------------------------------
def test_a_date_in_the_key_is_an_error_and_a_dossier_done_each_day_earns_once(archive: Archive, work: Work) -> None:
    bench = Bench()
    dated = 'counts: {key: "${{ item.key }}-${{ run.date }}"}\n'
    assert [code for code, _ in bench.problems(bench.created + dated)] == ["RB421"]
    declared = bench.plan(bench.created + dated.replace("}\n", ", period: day}\n"))
    assert effects_digest(declared) != effects_digest(bench.plan()), "a period is approved with its baseline"
    for day in range(5):
        done_again(archive, "2026-TS-7731", f"A-{day}")
        archive.timer.pass_(24 * 3600)
    assert credited(archive) == (1, GAIN)
    assert work.costs() == [("credit", "", "", GAIN)]


def test_a_dossier_is_not_credited_again_when_its_data_were_purged(archive: Archive, work: Work) -> None:
    done_again(archive, "k1", "A-1")
    a_year_later(archive)
    assert not archive.purge().do().nothing
    done_again(archive, "k1", "A-2")
    assert credited(archive) == (1, GAIN)
    assert len(work.costs()) == 1


def test_a_verify_that_always_says_yes_earns_once(work: Work, world: World, tmp_path: Path) -> None:
    for key in ("k1", "k2", "k3"):
        work.end(work.item(key), ours=True, receipt={"page": "Accueil"})
    assert work.costs() == [("credit", "", "", GAIN), *[("credit", REPEATED, "", 0)] * 2]
    record = world.known()
    run = world.run()
    first = world.done(run, record)
    world.done(run, record, receipt=first["receipt"])
    assert caught(world, tmp_path) == "RB053"


def test_one_dossier_of_two_regions_stands_in_each_and_is_proven_where_the_application_had_it(tmp_path: Path) -> None:
    """Nobody but the application knows that it is one: the national view adds regions, and shows each."""
    both = [World(region=name, origin=f"robo.example/{name}") for name in ("idf", "bfc")]
    for region, volume in zip(both, (1, 0), strict=True):
        record = region.known()
        region.done(region.run(), record, unit_hash=hexadecimal(region.region, "2026-TS-7731"))
        region.reconciles(volume, "2026-09")
    found = national([each.export(tmp_path / each.region) for each in both], policy_of(*both))
    report = shown(found)
    sides = {each.region: (each.figures.proven, each.figures.unreconciled) for each in report.squares}
    assert sides == {"idf": (GAIN, 0), "bfc": (0, GAIN)}
    assert (report.total.proven, report.total.unreconciled) == (GAIN, GAIN)


# ---- who did it, and where ----------------------------------------------------------------------------------------
def test_the_sandbox_proves_nothing_whatever_it_is_called(world: World, tmp_path: Path) -> None:
    done = ItemEnd(outcome=Outcome.DONE, ours=True)
    hosts = (REAL, HERE, "http://localhost:8123", "")
    rows = [rows_for(earner(host=host), done, RECORD, KEY, proven=True)[0].auditable for host in hosts]
    assert rows == [True, False, False, False]
    (trial,) = rows_for(earner(environment="test"), done, RECORD, KEY, proven=True)
    assert not trial.auditable
    record = world.known()
    world.done(world.run(), record, host=HERE)
    assert caught(world, tmp_path) == "RB057"
    honest = World(region="bfc")
    record = honest.known()
    honest.done(honest.run(environment="test"), record, environment="test", auditable=False)
    assert borne(honest, tmp_path) == Figures(), "trials are rows, and no part of a figure"


def test_what_a_person_had_done_earns_nothing(work: Work, world: World, tmp_path: Path) -> None:
    work.end(work.item(), ours=False, receipt={"no": "A-1"})
    assert work.costs() == []
    record = world.known()
    world.done(world.run(), record, ours=False)
    assert caught(world, tmp_path) == "RB054"


def test_an_unknown_that_a_person_declares_done_costs_and_earns_nothing(work: Work) -> None:
    claimed = work.item()
    work.lab.intent(claimed)
    work.end(claimed, Outcome.UNKNOWN, code="cannot-tell")
    work.lab.timer.pass_(40)
    work.decide(decisions.there, claimed, receipt={"no": "A-1"})
    work.end(work.lab.claim(), ours=False)
    assert work.costs() == [("debit", "recovery", "cannot-tell", -MINUTES["recovery"])]


# ---- the baseline -------------------------------------------------------------------------------------------------
def refused(archive: Archive, record: BaselineRecord, day: str = "", *, actor: str = studies.CHIEF) -> str:
    """The code of an approval that the store does not take."""
    return studies.refused(archive.store, lambda tx: deciding.approve(tx, record, studies.by(actor), day))


def test_a_fat_baseline_is_not_the_one_that_was_observed(archive: Archive, world: World, tmp_path: Path) -> None:
    own = studies.timed(before=90)
    studies.keep(archive.store, own)
    assert refused(archive, own, actor=studies.AUTHOR) == "RB030", "nobody approves his own minutes"
    fat = {"median": 90, "low": 90, "high": 90, "n": 10, "days": 2, "last": "2026-09-06"}
    world.measure(stated={"before": fat})
    assert caught(world, tmp_path) == "RB056"
    guessed = World(region="bfc")
    record = guessed.known(method="declared", before=90)
    guessed.done(guessed.run(), record, auditable=False)
    guessed.reconciles(1, "2026-09")
    found = borne(guessed, tmp_path)
    assert (found.proven, found.unmeasured) == (0, 85), "what nobody timed stands apart"


def changed(bench: Bench, *, filtered: bool) -> str:
    """The digest of a process that leaves the difficult dossiers out from now on, or that does more than it did."""
    first, rest = str(bench.created).split("steps:\n", 1)
    if filtered:
        return effects_digest(bench.plan(f'{first}steps:\n  - reject_if: "item.kind is missing"\n    code: no\n{rest}'))
    return effects_digest(bench.plan(f"{first}steps:\n{rest}".replace("Enregistrer", "Valider")))


@pytest.mark.parametrize("filtered", [True, False], ids=["cherry-picking", "a minor version for ever"])
def test_another_filter_or_effect_under_a_minor_version_ends_the_baseline(
    world: World, tmp_path: Path, *, filtered: bool
) -> None:
    bench = Bench()
    before, after = effects_digest(bench.plan()), changed(bench, filtered=filtered)
    record = world.known(effects=before)
    verdicts = [{"kind": "approved", "record": record, "day": world.day, "role": "cheffe-de-bureau"}]
    assert standing(world.records[record], verdicts, before, world.day) is Standing.VALID
    assert standing(world.records[record], verdicts, after, world.day) is Standing.OTHER_DEFINITION
    world.done(world.run(effects=before), record)
    later = world.run(effects=after, version="1.2.1")
    world.done(later, record, version="1.2.1", auditable=False)
    world.reconciles(2, "2026-09")
    found = borne(world, tmp_path)
    assert (found.proven, found.unmeasured) == (GAIN, GAIN)
    world.done(later, record, version="1.2.1")
    assert caught(world, tmp_path / "then") == "RB057"


def test_a_baseline_that_counts_from_before_it_was_approved_is_refused(
    archive: Archive, world: World, tmp_path: Path
) -> None:
    late = studies.timed()
    studies.keep(archive.store, late)
    assert refused(archive, late, studies.YESTERDAY) == "RB035"
    record = world.measure()
    run = world.run()
    world.done(run, record, auditable=False)
    world.decide(record)
    world.done(run, record)
    world.reconciles(2, "2026-09")
    found = borne(world, tmp_path)
    assert (found.proven, found.unmeasured) == (GAIN, GAIN), "what was done before stays unmeasured"
    world.decide(world.measure(before=31), day="2026-09-01")
    assert caught(world, tmp_path / "then") == "RB058"


def test_nothing_left_to_do_is_what_the_head_of_the_service_signs(
    archive: Archive, world: World, tmp_path: Path
) -> None:
    perfect = studies.timed(after=0)
    studies.keep(archive.store, perfect)
    assert refused(archive, perfect) == "RB032"
    world.done(world.run(), world.known(after=0))
    assert caught(world, tmp_path) == "RB057"


def test_two_processes_do_not_earn_more_than_a_person_needed_for_all_of_it(
    archive: Archive, world: World, tmp_path: Path
) -> None:
    whole, twin = studies.timed(whole=30), studies.timed(process="q", whole=30)
    studies.keep(archive.store, whole, twin)
    studies.approve(archive.store, whole)
    assert refused(archive, twin) == "RB031"
    world.known()
    world.decide(world.measure(process="titre-sejour-copie", before=20, procedure=PROCESS))
    assert caught(world, tmp_path) == "RB058"


# ---- what it costs ------------------------------------------------------------------------------------------------
def test_costs_cannot_be_left_out_of_an_export_nor_of_the_book(world: World, tmp_path: Path) -> None:
    record = world.known()
    run = world.run()
    world.done(run, record)
    cost = world.costs(run, record)
    world.reconciles(1, "2026-09")
    world.logs(0)
    assert borne(world, tmp_path).proven == GAIN - MINUTES["triage"]
    folder = tmp_path / world.region
    kept = [each for each in lines_of(folder, "rows.jsonl") if each["data"]["ledger"] != cost["ledger"]]
    rewrite(folder, "rows.jsonl", kept)
    without = verify_ledger(folder, world.log.policy()).difference
    assert without is not None
    assert without.code == "RB052"
    world.say("item.ended", "a", {"outcome": "rejected", "code": "x", "token": 1, "kind": "item"}, cause=run)
    world.passes(hours=1)
    world.logs(0)
    assert caught(world, tmp_path / "unwritten") == "RB055"


def test_a_cost_cannot_be_called_unmeasured_beside_proven_credits(world: World, tmp_path: Path) -> None:
    record = world.known()
    world.costs(world.run(), record, auditable=False)
    assert caught(world, tmp_path) == "RB057"


def test_no_month_closes_whose_supervision_nobody_signed(
    archive: Archive, work: Work, world: World, tmp_path: Path
) -> None:
    work.end(work.item(), ours=True, receipt={"no": "A-1"})
    archive.timer.pass_(50 * 24 * 3600)
    wanted = Wanted(region="r", month="2026-03", zone="Europe/Paris", actor="person-1")
    with pytest.raises(UsageError) as told:
        closings.close(archive.store, FileVault(tmp_path / "keys"), AuditSettings(), wanted)
    assert told.value.code == "RB013"
    world.done(world.run())
    world.closes("2026-09")
    assert caught(world, tmp_path) == "RB062"


def test_what_was_undone_later_is_taken_back_where_everybody_sees_it(world: World, tmp_path: Path) -> None:
    record = world.known()
    run = world.run()
    rows = [world.done(run, record) for _ in range(3)]
    world.reconciles(3, "2026-09")
    world.logs(0)
    world.closes("2026-09")
    back = world.corrects(rows[0])
    found = borne(world, tmp_path)
    assert (found.proven, found.corrected, found.units) == (2 * GAIN, GAIN, 2)
    folder = tmp_path / world.region
    rewrite(
        folder,
        "rows.jsonl",
        [each for each in lines_of(folder, "rows.jsonl") if each["data"]["ledger"] != back["ledger"]],
    )
    unsaid = verify_ledger(folder, world.log.policy()).difference
    assert unsaid is not None
    assert unsaid.code == "RB052"
    world.corrects(rows[1], auditable=False)
    assert caught(world, tmp_path / "aside") == "RB060"


# ---- what the figures are compared with ---------------------------------------------------------------------------
def test_what_the_application_does_not_bear_out_is_not_proven(world: World, tmp_path: Path) -> None:
    record = world.known()
    run = world.run()
    for _ in range(3):
        world.done(run, record)
    sides = []
    for volume in (None, 2, 3):
        if volume is not None:
            world.reconciles(volume, "2026-09")
        found = borne(world, tmp_path / str(volume))
        sides.append((found.proven, found.unreconciled))
    assert sides == [(0, 3 * GAIN), (0, 3 * GAIN), (3 * GAIN, 0)]


def policy_of(*worlds: World) -> Policy:
    """A policy that knows their logs, and what all of them are countersigned by."""
    logs = "".join(f"log {each.log.key.verifier()}\n" for each in worlds)
    return read_policy(logs + worlds[0].log.policy_text().split("\n", 1)[1])


def test_a_second_and_better_store_is_left_out_and_named(tmp_path: Path) -> None:
    one, second = World(origin="robo.example/idf"), World(origin="robo.example/better")
    for world, units in ((one, 1), (second, 9)):
        record = world.known()
        run = world.run()
        for _ in range(units):
            world.done(run, record)
    folders = [one.export(tmp_path / "one"), second.export(tmp_path / "second")]
    found = national(folders, policy_of(one))
    assert [hours.total(each.figures.values()).units for each in found.taken] == [1]
    assert [(each.name, each.error.code) for each in found.left_out] == [("second", "RB064")]
    assert [each.name.partition(" ")[0] for each in shown(found).left_out] == ["second"], "a report names it"
    registered = national(folders, policy_of(one, second))
    assert (registered.taken, len(registered.left_out)) == ([], 2), "nobody can say which of them is the region's"


def test_a_process_that_stopped_earns_nothing_from_then_on(world: World, tmp_path: Path) -> None:
    record = world.known()
    world.done(world.run(), record)
    for month in ("2026-09", "2026-10", "2026-11"):
        world.until(f"{month}-30")
        world.logs(0)
        world.closes(month)
    found = seen(world, tmp_path)
    gained = {key.month: each.units for key, each in found.figures.items() if key.process == PROCESS}
    assert gained == {"2026-09": 1}, "no month has hours in which nothing was done"
    assert [sum(each.units for each in closing_.figures.values()) for closing_, _ in found.closings] == [1, 0, 0]
    report = shown(national([tmp_path / world.region], world.log.policy()))
    assert (report.stopped, report.total.units) == (1, 1), "it is told, and nothing is projected"
    assert [each.figures.units for each in report.months if each.month > "2026-09"] == [0, 0, 0]
    promised = Figures(units=1, gross=30, proven=GAIN, low=GAIN, high=GAIN)
    world.figures = {**world.calculated(), Key("idf", PROCESS, "2026-12"): promised}
    assert caught(world, tmp_path / "then") == "RB063"
