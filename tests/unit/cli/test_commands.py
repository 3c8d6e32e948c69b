"""The command line: data on standard output, talk on standard error, exit codes, JSON, one error one remedy."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from robo.app import App
from robo.cli.progress import Progress
from tests.certificates import issue

Robo = Any
HEAVY = {"pydantic", "sqlalchemy", "ruamel", "jinja2", "playwright", "openpyxl", "starlette", "rich", "robo.app"}
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command has loaded at its end."""
    probe = (
        "import sys\nfrom robo.cli import main\n"
        f"try: main({list(arguments)!r})\nexcept SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


def test_a_process_is_validated_without_loading_what_runs_it(project: Path) -> None:
    loaded = {name.partition(".")[0] for name in loaded_by("--project", str(project), "process", "validate")}
    assert "pydantic" in loaded
    assert not loaded & {"asyncio", "ssl", "httpx", "playwright", "sqlalchemy", "ruamel", "cryptography", "docx"}


def test_help_loads_nothing_but_typer() -> None:
    loaded = loaded_by("--help")
    assert "typer" in loaded
    assert not {name for name in loaded if name in HEAVY or name.partition(".")[0] in HEAVY}


def test_a_run_ends_with_one_object_that_has_every_count(project: Path, robo: Robo) -> None:
    said = robo(*RUN, "--json")
    assert said.code == 3
    assert set(said.json) == {
        "schema", "run", "process", "version", "region", "items", "minutes", "duration_s",
        "checkpoint",
    }  # fmt: skip
    assert said.json["schema"] == "robo.run/1"
    assert said.json["items"] == {
        "done": 3, "skipped": 0, "rejected": 2, "failed": 0, "unknown": 0, "cancelled": 0, "held": 0, "waiting": 0,
    }  # fmt: skip
    assert set(said.json["minutes"]) == {"gross", "net", "auditable"}
    assert len(said.out.strip().splitlines()) == 1


def test_the_last_line_is_the_verdict_and_where_to_look(project: Path, robo: Robo) -> None:
    said = robo(*RUN)
    assert "3 done, 2 rejected" in said.verdict
    assert re.search(r"robo items list --run \w+$", said.verdict)
    assert said.out == ""


def test_a_rejection_is_told_whole_in_the_readers_language(project: Path, robo: Robo) -> None:
    source = project / "demandes.csv"
    lines = source.read_text(encoding="utf-8").splitlines()
    source.write_text("\n".join([lines[0], re.sub(r"\d{2}/\d{2}/\d{4}", "hier", lines[1])]), encoding="utf-8")
    robo(*RUN)
    said = robo("items", "list", ROBO_LANG="fr")
    assert "demandes.csv!C2 «Date de naissance» n'est pas une date comme 31/12/2026 ou 2026-12-31" in said.out


def test_a_second_run_leaves_alone_what_is_done(project: Path, robo: Robo) -> None:
    robo(*RUN)
    said = robo(*RUN, "--json")
    assert said.json["items"]["done"] == 0


def test_a_dry_run_writes_nothing(project: Path, robo: Robo) -> None:
    before = (project / "demandes.csv").read_bytes()
    said = robo(*RUN, "--dry-run", "--json")
    assert (project / "demandes.csv").read_bytes() == before
    assert said.json["items"]["done"] == 0


def test_limit_and_only_choose_items(project: Path, robo: Robo) -> None:
    assert robo(*RUN, "--limit", "1", "--json").json["items"]["done"] == 1
    assert robo(*RUN, "--only", "2026-AA-0005", "--json").json["items"]["done"] == 1


def test_runs_and_items_tell_what_happened(project: Path, robo: Robo) -> None:
    run = robo(*RUN, "--json").json["run"]
    assert [each["run"] for each in robo("runs", "list", "--json").json["runs"]] == [run]
    shown = robo("runs", "show", run[-6:], "--json")
    assert (shown.json["schema"], shown.json["items"]) == ("robo.run-state/1", {"done": 3, "rejected": 2})
    items = robo("items", "list", "--run", run, "--state", "rejected", "--json").json["items"]
    assert {(item["key"], item["code"]) for item in items} == {("2026-AA-0003", "mineur"), ("2026-AA-0004", "plafond")}
    story = robo("items", "show", "2026-AA-0003", "--json").json
    assert story["message"] == "Né le 22 août 2015"
    told = robo("items", "show", "2026-AA-0003")
    assert "mineur" in told.out


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (("run", "verifier-demande"), "RB940", 2),
        ((*RUN, "--region", "ma-regio"), "RB941", 2),
        (("run",), "RB964", 2),
        (("run", "verifier-demandes"), "RB501", 2),
        (("run", "verifier-demandes", "-i", "export"), "RB965", 2),
        (("run", "verifier-demandes", "-i", "a=1", "-i", "a=2"), "RB966", 2),
        (("run", "verifier-demandes", "-i", "expert=demandes.csv"), "RB502", 2),
        (("run", "verifier-demandes", "-i", "export=nowhere.csv"), "RB504", 2),
        (("rnu",), "RB960", 2),
        (("explain", "RB000"), "RB963", 2),
        (("actions", "show", "browser.fil"), "RB969", 2),
        (("items", "list", "--state", "finished"), "RB967", 2),
        (("process", "new", "Nouveau"), "RB971", 2),
        (("process", "new", "verifier-demandes", "--title", "t", "--columns", "a", "--shape", "file"), "RB973", 2),
        (("init", "."), "RB974", 2),
        (("secrets", "set", "Portail"), "RB903", 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_an_error_has_a_code_a_remedy_and_its_exit_code(
    arguments: tuple[str, ...], code: str, exit_code: int, project: Path, robo: Robo
) -> None:
    said = robo(*arguments)
    assert (said.code, said.out) == (exit_code, "")
    assert said.err.startswith(code)
    assert f"robo explain {code}" in said.err


def test_an_error_is_an_object_too(project: Path, robo: Robo) -> None:
    said = robo("run", "verifier-demande", "--json")
    assert said.json["schema"] == "robo.error/1"
    assert said.json["code"] == "RB940"
    assert "verifier-demandes" in said.json["remedy"]
    assert robo("run", "zzz", "--json").json["remedy"] == "`robo process list` shows all"


def test_every_problem_of_a_definition_comes_at_once(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    text = file.read_text(encoding="utf-8").replace("- title: Le d", "- titel: Le d")
    text = text.replace("unit: demande", "unt: demande")
    file.write_text(text, encoding="utf-8")
    said = robo("process", "validate")
    assert said.code == 2
    assert said.out.count("did you mean") == 2
    assert "processes/verifier-demandes/process.yaml:" in said.out
    assert str(project) not in said.out
    found = robo("process", "validate", "--json").json
    assert [each["did_you_mean"] for each in found["problems"]] == ["title", "unit"]
    assert robo(*RUN, "--json").json["code"] == "RB100"


def test_outside_a_project_the_remedy_is_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, robo: Robo) -> None:
    monkeypatch.chdir(tmp_path)
    said = robo("process", "list")
    assert (said.code, "robo init" in said.err) == (2, True)


def test_a_project_can_be_named(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, robo: Robo) -> None:
    monkeypatch.chdir(tmp_path)
    assert "verifier-demandes" in robo("--project", str(project), "process", "list").out


def test_an_unforeseen_error_leaves_a_report_and_no_wall(
    project: Path, monkeypatch: pytest.MonkeyPatch, robo: Robo
) -> None:
    def broken(_self: App) -> list[str]:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(App, "process_ids", broken)
    said = robo("process", "list")
    assert said.code == 4
    assert "Traceback" not in said.err
    reports = list((project / ".robo/reports").iterdir())
    assert len(reports) == 1
    assert "surprise" in reports[0].read_text(encoding="utf-8")
    assert reports[0].stat().st_mode & 0o077 == 0
    with pytest.raises(ZeroDivisionError):
        robo("process", "list", ROBO_DEBUG="1")


def test_ctrl_c_is_130_and_says_that_nothing_is_lost(
    project: Path, monkeypatch: pytest.MonkeyPatch, robo: Robo
) -> None:
    def interrupted(_self: App) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(App, "process_ids", interrupted)
    said = robo("process", "list")
    assert (said.code, "robo runs list" in said.err) == (130, True)


def test_a_usage_error_is_2_and_an_object_with_json(project: Path, robo: Robo) -> None:
    said = robo("run", "verifier-demandes", "--lmit", "3", "--json")
    assert said.code == 2
    assert said.json["schema"] == "robo.error/1"
    assert "--limit" in said.err


def test_dangerous_commands_need_a_yes(project: Path, robo: Robo) -> None:
    run = robo(*RUN, "--json").json["run"]
    assert "RB962" in robo("runs", "cancel", run).err
    assert robo("runs", "cancel", run, "--yes").code == 0


def test_flush_says_what_is_owed(project: Path, robo: Robo) -> None:
    robo(*RUN)
    said = robo("runs", "flush", "--json")
    assert (said.code, said.json["pending"]) == (0, 0)


def test_retry_takes_a_rejected_item_again(project: Path, robo: Robo) -> None:
    run = robo(*RUN, "--json").json["run"]
    assert robo("items", "retry", "2026-AA-0004").code == 0
    file = project / "demandes.csv"
    said = robo("run", "--resume", run, "--json")
    assert said.json["items"]["rejected"] == 2
    assert file.exists()


def test_resolve_refuses_what_is_not_open(project: Path, robo: Robo) -> None:
    robo(*RUN)
    assert "RB545" in robo("items", "resolve", "2026-AA-0004", "there").err
    assert "RB968" in robo("items", "resolve", "2026-AA-0004", "perhaps").err


def test_secrets_check_names_who_needs_them(project: Path, robo: Robo) -> None:
    said = robo("secrets", "check", "portal", "--json")
    assert (said.code, said.json["secrets"][0]["there"]) == (4, False)
    assert "robo secrets set portal" in said.err
    assert robo("secrets", "check").code == 0


def test_a_secret_with_codes_and_a_certificate_are_taken_and_never_shown(
    project: Path, robo: Robo, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = issue("robot", issue("AC interne"))
    (project / "robot.pem").write_text(own.pem + own.key_pem)

    def given(*words: str, lines: str) -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        return robo("secrets", "set", *words)

    assert "RB906" in given("guichet", "--otp", lines="robot\nmot de passe\n492039\n").err
    assert given("guichet", "--otp", lines="robot\nmot de passe\nGEZDGNBVGY3TQOJQ GEZDGNBVGY3TQOJQ\n").code == 0
    assert given("carte", "--certificate", "robot.pem", lines="\n").code == 0
    assert "RB909" in given("carte", "--certificate", "absent.p12", lines="\n").err
    mixed = given("carte", "--certificate", "robot.pem", "--otp", "-u", "robot", lines="\n").err
    assert "RB779" in mixed
    assert "leave out --username, --otp" in mixed
    assert robo("secrets", "list", "--json").json["names"] == ["carte", "guichet"]


def test_a_secret_that_is_set_while_the_store_does_not_answer_is_set_and_says_that_the_log_does_not_know(
    project: Path, robo: Robo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        nobody = f"postgresql://robo@127.0.0.1:{door.getsockname()[1]}/robo"
    monkeypatch.setattr("sys.stdin", io.StringIO("robot\nmot de passe\n"))
    told = robo("secrets", "set", "guichet", ROBO_STORE=nobody)
    assert "RB689" in told.err
    assert "`robo secrets set guichet` again" in told.err
    assert (told.code, "is set (" in told.verdict) == (0, True)
    assert robo("secrets", "list", "--json").json["names"] == ["guichet"]


def test_fmt_tidies_and_check_only_looks(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("title: Vérifier", "title: Vérifier   ").rstrip() + "   \n\n", encoding="utf-8")
    before = file.read_bytes()
    assert robo("fmt", "--check").code == 2
    assert file.read_bytes() == before
    assert robo("fmt").code == 0
    assert robo("fmt", "--check").code == 0
    assert file.read_text(encoding="utf-8").endswith("}\n")


def test_show_writes_out_every_default_with_its_place(project: Path, robo: Robo) -> None:
    said = robo("process", "show", "verifier-demandes", "--region", "ma-region", "--explain")
    assert "limits.items = 500   # default" in said.out
    assert "inputs.export" in said.out
    assert "processes/verifier-demandes/process.yaml:" in said.out
    values = robo("process", "show", "verifier-demandes", "--json").json["values"]
    assert {"name": "on_failure.retry", "value": "2", "from": "default", "why": ""} in values


def test_the_cases_of_the_starter_hold(project: Path, robo: Robo) -> None:
    said = robo("test", "--json")
    assert said.code == 0, said.err
    assert len(said.json["cases"]) == 2


def test_a_case_that_does_not_hold_is_exit_1(project: Path, robo: Robo) -> None:
    case = project / "processes/verifier-demandes/cases/01-mineur.yaml"
    case.write_text(case.read_text(encoding="utf-8").replace("code: mineur", "code: autre"), encoding="utf-8")
    said = robo("test", "--case", "01")
    assert (said.code, "01-mineur.yaml" in said.err) == (1, True)


def test_the_bar_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = io.StringIO()
    monkeypatch.setattr(sys, "stderr", drawn)
    with Progress() as told:
        told("item", {"key": "a", "state": "done"})
    assert drawn.getvalue() == ""
    with Progress(on=True) as told:
        told("opened", {"items": 4})
        told("item", {"key": "a", "state": "done"})
        told("item", {"key": "b", "state": "rejected"})
        told("item", {"key": "c", "state": ""})  # it will be looked at again: it has not ended
        assert "2/4  1 done 1 rejected" in told.line()
    assert drawn.getvalue().endswith("\x1b[2K")


def test_the_demonstration_says_where_it_can_be_seen(project: Path, robo: Robo) -> None:
    said = robo("demo")
    assert said.code == 2
    assert "RB940" in said.err
    assert "robo's own repository" in said.err
    assert not (project / ".robo" / "demo").exists()


def test_the_language_is_the_readers(project: Path, robo: Robo) -> None:
    french = robo("process", "validate", ROBO_LANG="fr")
    assert french.verdict == "1 processus : aucun problème"
    assert robo("process", "validate", LANG="fr_FR.UTF-8").verdict == french.verdict
    assert robo("process", "validate", ROBO_LANG="en", LANG="fr_FR.UTF-8").verdict == "1 process(es): no problem"


def test_what_goes_into_a_pipe_is_utf8_whatever_the_system_speaks(project: Path) -> None:
    definition = project / "processes/verifier-demandes/process.yaml"
    definition.write_text(definition.read_text(encoding="utf-8").replace("reçues", "reçues → Bảo"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "robo", "process", "list"],
        cwd=project, env={**os.environ, "PYTHONIOENCODING": "cp1252"}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "reçues → Bảo" in done.stdout.decode("utf-8")


def test_data_that_could_move_a_terminal_is_shown_as_blanks(project: Path, robo: Robo) -> None:
    file = project / "demandes.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("2026-AA-0001", "2026\x1b[2JAA"), encoding="utf-8")
    robo(*RUN)
    assert "\x1b" not in robo("items", "list").out


def test_fmt_of_a_file_that_cannot_be_read_says_which_and_what_to_do(project: Path, robo: Robo) -> None:
    broken = project / "processes/verifier-demandes/process.yaml"
    broken.unlink()
    broken.mkdir()
    said = robo("fmt", broken)
    assert (said.code, "RB120" in said.err) == (2, True)
    assert "process.yaml" in said.err
