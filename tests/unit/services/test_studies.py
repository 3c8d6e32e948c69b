"""Studies: what a file may say, what is kept at each stop, what the stopwatch's page does and shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from robo.definition.baseline import read_baseline, read_study
from robo.errors import DefinitionError, InfrastructureError, RoboError, UsageError, fill
from robo.plan.manual import Chapter, Sentence
from robo.plan.model import Plan
from robo.proof.baselines import MEASURED, misstated
from robo.services.baselines import adding, stopwatch
from robo.services.baselines.adding import Added, timed
from robo.services.baselines.scene import Scene
from robo.services.baselines.stopwatch import Server, Watch
from robo.services.baselines.stopwatch_page import page
from robo.services.baselines.study import Study, alone
from robo.store.engine import Store, open_store, upgrade
from tests.contract.conftest import Timer
from tests.processes.published import Published

PROCESS, REGION = "titre-sejour-saisie", "occitanie"
TODAY = "2026-03-02"
STUDY = """\
robo: 1
baseline: titre-sejour-saisie
unit: dossier
method: timed
role: agente-instructrice
whole: 40
observations:
  - {what: before, day: 2026-02-10, minutes: 31}
  - {what: before, day: 2026-02-11, seconds: 1740}
  - {what: after, day: 2026-02-11, minutes: 5}
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Published(PROCESS).plan(REGION)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "robo.db"), timer=Timer())
    upgrade(opened)
    yield opened
    opened.close()


def read(tmp_path: Path, text: str) -> dict[str, Any]:
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    return read_study(file, "", REGION)


def add(store: Store, said: dict[str, Any], plan: Plan) -> Added:
    return store.transact(lambda tx: adding.add(tx, said, plan, actor="person-1", place="study.yaml"))


def test_a_study_file_becomes_a_record_whose_figures_are_those_of_its_observations(
    tmp_path: Path, store: Store, plan: Plan
) -> None:
    added = add(store, read(tmp_path, STUDY), plan)
    said = added.record.said
    assert (added.record.before, said["before"]["low"], said["before"]["high"], said["before"]["days"]) == (
        30,
        29,
        31,
        2,
    )
    assert (said["first"], said["last"], said["whole"], said["procedure"]) == ("2026-02-10", "2026-02-11", 40, PROCESS)
    assert said["steps"][0] == 1
    assert len(said["effects"]) == 64
    assert misstated(said) is None
    assert [note.code for note in added.notes] == ["RB046"]
    assert (added.is_new, add(store, read(tmp_path, STUDY), plan).is_new) == (True, False)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("role: agente-instructrice", "role: Jeanne Martin", "RB036"),
        ("unit: dossier", "unit: page", "RB037"),
        ("whole: 40", "steps: [1, 99]", "RB037"),
        ("minutes: 31", "minutes: 481", "RB033"),
        ("day: 2026-02-10", "day: 2026-03-03", "RB035"),
        ("what: after", "what: triage", "RB045"),
        ("whole: 40", 'effects: "0000"', "RB041"),
        ("day: 2026-02-10", "day: 2025-11-01", "RB047"),
    ],
)
def test_what_cannot_be_right_in_a_study_is_refused_and_nothing_is_kept(
    tmp_path: Path, store: Store, plan: Plan, old: str, new: str, code: str
) -> None:
    assert old in STUDY
    with pytest.raises(UsageError) as caught:
        add(store, read(tmp_path, STUDY.replace(old, new)), plan)
    assert (caught.value.code, bool(caught.value.remedy)) == (code, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("minutes: 31", "minutes: -31"),
        ("minutes: 31", "minutes: trente"),
        ("minutes: 31", "minutes: 31, seconds: 4"),
        ("day: 2026-02-10", "day: hier"),
        ("what: after", "what: later"),
        ("whole: 40", "before: 12"),
        ("whole: 40", "agent: Martin"),
    ],
)
def test_what_is_no_study_is_told_with_its_line(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read(tmp_path, STUDY.replace(old, new))
    assert caught.value.diagnostics


def test_a_declared_study_says_medians_or_ranges_and_a_loss_is_kept_and_told(
    tmp_path: Path, store: Store, plan: Plan
) -> None:
    declared = STUDY.partition("whole")[0].replace("timed", "declared")
    said = read(tmp_path, f"{declared}before: {{median: 12, low: 8, high: 20, n: 6}}\nafter: 15\n")
    added = add(store, said, plan)
    assert added.record.measures.before == (12, 8, 20)
    assert [note.code for note in added.notes] == ["RB039"]
    with pytest.raises(DefinitionError):
        read(tmp_path, f"{declared}before: {{median: 12, low: 13}}\nafter: 1\n")


def test_a_process_never_ships_timed_minutes(tmp_path: Path) -> None:
    file = tmp_path / "baseline.yaml"
    file.write_text("robo: 1\nbaseline: p\nunit: dossier\nmethod: timed\nbefore: 12\nafter: 1\n", encoding="utf-8")
    with pytest.raises(DefinitionError):
        read_baseline(file, "p", REGION)


# ---- the stopwatch -------------------------------------------------------------------------------------------


class Ticks:
    """A clock that goes on when the test says so."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def watch(file: Path, plan: Plan, ticks: Ticks) -> Watch:
    return Watch(
        study=Study.begun(file, plan, "agente-instructrice", TODAY),
        today=lambda: TODAY,
        clock=lambda: "14:03",
        ticks=ticks,
    )


def test_each_stop_is_on_disk_at_once_and_a_study_goes_on_on_another_day(tmp_path: Path, plan: Plan) -> None:
    file, ticks = tmp_path / "studies" / "s.yaml", Ticks()
    first = watch(file, plan, ticks)
    first.press("start", "before")
    ticks.at += 1801
    first.press("stop", "")
    assert read_study(file, PROCESS, REGION)["observations"] == [["before", TODAY, 1801]]
    again = watch(file, plan, ticks)
    again.press("undo", "")  # of another sitting: it stays
    again.press("start", "after")
    again.press("start", "before")  # a second press
    ticks.at += 240
    again.press("stop", "")
    again.press("stop", "")
    assert again.study.observations == [["before", TODAY, 1801], ["after", TODAY, 240]]
    again.press("undo", "")
    assert read_study(file, PROCESS, REGION)["observations"] == [["before", TODAY, 1801]]
    assert file.stat().st_mode & 0o077 == 0


def test_what_is_dropped_or_forgotten_over_a_night_is_no_observation(tmp_path: Path, plan: Plan) -> None:
    ticks = Ticks()
    one = watch(tmp_path / "s.yaml", plan, ticks)
    one.press("start", "before")
    one.press("drop", "")
    one.press("start", "before")
    ticks.at += 9 * 3600
    one.press("stop", "")
    assert (one.going, one.study.observations) == (None, [])
    assert one.trouble is not None
    assert one.trouble.code == "RB033"


def test_an_observation_that_cannot_be_kept_goes_on_and_is_told(tmp_path: Path, plan: Plan) -> None:
    ticks = Ticks()
    one = watch(tmp_path / "no" / "s.yaml", plan, ticks)
    (tmp_path / "no").write_text("a file where the folder should be", encoding="utf-8")
    one.press("start", "before")
    ticks.at += 60
    one.press("stop", "")
    assert one.going is not None
    assert isinstance(one.trouble, RoboError)


def test_a_study_of_another_definition_is_not_gone_on_with(tmp_path: Path, plan: Plan) -> None:
    file = tmp_path / "s.yaml"
    study = Study.begun(file, plan, "agente", TODAY)
    study.note("before", TODAY, 60)
    file.write_text(file.read_text(encoding="utf-8").replace(study.head["effects"], "0" * 64), encoding="utf-8")
    with pytest.raises(UsageError, match="changed since") as caught:
        Study.begun(file, plan, "agente", TODAY)
    assert caught.value.code == "RB041"


def test_one_more_observation_does_not_renew_those_of_last_year(tmp_path: Path, plan: Plan) -> None:
    file = tmp_path / "s.yaml"
    Study.begun(file, plan, "agente", "2025-03-02").note("before", "2025-03-02", 60)
    assert Study.begun(file, plan, "agente", "2025-06-02").observations
    with pytest.raises(UsageError) as caught:
        Study.begun(file, plan, "agente", TODAY)
    assert caught.value.code == "RB047"


def test_one_study_has_one_stopwatch(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    with alone(file), pytest.raises(InfrastructureError, match="another stopwatch"), alone(file):
        raise AssertionError("two at once")


def scene(text: str = "Press « Suivant ».") -> Scene:
    chapter = Chapter("For each row", (Sentence(text, "Passer à la page", ("It is <b>there</b>.",)),))
    return Scene(
        process=PROCESS,
        version="1.0.0",
        region=REGION,
        unit="dossier",
        effects="e",
        title="Saisir <les> demandes",
        procedure=chapter,
        language="fr",
    )


@contextmanager
def serving(file: Path, plan: Plan) -> Iterator[Server]:
    one = watch(file, plan, Ticks())
    with Server(one, lambda each: page(each, scene(), fill)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: Server, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
    connection = HTTPConnection(stopwatch.HOST, server.server_port, timeout=5)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, path, urlencode(form or {}), {**kind, **headers})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_the_page_works_by_its_buttons_alone(tmp_path: Path, plan: Plan) -> None:
    with serving(tmp_path / "s.yaml", plan) as server:
        assert "<script" not in ask(server, "GET", server.path)[1]
        assert ask(server, "POST", server.path, {"button": "start", "what": "before"})[0] == 303
        status, shown = ask(server, "GET", server.path)
        assert (status, "begun at 14:03" in shown, 'value="stop"' in shown) == (200, True, True)
        server.watch.ticks.at += 605  # type: ignore[attr-defined]  # the test's clock
        ask(server, "POST", server.path, {"button": "stop"})
        shown = ask(server, "GET", server.path)[1]
        assert "10 min 05 s" in shown
        assert "1 observed (at least 10)" in shown
        assert "Saisir &lt;les&gt; demandes" in shown
        assert "<b>" not in shown
    assert read_study(tmp_path / "s.yaml", PROCESS, REGION)["observations"] == [["before", TODAY, 605]]


def test_only_who_has_the_address_presses_its_buttons(tmp_path: Path, plan: Plan) -> None:
    start = {"button": "start", "what": "before"}
    with serving(tmp_path / "s.yaml", plan) as server:
        assert ask(server, "POST", "/", start)[0] == 404
        assert ask(server, "POST", server.path[:-2] + "x/", start)[0] == 404
        assert ask(server, "POST", server.path, start, Host="robo.example")[0] == 404
        assert ask(server, "POST", server.path, start, Origin="http://elsewhere.example")[0] == 404
        assert ask(server, "POST", server.path, {**start, "much": "x" * 2000})[0] == 400
        assert ask(server, "POST", server.path, {"button": "start", "what": "<b>"})[0] == 303
        assert server.watch.going is None
        assert server.server_address[0] == "127.0.0.1"


def test_a_study_asks_for_nobodys_name() -> None:
    said = timed(process="p", region="r", unit="u", role="agente", effects="e", observations=[["before", TODAY, 60]])
    assert said.keys() == {
        *("v", "process", "region", "unit", "method", "role", "first", "last", "procedure", "steps", "whole"),
        *("effects", "source", "note", "observations", "before"),
    }
    assert "before" in MEASURED
