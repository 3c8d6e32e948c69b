from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robo.definition import repair, yaml_text
from robo.definition.diagnostics import Reporter, render
from robo.definition.yaml_text import MAX_BYTES, ListNode, MapNode, TextNode, decode, read_yaml

DEFINITIONS = [
    file.read_text(encoding="utf-8") for file in sorted((Path(__file__).parent / "corpus" / "valid").glob("*.yaml"))
]
HOSTILE = {
    "nested lists": "[" * 100_000,
    "nested mappings": "{" * 100_000,
    "nested dashes": "- " * 100_000,
    "nested keys": "? " * 100_000,
    "keys in a row": "a: " * 20_000,
    "a list that never ends": "[" + "a," * 100_000,
    "an open quote": "'" * 99_999,
    "an open double quote": '"' * 100_001,
    "one long word": "x" * 500_000,
    "many items": "- a\n" * 50_000,
    "steps down": "a:\n" + "".join(" " * depth + "a:\n" for depth in range(1, 500)),
    "empty lines": "\n" * 200_000,
    "anchors": "&" * 100_000,
    "tags": "!" * 100_000,
    "open expressions": "${{" * 100_000,
    "broken flow": "{a: b" * 2_000,
    "colons": "a: b: c\n" * 2_000,
    "a null byte": "\x00",
    "a lone surrogate": "a: \ud800",
}


def _read(text: str) -> tuple[object, Reporter]:
    reporter = Reporter()
    return read_yaml(text, "f.yaml", reporter).root, reporter


def test_every_scalar_is_text_with_its_place() -> None:
    root, reporter = _read("a: 12:30\nb: [yes, 0123, 1e3]\nc: {d: '2026-01-01'}\n")
    assert reporter.count == 0
    assert isinstance(root, MapNode)
    time_, numbers, inner = (value for _, value in root.entries)
    assert isinstance(time_, TextNode)
    assert (time_.text, time_.at.line, time_.at.column, time_.at.width) == ("12:30", 1, 4, 5)
    assert isinstance(numbers, ListNode)
    assert [part.text for part in numbers.items if isinstance(part, TextNode)] == ["yes", "0123", "1e3"]
    assert isinstance(inner, MapNode)
    assert [(key.text, key.at.column) for key, _ in inner.entries] == [("d", 5)]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_neither_crash_nor_hang(text: str) -> None:
    started = time.process_time()
    _, reporter = _read(text)
    render(reporter.diagnostics())
    assert time.process_time() - started < 30


@given(st.text(max_size=300))
def test_no_text_crashes_the_reader(text: str) -> None:
    root, reporter = _read(text)
    assert (root is not None) or reporter.count


@given(st.lists(st.sampled_from([*"abé:-#'\"{}[],&*!|>%@`?\\ \n\t", "${{", "}}", ": ", "- "]), max_size=60))
def test_no_text_of_yaml_marks_crashes_the_reader(parts: list[str]) -> None:
    root, reporter = _read("".join(parts))
    assert (root is not None) or reporter.count
    for found in reporter.diagnostics():
        assert found.position.line >= 1
        assert found.text()


def _both(text: str) -> tuple[object, object]:
    """What a reading gives, with libyaml and without: the tree, the lines and all that is said."""
    readings = []
    for quick in (True, False):
        reporter = Reporter()
        reading = read_yaml(text, "f.yaml", reporter, quick=quick)
        readings.append((reading, reporter.diagnostics()))
    return readings[0], readings[1]


@given(st.lists(st.sampled_from([*"abé:-#'\"{}[],&*!|>%@`?\\ \n\t", "${{", "}}", ": ", "- ", "\n  "]), max_size=60))
def test_libyaml_changes_nothing_of_a_text_of_yaml_marks(parts: list[str]) -> None:
    quick, careful = _both("".join(parts))
    assert quick == careful


@given(st.data())
def test_libyaml_changes_nothing_of_a_definition_with_a_slip(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(DEFINITIONS))
    at = data.draw(st.integers(0, len(text)))
    slip = data.draw(st.sampled_from([*"abé:-#'\"{}[],&*!|>%@`?\\ \n\t", ": ", "- ", "\n  ", "", "---\n", "~", " #"]))
    quick, careful = _both(text[:at] + slip + text[at + data.draw(st.integers(0, 3)) :])
    assert quick == careful


def test_a_definition_without_a_fault_is_read_without_ruamel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "_events", None)
    for text in DEFINITIONS:
        root, reporter = _read(text)
        assert isinstance(root, MapNode)
        assert reporter.count == 0


def test_several_syntax_errors_are_found_in_one_reading() -> None:
    _, reporter = _read("a: x : y\nb: [${{ z }}]\nc: @d\ne: {{ f }}\n")
    assert [found.code for found in reporter.diagnostics()] == ["RB103", "RB104", "RB111", "RB105"]


REPAIRS = {
    "expressions": repair.quote_expressions,
    "a colon": repair.quote_colon,
    "an at": lambda line: repair.quote_starting(line, "@`%"),
    "a backslash": repair.single_quotes,
}


@pytest.mark.parametrize("repaired", REPAIRS.values(), ids=REPAIRS)
@example('{file:{}"${{ x }}"}')
@example("{file:{}x'${{ x }}'}")
@given(st.lists(st.sampled_from([*"ab:'\"{}[],@\\ ", "${{ x }}", ": ", "{}"]), max_size=30).map("".join))
def test_what_was_repaired_is_not_repaired_again_in_the_same_way(
    repaired: Callable[[str], str | None], line: str
) -> None:
    """Or each reading would make it longer: a definition of ten lines took minutes and gigabytes."""
    better = repaired(line)
    assert better is None or repaired(better) in (None, better)


def test_a_byte_order_mark_and_windows_lines_are_welcome() -> None:
    reporter = Reporter()
    text = decode("\ufeffa: é\r\nb: c\r\n".encode(), "f.yaml", reporter)
    assert text is not None
    root = read_yaml(text, "f.yaml", reporter).root
    assert isinstance(root, MapNode)
    assert [(key.text, key.at.line) for key, _ in root.entries] == [("a", 1), ("b", 2)]
    assert reporter.count == 0


def test_a_file_of_more_than_one_mebibyte_is_refused_before_it_is_read() -> None:
    reporter = Reporter()
    assert decode(b"a" * (MAX_BYTES + 1), "f.yaml", reporter) is None
    assert [found.code for found in reporter.diagnostics()] == ["RB108"]


def test_a_file_that_is_not_utf_8_says_which_byte_and_where() -> None:
    reporter = Reporter()
    assert decode("a: b\nc: é".encode("latin-1"), "f.yaml", reporter) is None
    (found,) = reporter.diagnostics()
    assert (found.code, found.position.line, found.position.column, found.facts["byte"]) == ("RB109", 2, 4, "0xE9")
