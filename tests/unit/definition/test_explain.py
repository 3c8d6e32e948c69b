from __future__ import annotations

import re
from pathlib import Path

import robo

ROOT = Path(robo.__file__).parent
ROOMS = (ROOT / "definition", ROOT / "sdk", ROOT / "model")
CODE = re.compile(r'"(RB[123]\d\d)"')


def _used() -> set[str]:
    texts = [file.read_text(encoding="utf-8") for room in ROOMS for file in room.rglob("*.py")]
    texts.append((ROOT / "errors.py").read_text(encoding="utf-8"))
    return {code for text in texts for code in CODE.findall(text)}


def _explained() -> dict[str, str]:
    text = "\n".join((ROOT / "cli" / "explain" / f"RB{hundred}.md").read_text(encoding="utf-8") for hundred in "123")
    parts = re.split(r"^## (RB\d{3}) ", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_code_of_the_language_is_explained_and_every_explanation_is_of_a_code() -> None:
    assert _used() == set(_explained())


def test_every_explanation_has_a_title_a_french_sentence_and_says_what_to_do() -> None:
    for code, text in _explained().items():
        lines = text.splitlines()
        assert lines[0].strip(), code
        assert re.fullmatch(r"> FR: .+\.", lines[1]), code
        assert "What to do:" in text or "\nWhat to do:" in text, code
