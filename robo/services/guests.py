"""The installed runners: found by entry point, never imported by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from robo.errors import InfrastructureError
from robo.sdk.action import ActionSpec
from robo.sdk.runner import Checked, Runner

GROUP = "robo.runners"


@cache
def runner_types() -> Mapping[str, type[Runner]]:
    """Every installed runner's class by its name. A guest that cannot be imported is an error that names it."""
    found: dict[str, type[Runner]] = {}
    for point in entry_points(group=GROUP):
        try:
            found[point.name] = point.load()
        except ImportError as broken:
            raise InfrastructureError(
                "RB640",
                "the runner %(name)s cannot be loaded: %(cause)s",
                remedy="reinstall its distribution, or uninstall it",
                name=point.name,
                cause=str(broken),
            ) from broken
    return found


@cache
def installed_actions() -> Mapping[str, ActionSpec]:
    """Every action of every installed runner, by its full name."""
    return {name: spec for runner in runner_types().values() for name, spec in runner.actions.items()}


def check_runners(names: Sequence[str], settings: Mapping[str, Mapping[str, Any]], *, headed: bool) -> None:
    """Raise what is known to be missing before any of these runners is started."""
    for name in names:
        runner: object = new_runner(name)
        if isinstance(runner, Checked):
            runner.check(settings.get(name, {}), headed=headed)


def new_runner(name: str) -> Runner:
    """A fresh, unstarted runner. Plans only name runners whose actions are installed."""
    return runner_types()[name]()
