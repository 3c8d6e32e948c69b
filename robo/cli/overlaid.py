"""What a region says about a process beside its values: words, left-out steps, people, and when runs begin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from robo.cli.language import _
from robo.model.overlay import Overlay, Relabel
from robo.model.schedule import Days, Schedule, Trigger
from robo.model.text import Path

Row = tuple[str, str, Path]
"""Name, value, and where in the overlay (or the process) it stands."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def overlay_rows(overlay: Overlay) -> Iterator[Row]:
    """Everything that is shown of an overlay and is no value of the process itself."""
    if overlay.use:
        yield "use", overlay.use, ("use",)
    yield "enabled", "yes" if overlay.enabled else "no", ("enabled",)
    for index, label in enumerate(overlay.labels):
        where = f" ({label.step})" if label.step else ""
        yield f"labels.{label.source}", f"{label.to}{where}", ("labels", index)
    for name, to in overlay.columns.items():
        yield f"columns.{name}", to, ("columns", name)
    for index, step in enumerate(overlay.skip):
        yield f"skip.{step}", _("not done here"), ("skip", index)
    for name, people in overlay.notify:
        if people:
            yield f"notify.{name}", ", ".join(people), ("notify", name)
    for schedule in overlay.schedules.values():
        for key, value in _schedule(schedule):
            yield f"schedules.{schedule.name}.{key}", value, ("schedules", schedule.name, *key.split("."))
    for trigger in overlay.triggers.values():
        for key, value in _trigger(trigger):
            yield f"triggers.{trigger.name}.{key}", value, ("triggers", trigger.name, *key.split("."))


def reasons(overlay: Overlay) -> dict[Path, str]:
    """Why entries are as they are, by where they stand."""
    own: tuple[Relabel | Schedule | Trigger, ...] = (
        *overlay.labels,
        *overlay.schedules.values(),
        *overlay.triggers.values(),
    )
    return {**overlay.why, **{each.path: each.why for each in own if each.why}}


def _schedule(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """When it is due, and what else holds, as an overlay would say it."""
    if schedule.at:
        yield "at", ", ".join(f"{moment:%H:%M}" for moment in schedule.at)
        yield "on", _days(schedule)
    if schedule.every is not None:
        yield "on", f"every {_lasting(schedule.every)}"
    if schedule.cron is not None:
        yield "cron", schedule.cron.text
    yield "if_closed", schedule.if_closed.value
    yield "late", _lasting(schedule.late)
    yield "overlap", schedule.overlap.value
    yield "missed", schedule.missed.value
    if schedule.window is not None:
        yield "window", str(schedule.window)
    if schedule.wait_for is not None:
        yield "wait_for", f"{schedule.wait_for.file}, until {schedule.wait_for.until:%H:%M}"
    for name, value in schedule.inputs.items():
        yield f"inputs.{name}", value


def _days(schedule: Schedule) -> str:
    if schedule.days is Days.NAMED:
        return ", ".join(WEEKDAYS[number - 1] for number in schedule.weekdays)
    return schedule.days.value


def _trigger(trigger: Trigger) -> Iterator[tuple[str, str]]:
    said = {
        "folder": trigger.folder,
        "stable_for": _lasting(trigger.stable_for) if trigger.folder else "",
        "mailbox": trigger.mailbox,
        "from": trigger.sender,
        "subject": trigger.subject,
        "pattern": "" if trigger.after else trigger.pattern,
        "after": trigger.after,
        "input": trigger.input,
        **{f"inputs.{name}": value for name, value in trigger.inputs.items()},
    }
    yield from ((key, value) for key, value in said.items() if value)


def _lasting(duration: timedelta) -> str:
    """`2 h`, `30 min`, `45 s`."""
    for unit, seconds in (("h", 3600), ("min", 60)):
        if duration.total_seconds() % seconds == 0:
            return f"{duration.total_seconds() / seconds:g} {unit}"
    return f"{duration.total_seconds():g} s"
