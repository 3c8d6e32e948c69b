"""What the page's script could not do, as errors a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robo.sdk.errors import Ambiguous, Failure, NotFound, TimedOut

ALTERNATIVES: Final = "name it as the page writes it; `role:`, `within:` or `nth:` tell alike ones apart"


def listed(texts: Any) -> str:
    return " · ".join(f"«{text}»" for text in texts or ()) or "nothing alike"


def failed(answer: Mapping[str, Any], what: str, step: str) -> Failure:
    """The error for a job that answered `{failed: …}`. `what` is the target in words."""
    kind = answer["failed"]
    if kind == "several":
        return Ambiguous(
            "RB702",
            "%(target)s is there %(count)s times: %(places)s",
            place=step,
            remedy=ALTERNATIVES,
            target=what,
            count=answer.get("count", 0),
            places=listed(answer.get("places")),
        )
    if kind == "none":
        return NotFound(
            "RB701",
            "%(target)s is not on the page; nearest: %(near)s",
            place=step,
            remedy=ALTERNATIVES,
            target=what,
            near=listed(answer.get("near")),
        )
    if kind == "option":
        return NotFound(
            "RB707",
            "%(target)s does not offer «%(text)s»; it offers: %(near)s",
            place=step,
            remedy="write the choice as the page shows it, or translate it by a table",
            target=what,
            text=answer.get("text", ""),
            near=listed(answer.get("near")),
        )
    if kind == "origin":
        return Failure(
            "RB713",
            "a secret would have been typed on %(origin)s, which is not a host of this process",
            place=step,
            remedy="declare it under `hosts` if it is the right one",
            origin=answer.get("origin", ""),
        )
    return _in_the_way(answer, what, step)


def _in_the_way(answer: Mapping[str, Any], what: str, step: str) -> Failure:
    kind = answer["failed"]
    if kind == "locked":
        return TimedOut(
            "RB708",
            "%(target)s is there, but the page keeps it locked",
            place=step,
            remedy="something before it is probably still missing on the page",
            target=what,
        )
    if kind == "moving":
        return TimedOut("RB718", "%(target)s never comes to rest", place=step, remedy="report the page", target=what)
    if kind == "button":
        return NotFound(
            "RB719",
            "the form has no button of its own",
            place=step,
            remedy="name the one that starts the search: `button: …`",
        )
    return TimedOut(
        "RB709",
        "%(target)s cannot be clicked: %(places)s is in front of it",
        place=step,
        remedy="close what covers it in a step before",
        target=what,
        places=listed(answer.get("places")),
    )
