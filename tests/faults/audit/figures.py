"""What a campaign found, in the same words for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Found:
    """The trials of one campaign. No violations: all of them held. `facts`: what was counted besides."""

    campaign: str
    trials: int = 0
    facts: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    table: list[str] = field(default_factory=list)
    """Lines to print, where figures do not fit one."""

    def count(self, **facts: int) -> None:
        """Add to what was counted."""
        for name, number in facts.items():
            self.facts[name] = self.facts.get(name, 0) + number

    def lines(self) -> Iterator[str]:
        """What a reader is told."""
        yield from self.table
        facts = [f"{name.replace('_', ' ')} {number}" for name, number in self.facts.items()]
        yield f"{', '.join([f'{self.campaign}: {self.trials} trials', *facts])}: {len(self.violations)} violation(s)"
        yield from (f"  {each}" for each in self.violations)
