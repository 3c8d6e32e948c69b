"""`setup: {host: [steps]}`: at the first use of each host, and again where one asks to sign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from robo.definition.loading import load_process
from robo.errors import Failure, SessionLost, SignedOut
from robo.model.base import ItemState
from robo.plan.build import build
from robo.sdk.action import ActionSpec, Params
from robo.sdk.runner import Call, Result
from robo.sdk.values import Address, Effect
from robo.services.worker.requests import RunReport
from robo.services.worker.sessions import HostSetups, RunnerPool
from robo.store import items
from robo.store.engine import Store
from tests.benchmarks import guest
from tests.benchmarks.guest import Idle, IdleRunner
from tests.benchmarks.running import fresh_store, work

ONE, TWO = "http://127.0.0.1:8001", "http://127.0.0.1:8002"
PROCESS = f"""robo: 1
process: bench
title: Two applications
on_failure: {{retry: 1, wait: 0s}}
hosts: {{one: {{url: "{ONE}"}}, two: {{url: "{TWO}"}}}}
items:
  from: {{bench.rows: 4}}
  fields: {{number: number}}
  key: ${{{{ item.number }}}}
setup:
  one:
    - bench.go: {ONE}/in
  two:
    - bench.go: {TWO}/in
    - bench.look: in two
steps:
  - bench.go: {ONE}/page
  - bench.go: {TWO}/page
    when: item.number in ['K-2', 'K-4']
  - bench.look: ${{{{ item.number }}}}
"""


class There(Params):
    at: Address


ACTIONS: Mapping[str, ActionSpec] = {
    **guest.ACTIONS,
    "bench.rows": guest.ACTIONS["bench.rows"].model_copy(update={"opens": True}),
    "bench.go": ActionSpec(
        name="bench.go", params=There, primary="at", effect=Effect.READ, opens=True, summary="goes there"
    ),
}


@dataclass
class Window(Idle):
    """Tells where it went and what it looked at; what is said in `troubles` happens to it there, once each."""

    number: int
    pool: Windows

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        for call in calls:
            what = call.params.at if isinstance(call.params, There) else call.params.what  # type: ignore[attr-defined] # the other one
            self.pool.seen.append(f"{self.number} {what.removeprefix('http://127.0.0.1:')}")
            if (trouble := self.pool.troubles.pop(what, None)) is not None:
                raise trouble
        return [Result() for _ in calls]


class WindowRunner(IdleRunner):
    actions = ACTIONS

    def __init__(self, pool: Windows) -> None:
        self.pool = pool

    async def open(self, context: Any) -> Idle:
        self.pool.opened += 1
        return Window(self.pool.opened, self.pool)


@dataclass
class Windows(RunnerPool):
    troubles: dict[str, Exception] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    opened: int = 0

    def __post_init__(self) -> None:
        super().__init__({}, headed=False, slots=1)

    async def _start(self, name: str) -> Any:
        return WindowRunner(self)


Rest = Callable[..., Any]


@pytest.fixture
def rest(tmp_path: Path) -> Rest:
    """Works on all four items; the report, and what `look` sees in the store then."""

    async def to_rest(
        pool: Windows, text: str = PROCESS, look: Callable[[Store, RunReport], Any] = lambda _store, _report: None
    ) -> tuple[RunReport, Any]:
        with fresh_store(tmp_path) as store:
            async with pool:
                plan = build(load_process("bench/process.yaml", text, actions=ACTIONS), None, ACTIONS)
                report = await work(store, tmp_path, plan, pool)
            return report, look(store, report)

    return to_rest


async def test_a_host_is_set_up_at_its_first_use_and_only_then(rest: Rest) -> None:
    pool = Windows()
    report, _ = await rest(pool)
    assert report.items[ItemState.DONE] == 4
    assert pool.seen[:8] == [
        *("1 8001/in", "1 8001/page", "1 K-1"),
        *("1 8001/page", "1 8002/in", "1 in two", "1 8002/page", "1 K-2"),
    ]
    assert (pool.seen.count("1 8001/in"), pool.seen.count("1 8002/in")) == (1, 1)


async def test_a_host_that_no_item_uses_is_never_set_up(rest: Rest) -> None:
    pool = Windows()
    await rest(pool, PROCESS.replace("['K-2', 'K-4']", "['K-9']"))
    assert not [seen for seen in pool.seen if "8002" in seen]


async def test_the_host_that_asks_to_sign_in_is_the_only_one_that_is_set_up_again(rest: Rest) -> None:
    pool = Windows(troubles={"K-4": SignedOut("RB704", "asks to sign in", hosts=[f"{TWO}/page"])})
    report, _ = await rest(pool)
    assert (report.items[ItemState.DONE], pool.opened) == (4, 1)
    assert pool.seen[-6:] == ["1 K-4", "1 8002/in", "1 in two", "1 8001/page", "1 8002/page", "1 K-4"]
    assert pool.seen.count("1 8001/in") == 1


async def test_a_host_that_a_link_led_to_is_set_up_before_the_item_is_tried_again(rest: Rest) -> None:
    pool = Windows(troubles={"K-1": SignedOut("RB704", "asks to sign in", hosts=[f"{TWO}/page"])})
    report, _ = await rest(pool)
    assert report.items[ItemState.DONE] == 4
    assert "1 8002/in" in pool.seen[: pool.seen.index("1 K-2")]


async def test_after_a_lost_session_each_is_set_up_at_its_next_use(rest: Rest) -> None:
    pool = Windows(troubles={"K-2": SessionLost("RB704", "gone")})
    report, _ = await rest(pool, PROCESS.replace("'K-2', 'K-4'", "'K-2'"))
    assert report.items[ItemState.DONE] == 4
    second = [seen for seen in pool.seen if seen.startswith("2 ")]
    assert second.count("2 8001/in") == 1
    assert second.index("2 8001/in") == 0
    assert second.index("2 8002/in") == second.index("2 8002/page") - 2


async def test_a_setup_that_fails_leaves_nothing_half_signed_in(rest: Rest) -> None:
    pool = Windows(troubles={"in two": Failure("RB701", "not there")})
    report, _ = await rest(pool)
    assert (report.items[ItemState.DONE], pool.opened) == (4, 2)
    assert [seen for seen in pool.seen if "8002/in" in seen] == ["1 8002/in", "2 8002/in"]


async def test_start_sets_up_what_it_uses_and_comes_again_where_that_asked_to_sign_in(rest: Rest) -> None:
    start = f"start:\n  - bench.go: {TWO}/begin\nsteps:\n"
    pool = Windows(troubles={"K-3": SignedOut("RB704", "asks to sign in", hosts=[f"{TWO}/page"])})
    await rest(pool, PROCESS.replace("steps:\n", start))
    assert pool.seen[:4] == ["1 8002/in", "1 in two", "1 8002/begin", "1 8001/in"]
    assert pool.seen.count("1 8002/begin") == 2
    assert pool.seen.count("1 8001/in") == 1


async def test_start_waits_until_the_host_that_asked_to_sign_in_is_signed_in_to(rest: Rest) -> None:
    start = f"start:\n  - bench.go: {TWO}/begin\nsteps:\n"
    pool = Windows(troubles={"K-3": SignedOut("RB704", "asks to sign in", hosts=[f"{TWO}/page"])})
    await rest(pool, PROCESS.replace("steps:\n", start))
    behind = pool.seen.index("1 K-3") + 1
    assert pool.seen[behind : behind + 4] == ["1 8002/in", "1 in two", "1 8002/begin", "1 8001/page"]


async def test_start_comes_again_where_a_setup_that_fails_has_closed_its_session(rest: Rest) -> None:
    start = f"start:\n  - bench.go: {ONE}/begin\nsteps:\n"
    pool = Windows(troubles={"in two": Failure("RB701", "not there")})
    report, _ = await rest(pool, PROCESS.replace("steps:\n", start))
    assert (report.items[ItemState.DONE], pool.opened) == (4, 2)
    assert [seen for seen in pool.seen if "begin" in seen] == ["1 8001/begin", "2 8001/begin"]


async def test_the_history_of_the_item_that_needed_it_tells_the_sign_in(rest: Rest) -> None:
    def histories(store: Store, report: RunReport) -> dict[str, list[str]]:
        with store.read() as tx:
            found = items.of_run(tx, report.run)
            return {
                item.key: [line["step"] for each in items.history(tx, item.id) for line in each["traces"]]
                for item in found
            }

    _, told = await rest(Windows(), look=histories)
    assert [step for step in told["K-2"] if step.startswith("setup")] == ["setup-two-1", "setup-two-2"]
    assert not [step for step in told["K-3"] if step.startswith("setup")]


@pytest.mark.parametrize(
    ("page", "hosts"),
    [
        ("https://a.exemple/finances/liste?x=1", ["finances"]),
        ("https://a.exemple/finances", ["finances"]),
        ("https://a.exemple/financesX", ["front"]),
        ("https://A.exemple:443/autre", ["front"]),
        ("https://b.exemple/ged/1", ["ged", "rh"]),
        ("https://b.exemple/", ["ged", "rh", "paie"]),
        ("http://a.exemple/finances", []),
    ],
)
def test_applications_of_one_machine_are_told_apart_by_their_paths(page: str, hosts: list[str]) -> None:
    addresses = {
        "front": "https://a.exemple/", "finances": "https://a.exemple/finances/",
        "ged": "https://b.exemple/ged", "rh": "https://b.exemple/ged", "paie": "https://b.exemple/paie",
    }  # fmt: skip
    setups = HostSetups(addresses=addresses, runners=dict.fromkeys(addresses, frozenset({"browser"})))
    assert setups.at("browser", [page]) == hosts
    assert setups.at("http", [page]) == []
