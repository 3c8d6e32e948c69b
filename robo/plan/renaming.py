"""What is called otherwise in a region: columns of its files, and the stored secrets that names stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from robo.definition.diagnostics import nearest
from robo.model.overlay import Overlay
from robo.model.process import Finder, Process, Step
from robo.model.text import Node, header
from robo.plan.extending import SECTIONS
from robo.plan.problems import Problems
from robo.plan.steps import Actions, change_inside, params_of, walk


def recolumned(process: Process, overlay: Overlay, actions: Actions, problems: Problems) -> Process:
    """The process, reading and writing the columns of its source under the names of this region."""
    names = _columns(process, overlay, actions, problems)
    items = process.items
    if not names or items is None:
        return process
    fields = tuple(
        field.model_copy(update={"column": names.get(header(field.column), field.column)}) for field in items.fields
    )

    def change(step: Step) -> Mapping[str, Node]:
        spec = actions.get(step.action)
        written = _written(step, actions)
        if spec is None or spec.columns_param is None or not written:
            return {}
        renamed = {names.get(header(column), column): value for column, value in written.items()}
        given = params_of(spec, step.params)
        alone = spec.open_mapping and spec.primary == spec.columns_param
        return {"params": renamed if alone else {**given, spec.columns_param: renamed}}

    return _each_step(process, change).model_copy(update={"items": items.model_copy(update={"fields": fields})})


def resecreted(process: Process, overlay: Overlay, actions: Actions, problems: Problems) -> Process:
    """The process with the names of this region's stored secrets."""
    for name in (name for name in overlay.secrets if name not in process.secrets):
        problems.report(
            "RB491",
            "%(process)s needs no secret %(name)s",
            (*overlay.path, "secrets", name),
            in_region=True,
            meant=nearest(name, process.secrets),
            expected="one of: %(known)s",
            remedy="correct it, or remove it",
            process=process.id,
            name=name,
            known=", ".join(sorted(process.secrets)) or "-",
        )
    names = {name: to for name, to in overlay.secrets.items() if name in process.secrets}
    if not names:
        return process
    _one_kind(process, overlay, names, problems)

    def change(step: Step) -> Mapping[str, Node]:
        spec = actions.get(step.action)
        given = params_of(spec, step.params) if spec is not None else {}
        secret = given.get("secret")
        return {"params": {**given, "secret": names[secret]}} if isinstance(secret, str) and secret in names else {}

    stored = {names.get(name, name): need for name, need in process.secrets.items()}
    needs = {name: need.model_copy(update={"name": name}) for name, need in stored.items()}
    return _each_step(process, change).model_copy(update={"secrets": needs})


def _one_kind(process: Process, overlay: Overlay, names: Mapping[str, str], problems: Problems) -> None:
    """A stored secret that stands for several of the process is of one kind."""
    for name in names:
        need, to = process.secrets[name], names[name]
        others = [other for other in process.secrets.values() if names.get(other.name, other.name) == to]
        if (other := next((each for each in others if each.kind != need.kind), None)) is not None:
            problems.report(
                "RB491",
                "%(to)s would be a secret of the kind %(kind)s for %(name)s, and of the kind %(other)s for %(second)s",
                (*overlay.path, "secrets", name),
                in_region=True,
                remedy="name another stored secret: one is of one kind",
                to=to,
                kind=need.kind,
                name=name,
                other=other.kind,
                second=other.name,
            )


def _each_step(process: Process, change: Callable[[Step], Mapping[str, Node]]) -> Process:
    """The process with `change` applied to every step, those of finders, of the source and of `verify` too."""

    def one(step: Step) -> Step:
        update: dict[str, object] = change_inside(step, every)
        if step.verify is not None:
            update["verify"] = step.verify.model_copy(update={"steps": every(step.verify.steps)})
        return step.model_copy(update={**update, **change(step)})

    def every(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(one(step) for step in steps)

    update: dict[str, object] = {name: every(getattr(process, name)) for name in SECTIONS}
    update["finders"] = {name: Finder(name=name, step=one(finder.step)) for name, finder in process.finders.items()}
    if process.items is not None and process.items.source is not None:
        update["items"] = process.items.model_copy(update={"source": one(process.items.source)})
    return process.model_copy(update=update)


def _written(step: Step, actions: Actions) -> Mapping[str, Node]:
    """The columns of the item's own row that a step writes, with their values."""
    spec = actions.get(step.action)
    if spec is None or spec.columns_param is None:
        return {}
    given = params_of(spec, step.params)
    columns = given.get(spec.columns_param)
    return columns if isinstance(columns, Mapping) and "file" not in given else {}


def _used(process: Process, actions: Actions) -> Iterator[str]:
    """Every column of the source that the process reads or writes, as its author calls it."""
    if process.items is not None and not process.items.rows:
        yield from (field.column for field in process.items.fields)
        for step in walk(process.every_section):
            yield from _written(step, actions)


def _columns(process: Process, overlay: Overlay, actions: Actions, problems: Problems) -> dict[str, str]:
    """Author's column, as columns are compared -> the region's; what cannot be is reported and left out."""
    known = {header(name): name for name in _used(process, actions)}
    names = {header(name): to for name, to in overlay.columns.items() if header(name) in known and to.strip()}
    after = [header(names.get(name, name)) for name in known]
    for name, to in overlay.columns.items():
        path = (*overlay.path, "columns", name)
        if header(name) not in known:
            problems.report(
                "RB451",
                "%(process)s reads and writes no column « %(column)s »",
                path,
                in_region=True,
                meant=nearest(name, known.values()),
                expected="one of: %(known)s",
                remedy="correct it, or remove it",
                process=process.id,
                column=name,
                known=", ".join(known.values()) or "-",
            )
        elif after.count(header(to)) > 1:
            problems.report(
                "RB490",
                "« %(to)s » is another column of %(process)s: two columns would become one",
                path,
                in_region=True,
                remedy="write the name that stands in this region's file; two columns may change places",
                to=to,
                process=process.id,
            )
    return names
