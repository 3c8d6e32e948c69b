"""Settings: found from where one stands, read strictly, overruled by the machine."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from robo.errors import DefinitionError, UsageError
from robo.services.settings import Backend, find_project, load_settings


def project(folder: Path, settings: str = "robo: 1\n") -> Path:
    (folder / "config").mkdir(parents=True)
    (folder / "processes").mkdir()
    (folder / "config/robo.yaml").write_text(settings, encoding="utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(DefinitionError) as told:
        load_settings(folder, environ={})
    return [f"{found.code} {found.position.line} {found.meant}".strip() for found in told.value.diagnostics]


def test_a_project_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    here = project(tmp_path / "p")
    deep = here / "processes/a/cases"
    deep.mkdir(parents=True)
    assert find_project(environ={}, start=deep) == here


def test_the_folder_that_is_named_outranks_the_variable_and_the_place(tmp_path: Path) -> None:
    one, two, three = (project(tmp_path / name) for name in ("one", "two", "three"))
    environ = {"ROBO_PROJECT": str(two)}
    assert find_project(one, environ=environ, start=three) == one
    assert find_project(environ=environ, start=three) == two
    assert find_project(environ={}, start=three) == three


def test_no_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        find_project(environ={}, start=tmp_path)
    assert (told.value.code, "robo init" in told.value.advice) == ("RB950", True)


def test_a_named_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a project") as told:
        find_project(tmp_path, environ={})
    assert told.value.code == "RB951"


def test_everything_has_a_default(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    (folder / "config/robo.yaml").unlink()
    settings = load_settings(folder, environ={})
    assert settings.store == f"sqlite:///{folder.as_posix()}/.robo/robo.db"
    assert (settings.secrets, settings.browser.sandbox, settings.workers.slots) == (Backend.AGE, True, None)
    assert settings.state == folder / ".robo"


def test_what_the_file_says_is_typed(tmp_path: Path) -> None:
    said = (
        "robo: 1\ntitle: Essai\nlanguage: fr\nstore: {url: 'sqlite:////srv/x.db'}\nworkers: {slots: 3, lease: 3 s}\n"
        "browser: {channel: msedge, sandbox: off}\nsecrets: {backend: keyring}\n"
        "limits: {files: {size: 800 kB, expanded: 1 GB, ratio: 50}}\n"
    )
    settings = load_settings(project(tmp_path / "p", said), environ={})
    assert (settings.title, settings.language, settings.store) == ("Essai", "fr", "sqlite:////srv/x.db")
    assert (settings.workers.slots, settings.workers.lease) == (3, timedelta(seconds=3))
    assert (settings.browser.channel, settings.browser.sandbox) == ("msedge", False)
    assert settings.secrets is Backend.KEYRING
    assert (settings.files.size, settings.files.expanded, settings.files.ratio) == (800 * 1024, 1024**3, 50)


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    said = "robo: 1\nlangage: fr\nworkers: {slots: many, leese: 3 s}\nbrowser: on\nstore: {url: [a]}\n"
    assert problems(project(tmp_path / "p", said)) == [
        "RB954 2 language",
        "RB956 3",
        "RB954 3 lease",
        "RB955 4",
        "RB957 5",
    ]


@pytest.mark.parametrize(
    "line",
    ["workers: {slots: 0}", "workers: {lease: 3}", "browser: {sandbox: yes}", "secrets: {backend: vault}",
     "limits: {files: {size: 5}}", "language: de", "robo: 2"],
)  # fmt: skip
def test_a_value_that_could_be_guessed_is_refused(line: str, tmp_path: Path) -> None:
    said = line if line.startswith("robo") else f"robo: 1\n{line}"
    assert [found.split()[0] for found in problems(project(tmp_path / "p", said + "\n"))] == ["RB956"]


def test_the_machine_outranks_the_file(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", "robo: 1\nbrowser: {channel: chrome}\nsecrets: {backend: keyring}\n")
    environ = {
        "ROBO_BROWSER": "/opt/chromium",
        "ROBO_BROWSER_SANDBOX": "off",
        "ROBO_STORE": "sqlite:////elsewhere.db",
        "ROBO_SECRETS": "age",
    }
    settings = load_settings(folder, environ=environ)
    assert settings.for_runners()["browser"] == {"executable": "/opt/chromium", "channel": "chrome", "sandbox": False}
    assert (settings.store, settings.secrets) == ("sqlite:////elsewhere.db", Backend.AGE)


@pytest.mark.parametrize("name", ["ROBO_BROWSER_SANDBOX", "ROBO_SECRETS"])
def test_a_variable_with_a_strange_value_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        load_settings(project(tmp_path / "p"), environ={name: "perhaps"})
    assert (told.value.code, told.value.place) == ("RB952", name)


def test_the_settings_of_this_repository_are_valid() -> None:
    assert load_settings(Path(__file__).parents[3], environ={}).language == "fr"


def test_ways_and_authorities_reach_the_runners_that_go_by_them(tmp_path: Path) -> None:
    said = "robo: 1\nauthorities: config/autorites.pem\nhttp: {proxy: http://proxy.exemple:3128, direct: '*.exemple'}\n"
    given = load_settings(project(tmp_path / "p", said), environ={}).for_runners()
    trust = {"authorities": str(tmp_path / "p/config/autorites.pem")}
    assert given["mail"] == trust
    assert given["browser"]["authorities"] == trust["authorities"]
    assert given["http"] == {"proxy": "http://proxy.exemple:3128", "direct": "*.exemple", **trust}
    assert load_settings(project(tmp_path / "q"), environ={}).for_runners()["http"] == {}


def test_authorities_of_pages_alone_are_sent_to_the_one_setting_for_all(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as told:
        load_settings(project(tmp_path / "p", "robo: 1\nbrowser: {authorities: ac.pem}\n"), environ={})
    assert "at the top of the file" in told.value.diagnostics[0].expected


@pytest.mark.parametrize(
    "proxy", ["proxy.exemple:3128", "socks5://proxy.exemple:1080", "http://a:b@proxy.exemple:3128"]
)
def test_a_proxy_of_requests_is_an_address_without_a_password(tmp_path: Path, proxy: str) -> None:
    assert problems(project(tmp_path / "p", f"robo: 1\nhttp: {{proxy: '{proxy}'}}\n")) == ["RB956 2"]


def test_what_the_log_is_called_and_when_it_is_sealed_is_said_strictly(tmp_path: Path) -> None:
    said = "robo: 1\naudit: {origin: robo.idf.gouv.fr/audit, policy: config/w.policy, every: 5 min, events: 1000}\n"
    settings = load_settings(project(tmp_path / "p", said), environ={})
    assert (settings.audit.origin, settings.policy) == ("robo.idf.gouv.fr/audit", tmp_path / "p/config/w.policy")
    assert (settings.audit.every, settings.audit.events) == (timedelta(minutes=5), 1000)
    unsaid = load_settings(project(tmp_path / "q"), environ={})
    assert (unsaid.audit.origin, unsaid.policy) == ("", None)
    assert (unsaid.audit.every, unsaid.audit.events) == (timedelta(seconds=60), 256)


def test_a_log_that_is_sealed_never_or_called_what_no_key_can_be_is_refused(tmp_path: Path) -> None:
    said = "robo: 1\naudit:\n  origin: Île de France\n  every: 0 s\n  events: 0\n  witnesses: x\n"
    assert problems(project(tmp_path / "p", said)) == ["RB956 3", "RB956 4", "RB956 5", "RB954 6"]


def test_what_is_kept_how_long_is_said_in_months_and_never_for_longer_than_may_be(tmp_path: Path) -> None:
    said = "robo: 1\nretention: {std: 6, units: 60}\n"
    kept = load_settings(project(tmp_path / "p", said), environ={}).retention
    assert (kept.std, kept.control, kept.units, kept.backups) == (6, 36, 60, 2)
    wrong = "robo: 1\nretention:\n  std: 13\n  control: 0\n  units: 6 months\n  hours: 1\n"
    assert problems(project(tmp_path / "q", wrong)) == ["RB956 3", "RB956 4", "RB956 5", "RB954 6"]
