"""Schedules and triggers beside their process: every run that they would begin has what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PureWindowsPath

from robo.definition.diagnostics import nearest
from robo.model.overlay import Overlay
from robo.model.process import Input, Kind, Process
from robo.model.schedule import Trigger
from robo.model.text import Path
from robo.plan.problems import Problems
from robo.plan.values import is_of_its_type


def check_timetable(process: Process, overlay: Overlay, problems: Problems) -> None:
    """Report what would fail whenever its time comes. `process`: with the overlay's inputs."""
    rules = _Rules(process, problems)
    for schedule in overlay.schedules.values():
        awaited = schedule.wait_for.file if schedule.wait_for is not None else ""
        if awaited:
            rules.is_a_file(awaited, (*schedule.path, "wait_for", "file"))
        rules.given(schedule.inputs, schedule.path, schedule.name)
    for trigger in overlay.triggers.values():
        rules.trigger(trigger)


class _Rules:
    def __init__(self, process: Process, problems: Problems) -> None:
        self.process = process
        self.problems = problems
        self.files = [name for name, each in process.inputs.items() if each.type is Kind.FILE]

    def trigger(self, trigger: Trigger) -> None:
        """What arrives goes into an input; the folder is one the region granted; no process follows itself."""
        taken = self._taken(trigger)
        self.given(trigger.inputs, trigger.path, trigger.name, taken)
        if trigger.folder and not self._granted(trigger.folder):
            self.problems.report(
                "RB496",
                "the folder %(folder)s is not granted to robots of this region",
                (*trigger.path, "folder"),
                in_region=True,
                expected="a folder under `grants: {folders: […]}` of this file",
                remedy="whoever answers for the region writes it there",
                folder=trigger.folder,
            )
        region = self.problems.region
        if trigger.mailbox and (region is None or region.mail is None or region.mail.mailbox is None):
            self.problems.report(
                "RB499",
                "%(name)s waits for mails, and this region has no mailbox to look into",
                (*trigger.path, "mailbox"),
                in_region=True,
                expected="mail: {…, mailbox: {server: imap.exemple.fr, secret: mail}}",
                remedy="add it to this file, or let the files arrive in a folder: `folder: …`",
                name=trigger.name,
            )
        if trigger.after == self.process.id:
            self.problems.report(
                "RB497",
                "%(process)s cannot wait for itself",
                (*trigger.path, "after"),
                in_region=True,
                remedy="name another process, or use `schedules`",
                process=trigger.after,
            )

    def _taken(self, trigger: Trigger) -> str:
        """The input that is given the file that arrived."""
        if trigger.after:
            return ""
        if trigger.input:
            self.is_a_file(trigger.input, (*trigger.path, "input"))
            return trigger.input
        if len(self.files) == 1:
            return self.files[0]
        self.problems.report(
            "RB495",
            "nothing says which input of %(process)s takes the file",
            trigger.path,
            in_region=True,
            expected="`input:` with one of: %(known)s",
            remedy="add it",
            process=self.process.id,
            known=", ".join(self.files) or "-",
        )
        return ""

    def is_a_file(self, name: str, path: Path) -> None:
        """An input of type `file`."""
        if name not in self.files:
            self.problems.report(
                "RB495",
                "%(name)s is no input of %(process)s for a file",
                path,
                in_region=True,
                meant=nearest(name, self.files),
                expected="one of: %(known)s",
                remedy="correct it",
                name=name,
                process=self.process.id,
                known=", ".join(self.files) or "-",
            )

    def given(self, inputs: Mapping[str, str], path: Path, name: str, taken: str = "") -> None:
        """Every value is one of its input, and every input that has to be there has one."""
        for key, value in inputs.items():
            self._value(key, value, (*path, "inputs", key), taken)
        for key in (key for key, each in self.process.inputs.items() if _needed(each)):
            if key not in inputs and key != taken:
                self.problems.report(
                    "RB494",
                    "%(name)s gives no value to %(input)s: no run could begin",
                    path,
                    in_region=True,
                    expected="inputs: {%(input)s: …}",
                    remedy="add it here, or under `inputs` of the overlay where its author allows it",
                    name=name,
                    input=key,
                )

    def _value(self, key: str, value: str, path: Path, taken: str) -> None:
        own = self.process.inputs.get(key)
        if own is None or key == taken:
            self.problems.report(
                "RB441",
                "%(process)s has no input %(name)s" if own is None else "%(name)s is what arrives",
                path,
                in_region=True,
                meant=nearest(key, self.process.inputs) if own is None else "",
                expected="one of: %(known)s",
                remedy="remove it, or correct its name",
                process=self.process.id,
                name=key,
                known=", ".join(sorted(name for name in self.process.inputs if name != taken)) or "-",
            )
        else:
            is_of_its_type(own, value, path, self.problems)

    def _granted(self, folder: str) -> bool:
        region = self.problems.region
        asked = _parts(folder)
        return any(asked[: len(parts)] == parts for parts in map(_parts, region.folders if region else ()))


def _parts(folder: str) -> tuple[str, ...]:
    """Where a path begins (nothing: in the project) and its parts, with `/` or `\\` between them; `PureWindowsPath`
    reads both, on every system."""
    path = PureWindowsPath(folder)
    return (path.anchor, *(path.parts[1:] if path.anchor else path.parts))


def _needed(own: Input) -> bool:
    return own.required and own.default is None
