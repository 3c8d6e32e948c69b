"""What a time study is of, as the stopwatch and the sheet show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from robo.definition.telling import Say
from robo.plan.manual import Chapter, in_english, manual
from robo.plan.measured import effects_digest
from robo.plan.model import Plan


def procedure(plan: Plan, say: Say = in_english) -> Chapter:
    """What a person does for one item: the points that a study is of, by their number from 1."""
    return next((chapter for chapter in manual(plan, say) if chapter.of_one), Chapter("", ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A process in a region, its unit, and what a person does for one of it by hand."""

    process: str
    version: str
    region: str
    unit: str
    effects: str
    title: str
    procedure: Chapter
    language: str

    @classmethod
    def of(cls, plan: Plan, language: str, say: Say) -> Self:
        return cls(
            process=plan.process,
            version=plan.version,
            region=plan.region,
            unit=plan.counts.unit,
            effects=effects_digest(plan),
            title=plan.title,
            procedure=procedure(plan, say),
            language=language,
        )
