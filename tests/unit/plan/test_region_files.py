"""A region's file: what it says, and what it is told when it says it wrongly."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.definition.cron import BadCron, read_cron
from robo.definition.region import HOLIDAYS, load_region, read_region
from robo.errors import DefinitionError
from robo.model.schedule import Awaited, Days, IfClosed, Missed, Overlap, Window

HEAD = "robo: 1\nregion: ici\ntitle: Ici\n"


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        read_region((HEAD + text).encode(), "ici.yaml", "ici")
    return [(found.code, found.line.strip()) for found in caught.value.diagnostics]


def read(text: str) -> Any:
    return read_region((HEAD + text).encode(), "ici.yaml", "ici")


def test_a_region_says_little_and_has_defaults() -> None:
    region = read("")
    assert (region.zone, region.holidays, region.date_format) == ("Europe/Paris", "", "%d/%m/%Y")
    assert region.overlays == {}


def test_every_entry_may_say_why() -> None:
    overlay = read("""
processes:
  p:
    why: un
    inputs: {a: {value: x, why: deux}, b: y}
    tables: {t: {why: trois, rows: {k: v}}}
    labels: [{from: A, to: B, why: quatre}]
""").overlays["p"]
    assert (overlay.inputs, overlay.tables) == ({"a": "x", "b": "y"}, {"t": {"k": "v"}})
    assert sorted(overlay.why.values()) == ["deux", "trois", "un"]
    assert overlay.labels[0].why == "quatre"


def test_a_table_may_hold_a_row_called_rows_or_why() -> None:
    overlay = read("processes: {p: {tables: {t: {why: pourquoi, rows: lignes}}}}").overlays["p"]
    assert overlay.tables == {"t": {"why": "pourquoi", "rows": "lignes"}}


def test_a_schedule_says_when_and_what_becomes_of_what_cannot_be() -> None:
    found = (
        read("""
processes:
  p:
    schedules:
      matin:
        at: ["13:00", "07:30"]
        on: monday, thursday
        if_closed: next
        late: 1 h
        overlap: wait
        missed: all
        window: 07:00-18:00
        wait_for: {file: export, until: "15:00"}
        inputs: {export: demandes.xlsx}
        why: avant l'ouverture
      nuit: {at: "23:00", window: 22:00-05:00, on: first working day of the month}
      souvent: {on: every 30 min, missed: none}
      ligne: {cron: "*/15 7-9 1,15 * mon"}
""")
        .overlays["p"]
        .schedules
    )
    matin = found["matin"]
    assert (matin.at, matin.weekdays) == ((time(7, 30), time(13)), (1, 4))
    assert (matin.if_closed, matin.overlap, matin.missed) == (IfClosed.NEXT, Overlap.WAIT, Missed.ALL)
    assert (matin.late, str(matin.window), matin.why) == (timedelta(hours=1), "07:00-18:00", "avant l'ouverture")
    assert matin.wait_for == Awaited(file="export", until=time(15))
    assert (found["nuit"].days, found["nuit"].late) == (Days.FIRST, timedelta(hours=2))
    assert (found["souvent"].every, found["souvent"].if_closed) == (timedelta(minutes=30), IfClosed.SAME_DAY)
    cron = found["ligne"].cron
    assert (cron.minutes, cron.hours, cron.days, cron.weekdays) == ((0, 15, 30, 45), (7, 8, 9), (1, 15), (1,))
    assert cron.either


@pytest.mark.parametrize(
    ("line", "weekdays"),
    [
        ("0 8 * * 1", (1,)),  # Monday, as cron has it
        ("0 8 * * 0", (7,)),
        ("0 8 * * 7", (7,)),
        ("0 8 * * fri-sun", (5, 6, 7)),
        ("0 8 * * 1-5", (1, 2, 3, 4, 5)),
        ("0 8 * * *", (1, 2, 3, 4, 5, 6, 7)),
        ("0 8 * * sun,Wed", (3, 7)),
    ],
)
def test_the_weekdays_of_a_cron_line_are_those_of_cron(line: str, weekdays: tuple[int, ...]) -> None:
    assert read_cron(line).weekdays == weekdays


@pytest.mark.parametrize(
    "line",
    ["0 8 * *", "60 8 * * *", "0 24 * * *", "0 8 31 2,4 *", "0 8 * * lun", "5-1 8 * * *", "*/0 8 * * *", "a 8 * * *",
     "0 8 0 * *", "@daily", "0 8 * 13 *", "0 8 * * 8", ",1 8 * * *", "0 8 ² * *"],
)  # fmt: skip
def test_a_cron_line_that_is_none_or_never_comes_is_refused(line: str) -> None:
    with pytest.raises(BadCron):
        read_cron(line)


@given(st.text(alphabet="0123456789*-,/ monjaeryu", max_size=30))
def test_whatever_a_cron_line_is_it_is_read_within_its_bounds_or_refused(line: str) -> None:
    try:
        cron = read_cron(line)
    except BadCron:
        return
    assert set(cron.minutes) <= set(range(60))
    assert set(cron.hours) <= set(range(24))
    assert set(cron.weekdays) <= set(range(1, 8))
    assert all((cron.minutes, cron.hours, cron.days, cron.months, cron.weekdays))


@pytest.mark.parametrize(
    ("begin", "end", "moment", "inside"),
    [(7, 12, 7, True), (7, 12, 12, False), (22, 5, 23, True), (22, 5, 4, True), (22, 5, 5, False), (22, 5, 12, False)],
)
def test_a_window_may_go_over_midnight(begin: int, end: int, moment: int, inside: bool) -> None:
    assert Window(begin=time(begin), end=time(end)).holds(time(moment)) is inside


def test_triggers_wait_for_a_file_a_mail_or_another_process() -> None:
    overlay = read("""
grants: {folders: [/srv/depots, 'D:\\depots']}
processes:
  p:
    triggers:
      depot: {folder: /srv/depots/titres, pattern: "*.xlsx", stable_for: 1 min, input: export}
      boite: {mailbox: INBOX, from: rh@exemple.fr, subject: Export, pattern: "*.csv"}
      suite: {after: autre-processus, inputs: {a: b}}
""").overlays["p"]
    depot, boite, suite = overlay.triggers.values()
    assert (depot.folder, depot.stable_for, depot.input) == ("/srv/depots/titres", timedelta(minutes=1), "export")
    assert (boite.sender, boite.subject, boite.pattern) == ("rh@exemple.fr", "Export", "*.csv")
    assert (suite.after, suite.inputs) == ("autre-processus", {"a": "b"})


def test_people_are_told_by_addresses_and_limits_are_what_was_said() -> None:
    overlay = read("processes: {p: {notify: {summary: a@exemple.fr, trouble: [b@exemple.fr]}, limits: {items: 3}}}\n")
    own = overlay.overlays["p"]
    assert (own.notify.summary, own.notify.inbox, own.notify.trouble) == (("a@exemple.fr",), (), ("b@exemple.fr",))
    assert own.limits is not None
    assert own.limits.model_fields_set == {"items"}


@pytest.mark.parametrize(
    "key", ["reject_if", "once", "check", "verify", "refused", "expect", "review", "hosts", "steps", "finders"]
)
def test_what_protects_is_the_authors_and_said_so(key: str) -> None:
    assert [code for code, _ in problems(f"processes:\n  p:\n    {key}: {{a: b}}\n")] == ["RB218"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("zoone: Europe/Paris\n", "RB203"),
        ("zone: Europe/Pariss\n", "RB201"),
        ("zone: ../../etc/passwd\n", "RB201"),
        ('holidays: "GF"\n', "RB201"),
        ("date_format: yy/mm\n", "RB201"),
        ("grants: {hosts: {portail.exemple: production}}\n", "RB201"),
        ('grants: {hosts: {"https://portail.exemple/chemin": production}}\n', "RB201"),
        ('grants: {hosts: {"https://portail.exemple": prod}}\n', "RB201"),
        ("processes: {p: {use: latest}}\n", "RB201"),
        ("processes: {p: {enabled: peut-être}}\n", "RB201"),
        ("processes: {p: {labels: [{to: B}]}}\n", "RB202"),
        ("processes: {p: {labels: {A: B}}}\n", "RB204"),
        ("processes: {p: {labels: [{from: A, to: ''}]}}\n", "RB201"),
        ("processes: {p: {inputs: [a]}}\n", "RB204"),
        ("processes: {p: {columns: {A: ''}}}\n", "RB201"),
        ("processes: {p: {secrets: {portal: Portail}}}\n", "RB201"),
        ("processes: {p: {secrets: {portal: {why: x}}}}\n", "RB202"),
        ("processes: {p: {skip: banner}}\n", "RB204"),
        ("processes: {p: {skip: [{why: x}]}}\n", "RB202"),
        ("processes: {p: {extensions: {a: {why: x}}}}\n", "RB202"),
        ("processes: {p: {extensions: {a: text}}}\n", "RB204"),
        ("processes: {p: {limits: {items: 0}}}\n", "RB201"),
        ("processes: {p: {limits: {item: 3}}}\n", "RB203"),
        ("processes: {p: {notify: {summary: moi}}}\n", "RB201"),
        ("processes: {p: {notify: {everybody: a@b.fr}}}\n", "RB203"),
        ("grants: {folders: [/srv/../etc]}\n", "RB201"),
        ("grants: {folders: /srv}\n", "RB204"),
    ],
)
def test_what_is_wrong_is_reported_on_its_line(text: str, code: str) -> None:
    assert problems(text) == [(code, text.strip())]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "RB235"),
        ("{on: monday}", "RB235"),
        ("{at: '7:30', cron: 30 7 * * *}", "RB235"),
        ("{at: '7:30', on: every 30 min}", "RB235"),
        ("{cron: 30 7 * * *, on: monday}", "RB235"),
        ("{at: 25:00}", "RB201"),
        ("{at: ['7:30', '07:30']}", "RB201"),
        ("{at: '7:30', on: lundi}", "RB201"),
        ("{on: every 7 min}", "RB201"),
        ("{on: every 2 days}", "RB201"),
        ("{cron: 30 7 30 2 *}", "RB201"),
        ("{at: '7:30', if_closed: never}", "RB201"),
        ("{at: '7:30', late: 0 s}", "RB201"),
        ("{at: '7:30', late: 2 days}", "RB201"),
        ("{at: '7:30', overlap: kill}", "RB201"),
        ("{at: '7:30', missed: two}", "RB201"),
        ("{at: '7:30', window: 07:00-07:00}", "RB201"),
        ("{at: '7:30', window: 07:00}", "RB201"),
        ("{at: '7:30', window: 08:00-12:00}", "RB236"),
        ("{at: '7:30', wait_for: {file: a}}", "RB202"),
        ("{at: '7:30', wait_for: {file: a, until: '07:00'}}", "RB201"),
        ("{at: '7:30', every: 3}", "RB203"),
    ],
)
def test_a_schedule_that_would_never_be_due_is_refused_where_it_stands(text: str, code: str) -> None:
    line = f"processes: {{p: {{schedules: {{m: {text}}}}}}}"
    assert problems(line + "\n") == [(code, line)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{pattern: '*.xlsx'}", "RB237"),
        ("{folder: /a, mailbox: INBOX}", "RB237"),
        ("{mailbox: INBOX, stable_for: 30s}", "RB214"),
        ("{after: p, pattern: a}", "RB214"),
        ("{after: Autre processus}", "RB201"),
        ("{folder: /a/../b}", "RB201"),
        ("{folder: /a, pattern: a/b}", "RB201"),
        ("{folder: /a, stable_for: 0 s}", "RB201"),
    ],
)
def test_a_trigger_that_nothing_could_begin_is_refused_where_it_stands(text: str, code: str) -> None:
    line = f"processes: {{p: {{triggers: {{d: {text}}}}}}}"
    assert problems(line + "\n") == [(code, line)]


def test_a_weekday_in_french_is_answered_with_its_english_name() -> None:
    with pytest.raises(DefinitionError) as caught:
        read("processes: {p: {schedules: {m: {at: '7:30', on: 'lundi, thursday'}}}}\n")
    assert [found.meant for found in caught.value.diagnostics] == ["monday"]


def test_a_file_is_called_like_its_region() -> None:
    with pytest.raises(DefinitionError) as caught:
        read_region(HEAD.encode(), "ailleurs.yaml", "ailleurs")
    assert [found.code for found in caught.value.diagnostics] == ["RB201"]


def test_all_problems_of_a_file_come_at_once() -> None:
    assert [code for code, _ in problems("zone: X\nprocesses: {p: {labell: x, triggers: {a: b}}}\n")] == [
        "RB201", "RB203", "RB204",
    ]  # fmt: skip


def test_the_digest_of_a_region_is_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "ici.yaml").write_text(HEAD, encoding="utf-8")
    (tmp_path / "la").mkdir()
    (tmp_path / "la" / "ici.yaml").write_text(HEAD + "# autre\n", encoding="utf-8")
    assert load_region(tmp_path / "ici.yaml").digest != load_region(tmp_path / "la" / "ici.yaml").digest


def test_the_holidays_a_region_may_name_are_those_that_exist() -> None:
    assert set(HOLIDAYS) <= set(holidays.France.subdivisions)


def test_a_region_asked_for_with_each_process_is_read_once_until_its_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "ici.yaml"
    file.write_text(HEAD, encoding="utf-8")
    first = load_region(file)
    assert load_region(file) is first
    file.write_text(HEAD + "\n", encoding="utf-8")
    assert load_region(file) is not first


def test_a_grant_may_say_that_a_name_leads_inside_a_network() -> None:
    region = read("""
grants:
  hosts:
    https://a.exemple: production
    https://b.exemple: {environment: production, private: yes, why: la GED du ministère}
    https://c.exemple: {environment: test}
""")
    assert [(grant.host, grant.environment, grant.private) for grant in region.grants] == [
        ("https://a.exemple", "production", False),
        ("https://b.exemple", "production", True),
        ("https://c.exemple", "test", False),
    ]


@pytest.mark.parametrize(("said", "code"), [("{private: yes}", "RB202"), ("{environment: prod}", "RB201")])
def test_a_grant_that_is_a_mapping_says_its_environment(said: str, code: str) -> None:
    assert [found[0] for found in problems(f"grants: {{hosts: {{https://a.exemple: {said}}}}}\n")] == [code]


def test_a_region_says_what_it_keeps_less_long() -> None:
    assert read("retention: {std: 6, units: 60, why: petite structure}").retention == {"std": 6, "units": 60}
    assert read("").retention == {}


@pytest.mark.parametrize("said", ["std: 0", "std: 13", "control: 37", "std: six", "backups: 1", "hours: 3"])
def test_a_region_keeps_nothing_for_longer_than_may_be_and_says_it_in_months(said: str) -> None:
    assert [code[:2] for code, _ in problems(f"retention: {{{said}}}")] == ["RB"]
