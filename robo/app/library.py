"""What a project holds as files: its processes, regions and cases, read and checked. Opens no store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from robo.errors import DefinitionError, UsageError
from robo.services.guests import installed_actions
from robo.services.settings import Settings

if TYPE_CHECKING:
    from robo.definition.diagnostics import Diagnostic
    from robo.model.case import Case
    from robo.model.process import Process
    from robo.model.region import Region
    from robo.plan.model import Plan
    from robo.sdk.action import ActionSpec


@dataclass(frozen=True, slots=True)
class Practice:
    """The post office and the mailbox of a case: their ports on loopback."""

    post: int
    mailbox: int


class Library:
    """The processes and regions of one project."""

    def __init__(self, project: Path, settings: Settings) -> None:
        self.project = project
        self.settings = settings
        self.practice: Practice | None = None
        """Where the mails of a case go, and lie."""

    @property
    def actions(self) -> Mapping[str, ActionSpec]:
        return installed_actions()

    def process_ids(self) -> list[str]:
        """Every process of the project, in order."""
        return sorted(file.parent.name for file in self.settings.processes.glob("*/process.yaml"))

    def region_ids(self) -> list[str]:
        return sorted(file.stem for file in self.settings.regions.glob("*.yaml"))

    def process_file(self, process: str) -> Path:
        """The file of a process, or RB940 with the nearest one that is there."""
        file = self.settings.processes / process / "process.yaml"
        if not file.is_file():
            raise _not_there("RB940", "process", process, self.process_ids(), "robo process list")
        return file

    def region_file(self, region: str) -> Path:
        """The file of a region, or RB941 with the nearest one that is there."""
        file = self.settings.regions / f"{region}.yaml"
        if not file.is_file():
            raise _not_there("RB941", "region", region, self.region_ids(), "ls config/regions")
        return file

    def process(self, process: str, text: str | None = None) -> Process:
        """The process as its author wrote it; `text` instead of what the file holds now."""
        from robo.definition.loading import load_process

        return load_process(self.process_file(process), text, actions=self.actions)

    def region(self, region: str, text: str | None = None) -> Region:
        from robo.definition.region import load_region, read_region

        file = self.region_file(region)
        return load_region(file) if text is None else read_region(text.encode(), str(file), region)

    def plan(self, process: str, region: str | None, texts: Mapping[str, str] | None = None) -> Plan:
        """The plan of a process in a region. Raises `DefinitionError` with the problems of both files at once.

        `texts`: what a run began with (`process`, `region`, and the files beside the process by their names)."""
        from robo.definition.loading import check_process, content_of, what_is_there
        from robo.definition.region import check_region
        from robo.plan.build import build
        from robo.plan.partial import problems_of_good_parts

        file, given = self.process_file(process), texts or {}
        text = given.get("process")
        whole, found = check_process(file, text, actions=self.actions, beside=texts)
        here = None
        if region:
            path = self.region_file(region)
            content = given["region"].encode() if "region" in given else content_of(path)
            here, more = check_region(content, str(path), region)
            found = (*found, *more)
        if whole is not None and not found:
            return self._posted(build(whole, here, self.actions))
        there = what_is_there(file, text, actions=self.actions, beside=texts)
        entailed = problems_of_good_parts(there, here, self.actions, found) if there is not None else ()
        raise DefinitionError(tuple(sorted((*found, *entailed), key=lambda one: one.position)))

    def _posted(self, plan: Plan) -> Plan:
        """The plan as it is; where there is a post office to practise with, its mails go there."""
        from robo.model.region import Security

        if self.practice is None or plan.mail is None:
            return plan
        here = {"server": "127.0.0.1", "security": Security.NONE}
        box = plan.mail.mailbox
        if box is not None:
            box = box.model_copy(update={**here, "port": self.practice.mailbox})
        posted = {**here, "port": self.practice.post, "secret": None, "practice": True, "mailbox": box}
        return replace(plan, mail=plan.mail.model_copy(update=posted))

    def validate(self, process: str | None = None) -> tuple[Diagnostic, ...]:
        """Every problem of one process or of all, alone and in every region that knows it, and of their cases."""
        found = {(str(one.position), str(one)): one for one in self._strangers(process)}
        called: list[Diagnostic] = []
        for each in [process] if process else self.process_ids():
            own = str(self.process_file(each))
            for region in [None, *self._regions_of(each)]:
                try:
                    self.plan(each, region)
                except DefinitionError as broken:
                    called += [one for one in broken.diagnostics if _of_another(one, own)]
                    found |= {(str(one.position), str(one)): one for one in broken.diagnostics if one not in called}
            found |= {(str(one.position), str(one)): one for one in self.checked_cases(each)[1]}
        told = {(str(one.position), one.code) for one in found.values()}
        found |= {(str(one.position), one.code): one for one in called if (str(one.position), one.code) not in told}
        return tuple(sorted(found.values(), key=lambda one: one.position))

    def cases(self, process: str) -> tuple[Case, ...]:
        """The cases of a process, by name. Raises `DefinitionError` with what is wrong with any of them, or with it."""
        cases, problems = self.checked_cases(process)
        try:
            self.process(process)
        except DefinitionError as broken:
            problems = (*broken.diagnostics, *problems)
        if problems:
            raise DefinitionError(problems)
        return cases

    def checked_cases(self, process: str) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
        """The cases that can be read, and every problem of all: of their texts and, once the process itself can be
        read, of what they name."""
        from robo.definition.case import case_files, check_case
        from robo.definition.loading import check_process
        from robo.plan.cases import case_problems

        file = self.process_file(process)
        read = [check_case(path) for path in case_files(file.parent)]
        cases = tuple(case for case, _ in read if case is not None)
        problems = [problem for _, found in read for problem in found]
        known, _ = check_process(file, actions=self.actions)
        if known is not None:
            for case in cases:
                here = self._readable(case.region)
                problems += case_problems(case, known, self.region_ids(), self.actions, here)
        return cases, tuple(sorted(problems, key=lambda one: one.position))

    def _readable(self, region: str) -> Region | None:
        """A region; None where its file is not there or cannot be read, which is told elsewhere."""
        with suppress(UsageError, DefinitionError):
            return self.region(region)
        return None

    def _strangers(self, process: str | None) -> Iterator[Diagnostic]:
        """Overlays of processes that are not there; of one process, those whose name it may have been."""
        from robo.plan.overlay import unknown_processes

        for region in self.region_ids():
            with suppress(DefinitionError):  # told with the processes it concerns
                strangers = unknown_processes(self.region(region), self.process_ids())
                yield from (each for each in strangers if process in (None, each.meant))

    def _regions_of(self, process: str) -> list[str]:
        """Regions with an overlay for it, and those whose file cannot be read (so that this is told)."""
        known = []
        for region in self.region_ids():
            try:
                if process in self.region(region).overlays:
                    known.append(region)
            except DefinitionError:
                known.append(region)
        return known


def _of_another(problem: Diagnostic, process: str) -> bool:
    """Whether a problem stands in a process that is called, where it is told already or will be."""
    return problem.position.file != process and Path(problem.position.file).name == Path(process).name


def _not_there(code: str, kind: str, name: str, known: Sequence[str], command: str) -> UsageError:
    from robo.definition.diagnostics import nearest

    near = nearest(name, known)
    return UsageError(
        code,
        "there is no %(kind)s %(name)s",
        place=name,
        remedy="nearest: %(near)s; `%(command)s` shows all" if near else "`%(command)s` shows all",
        kind=kind,
        name=name,
        near=near,
        command=command,
    )
