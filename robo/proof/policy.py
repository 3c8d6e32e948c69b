"""Whom an auditor trusts (c2sp.org/tlog-policy): the logs, the witnesses, and how many of them must have seen the same.

The policy comes with the auditor, never with the log: what a server says about its own identity proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from robo.errors import InfrastructureError, Words, phrase
from robo.proof.checkpoint import Checkpoint, signed_checkpoint
from robo.proof.note import COSIGNATURE, ED25519, Note, VerifierKey

NONE: Final = "none"
_BLANK: Final = re.compile(r"[ \t]+")
_URL: Final = re.compile(r"https?://[^/?#@\s]+(?:/[^?#\s]*)?")
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs by their keys, witnesses and groups (how many of which) by the names the file gives them, the quorum, and
    where those witnesses are asked whose line says it."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = NONE
    urls: Mapping[str, str] = field(default_factory=dict)

    def of(self, origin: str) -> Policy:
        """The same policy for one log: who asks about a log names it, and no checkpoint of another is taken for it."""
        return replace(self, logs=tuple(key for key in self.logs if key.name == origin))

    def is_met(self, seen: Mapping[str, int], name: str = "") -> bool:
        """Whether the witnesses named in `seen` are the quorum (or the group `name`)."""
        name = name or self.quorum
        if name in self.groups:
            least, members = self.groups[name]
            return sum(self.is_met(seen, member) for member in members) >= least
        return name == NONE or name in seen


class Light(StrEnum):
    """How far a checkpoint is countersigned."""

    GREEN = "green"
    """By the quorum, not long ago."""
    ORANGE = "orange"
    """By the quorum, but long ago; or not by the quorum yet."""
    RED = "red"
    """A witness refused it, or a signature is wrong. Only an auditor ends this, with a reason that is logged."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of a checkpoint. `by` is who countersigned, with their times in seconds since 1970; `met`
    whether they are the quorum, however long ago."""

    light: Light
    by: Mapping[str, int]
    met: bool
    why: Words = ""


FRESH: Final = 15 * 60
"""Seconds that a quorum stays green."""
AHEAD: Final = 5 * 60
"""Seconds that a witness's clock may be ahead; a cosignature from later than that counts for nothing."""


def countersigned(policy: Policy, note: Note, now: int | None = None) -> tuple[Checkpoint, dict[str, int]]:
    """The checkpoint that a log of the policy signed, and who countersigned it, with their times (seconds since 1970).
    RB633 when a signature is wrong, of the log or of a witness that the policy knows; RB632, RB648."""
    checkpoint = signed_checkpoint(note, policy.logs)
    times = note.signed_by(policy.witnesses.values())
    latest = None if now is None else now + AHEAD
    by = {
        name: times[key]
        for name, key in policy.witnesses.items()
        if key in times and (latest is None or times[key] <= latest)
    }
    return checkpoint, by


def judge(policy: Policy, note: Note, now: int | None = None, refused: str = "") -> Verdict:
    """The verdict on a signed checkpoint at `now` (seconds since 1970; None: its age does not matter). `refused` is the
    witness that refused it. Never raises for what is wrong with the note: that is what red says."""
    try:
        _, by = countersigned(policy, note, now)
    except InfrastructureError as wrong:
        return Verdict(Light.RED, {}, met=False, why=phrase(wrong.message, **wrong.facts))
    met = policy.is_met(by)
    if refused:
        why = phrase("%(name)s refused to countersign: it has seen another history of this log", name=refused)
        return Verdict(Light.RED, by, met, why)
    if not met:
        return Verdict(Light.ORANGE, by, met, phrase("too few witnesses countersigned"))
    recent = {name: when for name, when in by.items() if now is None or when >= now - FRESH}
    if not policy.is_met(recent):
        return Verdict(Light.ORANGE, by, met, phrase("the witnesses countersigned too long ago"))
    return Verdict(Light.GREEN, by, met)


def read_policy(text: str) -> Policy:
    """The policy of a file. `InfrastructureError` RB635 names the first line that is wrong and what is wrong there."""
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        words = _BLANK.sub(" ", line).strip(" ").split(" ")
        if _FORBIDDEN.search(line):
            raise _wrong("RB635", number, why="it holds control characters")
        if words[0] and not words[0].startswith("#"):
            reader.line(number, words[0], words[1:])
    if reader.quorum is None:
        raise _wrong("RB635", 0, why="it has no line `quorum`")
    return Policy(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum, reader.urls)


class _Reader:
    """What the lines so far have said."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum: str | None = None
        self.members: set[str] = set()
        self.urls: dict[str, str] = {}

    def line(self, number: int, keyword: str, words: list[str]) -> None:
        most = {"log": 2, "witness": 3, "group": len(words), "quorum": 1}.get(keyword, -1)
        least = {"log": 1, "witness": 2, "group": 3, "quorum": 1}.get(keyword, 0)
        if not least <= len(words) <= most:
            raise _wrong("RB635", number, why="it is no line of a policy: log, witness, group or quorum")
        if keyword == "log":
            self.logs.append(self._key(number, words[0], ED25519))
        elif keyword == "witness":
            name = self._new(number, words[0])
            self.witnesses[name] = self._key(number, words[1], COSIGNATURE)
            if words[2:]:
                self.urls[name] = self._url(number, words[2])
        elif keyword == "group":
            self._group(number, words[0], words[1], words[2:])
        elif self.quorum is not None:
            raise _wrong("RB635", number, why="the quorum is said twice")
        else:
            self.quorum = words[0] if words[0] == NONE else self._known(number, words[0])

    def _group(self, number: int, name: str, least: str, members: list[str]) -> None:
        for member in members:
            if self._known(number, member) in self.members:
                raise _wrong("RB635", number, why=phrase("%(name)s is a member already", name=member))
            self.members.add(member)
        numbers = {"all": len(members), "any": 1}
        count = numbers.get(least, int(least) if re.fullmatch("[0-9]{1,4}", least) else 0)
        if not 1 <= count <= len(members):
            raise _wrong("RB635", number, why="a group needs `all`, `any` or a number of its members")
        self.groups[self._new(number, name)] = (count, tuple(members))

    def _key(self, number: int, text: str, kind: int) -> VerifierKey:
        """A key that stands on no earlier line: a log that is its own witness is seen by nobody."""
        key = VerifierKey.parse(text, _line(number))
        if key.kind != kind:
            raise _wrong("RB635", number, why="a log's key signs notes (01), a witness's key cosigns (04)")
        if any(key.public == each.public for each in (*self.logs, *self.witnesses.values())):
            raise _wrong("RB635", number, why="the same key stands on an earlier line")
        return key

    def _url(self, number: int, url: str) -> str:
        if not _URL.fullmatch(url):
            raise _wrong("RB635", number, why="the address of a witness is not one of https://…")
        return url.removesuffix("/")

    def _new(self, number: int, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise _wrong("RB635", number, why=phrase("the name %(name)s is taken", name=name))
        return name

    def _known(self, number: int, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise _wrong("RB635", number, why=phrase("no line before names a witness or a group %(name)s", name=name))
        return name


def _line(number: int) -> str:
    return f"line {number}" if number else ""


def _wrong(code: str, number: int, *, why: Words) -> InfrastructureError:
    return InfrastructureError(
        code,
        "the policy cannot be used: %(why)s",
        place=_line(number),
        remedy="correct the file; its format is c2sp.org/tlog-policy",
        why=why,
    )
