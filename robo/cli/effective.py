"""Every value a process runs with in a region, and where each comes from: its file, the region's, or a default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from robo.cli.console import near
from robo.cli.language import _
from robo.cli.overlaid import Row, overlay_rows, reasons
from robo.model.overlay import Overlay
from robo.model.process import Column, Items, Process, Step, StepKind
from robo.model.region import Region
from robo.model.text import Path, Template, header
from robo.plan.model import Once, Part, Plan, Segment, Turns, every, performed
from robo.sdk.notation import source_text
from robo.sdk.snapshots import SNAPSHOT

DEFAULT: Final = "default"
REGION: Final[Path] = ("", "region")
"""Stands for the region's file itself, which is no place in the process."""
Found = list[dict[str, str]]
"""Rows of `name`, `value`, `from` (`file:line:column`, or `default`), and `why` a region says so."""


def node_text(node: Any) -> str:
    """A part of a definition as its author wrote it, on one line."""
    if isinstance(node, Template):
        return node_text(node.source)
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{name}: {node_text(_as_written(name, value))}" for name, value in node.items()) + "}"
    if isinstance(node, tuple):
        return "[" + ", ".join(node_text(value) for value in node) + "]"
    return str(node).replace("\n", "\\n")


def _as_written(name: str, value: Any) -> Any:
    return source_text(value) if name == SNAPSHOT and isinstance(value, Mapping) else value


def effective(plan: Plan, process: Process, region: Region | None) -> Found:
    """All of it, in the order of the reference."""
    places = _Places(plan, process, region)
    return [
        {"name": name, "value": value, "from": (place := places.of(path)), "why": places.why(path, place)}
        for name, value, path in _values(plan, process, region)
    ]


class _Places:
    """Where a value stands: the region's overlay first, because it wins, then the process, else a default."""

    def __init__(self, plan: Plan, process: Process, region: Region | None) -> None:
        self._process = process
        self._region = region
        self._plan = plan
        self._below: Path = ("processes", process.id)
        overlay = region.overlays.get(process.id) if region is not None else None
        self._why = reasons(overlay) if overlay is not None else {}

    def of(self, path: Path) -> str:
        if path == REGION and self._region is not None:
            return self._region.file
        if self._region is not None and path:
            if path[:1] == ("processes",):  # a step of the region itself
                return self._own[path]
            if (found := self._region.positions.get((*self._below, *path))) is not None:
                return str(found)
        place = self._process.positions.get(path) if path else None
        return str(place) if place is not None else DEFAULT

    @cached_property
    def _own(self) -> Mapping[Path, str]:
        """The region's own steps, by where they stand."""
        steps = (step for part in every(self._plan.every_part) for step in steps_of(part))
        before = performed((*self._plan.setup, *self._plan.start))
        return {step.path: self._plan.places[step.id] for step in (*before, *steps)}

    def why(self, path: Path, place: str) -> str:
        """The region's reason for what it wrote itself."""
        if place == DEFAULT:
            return ""
        around = ((*self._below, *path[:n]) for n in range(len(path), 0, -1))
        return next((self._why[each] for each in around if self._why.get(each)), "")


def _values(plan: Plan, process: Process, region: Region | None) -> Iterator[Row]:
    for name in ("title", "version", "owner", "decision_role", "again"):
        yield name, str(getattr(process, name)), (name,)
    if region is not None:
        yield "region", f"{region.id} ({region.zone}, {region.date_format})", REGION
    overlay = region.overlays.get(process.id) if region is not None else None
    yield from _named(plan, process, overlay)
    yield from _policies(plan)
    if overlay is not None:
        yield from overlay_rows(overlay)
    yield from _steps(plan)


def _named(plan: Plan, process: Process, overlay: Overlay | None) -> Iterator[Row]:
    for name, wanted in plan.inputs.items():
        said = wanted.default if wanted.default is not None else _("asked at the start") if wanted.required else "-"
        yield f"inputs.{name}", f"{said} ({wanted.type.value})", ("inputs", name)
    called = {to: name for name, to in (overlay.secrets.items() if overlay is not None else ())}
    for stored, need in plan.secrets.items():
        name = called.get(stored, stored)
        yield f"secrets.{name}", need.kind if name == stored else f"{stored} ({need.kind})", ("secrets", name)
    for host in plan.hosts:
        value = f"{node_text(host.url)} reads {list(host.reads)} drafts {list(host.drafts)}"
        yield f"hosts.{host.name}", value, ("hosts", host.name) if host.name in process.hosts else ("inputs", host.name)
    for name, rows in plan.tables.items():
        yield f"tables.{name}", f"{len(rows)}", ("tables", name)
    if plan.items is not None:
        yield from _items(plan.items, {header(to): name for name, to in overlay.columns.items()} if overlay else {})


def _rules(column: Column) -> str:
    """All that is asked of the cells of a column."""
    empty = _("may be empty") if not column.required or column.default is not None else _("required")
    said = {
        "default": column.default,
        "pattern": column.pattern,
        "match": column.match,
        "choices": " | ".join(column.choices),
        "format": column.format,
    }
    more = [f"{name}: {value}" for name, value in said.items() if value] + ["sensitive"] * column.sensitive
    return ", ".join([column.column, column.type.value, empty, *more])


def _items(items: Items, renamed: Mapping[str, str]) -> Iterator[Row]:
    """Where items come from, in the order in which they are made."""
    for row in items.rows:
        yield f"items.from.{row.path[-1]}", node_text(row.values), row.path
    if items.source is not None:
        yield "items.from", f"{items.source.action} {node_text(items.source.params)}", ("items", "from")
    for column in items.fields:
        before = renamed.get(header(column.column))
        yield (
            f"items.fields.{column.name}",
            _rules(column),
            ("columns", before) if before else ("items", "fields", column.name),
        )
    for name, node in items.let.items():
        yield f"items.let.{name}", node_text(node), ("items", "let", name)
    if items.only_if is not None:
        yield "items.only_if", items.only_if.source, ("items", "only_if")
    if items.group is not None:
        yield "items.group", f"{node_text(items.group.by)} as {items.group.as_}", ("items", "group")
        yield "items.bad_rows", items.group.bad_rows, ("items", "bad_rows")
    if items.milestones is not None:
        said = items.milestones
        days = ", ".join(f"{days} days" for days in said.at)
        yield "items.milestones", f"{days} before {node_text(said.before)}", ("items", "milestones")
        yield "items.milestones.on_closed", said.on_closed, ("items", "milestones", "on_closed")
        yield "items.milestones.catch_up", said.catch_up, ("items", "milestones", "catch_up")
    yield "items.key", node_text(items.key), ("items", "key")


def _policies(plan: Plan) -> Iterator[Row]:
    """Sessions, limits, failures and counts: one row a value, most of them defaults."""
    groups: Mapping[str, Any] = {
        "sessions": plan.sessions,
        "limits": plan.limits,
        "on_failure": plan.on_failure,
        "counts": plan.counts,
    }
    for name, group in groups.items():
        for key, value in group:
            if key != "done_by":
                yield f"{name}.{key.rstrip('_')}", _policy(key, value), (name, key.rstrip("_"))
    yield "counts.done_by", plan.done_by or "-", ("counts", "done_by")


def _policy(key: str, value: Any) -> str:
    """A value as a definition would say it."""
    if value is None:
        return {"slots": "by machine", "key": "item.key"}.get(key, "-")
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    if isinstance(value, tuple):
        return ", ".join(value)
    if hasattr(value, "model_fields_set"):
        return ", ".join(f"{name} {part}" for name, part in value)
    return node_text(getattr(value, "source", value)) or "-"


def steps_of(segment: Segment) -> Iterator[Step]:
    """Every step of a segment in the order it is done, the submit last."""
    yield from performed(segment.lead)
    if segment.review is not None:
        yield segment.review
    if segment.once is not None:
        yield from performed(segment.once.body)
        yield from segment.once.entries
        yield segment.once.submit


def _steps(plan: Plan) -> Iterator[Row]:
    for name, finder in plan.finders.items():
        yield f"finders.{name}", _step(finder.step), ("finders", name)
    hosts = {f"setup.{host}": pieces for host, pieces in plan.by_host.items()}
    for name, pieces in {"setup": plan.every_session, **hosts, "start": plan.start}.items():
        for step in performed(pieces):
            yield f"{name}: {step.id}", _step(step), step.path
    yield from _parts(plan.every_part)


def _wait(wait: timedelta) -> str:
    return f"{wait.days} working days" if not wait.seconds else _policy("answer_in", wait)


def _parts(parts: tuple[Part, ...]) -> Iterator[Row]:
    for part in parts:
        if isinstance(part, Turns):
            yield f"{part.step.id}: {part.step.id}", _step(part.step), part.step.path
            yield from _parts(part.segments)
            continue
        for step in steps_of(part):
            yield f"{part.id}: {step.id}", _step(step), step.path
        if part.review is not None:
            yield from _review(part.review)
        if part.once is not None:
            yield from _once(part.once)


def _review(step: Step) -> Iterator[Row]:
    """What a person is asked, every default included."""
    review, path = step.review, (*step.path, "review")
    assert review is not None  # noqa: S101 - asked only then
    edit = ", ".join(f"{each.name} ({each.type.value}) = {node_text(each.value)}" for each in review.edit)
    wait = review.answer_in
    said = {
        "role": review.role or "-",
        "show": node_text(review.show),
        "edit": edit or "-",
        "choices": node_text(review.choices),
        "answer_in": "-" if wait is None else _wait(wait),
        "on_timeout": "-" if wait is None else review.on_timeout,
        "recheck": "yes" if review.recheck else "no",
    }
    for key, value in said.items():
        yield f"{step.id}.{key}", value, (*path, key)


def _step(step: Step) -> str:
    """One step on one line: what it does, its effect, its parameters or its condition, its time."""
    effect = f" [{step.effect.value}]" if step.effect else ""
    said = _said(step)
    time = f" ({step.timeout.total_seconds():g} s)" if step.timeout is not None else ""
    return f"{step.action or step.kind.value}{effect} {said}".rstrip() + time


def _said(step: Step) -> str:
    """What it acts on, asks or keeps, as its author wrote it."""
    if step.each is not None:
        key = f", key: {node_text(step.key)}" if step.key is not None else ""
        return f"{step.each.source} as {step.as_}{key}"
    if step.branches:
        return " / ".join(way.when.source if way.when is not None else "else" for way in step.branches)
    if step.until is not None:
        return f"until {step.until.source} (max: {step.most})"
    if step.review is not None:
        return node_text(step.review.title)
    if step.rules:
        rules = ", ".join(f"{rule.condition.source} → {rule.code}" for rule in step.rules)
        return f"{rules} (else: {step.otherwise})"
    if step.condition is not None:
        return step.condition.source
    return node_text(step.params or step.assign or (step.message if step.kind is StepKind.NOTE else ""))


def _once(once: Once) -> Iterator[Row]:
    """How one effect is known to have happened, once."""
    path = once.step.path
    yield f"{once.id}.once", node_text(once.key), (*path, "once")
    if once.verify is not None:
        yield (
            f"{once.id}.verify",
            once.verify.finder or ", ".join(_step(step) for step in once.verify.steps),
            (
                *path,
                "verify",
            ),
        )
        yield f"{once.id}.verify.asks", once.verify.asks, (*path, "verify", "asks")
        if once.verify.ours_if is not None:
            yield f"{once.id}.verify.ours_if", once.verify.ours_if.source, (*path, "verify", "ours_if")
    if once.step.leftover is not None:
        yield f"{once.id}.leftover", once.step.leftover.finder, (*path, "leftover")
    yield f"{once.id}.settle", f"{once.settle.total_seconds():g} s", (*path, "settle")
    for refusal in once.submit.refused:
        yield f"{once.id}.refused.{refusal.code}", node_text(refusal.target), (*path, "refused")


def lines(found: Found, *, explain: bool) -> Iterator[str]:
    """For people: `name = value`, and its place with `--explain`."""
    for row in found:
        why = f" ({row['why']})" if row["why"] else ""
        place = f"   # {near(row['from'])}{why}" if explain else ""
        yield f"{row['name']} = {row['value']}{place}"
