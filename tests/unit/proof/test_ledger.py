"""An exported ledger: what is lawful verifies to the minute; whatever else is said of it is found and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robo.errors import InfrastructureError, UsageError
from robo.proof import hours
from robo.proof.canonical import canonical
from robo.proof.hours import Figures, Key
from robo.proof.ledger import Proven, verify_ledger
from tests.ledgers import EFFECTS, PROCESS, World, hexadecimal, lines_of, ordinary, rewrite, sign

Folder = Path


def verified(world: World, folder: Path) -> Proven:
    return verify_ledger(folder, world.log.policy())


def told(proven: Proven) -> str:
    assert proven.difference is not None, "this verifies"
    return f"{proven.difference.code} {proven.difference.place}: {proven.difference}"


@pytest.fixture(scope="module")
def world() -> World:
    return ordinary()


@pytest.fixture(scope="module")
def kept(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.export(tmp_path_factory.mktemp("ledger") / "idf")


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "idf"))


def test_what_is_lawful_verifies_to_the_minute(world: World, folder: Path) -> None:
    found = verified(world, folder)
    assert found.difference is None
    september, october = Key("idf", PROCESS, "2026-09"), Key("idf", PROCESS, "2026-10")
    assert found.figures[september].proven == 6 * 25 - 10 - 15 - 60
    assert found.figures[september].investment == 600
    assert found.figures[october].corrected == 25
    assert found.figures[october].proven == -25 - 20, "what is taken back, and what it cost, wait for no volume"
    assert found.figures[october].unreconciled == 25
    assert hours.total(found.figures.values()).opening == 67_140
    assert found.log.by.keys() == {"bfc", "pdl"}
    assert (found.rows, [each.month for each, _ in found.closings]) == (len(world.rows), ["2026-09"])
    assert [(late.of_month, late.in_month, late.minutes) for late in found.corrections] == [("2026-09", "2026-10", -25)]


def test_only_the_months_that_are_asked_for_are_claimed(world: World, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes()) | {"first": "2026-09", "last": "2026-09"}
    (folder / "manifest.json").write_bytes(canonical(manifest))
    assert "RB063" in told(verified(world, folder))


def test_nothing_personal_is_in_an_export(world: World, folder: Path) -> None:
    names = {each.name for each in folder.rglob("*")}
    assert "payloads" not in names
    for each in folder.rglob("*.json*"):
        assert not any(word in each.read_text(encoding="utf-8").lower() for word in ("nom", "dupont", "@", "payload"))


# ---- whoever alters a file ------------------------------------------------------------------------------------------
def changed_row(folder: Path, number: int = 0, **members: Any) -> None:
    lines = lines_of(folder, "rows.jsonl")
    lines[number]["data"] |= members
    rewrite(folder, "rows.jsonl", lines)


def without(folder: Path, name: str, number: int) -> None:
    lines = lines_of(folder, name)
    rewrite(folder, name, lines[:number] + lines[number + 1 :])


def added(folder: Path) -> None:
    lines = lines_of(folder, "rows.jsonl")
    rewrite(folder, "rows.jsonl", [*lines, {**lines[2], "seq": 9_999}])


def swapped(folder: Path) -> None:
    lines = lines_of(folder, "rows.jsonl")
    rewrite(folder, "rows.jsonl", [*lines[:2], lines[3], lines[2], *lines[4:]])


def in_lines(name: str, change: Callable[[Any], None]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        lines = lines_of(folder, name)
        change(lines[0])
        rewrite(folder, name, lines)

    return act


def fattened(line: Any) -> None:
    line["record"]["before"]["median"] = 90


def better(line: Any) -> None:
    line["figures"]["figures"][PROCESS]["proven"] += 60


def resigned(line: Any) -> None:
    line["note"] = line["note"][:-40] + ("A" if line["note"][-40] != "A" else "B") + line["note"][-39:]


def claimed(folder: Path) -> None:
    said = json.loads((folder / "figures.json").read_bytes())
    said["figures"][2]["proven"] += 1
    (folder / "figures.json").write_bytes(canonical(said))
    sign(folder)


def total_claimed(folder: Path) -> None:
    said = json.loads((folder / "figures.json").read_bytes())
    said["total"]["proven"] += 600
    (folder / "figures.json").write_bytes(canonical(said))
    sign(folder)


def other_entry(folder: Path) -> None:
    file = folder / "log" / "entries.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"before":30', b'"before":31', 1))


def cut(folder: Path) -> None:
    file = folder / "log" / "entries.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def not_canonical(folder: Path) -> None:
    file = folder / "rows.jsonl"
    file.write_bytes(file.read_bytes().replace(b":", b": ", 1))
    sign(folder)


def elsewhere(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes()) | {"zone": "Mars/Olympus"}
    (folder / "manifest.json").write_bytes(canonical(manifest))


def unnamed(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["rows.jsonl"] = "0" * 64
    (folder / "manifest.json").write_bytes(canonical(manifest))


ALTERED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a row is changed": (
        lambda folder: changed_row(folder, 1, before=31),
        "RB052",
        "says before 31, and its entry 30",
    ),
    "a row is called proven": (lambda folder: changed_row(folder, 9, auditable=True), "RB052", "says auditable True"),
    "a row is left out": (lambda folder: without(folder, "rows.jsonl", 3), "RB052", "stands in its place"),
    "the last row is left out": (lambda folder: without(folder, "rows.jsonl", -1), "RB052", "stands in its place"),
    "a row is added": (added, "RB052", "stands in no entry of the log"),
    "two rows are swapped": (swapped, "RB052", "stands in its place"),
    "a line is no canonical JSON": (not_canonical, "RB052", "line of the row"),
    "a baseline is fattened": (in_lines("baselines.jsonl", fattened), "RB056", "was changed: its digest"),
    "a baseline is left out": (lambda folder: without(folder, "baselines.jsonl", 0), "RB056", "is missing"),
    "a closing is changed": (
        in_lines("closings.jsonl", better),
        "RB062",
        f"for {PROCESS} proven, and its rows give 65",
    ),
    "a closing is signed otherwise": (in_lines("closings.jsonl", resigned), "RB633", "signature"),
    "a closing is left out": (lambda folder: without(folder, "closings.jsonl", 0), "RB062", "is missing"),
    "a statement is changed": (
        in_lines("statements.jsonl", lambda line: line["said"].update(volume=900)),
        "RB061",
        '"volume":7',
    ),
    "a statement is left out": (lambda folder: without(folder, "statements.jsonl", 0), "RB061", "is - beside the log"),
    "a figure is changed": (claimed, "RB063", f"2026-10 {PROCESS} proven is claimed to be -44, and its rows give -45"),
    "the total is changed": (total_claimed, "RB063", "proven is claimed"),
    "an entry is changed": (other_entry, "RB051", "does not verify"),
    "the log is cut": (cut, "RB051", "does not verify"),
    "the calendar is none": (elsewhere, "RB050", "time zone"),
    "the manifest names another file": (unnamed, "RB050", "was altered"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_an_alteration_is_found_and_named(world: World, folder: Path, name: str) -> None:
    alter, code, words = ALTERED[name]
    alter(folder)
    found = told(verified(world, folder))
    assert found.startswith(code)
    assert words in found


@pytest.mark.parametrize("name", ["rows.jsonl", "baselines.jsonl", "statements.jsonl", "closings.jsonl"])
def test_a_line_said_twice_is_found(world: World, folder: Path, name: str) -> None:
    lines = lines_of(folder, name)
    rewrite(folder, name, [lines[0], *lines])
    assert not verified(world, folder).whole


def test_a_line_is_not_read_without_end(world: World, folder: Path) -> None:
    (folder / "rows.jsonl").write_bytes(b" " * 70_000)
    assert "larger than" in told(verified(world, folder))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")
def test_a_file_that_is_not_read_to_its_end_is_closed(world: World, folder: Path) -> None:
    changed_row(folder, before=7)
    found = verified(world, folder)
    assert not found.whole
    still = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    assert folder / "rows.jsonl" not in still


def test_a_folder_without_a_ledger_is_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        verified(world, tmp_path)
    assert caught.value.code == "RB050"


def test_a_disk_that_does_not_answer_is_no_finding(world: World, folder: Path) -> None:
    (folder / "figures.json").unlink()
    (folder / "figures.json").mkdir()
    with pytest.raises(InfrastructureError) as caught:
        verified(world, folder)
    assert caught.value.code == "RB660"


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_of_any_line_can_be_another_one(world: World, kept: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is altered in whatever file, with the manifest made to fit."""
    folder = tmp_path / "altered"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder)
    name = data.draw(st.sampled_from(["rows.jsonl", "baselines.jsonl", "statements.jsonl", "closings.jsonl"]))
    lines = lines_of(folder, name)
    where = data.draw(st.integers(0, len(lines) - 1))
    branch: Any = lines[where]
    while True:
        keys = sorted(branch) if isinstance(branch, dict) else list(range(len(branch)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(branch[key], (dict, list)) and branch[key]:
            branch = branch[key]
            continue
        before = branch[key]
        branch[key] = not before if type(before) is bool else before + 1 if type(before) is int else f"{before}x"
        break
    rewrite(folder, name, lines)
    assert not verified(world, folder).whole


# ---- a region that lies: all of it is in its log, signed and countersigned ----------------------------------------
def lie(act: Callable[[World, str, str], Any]) -> Callable[[], World]:
    """A region with a record that stands and a run of it; then it does this."""

    def make() -> World:
        world = World()
        record = world.known()
        run = world.run()
        world.done(run, record)
        act(world, run, record)
        world.logs(0)
        return world

    return make


def twice(world: World, run: str, record: str) -> None:
    world.done(run, record, item="a")
    world.done(run, record, item="b", unit_hash=hexadecimal("unit", "a"))


def another_unit(world: World, run: str, record: str) -> None:
    world.done(run, record, item="a")
    world.credit(run, record, "a", unit=f"{PROCESS}/courrier")


def same_receipt(world: World, run: str, record: str) -> None:
    world.done(run, record, item="a")
    world.done(run, record, item="b", receipt=hexadecimal("receipt", "a"))


def unapproved(world: World, _run: str, _record: str) -> None:
    world.done(world.run(), world.measure(before=31))


def by_its_author(world: World, _run: str, _record: str) -> None:
    world.decide(world.measure(before=31), actor="person-a")


def back_dated(world: World, _run: str, _record: str) -> None:
    world.decide(world.measure(before=31), day="2026-09-01")


def approved_later(world: World, run: str, _record: str) -> None:
    record = world.measure(before=31)
    world.done(run, record)
    world.decide(record)


def after_nothing(world: World, run: str, _record: str) -> None:
    world.done(run, world.known(after=0))


def too_few(world: World, run: str, _record: str) -> None:
    world.done(run, world.known(n=9))


def one_day(world: World, run: str, _record: str) -> None:
    world.done(run, world.known(days=1))


def expired(world: World, _run: str, record: str) -> None:
    world.passes(days=200)
    world.done(world.run(), record)


def withdrawn(world: World, run: str, record: str) -> None:
    world.decide(record, "withdrawn")
    world.done(run, record)


def other_definition(world: World, _run: str, record: str) -> None:
    world.done(world.run(effects=hexadecimal("another")), record)


def declared(world: World, run: str, _record: str) -> None:
    world.done(run, world.known(method="declared"))


def misstated(world: World, _run: str, _record: str) -> None:
    fat = {"median": 90, "low": 90, "high": 90, "n": 10, "days": 2, "last": "2026-09-07"}
    world.measure(stated={"before": fat})


def twin(world: World, _run: str, _record: str) -> None:
    world.decide(world.measure(process="titre-sejour-copie", before=20, procedure="titre-sejour-saisie"))


def sandbox(world: World, run: str, record: str) -> None:
    world.done(run, record, host="http://127.0.0.1:8123")


def trial(world: World, _run: str, record: str) -> None:
    world.done(world.run(environment="test"), record)


def dry(world: World, _run: str, record: str) -> None:
    world.done(world.run(dry_run=True), record)


def human_work(world: World, run: str, record: str) -> None:
    world.done(run, record, ours=False)


def never_ended(world: World, run: str, record: str) -> None:
    world.credit(run, record, "a")


def five_units(world: World, run: str, record: str) -> None:
    world.done(run, record, units=5, before=150, after=25)


def fat_row(world: World, run: str, record: str) -> None:
    world.done(run, record, before=31)


def cheap_debit(world: World, run: str, record: str) -> None:
    world.costs(run, record, after=1)


def no_debit(world: World, run: str, _record: str) -> None:
    world.say("item.ended", "a", {"outcome": "rejected", "code": "x", "token": 1, "kind": "item"}, cause=run)
    world.passes(minutes=2)


def hidden_debit(world: World, run: str, record: str) -> None:
    world.costs(run, record, auditable=False)


def reopened(world: World, run: str, record: str) -> None:
    world.logs(0)
    world.closes("2026-09")
    world.done(run, record, month="2026-09")


def future(world: World, run: str, record: str) -> None:
    world.done(run, record, month="2026-12")


def too_early(world: World, _run: str, _record: str) -> None:
    world.logs(0)
    world.closes("2026-09", day="2026-10-09")


def unsupervised(world: World, _run: str, _record: str) -> None:
    world.closes("2026-09")


def closed_twice(world: World, _run: str, _record: str) -> None:
    world.logs(0)
    world.closes("2026-09")
    world.closes("2026-09", day="2026-10-20")


def other_figures(world: World, _run: str, _record: str) -> None:
    world.logs(0)
    better = {PROCESS: replace(world.calculated()[Key("idf", PROCESS, "2026-09")], unreconciled=600)}
    world.closes("2026-09", figures={**better, "": Figures()})


def reconciled_late(world: World, _run: str, _record: str) -> None:
    world.logs(0)
    world.closes("2026-09")
    world.reconciles(100, "2026-09")


def attested_otherwise(world: World, _run: str, _record: str) -> None:
    world.logs(0)
    world.closes("2026-09")
    world.attests(digest="0" * 64)


def another_sample(world: World, _run: str, _record: str) -> None:
    world.logs(0)
    world.closes("2026-09")
    world.rechecks("2026-09", seed="0" * 64)


def over_corrected(world: World, run: str, record: str) -> None:
    row = world.done(run, record)
    world.corrects(row, before=-31, after=-5)


def corrected_twice(world: World, run: str, record: str) -> None:
    row = world.done(run, record)
    world.corrects(row)
    world.corrects(row)


def corrected_nothing(world: World, run: str, record: str) -> None:
    row = world.done(run, record)
    world.corrects({**row, "ledger": world.id()})


def corrected_aside(world: World, run: str, record: str) -> None:
    row = world.done(run, record)
    world.corrects(row, auditable=False)


def more_time(world: World, _run: str, _record: str) -> None:
    world.corrects(world.logs(60, process=PROCESS), after=-61)


def time_that_gives(world: World, _run: str, _record: str) -> None:
    world.logs(-600)


def proven_opening(world: World, _run: str, _record: str) -> None:
    world.opens(auditable=True)


def opening_taken(world: World, _run: str, _record: str) -> None:
    world.opens(-600)


def same_row(world: World, run: str, record: str) -> None:
    row = world.done(run, record)
    world.done(run, record, ledger=row["ledger"])


def unknown_record(world: World, run: str, record: str) -> None:
    world.records["x" * 26] = dict(world.records[record])
    world.done(run, "x" * 26)


LIES: dict[str, tuple[Callable[[World, str, str], Any], str, str]] = {
    "a unit is credited twice": (twice, "RB053", "credited before"),
    "a unit is credited under another name": (another_unit, "RB055", f"instead of {PROCESS}/dossier"),
    "a receipt earns twice": (same_receipt, "RB053", "earns by the receipt of the item a: it is worth 0"),
    "a record nobody approved": (unapproved, "RB057", "is: unapproved"),
    "a record approved by its author": (by_its_author, "RB058", "was approved by person-a, who added it"),
    "a verdict back-dated": (back_dated, "RB058", "counts from 2026-09-01, and was given on 2026-09-08"),
    "a verdict that comes later": (approved_later, "RB057", "is: unapproved"),
    "an after of 0 nobody signed": (after_nothing, "RB057", "is: unapproved"),
    "nine observations": (too_few, "RB057", "is: too few"),
    "observations of one day": (one_day, "RB057", "is: too few"),
    "a record that is too old": (expired, "RB057", "is: expired"),
    "a record taken back": (withdrawn, "RB057", "is: withdrawn"),
    "a run of another definition": (other_definition, "RB057", "is: other definition"),
    "a declared record called proven": (declared, "RB057", "is: not timed"),
    "figures that the observations do not give": (misstated, "RB056", "than its observations give"),
    "a twin of a process": (twin, "RB058", "say 50 minutes for parts of what takes 45"),
    "the sandbox as production": (sandbox, "RB057", "was done at http://127.0.0.1:8123"),
    "a test as production": (trial, "RB054", "says environment production, and its run test"),
    "a dry run": (dry, "RB054", "which was a dry run"),
    "a person's work": (human_work, "RB054", "never had confirmed"),
    "an item that never ended": (never_ended, "RB054", "did not end done"),
    "five units for one": (five_units, "RB055", "says units 5 instead of 1"),
    "minutes that nobody measured": (fat_row, "RB055", "says before 31 instead of 30"),
    "a debit that costs too little": (cheap_debit, "RB055", "says after 1 instead of 10"),
    "a rejection that costs nothing": (no_debit, "RB055", "the item a was rejected, and no row says what that cost"),
    "a debit put aside": (hidden_debit, "RB057", "not among the proven minutes"),
    "a month reopened": (reopened, "RB059", "is of 2026-09, which was closed before: 2026-10 was open"),
    "a month to come": (future, "RB059", "was written in 2026-09"),
    "a month closed too early": (too_early, "RB062", "2026-09 was closed on 2026-10-09"),
    "a month without supervision": (unsupervised, "RB062", f"no supervision of {PROCESS} was logged"),
    "a month closed twice": (closed_twice, "RB062", "was closed on 2026-10-20: closed before, or too early"),
    "a closing with other figures": (other_figures, "RB062", "says 600 for titre-sejour-saisie unreconciled"),
    "a volume of a closed month": (reconciled_late, "RB061", "about 2026-09, which was closed before"),
    "an attestation of other closings": (attested_otherwise, "RB061", "is about other closings"),
    "a sample that somebody chose": (another_sample, "RB061", "was drawn by 0000"),
    "a correction of more than there was": (over_corrected, "RB060", "takes back -1, -31, -5"),
    "a correction made twice": (corrected_twice, "RB060", "of one that has 0, 0, 0 left"),
    "a correction of nothing": (corrected_nothing, "RB060", "which is no row before it"),
    "a correction put aside": (corrected_aside, "RB060", "whose auditable is True, and says False"),
    "time taken back twice over": (more_time, "RB060", "takes back 0, 0, -61"),
    "time that gives": (time_that_gives, "RB055", "is no time that somebody spent"),
    "an opening balance called proven": (proven_opening, "RB055", "called more than declared"),
    "an opening balance that takes": (opening_taken, "RB060", "names no other"),
    "a row told twice": (same_row, "RB052", "stands in two entries"),
    "a record that was never added": (unknown_record, "RB055", "was not added before"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_of_the_region_is_found_and_named(tmp_path: Path, name: str) -> None:
    act, code, words = LIES[name]
    world = lie(act)()
    found = told(verified(world, world.export(tmp_path / "idf")))
    assert found.startswith(code)
    assert words in found


def test_rows_of_older_logs_are_read_with_what_they_lack(tmp_path: Path) -> None:
    world = World()
    run = world.run()
    world.without = ("version", "host", "units", "code")
    world.done(run)
    world.logs(30)
    found = verified(world, world.export(tmp_path / "idf"))
    assert found.difference is None
    assert hours.total(found.figures.values()).units == 1


def test_a_row_of_an_older_log_is_taken_back_by_one_that_says_more(tmp_path: Path) -> None:
    world = World()
    world.without = ("version", "host", "units", "code")
    old = world.done(world.run())
    world.without = ()
    world.corrects({"units": 1, **old})
    found = verified(world, world.export(tmp_path / "idf"))
    assert found.difference is None
    assert hours.total(found.figures.values()).units == 0


def test_a_record_of_an_older_log_that_does_not_say_its_digest_proves_nothing(tmp_path: Path) -> None:
    world = World()
    record = world.known(digest=False)
    run = world.run()
    world.done(run, record, auditable=False)
    assert verified(world, world.export(tmp_path / "before")).whole
    world.done(run, record)
    assert "RB057" in told(verified(world, world.export(tmp_path / "after")))


# ---- whatever lawful people and robots do -------------------------------------------------------------------------
ACTS = st.lists(
    st.sampled_from(
        ["done", "unmeasured", "rejected", "failed", "wrong", "repeated", "time", "build", "correct", "volume", "test"]
    ),
    max_size=25,
)


def played(acts: list[str], months: int) -> World:
    world = World()
    record = world.known()
    run, trial = world.run(), world.run(environment="test")
    first = world.done(run, record)
    corrected: set[str] = set()
    for _ in range(months):
        for act in acts:
            left = [
                each
                for each in world.rows
                if each["kind"] in {"credit", "debit", "time"}
                and each["ledger"] not in corrected
                and each["environment"] == "production"
                and each["reason"] != "repeated receipt"
                and (each["kind"] != "debit" or each["after"])
            ]
            if act == "done":
                world.done(run, record)
            elif act == "unmeasured":
                world.done(run)
            elif act == "test":
                world.done(trial, record, environment="test", auditable=False)
            elif act in {"rejected", "failed", "wrong"}:
                world.costs(run, record, {"rejected": "triage", "failed": "recovery"}.get(act, act))
            elif act == "repeated":
                zero = {"before": 0, "after": 0, "auditable": False, "reason": "repeated receipt"}
                world.done(run, record, receipt=first["receipt"], **zero)
            elif act == "time":
                world.logs(30, process=PROCESS)
            elif act == "build":
                world.logs(300, "build")
            elif act == "volume":
                world.reconciles(len(acts), world.day[:7])
            elif left:
                corrected.add(left[0]["ledger"])
                world.corrects(left[0])
        world.logs(0)
        world.closes(world.rows[-1]["month"])
    return world


@given(ACTS, st.integers(1, 3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25)
def test_whatever_is_lawful_verifies_and_is_the_sum_of_its_rows(tmp_path: Path, acts: list[str], months: int) -> None:
    world = played(acts, months)
    shutil.rmtree(tmp_path / "idf", ignore_errors=True)
    found = verified(world, world.export(tmp_path / "idf"))
    assert found.difference is None, told(found)
    counting = [each for each in world.rows if each["environment"] == "production"]
    net = sum(each["before"] - each["after"] for each in counting if each["reason"] not in {"build", "replication"})
    everything = hours.total(found.figures.values())
    assert everything.net == net
    assert everything.investment == sum(each["after"] for each in counting if each["reason"] == "build")
    assert [each for each, _ in found.closings] == world.closings
    assert EFFECTS in found.effects.values()
