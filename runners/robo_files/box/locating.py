"""Which row a change is for, and what is to be done there: `write`, `done`, or why it cannot be done.

A row is found by its number and its digest, else by its digest alone, else by its key: somebody added a column or
changed another cell. The digest is of the row as it was read, so a row whose cell already holds the new value is
recognised by putting the old value back before comparing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from robo_files.box.cells import row_digest, text, tidy
from robo_files.box.trouble import Words, phrase

GONE = phrase("the row is not in the sheet any more, or somebody changed it since it was read")
TYPED = phrase("somebody wrote another value into the cell")
DOUBLE = phrase("several rows look like the one that was read")


def no_column(column: str) -> Words:
    """The change has no place."""
    return phrase("the sheet has no column «%(column)s»", column=column)


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows under a header: plain cells in the order of `headers`, and the indexes a formula computes."""

    headers: tuple[str, ...]
    cells: Mapping[int, Sequence[Any]]
    computed: Callable[[int], Collection[int]]

    def digest(self, number: int, instead: Mapping[int, Any] | None = None) -> str:
        cells = self.cells[number]
        if instead:
            cells = [instead.get(i, value) for i, value in enumerate(cells)]
        return row_digest(cells, self.computed(number))


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one change: `written`, `done` or a phrase that says why not, and the cell (row from 1, column from
    0)."""

    answer: Words
    row: int = 0
    column: int = 0


@dataclass(slots=True)
class Found:
    """One answer per change, and where to write: `number` of the row, `index` among the headers."""

    answers: list[Words]
    places: dict[int, tuple[int, int]] = field(default_factory=dict)

    def told(self, columns: Sequence[int]) -> list[Told]:
        """The answers with the cells they are about; `columns[i]` is the place of header `i`."""
        cells = {i: (number, columns[index]) for i, (number, index) in self.places.items()}
        return [Told(answer, *cells.get(i, ())) for i, answer in enumerate(self.answers)]

    @property
    def settled(self) -> int:
        return sum(isinstance(answer, str) for answer in self.answers)


def locate(lines: Lines, changes: Sequence[Mapping[str, Any]]) -> Found:
    """Find the row of every change. Changes of one row are looked at together."""
    found = Found([""] * len(changes))
    index = {name: i for i, name in enumerate(lines.headers)}
    groups: dict[tuple[int, str], list[int]] = {}
    for i, change in enumerate(changes):
        groups.setdefault((change["row"], change["digest"]), []).append(i)
    everywhere = _Everywhere(lines)
    for (row, digest), members in groups.items():
        known = {i: index[tidy(changes[i]["column"])] for i in members if tidy(changes[i]["column"]) in index}
        number = _row(lines, row, digest, [(known[i], changes[i]) for i in known], everywhere)
        for i in members:
            if i not in known:
                found.answers[i] = no_column(changes[i]["column"])
            elif not isinstance(number, int):
                found.answers[i] = number
            else:
                found.places[i] = (number, known[i])
                found.answers[i] = _answer(lines, number, known[i], changes[i])
    return found


Columns = Sequence[tuple[int, Mapping[str, Any]]]


def _row(lines: Lines, row: int, digest: str, columns: Columns, everywhere: _Everywhere) -> int | Words:
    """The number of the row, or why there is none."""
    if row in lines.cells and _is(lines, row, digest, columns):
        return row
    places = set(everywhere.as_read().get(digest, ()))
    for index, change in columns:
        places.update(n for n in everywhere.holding(index, text(change["new"])) if _is(lines, n, digest, columns))
    if not places and columns:
        places.update(everywhere.keyed(columns[0][1]["key"]))
    if len(places) == 1:
        return places.pop()
    return DOUBLE if places else GONE


def _answer(lines: Lines, number: int, index: int, change: Mapping[str, Any]) -> Words:
    held = text(lines.cells[number][index])
    if held == text(change["new"]):
        return "done"
    return "write" if held == text(change["old"]) or lines.digest(number) == change["digest"] else TYPED


def _is(lines: Lines, number: int, digest: str, columns: Columns) -> bool:
    """This is the row as it was read, or with some of its changes already made."""
    if lines.digest(number) == digest:
        return True
    cells = lines.cells[number]
    made = {i: change["old"] for i, change in columns if text(cells[i]) == text(change["new"])}
    return bool(made) and lines.digest(number, made) == digest


class _Everywhere:
    """Indexes over all rows, made only when a row is not where it was."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._digests: dict[str, list[int]] | None = None
        self._values: dict[int, dict[str, list[int]]] = {}
        self._keys: dict[tuple[int, ...], dict[tuple[str, ...], list[int]]] = {}

    def as_read(self) -> Mapping[str, Sequence[int]]:
        if self._digests is None:
            self._digests = {}
            for number in self._lines.cells:
                self._digests.setdefault(self._lines.digest(number), []).append(number)
        return self._digests

    def keyed(self, key: Mapping[str, Any]) -> Sequence[int]:
        """Rows that hold the key (values by column) of the one that was read."""
        names = [tidy(column) for column in key]
        if not names or not set(names) <= set(self._lines.headers):
            return ()
        places = tuple(map(self._lines.headers.index, names))
        if places not in self._keys:
            held = self._keys[places] = {}
            for number, cells in self._lines.cells.items():
                held.setdefault(tuple(text(cells[i]) for i in places), []).append(number)
        return self._keys[places].get(tuple(map(text, key.values())), ())

    def holding(self, index: int, value: str) -> Sequence[int]:
        """Rows whose cell already holds `value`. A blank is no trace of anything."""
        if index not in self._values:
            held: dict[str, list[int]] = {}
            for number, cells in self._lines.cells.items():
                held.setdefault(text(cells[index]), []).append(number)
            self._values[index] = held
        return self._values[index].get(value, ()) if value else ()
