"""The manual procedure of a plan: what an agent does by hand, in numbered sentences.

It is what a person follows on the day the robot is stopped, and the script of the time study. It comes from the plan
alone, so it never says something else than what the robot does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from robo.definition.telling import Say, Teller
from robo.errors import fill
from robo.model.process import Kind, Rule, Step, StepKind
from robo.model.text import Node, Template
from robo.plan.model import Choice, Group, Loop, Once, Part, Piece, Plan, Repeat, Turns, every
from robo.plan.naming import names_of_checks
from robo.plan.phrases import PHRASES, TAKEN
from robo.plan.phrases_review import review_lines, review_names
from robo.plan.steps import params_of
from robo.plan.taking import notes_of
from robo.sdk.notation import spoken
from robo.sdk.snapshots import SNAPSHOT


def in_english(template: str, facts: Mapping[str, str]) -> str:
    """The translator that translates nothing."""
    return fill(template, facts)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing to do. `title`: what it is for, in the author's words; `notes`: what may happen, what is looked at."""

    text: str
    title: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chapter:
    """Sentences under one heading; they are numbered within it."""

    title: str
    sentences: tuple[Sentence, ...]
    of_one: bool = False  # it is what is done for each item


def manual(plan: Plan, say: Say = in_english) -> tuple[Chapter, ...]:
    """Every chapter of the procedure that has something to say."""
    writer = _Writer(plan, say)
    chapters = (
        Chapter(say("Before you begin", {}), (*writer.pieces(plan.every_session), *writer.pieces(plan.start))),
        *(Chapter(writer.first_use(host), tuple(writer.pieces(do))) for host, do in plan.by_host.items()),
        Chapter(writer.each(), tuple(writer.item()), of_one=True),
        Chapter(say("When a row was set aside", {}), tuple(writer.segments(plan.sequels.get("rejected", ())))),
        Chapter(say("When a row was left", {}), tuple(writer.segments(plan.sequels.get("skipped", ())))),
        Chapter(say("When everything is done", {}), tuple(writer.segments(plan.finish))),
    )
    return tuple(chapter for chapter in chapters if chapter.sentences)


class _Writer:
    """Writes sentences. Columns, inputs and outputs are called as a person sees them."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self.plan = plan
        self.say = say
        names = self._names()
        self.teller = Teller(say, names, self._dates(), plan.tables)
        self._bare = Teller(say, {**names, **self._columns()}, self._dates(), plan.tables)
        """For texts in which the columns of the row need not be called so."""
        self._turning = 0
        """In how many loops the sentences are that are being written."""

    # -- names

    def _columns(self) -> dict[str, str]:
        columns = self.plan.items.fields if self.plan.items else ()
        return {f"item.{column.name}": f"« {column.column} »" for column in columns}

    def _names(self) -> dict[str, str]:
        names = {
            name: self.say("%(column)s of the row", {"column": column}) for name, column in self._columns().items()
        }
        names |= names_of_checks(self.plan, self.say)
        names["run.items"] = self.say("everything that was taken", {})
        names |= {f"inputs.{name}": f"« {wanted.title or name} »" for name, wanted in self.plan.inputs.items()}
        for finder in self.plan.finders.values():
            names |= {f"find.{finder.name}.{name}": label for name, label in self._reads(finder.step)}
        for segment in every(self.plan.every_part):
            once = segment.once
            names |= review_names(segment.review, self.say)
            if once is None:
                continue
            if (seen := self._look(once)) is not None:
                names |= {f"{once.id}.{name}": label for name, label in self._reads(seen)}
            names |= {f"{once.id}.{name}": label for name, label in self.labels(once.submit.read or {})}
        names |= {f"item.{name}": f"« {name} »" for name in (self.plan.items.let if self.plan.items else ())}
        names |= {"item.code": self.say("the reason", {}), "item.message": self.say("the reason in words", {})}
        names["item.milestone"] = self.say("the days left", {})
        if self.plan.items is not None and self.plan.items.group is not None:
            names[f"item.{self.plan.items.group.as_}"] = self.say("the rows of the case", {})
        if self.plan.items is not None and isinstance(key := self.plan.items.key, Template) and len(key.parts) == 1:
            source = getattr(key.parts[0], "source", "")
            names["item.key"] = names.get(source, "« item.key »")
        return names

    def _look(self, once: Once) -> Step | None:
        """The search that tells whether the effect is there."""
        verify = once.verify
        if verify is None:
            return None
        finder = self.plan.finders.get(verify.finder or "")
        last = finder.step if finder is not None else next(iter(verify.steps[-1:]), None)
        return last if last is not None and self.plan.actions[last.action].finder else None

    def _dates(self) -> frozenset[str]:
        columns = self.plan.items.fields if self.plan.items else ()
        return frozenset(f"item.{column.name}" for column in columns if column.type is Kind.DATE)

    def _reads(self, step: Step) -> Iterator[tuple[str, str]]:
        read = self._params(step).get("read")
        yield from self.labels(read if isinstance(read, Mapping) else {})

    def labels(self, read: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
        """The names that are read, each with the label it is read at."""
        for name, target in read.items():
            yield name, self.target(target)

    # -- chapters

    def first_use(self, host: str) -> str:
        """The heading of what is done where an application is used for the first time."""
        wanted = self.plan.inputs.get(host)
        facts = {"host": wanted.title or host if wanted is not None else host}
        return self.say("The first time you need « %(host)s », and whenever it asks you to sign in", facts)

    def each(self) -> str:
        """The heading of what is done again and again."""
        return self.say("For each row", {}) if self.plan.items is not None else self.say("What to do", {})

    def item(self) -> Iterator[Sentence]:
        """One item, from taking it to its last step."""
        if self.plan.items is not None:
            yield self._take()
        yield from self.segments(self.plan.segments)

    def _take(self) -> Sentence:
        items = self.plan.items
        assert items is not None  # noqa: S101 - asked only then
        notes = tuple(notes_of(items, self.say, self._of_row))
        if items.source is None:
            rows = "; ".join(", ".join(self.value(value) for value in row.values.values()) for row in items.rows)
            return Sentence(self.say("Take the next of these: %(rows)s.", {"rows": rows}), notes=notes)
        source = self._params(items.source)
        if take := TAKEN.get(items.source.action):
            return Sentence(take(self, source), notes=notes)
        facts = {
            "file": self.value(source.get("file", items.source.action)),
            "sheet": self.value(source.get("sheet", "")),
        }
        if "at" in source:
            text = self.say("In the list of the page %(page)s, take the next row.", {"page": self.value(source["at"])})
        elif "sheet" in source:
            text = self.say("In the workbook %(file)s, sheet %(sheet)s, take the next row.", facts)
        else:
            text = self.say("In %(file)s, take the next row.", facts)
        return Sentence(text, notes=notes)

    def _of_row(self, node: Node) -> str:
        """What is calculated of a row, its columns called as they are."""
        if isinstance(node, Template):
            return "".join(part if isinstance(part, str) else self._bare.tell(part.source) for part in node.parts)
        return self.value(node)

    def segments(self, parts: tuple[Part, ...]) -> Iterator[Sentence]:
        """All segments in order."""
        for part in parts:
            if isinstance(part, Turns):
                self._turning += 1
                inside = tuple(self.segments(part.segments))
                self._turning -= 1
                yield from self._turns(part.step, inside)
                continue
            yield from self.pieces(part.lead)
            if part.review is not None:
                yield self._step(part.review)
            if part.once is not None:
                yield from self._once(part.once)

    def pieces(self, pieces: tuple[Piece, ...], when: str = "") -> Iterator[Sentence]:
        """Units and groups; the condition of a group is said with each of its steps."""
        for piece in pieces:
            if isinstance(piece, Group):
                source = piece.step.when.source if piece.step.when is not None else ""
                yield from self.pieces(piece.do, source or when)
                yield from self._rescues(piece)
            elif isinstance(piece, Loop):
                yield from self._turns(piece.step, tuple(self.pieces(piece.pieces)), when)
            elif isinstance(piece, Repeat):
                yield from self._repeat(piece, when)
            elif isinstance(piece, Choice):
                yield from self._ways(piece)
            else:
                for step in piece.steps:
                    yield self._step(step, when)

    def _turns(self, loop: Step, inside: tuple[Sentence, ...], when: str = "") -> Iterator[Sentence]:
        """How often the sentences that follow are done."""
        facts = {"count": str(len(inside)), "name": loop.as_, "list": self.tell(loop.each.source if loop.each else "")}
        text = self.say("Do the next %(count)s point(s) for each « %(name)s » of %(list)s, one after the other.", facts)
        yield self._told(loop, text, when)
        yield from inside

    def _repeat(self, piece: Repeat, when: str) -> Iterator[Sentence]:
        """What is done again, and what stands between two times."""
        do, between = tuple(self.pieces(piece.do)), tuple(self.pieces(piece.between))
        step = piece.step
        facts = {
            "count": str(len(do)),
            "condition": self.tell(step.until.source if step.until else ""),
            "most": str(step.most),
        }
        text = self.say("Do the next %(count)s point(s) until %(condition)s, at most %(most)s times.", facts)
        yield self._told(step, text, when)
        yield from do
        if between:
            facts = {"count": str(len(between))}
            yield Sentence(self.say("Not yet? Do the next %(count)s point(s), and begin again.", facts))
            yield from between

    def _ways(self, piece: Choice) -> Iterator[Sentence]:
        """Each way under its condition; the points of the last one, which has none, are counted."""
        if piece.step.when is not None:
            yield self._told(piece.step, self.say("choose one of the following.", {}), "")
        for when, pieces in piece.ways:
            inside = tuple(self.pieces(pieces))
            facts = {"count": str(len(inside)), "condition": self.tell(when.source) if when is not None else ""}
            if when is not None:
                yield Sentence(self.say("If %(condition)s, do the next %(count)s point(s).", facts), piece.step.title)
            else:
                yield Sentence(self.say("Otherwise do the next %(count)s point(s).", facts))
            yield from inside

    def _rescues(self, piece: Group) -> Iterator[Sentence]:
        for _, pieces in piece.rescues:
            inside = tuple(self.pieces(pieces))
            facts = {"count": str(len(inside))}
            yield Sentence(self.say("If one of these does not come, do the next %(count)s point(s) instead.", facts))
            yield from inside

    # -- steps

    def _told(self, step: Step, text: str, when: str, notes: tuple[str, ...] = ()) -> Sentence:
        """A sentence under the step's condition, with the title its author gave it."""
        condition = step.when.source if step.when is not None else when
        if condition:
            text = self.say("If %(condition)s: %(text)s", {"condition": self.tell(condition), "text": text})
        return Sentence(text, step.title, notes)

    def _step(self, step: Step, when: str = "", notes: tuple[str, ...] = (), last: str = "") -> Sentence:
        text, *lines = self._text(step)
        notes = (*lines, *notes)
        if step.optional:
            notes = (*notes, self.say("If it is not there, go on.", {}))
        for refusal in step.refused:
            facts = {"words": self.target(refusal.target), "code": refusal.code}
            notes += (self.say("If the page says %(words)s, set the row aside (%(code)s).", facts),)
        for target in step.expect:
            notes += (self.say("The page must then show %(target)s.", {"target": self.target(target)}),)
        return self._told(step, text, when, (*notes, last) if last else notes)

    def _text(self, step: Step) -> tuple[str, ...]:
        """What to do, and the lines below it when there is much of it."""
        if step.kind is not StepKind.ACTION:
            return self._control(step)
        phrase = PHRASES.get(step.action)
        if phrase is not None:
            told = phrase(self, self._params(step))
            return (told,) if isinstance(told, str) else told
        spec = self.plan.actions[step.action]
        given = ", ".join(f"{name}: {self.value(node)}" for name, node in self._params(step).items())
        return (f"{spec.summary} {given}".strip(),)

    def _control(self, step: Step) -> tuple[str, ...]:
        if step.condition is not None:
            facts = {"condition": self.tell(step.condition.source), "reason": self.reason(step.message) or step.code}
            if step.kind is StepKind.REJECT_IF:
                return (self.say("If %(condition)s, set the row aside for a person: %(reason)s.", facts),)
            if step.kind is StepKind.HAND_OVER_IF:
                return (self.say("If %(condition)s, go on, and leave the rest to a person: %(reason)s.", facts),)
            return (self.say("If %(condition)s, leave the row, there is nothing to do: %(reason)s.", facts),)
        if step.kind is StepKind.CHECK:
            return self._check(step)
        if step.review is not None:
            return review_lines(self, step.review)
        if step.kind is StepKind.NOTE:
            return (self.say("Remark: %(words)s.", {"words": self.reason(step.message)}),)
        if step.kind is StepKind.OUTPUT:
            told = "; ".join(f"« {name} » = {self.value(node)}" for name, node in step.assign.items())
            return (self.say("Report: %(values)s.", {"values": told}),)
        noted = "; ".join(f"« {name} » = {self.value(node)}" for name, node in step.assign.items())
        return (self.say("Note: %(values)s.", {"values": noted}),)

    def _check(self, step: Step) -> tuple[str, ...]:
        """All rules, a line each."""
        heading = {
            "reject": self.say("Check all of this; if anything is so, set the row aside for a person and say why:", {}),
            "hand_over": self.say("Check all of this; if anything is so, go on, and tell a person why:", {}),
            "continue": self.say("Check all of this, and note what is so:", {}),
        }[step.otherwise]
        return (heading, *(f"{self.tell(rule.condition.source)}: {self._broken(rule)}" for rule in step.rules))

    def _broken(self, rule: Rule) -> str:
        """What a broken rule says, behind what it is about."""
        return " : ".join(filter(None, (self.reason(rule.title), self.reason(rule.says) or rule.code)))

    def _once(self, once: Once) -> Iterator[Sentence]:
        """Look first, do, read the proof; in doubt look again, never do it again."""
        look = self._look(once)
        if look is not None and once.verify is not None and once.verify.asks != "after":
            yield self._look_first(look)
        when = once.step.when.source if once.step.when is not None and once.submit is not once.step else ""
        yield from self._leftover(once)
        yield from self.pieces(once.body, when)
        for step in once.entries:
            yield self._step(step, when)
        notes = tuple(
            self.say("Note %(label)s: it is the proof.", {"label": label})
            for _, label in self.labels(once.submit.read or {})
        )
        doubt = self.say("No answer? Never press it again: search first.", {})
        yield self._step(once.submit, when, notes, doubt if look is not None else "")

    def _leftover(self, once: Once) -> Iterator[Sentence]:
        """What an earlier start left is put in order first."""
        leftover = once.step.leftover
        finder = self.plan.finders.get(leftover.finder) if leftover is not None else None
        if finder is None:
            return
        inside = tuple(self.pieces(once.leftover))
        text, *_ = self._text(finder.step)
        facts = {"count": str(len(inside))}
        note = self.say("It is there: do the next %(count)s point(s) first.", facts)
        yield Sentence(text, self.say("Is an earlier start still there?", {}), (note,))
        yield from inside

    def _look_first(self, look: Step) -> Sentence:
        params = self._params(look)
        there = (
            self.say("It is there: go on with the next one.", {})
            if self._turning
            else self.say("It is there: leave the row, somebody has done it.", {})
        )
        notes = [there]
        if "empty" in params:
            facts = {"words": self.target(params["empty"])}
            notes.append(self.say("The page says %(words)s: go on.", facts))
        text, *_ = self._text(look)
        return Sentence(text, self.say("Is it already there?", {}), tuple(notes))

    # -- values

    def _params(self, step: Step) -> Mapping[str, Node]:
        spec = self.plan.actions.get(step.action)
        return params_of(spec, step.params) if spec is not None else {}

    def tell(self, source: str) -> str:
        return self.teller.tell(source)

    def value(self, node: Node) -> str:
        """A value as a person would be told it."""
        if isinstance(node, Template):
            return "".join(part if isinstance(part, str) else self.tell(part.source) for part in node.parts)
        if isinstance(node, Mapping):
            return ", ".join(f"« {name} » = {self.value(value)}" for name, value in node.items())
        if isinstance(node, tuple):
            return ", ".join(self.value(value) for value in node)
        return f"« {node} »" if node else ""

    def reason(self, words: Node) -> str:
        """Why a row is set aside, in the words the service will read."""
        return self._of_row(words) if isinstance(words, Template) else str(words)

    def target(self, node: Node) -> str:
        """What to find on a page, by its words."""
        if isinstance(node, tuple):
            return self.target(node[0]) if node else ""
        if isinstance(node, Mapping):
            silent = {"within", "nth", "match", "type", "format", "code"}
            words = [spoken(part) if key == SNAPSHOT else part for key, part in node.items() if key not in silent]
            return self.value(words[0]) if words else ""
        return self.value(node)

    def entered(self, node: Node) -> Iterator[tuple[str, str]]:
        """`{field: value}` in words."""
        for field, value in (node if isinstance(node, Mapping) else {}).items():
            yield f"« {field} »", self.value(value)
