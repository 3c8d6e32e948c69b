"""What can go wrong in the portal, on purpose: standing faults, and faults scripted for one reference.

A fault strikes at a step of the dialogue (`at`), before or after the portal has done what it was asked (`moment`):

=============== ==========================================================================================
`error500`      an error page
`down`          503; standing with `how="refuse"`: the port refuses connections
`slow`          the answer comes `seconds` later
`lost`          the connection is cut without an answer: `how` is `close` (FIN), `reset` (RST) or `hang`
`late`          accepted, filed only `seconds` later, and the answer is lost at once
`logged_out`    the session is gone: the answer is the sign-in page
`changed_label` labels are shown as `labels` says
`wrong_password` the sign-in page refuses whoever comes
=============== ==========================================================================================
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

Kind = Literal["error500", "down", "slow", "lost", "late", "logged_out", "changed_label", "wrong_password"]
Step = Literal[
    "any", "login", "dashboard", "search", "open", "identity", "stay", "review", "submit", "receipt", "list", "api"
]
Moment = Literal["before", "after"]
How = Literal["close", "reset", "hang", "refuse"]

_HABITS: Mapping[Kind, tuple[Step, Moment]] = {
    "error500": ("submit", "before"),
    "down": ("any", "before"),
    "slow": ("any", "before"),
    "lost": ("submit", "after"),
    "late": ("submit", "after"),
    "logged_out": ("submit", "before"),
    "changed_label": ("any", "before"),
    "wrong_password": ("login", "before"),
}
_CHOICES: Mapping[str, Any] = {"kind": Kind, "at": Step, "moment": Moment, "how": How}


@dataclass(frozen=True)
class Fault:
    """One fault. `at` and `moment` left out take the habit of the kind (`lost`: at submit, after accepting).

    Raises:
        ValueError: a word that is none of the declared ones, or a `late` that would strike elsewhere than after.
    """

    kind: Kind
    at: Step | None = field(default=None, kw_only=True)
    moment: Moment | None = field(default=None, kw_only=True)
    seconds: float = field(default=0.0, kw_only=True)
    how: How = field(default="close", kw_only=True)
    labels: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        """Fill in the habits of the kind, then refuse what makes no sense."""
        if self.kind not in _HABITS:
            raise ValueError(f"fault kind {self.kind!r}: one of {', '.join(_HABITS)}")
        at, moment = _HABITS[self.kind]
        object.__setattr__(self, "at", self.at or at)
        object.__setattr__(self, "moment", self.moment or moment)
        for name, choice in _CHOICES.items():
            if getattr(self, name) not in get_args(choice):
                raise ValueError(f"fault {name} {getattr(self, name)!r}: one of {', '.join(get_args(choice))}")
        if self.kind == "late" and (self.at, self.moment) != ("submit", "after"):
            raise ValueError("a late fault strikes at submit, after")

    @classmethod
    def parse(cls, raw: Any) -> Fault:
        """A fault from its JSON form; `ValueError` says what is wrong with it."""
        known = {item.name for item in fields(cls)}
        if not isinstance(raw, dict) or "kind" not in raw or set(raw) - known:
            raise ValueError(f"a fault is an object with `kind` and some of {', '.join(sorted(known))}")
        return cls(**raw)

    def meets(self, at: Step) -> bool:
        """Whether this fault strikes at that step."""
        return self.at in ("any", at)

    def as_json(self) -> dict[str, Any]:
        """The form `parse` reads."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A fault that has struck: when (Unix time), at which step, for which reference."""

    at: float
    step: str
    reference: str
    kind: str

    def as_json(self) -> dict[str, Any]:
        """The form sent by the control port."""
        return asdict(self)


class Board:
    """The switches of one running portal. Held in memory: a restarted portal is a healthy one."""

    def __init__(self, *, idle_seconds: float) -> None:
        self.standing: tuple[Fault, ...] = ()
        self.scripts: dict[str, list[Fault]] = {}
        self.accept_duplicates = False
        self.idle_seconds = idle_seconds
        self.struck: list[Strike] = []
        self._usual_idle = idle_seconds

    def take(self, at: Step, reference: str = "") -> tuple[Fault, ...]:
        """The faults that strike now: the next scripted one for this reference, if it is its step (consumed), and
        every standing one. A script is played in its order: what comes second waits until the first has struck."""
        script = self.scripts.get(reference, [])
        scripted = script.pop(0) if script and script[0].meets(at) else None
        standing = tuple(fault for fault in self.standing if fault.meets(at))
        now = ((scripted,) if scripted else ()) + standing
        self.struck.extend(Strike(at=time.time(), step=at, reference=reference, kind=f.kind) for f in now)
        return now

    def labels(self) -> dict[str, str]:
        """The label changes that stand, later ones winning."""
        return {old: new for fault in self.standing for old, new in fault.labels.items()}

    @property
    def refusing(self) -> bool:
        """Whether the public port must refuse connections."""
        return any(fault.kind == "down" and fault.how == "refuse" for fault in self.standing)

    def change(self, raw: Mapping[str, Any]) -> None:
        """Apply a JSON change, all of it or nothing; `ValueError` says what is wrong.

        Members, each optional: `standing` (replaces all), `scripts` (replaces per reference), `accept_duplicates`,
        `idle_seconds`.
        """
        if unknown := set(raw) - {"standing", "scripts", "accept_duplicates", "idle_seconds"}:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        standing = _faults(raw["standing"]) if "standing" in raw else list(self.standing)
        scripts = {str(key): _faults(value) for key, value in dict(raw.get("scripts", {})).items()}
        idle = float(raw.get("idle_seconds", self.idle_seconds))
        self.standing, self.idle_seconds = tuple(standing), idle
        self.scripts.update(scripts)
        self.accept_duplicates = bool(raw.get("accept_duplicates", self.accept_duplicates))

    def clear(self) -> None:
        """Back to a healthy portal; what has struck stays on record."""
        self.standing, self.scripts = (), {}
        self.accept_duplicates = False
        self.idle_seconds = self._usual_idle

    def as_json(self) -> dict[str, Any]:
        """Everything, as the control port shows it. `scripts` holds what has not struck yet."""
        return {
            "standing": [fault.as_json() for fault in self.standing],
            "scripts": {ref: [fault.as_json() for fault in left] for ref, left in self.scripts.items() if left},
            "accept_duplicates": self.accept_duplicates,
            "idle_seconds": self.idle_seconds,
            "struck": [strike.as_json() for strike in self.struck],
        }


def _faults(raw: object) -> list[Fault]:
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise ValueError("expected a list of faults")  # noqa: TRY004 - one error for whatever the JSON holds
    return [Fault.parse(item) for item in raw]
