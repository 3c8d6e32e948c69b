"""Which requests a step may send."""

from __future__ import annotations

import pytest
from robo_browser.rules import Sent, Step, judge, matches

from robo.sdk.runner import HostRule
from robo.sdk.values import Effect

SITE = "https://portail.test"
HOSTS = (HostRule("p", SITE, reads=("POST /recherche", "POST /app action=lire"), drafts=("POST /etape/*",)),)
SUBMITTING = Step(Effect.SUBMIT, in_once=True, passed_gate=True, until=100.0, until_wall=1000.0)


def verdict(
    method: str, path: str, step: Step, *, dry_run: bool = False, now: float = 50.0, wall: float = 500.0
) -> str:
    address = path if "://" in path else SITE + path
    return judge(Sent(method, address), step, HOSTS, dry_run=dry_run, now=now, wall=wall).value


@pytest.mark.parametrize(
    ("method", "path", "step", "expected"),
    [
        ("GET", "/x", Step(Effect.READ), "pass"),
        ("POST", "/x", Step(Effect.READ), "block"),
        ("DELETE", "/x", Step(Effect.LOCAL), "block"),
        ("POST", "/recherche", Step(Effect.READ), "pass"),
        ("POST", "/recherche/autre", Step(Effect.READ), "block"),
        ("POST", "http://portail.test/recherche", Step(Effect.READ), "block"),
        ("PUT", "/recherche", Step(Effect.READ), "block"),
        ("POST", "/etape/2", Step(Effect.LOCAL), "block"),
        ("POST", "/etape/2", Step(Effect.LOCAL, in_once=True), "pass"),
        ("POST", "/x", Step(Effect.DRAFT), "pass"),
        ("POST", "/x", Step(Effect.READ, signs_in=True), "pass"),
        ("POST", "/x", Step(Effect.SUBMIT), "block"),
        ("POST", "/x", SUBMITTING, "effect"),
        ("POST", "/recherche", SUBMITTING, "pass"),
        ("WS", "wss://portail.test/direct", Step(Effect.READ), "block"),
    ],
)
def test_a_step_sends_what_it_declares(method: str, path: str, step: Step, expected: str) -> None:
    assert verdict(method, path, step) == expected


@pytest.mark.parametrize(("now", "wall"), [(100.0, 500.0), (50.0, 1000.0)])
def test_after_its_time_on_either_clock_a_submit_sends_nothing(now: float, wall: float) -> None:
    assert verdict("POST", "/x", SUBMITTING, now=now, wall=wall) == "late"


@pytest.mark.parametrize(
    ("step", "path", "expected"),
    [
        (SUBMITTING, "/x", "block"),
        (Step(Effect.DRAFT), "/x", "pass"),
        (Step(Effect.READ, signs_in=True), "/x", "pass"),
        (Step(Effect.READ), "/recherche", "pass"),
        (Step(Effect.READ), "/x", "block"),
    ],
)
def test_a_dry_run_sends_no_effect(step: Step, path: str, expected: str) -> None:
    assert verdict("POST", path, step, dry_run=True) == expected


@pytest.mark.parametrize("body", ["action=lire&n=1", '{"action": "lire"}'])
def test_one_address_is_told_apart_by_a_field_of_the_body(body: str) -> None:
    assert matches("POST /app action=lire", Sent("POST", f"{SITE}/app", body))
    assert not matches("POST /app action=lire", Sent("POST", f"{SITE}/app", body.replace("lire", "ecrire")))
