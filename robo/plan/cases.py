"""A case beside its process: everything it names must be there, or it would prove something else than it says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from robo.definition.diagnostics import Diagnostic, Reporter, nearest
from robo.model.case import Answer, Case, Mishap
from robo.model.process import Finder, Items, Kind, Process, Review
from robo.model.region import Region
from robo.model.text import Path, Position, header
from robo.plan.steps import Actions, journal_id, proves_itself, walk
from robo.sdk.action import ActionSpec, Proof


def case_problems(
    case: Case, process: Process, regions: Collection[str], actions: Actions, here: Region | None = None
) -> tuple[Diagnostic, ...]:
    """What a case names and neither the process nor the project has. `regions`: those of the project; `here`: the
    case's own, when it can be read."""
    overlay = here.overlays.get(process.id) if here is not None else None
    columns = overlay.columns if overlay is not None else {}
    reporter = Reporter({case.file: case.lines})
    _region(case, regions, reporter)
    _inputs(case, process, reporter)
    _columns(case, process, {header(name): to for name, to in columns.items()}, reporter)
    _faults(case, process, actions, reporter)
    _mailbox(case, here, reporter)
    _reviews(case, process, reporter)
    _tables(case, process, reporter)
    return reporter.diagnostics()


def _at(case: Case, path: Path) -> Position:
    """Where `path`, or the nearest part around it, stands."""
    return next(case.positions[path[:n]] for n in range(len(path), -1, -1) if path[:n] in case.positions)


def _region(case: Case, regions: Collection[str], reporter: Reporter) -> None:
    if case.region not in regions:
        reporter.report(
            "RB460",
            "there is no region %(region)s",
            at=_at(case, ("region",)),
            expected="one of %(known)s",
            meant=nearest(case.region, regions),
            region=case.region,
            known=", ".join(sorted(regions)),
        )


def _inputs(case: Case, process: Process, reporter: Reporter) -> None:
    for name in (name for name in case.inputs if name not in process.inputs):
        reporter.report(
            "RB461",
            "%(process)s has no input %(name)s",
            at=_at(case, ("inputs", name)),
            expected="one of: %(known)s",
            meant=nearest(name, process.inputs),
            process=process.id,
            name=name,
            known=", ".join(sorted(process.inputs)) or "-",
        )


def _columns(case: Case, process: Process, renamed: Mapping[str, str], reporter: Reporter) -> None:
    """The rows of a case become a workbook: it must have the columns that the process reads."""
    if process.items is None or not case.items:
        return
    first = {column: number for number in reversed(range(len(case.items))) for column in case.items[number]}
    wanted = {renamed.get(header(field.column), field.column) for field in process.items.fields}
    for column in sorted(wanted - first.keys()):
        meant = nearest(column, first.keys() - wanted)
        reporter.report(
            "RB462",
            "the rows of this case have no column «%(column)s»",
            at=_at(case, ("items", first[meant], meant) if meant else ("items",)),
            expected="every column that the process reads; one without a value is written ''",
            remedy="write «%(column)s» instead of «%(near)s»" if meant else "",
            column=column,
            near=meant,
        )


def _effects(process: Process, actions: Actions) -> Iterator[tuple[str, ActionSpec | None]]:
    """The ids by which the journal knows effects, each with its action if that is its own proof."""
    for step in walk((*process.steps, *process.finish)):
        spec = actions.get(step.action)
        if spec is not None and proves_itself(step, actions, step.effect or spec.effect):
            yield journal_id(step, spec), spec
        elif step.once is not None:
            yield step.id, None


def looking_into_mails(items: Items | None, finders: Mapping[str, Finder]) -> frozenset[str]:
    """What goes wrong in the mailbox: the names of finders that look into it, and `items` where they come from it."""
    looking = {name: finder.step for name, finder in finders.items()}
    if items is not None and items.source is not None:
        looking["items"] = items.source
    return frozenset(name for name, step in looking.items() if step.action.startswith("mail."))


def _faults(case: Case, process: Process, actions: Actions, reporter: Reporter) -> None:
    effects = dict(_effects(process, actions))
    looking = looking_into_mails(process.items, process.finders)
    known = {*effects, *process.finders, "setup", "items"}
    for fault in case.faults:
        spec = effects.get(fault.step)
        if spec is not None and spec.proof is Proof.JOURNALED and fault.do is not Mishap.CRASH:
            reporter.report(
                "RB465",
                "only a crash can be tried at %(step)s: what it sends goes to the post office of the case",
                at=_at(case, (*fault.path, "do")),
                expected="crash",
                step=fault.step,
            )
        if fault.step in looking and fault.do is not Mishap.DOWN:
            reporter.report(
                "RB778",
                "only `down` can be tried at %(step)s: it looks into the mailbox of the case",
                at=_at(case, (*fault.path, "do")),
                expected="down",
                step=fault.step,
            )
        if fault.step not in known:
            reporter.report(
                "RB463",
                "nothing can go wrong at %(step)s: it is no step with `once`, no finder, and not `setup` or `items`",
                at=_at(case, (*fault.path, "step")),
                expected="one of %(known)s",
                meant=nearest(fault.step, known),
                step=fault.step,
                known=", ".join(sorted(known)),
            )
        if fault.run > case.runs:
            reporter.report(
                "RB464",
                "this goes wrong in run %(run)s, and the case has %(runs)s",
                at=_at(case, (*fault.path, "run")),
                expected="a number from 1 to %(runs)s, or more `runs`",
                run=fault.run,
                runs=case.runs,
            )


def _mailbox(case: Case, here: Region | None, reporter: Reporter) -> None:
    """A case has the mailbox that its region has, and mails come before its runs."""
    spoken = ("mailbox",) if case.mailbox else ("expect", "mailbox") if case.world.mailbox else ()
    if spoken and here is not None and (here.mail is None or here.mail.mailbox is None):
        reporter.report(
            "RB777",
            "this case speaks of a mailbox, and %(region)s has none",
            at=_at(case, spoken),
            expected="in %(file)s: mail: {…, mailbox: {server: imap.exemple.fr, secret: mail}}",
            region=here.id,
            file=here.file,
        )
    for mail in (mail for mails in case.mailbox.values() for mail in mails if mail.run > case.runs):
        reporter.report(
            "RB464",
            "this comes before run %(run)s, and the case has %(runs)s",
            at=_at(case, (*mail.path, "run")),
            expected="a number from 1 to %(runs)s, or more `runs`",
            run=mail.run,
            runs=case.runs,
        )


def _reviews(case: Case, process: Process, reporter: Reporter) -> None:
    asked = {step.id: step.review for step in walk(process.steps) if step.review is not None}
    for answer in case.reviews:
        review = asked.get(answer.step)
        if review is None:
            reporter.report(
                "RB467",
                "nobody is asked at %(name)s: it is no review",
                at=_at(case, (*answer.path, "step")),
                expected="one of: %(known)s",
                meant=nearest(answer.step, asked),
                name=answer.step,
                known=", ".join(sorted(asked)) or "-",
            )
        else:
            _answer(case, answer, review, reporter)
        if answer.run > case.runs:
            reporter.report(
                "RB464",
                "this is answered in run %(run)s, and the case has %(runs)s",
                at=_at(case, (*answer.path, "run")),
                expected="a number from 1 to %(runs)s, or more `runs`",
                run=answer.run,
                runs=case.runs,
            )


def _answer(case: Case, answer: Answer, review: Review, reporter: Reporter) -> None:
    if answer.choice and answer.choice not in review.choices:
        reporter.report(
            "RB468",
            "%(name)s is no answer to this review",
            at=_at(case, (*answer.path, "choice")),
            expected="one of: %(known)s",
            meant=nearest(answer.choice, review.choices),
            name=answer.choice,
            known=", ".join(review.choices),
        )
    fields = [each.name for each in review.edit]
    for name in (name for name in answer.edit if name not in fields):
        reporter.report(
            "RB468",
            "this review has no value %(name)s to correct",
            at=_at(case, (*answer.path, "edit", name)),
            expected="one of: %(known)s",
            meant=nearest(name, fields),
            name=name,
            known=", ".join(fields) or "-",
        )


def _tables(case: Case, process: Process, reporter: Reporter) -> None:
    """A table that a run wrote stands in a file or folder that is one of its inputs."""
    known = {name: each for name, each in process.inputs.items() if each.type in {Kind.FILE, Kind.FOLDER}}
    for place in case.world.tables:
        name, *below = place.split("/")
        if name not in known or ".." in below or bool(below) is (known[name].type is Kind.FILE):
            reporter.report(
                "RB466",
                "%(place)s is no place of a file in this process",
                at=_at(case, ("expect", "file", place)),
                expected="an input for a file, or a path below one for a folder: %(known)s",
                meant=nearest(name, known) if name not in known else "",
                place=place,
                known=", ".join(name if each.type is Kind.FILE else f"{name}/…" for name, each in known.items()) or "-",
            )
