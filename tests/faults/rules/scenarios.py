"""One scenario for each rule of the once protocol: the model's shortest run, on the real engine and the real store."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from lab import BY_ITSELF, MARKED, ONLY_AFTER, REFUSED, Claimed, Died, Lab, Request

from robo.model.base import ItemState
from robo.sdk.runner import Answer
from robo.store import decisions

Scenario = Callable[[Path], Awaitable[list[str]]]
SCENARIOS: dict[str, Scenario] = {}


def scenario(play: Callable[[Lab], Awaitable[None]]) -> Callable[[Lab], Awaitable[None]]:
    """Registers a scenario under its function's name, to be played in a lab of its own."""
    verify = getattr(play, "verify", MARKED)

    async def whole(folder: Path) -> list[str]:
        lab = Lab(folder, verify)
        try:
            await play(lab)
            return lab.broken()
        except Exception as trouble:  # noqa: BLE001 - a robo with a rule taken out may stumble; what it broke counts
            return [*lab.broken(rest=False), f"{type(trouble).__name__} {getattr(trouble, 'code', trouble)}"]
        finally:
            lab.close()

    SCENARIOS[play.__name__] = whole
    return play


def looks_only_after(play: Any) -> Any:
    play.verify = ONLY_AFTER
    return play


def proves_itself(play: Any) -> Any:
    play.verify = BY_ITSELF
    return play


# -- what a click may lead to


def answer_lost(lab: Lab) -> Callable[[Request], Awaitable[Answer]]:
    """Accepted, and the answer never comes."""

    async def click(request: Request) -> Answer:
        lab.portal.file(request)
        return Answer(requests=1)

    return click


def files_later(lab: Lab, seconds: float, *, dies: bool = False) -> Callable[[Request], Awaitable[Answer]]:
    """Still on its way after `seconds` (less than the settle time: assumption A1 holds); the worker may die."""

    async def click(request: Request) -> Answer:
        request.due = lab.timer.at + timedelta(seconds=seconds)
        if dies:
            raise Died
        return Answer(requests=1)

    return click


def claimed(lab: Lab, worker: str) -> Claimed:
    found = lab.claim(worker)
    assert found is not None
    return found


# -- the rules


@scenario
async def claim(lab: Lab) -> None:
    """A wake-up is delivered twice: two workers claim one attempt. The second must get nothing."""
    lab.open("K")
    first = claimed(lab, "A")

    async def second() -> None:
        await lab.attempt("B")

    lab.after_gate.append(second)
    await lab.attempt("A", first)
    await lab.to_rest()


@scenario
async def fence(lab: Lab) -> None:
    """A worker paused before its intent wakes up after the sweep gave its item to another."""
    lab.open("K")

    async def taken_over() -> None:
        lab.dead.add("A")
        lab.sweep()

    lab.before_gate.append(taken_over)
    await lab.attempt("A")
    await lab.to_rest()


@scenario
async def number(lab: Lab) -> None:
    """Two items share one once key; both read the row before either has written its intent."""
    lab.open("K1", "K2", once="X")
    first, second = claimed(lab, "A"), claimed(lab, "B")
    lab.clicks.append(files_later(lab, 5))

    async def other_acts() -> None:
        await lab.attempt("B", second)

    lab.before_gate.append(other_acts)
    await lab.attempt("A", first)
    await lab.to_rest()


@scenario
async def first(lab: Lab) -> None:
    """A worker dies right after its click; the portal has not filed yet when the next one takes over."""
    lab.open("K")
    lab.clicks.append(files_later(lab, 15, dies=True))
    await lab.attempt("A")
    lab.sweep()
    await lab.attempt("B")
    await lab.to_rest()


async def _listener(folder: Path) -> list[str]:
    """A worker is paused between its gate and its click; the page must know that it is too late."""
    from listening import listener

    return await listener(folder)


SCENARIOS["listener"] = _listener


@scenario
async def wait(lab: Lab) -> None:
    """The answer is lost while the request is still on its way: whoever looks now sees nothing."""
    lab.open("K")
    lab.clicks.append(files_later(lab, 25))
    await lab.attempt("A")
    await lab.to_rest()


@scenario
async def jump(lab: Lab) -> None:
    """The answer is lost, the request on its way, and the database clock jumps on by an hour: `act_by` seems past."""
    lab.open("K")

    async def click(request: Request) -> Answer:
        lab.timer.jumped = 3600
        return await files_later(lab, 25)(request)

    lab.clicks.append(click)
    await lab.attempt("A")
    await lab.to_rest()


@scenario
async def twice(lab: Lab) -> None:
    """The portal never files what it is sent: after two submits that are not there, a person is asked."""
    lab.open("K")

    async def click(request: Request) -> Answer:
        return Answer(requests=1)

    lab.clicks.extend([click] * 200)
    await lab.attempt("A")
    await lab.to_rest(hours=1)


@scenario
async def plain(lab: Lab) -> None:
    """Nothing goes wrong: one click, one receipt, one credit. Whatever rule is taken out, this must still hold."""
    lab.open("K1", "K2")
    await lab.to_rest()
    assert [lab.state(key) for key in ("K1", "K2")] == [ItemState.DONE] * 2
    assert sorted(lab.portal.filed) == ["K1", "K2"]


@scenario
async def positive(lab: Lab) -> None:
    """The answer is lost and the portal is down when it is time to look: that is not "absent"."""
    lab.open("K")
    lab.clicks.append(answer_lost(lab))
    await lab.attempt("A")
    lab.pass_(60)
    lab.portal.down = True
    await lab.attempt("B")
    await lab.to_rest(hours=0.02)
    lab.portal.down = False
    await lab.to_rest()


@scenario
async def time(lab: Lab) -> None:
    """The answer to the intent comes 15 s late: the time of the page began when the intent was asked for."""
    lab.open("K")

    async def slow_answer() -> None:
        lab.pass_(15)

    async def slow_page() -> None:
        lab.pass_(9)

    lab.after_intent.append(slow_answer)
    lab.after_gate.append(slow_page)
    lab.clicks.append(files_later(lab, 25, dies=True))
    await lab.attempt("A")
    lab.dead.add("A")
    await lab.to_rest()


@scenario
@looks_only_after
async def shared(lab: Lab) -> None:
    """The worker dies after the receipt, a person cancels the item, and the key comes again in a later run."""
    lab.open("K")

    async def dies() -> None:
        raise Died

    lab.after_receipt.append(dies)
    await lab.attempt("A")
    lab.sweep()
    assert lab.decide(decisions.cancel, lab.saw("K"))
    lab.open("K")
    await lab.to_rest()


@scenario
async def refusal(lab: Lab) -> None:
    """One click leaves twice: the first request is accepted, the second refused, and only that answer is read."""
    lab.open("K")

    async def click(request: Request) -> Answer:
        lab.portal.file(request)
        return Answer(refused=REFUSED, words="Déjà enregistré", requests=2)

    lab.clicks.append(click)
    await lab.attempt("A")
    await lab.to_rest()


@scenario
async def mark(lab: Lab) -> None:
    """The page refuses a late click; meanwhile an agent does the work by hand, and verify finds it."""
    lab.open("K")

    async def slow() -> None:
        lab.pass_(11)
        lab.portal.by_hand.append("K")

    lab.after_gate.append(slow)
    await lab.attempt("A")
    await lab.to_rest()


@scenario
async def credit(lab: Lab) -> None:
    """Two items share one once key and one unit: the effect is one, and so is the credit."""
    lab.open("K1", "K2", once="X")
    await lab.attempt("A")
    await lab.attempt("B")
    await lab.to_rest()


@scenario
async def cap(lab: Lab) -> None:
    """The effect is there, its answer lost, and every worker that takes the item up dies."""
    lab.open("K")

    async def click(request: Request) -> Answer:
        lab.portal.file(request)
        raise Died

    lab.clicks.append(click)
    await lab.attempt("A")
    lab.portal.down = True
    for _ in range(5):
        lab.sweep()
        if lab.claim("B") is not None:
            lab.dead.add("B")
    await lab.to_rest()


@scenario
async def boundary(lab: Lab) -> None:
    """A person cancels while the submit is on its way and its answer is lost."""
    lab.open("K")

    async def click(request: Request) -> Answer:
        lab.portal.file(request)
        lab.decide(decisions.cancel, lab.saw("K"))
        return Answer(requests=1)

    lab.clicks.append(click)
    await lab.attempt("A")
    await lab.to_rest()


async def _unknown(lab: Lab) -> None:
    """The item is `unknown` after verify could not tell four times; nothing was filed."""
    lab.open("K")

    async def too_late() -> None:
        lab.pass_(11)

    lab.after_gate.append(too_late)
    lab.portal.down = True
    await lab.attempt("A")
    await lab.to_rest()
    lab.portal.down = False
    assert lab.state("K") is ItemState.UNKNOWN


@scenario
@looks_only_after
async def person(lab: Lab) -> None:
    """A person saw "not there", asked for another verify, and decides later on what she saw before it."""
    await _unknown(lab)
    saw = lab.saw("K")
    assert lab.decide(decisions.verify_again, saw)
    lab.clicks.append(answer_lost(lab))
    lab.portal.down = False
    await lab.attempt("C")
    lab.pass_(60)
    lab.portal.down = True
    await lab.to_rest()
    lab.portal.down = False
    lab.decide(decisions.not_there, saw)
    await lab.to_rest()


@scenario
@looks_only_after
async def look(lab: Lab) -> None:
    """A person looks while the request is still on its way, and says "not there"."""
    lab.open("K")
    lab.clicks.append(files_later(lab, 25, dies=True))
    await lab.attempt("A")
    for _ in range(5):
        lab.sweep()
        if lab.claim("B") is not None:
            lab.dead.add("B")
    assert lab.state("K") is ItemState.UNKNOWN
    lab.decide(decisions.not_there, lab.saw("K"))
    await lab.to_rest()


@scenario
@proves_itself
async def proof(lab: Lab) -> None:
    """The answer to an effect that proves itself is lost, its worker dies, and the proof cannot be had: nobody sends it
    again."""
    lab.open("K")
    lab.clicks.append(files_later(lab, 5, dies=True))
    await lab.attempt("A")
    lab.portal.down = True
    await lab.to_rest()


@scenario
async def sweep(lab: Lab) -> None:
    """A worker dies between its claim and its first commit."""
    lab.open("K")
    claimed(lab, "A")
    lab.dead.add("A")
    await lab.to_rest()


@scenario
async def release(lab: Lab) -> None:
    """A later run brings a key that is still live: held, until the first item ends."""
    lab.open("K")
    lab.open("K")
    await lab.to_rest()


@scenario
async def one(lab: Lab) -> None:
    """Two runs bring the same key: only one item of it may be worked on at a time."""
    lab.open("K")
    lab.open("K")
    held = claimed(lab, "A")
    if (second := lab.claim("B")) is not None:
        lab.wrong.add("two live items of one key")
        await lab.attempt("B", second)
    await lab.attempt("A", held)
    await lab.to_rest()


async def play(name: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="robo-rule-") as folder:
        return await SCENARIOS[name](Path(folder))
