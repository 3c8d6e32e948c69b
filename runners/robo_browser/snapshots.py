"""Snapshots on their way to the page's script, and what it says when the page shows something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from robo.sdk.errors import TimedOut, phrase
from robo.sdk.notation import listing
from robo.sdk.snapshots import Line, Words
from robo.sdk.targets import Target
from robo_browser.trouble import listed

NOTHING: Final = phrase("nothing more")


def snapshot_job(line: Line) -> dict[str, Any]:
    """A snapshot as the page's script takes it: each line with its number, by which `unlike` names it."""
    return _job(line, count())


def _job(line: Line, numbers: Iterator[int]) -> dict[str, Any]:
    number = next(numbers)
    return {
        "n": number,
        "role": line.role,
        "words": _words(line.words),
        "states": dict(line.states),
        "properties": {name: _words(words) for name, words in line.properties.items()},
        "mode": line.mode,
        "lines": [_job(below, numbers) for below in line.lines],
    }


def _words(words: Words | None) -> dict[str, str] | None:
    return None if words is None else {"text": words.text, "regex": words.regex}


def snapshot_words(line: Line) -> str:
    """A snapshot as a person reads it inside a sentence: its first line."""
    lines = [text.strip() for text, _ in listing(line)]
    return f"snapshot «{lines[0]}»" + (" …" if len(lines) > 1 else "")


def unlike(target: Target, seen: Mapping[str, Any], step: str, seconds: float) -> TimedOut:
    """The page does not show what a snapshot says: what was expected with the first line that differs marked, and what
    stands there."""
    assert target.snapshot is not None  # noqa: S101 - only asked for those
    expected, line = expected_words(target.snapshot, seen.get("line", 0))
    more = bool(seen.get("more"))
    return TimedOut(
        "RB740",
        "in %(seconds)s s the page did not show what was expected; in «%(line)s» there is more: %(there)s; "
        "expected: %(expected)s"
        if more
        else "in %(seconds)s s the page did not show what was expected; first that differs: «%(line)s»; "
        "there the page shows: %(there)s; expected: %(expected)s",
        place=step,
        remedy="look at the page, or at browser-snapshot.yaml in the evidence: what it shows, in the same notation",
        seconds=seconds,
        line=line,
        there=listed(seen["there"]) if seen.get("there") else NOTHING,
        expected=expected,
    )


def expected_words(snapshot: Line, number: int) -> tuple[str, str]:
    """All lines on one, and the one in which the line of this number stands."""
    lines = listing(snapshot)
    at = next((n for n, (_, numbers) in enumerate(lines) if number in numbers), 0)
    return " / ".join(_marked(lines, at)), lines[at][0].strip().removeprefix("- ").removesuffix(":")


def _marked(lines: Sequence[tuple[str, tuple[int, ...]]], at: int) -> Iterator[str]:
    for n, (text, _) in enumerate(lines):
        yield f"✗ {text.strip()}" if n == at else text.strip()
