"""What became of the world outside robo when a case was played: what applications hold, mails, folders."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, Protocol

from robo.definition.diagnostics import nearest
from robo.errors import Words, phrase
from robo.model.case import CaseFault, Given, Held
from robo.model.process import Input, Kind
from robo.services.cases.post import Mail

MOST: Final = 12
"""Names that are listed when one is not there."""


class Portal(Protocol):
    """The practice portal as a case needs it."""

    def address(self, name: str) -> str:
        """Of its application of this name; of the residence portal when there is none."""
        ...

    def strike(self, fault: CaseFault, references: Sequence[str], *, search: bool) -> None:
        """Make this go wrong, for these references, or for everybody (`fault.every`)."""
        ...

    @property
    def shelves(self) -> Collection[str]:
        """What the portal and its further applications hold, by name (`dossiers`)."""
        ...

    def hold(self, given: Given) -> None:
        """Something that is there before the robot comes. Raises `ValueError` when it cannot say that."""
        ...

    def held(self, shelf: str, reference: str) -> Sequence[Mapping[str, str]]:
        """What is there of a reference: the words of each."""
        ...

    def mails(self) -> Sequence[Mail]:
        """Every mail that was written, in order."""
        ...

    def stand_on(self, day: date | None) -> None:
        """From now on it is this day in the mailbox; None: the real one."""
        ...

    def receive(self, folder: str, content: bytes | None, came: datetime, *, read: bool) -> None:
        """A mail into a folder of the mailbox, made where it is not there; None: the folder alone."""
        ...

    @property
    def folders(self) -> Collection[str]:
        """Of the mailbox, by name."""
        ...

    def kept(self, folder: str) -> Sequence[tuple[Mail, bool]]:
        """What lies in a folder of the mailbox, in the order it came, and whether it is marked as read."""
        ...


def lacking(message: str, name: str, known: Sequence[str]) -> Words:
    """Something is not there: what is, and what was probably meant."""
    facts = {"name": name, "known": ", ".join(known[:MOST]) + (" …" if len(known) > MOST else "") or "-"}
    meant = nearest(name, known)
    told = phrase(message, **facts)
    return phrase("%(told)s; did you mean %(meant)s?", told=told, meant=meant) if meant else told


def given_problems(given: Sequence[Given], portal: Portal) -> Iterator[Words]:
    """Puts into the portal what is there before the robot comes; what cannot be."""
    for each in given:
        yield from (strange := list(_strange(each.shelf, portal)))
        try:
            if not strange:
                portal.hold(each)
        except ValueError as bad:
            yield phrase("given, %(key)s: %(why)s", key=each.reference, why=str(bad))


def _strange(shelf: str, portal: Portal) -> Iterator[Words]:
    if shelf not in portal.shelves:
        yield lacking("the practice portal holds no %(name)s; it holds %(known)s", shelf, list(portal.shelves))


def portal_problems(wanted: Mapping[str, Mapping[str, Held]], portal: Portal) -> Iterator[Words]:
    """There are so many of a reference, or one that says this."""
    for shelf, references in wanted.items():
        yield from (strange := list(_strange(shelf, portal)))
        for reference, held in () if strange else references.items():
            yield from _held_problems(shelf, reference, held, portal.held(shelf, reference))


def _held_problems(shelf: str, reference: str, wanted: Held, found: Sequence[Mapping[str, str]]) -> Iterator[Words]:
    if len(found) != wanted.count:
        facts = {"found": len(found), "shelf": shelf, "reference": reference, "number": wanted.count}
        yield phrase("portal: %(found)s of %(reference)s in %(shelf)s, expected %(number)s", **facts)
        return
    for name, text in wanted.says.items():
        said = found[0].get(name)
        if said is None:
            yield lacking("portal: it says nothing of %(name)s; it says %(known)s", name, list(found[0]))
        elif not is_as(text, said):
            facts = {"shelf": shelf, "reference": reference, "name": name, "got": said, "text": text}
            yield phrase("portal: %(reference)s in %(shelf)s, %(name)s: « %(got)s », expected « %(text)s »", **facts)


def is_as(wanted: str, shown: str) -> bool:
    """Whether a text is the wanted one; `filled` and `empty` stand for any text, and for none."""
    return {"filled": bool(shown), "empty": not shown}.get(wanted, shown == wanted)


def folder_problems(
    wanted: Mapping[str, Sequence[str]], inputs: Mapping[str, Input], given: Mapping[str, str]
) -> Iterator[Words]:
    """Each folder holds these files, and no other. `given`: what the last run was given, by input."""
    folders = [name for name, one in inputs.items() if one.type is Kind.FOLDER and name in given]
    for name, files in wanted.items():
        if name not in folders:
            yield lacking("folders: the process has no folder %(name)s; there are %(known)s", name, folders)
            continue
        place = Path(given[name])
        found = sorted(each.relative_to(place).as_posix() for each in place.rglob("*") if each.is_file())
        if found != sorted(files):
            yield phrase(
                "folders: %(name)s holds %(found)s, expected %(wanted)s",
                name=name,
                found=", ".join(found) or "-",
                wanted=", ".join(sorted(files)) or "-",
            )
