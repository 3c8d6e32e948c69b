"""One small definition for each use and misuse of mails and requests; what robo says about it is part of the product.

`REGENERATE_CORPUS=1` writes the `.expected` files anew: read the difference before it is committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from robo.definition.diagnostics import render
from robo.definition.loading import load_process
from robo.definition.region import read_region
from robo.errors import DefinitionError
from robo.plan.build import build
from robo.services.guests import installed_actions

CORPUS = Path(__file__).parent / "corpus"
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
INVALID = sorted((CORPUS / "invalid").glob("*.yaml"))
REGION = b"""robo: 1
region: ici
title: Ici
mail: {server: smtp.exemple.fr, from: a@exemple.fr, domains: [exemple.fr], secret: m, mailbox: {server: i.exemple.fr}}
"""


def _said(file: Path) -> str:
    try:
        process = load_process(file, actions=installed_actions())
        build(process, read_region(REGION, "ici.yaml", "ici"), installed_actions())
    except DefinitionError as broken:
        return render(broken.diagnostics).replace(f"{file.parent}/", "")
    return ""


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_every_use_loads(file: Path) -> None:
    assert _said(file) == ""


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_every_misuse_is_told_in_exactly_these_words(file: Path) -> None:
    said = _said(file) + "\n"
    expected = file.with_suffix(".expected")
    if os.environ.get("REGENERATE_CORPUS") == "1":
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert re.match(rf"{re.escape(file.name)}:\d+:\d+: RB[1-4]\d\d ", said)


def test_no_expectation_is_left_of_a_file_that_is_gone() -> None:
    assert {file.stem for file in (CORPUS / "invalid").glob("*.expected")} == {file.stem for file in INVALID}
