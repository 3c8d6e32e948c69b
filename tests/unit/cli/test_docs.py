"""The documentation is tested: its definitions load, its expressions say what it says, its commands exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from robo.cli.reference import actions_markdown
from robo.cli.root import _summaries, app
from robo.definition import baseline, case, keys, mailing, region
from robo.definition.baseline import read_study
from robo.definition.calendar import holidays_of
from robo.definition.case import load_case
from robo.definition.expressions import evaluate, scope_facts
from robo.definition.filters import TESTS, filters
from robo.definition.loading import load_process
from robo.definition.region import read_region
from robo.errors import DefinitionError
from robo.model.base import MISSING, Outcome
from robo.model.case import Mishap
from robo.model.text import Expr
from robo.plan.build import build
from robo.services.guests import installed_actions
from robo.services.settings_file import SHAPE

OF_TESTS = {"ROBO_TESTING", "ROBO_CRASH_AT", "ROBO_SANDBOX_ACCOUNTS"}
"""Variables that only tests and child processes use: a user who sets one gains nothing."""
DOCS = Path(__file__).parents[3] / "robo/docs"
ROOT = DOCS.parents[1]
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in sorted(DOCS.glob("*.md"))}
TEXTS["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
Robo = Any
TWINS = {"first-process.md": "premier-processus.md"}
"""Pages that are there in English and in French."""
PLACES = (
    "CONTRIBUTING.md",
    "processes/*/README.md",
    "robo/sandbox/README.md",
    "robo/cli/starter/README.md",
    "robo/cli/explain/*.md",
)
EVERYWHERE = TEXTS | {
    str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
    for place in PLACES
    for file in sorted(ROOT.glob(place))
}
COMMANDS = sorted(
    {
        (name, written.split("  #")[0].strip())
        for name, text in EVERYWHERE.items()
        for written in re.findall(r"`robo ([^`\n]+)`", text)
        + [
            line
            for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
            for line in re.findall(r"^robo (.+)", block, re.M)
        ]
        + re.findall(r"^ {4}robo (.+)", text, re.M)
    }
)
"""Each command line of each page, without its `robo`: in a block, indented, or between back-quotes."""
BLOCKS = [(name, block) for name, text in TEXTS.items() for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
WHOLE = [
    (name, block)
    for name, block in BLOCKS
    if re.search(r"^(process|region|says|baseline): ", block, re.MULTILINE) and "robo: 1" in block
]
PARTS = [(name, block) for name, block in BLOCKS if (name, block) not in WHOLE]
AROUND = """\
robo: 1
process: p
title: t
inputs: {export: {type: file}, filed: {type: folder}, portal: {type: url}, account: {}}
items: {from: {files.rows: {file: a.csv}}, key: "${{ item.number }}", \
fields: {number: N, last: L, born: B, country: C, path: P}}
tables: {pays: {rows: {Britannique: GBR}}}
finders: {dossier: {browser.find_row: {at: "${{ inputs.portal }}/r", where: {N: a}, read: {agdref: N°, creator: Par}}}}
steps:
  - id: lines
    browser.rows: {at: "${{ inputs.portal }}/l", read: {account: Compte, amount: Montant}}
  - browser.open: ${{ inputs.portal }}/a
  - id: attestation
    browser.download: Attestation
  - id: created
    once: ${{ item.key }}
    do:
      - browser.open: ${{ inputs.portal }}/n
      - browser.submit: Enregistrer
    read: {agdref: N° dossier}
    verify: dossier
"""
"""A process for a part of one to stand in, each part on a line of its own."""
EXAMPLES = re.findall(
    r"^\| `(.+?)` \| `(.+?)` \|$",
    TEXTS["reference.md"].partition("Filters are written")[2].partition("Lists of mappings")[0],
    re.MULTILINE,
)


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, Decimal)) else repr(value)


@pytest.mark.parametrize(("name", "block"), WHOLE, ids=[f"{name}-{n}" for n, (name, _) in enumerate(WHOLE)])
def test_a_whole_definition_of_the_documentation_is_valid(name: str, block: str, tmp_path: Path) -> None:
    try:
        if found := re.search(r"^region: ([\w-]+)\ntitle", block, re.MULTILINE):
            read_region(block.encode(), name, found[1])
        elif "\nsays: " in block:
            (tmp_path / "case.yaml").write_text(block, encoding="utf-8")
            load_case(tmp_path / "case.yaml")
        elif "\nbaseline: " in block:
            (tmp_path / "study.yaml").write_text(block, encoding="utf-8")
            read_study(tmp_path / "study.yaml", "", "occitanie")
        else:
            found = re.search(r"^process: ([\w-]+)$", block, re.MULTILINE)
            assert found
            file = tmp_path / found[1] / "process.yaml"
            build(load_process(file, block, actions=installed_actions()), None, installed_actions())
    except DefinitionError as broken:
        pytest.fail("\n".join(str(each) for each in broken.diagnostics))


def around(part: str) -> str:
    """A whole definition in which `part` stands: a step, an action, a key of a step, a source, or a key of the top."""
    keys = re.findall(r"^(?:- )?([\w.]+):", part, re.MULTILINE)
    if keys[0] == "id":
        return AROUND.partition("  - id:")[0] + indented(part, 2)
    if keys[0] in {"files.update_row", "mail.send", "http.post", "call"}:
        return AROUND + indented(part, 2)
    actions = installed_actions()
    if keys[0] in actions and actions[keys[0]].source and not part.startswith("- "):
        return AROUND.replace("files.rows: {file: a.csv}", part.strip())
    if keys[0] == "browser.submit":
        return AROUND.replace("      - browser.submit: Enregistrer\n", indented(part, 6))
    if part.startswith("- "):
        return AROUND.replace("      - browser.submit", f"{indented(part, 6)}      - browser.submit")
    blanks = 4 if f"\n    {keys[0]}:" in AROUND else 0
    whole = AROUND.partition("steps:\n")[0] if "steps" in keys else AROUND
    kept = [line for line in whole.splitlines() if not line.startswith(tuple(f"{' ' * blanks}{key}:" for key in keys))]
    at = len(kept) if blanks or "steps" in keys else kept.index("steps:")
    return "\n".join([*kept[:at], indented(part, blanks), *kept[at:]])


def indented(text: str, blanks: int) -> str:
    return "".join(" " * blanks + line if line.strip() else line for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(("name", "block"), PARTS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(PARTS)])
def test_a_part_of_a_definition_is_valid_in_its_place(name: str, block: str, tmp_path: Path) -> None:
    whole = around(block)
    for text, called in ((text, re.search(r"^process: (.+)$", text, re.MULTILINE)) for _, text in WHOLE):
        if called and f"process: {called[1]}@" in block:
            (tmp_path / called[1]).mkdir()
            (tmp_path / called[1] / "process.yaml").write_text(text, encoding="utf-8")
    try:
        build(load_process(tmp_path / "p/process.yaml", whole, actions=installed_actions()), None, installed_actions())
    except DefinitionError as broken:
        pytest.fail(whole + "\n".join(str(each) for each in broken.diagnostics))


@pytest.mark.parametrize(("english", "french"), TWINS.items(), ids=TWINS)
def test_a_page_in_two_languages_has_the_same_commands_and_snippets_in_their_order(english: str, french: str) -> None:
    blocks = [re.findall(r"```\w*\n.*?```", TEXTS[page], re.DOTALL) for page in (english, french)]
    sections = [len(re.findall(r"^## ", TEXTS[page], re.MULTILINE)) for page in (english, french)]
    assert blocks[0] == blocks[1]
    assert sections[0] == sections[1]
    assert french in TEXTS[english]
    assert english in TEXTS[french]


def test_every_situation_of_the_how_to_is_named_in_french_once_and_leads_to_it() -> None:
    situations = re.findall(r"^## (.+)$", TEXTS["how-to.md"], re.MULTILINE)
    places = [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in situations]
    named = re.findall(r"\]\(how-to\.md#(.+?)\)", TEXTS["comment-faire.md"])
    assert sorted(named) == sorted(places)


def test_there_are_whole_definitions_to_check() -> None:
    assert len(WHOLE) >= 4


@pytest.mark.parametrize(("expression", "said"), EXAMPLES, ids=[expression for expression, _ in EXAMPLES])
def test_an_example_of_a_filter_gives_what_is_said(expression: str, said: str) -> None:
    scope = {
        **scope_facts(tables={}, holidays=holidays_of(""), date_format="%d/%m/%Y"),
        "item": {"absent": MISSING},
        "run": {"date": date(2026, 11, 16)},
    }
    assert shown(evaluate(Expr(expression.replace("\\|", "|")), scope)) == said


def test_every_filter_and_test_of_expressions_is_documented() -> None:
    text = TEXTS["reference.md"].partition("## 8.")[2].partition("## 9.")[0]
    missing = [name for name in filters() if not re.search(rf"(\\\| |`){name}\b", text)]
    assert not missing
    assert all(f"is {name}" in text for name in TESTS)


def test_every_key_of_the_language_is_documented() -> None:
    groups = [
        value
        for module in (keys, region, mailing, case, baseline)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, tuple) and name not in {"HOLIDAYS", "METHODS"}
    ]
    later = {key for name, value in vars(region).items() if name.endswith("LATER") for key in value}
    wanted = {key for group in groups for key in group} | set(Mishap) | set(Outcome) - later
    assert len(groups) > 20
    assert not wanted - later - set(re.findall(r"[a-z0-9_]+", TEXTS["reference.md"]))


def settings(shape: Mapping[str, Any]) -> Iterator[str]:
    for key, value in shape.items():
        yield key
        if isinstance(value, Mapping):
            yield from settings(value)


def test_every_setting_and_every_variable_of_the_environment_is_documented() -> None:
    text = TEXTS["reference.md"].partition("## 13.")[2].partition("## 14.")[0]
    sources = [*(ROOT / "robo").rglob("*.py"), *(ROOT / "runners").rglob("*.py")]
    read = {name for file in sources for name in re.findall(r"\bROBO_[A-Z_]*[A-Z]\b", file.read_text(encoding="utf-8"))}
    assert not set(settings(SHAPE)) - set(re.findall(r"[a-z]+", text))
    assert not {name for name in read - OF_TESTS if name not in text}
    assert not OF_TESTS - read


def test_the_reference_of_actions_is_the_generated_one() -> None:
    generated = actions_markdown(installed_actions())
    committed = TEXTS["actions.md"].partition("\n## ")
    assert committed[1] + committed[2] == "\n" + generated, "python -m tests.architecture.generate"


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=[f"{page}: {line}" for page, line in COMMANDS])
def test_a_command_that_is_written_down_exists_with_its_options(page: str, line: str) -> None:
    command, words = get_command(app), line.split()
    options = {option for each in command.params for option in each.opts}
    while words and not words[0].startswith("-") and hasattr(command, "get_command"):
        word = words.pop(0)
        if word == "COMMAND":  # stands for any
            return
        command = command.get_command(None, word)
        assert command is not None, f"{page}: there is no {word}"
        options |= {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= {*options, "--help"}


def test_links_between_the_pages_lead_somewhere() -> None:
    for name, text in TEXTS.items():
        folder = ROOT if name == "README.md" else DOCS
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert (folder / target).exists(), f"{name}: {target}"


@pytest.mark.parametrize("noun", _summaries())
def test_each_noun_explains_itself(noun: str, robo: Robo) -> None:
    told = robo(noun, "--help")
    assert told.code == 0, told.err
    assert "Usage: robo" in told.out
