"""The documentation is tested: its definitions load, its expressions say what it says, its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from robo.cli.reference import actions_markdown
from robo.cli.root import _summaries
from robo.definition.calendar import holidays_of
from robo.definition.case import load_case
from robo.definition.expressions import evaluate, scope_facts
from robo.definition.filters import TESTS, filters
from robo.definition.loading import load_process
from robo.definition.region import read_region
from robo.errors import DefinitionError
from robo.model.base import MISSING
from robo.model.text import Expr
from robo.plan.build import build
from robo.services.guests import installed_actions

DOCS = Path(__file__).parents[3] / "robo/docs"
ROOT = DOCS.parents[1]
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in sorted(DOCS.glob("*.md"))}
TEXTS["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [(name, block) for name, text in TEXTS.items() for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
WHOLE = [
    (name, block)
    for name, block in BLOCKS
    if re.search(r"^(process|region|says): ", block, re.MULTILINE) and "robo: 1" in block
]
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
        else:
            found = re.search(r"^process: ([\w-]+)$", block, re.MULTILINE)
            assert found
            file = tmp_path / found[1] / "process.yaml"
            build(load_process(file, block, actions=installed_actions()), None, installed_actions())
    except DefinitionError as broken:
        pytest.fail("\n".join(str(each) for each in broken.diagnostics))


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
    from robo.definition import keys

    groups = (
        keys.TOP, keys.TOP_LATER, keys.INPUT, keys.FIELD, keys.ITEMS, keys.ITEMS_LATER, keys.RECORD, keys.HOST,
        keys.TABLE, keys.SESSIONS, keys.LIMITS, keys.STOP_AFTER, keys.COUNTS, keys.ON_FAILURE, keys.STEP,
        keys.STEP_LATER, keys.VERIFY,
    )  # fmt: skip
    words = set(re.findall(r"[a-z_]+", TEXTS["reference.md"]))
    assert not {key for group in groups for key in group} - words


def test_the_reference_of_actions_is_the_generated_one() -> None:
    generated = actions_markdown(installed_actions())
    committed = TEXTS["actions.md"].partition("\n## ")
    assert committed[1] + committed[2] == "\n" + generated, "python -m tests.architecture.generate"


def test_every_command_that_is_named_exists() -> None:
    written = re.compile(r"^robo ([a-z]+)(?=[ \n])|`robo ([a-z]+)(?=[ `])", re.MULTILINE)
    commands = {first or second for text in TEXTS.values() for first, second in written.findall(text)}
    assert commands <= set(_summaries())


def test_links_between_the_pages_lead_somewhere() -> None:
    for name, text in TEXTS.items():
        folder = ROOT if name == "README.md" else DOCS
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target:
                assert (folder / target).exists(), f"{name}: {target}"


@pytest.mark.parametrize("noun", _summaries())
def test_each_noun_explains_itself(noun: str) -> None:
    told = subprocess.run([sys.executable, "-m", "robo", noun, "--help"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "Usage: robo" in told.stdout
