"""One small file for each feature and each mistake; what robo says about it is part of the product.

`REGENERATE_CORPUS=1` writes the `.expected` files anew: read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from robo.definition.diagnostics import render
from robo.definition.loading import check_process
from robo.sdk.action import ActionSpec

CORPUS = Path(__file__).parent / "corpus"
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))

CALLED = {f"../{file.parent.name}/process.yaml": file.read_text("utf-8") for file in CORPUS.glob("called/*/*.yaml")}
"""What the files of the corpus may call."""


def _said(file: Path, actions: Mapping[str, ActionSpec]) -> str:
    _, problems = check_process(file.name, file.read_bytes().decode(), actions=actions, beside=CALLED)
    return render(problems)


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_every_feature_of_the_language_loads(file: Path, actions: Mapping[str, ActionSpec]) -> None:
    assert _said(file, actions) == ""


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_every_mistake_is_told_in_exactly_these_words(file: Path, actions: Mapping[str, ActionSpec]) -> None:
    said = _said(file, actions) + "\n"
    expected = file.with_suffix(".expected")
    if os.environ.get("REGENERATE_CORPUS") == "1":
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(VALID) >= 100
    assert len(INVALID) >= 280


def test_every_invalid_file_has_a_problem_and_every_problem_says_where() -> None:
    for file in INVALID:
        words = file.with_suffix(".expected").read_text(encoding="utf-8")
        assert re.match(rf"{re.escape(file.name)}:\d+:\d+: RB[123]\d\d ", words), file.name


def test_no_expectation_is_left_of_a_file_that_is_gone() -> None:
    assert {file.stem for file in (CORPUS / "invalid").glob("*.expected")} == {file.stem for file in INVALID}
