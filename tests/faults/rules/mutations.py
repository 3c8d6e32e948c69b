"""What takes a rule out of robo: `without/RULE.diff`.

First what falls (`falls:`), and what falls besides for a reason of its own (`also:`); then, module by module, the lines
that keep the rule (`-`) with what stands there without it (`+`). Lines that are not found exactly once are stale:
whoever rewrites a rule rewrites its diff. `make check` runs this module, so that nobody lands a stale one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SOURCE: Final = HERE.parents[2]
RULES: Final = sorted(path.stem for path in (HERE / "without").glob("*.diff"))


@dataclass
class Mutation:
    """What falls without a rule, and the hunks (module, old lines, new lines) that take it out."""

    falls: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    hunks: list[tuple[str, list[str], list[str]]] = field(default_factory=list)

    @classmethod
    def of(cls, rule: str) -> Mutation:
        found, module = cls(), ""
        for line in (HERE / "without" / f"{rule}.diff").read_text(encoding="utf-8").splitlines():
            if line.startswith("falls: "):
                found.falls.append(line.removeprefix("falls: "))
            elif line.startswith("also: "):
                found.also.append(line.removeprefix("also: "))
            elif line.startswith("--- "):
                module = line.removeprefix("--- ")
            elif line == "@@":
                found.hunks.append((module, [], []))
            else:
                _, old, new = found.hunks[-1]
                old.extend([line[1:]] if line[:1] != "+" else [])
                new.extend([line[1:]] if line[:1] != "-" else [])
        return found

    def texts(self) -> dict[str, str]:
        """The changed modules by path. `LookupError` names the lines that are not there exactly once."""
        changed: dict[str, str] = {}
        for module, old_lines, new_lines in self.hunks:
            text = changed.get(module) or (SOURCE / module).read_text(encoding="utf-8")
            old, new = ("".join(f"{line}\n" for line in lines) for lines in (old_lines, new_lines))
            if old == new or text.count(old) != 1:
                raise LookupError(f"{module} has these lines {text.count(old)} times:\n{old}")
            changed[module] = text.replace(old, new)
        return changed


def stale() -> Iterator[str]:
    """Every rule whose diff does not fit robo any more, with the lines to look at."""
    for rule in RULES:
        try:
            changed = Mutation.of(rule).texts()
            for module, text in changed.items():
                compile(text, module, "exec")
        except (LookupError, SyntaxError) as trouble:
            yield f"tests/faults/rules/without/{rule}.diff: {trouble}"


def main() -> int:
    found = list(stale())
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("a rule of the once protocol moved: rewrite its diff, then run tests/faults/rules", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
