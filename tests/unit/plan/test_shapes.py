"""Processes as people write them from the language's pages alone, with the actions that are installed: each can be
planned, has a procedure by hand, is left as it is by `robo fmt`, and an editor complains of nothing in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from robo.cli.schema import process_schema
from robo.definition.formatting import format_text
from robo.definition.loading import load_process
from robo.plan.build import build
from robo.plan.manual import manual
from robo.services.guests import installed_actions

SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.yaml"))


@pytest.fixture(scope="module")
def editor() -> Draft7Validator:
    return Draft7Validator(process_schema(installed_actions()))


@pytest.mark.parametrize("file", SHAPES, ids=lambda file: file.stem)
def test_a_process_of_each_shape_is_planned_told_tidy_and_known_to_editors(file: Path, editor: Any) -> None:
    text, actions = file.read_text(encoding="utf-8"), installed_actions()
    plan = build(load_process(file.name, text, actions=actions), None, actions)
    told = [sentence for chapter in manual(plan) for sentence in chapter.sentences]
    assert len(told) >= len(plan.segments)
    assert format_text(text) == text
    assert [found.message for found in editor.iter_errors(YAML(typ="safe", pure=True).load(text))] == []


def test_there_is_a_shape_for_each_kind_of_work() -> None:
    assert len(SHAPES) >= 10
