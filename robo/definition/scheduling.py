"""Reads `schedules` and `triggers` of an overlay: when runs begin by themselves. What a run would never come of is
refused here; what depends on the process is looked at with it (`robo.plan.timetable`)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import time, timedelta
from enum import StrEnum
from typing import Any, Final

from robo.definition.awaiting import check_code
from robo.definition.cron import BadCron, read_cron
from robo.definition.diagnostics import nearest
from robo.definition.source import Source
from robo.definition.yaml_text import YamlNode
from robo.errors import phrase
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.schedule import Awaited, Cron, Days, IfClosed, Missed, Overlap, Schedule, Trigger, Window
from robo.model.text import Path

SCHEDULE: Final = (
    "at",
    "on",
    "cron",
    "if_closed",
    "late",
    "overlap",
    "missed",
    "window",
    "wait_for",
    "inputs",
    "why",
)
WAIT_FOR: Final = ("file", "until")
ARRIVALS: Final = ("folder", "mailbox", "after")
"""What a trigger waits for: one of them."""
TRIGGER: Final[Mapping[str, tuple[str, ...]]] = {
    "folder": ("folder", "pattern", "stable_for", "input", "inputs", "why"),
    "mailbox": ("mailbox", "from", "subject", "pattern", "input", "inputs", "why"),
    "after": ("after", "inputs", "why"),
}
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY: Final = "every "
DAY: Final = timedelta(days=1)
_WINDOW: Final = re.compile(r"(\d{1,2}:\d{2}) ?[-–] ?(\d{1,2}:\d{2})")
_PROCESS: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def read_schedules(source: Source, node: YamlNode | None, path: Path) -> dict[str, Schedule]:
    """`schedules: {matin: {at: "07:30", on: working days}}`."""
    found = {}
    for name, value in source.mapping(node, path).items():
        here = (*path, name)
        check_code(source, name, here)
        found[name] = _Schedules(source, here).read(source.mapping(value, here, SCHEDULE), name)
    return found


def read_triggers(source: Source, node: YamlNode | None, path: Path) -> dict[str, Trigger]:
    """`triggers: {depot: {folder: …, pattern: "*.xlsx", stable_for: 30s}}`."""
    found = {}
    for name, value in source.mapping(node, path).items():
        here = (*path, name)
        check_code(source, name, here)
        if (trigger := _trigger(source, value, here, name)) is not None:
            found[name] = trigger
    return found


class _Schedules:
    """Reads one schedule."""

    def __init__(self, source: Source, path: Path) -> None:
        self.source = source
        self.path = path

    def read(self, given: Mapping[str, YamlNode], name: str) -> Schedule:
        source, path = self.source, self.path
        times = tuple(self._times(given.get("at")))
        on = self._on(given)
        cron = self._cron(given.get("cron"))
        window = self._window(given.get("window"))
        self._one_way(given, on)
        self._inside(times, window)
        late = source.lasting(given.get("late"), (*path, "late"))
        if late is not None and late > DAY:
            source.wrong_value((*path, "late"), source.text(given.get("late"), path), "a duration up to 1 day")
        return Schedule(
            name=name,
            at=times,
            cron=cron,
            if_closed=IfClosed(self._word(given, "if_closed", IfClosed, self._usually(given, on))),
            late=late or Schedule.model_fields["late"].default,
            overlap=Overlap(self._word(given, "overlap", Overlap, Overlap.SKIP)),
            missed=Missed(self._word(given, "missed", Missed, Missed.ONE)),
            window=window,
            wait_for=self._wait_for(given.get("wait_for"), times),
            inputs=source.texts(given.get("inputs"), (*path, "inputs")),
            why=source.text(given.get("why"), (*path, "why")),
            path=path,
            **on,
        )

    def _word(self, given: Mapping[str, YamlNode], key: str, words: type[StrEnum], usual: str) -> str:
        return self.source.choice(given.get(key), (*self.path, key), [word.value for word in words], usual)

    def _usually(self, given: Mapping[str, YamlNode], on: Mapping[str, Any]) -> IfClosed:
        """Days that are named are left out when they are closed; `every` and `cron` mean every day they say."""
        return IfClosed.SAME_DAY if "every" in on or "cron" in given else IfClosed.SKIP

    def _times(self, node: YamlNode | None) -> list[time]:
        """One time, or a list of them, in the order of the day."""
        path = (*self.path, "at")
        found: list[time] = []
        for index, text in enumerate(self.source.plain_texts(node, path)):
            where = (*path, index) if (*path, index) in self.source.positions else path
            moment = self._time(text, where)
            if moment in found:
                self.source.wrong_value(where, text, "a time that is not there yet")
            elif moment is not None:
                found.append(moment)
        return sorted(found)

    def _time(self, text: str, path: Path) -> time | None:
        try:
            found = parse(Kind.TIME, text)
        except BadScalar as bad:
            self.source.wrong_value(path, bad.got, bad.expected)
            return None
        return found if isinstance(found, time) else None

    def _on(self, given: Mapping[str, YamlNode]) -> dict[str, Any]:
        """`working days`, `monday, thursday`, `first working day of the month`, `every 30 min`."""
        path = (*self.path, "on")
        text = self.source.plain(given.get("on"), path)
        if text is None:
            return {}
        if text in (Days.WORKING, Days.FIRST):
            return {"days": Days(text)}
        if text.startswith(EVERY):
            return {"every": self._every(text, path)}
        words = [word.strip().lower() for word in text.split(",")]
        for word in words:
            if word not in WEEKDAYS:
                known = [Days.WORKING, Days.FIRST, *WEEKDAYS]
                self.source.wrong_value(
                    path,
                    word,
                    "working days, weekdays (monday, thursday), first working day of the month, or every 30 min",
                    meant=nearest(word, known),
                )
        numbers = sorted({WEEKDAYS.index(word) + 1 for word in words if word in WEEKDAYS})
        return {"days": Days.NAMED, "weekdays": tuple(numbers)}

    def _every(self, text: str, path: Path) -> timedelta | None:
        """Minutes that divide an hour, or hours that divide a day: the same times every day."""
        try:
            found = parse(Kind.DURATION, text.removeprefix(EVERY))
        except BadScalar as bad:
            self.source.wrong_value(path, bad.got, bad.expected)
            return None
        if not isinstance(found, timedelta) or found < timedelta(minutes=1) or DAY % found:
            self.source.wrong_value(path, text, "from every 1 min to every 1 day, so that a day has a whole number")
            return None
        return found

    def _cron(self, node: YamlNode | None) -> Cron | None:
        path = (*self.path, "cron")
        text = self.source.plain(node, path)
        if text is None:
            return None
        try:
            return read_cron(text)
        except BadCron as bad:
            self.source.wrong_value(path, bad.got, bad.expected)
            return None

    def _window(self, node: YamlNode | None) -> Window | None:
        path = (*self.path, "window")
        text = self.source.plain(node, path)
        if text is None:
            return None
        match = _WINDOW.fullmatch(text)
        if match is None:
            self.source.wrong_value(path, text, "two times: 07:00-12:00")
            return None
        begin, end = self._time(match[1], path), self._time(match[2], path)
        if begin is None or end is None:
            return None
        if begin == end:
            self.source.wrong_value(path, text, "two different times: this window is empty")
            return None
        return Window(begin=begin, end=end)

    def _one_way(self, given: Mapping[str, YamlNode], on: Mapping[str, Any]) -> None:
        """`at` (with its days), `on: every …`, or `cron`: never two of them, never none."""
        said = [key for key in ("at", "cron") if key in given] + (["on"] if "every" in on or "cron" in given else [])
        said = [key for key in said if key in given]
        if not said:
            self.source.reporter.report(
                "RB235",
                "nothing says when this is due",
                at=self.source.at_key(self.path),
                expected='at: "07:30" with on: working days, or on: every 30 min, or cron: 30 7 * * mon-fri',
            )
        elif len(said) > 1:
            self.source.reporter.report(
                "RB235",
                "%(words)s say twice when this is due",
                at=self.source.at_key((*self.path, said[1])),
                expected='at: "07:30" with on: working days, or on: every 30 min, or cron: 30 7 * * mon-fri',
                remedy="keep one of them, or write two schedules",
                words=" and ".join(said),
            )

    def _inside(self, times: tuple[time, ...], window: Window | None) -> None:
        """A run that begins outside its window would never do anything."""
        for moment in (moment for moment in times if window is not None and not window.holds(moment)):
            self.source.reporter.report(
                "RB236",
                "%(moment)s is not in the window %(window)s",
                at=self.source.at((*self.path, "at")),
                remedy="widen `window`, or change `at`",
                moment=f"{moment:%H:%M}",
                window=str(window),
            )

    def _wait_for(self, node: YamlNode | None, times: tuple[time, ...]) -> Awaited | None:
        source, path = self.source, (*self.path, "wait_for")
        given = source.mapping(node, path, WAIT_FOR)
        if node is None or not given:
            return None
        file = source.plain(source.required(given, "file", path), (*path, "file"))
        said = source.plain(source.required(given, "until", path), (*path, "until"))
        until = self._time(said, (*path, "until")) if said is not None else None
        if until is not None and times and until <= times[-1]:
            source.wrong_value(
                (*path, "until"),
                f"{until:%H:%M}",
                phrase("a time after %(at)s, when the run is due", at=f"{times[-1]:%H:%M}"),
            )
        return Awaited(file=file, until=until) if file and until is not None else None


def _trigger(source: Source, node: YamlNode, path: Path, name: str) -> Trigger | None:
    known = tuple(dict.fromkeys(key for keys in TRIGGER.values() for key in keys))
    given = source.mapping(node, path, known)
    arrivals = [key for key in ARRIVALS if key in given]
    if len(arrivals) != 1:
        if path not in source.shapeless:
            source.reporter.report(
                "RB237",
                "a trigger waits for one thing, here are %(count)s",
                at=source.at_key(path),
                expected="one of %(keys)s",
                count=len(arrivals),
                keys=", ".join(ARRIVALS),
            )
        return None
    _only(source, given, arrivals[0], path)
    after = source.plain(given.get("after"), (*path, "after")) or ""
    if after and not _PROCESS.fullmatch(after):
        source.wrong_value((*path, "after"), after, "the name of a process, as titre-sejour-saisie")
    stable = source.lasting(given.get("stable_for"), (*path, "stable_for"))
    return Trigger(
        name=name,
        after=after,
        folder=_folder(source, given.get("folder"), (*path, "folder")),
        stable_for=stable or Trigger.model_fields["stable_for"].default,
        pattern=_pattern(source, given.get("pattern"), (*path, "pattern")),
        sender=source.text(given.get("from"), (*path, "from")),
        inputs=source.texts(given.get("inputs"), (*path, "inputs")),
        path=path,
        **{key: source.text(given.get(key), (*path, key)) for key in ("mailbox", "subject", "input", "why")},
    )


def _only(source: Source, given: Collection[str], arrival: str, path: Path) -> None:
    """Keys that say something about another kind of arrival."""
    for key in (key for key in given if key not in TRIGGER[arrival]):
        source.reporter.report(
            "RB214",
            "%(key)s does not go with %(word)s",
            at=source.at_key((*path, key)),
            expected="one of %(keys)s",
            key=key,
            word=arrival,
            keys=", ".join(TRIGGER[arrival]),
        )


def _folder(source: Source, node: YamlNode | None, path: Path) -> str:
    return read_folder(source, node, path) if node is not None else ""


def read_folder(source: Source, node: YamlNode, path: Path) -> str:
    """The path of a folder, without `..`: what is granted must be what is meant."""
    text = source.plain(node, path)
    if text is not None and (not text.strip() or ".." in re.split(r"[/\\]", text)):
        source.wrong_value(path, text or "''", "the path of a folder, without ..")
        return ""
    return text or ""


def _pattern(source: Source, node: YamlNode | None, path: Path) -> str:
    """A pattern for names: `*.xlsx`."""
    text = source.plain(node, path)
    if text is not None and (not text.strip() or "/" in text or "\\" in text):
        source.wrong_value(path, text or "''", "a pattern for names of files, as *.xlsx")
        return "*"
    return text or "*"
