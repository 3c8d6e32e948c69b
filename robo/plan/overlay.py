"""A region's overlay applied to a process: only what its author opened, and nothing that protects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from robo.definition.diagnostics import Diagnostic, Reporter, nearest
from robo.definition.versions import satisfies
from robo.model.base import Effect
from robo.model.overlay import Overlay, Relabel
from robo.model.process import Finder, Input, Process, Table
from robo.model.region import Region
from robo.model.text import Path
from robo.plan.extending import SECTIONS
from robo.plan.labels import Relabelling, same_text
from robo.plan.lowering import lowered
from robo.plan.problems import Problems
from robo.plan.renaming import recolumned, resecreted
from robo.plan.skipping import skipped
from robo.plan.steps import Actions, page_runners, walk
from robo.plan.timetable import check_timetable
from robo.plan.values import is_of_its_type


def apply_overlay(process: Process, overlay: Overlay, actions: Actions, problems: Problems) -> Process:
    """The process as this region runs it. Steps must be resolved: effects decide which labels need two people."""
    _version(process, overlay, problems)
    update: dict[str, object] = {
        "inputs": _inputs(process, overlay, problems),
        "tables": _tables(process, overlay, problems),
        "limits": lowered(process, overlay, problems),
    }
    if overlay.labels:
        update |= _labels(process, overlay, actions, problems)
    changed = process.model_copy(update=update)
    check_timetable(changed, overlay, problems)
    changed = recolumned(changed, overlay, actions, problems)
    changed = resecreted(changed, overlay, actions, problems)
    return skipped(changed, overlay, problems)


def unknown_processes(region: Region, known: Collection[str]) -> tuple[Diagnostic, ...]:
    """Processes that a region names and the library has not: nothing would ever come of them."""
    reporter = Reporter({region.file: region.lines})
    for name in (name for name in region.overlays if name not in known):
        reporter.report(
            "RB454",
            "there is no process %(name)s",
            at=region.positions[region.overlays[name].path],
            expected="one of: %(known)s",
            meant=nearest(name, known),
            name=name,
            known=_listed(known),
        )
    for overlay in region.overlays.values():
        for trigger in (each for each in overlay.triggers.values() if each.after and each.after not in known):
            reporter.report(
                "RB454",
                "there is no process %(name)s",
                at=region.positions[(*trigger.path, "after")],
                expected="one of: %(known)s",
                meant=nearest(trigger.after, known),
                name=trigger.after,
                known=_listed(known),
            )
    return reporter.diagnostics()


def _inputs(process: Process, overlay: Overlay, problems: Problems) -> Mapping[str, Input]:
    inputs = dict(process.inputs)
    for name, value in overlay.inputs.items():
        path = (*overlay.path, "inputs", name)
        own = inputs.get(name)
        if own is None:
            problems.report(
                "RB441",
                "%(process)s has no input %(name)s",
                path,
                in_region=True,
                meant=nearest(name, inputs),
                expected="one of: %(known)s",
                remedy="remove it, or correct its name",
                process=process.id,
                name=name,
                known=_listed(name for name, each in inputs.items() if each.overlay),
            )
        elif not own.overlay:
            problems.report(
                "RB440",
                "the input %(name)s of %(process)s is not open to regions",
                path,
                in_region=True,
                remedy="ask its author for `overlay: true`, or give the value when you run it: -i %(name)s=…",
                process=process.id,
                name=name,
            )
        elif is_of_its_type(own, value, path, problems):
            inputs[name] = own.model_copy(update={"default": value})
    return inputs


def _tables(process: Process, overlay: Overlay, problems: Problems) -> Mapping[str, Table]:
    tables = dict(process.tables)
    for name, rows in overlay.tables.items():
        path = (*overlay.path, "tables", name)
        own = tables.get(name)
        if own is None:
            problems.report(
                "RB443",
                "%(process)s has no table %(name)s",
                path,
                in_region=True,
                meant=nearest(name, tables),
                expected="one of: %(known)s",
                remedy="remove it, or correct its name",
                process=process.id,
                name=name,
                known=_listed(tables),
            )
        elif own.overlay not in {"extend", "replace"}:
            problems.report(
                "RB442",
                "the table %(name)s of %(process)s is not open to regions",
                path,
                in_region=True,
                remedy="ask its author for `overlay: extend` or `overlay: replace`",
                process=process.id,
                name=name,
            )
        else:
            if own.overlay == "extend":
                _only_new(own, rows, path, problems)
            merged = {**own.rows, **rows} if own.overlay == "extend" else dict(rows)
            tables[name] = own.model_copy(update={"rows": merged})
    return tables


def _only_new(own: Table, rows: Mapping[str, str], path: Path, problems: Problems) -> None:
    """`overlay: extend` adds rows; those of the author stay as they are."""
    for row in (row for row in rows if own.rows.get(row, rows[row]) != rows[row]):
        long = (*path, "rows", row)
        known = problems.region.positions if problems.region is not None else {}
        problems.report(
            "RB449",
            "the row « %(row)s » of the table %(table)s is the author's",
            long if long in known else (*path, row),
            in_region=True,
            remedy="add other rows only, or ask the author for `overlay: replace`",
            row=row,
            table=own.name,
        )


def _labels(process: Process, overlay: Overlay, actions: Actions, problems: Problems) -> dict[str, object]:
    labels = tuple(overlay.labels)
    _same_twice(overlay, problems)
    _known_steps(process, labels, problems)
    relabelling = Relabelling(labels, actions, page_runners(actions))
    update: dict[str, object] = {
        **{name: relabelling.all(getattr(process, name)) for name in SECTIONS},
        "finders": {
            name: Finder(name=name, step=relabelling.step(finder.step, frozenset({name})))
            for name, finder in process.finders.items()
        },
    }
    update["popups"] = tuple(relabelling.popup(popup) for popup in process.popups)
    if process.items is not None and process.items.source is not None:
        source = relabelling.step(process.items.source)
        update["items"] = process.items.model_copy(update={"source": source})
    _met(process, labels, relabelling, problems)
    _four_eyes(process, labels, relabelling, problems)
    return update


def _same_twice(overlay: Overlay, problems: Problems) -> None:
    seen: set[tuple[str, str | None]] = set()
    for label in overlay.labels:
        key = (same_text(label.source), label.step)
        if key in seen:
            problems.report(
                "RB446",
                "the label « %(text)s » is replaced twice",
                (*label.path, "from"),
                in_region=True,
                remedy="keep one of them, or say `step:` on one",
                text=label.source,
            )
        seen.add(key)


def _known_steps(process: Process, labels: tuple[Relabel, ...], problems: Problems) -> None:
    known = {step.id for step in walk(process.every_section)} | set(process.finders)
    for label in labels:
        if label.step is not None and label.step not in known:
            problems.report(
                "RB448",
                "%(process)s has no step and no finder %(step)s",
                (*label.path, "step"),
                in_region=True,
                meant=nearest(label.step, known),
                remedy="correct it, or leave `step` out: the label then changes everywhere",
                process=process.id,
                step=label.step,
            )


def _met(process: Process, labels: tuple[Relabel, ...], relabelling: Relabelling, problems: Problems) -> None:
    for index, label in enumerate(labels):
        if index in relabelling.clashes:
            problems.report(
                "RB447",
                "« %(to)s » already stands beside « %(text)s » in %(step)s: two fields would become one",
                (*label.path, "to"),
                in_region=True,
                remedy="choose the page's own words, and say `step:` where one text has two readings",
                to=label.to,
                text=label.source,
                step=relabelling.clashes[index].id,
            )
        elif index not in relabelling.met:
            problems.report(
                "RB444",
                "« %(text)s » is not a text of a page in %(process)s",
                (*label.path, "from"),
                in_region=True,
                meant=nearest(label.source, _page_texts(process)),
                remedy="look at the labels with `robo process show %(process)s`",
                text=label.source,
                process=process.id,
            )


def _four_eyes(process: Process, labels: tuple[Relabel, ...], relabelling: Relabelling, problems: Problems) -> None:
    """What a submit presses is changed by two people, with a reason."""
    submits = [step for step in (*walk(process.steps), *walk(process.finish)) if step.effect is Effect.SUBMIT]
    changed = {index for step in submits for index in relabelling.texts(step)}
    for index in sorted(changed):
        label = labels[index]
        missing = [key for key, value in (("why", label.why), ("second", label.second)) if not value]
        if missing:
            problems.report(
                "RB445",
                "« %(text)s » is what a submit presses: changing it needs %(missing)s",
                (*label.path, "from"),
                in_region=True,
                expected="{from, to, why, second}",
                remedy="say why, and who else approved it",
                text=label.source,
                missing=" and ".join(missing),
            )


def _page_texts(process: Process) -> set[str]:
    found: set[str] = set()
    steps = [*walk(process.every_section)]
    steps += [finder.step for finder in process.finders.values()]
    for step in steps:
        for node in (step.params, step.within, step.expect, step.read, *(each.target for each in step.refused)):
            found.update(_plain_texts(node))
    return found


def _plain_texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from _plain_texts(value)
    elif isinstance(node, tuple):
        for value in node:
            yield from _plain_texts(value)


def _version(process: Process, overlay: Overlay, problems: Problems) -> None:
    if overlay.use and not satisfies(process.version, overlay.use):
        problems.report(
            "RB453",
            "this region uses %(process)s %(use)s, and here is version %(version)s",
            (*overlay.path, "use"),
            in_region=True,
            remedy="read its CHANGELOG, then write `use: %(right)s`",
            process=process.id,
            use=overlay.use,
            version=process.version,
            right="*" if "-" in process.version else f"^{process.version}",
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "-"
