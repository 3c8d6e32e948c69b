from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.definition.diagnostics import Reporter
from robo.definition.formatting import format_text
from robo.definition.loading import check_process
from robo.definition.yaml_text import TextNode, read_yaml
from robo.sdk.action import ActionSpec
from tests.unit.definition.test_corpus import CALLED

CORPUS = sorted((Path(__file__).parent / "corpus").rglob("*.yaml"))
PIECES = st.sampled_from(
    [
        "a",
        "Nom",
        ":",
        ": ",
        " :",
        "- ",
        "  ",
        "\t",
        "\n",
        "\n  ",
        "#",
        " # ",
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        "\\",
        "${{ x }}",
        "{{ x }}",
        "@",
        "*",
        "&",
        "!",
        "|",
        ">",
        "é",
        "\u00a0",
        "%",
        "?",
        "...",
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@pytest.mark.parametrize(
    ("written", "formatted"),
    [
        ("a: Attention : l'usager", 'a: "Attention : l\'usager"'),
        ("a: {file: ${{ inputs.export }}, b: c}", 'a: {file: "${{ inputs.export }}", b: c}'),
        ("a: [${{ x | table('pays') }}]", "a: [\"${{ x | table('pays') }}\"]"),
        ("a: {{ item.x }}", 'a: "${{ item.x }}"'),
        (r'a: "C:\depot"', r"a: 'C:\depot'"),
        ("a: b # pourquoi", "a: b  # pourquoi"),
        ("a: Lot #2", 'a: "Lot #2"'),
        ("a: @moi", 'a: "@moi"'),
        ("a: *gras*", 'a: "*gras*"'),
        ("Nom : Martin", "Nom: Martin"),
        ("a:\n\t- b", "a:\n  - b"),
        ("a: b   \r\nc: d\r\n", "a: b\nc: d"),
        ("\ufeffa: b", "a: b"),
    ],
)
def test_what_needs_quotes_or_blanks_gets_them(written: str, formatted: str) -> None:
    assert format_text(written) == formatted + "\n"


def test_comments_and_order_stay_as_they_are() -> None:
    text = "# en tête\nb: 1  # un\n\n# entre\na: Lot #2\n"
    assert format_text(text) == '# en tête\nb: 1  # un\n\n# entre\na: "Lot #2"\n'


def test_the_text_of_a_block_is_left_alone() -> None:
    text = "message: |\n  {{ x }} : @y # z\nautre: b\n"
    assert format_text(text) == text


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_formatting_twice_is_formatting_once(file: Path) -> None:
    once = format_text(file.read_text(encoding="utf-8"))
    assert format_text(once) == once


@given(TEXTS)
def test_no_text_makes_formatting_fail_or_move(text: str) -> None:
    once = format_text(text)
    assert format_text(once) == once


@given(TEXTS)
def test_a_text_that_reads_well_means_the_same_after_formatting(text: str) -> None:
    reporter = Reporter()
    before = read_yaml(text, "f", reporter).root
    if reporter.count == 0 and not isinstance(before, TextNode):
        assert _values(read_yaml(format_text(text), "f", Reporter()).root) == _values(before)


def _values(node: object) -> object:
    if hasattr(node, "entries"):
        return {key.text: _values(value) for key, value in node.entries}
    if hasattr(node, "items"):
        return [_values(part) for part in node.items]
    return getattr(node, "text", None)


def test_the_line_ends_of_a_text_in_double_quotes_are_left_to_their_author() -> None:
    text = 'a: "Bonjour,\\n\\nà demain"\nb: "C:\\temp"\n'
    assert format_text(text) == "a: \"Bonjour,\\n\\nà demain\"\nb: 'C:\\temp'\n"


def test_what_a_definition_means_and_its_comments_stay(actions: Mapping[str, ActionSpec]) -> None:
    said = {"digest", "positions", "lines", "taken"}
    for file in (each for each in CORPUS if each.parent.name == "valid"):
        text = file.read_bytes().decode("utf-8-sig")
        tidy = format_text(text)
        before, _ = check_process("x.yaml", text, actions=actions, beside=CALLED)
        after, problems = check_process("x.yaml", tidy, actions=actions, beside=CALLED)
        assert before is not None, file.name
        assert after is not None, file.name
        assert not problems, file.name
        assert before.model_dump(exclude=said) == after.model_dump(exclude=said), file.name
        assert re.findall(r"(?:^|\s)#.*", text) == re.findall(r"(?:^|\s)#.*", tidy), file.name
